//! Whether the service's home is in a directory that the system empties.

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::TEMPORARY;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which home the service is for", |lane, definition| match definition.variable("HERMES_HOME") {
            Some(home) if TEMPORARY.iter().any(|place| home.value.starts_with(place)) => {
                Finding::failure(format!(
                    "{} is for the home {}, which the system empties: everything in it will be gone",
                    lane.name, home.value
                ))
                .seen_at(&home.at, format!("HERMES_HOME={}", home.value))
                .help("install the service again with the HERMES_HOME that is meant")
            }
            _ => Finding::pass(format!("the home of {} is no temporary one", lane.name)),
        })
}
