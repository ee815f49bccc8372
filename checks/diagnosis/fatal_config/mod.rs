//! Hermes itself refused to start, for its configuration.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/fatal-config")?;
    Found::certain(
        finding.claim.clone(),
        &[
            "job/fatal-config",
            "runtime/startup-failed",
            "job/not-running",
            "job/crash-loop",
            "job/restarting",
            "port/no-listener",
            "cron/no-ticker",
            "owner/stale-pid-file",
            "health/refused",
            "job/start-limit",
        ],
    )
}
