//! Whether the service managers answer.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Manager;
use gw_snapshot::facts::gateway::Supervision;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.facts.has_hint("no-systemd") {
        return vec![Finding::skipped("this host does not run systemd")];
    }
    at.facts
        .managers
        .iter()
        .map(|(manager, answer)| match answer {
            Fact::Unknown(_) if is_beside_the_point(at, *manager) => Finding::skipped(format!(
                "the service manager ({manager}) does not answer, and nothing of this gateway is its own"
            )),
            Fact::Unknown(why) => Finding::unknown(&format!("what the service manager ({manager}) has loaded"), why)
                .help(match manager {
                    Manager::SystemdSystem => "ask it as root: `systemctl is-system-running`",
                    Manager::SystemdUser => "ask it as the gateway's own user: `env XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-system-running`",
                    Manager::LaunchdGui(_) | Manager::LaunchdUser(_) | Manager::LaunchdSystem => "ask it as the gateway's own user, in a terminal at the screen: `launchctl print-disabled gui/$(id -u)`",
                }),
            Fact::Known(()) | Fact::Absent => Finding::pass(format!("the service manager ({manager}) answers")),
        })
        .collect()
}

/// Whether another manager keeps the gateway, and this one has no definition that serves its home: a
/// server that is run by a system unit often has no manager of its user at all (upstream #9567).
fn is_beside_the_point(at: &Subject<'_>, manager: Manager) -> bool {
    let Supervision::Lane(_) = at.gateway.supervision else { return false };
    at.gateway.lane().is_some_and(|lane| lane.manager != manager && lane.job.known().is_some())
        && at
            .gateway
            .lanes
            .iter()
            .filter(|lane| lane.manager == manager)
            .all(|lane| lane.definition.is_absent())
}
