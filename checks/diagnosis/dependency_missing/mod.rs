//! A package is not installed that a platform needs.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    at.api()?;
    let install = at.gateway.running_code()?;
    if !install.aiohttp.is_absent() {
        return None;
    }
    case.found("port/no-listener")?;
    let place =
        install.packages.known().map_or_else(String::new, |packages| format!(" in {packages}"));
    let summary =
        format!("PID {} runs without its API server: there is no aiohttp{place}", process.pid);
    let explains: &[&str] = &[
        "port/no-listener",
        "health/refused",
        "logs/missing-dependency",
        "runtime/platform-error",
        "runtime/no-platform",
    ];
    if case.found("logs/missing-dependency").is_some() {
        Found::certain(summary, explains)
    } else {
        Found::likely(summary, explains)
    }
}
