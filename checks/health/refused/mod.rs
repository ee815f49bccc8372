//! Whether connections are accepted.

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
        Answer::Refused if at.listens_where_asked(health) => {
            Finding::skipped("the refusal contradicts a listener that is there: see health/blocked")
        }
        Answer::Refused if at.listens_out_of_sight().is_some() => {
            Finding::skipped("the gateway answers in another network namespace, if at all")
        }
        Answer::Refused => Finding::failure("connections to the health endpoint are refused"),
        Answer::Unknown(_) => Finding::skipped("it could not be asked"),
        _ => Finding::pass("connections to the health endpoint are not refused"),
    };
    vec![with_answer(finding, health)]
}
