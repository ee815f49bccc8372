//! The job store makes no sense, or the gateway may not read it, so no job runs.

use super::{Case, Found};
use crate::finding::Finding;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let Some(finding) = case.found("cron/store-invalid") else {
        return unwritable(case).or_else(|| closed(case));
    };
    let where_ =
        finding.evidence.first().map_or_else(String::new, |seen| format!(" ({})", seen.said));
    Found::certain(format!("cron does nothing: {}{where_}", finding.claim), EXPLAINS)
}

/// Nothing can be written into it: a full disk, a read-only mount (0.22+ says so, and waits).
fn unwritable(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("cron/ticks-failing").filter(|_| case.at.store_is_unwritable())?;
    Found::certain(format!("cron does nothing: {}", finding.claim), EXPLAINS)
}

/// The store is another user's, and closed to the gateway's own (upstream #68483). Ticks that fail confirm it.
fn closed(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let (user, store) = (at.user()?, at.path("cron/jobs.json"));
    let file = at.closed_files().find(|file| file.path == store)?;
    let whose = match (file.uid, file.mode.as_deref()) {
        (Some(uid), Some(mode)) => format!("uid {uid}, mode {mode}"),
        _ => return None,
    };
    let failing: Option<&Finding> = case.found("cron/ticks-failing");
    let ticks = failing.map_or_else(String::new, |finding| format!("; {}", finding.claim));
    let summary = format!(
        "cron does nothing: the gateway runs as uid {user} and may not read {store} ({whose}){ticks}"
    );
    if failing.is_some() {
        Found::certain(summary, EXPLAINS)
    } else {
        Found::likely(summary, EXPLAINS)
    }
}

const EXPLAINS: &[&str] = &[
    "cron/store-invalid",
    "cron/store-unreadable",
    "cron/ticks-failing",
    "cron/overdue",
    "cron/no-ticker",
    "owner/foreign-owned-file",
];
