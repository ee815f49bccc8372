//! Another program sits on the port.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("port/foreign-listener")?;
    let refused =
        case.found("job/fatal-config").is_some() || case.found("runtime/startup-failed").is_some();
    let follows = match (case.at.gateway.process(), refused) {
        (Some(_), _) => "the gateway lives without its API server there",
        (None, true) => "the gateway refused to start for it",
        (None, false) => "the gateway could not have its API server there",
    };
    Found::certain(
        format!("{}; {follows}", finding.claim),
        &[
            "port/foreign-listener",
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
