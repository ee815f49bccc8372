//! Whether the manager starts it again and again.

use gw_snapshot::facts::job::{Exit, Phase};
use gw_snapshot::facts::process::Witness;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let restarts = job.restarts.unwrap_or(0);
    let planned = job.last_exit == Some(Exit::Code(75));
    let times = format!("restarted {restarts} time{}", plural(restarts));
    let finding = match job.phase {
        Phase::Restarting if restarts > 0 && !planned => {
            let exit = job.last_exit.map_or_else(
                || "its last run ended".into(),
                |exit| format!("its last run ended with {exit}"),
            );
            Finding::failure(format!(
                "{} ends and is started again without end: {times}",
                lane.name
            ))
            .seen(&job.source, exit)
        }
        Phase::Running if is_young_again(at, restarts) => Finding::failure(format!(
            "{} was {times}, and its process is a few seconds old and serves nothing yet",
            lane.name
        ))
        .seen(&job.source, format!("NRestarts={restarts}")),
        _ => Finding::pass(format!("{} does not loop", lane.name)).seen(&job.source, times),
    };
    vec![finding.of_service(lane.title())]
}

/// Between two ends of a loop the service is active for a moment. It is told from a good start by what
/// has gone before, and by a process that has nothing yet: no lock, no listener. A planned restart says
/// so in the status file.
fn is_young_again(at: &Subject<'_>, restarts: u64) -> bool {
    let planned = at.gateway.status.known().is_some_and(|status| status.restart_requested);
    let process = at.gateway.process();
    let young =
        process.and_then(|process| process.age(at.facts.now)).is_some_and(|age| age.as_secs() < 10);
    let holds_lock = process.is_some_and(|process| process.witnesses.contains(&Witness::Lock));
    restarts >= 2 && young && !planned && !holds_lock
}
