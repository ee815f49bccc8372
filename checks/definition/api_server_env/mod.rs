//! Whether the settings make an API server that can start.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::settings::ApiServer;

use crate::Subject;
use crate::api::{KeyFault, key_fault};
use crate::finding::{Finding, Verdict};
use crate::subject::port::InVain;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let api = at.gateway.api.known().filter(|_| at.gateway.served_by.is_none());
    let given_up = api.and_then(|api| api.given_up.as_ref()).map(given_up);
    let no_port = api.filter(|api| api.enabled.value).and_then(no_port);
    judge(at).into_iter().chain(given_up).chain(no_port).collect()
}

/// That the port is set to what is no number: Hermes takes the one that it would take without.
fn no_port(api: &ApiServer) -> Option<Finding> {
    let place = api.no_port.as_ref()?;
    let claim = format!(
        "API_SERVER_PORT is set to what is no number: Hermes passes over it without a word, and takes port {}",
        api.port.value
    );
    let finding = Finding::warning(claim).seen_at(place, "no number, for Python's int()");
    Some(finding.help(format!("write the number into {place}, or take the line out")))
}

/// That the loader fails at a line of the configuration, and goes on without the rest.
fn given_up(at: &Place) -> Finding {
    let claim = format!(
        "Hermes gives up the platforms of {} at line {}: `extra` there is no mapping, and what it has not read by then counts for nothing",
        at.file,
        at.line.unwrap_or_default()
    );
    let said = "the loader ends here, with no more than a warning in the log";
    Finding::warning(claim).seen_at(at, said).help(format!(
        "take `extra` out of {at}, or write `extra: {{}}`, then restart the gateway: all of the file counts then"
    ))
}

fn judge(at: &Subject<'_>) -> Vec<Finding> {
    let api = match &at.gateway.api {
        Fact::Known(api) => api,
        Fact::Absent => return vec![Finding::skipped("there are no settings")],
        Fact::Unknown(why) => {
            let unknown = || Finding::unknown("what the settings are", why).minor();
            return vec![lost(at, None).unwrap_or_else(unknown)];
        }
    };
    if at.gateway.served_by.is_some() {
        return at.no_api();
    }
    if !api.enabled.value {
        return vec![not_enabled(at, api)];
    }
    let seen = |finding: Finding, place: &Option<Place>, said: String| match place {
        Some(place) => finding.seen_at(place, said),
        None => finding.seen("Hermes's default", said),
    };
    let enabled = |finding| seen(finding, &api.enabled.from, "it is enabled".into());
    let fault = key_fault(api);
    if let (false, Some(finding)) = (matches!(fault, KeyFault::Refused(_)), lost(at, Some(api))) {
        return vec![finding];
    }
    match fault {
        KeyFault::None if api.open().is_some() => {
            let why = api.open().unwrap_or(Why::NotObserved);
            vec![enabled(Finding::unknown("what the settings are", &why).minor())]
        }
        KeyFault::None => {
            let claim = format!("the API server is to listen on {}", api.address());
            let port = format!("port {}", api.port.value);
            vec![seen(enabled(Finding::pass(claim)), &api.port.from, port)]
        }
        KeyFault::Depends(why) => {
            vec![enabled(Finding::note(format!("the API server has no key, which {why}")))]
        }
        KeyFault::Refused(why) => {
            let claim = format!("the API server is enabled, and will refuse to start: {why}");
            let finding = seen(enabled(Finding::warning(claim)), &api.key.from, why.into());
            vec![finding.help("set API_SERVER_KEY, 16 characters or more, in the home's .env, then restart the gateway")]
        }
        KeyFault::Open(why) => {
            vec![enabled(
                Finding::unknown("whether the API server has a key that it takes", &why).minor(),
            )]
        }
    }
}

