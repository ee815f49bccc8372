//! Whether there is an endpoint to ask.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Skipped;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match (&at.gateway.health, at.api()) {
        (Some(health), _) => vec![Finding::pass(format!("the health endpoint is {}", health.url))],
        (None, None) => {
            vec![Finding::skipped("no API server is configured, so there is no health endpoint")]
        }
        (None, Some(api)) => vec![Finding::skipped(format!(
            "{} is not an address of this machine alone, and no other is asked",
            api.address()
        ))],
    }
}
