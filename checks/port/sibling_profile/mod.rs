//! Whether another profile's gateway sits on the port.

use gw_snapshot::facts::process::Process;
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let own = at.gateway.process().map(|process| process.pid);
    let is_sibling = |owner: &&Process| {
        let gateway =
            at.facts.gateway_of(owner.pid).is_some() || matches!(owner.role, Role::Gateway(_));
        let same_home = at.gateway.liveness.others.iter().any(|other| other.pid == owner.pid);
        gateway && Some(owner.pid) != own && !same_home
    };
    let sibling = at.facts.on(&api.host.value, api.port.value).find_map(|listener| {
        let owner = listener.owners.iter().flatten().find(is_sibling)?;
        Some((listener, owner))
    });
    let Some((listener, owner)) = sibling else {
        return vec![Finding::pass(format!("no other profile sits on {}", api.address()))];
    };
    let profile = at.facts.gateway_of(owner.pid).map(|gateway| gateway.home.profile.clone());
    let whose =
        profile.map_or_else(|| "another home".to_string(), |profile| format!("profile {profile}"));
    let finding = Finding::failure(format!("{} is held by the gateway of {whose}: PID {}", listener.text(), owner.pid))
        .help("give this profile its own API_SERVER_PORT in its .env, then restart it; leave the other alone");
    vec![at.with_process(finding, owner)]
}
