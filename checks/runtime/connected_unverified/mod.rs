//! Whether a platform is called connected by an earlier life only.

use gw_snapshot::facts::record::Platform;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.own_status(at.facts.about.os) else {
        return vec![Finding::skipped("no status is known to be that of this process")];
    };
    let is_old = |platform: &&Platform| {
        platform.state == "connected" && platform.is_of(process, at.facts.about.os) != Some(true)
    };
    let names: Vec<&str> =
        status.platforms.iter().filter(is_old).map(|platform| platform.name.as_str()).collect();
    if names.is_empty() {
        return vec![Finding::pass("no platform's entry is older than this process")];
    }
    let finding = Finding::note(format!(
        "the status file calls {} connected, and not since this process started: that is no evidence",
        names.join(", ")
    ));
    vec![finding.seen(
        at.path("gateway_state.json"),
        "entries of platforms outlive the process that wrote them",
    )]
}
