//! Whether it takes no new work.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.own_status(at.facts.about.os) else {
        return vec![Finding::skipped("no status is known to be that of this process")];
    };
    if status.state.as_deref() != Some("draining") {
        return vec![Finding::pass(format!("PID {} takes new work", process.pid))];
    }
    let claim = format!(
        "PID {} is draining: it takes no new work, with {} turn{} under way",
        process.pid,
        status.active_agents,
        plural(status.active_agents)
    );
    let finding =
        if status.restart_requested { Finding::note(claim) } else { Finding::warning(claim) };
    vec![finding.seen(at.path("gateway_state.json"), "gateway_state: draining")]
}
