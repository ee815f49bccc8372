//! Whether a service is installed at all.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::home::is_profile_name;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let gateway = at.gateway;
    if let Some(lane) = at.installed().find(|lane| !lane.is_masked()) {
        let found = Finding::pass(format!("{} is installed", lane.title()));
        let found = match lane.job.known() {
            Some(job) if lane.definition.is_absent() => found.seen(&job.source, job.words.clone()),
            _ => found.seen(&lane.path, "it exists"),
        };
        return vec![found.of_service(lane.title())];
    }
    if let Some(lane) = at.installed().next() {
        return vec![Finding::skipped(format!("{} is masked", lane.name)).of_service(lane.title())];
    }
    let Some(lane) = gateway.lanes.first() else {
        return vec![Finding::unknown("whether a service is installed", &Why::NotObserved)];
    };
    if !(lane.definition.is_absent() && lane.job.known().is_none()) {
        let why = lane.definition.why().or(lane.job.why()).cloned().unwrap_or(Why::NotObserved);
        return vec![
            Finding::unknown("whether a service is installed", &why).of_service(lane.title()),
        ];
    }
    if at.is_without_systemd() {
        return vec![Finding::skipped("there is no systemd on this host, so no unit is missing")];
    }
    let (claim, said) = if let Some(target) = &lane.dangling {
        let file = if lane.manager.is_launchd() { "plist" } else { "file" };
        let claim = format!(
            "the {file} of {} is a link to {target}, which does not exist: there is nothing to load",
            lane.name
        );
        (claim, format!("a link to {target}"))
    } else {
        let claim = format!("no service is installed for this home: there is no {}", lane.name);
        (claim, "it does not exist".into())
    };
    let others_installed = at.facts.gateways.iter().any(gw_snapshot::facts::Gateway::is_installed);
    // Where a gateway may live that we cannot see, a missing service is no fault yet.
    let finding = if others_installed || !gateway.liveness.process.is_absent() {
        Finding::note(claim)
    } else {
        let help = how_to_install(at);
        Finding::failure(claim).help(match lane.dangling {
            Some(_) => {
                format!("bring back what the link leads to, or remove the link; then {help}")
            }
            None => help,
        })
    };
    vec![finding.seen(&lane.path, said).of_service(lane.title())]
}

/// From 0.21.5 on Hermes refuses to install a named profile's: the gateway of the default profile serves it.
fn how_to_install(at: &Subject<'_>) -> String {
    if at.gateway.marks.migration.known().is_some() {
        return "`hermes gateway migrate --multiplex` ends what was begun; `--standalone` gives each profile its service back".into();
    }
    let profile = &at.gateway.home.profile;
    if !is_profile_name(profile) || profile == "default" {
        return "install it with `hermes gateway install`".into();
    }
    // Without a service of its own no code of its own is known, and all profiles mostly have the same.
    let versions = at.facts.gateways.iter().filter_map(|gateway| gateway.install.as_ref());
    let known: Vec<Option<bool>> = versions
        .filter_map(|install| install.version.known())
        .map(|version| version.has(Capability::RefusesNamedProfiles))
        .collect();
    let own = format!("`hermes -p {profile} gateway install`");
    let shared = "the gateway of the default profile serves this one, too, and `hermes gateway install` is for that";
    match known.as_slice() {
        [Some(true), rest @ ..] if rest.iter().all(|has| *has == Some(true)) => shared.into(),
        [Some(false), rest @ ..] if rest.iter().all(|has| *has == Some(false)) => {
            format!("install it with {own}")
        }
        _ => format!("before Hermes 0.21.5 install it with {own}; from then on {shared}"),
    }
}
