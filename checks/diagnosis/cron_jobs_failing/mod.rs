//! The gateway is well, and its jobs are not.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let status = case.at.gateway.own_status(case.at.facts.about.os);
    let state = status.and_then(|status| status.state.as_deref());
    // One that is about to end, or says that it has, does not run for long enough to be called so.
    let runs = !matches!(state, Some("stopped" | "stopping" | "draining"));
    let failing = FAILING.iter().find_map(|check| case.found(check))?;
    let what = if runs { "the gateway runs, and jobs fail" } else { "jobs fail" };
    Found::certain(format!("{what}: {}", failing.claim), FAILING)
}

/// The plainest first.
const FAILING: &[&str] = &[
    "cron/last-run-failed",
    "cron/delivery-failed",
    "cron/never-fired",
    "cron/ticks-failing",
    "cron/clock",
    "cron/not-handed-over",
    "cron/script-missing",
    "cron/target-unresolvable",
];
