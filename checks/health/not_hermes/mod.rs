//! Whether it is a Hermes API server that answers.

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
        Answer::Foreign { what } => Finding::failure(format!("what answers is {what}")),
        Answer::Hermes { version: Some(version), .. } => {
            Finding::pass(format!("a Hermes API server answers, version {version}"))
        }
        Answer::Hermes { version: None, .. } => Finding::pass("a Hermes API server answers"),
        _ => Finding::skipped("nothing has said what it is"),
    };
    vec![with_answer(finding, health)]
}
