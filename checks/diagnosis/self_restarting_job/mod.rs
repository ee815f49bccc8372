//! A job ends the gateway that runs it.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("cron/self-restart")?;
    Found::likely(finding.claim.clone(), &["cron/self-restart", "job/crash-loop", "job/restarting"])
}