/// An address enables nothing: a key does, or the configuration. A gateway that listens there all the same was told by its
/// own environment, and one that was told no is to have none.
fn not_enabled(at: &Subject<'_>, api: &ApiServer) -> Finding {
    let gateway = at.gateway;
    let mut held = gateway.process().into_iter().flat_map(|own| at.facts.held_by(own.pid));
    let may_be_it = |listener: &Listener| {
        listener.is_meant_by(api) != Some(false)
            && !at.facts.part_of(gateway, listener).is_another()
    };
    let listens = held.any(may_be_it);
    let none = || Finding::skipped("no API server is configured");
    if listens || at.expects_nothing().is_some() {
        return none();
    }
    if let Some((_, in_vain)) = at.api_in_vain() {
        return of_vain(at, &in_vain);
    }
    let says_no = api.enabled.from.is_some()
        || gateway.assigned.set.iter().any(|set| set.name == "API_SERVER_ENABLED");
    let set = [
        (&api.host.from, format!("host {}", api.host.value)),
        (&api.port.from, format!("port {}", api.port.value)),
    ];
    let set: Vec<_> = set.iter().filter_map(|(at, said)| Some((at.as_ref()?, said))).collect();
    if set.is_empty() || says_no {
        return none();
    }
    let what: Vec<&str> = set.iter().map(|(_, said)| said.as_str()).collect();
    let claim = format!(
        "an address is set for the API server ({}), and nothing enables it: it does not start",
        what.join(", ")
    );
    set.iter()
        .fold(Finding::warning(claim), |finding, (at, said)| finding.seen_at(at, (*said).clone()))
        .help("if it is wanted, set API_SERVER_KEY, 16 characters or more, in the home's .env, then restart the gateway")
}

/// That something asks for an API server, and the release starts none without a word of it.
fn of_vain(at: &Subject<'_>, in_vain: &InVain) -> Finding {
    let claim =
        format!("the API server does not start, and Hermes says nothing of it: {}", in_vain.why());
    if in_vain.is_meant {
        return Finding::note(claim).seen_at(&in_vain.at, "it is switched off here").help(format!(
            "up to 0.19 the key won: if the API server is wanted, take that line out of {}",
            in_vain.at.file
        ));
    }
    Finding::warning(claim).seen_at(&in_vain.at, in_vain.said.clone()).help(format!(
        "set API_SERVER_KEY, 16 characters or more, in {}, then restart the gateway",
        at.path(".env")
    ))
}

/// That settings stand only where the next rewrite of the definition drops them. What comes from the home's `.env` or
/// its configuration stays.
fn lost(at: &Subject<'_>, api: Option<&ApiServer>) -> Option<Finding> {
    let kept = [at.path(".env"), at.path("config.yaml")];
    let counts = |name: &str| {
        let release = at.gateway.api.known().and_then(|api| api.release.as_ref()).or(at.version());
        let by_key = release.and_then(|release| release.has(Capability::ApiServerByKey));
        let flag_counts = by_key != Some(true);
        SETTINGS.contains(&name) && (name != FLAG || flag_counts)
    };
    let is_elsewhere = |name: &str| {
        let set = at.gateway.assigned.get(name);
        counts(name) && set.is_some_and(|set| !kept.contains(&set.at.file))
    };
    let drifts = at.installed().filter_map(|lane| at.drift(lane));
    let (drift, names) = drifts.filter(|drift| drift.is_rewritten(at)).find_map(|drift| {
        let names =
            drift.lost().filter_map(|edit| edit.variable()).filter(|name| is_elsewhere(name));
        let names: Vec<String> = names.map(String::from).collect();
        (!names.is_empty()).then_some((drift, names))
    })?;
    let (rewriters, name, names) = (drift.rewriters(), &drift.lane.name, names.join(", "));
    let claim = match api {
        Some(api) => format!(
            "the API server is to listen on {} by what the next {rewriters} drops from {name}: {names}",
            api.address()
        ),
        None => format!(
            "the next {rewriters} drops from {name} what is set for the API server: {names}"
        ),
    };
    let help = format!("set them in {}, which no rewrite touches", at.path(".env"));
    let seen = drift.lost().filter(|edit| edit.variable().is_some_and(is_elsewhere));
    let finding = seen.fold(Finding::warning(claim), |finding, edit| {
        finding.seen_at(&drift.place(edit), edit.subject(drift.form))
    });
    Some(finding.help(help).of_service(drift.lane.title()))
}

/// The variables that say where the API server listens, and whether there is one.
const SETTINGS: [&str; 4] = [FLAG, "API_SERVER_HOST", "API_SERVER_KEY", "API_SERVER_PORT"];
/// The one that no release reads from 0.20 on.
const FLAG: &str = "API_SERVER_ENABLED";
