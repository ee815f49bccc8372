//! It runs now, and will not after the next boot or logout.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/disabled")?;
    case.at.gateway.process()?;
    Found::certain(finding.claim.clone(), &["job/disabled"])
}
