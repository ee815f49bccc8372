//! Whether the answer is the JSON that Hermes sends.

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
        Answer::NotJson => Finding::failure("the health endpoint answers 200, and not with JSON"),
        Answer::TooLong => {
            Finding::failure("the health endpoint answers with far more than Hermes would ever say")
        }
        Answer::NotHttp => Finding::failure("what answers on the port does not speak HTTP"),
        Answer::Hermes { .. } | Answer::Foreign { .. } => {
            Finding::pass("the health endpoint answers JSON")
        }
        _ => Finding::skipped("there is no body to judge"),
    };
    vec![with_answer(finding, health)]
}
