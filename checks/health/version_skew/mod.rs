//! Whether the version that answers is the one that is installed.

use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::release::Version;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::with_answer;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(health) = at.own_health() else { return at.no_health() };
    let answered = match &health.answer {
        Answer::Hermes { version: Some(version), .. } => Version::read(version),
        _ => None,
    };
    let (Some(answered), Some(installed)) = (answered, at.version()) else {
        return vec![Finding::skipped(
            "the version that answers, or the one installed, is not known",
        )];
    };
    let finding = if answered == *installed {
        Finding::pass(format!("version {answered} answers, as it is installed"))
    } else {
        Finding::warning(format!("version {answered} answers, and {installed} is installed"))
    };
    vec![with_answer(finding, health)]
}
