//! The definition changed, and the manager still uses the old one.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/loaded-differs")?;
    let runs = case.of(finding).is_some_and(|(_, job)| job.main_pid.is_some());
    let how = if runs { "it runs" } else { "its next start is" };
    Found::certain(
        format!("{}: {how} by the old definition", finding.claim),
        &["definition/loaded-differs"],
    )
}
