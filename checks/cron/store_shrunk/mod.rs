//! Whether the store has lost jobs in an update.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    // A store that is not there any more has lost all of its jobs.
    let now = match &at.gateway.cron.store {
        Fact::Known(store) => store.jobs.len(),
        Fact::Absent => 0,
        Fact::Unknown(_) => return at.no_cron(),
    };
    let (then, copy) = match &at.gateway.cron.copied {
        Fact::Known(copied) => copied,
        Fact::Absent => {
            return vec![Finding::skipped("there is no copy of the store from before an update")];
        }
        Fact::Unknown(why) if why.is_not_observed() => {
            let claim = "whether there is a copy from before an update, and what it holds, was not recorded";
            return vec![Finding::skipped(claim)];
        }
        Fact::Unknown(why) => {
            let what = "how many jobs the store had before the last update";
            return vec![Finding::unknown(what, why).minor()];
        }
    };
    if now.saturating_mul(2) > *then || then.saturating_sub(now) < 2 {
        return vec![Finding::pass(format!(
            "the store had {then} job{} before the last update, and has {now}",
            plural(*then)
        ))];
    }
    let said = match now {
        0 if at.gateway.cron.store.is_absent() => "it does not exist".to_string(),
        _ => format!("{now} job{}", plural(now)),
    };
    let finding = Finding::warning(format!(
        "the store had {then} jobs before the last update, and has {now} now"
    ))
    .seen(copy, format!("{then} jobs"))
    .seen(at.path("cron/jobs.json"), said)
    .help("they are lost, or somebody removed them: keep the copy, and make no job before you have compared the two; with the gateway stopped, the copy can be put back");
    vec![finding]
}
