//! Whether a service bears the name of one home and serves another.

use gw_snapshot::facts::{Gateway, Lane, Manager};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which home the service names", |lane, definition| {
        let named = at.facts.gateways.iter().find(|other| bears_its_name(at, lane, other));
        match (named, definition.variable("HERMES_HOME")) {
            (Some(other), Some(home)) if at.gateway.home.is_at(&home.value) => {
                Finding::warning(format!(
                    "{} is the service of {} by its name, and serves {}: the commands of Hermes look for it there, and find nothing",
                    lane.name, other.home.path, home.value
                ))
                .seen_at(&home.at, format!("HERMES_HOME={}", home.value))
                .help("if the other home is meant, use it for the commands too: `export HERMES_HOME=…`")
            }
            _ => Finding::pass(format!("{} serves the home that its name says", lane.name)),
        }
    })
}

/// Whether Hermes would give this name to the service of another home that is set up, and not to that of this one.
fn bears_its_name(at: &Subject<'_>, lane: &Lane, other: &Gateway) -> bool {
    let stem = match lane.manager {
        Manager::SystemdUser | Manager::SystemdSystem => "hermes-gateway",
        Manager::LaunchdGui(_) | Manager::LaunchdUser(_) | Manager::LaunchdSystem => {
            "ai.hermes.gateway"
        }
    };
    let name = lane.name.strip_suffix(".service").unwrap_or(&lane.name);
    let bears = |gateway: &Gateway| {
        gateway
            .home
            .service_names(stem, at.facts.about.home.as_deref())
            .first()
            .is_some_and(|first| first == name)
    };
    // The rule of older versions calls the service of a root of its own like that of the default home.
    other.home.path != at.gateway.home.path && other.home.profile == "default" && bears(other)
}
