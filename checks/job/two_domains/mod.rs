//! Whether one label is loaded in two domains.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let launchd: Vec<_> =
        at.gateway.lanes.iter().filter(|lane| lane.manager.is_launchd()).collect();
    if launchd.is_empty() {
        return vec![Finding::skipped("only launchd has domains")];
    }
    let loaded: Vec<_> =
        launchd.iter().filter_map(|lane| Some((lane, lane.job.known()?))).collect();
    let twin = loaded.iter().find_map(|(lane, job)| {
        let other = loaded
            .iter()
            .find(|(other, _)| other.name == lane.name && other.manager != lane.manager)?;
        Some(((lane, job), other))
    });
    let Some(((lane, job), (other, other_job))) = twin else {
        if let Some(why) = launchd.iter().find_map(|lane| lane.job.why()) {
            return vec![
                Finding::unknown("whether the label is loaded in another domain too", why).minor(),
            ];
        }
        return vec![Finding::pass("no label is loaded in two domains")];
    };
    let claim =
        format!("{} is loaded in two domains: {} and {}", lane.name, lane.manager, other.manager);
    vec![
        Finding::failure(claim)
            .seen(&job.source, job.words.clone())
            .seen(&other_job.source, other_job.words.clone())
            .help("boot it out of the one that is not meant, with its full domain")
            .of_service(lane.title()),
    ]
}
