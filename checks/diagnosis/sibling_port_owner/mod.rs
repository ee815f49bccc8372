//! Another profile's gateway sits on the port.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("port/sibling-profile")?;
    let summary = format!("{}, so this one cannot have its API server there", finding.claim);
    Found::certain(
        summary,
        &[
            "port/sibling-profile",
            "job/not-running",
            "job/fatal-config",
            "runtime/startup-failed",
            "runtime/platform-error",
            "port/no-listener",
            "logs/port-bind",
            "cron/no-ticker",
            "job/crash-loop",
            "owner/stale-pid-file",
            "job/start-limit",
        ],
    )
}
