//! Whether another profile's gateway sits on the port.

use gw_snapshot::facts::process::Process;
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::wanted_by_none;

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
    let sibling = at.in_the_way(api).find_map(|listener| {
        let owner = listener.owners.iter().flatten().find(is_sibling)?;
        Some((listener, owner))
    });
    let Some((listener, owner)) = sibling else {
        return vec![at.nobody_in_the_way("other profile", api)];
    };
    if !at.has_gateway() {
        return vec![wanted_by_none(listener)];
    }
    let (address, pid) = (listener.text(), owner.pid);
    let profile = at.facts.gateway_of(pid).map(|gateway| &gateway.home.profile);
    let finding = match (profile, at.gateway.liveness.process.why()) {
        // Of which home it is cannot be seen; where this one's gateway is not known, it may be that.
        (None, Some(why)) => {
            Finding::unknown(&format!("whether the gateway on {address} is another's"), why)
        }
        (None, None) => held(format!("{address} is held by another gateway: PID {pid}")),
        (Some(profile), _) => {
            held(format!("{address} is held by the gateway of profile {profile}: PID {pid}"))
        }
    };
    vec![at.with_process(finding, owner)]
}

fn held(claim: String) -> Finding {
    Finding::failure(claim).help("give this profile its own API_SERVER_PORT in its .env, then restart it; leave the other alone")
}
