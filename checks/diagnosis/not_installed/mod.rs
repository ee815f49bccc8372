//! There is no service, and no gateway.

use gw_snapshot::observation::Trouble;

use super::{Case, Found};
use crate::finding::Finding;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/missing").or_else(|| nothing_at_all(case))?;
    let gateway = case.at.gateway;
    if !gateway.liveness.process.is_absent() || gateway.marks.migration.known().is_some() {
        return None;
    }
    let home = &case.at.gateway.home.path;
    let summary = match case.at.gateway.directory.error {
        Some(Trouble::NotFound) => {
            format!("Hermes is not set up here: there is no {home}, and {}", finding.claim)
        }
        _ if case.at.is_without_systemd() => finding.claim.clone(),
        _ if gateway.lane().is_some_and(|lane| lane.dangling.is_some()) => {
            format!("the gateway does not run: {}", finding.claim)
        }
        _ => format!("the gateway is not installed and does not run: {}", finding.claim),
    };
    Found::certain(
        summary,
        &[
            "definition/missing",
            "job/not-running",
            "owner/stale-pid-file",
            "cron/no-ticker",
            "cron/overdue",
        ],
    )
}

/// Where there is no systemd, a gateway that has never run is all that can be missing. Where there is no home, nothing else
/// is.
fn nothing_at_all<'a>(case: &Case<'a>) -> Option<&'a Finding> {
    let gateway = case.at.gateway;
    let is_new = case.at.is_without_systemd() && gateway.status.is_absent();
    let is_nowhere = gateway.directory.error == Some(Trouble::NotFound) && !gateway.is_installed();
    case.found("job/not-running").filter(|_| is_new || is_nowhere)
}
