//! The gateway runs by older code than stands on disk.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = ["health/version-skew", "owner/stale-code"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    Found::certain(
        format!("the gateway was updated and not restarted: {}", finding.claim),
        &["owner/stale-code", "health/version-skew"],
    )
}
