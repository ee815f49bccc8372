//! The directory of a home was renamed or removed while its gateway ran.

use gw_snapshot::observation::Trouble;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if let Some(renamed) = at.renamed() {
        return Found::certain(renamed.words(), EXPLAINS);
    }
    let directory = &at.gateway.directory;
    // A link that leads nowhere may get its target back.
    let is_gone = directory.error == Some(Trouble::NotFound) && directory.target.is_none();
    let pid = at.gateway.process().filter(|_| is_gone)?.pid;
    Found::certain(
        format!(
            "the home {} was removed while PID {pid} served it: the gateway lives, and what it writes there is lost",
            at.gateway.home.path
        ),
        EXPLAINS,
    )
}

const EXPLAINS: &[&str] = &[
    "home/mount",
    "definition/broken-path",
    "definition/other-home",
    "owner/unsupervised",
    "owner/other-job",
    "job/not-running",
    "runtime/missing",
    "survival/crash",
    "survival/reboot",
    "survival/rewrite",
];
