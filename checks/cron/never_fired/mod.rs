//! Whether a job was due long ago and has never run, or can never run.

use gw_snapshot::facts::cron::{CronJob, LATE_AFTER, Schedule};

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
    let mut findings = Vec::new();
    // While it rests, jobs are not meant to run.
    let is_meant_to_tick = at.rest().is_none();
    let never: Vec<&CronJob> =
        store.active().filter(|job| is_meant_to_tick && has_never_fired(at, job)).collect();
    if !never.is_empty() {
        let count = never.len();
        let finding = Finding::warning(format!(
            "{count} job{} should have run for the first time by now, and never did",
            plural(count)
        ));
        findings.push(at.with_jobs(finding, &never));
    }
    let lost: Vec<&CronJob> = store.active().filter(|job| cannot_fire(at, job)).collect();
    if !lost.is_empty() {
        let count = lost.len();
        let finding = Finding::warning(format!(
            "{count} job{} will never run: {} no next time, though enabled",
            plural(count),
            if count == 1 { "it has" } else { "they have" }
        ))
        .help("edit its schedule, so that the next time is reckoned anew; Hermes cannot read a cron expression without croniter");
        findings.push(at.with_jobs(finding, &lost));
    }
    if findings.is_empty() {
        vec![Finding::pass("every job that has been due has run at least once")]
    } else {
        findings
    }
}

/// An interval's first time is one interval after the job was made. Of the other kinds only the next run
/// tells, and that is cron/overdue's.
fn has_never_fired(at: &Subject<'_>, job: &CronJob) -> bool {
    let Schedule::Interval(interval) = &job.kind else { return false };
    let age = job.created_at.and_then(|made| made.age_at_least(at.facts.now));
    let due = interval.as_secs().saturating_add(LATE_AFTER.unsigned_abs());
    job.last_run_at.is_none()
        && job.next_run_at.is_some()
        && !at.has_executions(job)
        && age.is_some_and(|age| age.as_secs() > due)
}

/// True if the job can never run. A one-shot whose time passed while nobody looked has no next time and never gets one (0.13 to
/// 0.21.0). A job that runs again and again and has none gets one at the next tick, if Hermes can reckon its schedule
/// (0.21+); before, it never does.
fn cannot_fire(at: &Subject<'_>, job: &CronJob) -> bool {
    let age = |stamp: gw_snapshot::parse::time::Stamp| stamp.age_at_least(at.facts.now);
    let passed = job.run_at.and_then(age).is_some_and(|age| age.as_secs() > GRACE);
    let is_ghost = job.kind == Schedule::Once
        && job.next_run_at.is_none()
        && job.last_run_at.is_none()
        && passed
        && !at.has_executions(job);
    let is_timeless =
        job.kind != Schedule::Once && job.has_no_next_run && !at.store_waits_for_a_tick();
    is_timeless || (job.next_run_at.is_none() && job.is_unschedulable) || is_ghost
}

/// How late a one-shot without a next time is still taken up. In seconds.
const GRACE: u64 = 120;
