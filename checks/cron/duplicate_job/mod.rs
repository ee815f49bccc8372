//! Whether two jobs do the same.

use std::collections::BTreeMap;

use gw_snapshot::facts::cron::CronJob;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let mut alike: BTreeMap<&str, Vec<&CronJob>> = BTreeMap::new();
    for job in store.active() {
        if let Some(likeness) = &job.likeness {
            alike.entry(likeness).or_default().push(job);
        }
    }
    let doubles: Vec<&CronJob> = alike
        .into_values()
        .filter(|jobs| jobs.len() > 1)
        .flat_map(|jobs| jobs.into_iter().skip(1))
        .collect();
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    if doubles.is_empty() {
        return vec![Finding::pass("no two jobs do the same at the same times")];
    }
    let count = doubles.len();
    let finding = Finding::warning(format!(
        "{count} job{} {} what another does, at the same times and for the same target",
        plural(count),
        if count == 1 { "does" } else { "do" }
    ))
    .help("remove the newer one; an agent that made a removed job anew is a known cause");
    vec![at.with_jobs(finding, &doubles)]
}
