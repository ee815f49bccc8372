//! It ended to be started again, and launchd holds the start back.

use gw_snapshot::facts::job::Exit;

use super::{Case, Certainty, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/parked")?;
    let (lane, job) = case.at.job()?;
    if case.at.gateway.process().is_some() {
        return None;
    }
    let planned = job.last_exit == Some(Exit::Code(75));
    let has_run = job.launchd.as_ref().and_then(|launchd| launchd.runs) != Some(0);
    let ended = match (planned, job.last_end()) {
        (true, _) => "after a planned exit (75)".to_string(),
        (false, Some(end)) => format!("after its last run, which ended with {end}"),
        (false, None) if has_run => "after its last run".to_string(),
        (false, None) => "before its first run".to_string(),
    };
    Some(Found {
        stands_alone: false,
        certainty: if planned { Certainty::Certain } else { Certainty::Likely },
        summary: format!("{} is loaded and parked {ended}: {}", lane.name, finding.claim),
        explains: vec![
            "job/parked",
            "job/not-running",
            "job/restarting",
            "job/crash-loop",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "owner/stale-pid-file",
            "survival/crash",
        ],
    })
}
