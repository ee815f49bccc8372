//! Whether it ended with 78, and whose 78 that was.

use gw_snapshot::facts::job::{Exit, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::spawn;

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
    if let Some(hindrance) = spawn::hindrance(at, lane, job) {
        let finding = Finding::failure(format!(
            "{} ended with 78 before Hermes began: {hindrance}",
            lane.name
        ))
        .seen(&job.source, "last exit code = 78")
        .help("this 78 is launchd's, and not the one with which Hermes refuses a configuration");
        return vec![finding.of_service(lane.title())];
    }
    let status = at
        .gateway
        .status
        .known()
        .filter(|status| status.state.as_deref() == Some("startup_failed"));
    let reason = status.and_then(|status| status.exit_reason.clone());
    let finding = match (reason, &at.gateway.served_by) {
        (Some(reason), _) => {
            Finding::failure(format!("Hermes refused to start and said why (exit 78): {reason}"))
                .seen(at.path("gateway_state.json"), "gateway_state: startup_failed")
        }
        (None, Some(served)) => Finding::failure(format!(
            "it ended with 78, and the gateway of profile {} serves this one: Hermes refuses a second one beside it",
            served.profile
        ))
        .help(format!(
            "the service is not needed while PID {} serves the profile: disable it, and do not install it anew",
            served.pid
        )),
        (None, None) if job.launchd.is_some() => Finding::failure(
            "it ended with 78: either Hermes refused its configuration, or launchd could not open what the plist names",
        )
        .help("if logs/gateway.error.log has no line of that time, launchd never came to run Hermes"),
        (None, None) => Finding::failure(
            "it ended with 78, a fatal configuration error, and left no reason in its status file",
        )
        .help("look at the end of logs/errors.log"),
    };
    vec![finding.seen(&job.source, "last exit: 78").of_service(lane.title())]
}
