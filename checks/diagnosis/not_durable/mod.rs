//! It runs now, and will not after the next boot or logout.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let finding = ["survival/logout", "survival/reboot", "job/disabled", "survival/crash"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    Found::certain(
        format!("the gateway runs, and not for long: {}", finding.claim),
        &["survival/logout", "survival/reboot", "survival/crash", "job/disabled"],
    )
}
