//! The gateway died and left its records behind.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let stale = case.found("owner/stale-pid-file").or_else(|| case.found("owner/pid-reused"))?;
    if !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let state = at.gateway.status.known().and_then(|status| status.state.clone());
    let says =
        state.map_or_else(String::new, |state| format!(", and its status file still says {state}"));
    let end = at
        .job()
        .and_then(|(_, job)| job.last_exit)
        .map_or_else(String::new, |exit| format!(" (its last run ended with {exit})"));
    let summary = format!("the gateway does not run{end}: {}{says}", stale.claim);
    Found::certain(
        summary,
        &[
            "owner/stale-pid-file",
            "owner/pid-reused",
            "job/not-running",
            "job/killed",
            "cron/no-ticker",
            "cron/overdue",
            "job/disabled",
        ],
    )
}
