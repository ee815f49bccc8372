//! The loopback interface is down, so nobody on this host reaches the gateway.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("health/timeout")?;
    let at = case.at;
    let process = at.gateway.process().filter(|_| at.facts.has_hint(HINT))?;
    Found::certain(
        format!(
            "the loopback interface (lo) of this host is down: nothing here reaches the API server at a loopback address, and PID {} lives",
            process.pid
        ),
        &["health/timeout"],
    )
}

/// The flags of the interface `lo` lack `IFF_UP`.
const HINT: &str = "loopback-down";
