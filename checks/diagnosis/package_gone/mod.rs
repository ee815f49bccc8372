//! The code that the gateway runs is no longer installed.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("owner/package-gone").filter(|_| case.failed("owner/package-gone"))?;
    Found::certain(finding.claim.clone(), EXPLAINS)
}

const EXPLAINS: &[&str] = &[
    "owner/package-gone",
    "owner/stale-code",
    "definition/broken-path",
    "definition/invalid",
    "runtime/platform-error",
    "cron/last-run-failed",
    "cron/ticks-failing",
    "survival/crash",
    "survival/reboot",
    "survival/logout",
];
