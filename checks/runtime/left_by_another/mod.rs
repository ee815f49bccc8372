//! Whether the status is that of the process that lives.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.status.known() else {
        return vec![Finding::skipped("there is no status to judge")];
    };
    let Some(writer) = &status.writer else {
        return vec![Finding::unknown("who wrote the status file", &Why::NotObserved).minor()];
    };
    if at.gateway.own_status(at.facts.about.os).is_some() {
        return vec![Finding::pass(format!("the status file is that of PID {}", process.pid))];
    }
    let claim = format!(
        "the status file was left by PID {}, an earlier process; PID {} lives now",
        writer.pid, process.pid
    );
    vec![Finding::warning(claim).seen(at.path("gateway_state.json"), format!("pid {}", writer.pid))]
}
