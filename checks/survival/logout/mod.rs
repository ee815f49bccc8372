//! Whether the gateway would go on when its user logs out.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Manager;
use gw_snapshot::facts::gateway::Supervision;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::other_unit;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.process().is_some_and(gw_snapshot::facts::process::Process::is_zombie) {
        return vec![Finding::skipped("what lives no more has nothing to survive")];
    }
    if let Some(finding) = at.kept_by_another("whether a logout would end it") {
        return vec![finding];
    }
    if let Supervision::None { place } = &at.gateway.supervision {
        return vec![Finding::warning(format!("after the logout it may end: it runs {place}"))];
    }
    if let Supervision::Other { unit, .. } = &at.gateway.supervision {
        return vec![other_unit("whether a logout would end it", unit)];
    }
    if let (Supervision::Unknown(why), Some(_)) = (&at.gateway.supervision, at.gateway.process()) {
        return vec![Finding::unknown("whether a logout would end it", why).minor()];
    }
    let Some((lane, _)) = at.job() else { return at.no_job() };
    let finding = match (lane.manager, &at.facts.linger) {
        (Manager::SystemdSystem | Manager::LaunchdSystem, _) => {
            Finding::pass("a logout does not touch it: the system manager keeps it")
        }
        (Manager::LaunchdGui(_), _) => Finding::note(
            "it ends when its user logs out, with launchd's gui domain, and starts at the next login",
        ),
        (Manager::LaunchdUser(_), _) => {
            Finding::pass("a logout does not touch it: launchd keeps the user domain")
        }
        (Manager::SystemdUser, Fact::Known(true)) => {
            Finding::pass("a logout does not touch it: linger keeps the user's manager")
        }
        (Manager::SystemdUser, Fact::Known(false)) => Finding::warning(
            "it ends when the last session of its user does: linger is off",
        )
        .help("`sudo loginctl enable-linger USER` keeps the user's manager without a session"),
        (Manager::SystemdUser, Fact::Absent) => {
            Finding::unknown("whether a logout would end it", &gw_snapshot::fact::Why::NotObserved)
                .minor()
        }
        (Manager::SystemdUser, Fact::Unknown(why)) => {
            Finding::unknown("whether a logout would end it", why).minor()
        }
    };
    let finding = match lane.manager {
        Manager::SystemdUser => {
            finding.seen("loginctl show-user -p Linger", linger(&at.facts.linger))
        }
        _ => finding,
    };
    vec![finding.of_service(lane.title())]
}

fn linger(fact: &Fact<bool>) -> String {
    match fact {
        Fact::Known(true) => "Linger=yes".into(),
        Fact::Known(false) => "Linger=no".into(),
        Fact::Absent => "no such user".into(),
        Fact::Unknown(why) => why.to_string(),
    }
}
