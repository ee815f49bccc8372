//! Something was mounted over the home while its gateway ran.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.below_a_mount()?;
    let finding = case.found("home/mount")?;
    Found::certain(finding.claim.clone(), EXPLAINS)
}

/// What is read by path is of another home than the gateway's.
const EXPLAINS: &[&str] = &[
    "home/mount",
    "home/space",
    "owner/stale-pid-file",
    "owner/pid-reused",
    "runtime/left-by-another",
    "runtime/loop-stalled",
    "runtime/missing",
    "cron/missed-occurrence",
    "cron/never-fired",
    "cron/no-ticker",
    "cron/overdue",
    "cron/ticker-late",
];
