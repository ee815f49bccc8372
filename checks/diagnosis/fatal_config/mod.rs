//! Hermes itself refused to start, for its configuration.

use gw_snapshot::facts::job::{Exit, Phase};

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let summary = case.found("job/fatal-config").map(|finding| finding.claim.clone());
    Found::certain(
        summary.or_else(|| at_rest(case))?,
        &[
            "job/fatal-config",
            "runtime/startup-failed",
            "job/not-running",
            "job/crash-loop",
            "job/restarting",
            "port/no-listener",
            "cron/no-ticker",
            "owner/stale-pid-file",
            "health/refused",
            "job/start-limit",
        ],
    )
}

/// From 0.21.4 on the wrapper of launchd's job turns 78 into 0, so that launchd leaves it: a refusal that
/// looks like a clean stop (upstream #112079).
fn at_rest(case: &Case<'_>) -> Option<String> {
    let refusal = case.found("runtime/startup-failed")?;
    let (lane, job) = case.at.job()?;
    let rests = job.launchd.is_some()
        && job.phase == Phase::Stopped
        && job.last_exit == Some(Exit::Code(0));
    rests.then(|| format!("{} rests with exit 0, and not by choice: {}", lane.name, refusal.claim))
}
