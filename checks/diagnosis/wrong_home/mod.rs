//! The service works in another home than the one that people look into.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding =
        case.found("definition/temp-home").or_else(|| case.found("definition/other-home"))?;
    Found::certain(
        format!("the service works in the wrong home: {}", finding.claim),
        &["definition/temp-home", "definition/other-home", "runtime/platform-error"],
    )
}
