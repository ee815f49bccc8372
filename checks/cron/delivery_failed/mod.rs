//! Whether a job ran, and its result reached nobody.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let undelivered: Vec<_> = store
        .active()
        .filter(|job| {
            job.has_delivery_error || job.last_status.as_deref() == Some("delivery_failed")
        })
        .collect();
    let unverified: Vec<_> = store.active().filter(|job| job.is_unverified).collect();
    if undelivered.is_empty() && !unverified.is_empty() {
        let count = unverified.len();
        let claim = format!(
            "a platform took the last result of {count} job{} and gave no proof that it arrived",
            plural(count)
        );
        return vec![at.with_jobs(Finding::note(claim), &unverified)];
    }
    if undelivered.is_empty() {
        return vec![Finding::pass("no job reports a result that could not be delivered")];
    }
    let count = undelivered.len();
    let finding = Finding::warning(format!(
        "the last result of {count} job{} could not be delivered",
        plural(count)
    ))
    .help("a platform alone as target needs its home channel in `.env`");
    vec![at.with_jobs(finding, &undelivered)]
}
