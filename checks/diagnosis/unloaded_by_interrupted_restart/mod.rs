//! A restart booted the job out, and never got it in again.

use gw_snapshot::parse::reload::{Entry, Event};

use super::{Case, Certainty, Found};
use crate::Subject;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("job/not-loaded")?;
    let at = case.at;
    let lane = at.gateway.lane().filter(|lane| lane.manager.is_launchd())?;
    if at.gateway.process().is_some() || lane.disabled.known() == Some(&true) {
        return None;
    }
    let last = at.gateway.marks.reloads.known().and_then(|entries| entries.last());
    let entry = last.filter(|entry| !has_lived_since(at, entry));
    let how = entry.map(|entry| match entry.event {
        Event::GaveUp => "its helper gave up loading it again",
        Event::AttemptFailed => "its helper failed to load it again, and was cut off",
        Event::Began => "its helper was cut off before it loaded it again",
    });
    let asked = at.gateway.status.known().is_some_and(|status| status.restart_requested);
    let is_dated = entry.is_some_and(|entry| entry.at.is_some())
        && at.gateway.status.known().is_some_and(|status| status.updated_at.is_some());
    let (certainty, how) = match (how, asked) {
        (Some(how), _) if is_dated => (Certainty::Certain, how),
        (Some(how), _) => (Certainty::Likely, how),
        (None, true) => (
            Certainty::Likely,
            "a restart was asked for, and the job was booted out and not loaded again",
        ),
        (None, false) => return None,
    };
    let domain = lane.manager.domain();
    Some(Found {
        stands_alone: false,
        certainty,
        summary: format!(
            "the gateway does not run since a restart was cut off: {} is not loaded in {domain}, and {how}",
            lane.name
        ),
        explains: vec![
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

/// Whether a gateway wrote its status long after this line of the log: then that reload has come to a good end, and
/// what unloaded the job is another thing. The one that the reload itself stops writes a little after it began.
fn has_lived_since(at: &Subject<'_>, entry: &Entry) -> bool {
    let written = at.gateway.status.known().and_then(|status| status.updated_at);
    let after = written.zip(entry.at).map(|(written, entry)| written.duration_since(entry));
    after.is_some_and(|after| after.as_secs() > RELOAD_SECONDS)
}

/// Longer than a reload takes with the drain of the gateway that it stops: three minutes for that by default before
/// 0.18, and two for the attempts to load.
const RELOAD_SECONDS: i64 = 600;
