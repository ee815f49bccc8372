//! Whether the status file may be read.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.status {
        Fact::Unknown(Why::Malformed(_) | Why::NotAFile(_)) | Fact::Known(_) | Fact::Absent => {
            vec![Finding::pass("the status file can be looked at")]
        }
        Fact::Unknown(why) => vec![
            Finding::unknown("what the status file says", why)
                .minor()
                .seen(at.path("gateway_state.json"), why.to_string()),
        ],
    }
}
