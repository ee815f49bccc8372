//! Whether two services are there for one home.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let lanes: Vec<_> = at.installed().collect();
    match lanes.as_slice() {
        [] => vec![Finding::skipped("no service is installed")],
        [lane] => {
            vec![Finding::pass("one service serves this home").of_service(lane.title())]
        }
        // The same label in two domains is one definition: see job/two-domains.
        [first, rest @ ..] if rest.iter().all(|lane| lane.path == first.path) => {
            vec![Finding::pass("one definition serves this home").of_service(first.title())]
        }
        lanes => {
            let titles: Vec<String> = lanes.iter().map(|lane| lane.title()).collect();
            let starting = lanes.iter().filter(|lane| lane.starts_by_itself()).count();
            let claim =
                format!("{} services are there for this home: {}", lanes.len(), titles.join(", "));
            let finding = if starting > 1 {
                Finding::failure(claim).help(
                    "keep the one that is meant, and disable the other: both start by themselves",
                )
            } else {
                Finding::warning(claim)
            };
            vec![lanes.iter().fold(finding, |finding, lane| {
                let state =
                    lane.job.known().map_or_else(|| "not loaded".into(), |job| job.words.clone());
                finding.seen(&lane.path, format!("{}: {state}", lane.name))
            })]
        }
    }
}
