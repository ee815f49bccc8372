//! No gateway lives, and the service manager that should keep one does not answer.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if !case.failed("job/not-running") || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let lane = at.gateway.lane()?;
    let why = lane.job.why()?;
    Found::certain(
        format!(
            "the gateway does not run, and whether anything will start it cannot be told: the service manager ({}) does not answer ({why})",
            lane.manager
        ),
        &[
            "job/not-running",
            "job/manager-unreachable",
            "job/not-loaded",
            "job/crash-loop",
            "owner/stale-pid-file",
            "runtime/restart-requested",
            "cron/no-ticker",
            "cron/overdue",
        ],
    )
}
