//! Whether two profiles are configured for one address.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let own = &at.gateway.home;
    let others: Vec<&str> = at
        .facts
        .gateways
        .iter()
        .filter(|gateway| gateway.home != *own)
        .filter(|gateway| gateway.is_installed() || gateway.process().is_some())
        .filter(|gateway| {
            let theirs = gateway.api.known().filter(|theirs| theirs.enabled.value);
            theirs.is_some_and(|theirs| {
                theirs.port.value == api.port.value && theirs.host.value == api.host.value
            })
        })
        .map(|gateway| gateway.home.profile.as_str())
        .collect();
    if !at.has_gateway() {
        return vec![Finding::skipped("no gateway of this profile is installed or has ever run")];
    }
    if others.is_empty() {
        return vec![Finding::pass(format!(
            "no other profile is configured for {}",
            api.address()
        ))];
    }
    vec![
        Finding::warning(format!(
            "{} is configured for profile {} as well: only one of them can have it",
            api.address(),
            others.join(", ")
        ))
        .help("give each profile its own API_SERVER_PORT in its `.env`"),
    ]
}
