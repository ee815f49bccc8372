//! It has ended once, and its manager is about to start it again.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found};
use crate::job::killed;
use crate::subject::length;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("job/restarting")?;
    let at = &case.at;
    let (lane, job) = at.job().filter(|(_, job)| job.phase == Phase::Restarting)?;
    if at.gateway.process().is_some() {
        return None;
    }
    let when = job.exited_at.map_or_else(String::new, |end| {
        format!(" {} ago", length(at.facts.now.duration_since(end)))
    });
    let how = job.last_exit.map_or_else(String::new, |exit| format!(" with {exit}"));
    let after =
        job.last_run().map_or_else(String::new, |lasted| format!(", after {}", length(lasted)));
    let why = killed::by(job).map_or_else(String::new, |by| format!(" ({by})"));
    Found::certain(
        format!(
            "the gateway ended{when}{how}{after}{why}, and {} is about to start again: look again in a few seconds",
            lane.title()
        ),
        &[
            "job/restarting",
            "job/killed",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "runtime/restart-requested",
            "runtime/left-by-another",
            "cron/no-ticker",
            "cron/overdue",
        ],
    )
}
