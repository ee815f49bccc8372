//! Whether a job should have run and has not.

use gw_snapshot::facts::cron::{CronJob, LATE_AFTER};
use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    let limit = SignedDuration::from_secs(LONGEST_RUN);
    let late: Vec<(&CronJob, u64)> = store
        .active()
        .filter(|job| !job.may_be_running(at.facts.now, limit))
        .filter_map(|job| Some((job, job.late_by(at.facts.now)?.as_secs())))
        .filter(|(_, late)| *late > NORMAL)
        .collect();
    let worst = late.iter().map(|(_, late)| *late).max().unwrap_or(0);
    if late.is_empty() {
        let jobs = store.active().count();
        return vec![Finding::pass(format!("none of {jobs} active job{} is late", plural(jobs)))];
    }
    let count = late.len();
    let claim = format!(
        "{count} job{} should have run by now, the latest {} ago",
        plural(count),
        span(worst)
    );
    // A gateway that has just started runs what is due at its first tick.
    let ticked = match (at.gateway.cron.heartbeat.known(), at.gateway.process()) {
        (Some(beat), Some(process)) => process.started_at.is_none_or(|started| *beat >= started),
        _ => true,
    };
    let finding = if worst > LATE_AFTER.unsigned_abs() && ticked {
        Finding::failure(claim)
    } else {
        Finding::warning(claim)
    };
    let file = at.path("cron/jobs.json");
    let finding = late.iter().take(5).fold(finding, |finding, (job, late)| {
        finding.seen(&file, format!("job {} ({}): due {} ago", job.id, job.schedule, span(*late)))
    });
    vec![finding]
}

/// A due job runs at the next tick, up to 60 s later, and a tick takes a while. In seconds.
const NORMAL: u64 = 80;
/// Three times the default limit of a run, after which a claim counts no more. In seconds.
const LONGEST_RUN: i64 = 1800;
