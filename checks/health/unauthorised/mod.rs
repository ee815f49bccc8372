//! Whether it wants credentials. Hermes never does here.

use gw_snapshot::facts::health::Answer;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::with_answer;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(health) = at.own_health() else { return at.no_health() };
    let finding = match &health.answer {
        Answer::Unauthorised { status, by_hermes: true } => Finding::note(format!(
            "a Hermes API server answers {status} and wants its key, which gw-doctor never uses: no known release asks for one there"
        )),
        Answer::Unauthorised { status, by_hermes: false } => Finding::note(format!(
            "the health endpoint answers {status}: Hermes never asks for a key there, so something else answers or stands before it"
        )),
        Answer::Refused
        | Answer::TimedOut
        | Answer::Closed
        | Answer::NotHttp
        | Answer::Unknown(_) => Finding::skipped("there is no answer to judge"),
        _ => Finding::pass("the health endpoint wants no credentials"),
    };
    vec![with_answer(finding, health)]
}
