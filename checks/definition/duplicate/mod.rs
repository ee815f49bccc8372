//! Whether two services are there for one home.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    // A mask is what keeps a second one from being there.
    let lanes: Vec<_> =
        at.installed().filter(|lane| !lane.is_masked() || lane.is_active()).collect();
    match lanes.as_slice() {
        [] if at.gateway.is_installed() => vec![Finding::skipped("the only service is masked")],
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
            // One that is not enabled, and runs, is as much in the way of the other.
            let at_work =
                lanes.iter().filter(|lane| lane.starts_by_itself() || lane.is_active()).count();
            let claim =
                format!("{} services are there for this home: {}", lanes.len(), titles.join(", "));
            let finding = if starting > 1 {
                Finding::failure(claim).help(
                    "keep the one that is meant, and disable the other: both start by themselves",
                )
            } else if at_work > 1 {
                Finding::failure(claim).help(
                    "keep the one that is meant, and stop and disable the other: `disable` alone stops nothing",
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
