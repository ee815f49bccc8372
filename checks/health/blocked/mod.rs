//! Whether it could be asked at all from here.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::health::Answer;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::with_answer;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(health) = at.own_health() else { return at.no_health() };
    let finding = match &health.answer {
        Answer::Unknown(why) => Finding::unknown("what the health endpoint says", why),
        Answer::Refused if at.listens_where_asked(health) => Finding::unknown(
            "what the health endpoint says",
            &Why::Failed(
                "the connection was refused from where it was asked, yet the gateway listens there"
                    .into(),
            ),
        )
        .help("ask from a terminal outside the sandbox, on the host itself"),
        _ => Finding::pass("the health endpoint could be asked"),
    };
    vec![with_answer(finding, health)]
}
