//! A file that the gateway must open is another user's, and closed to its own: it cannot start.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    case.found("owner/foreign-owned-file")?;
    let user = at.user()?;
    if !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let store = at.path("cron/jobs.json");
    let closed: Vec<_> = at.closed_files().filter(|file| file.path != store).collect();
    let first = closed.first()?;
    let more = match closed.len() {
        1 => String::new(),
        count => format!(", nor {} more", count - 1),
    };
    let whose = match (first.uid, first.mode.as_deref()) {
        (Some(uid), Some(mode)) => format!(" (uid {uid}, mode {mode})"),
        _ => String::new(),
    };
    let follows = match at.job() {
        Some((lane, job)) => match (job.phase, job.restarts) {
            (Phase::Running | Phase::Stopping, _) => return None,
            (Phase::Starting | Phase::Restarting, Some(restarts)) => {
                format!("; {} has been restarted {restarts} times", lane.name)
            }
            _ => format!("; {} is {}", lane.name, job.words),
        },
        None => String::new(),
    };
    let end = at
        .job()
        .and_then(|(_, job)| job.last_exit)
        .map_or_else(String::new, |exit| format!(", with {exit}"));
    Found::likely(
        format!(
            "the gateway cannot start: as uid {user} it may not open {}{whose}{more}{follows}{end}",
            first.path
        ),
        &[
            "owner/foreign-owned-file",
            "job/crash-loop",
            "job/start-limit",
            "job/restarting",
            "job/not-running",
            "job/killed",
            "definition/api-server-env",
            "port/expected-unknown",
            "port/no-listener",
            "health/refused",
            "cron/no-ticker",
            "cron/overdue",
            "owner/stale-pid-file",
        ],
    )
}
