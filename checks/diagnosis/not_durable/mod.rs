//! It runs now, and will not after the next boot or logout.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let finding = ["survival/logout", "survival/reboot", "job/disabled", "survival/crash"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    let summary = format!("the gateway runs, and not for long: {}", finding.claim);
    // What nobody can read is no trouble before the next boot reads it.
    let follows: &[&str] = if finding.check == "survival/reboot" {
        &[
            "survival/logout",
            "survival/reboot",
            "survival/crash",
            "job/disabled",
            "definition/invalid",
        ]
    } else {
        &["survival/logout", "survival/reboot", "survival/crash", "job/disabled"]
    };
    Found::certain(summary, follows)
}
