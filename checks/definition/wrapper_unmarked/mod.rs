//! Whether a gateway behind a wrapper is told that it has a supervisor.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::Exit;
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::spawn;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("whether a wrapper starts the gateway", |lane, definition| {
        if definition.agent.is_none() {
            return Finding::skipped("a unit's gateway knows its supervisor without a flag");
        }
        let place = definition.program_at();
        let guards = spawn::guards_against_its_own_job(at, definition);
        let program = definition.argv.first().cloned().unwrap_or_default();
        let finding = match (&definition.role, definition.told.external_supervisor) {
            (Role::Wrapper, false) if runs_under(at, lane) || runs(at, lane) => Finding::note(format!(
                "{program} starts the gateway without --external-supervisor, and it runs"
            )),
            // The wrapper's own shell ended: Hermes has refused nothing.
            (Role::Wrapper, false) if matches!(last_exit(lane), Some(126 | 127)) => {
                Finding::note(format!(
                    "{program} is to start the gateway without --external-supervisor, and does not come to it"
                ))
            }
            (Role::Wrapper, false) if guards => Finding::failure(format!(
                "{program} starts the gateway without --external-supervisor: launchd's own job looks to it like another gateway, and it refuses to start"
            ))
            .help("the definition of Hermes 0.20.5 or newer has the flag; in a wrapper of your own add it after `gateway run`"),
            (Role::Wrapper, false) => Finding::note(format!(
                "{program} starts the gateway: launchd's PID is not the gateway's"
            )),
            (Role::Wrapper, true) => {
                Finding::pass("the gateway behind the wrapper is told that it has a supervisor")
            }
            _ => Finding::pass("launchd starts the gateway itself, without a wrapper"),
        };
        finding.seen_at(&place, definition.argv.join(" "))
    })
}

fn last_exit(lane: &Lane) -> Option<i32> {
    match lane.job.known()?.last_exit? {
        Exit::Code(code) => Some(code),
        Exit::Signal(_) => None,
    }
}

/// Whether its job has a process, and a gateway lives that may be below that: whose child it is may not have been seen.
fn runs(at: &Subject<'_>, lane: &Lane) -> bool {
    let is_unknown = matches!(at.gateway.supervision, Supervision::Unknown(_));
    let has_process = lane.job.known().is_some_and(|job| job.main_pid.is_some());
    is_unknown && has_process && at.gateway.process().is_some()
}

/// Whether the gateway lives under this service all the same.
fn runs_under(at: &Subject<'_>, lane: &Lane) -> bool {
    let Supervision::Lane(found) = at.gateway.supervision else { return false };
    at.gateway.lanes.get(found).is_some_and(|found| found.name == lane.name)
}
