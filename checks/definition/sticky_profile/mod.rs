//! Whether a service that names no profile serves the sticky one.

use gw_snapshot::facts::Lane;
use gw_snapshot::observation::Trouble;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::{or_not_installed, unread};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        let Some(definition) = lane.definition.known() else {
            findings.push(unread(lane, "which profile the service names"));
            continue;
        };
        let sticky = at.facts.sticky.as_deref().filter(|name| !matches!(*name, "" | "default"));
        let finding = match sticky {
            Some(name) if definition.serves_only_by_sticky(&at.gateway.home.path) => Finding::warning(format!(
                "{} names no profile, and active_profile says {name}: {}",
                lane.name,
                serves(at, lane, name)
            ))
            .seen("active_profile", name)
            .help("`hermes profile use default` gives the service back to the default profile; the profile that is in use then needs a service of its own"),
            _ => Finding::pass(format!("no sticky profile decides what {} serves", lane.name)),
        };
        findings.push(finding.of_service(lane.title()));
    }
    or_not_installed(findings)
}

/// What it serves, now and from its next start.
fn serves(at: &Subject<'_>, lane: &Lane, name: &str) -> String {
    let missing = if at.gateway.directory.error == Some(Trouble::NotFound) {
        ", and there is no such profile"
    } else {
        ""
    };
    let running = lane.job.known().and_then(|job| job.main_pid);
    let other = running.and_then(|pid| at.facts.gateway_of(pid));
    match other.filter(|other| other.home.path != at.gateway.home.path) {
        Some(other) => {
            format!("it serves {} now, and {name} from its next start{missing}", other.home.profile)
        }
        None => format!("it serves {name}, until somebody switches{missing}"),
    }
}
