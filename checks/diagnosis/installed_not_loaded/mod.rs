//! The definition is on disk, and the manager does not know it.

use super::{Case, Found};
use crate::finding::Verdict;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/not-loaded")?;
    if case.at.gateway.process().is_some() {
        return None;
    }
    let invalid =
        case.found("definition/invalid").filter(|finding| finding.verdict == Verdict::Failure);
    let why = invalid.map_or_else(String::new, |finding| format!("; {}", finding.claim));
    Found::certain(
        format!("{}{why}", finding.claim),
        &[
            "definition/invalid",
            "job/not-loaded",
            "job/not-running",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "owner/stale-pid-file",
        ],
    )
}
