//! Whether the home that this shell's commands mean is one that has a gateway.

use gw_snapshot::facts::Gateway;
use gw_snapshot::facts::home::Choice;
use gw_snapshot::value::Value;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let about = &at.facts.about;
    let Some(set) = about.env.get("HERMES_HOME").filter(|home| !home.is_empty()) else {
        return vec![Finding::skipped("no HERMES_HOME is set where gw-doctor was started")];
    };
    if let Value::Open(open) = Value::of(set) {
        let what = "which home the commands that are given here mean";
        return vec![Finding::unknown(what, &open.why).minor()];
    }
    let choice = Choice { profile: None, hermes_home: Some(set), user_home: about.home.as_deref() };
    let gateway = at.gateway;
    let meant = choice.home(|root| at.facts.sticky.get(root).cloned());
    if !meant.is_some_and(|meant| gateway.home.is_at(&meant)) {
        return vec![Finding::skipped("commands that are given here mean another home")];
    }
    if is_set_up(gateway) || gateway.served_by.is_some() {
        return vec![Finding::pass("commands that are given here mean a home that has a gateway")];
    }
    if let Some(why) = gateway.liveness.process.why().or(gateway.status.why()) {
        let what = "whether the home that commands given here mean has a gateway";
        return vec![Finding::unknown(what, why).minor()];
    }
    let Some(other) = at.facts.gateways.iter().find(|other| is_set_up(other)) else {
        return vec![Finding::skipped("no other home has a gateway either")];
    };
    let claim = format!(
        "HERMES_HOME is {set} here, where no gateway is set up, and {}: commands that are given here do not reach it",
        where_it_is(other)
    );
    // A profile may be meant for the command line only; a home of its own hardly is.
    let finding = if gateway.home.profile == "default" || gateway.home.profile.contains('/') {
        Finding::warning(claim)
    } else {
        Finding::note(claim)
    };
    vec![finding.seen("environment", format!("HERMES_HOME={set}")).help(format!(
        "for that gateway: `env HERMES_HOME={} gw-doctor check`, and the same before commands of Hermes",
        other.home.path
    ))]
}

fn is_set_up(gateway: &Gateway) -> bool {
    gateway.is_installed() || gateway.process().is_some() || gateway.status.known().is_some()
}

fn where_it_is(other: &Gateway) -> String {
    let home = &other.home.path;
    match (other.process(), other.lane().filter(|lane| lane.is_installed())) {
        (Some(process), _) => format!("that of {home} runs as PID {}", process.pid),
        (None, Some(lane)) => format!("{} serves {home}", lane.title()),
        (None, None) => format!("that of {home} has run before"),
    }
}
