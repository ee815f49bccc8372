//! Whether the status file can be understood.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.status {
        Fact::Unknown(Why::Malformed(detail)) => vec![
            Finding::failure("the status file makes no sense")
                .seen(at.path("gateway_state.json"), detail.clone())
                .help("a restart of the gateway writes it anew"),
        ],
        Fact::Unknown(Why::NotAFile(kind)) => vec![
            Finding::failure(format!("the status file is no file but a {kind}"))
                .seen(at.path("gateway_state.json"), kind.to_string()),
        ],
        Fact::Known(_) => vec![Finding::pass("the status file can be understood")],
        _ => vec![Finding::skipped("no status file was read")],
    }
}
