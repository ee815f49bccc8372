//! Whether it sends us elsewhere.

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
        Answer::Redirect { to } => {
            let to = if to.is_empty() { "nowhere" } else { to };
            Finding::warning(format!(
                "the health endpoint redirects to {to}; Hermes never does, and gw-doctor does not follow"
            ))
        }
        Answer::Refused
        | Answer::TimedOut
        | Answer::Closed
        | Answer::NotHttp
        | Answer::Unknown(_) => Finding::skipped("there is no answer to judge"),
        _ => Finding::pass("the health endpoint does not redirect"),
    };
    vec![with_answer(finding, health)]
}
