//! Whether a job was due long ago, and has never run.

use gw_snapshot::facts::cron::{CronJob, Kind, LATE_AFTER};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let never: Vec<&CronJob> = store.active().filter(|job| has_never_fired(at, job)).collect();
    if never.is_empty() {
        return vec![Finding::pass("every job that has been due has run at least once")];
    }
    let count = never.len();
    let finding = Finding::warning(format!(
        "{count} job{} should have run for the first time by now, and never did",
        plural(count)
    ));
    vec![at.with_jobs(finding, &never)]
}

/// An interval's first time is one interval after the job was made. Of the other kinds only the next run
/// tells, and that is cron/overdue's.
fn has_never_fired(at: &Subject<'_>, job: &CronJob) -> bool {
    let Kind::Interval(interval) = &job.kind else { return false };
    let age = job.created_at.and_then(|made| made.age_at_least(at.facts.now));
    let due = interval.as_secs().saturating_add(LATE_AFTER.unsigned_abs());
    job.last_run_at.is_none() && age.is_some_and(|age| age.as_secs() > due)
}
