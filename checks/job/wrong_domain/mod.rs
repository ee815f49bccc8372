//! Whether the job is loaded where Hermes, and its user's login, look for it.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Manager;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let finding = match lane.manager {
        Manager::SystemdUser | Manager::SystemdSystem => {
            return vec![Finding::skipped("only launchd has domains")];
        }
        Manager::LaunchdUser(uid) => {
            let old = at.has(Capability::UserDomain) == Some(false);
            let claim = format!(
                "{} is loaded in user/{uid}, where a login at the screen does not load it",
                lane.name
            );
            if old {
                Finding::warning(claim).help("Hermes before 0.17 looks in the gui domain only, and says that it is not loaded")
            } else {
                Finding::note(claim)
            }
        }
        Manager::LaunchdSystem => Finding::note(format!(
            "{} is a daemon of the system: Hermes never installs one, and never looks there",
            lane.name
        )),
        Manager::LaunchdGui(uid) => match &at.facts.session {
            Fact::Known(session) if session != "Aqua" => Finding::note(format!(
                "{} is loaded in gui/{uid}, and we look from a session of type {session}: `launchctl list` here does not show it",
                lane.name
            )),
            _ => Finding::pass(format!("{} is loaded where a login loads it", lane.name)),
        },
    };
    vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())]
}
