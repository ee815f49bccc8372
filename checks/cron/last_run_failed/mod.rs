//! Whether a job's last run failed.

use gw_snapshot::facts::cron::CronJob;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let failed: Vec<_> = store.active().filter(|job| has_failed(job)).collect();
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let strange = store.active().find_map(|job| Some((job, strange(job)?)));
    if let (true, Some((job, status))) = (failed.is_empty(), strange) {
        let finding = Finding::note(format!("the last run of a job ended as {status}"));
        return vec![at.with_jobs(finding, &[job])];
    }
    if failed.is_empty() {
        return vec![Finding::pass("no job reports that its last run failed")];
    }
    let count = failed.len();
    let finding = Finding::warning(format!("the last run of {count} job{} failed", plural(count)))
        .help("`hermes cron runs` shows the runs; a failing script leaves no line in the log");
    let file = at.path("cron/jobs.json");
    vec![failed.iter().take(5).fold(finding, |finding, job| {
        let status = job.last_status.as_deref().filter(|status| *status != "error");
        let status = status.map_or_else(String::new, |status| format!(": {status}"));
        finding.seen(&file, format!("job {} ({}){status}", job.id, job.schedule))
    })]
}

/// True if its last run failed, or did not begin for its configuration (0.20.4+).
fn has_failed(job: &CronJob) -> bool {
    matches!(job.last_status.as_deref(), Some("error" | "blocked_config"))
}

/// The state of a last run that no release known here writes. Of a delivery that failed, or that is still to be made, the
/// run itself ended well.
fn strange(job: &CronJob) -> Option<&str> {
    let known = ["ok", "error", "blocked_config", "delivery_failed", "delivery_queued"];
    job.last_status.as_deref().filter(|status| !known.contains(status))
}
