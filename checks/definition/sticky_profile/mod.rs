//! Whether a service that names no profile serves the sticky one.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::home::{self, join};
use gw_snapshot::observation::Trouble;
use gw_snapshot::value::Value;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which profile the service names", |lane, definition| {
        match sticky(at, definition) {
            Some(name) => Finding::warning(format!(
                "{} names no profile, and active_profile says {name}: {}",
                lane.name,
                serves(at, lane, name)
            ))
            .seen("active_profile", name)
            .help("`hermes profile use default` gives the service back to the default profile; the profile that is in use then needs a service of its own"),
            None => Finding::pass(format!("no sticky profile decides what {} serves", lane.name)),
        }
    })
}

/// The sticky profile to which the service leads by nothing but `active_profile`.
fn sticky<'a>(at: &'a Subject<'_>, definition: &'a Definition) -> Option<&'a str> {
    let value = |name| definition.variable(name).map(|variable| &variable.value);
    let (own_home, pinned) = (value("HOME"), value("HERMES_HOME"));
    if [own_home, pinned].into_iter().flatten().any(|value| value.literal().is_none()) {
        return None;
    }
    let text = |value: Option<&'a Value>| value.and_then(Value::literal).map(String::as_str);
    let user_home = text(own_home).or(at.facts.about.home.as_deref());
    let root = home::root(user_home, text(pinned))?;
    let name = at.facts.sticky.get(&root)?;
    let home = &at.gateway.home;
    let leads_there = home.is_at(&join(&root, &format!("profiles/{name}")));
    (leads_there && definition.serves_only_by_sticky(home)).then_some(name)
}

/// What it serves, now and from its next start.
fn serves(at: &Subject<'_>, lane: &Lane, name: &str) -> String {
    let missing = if at.gateway.directory.error == Some(Trouble::NotFound) {
        ", and there is no such profile"
    } else {
        ""
    };
    let running = lane.job.known().and_then(|job| job.main_pid);
    let other = running.and_then(|pid| at.facts.gateway_of(pid));
    match other.filter(|other| other.home.path != at.gateway.home.path) {
        Some(other) => {
            format!("it serves {} now, and {name} from its next start{missing}", other.home.profile)
        }
        None => format!("it serves {name}, until somebody switches{missing}"),
    }
}
