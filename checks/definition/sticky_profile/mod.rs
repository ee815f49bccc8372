//! Whether a service that names no profile serves the sticky one.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which profile the service names", |lane, definition| {
        let sticky = at.facts.sticky.as_deref().filter(|name| !matches!(*name, "" | "default"));
        match sticky {
            Some(name) if definition.serves_only_by_sticky(&at.gateway.home.path) => Finding::warning(format!(
                "{} names no profile, and active_profile says {name}: it serves {name}, until somebody switches",
                lane.name
            ))
            .seen("active_profile", name)
            .help("`hermes profile use default` gives the service back to the default profile; the profile that is in use then needs a service of its own"),
            _ => Finding::pass(format!("no sticky profile decides what {} serves", lane.name)),
        }
    })
}
