//! What could not be seen, could not be seen from here.

use super::{Case, Found};
use crate::finding::Verdict;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let unknown = case
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Unknown && finding.essential);
    let claims: Vec<&str> = unknown.map(|finding| finding.claim.as_str()).collect();
    let first = claims.first()?;
    let more = match claims.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    Found::certain(
        format!("not everything can be seen from here: {first}{more}"),
        &[
            "job/under-way",
            "job/manager-unreachable",
            "job/not-loaded",
            "job/not-running",
            "job/crash-loop",
            "owner/unsupervised",
            "owner/stale-pid-file",
            "port/expected-unknown",
            "port/no-listener",
            "port/foreign-listener",
            "port/sibling-profile",
            "port/owner-hidden",
            "health/blocked",
            "cron/no-ticker",
            "cron/ticker-late",
            "cron/store-unreadable",
            "cron/clock",
            "definition/invalid",
            "definition/missing",
            "definition/broken-path",
        ],
    )
}
