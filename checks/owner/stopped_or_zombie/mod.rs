//! Whether the process can run at all.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let state = process.seen.state.as_deref().unwrap_or("?");
    let finding = if process.is_zombie() {
        Finding::failure(format!(
            "PID {} is a zombie: it is dead, and its parent has not noticed",
            process.pid
        ))
    } else if process.is_stopped() {
        Finding::failure(format!(
            "PID {} is stopped: it exists, holds its port, and does nothing",
            process.pid
        ))
        .help("if nobody debugs it, continue it (SIGCONT) or restart its service")
    } else if process.seen.state.is_none() {
        Finding::unknown("what state the process is in", &Why::NotObserved).minor()
    } else {
        Finding::pass(format!("PID {} is neither stopped nor dead", process.pid))
    };
    vec![finding.seen(format!("process {}", process.pid), format!("state {state}"))]
}
