//! It runs now, and will not after the next boot or logout.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.at.gateway.process()?;
    let finding = ["survival/logout", "survival/reboot", "job/disabled", "survival/crash"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    let missing = case.at.job().and_then(|(lane, job)| case.at.missing_for_a_start(lane, job));
    let (why, further): (String, &[&str]) = match missing {
        Some(missing) => {
            (format!("it could not be started again, for {missing}"), &["definition/broken-path"])
        }
        // What nobody can read is no trouble before the next boot reads it.
        None if finding.check == "survival/reboot" => {
            (finding.claim.clone(), &["definition/invalid"])
        }
        None => (finding.claim.clone(), &[]),
    };
    let summary = format!("the gateway runs, and not for long: {why}");
    let found = Found::certain(
        summary,
        &["survival/logout", "survival/reboot", "survival/crash", "job/disabled"],
    );
    found.map(|found| found.also(further))
}
