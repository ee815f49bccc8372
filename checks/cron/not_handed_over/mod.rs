//! Hermes could not hand a job that was due to a worker.

use gw_snapshot::facts::cron::CronJob;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Finds the jobs whose last start failed, by the note that Hermes keeps of it from 0.20.4 on.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let failed: Vec<&CronJob> = store.active().filter(|job| job.fire_failed_at.is_some()).collect();
    if failed.is_empty() {
        return vec![Finding::pass("Hermes notes of no job that it could not be started")];
    }
    let count = failed.len();
    let finding = Finding::warning(format!(
        "Hermes could not start {count} job{} when {} due",
        plural(count),
        if count == 1 { "it was" } else { "they were" }
    ))
    .help("`hermes cron doctor` shows the error; `errors.log` has it too");
    let file = at.path("cron/jobs.json");
    vec![failed.iter().take(5).fold(finding, |finding, job| {
        let age = job.fire_failed_at.and_then(|failed| failed.age_at_least(at.facts.now));
        let when = age.map_or_else(String::new, |age| format!(": {} ago", span(age.as_secs())));
        finding.seen(&file, format!("job {} ({}){when}", job.id, job.schedule))
    })]
}
