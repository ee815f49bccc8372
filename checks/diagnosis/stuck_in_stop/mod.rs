//! The gateway is gone, and the stop of its unit goes on.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found};
use crate::subject::length;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("job/not-running")?;
    let at = case.at;
    let (lane, job) = at.job().filter(|(_, job)| job.phase == Phase::Stopping)?;
    let when = job.exited_at.map_or_else(String::new, |end| {
        format!(" {} ago", length(at.facts.now.duration_since(end)))
    });
    let waits = if job.words.contains("(final-") {
        "systemd waits for what is left in its control group, and starts nothing"
    } else {
        "until that is over, systemd starts nothing"
    };
    Found::certain(
        format!(
            "the gateway ended{when}, and its unit is still being stopped: {} is {}; {waits}",
            lane.title(),
            job.words
        ),
        &[
            "job/not-running",
            "job/killed",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "runtime/restart-requested",
            "runtime/left-by-another",
            "cron/no-ticker",
            "cron/overdue",
            "survival/crash",
        ],
    )
}
