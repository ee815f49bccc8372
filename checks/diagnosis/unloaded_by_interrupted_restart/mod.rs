//! A restart booted the job out, and never got it in again.

use gw_snapshot::facts::Manager;
use gw_snapshot::parse::reload::Event;

use super::{Case, Certainty, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("job/not-loaded")?;
    let at = case.at;
    let lane = at.gateway.lane().filter(|lane| lane.manager.is_launchd())?;
    if at.gateway.process().is_some() || lane.disabled.known() == Some(&true) {
        return None;
    }
    let how = match at.gateway.marks.reload.known().map(|entry| entry.event) {
        Some(Event::GaveUp) => Some("its helper gave up loading it again"),
        Some(Event::AttemptFailed) => Some("its helper failed to load it again, and was cut off"),
        Some(Event::Began) => Some("its helper was cut off before it loaded it again"),
        None => None,
    };
    let asked = at.gateway.status.known().is_some_and(|status| status.restart_requested);
    let (certainty, how) = match (how, asked) {
        (Some(how), _) => (Certainty::Certain, how),
        (None, true) => (
            Certainty::Likely,
            "a restart was asked for, and the job was booted out and not loaded again",
        ),
        (None, false) => return None,
    };
    let domain = match lane.manager {
        Manager::LaunchdUser(uid) => format!("user/{uid}"),
        Manager::LaunchdGui(uid) => format!("gui/{uid}"),
        _ => "system".into(),
    };
    Some(Found {
        certainty,
        summary: format!(
            "the gateway does not run since a restart was cut off: {} is not loaded in {domain}, and {how}",
            lane.name
        ),
        explains: &[
            "job/not-loaded",
            "job/not-running",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "owner/stale-pid-file",
            "runtime/left-by-another",
            "survival/crash",
        ],
    })
}
