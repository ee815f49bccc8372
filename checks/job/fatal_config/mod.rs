//! Whether it ended with 78, and whose 78 that was.

use gw_snapshot::facts::job::{Exit, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    if job.last_exit != Some(Exit::Code(78)) || job.phase == Phase::Running {
        return vec![
            Finding::pass(format!("{} did not end with 78", lane.name)).of_service(lane.title()),
        ];
    }
    let status = at
        .gateway
        .status
        .known()
        .filter(|status| status.state.as_deref() == Some("startup_failed"));
    let reason = status.and_then(|status| status.exit_reason.clone());
    let finding = match reason {
        Some(reason) => {
            Finding::failure(format!("Hermes refused to start and said why (exit 78): {reason}"))
                .seen(at.path("gateway_state.json"), "gateway_state: startup_failed")
        }
        None => Finding::failure(
            "it ended with 78, a fatal configuration error, and left no reason in its status file",
        )
        .help("look at the end of logs/errors.log"),
    };
    vec![finding.seen(&job.source, "ExecMainStatus=78").of_service(lane.title())]
}
