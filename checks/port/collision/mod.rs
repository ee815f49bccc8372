//! Whether two profiles are configured for one address.

use gw_snapshot::facts::settings::ApiServer;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let own = &at.gateway.home;
    // A profile that another gateway serves opens no port of its own, whatever its `.env` says.
    let others: Vec<(&str, &ApiServer)> = at
        .facts
        .gateways
        .iter()
        .filter(|gateway| gateway.home.path != own.path && gateway.served_by.is_none())
        .filter(|gateway| gateway.is_installed() || gateway.process().is_some())
        .filter_map(|gateway| Some((gateway.home.profile.as_str(), gateway.api.known()?)))
        .filter(|(_, theirs)| theirs.enabled.value && clash(theirs, api) != Some(false))
        .collect();
    if !at.has_gateway() {
        return vec![Finding::skipped("no gateway of this profile is installed or has ever run")];
    }
    let address = api.address();
    let (clashing, open): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, theirs)| clash(theirs, api) == Some(true));
    let why = open.iter().find_map(|(_, theirs)| api.open().or_else(|| theirs.open()));
    if let (true, Some(why)) = (clashing.is_empty(), why) {
        let profiles: Vec<&str> = open.iter().map(|(profile, _)| *profile).collect();
        let what =
            format!("whether profile {} is configured for {address} as well", profiles.join(", "));
        return vec![Finding::unknown(&what, &why).minor()];
    }
    if clashing.is_empty() {
        return vec![Finding::pass(format!("no other profile is configured for {address}"))];
    }
    let (same, overlapping): (Vec<_>, Vec<_>) = clashing
        .into_iter()
        .partition(|(_, theirs)| theirs.host.value.is(&api.host.value) == Some(true));
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

/// True if a listener of the one would stand in the way of the other. None where that cannot be told.
fn clash(one: &ApiServer, other: &ApiServer) -> Option<bool> {
    match one.port.value.same(&other.port.value) {
        Some(true) => one.host.value.meets(&other.host.value),
        // Where the ports differ, the hosts do not matter.
        ports => ports,
    }
}
