//! Whether there is an endpoint to ask.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Skipped;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let asked = at.gateway.health.as_ref().filter(|health| at.is_the_api_servers(health));
    match (asked, at.api()) {
        (Some(_), _) if at.gateway.process().is_some() && at.own_health().is_none() => {
            at.no_health()
        }
        (Some(health), _) => vec![Finding::pass(format!("the health endpoint is {}", health.url))],
        (None, None) => at.no_api(),
        (None, Some(api)) => vec![Finding::skipped(format!(
            "only this machine itself is ever asked, and the API server is to listen on {}",
            api.address()
        ))],
    }
}
