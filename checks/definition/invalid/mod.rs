//! Whether the manager can understand the definition.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::job::systemd::Load;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_file(|lane| match lane.refused_plist() {
        Some(why) => refused_by_launchd(lane, &why),
        None => judge(lane),
    })
}

fn judge(lane: &Lane) -> Finding {
    match &lane.definition {
        // Its file is the mask: a link to /dev/null, or an empty one.
        _ if lane.is_masked() => Finding::skipped(format!("{} is masked", lane.name)),
        definition if is_refused(lane) => refused(lane, definition),
        Fact::Known(definition) if definition.problems.is_empty() => {
            Finding::pass(format!("{} can be understood", lane.name))
                .seen(&lane.path, "it can be read to its end")
        }
        Fact::Known(definition) => {
            // A manager passes over a line that it does not know; without a program it can do nothing.
            let fatal = definition.argv.is_empty();
            let claim = format!("{} has lines that make no sense", lane.name);
            let finding = if fatal { Finding::failure(claim) } else { Finding::warning(claim) };
            definition.problems.iter().fold(finding, |finding, problem| {
                finding.seen_at(&problem.at, problem.what.clone())
            })
        }
        Fact::Absent => Finding::skipped(format!("{} has no file", lane.name)),
        Fact::Unknown(why @ Why::Malformed(_)) => {
            Finding::failure(format!("the definition of {} cannot be understood at all", lane.name))
                .seen(&lane.path, why.to_string())
        }
        Fact::Unknown(why) => Finding::unknown("whether the definition is valid", why)
            .seen(&lane.path, why.to_string()),
    }
}

fn refused_by_launchd(lane: &Lane, why: &str) -> Finding {
    let claim = format!("launchd refuses the plist of {}: {why}", lane.name);
    // What is loaded was read when it was still as it has to be.
    let is_loaded = lane.job.known().is_some();
    let finding = if is_loaded { Finding::warning(claim) } else { Finding::failure(claim) };
    finding
        .seen(&lane.path, why)
        .help("it is to be its user's own, or root's, and writable by nobody else: `chmod 644`")
}

fn is_refused(lane: &Lane) -> bool {
    let systemd = lane.job.known().and_then(|job| job.systemd.as_ref());
    systemd.is_some_and(|systemd| systemd.load == Load::Refused)
}

/// systemd itself says that it makes no sense. Of the lines that we do not understand the last is the gravest: that a
/// program is missing.
fn refused(lane: &Lane, definition: &Fact<Definition>) -> Finding {
    let problems = definition.known().map(|definition| definition.problems.as_slice());
    let problems = problems.unwrap_or_default();
    let what = problems.last().map_or_else(String::new, |problem| format!(": {}", problem.what));
    let runs = lane.job.known().is_some_and(|job| job.main_pid.is_some());
    let again = if runs { "; what runs could not be started again" } else { "" };
    let finding = Finding::failure(format!("systemd refuses {} as it stands{what}{again}", lane.name))
        .help("`systemctl status` of the unit says which line it does not take; mend that, then `daemon-reload`");
    let source = lane.job.known().map(|job| job.source.clone()).unwrap_or_default();
    problems.iter().fold(finding.seen(source, "its LoadState is not loaded"), |finding, problem| {
        finding.seen_at(&problem.at, problem.what.clone())
    })
}
