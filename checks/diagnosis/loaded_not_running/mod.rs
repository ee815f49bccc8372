//! The service is loaded and has no process.

use gw_snapshot::facts::job::systemd::Held;
use gw_snapshot::facts::job::{Enabled, Phase};

use super::{Case, Found};
use crate::job::crash_loop::launchd;
use crate::spawn;
use crate::subject::lacking;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/not-running")?;
    let (lane, job) = case.at.job()?;
    let liveness = &case.at.gateway.liveness.process;
    if liveness.known().is_some() {
        return None;
    }
    let what = if liveness.is_absent() {
        "the gateway is installed and does not run"
    } else {
        "the service does not run, and whether a gateway lives beside it cannot be told"
    };
    let systemd = job.systemd.as_ref();
    let is_at_rest = job.phase == Phase::Stopped;
    let lacking = lacking(job);
    let missing = case.at.missing(lane).filter(|_| is_at_rest);
    if case.at.gateway.liveness.lone_wrapper().is_some() {
        return Found::certain(finding.claim.clone(), EXPLAINS);
    }
    let begun = match job.last_end() {
        _ if systemd
            .is_some_and(|systemd| systemd.held_by == Some(Held::Condition) && is_at_rest) =>
        {
            "its last start was passed over, for a condition of the unit does not hold".to_string()
        }
        _ if systemd
            .is_some_and(|systemd| systemd.held_by == Some(Held::Assertion) && is_at_rest) =>
        {
            "its last start was refused, for an assertion of the unit does not hold".to_string()
        }
        None if lacking.is_some() && is_at_rest => lacking.unwrap_or_default(),
        None if systemd.is_some_and(|systemd| systemd.queued && is_at_rest) => {
            "a start of it is queued, and waits for another unit".to_string()
        }
        _ if missing.is_some() => {
            format!("no start of it can succeed: {}", missing.as_deref().unwrap_or_default())
        }
        None if job.phase == Phase::Starting => {
            "its start does not come to its program".to_string()
        }
        None if job.is_cut_off() => "how its last run ended was not seen".into(),
        None => "it has not been started since it was loaded".to_string(),
        Some(exit) => match lacking.or_else(|| spawn::told_by_journal(case.at, job)) {
            Some(why) => format!("its last run ended with {exit}, and {why}"),
            None if launchd::is_left(lane, job) => {
                format!("its last run ended with {exit}, after which its policy leaves it down")
            }
            None => format!("its last run ended with {exit}"),
        },
    };
    let boot = match job.enabled {
        Enabled::No if lane.starts_by_itself() => "",
        Enabled::No if job.launchd.is_some() => {
            ", and it has no RunAtLoad: a login does not start it either"
        }
        Enabled::No => ", and it is not enabled: it will not start at boot either",
        Enabled::Yes | Enabled::Masked | Enabled::Unclear => "",
    };
    let policy = case
        .found("definition/restart-policy")
        .map_or_else(String::new, |finding| format!("; {}", finding.claim));
    let due = if launchd::is_due(case.at, lane, job) {
        "; its policy calls for another start, which launchd makes when its throttle lets it, or holds back"
    } else {
        ""
    };
    let summary = format!("{what}: {} is {}; {begun}{due}{policy}{boot}", lane.title(), job.words);
    let found = Found::certain(summary, EXPLAINS);
    found.map(|found| if missing.is_some() { found.also(BROKEN) } else { found })
}

/// The findings that follow from it.
const EXPLAINS: &[&str] = &[
    "job/not-running",
    "job/killed",
    "definition/restart-policy",
    "owner/stale-pid-file",
    "cron/no-ticker",
    "runtime/restart-requested",
    "cron/overdue",
    "job/disabled",
    "survival/reboot",
    "survival/crash",
];

/// What it explains too where the definition names what is not there.
const BROKEN: &[&str] = &["definition/broken-path"];
