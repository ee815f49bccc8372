//! Somebody paused it with `hermes pause`.

use super::{Case, Found};

/// While it is paused, jobs that are due wait for its end.
pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let pause = case.at.pause()?;
    case.at.gateway.process()?;
    let late =
        case.found("cron/overdue").map_or_else(String::new, |late| format!("; {}", late.claim));
    Found::meant(
        format!("{}{late}", case.at.paused(pause)),
        &["cron/overdue", "cron/missed-occurrence"],
    )
}
