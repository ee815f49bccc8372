//! Whether a run was claimed, and has neither ended nor can still be at work.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let claimed: Vec<_> = store.active().filter(|job| job.claimed_at.is_some()).collect();
    if claimed.is_empty() {
        return vec![Finding::pass("no run is claimed")];
    }
    let age = |job: &&gw_snapshot::facts::cron::CronJob| {
        Some(job.claimed_at?.age_at_least(at.facts.now)?.as_secs())
    };
    let stuck: Vec<_> =
        claimed.into_iter().filter(|job| age(job).is_some_and(|age| age > LONGEST_RUN)).collect();
    let Some(oldest) = stuck.iter().filter_map(age).max() else {
        return vec![Finding::pass("every claimed run can still be at work")];
    };
    let count = stuck.len();
    let finding = Finding::warning(format!(
        "{count} run{} was claimed and never given back: the first {} ago",
        plural(count),
        span(oldest)
    ))
    .help(
        "a gateway that was killed leaves claims behind; they count no more once they are so old",
    );
    vec![at.with_jobs(finding, &stuck)]
}

/// Three times the default limit of a run, after which a claim counts no more (0.18). In seconds.
const LONGEST_RUN: u64 = 1800;
