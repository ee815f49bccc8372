//! Whether there is a process to run the jobs.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    let jobs = store.active().count();
    if jobs == 0 {
        return vec![Finding::skipped("no job is meant to run")];
    }
    match &at.gateway.liveness.process {
        Fact::Known(process) => vec![Finding::pass(format!(
            "PID {} is there to run {jobs} job{}",
            process.pid,
            plural(jobs)
        ))],
        Fact::Absent => vec![
            Finding::failure(format!(
                "{jobs} job{} will not run: no gateway of this home lives",
                plural(jobs)
            ))
            .seen(at.path("cron/jobs.json"), format!("{jobs} active")),
        ],
        Fact::Unknown(why) => vec![Finding::unknown("whether anything runs the jobs", why)],
    }
}
