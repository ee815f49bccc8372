//! Whether the manager knows the service that is on disk.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Lane;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::or_not_installed;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        let finding = match (&lane.definition, &lane.job) {
            (_, Fact::Absent) if at.is_without_systemd() => Finding::skipped(format!(
                "there is no systemd on this host that could load {}",
                lane.name
            )),
            (Fact::Known(_) | Fact::Unknown(_), Fact::Absent) => not_loaded(lane),
            (_, Fact::Known(job)) => Finding::pass(format!("{} is loaded", lane.name))
                .seen(&job.source, job.words.clone()),
            (_, Fact::Absent) => Finding::skipped(format!("{} is not installed", lane.name)),
            (_, Fact::Unknown(why)) => {
                Finding::unknown(&format!("whether {} is loaded", lane.name), why)
            }
        };
        findings.push(finding.of_service(lane.title()));
    }
    or_not_installed(findings)
}

fn not_loaded(lane: &Lane) -> Finding {
    let bar = lane.barred_by_plist().map_or_else(String::new, |bar| format!("; {bar}"));
    Finding::failure(format!(
        "{} is on disk and not loaded: the service manager does not know it{bar}",
        lane.name
    ))
    .seen(&lane.path, "it exists")
}
