//! A job waits on purpose: its provider's quota is used up, or the model was not reached and is tried again.

use gw_snapshot::facts::cron::CronJob;
use gw_snapshot::parse::time::Stamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Names the jobs that Hermes itself holds back, and until when.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let held: Vec<&CronJob> = store.active().filter(|job| job.is_held(at.facts.now)).collect();
    if held.is_empty() {
        return vec![Finding::pass("Hermes holds no job back")];
    }
    let until = held.iter().filter_map(|job| job.held_until).filter_map(Stamp::instant).max();
    let until = until.map(|until| until.duration_since(at.facts.now).as_secs().unsigned_abs());
    let count = held.len();
    let claim = format!(
        "Hermes holds {count} job{} back{}: a quota is used up, or the model was not reached",
        plural(count),
        until.map_or_else(String::new, |until| format!(" for {}", span(until)))
    );
    vec![at.with_jobs(Finding::note(claim), &held)]
}
