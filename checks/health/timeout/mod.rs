//! Whether an answer comes in time.

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
        Answer::TimedOut => Finding::failure("the health endpoint does not answer in time"),
        Answer::Closed => Finding::failure("the health endpoint hangs up without an answer"),
        Answer::Refused | Answer::Unknown(_) => {
            Finding::skipped("there is no connection to wait on")
        }
        _ => Finding::pass("the health endpoint answers in time"),
    };
    vec![with_answer(finding, health)]
}
