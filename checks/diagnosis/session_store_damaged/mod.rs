//! The gateway runs, and its session database is damaged or lost.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("runtime/session-store")?;
    let summary = format!("the gateway runs, and its sessions are in danger: {}", finding.claim);
    if case.failed("runtime/session-store") {
        Found::certain(summary, EXPLAINS)
    } else {
        Found::likely(summary, EXPLAINS)
    }
}

const EXPLAINS: &[&str] = &["runtime/session-store", "cron/last-run-failed"];
