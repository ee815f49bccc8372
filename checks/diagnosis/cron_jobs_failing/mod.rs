//! The gateway is well, and its jobs are not.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let failing = ["cron/last-run-failed", "cron/delivery-failed"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    Found::certain(
        format!("the gateway runs, and jobs fail: {}", failing.claim),
        &["cron/last-run-failed", "cron/delivery-failed"],
    )
}
