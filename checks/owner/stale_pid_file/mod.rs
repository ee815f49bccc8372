//! Whether the records name processes that are gone.

use std::collections::BTreeSet;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let dead = &at.gateway.liveness.dead;
    if dead.is_empty() {
        return vec![Finding::pass("no record names a process that is gone")];
    }
    let pids: BTreeSet<u32> = dead.iter().map(|stale| stale.pid).collect();
    let pids = pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let finding = Finding::warning(format!("records name PID {pids}, which is gone"))
        .help("leave them: the next start replaces them. Deleting a lock can let two gateways run");
    vec![
        dead.iter().fold(finding, |finding, stale| {
            finding.seen(&stale.path, format!("PID {}", stale.pid))
        }),
    ]
}
