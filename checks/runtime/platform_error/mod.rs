//! Whether a platform of this very process is in trouble.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.own_status(at.facts.about.os) else {
        return vec![Finding::skipped("there is no status of this process")];
    };
    let mut findings = Vec::new();
    for platform in &status.platforms {
        // Entries outlive the process that wrote them; an older one says nothing of this process.
        let own = match (platform.updated_at, process.started_at) {
            (Some(written), Some(started)) => written >= started,
            _ => true,
        };
        if !own || !matches!(platform.state.as_str(), "fatal" | "retrying") {
            continue;
        }
        let said = platform.error_code.clone().or_else(|| platform.error_message.clone());
        let said = said.unwrap_or_else(|| "no reason given".into());
        let claim = format!("platform {} is {}: {said}", platform.name, platform.state);
        findings.push(
            Finding::failure(claim).seen(
                at.path("gateway_state.json"),
                format!("{}: {}", platform.name, platform.state),
            ),
        );
    }
    if findings.is_empty() { vec![Finding::pass("no platform reports trouble")] } else { findings }
}
