//! Whether it is between two states, so that another look is due.

use gw_snapshot::facts::job::Phase;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let waits = job.launchd.as_ref().is_some_and(|launchd| launchd.penalty_box);
    let finding = match job.phase {
        Phase::Restarting if waits => {
            return vec![
                Finding::skipped(format!(
                    "{} waits for its program to be there: see job/parked",
                    lane.name
                ))
                .of_service(lane.title()),
            ];
        }
        Phase::Restarting => Finding::warning(format!(
            "{} has just ended, and is about to be started again",
            lane.name
        )),
        Phase::Starting => Finding::warning(format!("{} is being started", lane.name)),
        _ => {
            return vec![
                Finding::pass(format!("{} is not between two states", lane.name))
                    .of_service(lane.title()),
            ];
        }
    };
    vec![
        finding
            .seen(&job.source, job.words.clone())
            .help("look again in a few seconds")
            .of_service(lane.title()),
    ]
}
