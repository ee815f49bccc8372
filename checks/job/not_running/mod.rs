//! Whether the service has a process.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::job::Phase;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else {
        return match (
            at.gateway.lane().and_then(|lane| lane.job.why()),
            &at.gateway.liveness.process,
        ) {
            // Neither the manager nor the processes were seen: then nothing is known of the gateway at all.
            (Some(why), Fact::Unknown(_)) => {
                vec![Finding::unknown("whether the gateway runs", why).essential()]
            }
            // A gateway that is surely gone does not run, whatever its manager has loaded.
            (Some(why), Fact::Absent) if at.has_gateway() && !why.is_not_observed() => {
                let claim = format!(
                    "no gateway of this home lives, and its service manager does not answer: {why}"
                );
                vec![
                    Finding::failure(claim)
                        .help("ask as the gateway's own user: see job/manager-unreachable"),
                ]
            }
            _ => at.no_job(),
        };
    };
    let finding = match job.phase {
        Phase::Running => {
            let pid = job
                .main_pid
                .map_or_else(|| "no main process".into(), |pid| format!("MainPID {pid}"));
            Finding::pass(format!("{} is {}", lane.name, job.words)).seen(&job.source, pid)
        }
        Phase::Stopped | Phase::Failed => {
            let last = job.last_exit.map_or_else(
                || "it has not run since it was loaded".into(),
                |exit| format!("its last run ended with {exit}"),
            );
            Finding::failure(format!("{} is {}: it has no process", lane.name, job.words))
                .seen(&job.source, last)
        }
        Phase::Starting | Phase::Restarting | Phase::Stopping => {
            Finding::skipped(format!("{} is on its way: {}", lane.name, job.words))
        }
        Phase::Other => Finding::unknown(
            "whether the service runs",
            &Why::Failed(format!("the manager says {}", job.words)),
        ),
    };
    vec![finding.of_service(lane.title())]
}
