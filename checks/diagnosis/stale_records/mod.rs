//! The gateway died and left its records behind.

use gw_snapshot::facts::job::{Exit, Phase};

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let liveness = &at.gateway.liveness;
    let state = at.gateway.status.known().and_then(|status| status.state.clone());
    // A gateway that said goodbye was not cut off: what it left behind is no cause of anything.
    if state.as_deref() == Some("stopped") {
        return None;
    }
    if policy_leaves_it(case) {
        return None;
    }
    let says =
        state.map_or_else(String::new, |state| format!(", and its status file says {state}"));
    let end = at
        .job()
        .and_then(|(_, job)| job.last_exit)
        .map_or_else(String::new, |exit| format!(" (its last run ended with {exit})"));
    let explains: &[&str] = &[
        "owner/stale-pid-file",
        "owner/pid-reused",
        "job/not-running",
        "job/killed",
        "cron/no-ticker",
        "runtime/restart-requested",
        "cron/overdue",
        "job/disabled",
        "survival/reboot",
        "survival/crash",
    ];
    let stale = case.found("owner/stale-pid-file").or_else(|| case.found("owner/pid-reused"));
    if stale.is_some() && told_by_launchd(case) {
        return None;
    }
    // Between two runs, and while one begins, the records are still those of the run before.
    let is_silent =
        at.installed().any(|lane| lane.job.why().is_some_and(|why| !why.is_not_observed()));
    let is_at_rest = at.job().map_or(!is_silent, |(_, job)| {
        matches!(job.phase, Phase::Stopped | Phase::Failed) || case.failed("job/not-running")
    });
    if let Some(stale) = stale.filter(|_| liveness.process.is_absent() && is_at_rest) {
        let summary = format!("the gateway does not run{end}: {}{says}", stale.claim);
        return Found::certain(summary, explains);
    }
    // Nobody recorded whether that process lives; the manager has none.
    let unseen = liveness.unseen.first().filter(|_| case.failed("job/not-running"))?;
    at.job()?;
    let summary = format!(
        "the service manager has no process{end}, and PID {}, which {} names, was not seen{says}",
        unseen.pid, unseen.path
    );
    Found::likely(summary, explains)
}

/// Where it ended by itself, and its policy does not start it again after such an end, that is the cause: its
/// records are what such an end leaves behind. See loaded-not-running.
fn policy_leaves_it(case: &Case<'_>) -> bool {
    let Some((_, job)) = case.at.job() else { return false };
    let policy = job.systemd.as_ref().map(|systemd| systemd.restart.as_str());
    let is_at_rest = matches!(job.phase, Phase::Stopped | Phase::Failed);
    is_at_rest
        && match (policy, job.last_exit) {
            (Some("on-failure"), Some(exit)) => exit == Exit::Code(0),
            (Some("on-success"), Some(exit)) => exit != Exit::Code(0),
            (Some("on-abnormal" | "on-abort" | "on-watchdog"), Some(Exit::Code(_)))
            | (Some("no"), Some(_)) => true,
            _ => false,
        }
}

/// True if launchd tells how the last run of a job at rest ended, and whether another is to follow, or if its service runs
/// on without a gateway: that explains what was left behind.
fn told_by_launchd(case: &Case<'_>) -> bool {
    case.at.gateway.liveness.lone_wrapper().is_some() && case.failed("job/not-running")
        || case.at.job().is_some_and(|(_, job)| {
            let is_told = job.launchd.as_ref().is_some_and(|launchd| launchd.keep_alive.is_some());
            is_told && job.phase == Phase::Stopped && job.last_end().is_some()
        })
}
