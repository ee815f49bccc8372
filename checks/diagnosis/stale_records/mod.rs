//! The gateway died and left its records behind.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let liveness = &at.gateway.liveness;
    let state = at.gateway.status.known().and_then(|status| status.state.clone());
    // A gateway that said goodbye was not cut off: what it left behind is no cause of anything.
    if state.as_deref() == Some("stopped") {
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
    if let Some(stale) = stale.filter(|_| liveness.process.is_absent()) {
        let summary = format!("the gateway does not run{end}: {}{says}", stale.claim);
        return Found::certain(summary, explains);
    }
    // Nobody recorded whether that process lives; the manager has none.
    let unseen = liveness.unseen.first().filter(|_| case.failed("job/not-running"))?;
    let summary = format!(
        "the service manager has no process{end}, and PID {}, which {} names, was not seen{says}",
        unseen.pid, unseen.path
    );
    Found::likely(summary, explains)
}
