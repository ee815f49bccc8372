//! Whether the job store can be understood.

use gw_snapshot::fact::{Fact, Why};

use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.cron.store {
        Fact::Known(store) if store.odd == 0 => {
            vec![Finding::pass(format!(
                "the job store holds {} job{}",
                store.jobs.len(),
                plural(store.jobs.len())
            ))]
        }
        Fact::Known(store) => {
            let claim = match store.odd {
                1 => "1 entry of the job store is no job".to_string(),
                odd => format!("{odd} entries of the job store are no jobs"),
            };
            let finding = match at.runs_with(Capability::RepairsStore) {
                Some(true) => Finding::warning(claim).help("Hermes drops it, and runs the others"),
                _ => Finding::failure(claim),
            };
            vec![finding.seen(at.path("cron/jobs.json"), "entries without an id")]
        }
        Fact::Absent => vec![Finding::skipped("no job was ever made here")],
        // A tick that ended well after the file was written has understood it.
        Fact::Unknown(Why::Malformed(_)) if has_been_ticked(at) => vec![
            Finding::warning("the job store cannot be understood here, and Hermes ticks on")
                .seen(at.path("cron/ticker_last_success"), "younger than the file"),
        ],
        Fact::Unknown(why @ (Why::Malformed(_) | Why::NotAFile(_))) => vec![
            Finding::failure(
                "the job store cannot be understood: every tick fails, and no job runs",
            )
            .seen(at.path("cron/jobs.json"), why.to_string())
            .help("keep the file; restore it from a copy of it with the gateway stopped"),
        ],
        Fact::Unknown(_) => vec![Finding::skipped("the job store could not be read")],
    }
}

/// True if a tick ended well since somebody last wrote the store.
fn has_been_ticked(at: &Subject<'_>) -> bool {
    let path = at.path("cron/jobs.json");
    let written =
        at.gateway.files.iter().find(|file| file.path == path).and_then(|file| file.mtime);
    let mark =
        at.gateway.cron.last_success.known().filter(|mark| at.left_by_another(mark).is_none());
    written.zip(mark).is_some_and(|(written, mark)| mark.at > written)
}
