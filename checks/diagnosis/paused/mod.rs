//! Somebody paused it with `hermes pause`.

use super::{Case, Found};

/// While it is paused, jobs that are due wait for its end.
pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let pause = case.at.pause()?;
    if case.at.gateway.process().is_none() && case.at.gateway.served_by.is_none() {
        return None;
    }
    let late =
        case.found("cron/overdue").map_or_else(String::new, |late| format!("; {}", late.claim));
    Found::meant(
        format!("{}{late}", case.at.paused(pause)),
        &["cron/overdue", "cron/missed-occurrence"],
    )
}
