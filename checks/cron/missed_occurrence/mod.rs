//! Whether a job passed over a time at which it should have run.

use gw_snapshot::facts::cron::{CronJob, Kind, LATE_AFTER};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    let gaps: Vec<(&CronJob, Option<bool>)> = store
        .active()
        // The next run of a job that is held back is where Hermes put it.
        .filter(|job| !job.is_held(at.facts.now))
        // What is said to have run tomorrow was written by another clock: see cron/clock.
        .filter(|job| !at.is_of_another_clock(job))
        .map(|job| (job, passed_over(job)))
        .filter(|(_, gap)| gap.is_some())
        .collect();
    if gaps.is_empty() {
        return vec![Finding::skipped("no job runs at an interval, and has run before")];
    }
    let missed: Vec<&CronJob> =
        gaps.into_iter().filter(|(_, gap)| *gap == Some(true)).map(|(job, _)| job).collect();
    if missed.is_empty() {
        return vec![Finding::pass(
            "between the last run of each job and its next, none is passed over",
        )];
    }
    let count = missed.len();
    let finding = Finding::warning(format!(
        "{count} job{} passed over a run: from the last to the next go more than two intervals",
        plural(count)
    ))
    .help("the host slept, the gateway was down, or the job was paused or changed meanwhile");
    vec![at.with_jobs(finding, &missed)]
}

/// Whether more than two intervals go from the last run to the next. None where that says nothing.
fn passed_over(job: &CronJob) -> Option<bool> {
    let Kind::Interval(interval) = &job.kind else { return None };
    let (last, next) = (job.last_run_at?.instant()?, job.next_run_at?.instant()?);
    let gap = next.duration_since(last).as_secs();
    let interval = i64::try_from(interval.as_secs()).ok()?;
    Some(gap > interval.saturating_mul(2).saturating_add(LATE_AFTER))
}
