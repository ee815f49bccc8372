//! Whether a live gateway holds a lock file that was removed under it.

use gw_snapshot::facts::process::Witness;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let ghosts = std::iter::once(process)
        .chain(&at.gateway.liveness.others)
        .filter(|process| process.witnesses.contains(&Witness::GhostLock));
    let findings: Vec<Finding> = ghosts
        .map(|process| {
            let claim = format!("PID {} holds a gateway.lock that was removed: a second gateway can start beside it", process.pid);
            at.with_process(Finding::failure(claim), process)
                .seen(format!("/proc/{}/fd", process.pid), "gateway.lock (deleted)")
                .help("one planned restart of its service makes the lock anew")
        })
        .collect();
    if findings.is_empty() && at.below_a_mount().is_some() {
        vec![Finding::skipped("the lock that is held lies below a mount: see home/mount")]
    } else if findings.is_empty() {
        vec![Finding::pass("the lock that is held is the one on disk")]
    } else {
        findings
    }
}
