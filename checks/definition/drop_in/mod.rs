//! Drop-ins: they change what holds, survive every rewrite but for one, and are easily forgotten.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::definition::{Definition, Problem};
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};
use crate::subject::{or_not_installed, unread};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        findings.extend(
            lane.definition
                .known()
                .and_then(unread_drop_in)
                .map(|finding| finding.of_service(lane.title())),
        );
        let Some(paths) = drop_ins(lane) else {
            findings.push(unread(lane, "which drop-ins change it"));
            continue;
        };
        if paths.is_empty() {
            continue;
        }
        let count = paths.len();
        let finding =
            Finding::note(format!("{} is changed by {count} drop-in{}", lane.name, plural(count)));
        let passing = lane.definition.known().and_then(|found| found.passing_drop_in.as_ref());
        let removes = at.has(Capability::RemovesReplaceDropIn) == Some(true);
        let passing = passing.filter(|_| removes);
        let finding = paths.iter().fold(finding, |finding, path| {
            let is_passing = passing == Some(path);
            let said = if is_passing { "it applies, until the next start" } else { "it applies" };
            finding.seen(path, said)
        });
        let finding = match passing {
            Some(path) => finding.help(format!(
                "this Hermes takes {path} away at its next start, if an older one wrote it: another name keeps what it says"
            )),
            None => finding,
        };
        findings.push(finding.of_service(lane.title()));
    }
    if at.installed().all(Lane::is_masked) && at.gateway.is_installed() {
        return vec![Finding::skipped("the only service is masked")];
    }
    if at.installed().next().is_none() {
        return or_not_installed(findings);
    }
    if findings.is_empty() {
        vec![Finding::pass("no drop-in changes the service")]
    } else {
        findings
    }
}

/// The drop-ins of a service: those that were read with it, else those that systemd reports. None: the file cannot be
/// read, and its manager keeps silent.
fn drop_ins(lane: &Lane) -> Option<&[String]> {
    if let Some(definition) = lane.definition.known() {
        return Some(&definition.drop_ins);
    }
    match lane.job.known().and_then(|job| job.systemd.as_ref()) {
        Some(systemd) => Some(&systemd.drop_in_paths),
        None => lane.manager.is_launchd().then_some(&[]),
    }
}

/// A drop-in that is there, and could not be read.
fn unread_drop_in(definition: &Definition) -> Option<Finding> {
    let is_of_drop_in =
        |problem: &&Problem| problem.at.file != definition.path && problem.at.line.is_none();
    let problem = definition.problems.iter().find(is_of_drop_in)?;
    let what = format!("what the drop-in {} changes", problem.at.file);
    Some(Finding::unknown(&what, &Why::Failed(problem.what.clone())).minor())
}
