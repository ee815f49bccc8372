//! Whether a service bears the name of one home and serves another.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::{Gateway, Lane, Manager, home};
use gw_snapshot::observation::{FileSeen, Trouble};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::TEMPORARY;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if let Some((lane, served)) = lost_to_another(at) {
        let claim = format!(
            "{} is the service of {} by its name, and serves {}: that has no settings, and nobody serves the home that has them",
            lane.name, at.gateway.home.path, served.home.path
        );
        let finding = Finding::failure(claim).help(put_right(lane, at.gateway));
        let variable = lane.definition.known().and_then(|found| found.variable("HERMES_HOME"));
        return vec![match variable {
            Some(home) => finding.seen_at(&home.at, format!("HERMES_HOME={}", home.value)),
            None => finding,
        }];
    }
    at.each_definition("which home the service names", |lane, definition| {
        let mut others = at.facts.gateways.iter().filter(|other| other.home.path != at.gateway.home.path);
        let named = others.find(|other| bears_its_name(at, lane, definition, other));
        match (named, definition.variable("HERMES_HOME")) {
            (Some(other), Some(home)) if home.value.literal().is_some_and(|home| is_meant(at.gateway, home)) => {
                let serves = format!(
                    "{} is the service of {} by its name, and serves {}: ",
                    lane.name, other.home.path, at.gateway.home.path
                );
                let is_whole = home.value.written().starts_with('/');
                // Older versions write such a definition themselves, where they are given that home.
                let may_be_written_so =
                    is_whole && home.at.file == definition.path && is_own_root(at);
                let hashes = at.has(Capability::HashForOwnRoot).filter(|_| may_be_written_so);
                let is_mistake = is_by_mistake(at.gateway, other);
                let finding = if is_mistake && is_whole {
                    Finding::failure(format!("{serves}that has no settings, and nobody serves the home that has them"))
                        .help(put_right(lane, other))
                } else if hashes == Some(false) {
                    Finding::note(format!("{serves}this version of Hermes names it so, and two homes share one name"))
                        .help("commands for this home need it too: `export HERMES_HOME=…`")
                } else if may_be_written_so && hashes.is_none() {
                    let why = Why::Failed("Hermes before 0.21.2 names it so, and the version is not known".into());
                    Finding::unknown(&format!("whether {} is meant for {}", lane.name, at.gateway.home.path), &why)
                        .minor()
                        .help("commands for this home need it too: `export HERMES_HOME=…`")
                } else if is_whole {
                    Finding::warning(format!("{serves}the commands of Hermes look for it there, and find nothing"))
                        .help("if the other home is meant, use it for the commands too: `export HERMES_HOME=…`")
                } else {
                    let judged = if is_mistake { Finding::failure } else { Finding::warning };
                    judged(format!("{serves}HERMES_HOME={} is no whole path, and nobody expands it", home.value))
                        .help("write the path in full, or with systemd's own %h for the home of the user")
                };
                finding.seen_at(&home.at, format!("HERMES_HOME={}", home.value))
            }
            _ => Finding::pass(format!("{} serves the home that its name says", lane.name)),
        }
    })
}

/// Returns the service that bears the name of this home and serves another one by mistake, and the gateway of that.
fn lost_to_another<'a>(at: &Subject<'a>) -> Option<(&'a Lane, &'a Gateway)> {
    at.facts.gateways.iter().filter(|other| is_by_mistake(other, at.gateway)).find_map(|other| {
        let is_it = |lane: &&Lane| {
            lane.definition.known().is_some_and(|definition| {
                let leads_there = definition
                    .variable("HERMES_HOME")
                    .and_then(|home| home.value.literal())
                    .is_some_and(|home| is_meant(other, home));
                leads_there && bears_its_name(at, lane, definition, at.gateway)
            })
        };
        Some((other.lanes.iter().find(is_it)?, other))
    })
}

/// True if a home has no settings at all and no listener to open, and the one that its service is named after has settings
/// that call for one, no service, and no gateway: as after a slip in `HERMES_HOME`.
fn is_by_mistake(served: &Gateway, named: &Gateway) -> bool {
    let is_gone = |file: &FileSeen| file.error == Some(Trouble::NotFound);
    let config = home::join(&served.home.path, "config.yaml");
    let mut configs = served.files.iter().filter(|file| file.path == config).peekable();
    let has_none = configs.peek().is_some() && configs.all(is_gone) && is_gone(&served.dotenv);
    // What is said of a temporary home is worse, and said of that.
    let is_temporary = TEMPORARY.iter().any(|place| served.home.path.starts_with(place));
    let listens = |gateway: &Gateway| gateway.api.known().map(|api| api.enabled.value);
    has_none
        && !is_temporary
        && listens(served) != Some(true)
        && listens(named) == Some(true)
        && named.liveness.process.is_absent()
        && named.served_by.is_none()
        && !named.is_installed()
}

fn put_right(lane: &Lane, named: &Gateway) -> String {
    let again = if lane.manager.is_launchd() {
        "bootout and bootstrap"
    } else {
        "`daemon-reload` and restart"
    };
    format!("if {} is meant, set HERMES_HOME to it in {}, then {again}", named.home.path, lane.path)
}

/// Whether a `HERMES_HOME` leads to the home of a gateway, if need be from the directory where the service works.
fn is_meant(gateway: &Gateway, value: &str) -> bool {
    let home = &gateway.home;
    home.is_at(value)
        || !value.starts_with('/')
            && home.path.ends_with(&format!("/{}", value.trim_end_matches('/')))
}

/// True if the home is a root of its own, outside `~/.hermes`, and no profile of one.
fn is_own_root(at: &Subject<'_>) -> bool {
    let home = &at.gateway.home.path;
    let standard = at.facts.about.home.as_deref().map(|user| home::join(user, ".hermes"));
    let root = home::root(at.facts.about.home.as_deref(), Some(home));
    root.as_ref() == Some(home) && standard.as_ref() != Some(home)
}

/// Whether Hermes gives this name to the service of another home: that of `~/.hermes`, of the user as whom it runs. Up
/// to 0.21.1 it gives it to any home outside that one too, which says nothing of whose service is meant.
fn bears_its_name(at: &Subject<'_>, lane: &Lane, definition: &Definition, other: &Gateway) -> bool {
    let stem = if lane.manager.is_launchd() { "ai.hermes.gateway" } else { "hermes-gateway" };
    let name = lane.name.strip_suffix(".service").unwrap_or(&lane.name);
    let standard = user_home(at, lane, definition).map(|home| home::join(home, ".hermes"));
    name == stem && standard.is_some_and(|standard| standard == other.home.path)
}

/// The home of the user as whom the service runs, which is not that of whoever looks where the service is the system's.
fn user_home<'a>(at: &Subject<'a>, lane: &Lane, definition: &'a Definition) -> Option<&'a str> {
    let looks = match lane.manager {
        Manager::SystemdUser | Manager::LaunchdGui(_) | Manager::LaunchdUser(_) => {
            at.facts.about.home.as_deref()
        }
        Manager::SystemdSystem | Manager::LaunchdSystem => None,
    };
    match definition.variable("HOME") {
        Some(home) => home.value.literal().map(String::as_str),
        None => looks,
    }
}
