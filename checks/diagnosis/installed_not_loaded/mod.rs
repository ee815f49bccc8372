//! The definition is on disk, and the manager does not know it.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/not-loaded")?;
    if case.at.gateway.process().is_some() {
        return None;
    }
    Found::certain(
        finding.claim.clone(),
        &[
            "job/not-loaded",
            "job/not-running",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "owner/stale-pid-file",
        ],
    )
}
