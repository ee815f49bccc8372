//! Whether the last start ended in a refusal.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(status) = at.gateway.status.known() else {
        return vec![Finding::skipped("there is no status to judge")];
    };
    if status.state.as_deref() != Some("startup_failed") {
        return vec![Finding::pass("the last start was not refused")];
    }
    // A live process writes its own state a moment after its start: until then the old one says nothing.
    let is_own = at.gateway.own_status(at.facts.about.os).is_some();
    if let Some(process) = at.gateway.process().filter(|_| !is_own) {
        return vec![Finding::pass(format!("PID {} has started since the refusal", process.pid))];
    }
    let reason = status.exit_reason.clone().unwrap_or_else(|| "no reason given".into());
    vec![
        Finding::failure(format!("the last start was refused: {reason}"))
            .seen(at.path("gateway_state.json"), "gateway_state: startup_failed"),
    ]
}
