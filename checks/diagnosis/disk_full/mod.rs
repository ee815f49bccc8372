//! The file system of the home is full, so Hermes can write nothing.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("home/space").filter(|_| case.failed("home/space"))?;
    let who = case.at.gateway.process().map_or_else(
        || "the gateway cannot start well".to_string(),
        |process| format!("PID {} lives and cannot write", process.pid),
    );
    Found::certain(format!("{who}: {}", finding.claim), EXPLAINS)
}

/// What follows where nothing can be written.
pub(super) const EXPLAINS: &[&str] = &[
    "home/space",
    "home/mount",
    "job/crash-loop",
    "job/fatal-config",
    "job/not-running",
    "job/restarting",
    "job/start-limit",
    "job/under-way",
    "owner/stale-pid-file",
    "port/no-listener",
    "health/refused",
    "runtime/invalid",
    "runtime/left-by-another",
    "runtime/loop-stalled",
    "runtime/missing",
    "runtime/session-store",
    "cron/last-run-failed",
    "cron/missed-occurrence",
    "cron/never-fired",
    "cron/no-ticker",
    "cron/overdue",
    "cron/store-invalid",
    "cron/ticker-late",
    "cron/ticks-failing",
];
