//! Whether the gateway has written its status.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    match &at.gateway.status {
        Fact::Absent => vec![
            Finding::note(format!("PID {} has no status file", process.pid))
                .seen(at.path("gateway_state.json"), "it does not exist"),
        ],
        Fact::Known(_) | Fact::Unknown(Why::Malformed(_) | Why::NotAFile(_)) => {
            vec![Finding::pass("there is a status file")]
        }
        Fact::Unknown(why) => {
            vec![Finding::unknown("whether there is a status file", why).minor()]
        }
    }
}
