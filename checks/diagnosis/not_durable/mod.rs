//! It runs now, and will not after the next boot or logout.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let finding = ["survival/logout", "survival/reboot", "job/disabled", "survival/crash"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    let missing = case.at.job().and_then(|(lane, job)| case.at.missing_for_a_start(lane, job));
    let why = missing.map_or_else(
        || finding.claim.clone(),
        |missing| format!("it could not be started again, for {missing}"),
    );
    let is_of_a_path = why != finding.claim;
    let summary = format!("the gateway runs, and not for long: {why}");
    // What nobody can read is no trouble before the next boot reads it.
    let follows: &[&str] = if is_of_a_path {
        &[
            "survival/logout",
            "survival/reboot",
            "survival/crash",
            "job/disabled",
            "definition/broken-path",
        ]
    } else if finding.check == "survival/reboot" {
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
