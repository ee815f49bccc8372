//! Whether systemd refuses further starts.

use gw_snapshot::facts::job::Phase;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let Some(systemd) = &job.systemd else {
        return vec![Finding::skipped("only systemd limits starts")];
    };
    // systemd keeps the last run's own result when that was a failure: then only the counters tell (upstream #56519).
    let burst = systemd.start_limit_burst.filter(|_| systemd.start_limit_interval.is_some());
    let exhausted = burst.is_some_and(|burst| job.restarts.unwrap_or(0) >= burst);
    let finding =
        if job.phase == Phase::Failed && (systemd.result == "start-limit-hit" || exhausted) {
            Finding::failure(format!(
                "{} was started too often, and systemd starts it no more",
                lane.name
            ))
            .seen(
                &job.source,
                format!("Result={} NRestarts={}", systemd.result, job.restarts.unwrap_or(0)),
            )
            .help("mend the cause first; then `reset-failed` and `start`")
        } else {
            Finding::pass(format!("{} is within its start limit", lane.name))
        };
    vec![finding.of_service(lane.title())]
}
