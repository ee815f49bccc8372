//! Whether the system, and not the gateway, ended the last run.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let result = job.systemd.as_ref().map(|systemd| systemd.result.as_str()).unwrap_or_default();
    let by = match result {
        "oom-kill" => "the kernel killed a process of it for want of memory",
        "watchdog" => "systemd's watchdog got no sign of life from it",
        "timeout" => "it did not start or stop within its time",
        "signal" | "core-dump" => "a signal ended it",
        _ => {
            return vec![
                Finding::pass(format!("nothing killed {}", lane.name)).of_service(lane.title()),
            ];
        }
    };
    vec![
        Finding::warning(format!("the previous run of {} was cut short: {by}", lane.name))
            .seen(&job.source, format!("Result={result}"))
            .of_service(lane.title()),
    ]
}
