//! There is no service, and no gateway.

use gw_snapshot::observation::Trouble;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/missing")?;
    if !case.at.gateway.liveness.process.is_absent() {
        return None;
    }
    let home = &case.at.gateway.home.path;
    let summary = match case.at.gateway.directory.error {
        Some(Trouble::NotFound) => {
            format!("Hermes is not set up here: there is no {home}, and {}", finding.claim)
        }
        _ => format!("the gateway is not installed and does not run: {}", finding.claim),
    };
    Found::certain(
        summary,
        &["definition/missing", "owner/stale-pid-file", "cron/no-ticker", "cron/overdue"],
    )
}
