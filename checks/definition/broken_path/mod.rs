//! Whether what the definition names is there, and can be used by the one who runs it.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::{Named, Purpose, Usable};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::{or_not_installed, unread};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    or_not_installed(at.installed().flat_map(|lane| of_service(at, lane)).collect())
}

fn of_service(at: &Subject<'_>, lane: &Lane) -> Vec<Finding> {
    if lane.definition.known().is_none() {
        return vec![unread(lane, "whether what the definition names is there")];
    }
    let wrong = lane.paths.iter().filter_map(|named| Some((named, trouble(at, lane, named)?)));
    let mut findings: Vec<Finding> =
        wrong.map(|(named, finding)| finding.seen_at(&named.at, named.path.clone())).collect();
    if findings.is_empty() {
        findings.push(Finding::pass(format!("everything that {} names is there", lane.name)));
    }
    findings.into_iter().map(|finding| finding.of_service(lane.title())).collect()
}

/// What keeps the service from something that its definition names.
fn trouble(at: &Subject<'_>, lane: &Lane, named: &Named) -> Option<Finding> {
    let (what, path) = (named.what, &named.path);
    match at.usable(lane, named) {
        Usable::Yes => None,
        Usable::Missing => {
            let runs = lane.job.known().and_then(|job| job.main_pid);
            let again = runs.map_or_else(String::new, |pid| {
                format!(": PID {pid} runs, and could not be started again")
            });
            let finding = Finding::failure(format!("{}{again}", named.missing()));
            Some(finding.help(format!("bring it back, or have {} name what is there", lane.path)))
        }
        Usable::Refused { mode, uid } => Some(Finding::failure(format!(
            "the {what} {path} cannot be {}: it belongs to uid {uid}, mode {mode}",
            match named.purpose {
                Purpose::Write => "written",
                Purpose::Run => "run",
                Purpose::Read | Purpose::Enter => "entered",
            }
        ))),
        Usable::Unknown(why) => {
            let is_there = named.seen.what().known().is_some();
            let question = if is_there { "can be used" } else { "is there" };
            Some(Finding::unknown(&format!("whether the {what} {question}"), &why).minor())
        }
    }
}
