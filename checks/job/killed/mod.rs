//! Whether the system, and not the gateway, ended the last run.

use gw_snapshot::facts::job::{Exit, Job, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    if let Some(launchd) = &job.launchd {
        let finding = match launchd.exit_reason.as_deref() {
            Some(reason) if reason.contains("JETSAM") => Finding::warning(format!(
                "the previous run of {} was cut short: the kernel ended it for want of memory",
                lane.name
            )),
            Some(reason) => Finding::warning(format!(
                "the previous run of {} was cut short: {reason}",
                lane.name
            )),
            None if job.last_exit == Some(Exit::Signal(9)) => Finding::warning(format!(
                "the previous run of {} was killed: by hand, for memory, or at the end of a stop that took too long",
                lane.name
            )),
            None => Finding::pass(format!("nothing killed {}", lane.name)),
        };
        return vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())];
    }
    let result = job.systemd.as_ref().map(|systemd| systemd.result.as_str()).unwrap_or_default();
    // systemd forgets the result of a run when the next begins: this one is of the run that goes on.
    if let ("oom-kill", Phase::Running) = (result, job.phase) {
        let claim = format!(
            "the kernel killed a process of {} for want of memory, and its main process lives",
            lane.name
        );
        return vec![
            Finding::warning(claim)
                .seen(&job.source, format!("Result={result}"))
                .of_service(lane.title()),
        ];
    }
    let Some(by) = by(job) else {
        return vec![
            Finding::pass(format!("nothing killed {}", lane.name)).of_service(lane.title()),
        ];
    };
    vec![
        Finding::warning(format!("the previous run of {} was cut short: {by}", lane.name))
            .seen(&job.source, format!("Result={result}"))
            .of_service(lane.title()),
    ]
}

/// What ended the last run of a unit, where that was not the gateway itself.
pub(crate) fn by(job: &Job) -> Option<&'static str> {
    match job.systemd.as_ref()?.result.as_str() {
        "oom-kill" => Some("the kernel killed a process of it for want of memory"),
        "watchdog" => Some("systemd's watchdog got no sign of life from it"),
        "timeout" => Some("it did not start or stop within its time"),
        "signal" | "core-dump" => Some("a signal ended it"),
        _ => None,
    }
}
