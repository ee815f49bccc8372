//! Whether the answer is 200.

use gw_snapshot::facts::health::Answer;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::with_answer;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(health) = at.own_health() else { return at.no_health() };
    let finding = match &health.answer {
        Answer::Status(status) => {
            Finding::failure(format!("the health endpoint answers {status}, not 200"))
        }
        Answer::Hermes { .. } | Answer::NotJson | Answer::TooLong | Answer::Foreign { .. } => {
            Finding::pass("the health endpoint answers 200")
        }
        _ => Finding::skipped("there is no such answer to judge"),
    };
    vec![with_answer(finding, health)]
}
