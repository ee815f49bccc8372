//! The API server is wanted, and Hermes refuses to start it with the key that it has.

use super::{Case, Found};
use crate::api::{KeyFault, key_fault};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let api = at.api()?;
    let KeyFault::Refused(why) = key_fault(api) else { return None };
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
    let os = at.facts.about.os;
    let said = at.gateway.status.known().and_then(|status| status.platform("api_server"));
    let says_so = said.is_some_and(|entry| {
        entry.error_code.as_deref() == Some(KEY_INVALID) && entry.is_of(process, os) == Some(true)
    });
    if says_so || case.found("logs/api-server-refused").is_some() {
        Found::certain(summary, explains)
    } else {
        Found::likely(summary, explains)
    }
}

/// The word of Hermes for a key that it does not take (0.20 and later).
const KEY_INVALID: &str = "api_server_key_invalid";
