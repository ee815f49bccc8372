//! Whether a job's last run failed.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let failed: Vec<_> =
        store.active().filter(|job| job.last_status.as_deref() == Some("error")).collect();
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    if failed.is_empty() {
        return vec![Finding::pass("no job reports that its last run failed")];
    }
    let count = failed.len();
    let finding = Finding::warning(format!("the last run of {count} job{} failed", plural(count)))
        .help("`hermes cron runs` shows the runs; a failing script leaves no line in the log");
    vec![at.with_jobs(finding, &failed)]
}
