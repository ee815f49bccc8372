//! Whether two profiles are configured for one address.

use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::settings::ApiServer;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let own = &at.gateway.home;
    let others: Vec<(&str, &ApiServer)> = at
        .facts
        .gateways
        .iter()
        .filter(|gateway| gateway.home != *own)
        .filter(|gateway| gateway.is_installed() || gateway.process().is_some())
        .filter_map(|gateway| Some((gateway.home.profile.as_str(), gateway.api.known()?)))
        .filter(|(_, theirs)| theirs.enabled.value && clash(theirs, api))
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
    let (same, overlapping): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, theirs)| theirs.host.value == api.host.value);
    let address = api.address();
    let mut claims = Vec::new();
    if !same.is_empty() {
        let profiles: Vec<&str> = same.iter().map(|(profile, _)| *profile).collect();
        claims.push(format!(
            "{address} is configured for profile {} as well: only one of them can have it",
            profiles.join(", ")
        ));
    }
    claims.extend(overlapping.iter().map(|(profile, theirs)| {
        format!(
            "{address} overlaps with {} of profile {profile}: only one of them is reached there",
            theirs.address()
        )
    }));
    let help = "give each profile its own API_SERVER_PORT in its `.env`";
    claims.into_iter().map(|claim| Finding::warning(claim).help(help)).collect()
}

/// Whether a listener of the one would stand in the way of the other.
fn clash(one: &ApiServer, other: &ApiServer) -> bool {
    let (address, port) = (one.host.value.clone(), one.port.value);
    let listener = Listener { address, port, owners: None, uid: None };
    listener.serves(&other.host.value, other.port.value)
}
