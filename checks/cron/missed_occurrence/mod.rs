//! Whether a job passed over a time at which it should have run.

use gw_snapshot::facts::cron::{CronJob, Dispatch, DispatchKind, LATE_AFTER, Schedule};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Finds the jobs whose last run came late, as Hermes itself notes from 0.21.3 on, and those that skip runs.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    // The next run of a job that is held back is where Hermes put it.
    let jobs: Vec<&CronJob> = store.active().filter(|job| !job.is_held(at.facts.now)).collect();
    let late: Vec<(&CronJob, &Dispatch)> = jobs
        .iter()
        .filter_map(|job| Some((*job, job.dispatch.as_ref()?)))
        .filter(|(_, dispatch)| dispatch.kind != DispatchKind::OnTime)
        .collect();
    let gaps: Vec<(&CronJob, bool)> =
        jobs.iter().filter_map(|job| Some((*job, passed_over(job)?))).collect();
    let missed: Vec<&CronJob> =
        gaps.iter().filter(|(_, missed)| *missed).map(|(job, _)| *job).collect();
    let mut findings = Vec::new();
    if !late.is_empty() {
        findings.push(came_late(at, &late));
    }
    if !missed.is_empty() {
        let count = missed.len();
        let finding = Finding::warning(format!(
            "{count} job{} passed over a run: from the last to the next go more than two intervals",
            plural(count)
        ))
        .help("the host slept, the gateway was down, or the job was paused or changed meanwhile");
        findings.push(at.with_jobs(finding, &missed));
    }
    if !findings.is_empty() {
        return findings;
    }
    if gaps.is_empty() && jobs.iter().all(|job| job.dispatch.is_none()) {
        return vec![Finding::skipped("no job runs at an interval, and has run before")];
    }
    vec![Finding::pass("between the last run of each job and its next, none is passed over")]
}

/// Says how late the last runs came.
fn came_late(at: &Subject<'_>, late: &[(&CronJob, &Dispatch)]) -> Finding {
    let count = late.len();
    let most = late.iter().map(|(_, dispatch)| dispatch.late_by).max().unwrap_or(0);
    let claim = if count == 1 {
        format!("the last run of 1 job came {} after its time", span(most))
    } else {
        format!("the last runs of {count} jobs came late: up to {} after their time", span(most))
    };
    let finding = Finding::warning(claim).help(
        "the host slept, the gateway was down or busy, or cron was paused; the next run at its time ends this warning",
    );
    let file = at.path("cron/jobs.json");
    late.iter().take(5).fold(finding, |finding, (job, dispatch)| {
        let kind = match dispatch.kind {
            DispatchKind::CatchUp => ", in place of all runs that were missed",
            DispatchKind::Late | DispatchKind::OnTime => "",
        };
        let late = span(dispatch.late_by);
        finding.seen(&file, format!("job {} ({}): {late} late{kind}", job.id, job.schedule))
    })
}

/// Whether more than two intervals go from the last run to the next. None where that says nothing.
fn passed_over(job: &CronJob) -> Option<bool> {
    let Schedule::Interval(interval) = &job.kind else { return None };
    let (last, next) = (job.last_run_at?.instant()?, job.next_run_at?.instant()?);
    let gap = next.duration_since(last).as_secs();
    let interval = i64::try_from(interval.as_secs()).ok()?;
    Some(gap > interval.saturating_mul(2).saturating_add(LATE_AFTER))
}
