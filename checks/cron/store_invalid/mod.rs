//! Whether the job store can be understood.

use gw_snapshot::fact::{Fact, Why};

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
            vec![Finding::failure(claim).seen(at.path("cron/jobs.json"), "entries without an id")]
        }
        Fact::Absent => vec![Finding::skipped("no job was ever made here")],
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
