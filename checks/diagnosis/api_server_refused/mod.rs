//! The API server is wanted, and Hermes refuses to start it with the key that it has.

use super::{Case, Found};
use crate::api::{KeyFault, key_fault};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let api = at.api()?;
    let KeyFault::Refused(why) = key_fault(api, at.version()) else { return None };
    case.found("port/no-listener")?;
    let summary = format!(
        "PID {} runs without its API server: Hermes refuses to start it, for {why}",
        process.pid
    );
    let explains: &[&str] = &[
        "port/no-listener",
        "health/refused",
        "runtime/platform-error",
        "runtime/no-platform",
        "definition/api-server-env",
        "logs/api-server-refused",
    ];
    // Its own word for it makes it certain; the rule alone makes it likely.
    if case.found("logs/api-server-refused").is_some() {
        Found::certain(summary, explains)
    } else {
        Found::likely(summary, explains)
    }
}
