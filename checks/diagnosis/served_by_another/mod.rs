//! The gateway of another profile serves this one, so one of its own cannot run beside it.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let served = at.gateway.served_by.as_ref()?;
    let (lane, job) = at.job()?;
    if !["job/fatal-config", "job/not-running", "job/crash-loop", "job/start-limit"]
        .iter()
        .any(|check| case.failed(check))
        && case.found("job/crash-loop").is_none()
    {
        return None;
    }
    let end = job
        .last_exit
        .map_or_else(|| format!("is {}", job.words), |exit| format!("ended with {exit}"));
    Found::likely(
        format!(
            "the gateway of profile {} (PID {}) serves this one too, so its own service is one too many: {} {end}",
            served.profile,
            served.pid,
            lane.title()
        ),
        &[
            "job/fatal-config",
            "job/not-running",
            "job/crash-loop",
            "job/restarting",
            "job/under-way",
            "job/start-limit",
            "job/disabled",
            "runtime/startup-failed",
            "definition/missing",
            "port/no-listener",
            "port/sibling-profile",
            "owner/stale-pid-file",
            "survival/crash",
            "survival/reboot",
        ],
    )
}
