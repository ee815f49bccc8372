//! Whether the gateway has written its status.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    match &at.gateway.status {
        Fact::Absent => vec![
            Finding::note(format!("PID {} has written no status file yet", process.pid))
                .seen(at.path("gateway_state.json"), "it does not exist"),
        ],
        _ => vec![Finding::pass("the gateway has a status file")],
    }
}
