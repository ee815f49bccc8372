//! The process lives, and its ticker does not come round.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("cron/ticker-late")?;
    if !case.failed("cron/ticker-late") {
        return None;
    }
    let explains: &[&str] = &["cron/ticker-late", "cron/overdue", "cron/ticks-failing"];
    // Two witnesses: the mark, and a job that is late or a lock that is held for too long.
    if finding.evidence.len() > 1 || case.found("cron/overdue").is_some() {
        let summary = format!("cron is dead while the gateway lives: {}", finding.claim);
        Found::certain(summary, explains)
    } else {
        let summary = format!("cron may be dead while the gateway lives: {}", finding.claim);
        Found::likely(summary, explains)
    }
}
