//! Whether the service's home is in a directory that the system empties.

use gw_snapshot::facts::definition::Variable;
use gw_snapshot::value::Value;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::TEMPORARY;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which home the service is for", |lane, definition| {
        match definition.variable("HERMES_HOME") {
            Some(home) if is_temporary(&home.value) => Finding::failure(format!(
                "{} is for the home {}, which the system empties: everything in it will be gone",
                lane.name, home.value
            ))
            .seen_at(&home.at, format!("HERMES_HOME={}", home.value))
            .help("install the service again with the HERMES_HOME that is meant"),
            Some(Variable { value: Value::Open(open), .. }) => Finding::unknown(
                &format!("whether the home of {} is a temporary one", lane.name),
                &open.why,
            )
            .minor(),
            _ => Finding::pass(format!("the home of {} is no temporary one", lane.name)),
        }
    })
}

/// True if the path leads into a directory that the system empties, as far as it is told.
fn is_temporary(home: &Value) -> bool {
    home.literal().is_some_and(|home| TEMPORARY.iter().any(|place| home.starts_with(place)))
}
