//! Whether a platform of this very process is in trouble.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::record::Platform;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.own_status(at.facts.about.os) else {
        return vec![Finding::skipped("no status is known to be that of this process")];
    };
    let mut findings = Vec::new();
    let in_trouble = |platform: &&Platform| matches!(platform.state.as_str(), "fatal" | "retrying");
    for platform in status.platforms.iter().filter(in_trouble) {
        let (name, state) = (&platform.name, &platform.state);
        // Entries outlive the process that wrote them; an older one says nothing of this process.
        let finding = match (platform.updated_at, process.started_at) {
            (Some(written), Some(started)) if written < started => continue,
            (Some(_), Some(_)) => {
                let said = platform.error_code.as_ref().or(platform.error_message.as_ref());
                let said = said.map_or("no reason given", String::as_str);
                Finding::failure(format!("platform {name} is {state}: {said}"))
            }
            _ => {
                let why = Why::Failed(format!("it is {state}, and nothing says since when"));
                Finding::unknown(&format!("how platform {name} stands"), &why).minor()
            }
        };
        findings.push(finding.seen(at.path("gateway_state.json"), format!("{name}: {state}")));
    }
    if findings.is_empty() { vec![Finding::pass("no platform reports trouble")] } else { findings }
}
