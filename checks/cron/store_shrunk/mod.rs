//! Whether the store has lost jobs in an update.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let Some((then, copy)) = &at.gateway.cron.copied else {
        return vec![Finding::skipped("there is no copy of the store from before an update")];
    };
    let now = store.jobs.len();
    if now.saturating_mul(2) > *then || then.saturating_sub(now) < 2 {
        return vec![Finding::pass(format!(
            "the store had {then} job{} before the last update, and has {now}",
            plural(*then)
        ))];
    }
    let finding = Finding::warning(format!(
        "the store had {then} jobs before the last update, and has {now}: they are lost, or somebody removed them"
    ))
    .seen(copy, format!("{then} jobs"))
    .seen(at.path("cron/jobs.json"), format!("{now} job{}", plural(now)))
    .help("keep the copy, and make no job before you have compared the two: with the gateway stopped, it can be put back");
    vec![finding]
}
