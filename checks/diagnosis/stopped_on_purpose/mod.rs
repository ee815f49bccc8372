//! Somebody stopped it, and it said so.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let (lane, job) = at.job()?;
    let status = at.gateway.status.known()?;
    let stopped = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    if !stopped
        || !matches!(job.phase, Phase::Stopped | Phase::Failed)
        || !at.gateway.liveness.process.is_absent()
    {
        return None;
    }
    let summary = format!(
        "the gateway was stopped on purpose: {} is {}, and its status file says stopped",
        lane.title(),
        job.words
    );
    Found::certain(
        summary,
        &[
            "job/not-running",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "job/disabled",
            "survival/reboot",
            "survival/crash",
        ],
    )
}
