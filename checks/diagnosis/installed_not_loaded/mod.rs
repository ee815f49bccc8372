//! The definition is on disk, and the manager does not know it.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::Manager;

use super::{Case, Found};
use crate::finding::Verdict;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/not-loaded")?;
    if case.at.gateway.process().is_some() {
        return None;
    }
    let invalid =
        case.found("definition/invalid").filter(|finding| finding.verdict == Verdict::Failure);
    let mut why = invalid.map_or_else(String::new, |finding| format!("; {}", finding.claim));
    // A user's own manager reads what the user may read, and takes what it may not for missing.
    let lane = case.at.gateway.lane().filter(|lane| lane.manager == Manager::SystemdUser);
    if let Some(refused @ Why::Denied { .. }) = lane.and_then(|lane| lane.definition.why()) {
        why = format!("{why}; its user may not read the file: {refused}");
    }
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
