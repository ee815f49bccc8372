//! The gateway is well, and its jobs are not.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let failing = FAILING.iter().find_map(|check| case.found(check))?;
    Found::certain(format!("the gateway runs, and jobs fail: {}", failing.claim), FAILING)
}

/// The plainest first.
const FAILING: &[&str] = &[
    "cron/last-run-failed",
    "cron/delivery-failed",
    "cron/never-fired",
    "cron/not-handed-over",
    "cron/script-missing",
    "cron/target-unresolvable",
];
