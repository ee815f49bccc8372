//! Whether a job was due long ago and has never run, or can never run.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::cron::{CronJob, Kind, LATE_AFTER, Store};
use gw_snapshot::facts::liveness::Holder;

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
    let never: Vec<&CronJob> = store.active().filter(|job| has_never_fired(at, job)).collect();
    if !never.is_empty() {
        let count = never.len();
        let finding = Finding::warning(format!(
            "{count} job{} should have run for the first time by now, and never did",
            plural(count)
        ));
        findings.push(at.with_jobs(finding, &never));
    }
    let is_settled = was_ticked_since(at, store);
    let lost: Vec<&CronJob> =
        store.active().filter(|job| cannot_fire(at, job, is_settled)).collect();
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
    let Kind::Interval(interval) = &job.kind else { return false };
    let age = job.created_at.and_then(|made| made.age_at_least(at.facts.now));
    let due = interval.as_secs().saturating_add(LATE_AFTER.unsigned_abs());
    job.last_run_at.is_none()
        && job.next_run_at.is_some()
        && !at.has_executions(job)
        && age.is_some_and(|age| age.as_secs() > due)
}

/// A one-shot whose time passed while nobody looked has no next time and never gets one (0.13 to 0.19); nor has a
/// job whose schedule Hermes cannot reckon: it says so itself (state `error`), or a tick went by that gives every job of a
/// recurring schedule a next time, and gave this one none: a time that never comes, or no croniter.
fn cannot_fire(at: &Subject<'_>, job: &CronJob, is_settled: bool) -> bool {
    let age = |stamp: gw_snapshot::parse::time::Stamp| stamp.age_at_least(at.facts.now);
    let passed = job.run_at.and_then(age).is_some_and(|age| age.as_secs() > GRACE);
    let is_ghost =
        job.kind == Kind::Once && job.last_run_at.is_none() && passed && !at.has_executions(job);
    let is_passed_by = is_settled && matches!(job.kind, Kind::Interval(_) | Kind::Cron(_));
    job.next_run_at.is_none() && (job.is_unschedulable || is_ghost || is_passed_by)
}

/// True if a tick began and ended well after the store was last written: it came round twice since then.
fn was_ticked_since(at: &Subject<'_>, store: &Store) -> bool {
    let is_free = !matches!(at.gateway.cron.tick_lock, Fact::Known(Holder::Process(_)));
    let mark = at.gateway.cron.last_success.known().filter(|mark| at.age_of(mark.at).is_some());
    let after = mark.zip(store.written_at).map(|(mark, written)| mark.at.duration_since(written));
    is_free && after.is_some_and(|after| after.as_secs() > TICK_SECONDS)
}

/// How long a tick may have been under way that read the store before it was written. In seconds.
const TICK_SECONDS: i64 = 5;

/// How late a one-shot without a next time is still taken up. In seconds.
const GRACE: u64 = 120;
