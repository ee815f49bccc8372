//! The definition changed, and the manager still uses the old one.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/loaded-differs")?;
    Found::certain(
        format!("{}: it runs by the old definition", finding.claim),
        &["definition/loaded-differs"],
    )
}
