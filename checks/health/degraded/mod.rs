//! Whether the gateway answers, and calls itself anything but well.

use gw_snapshot::facts::health::Answer;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::with_answer;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(health) = at.own_health() else { return at.no_health() };
    let finding = match &health.answer {
        Answer::Hermes { status, .. } if status == "ok" => {
            Finding::pass("the health endpoint says ok")
        }
        Answer::Hermes { status, .. } => {
            Finding::warning(format!("the health endpoint says {status}, not ok"))
                .help("`GET /health/detailed`, with the API key, says which part is not well")
        }
        _ => Finding::skipped("the health endpoint says nothing of itself"),
    };
    vec![with_answer(finding, health)]
}
