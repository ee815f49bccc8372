//! Whether something else than the built-in ticker runs the jobs.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let cron = &at.gateway.cron;
    vec![match (&cron.external_provider, &cron.store) {
        (Some(provider), _) => Finding::note(format!(
            "{provider} runs the jobs, not the built-in ticker: its marks mean nothing here"
        ))
        .seen(at.path("config.yaml"), format!("cron.provider: {provider}")),
        (None, Fact::Absent) => Finding::skipped("no job was ever made here"),
        (None, _) => Finding::pass("the built-in ticker runs the jobs"),
    }]
}
