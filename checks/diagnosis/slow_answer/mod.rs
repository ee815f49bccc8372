//! The health endpoint does not answer in time, and nothing else says that the gateway hangs.

use super::{Case, Certainty, Found};
use crate::finding::Verdict;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("health/timeout")?;
    let process = case.at.gateway.process()?;
    let moves: Vec<&str> = [
        ("runtime/loop-stalled", "its event loop left its mark in time"),
        ("cron/ticker-late", "its ticker comes round"),
    ]
    .into_iter()
    .filter(|(check, _)| {
        case.findings.iter().any(|found| found.check == *check && found.verdict == Verdict::Pass)
    })
    .map(|(_, what)| what)
    .collect();
    let (certainty, rest) = match moves.as_slice() {
        [] => (Certainty::Possible, "whether it hangs, nothing else here tells".to_string()),
        all => (Certainty::Likely, format!("{}: it may be busy, and not hang", all.join(", and "))),
    };
    Some(Found {
        stands_alone: false,
        certainty,
        summary: format!("{}, and PID {} lives; {rest}", finding.claim, process.pid),
        explains: vec!["health/timeout"],
    })
}
