//! The manager could not even begin to run Hermes.

use gw_snapshot::facts::job::{Exit, Phase};

use super::{Case, Found};
use crate::spawn;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (lane, job) = case.at.job()?;
    if let Some(hindrance) = spawn::hindrance(&case.at, lane, job) {
        return Found::certain(
            format!("launchd cannot start {}: {hindrance}; Hermes itself was never run", lane.name),
            EXPLAINS,
        );
    }
    let Some(Exit::Code(code)) = job.last_exit.filter(|_| job.phase != Phase::Running) else {
        return None;
    };
    let what = match code {
        200 => "its working directory cannot be entered",
        203 => "its program cannot be run",
        217 => "its user does not exist",
        226 => "its sandbox cannot be set up",
        _ => return None,
    };
    let named = case
        .found("definition/broken-path")
        .map_or_else(String::new, |finding| format!(": {}", finding.claim));
    let summary = format!("{} ends with {code} before Hermes begins: {what}{named}", lane.title());
    Found::certain(summary, EXPLAINS)
}

const EXPLAINS: &[&str] = &[
    "definition/broken-path",
    "job/crash-loop",
    "job/not-running",
    "job/fatal-config",
    "job/parked",
    "job/killed",
    "job/restarting",
    "job/start-limit",
    "port/no-listener",
    "health/refused",
    "cron/no-ticker",
    "owner/stale-pid-file",
];
