//! Whether a service bears the name of one home and serves another.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::{Gateway, Lane, Manager, home};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which home the service names", |lane, definition| {
        let named = at.facts.gateways.iter().find(|other| bears_its_name(at, lane, definition, other));
        match (named, definition.variable("HERMES_HOME")) {
            (Some(other), Some(home)) if home.value.literal().is_some_and(|home| is_meant(at, home)) => {
                let serves = format!(
                    "{} is the service of {} by its name, and serves {}: ",
                    lane.name, other.home.path, at.gateway.home.path
                );
                let is_whole = home.value.written().starts_with('/');
                // Older versions write such a definition themselves, where they are given that home.
                let may_be_written_so =
                    is_whole && home.at.file == definition.path && is_own_root(at);
                let hashes = at.has(Capability::HashForOwnRoot).filter(|_| may_be_written_so);
                let finding = if hashes == Some(false) {
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
                    Finding::warning(format!("{serves}HERMES_HOME={} is no whole path, and nobody expands it", home.value))
                        .help("write the path in full, or with systemd's own %h for the home of the user")
                };
                finding.seen_at(&home.at, format!("HERMES_HOME={}", home.value))
            }
            _ => Finding::pass(format!("{} serves the home that its name says", lane.name)),
        }
    })
}

/// Whether a `HERMES_HOME` leads to the home of this gateway, if need be from the directory where the service works.
fn is_meant(at: &Subject<'_>, value: &str) -> bool {
    let home = &at.gateway.home;
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
    name == stem
        && other.home.path != at.gateway.home.path
        && standard.is_some_and(|standard| standard == other.home.path)
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
