//! Whether any of the platforms that the gateway is to serve came up.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::record::Platform;
use gw_snapshot::parse::log::Class;

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
    match status.state.as_deref() {
        Some("running" | "degraded") => {}
        Some(state) => return vec![Finding::skipped(format!("the gateway is {state}"))],
        None => return vec![Finding::skipped("the status names no state")],
    }
    // What somebody switched off is not to come up.
    let counts = |entry: &&Platform| !matches!(entry.state.as_str(), "paused" | "disabled" | "");
    let entries = status.platforms.iter().filter(counts);
    // Entries outlive their writers.
    let whose = entries.map(|entry| (entry, entry.is_of(process, at.facts.about.os)));
    let live: Vec<(&Platform, bool)> = whose
        .filter(|(_, whose)| *whose != Some(false))
        .map(|(entry, whose)| (entry, whose == Some(true)))
        .collect();
    let said = |finding: Finding, entry: &Platform| {
        finding.seen(at.path("gateway_state.json"), format!("{}: {}", entry.name, entry.state))
    };
    if let Some((up, _)) = live.iter().find(|(entry, own)| *own && entry.state == "connected") {
        return vec![said(
            Finding::pass(format!("platform {} is up, by the status file", up.name)),
            up,
        )];
    }
    if let Some((open, _)) = live.iter().find(|(entry, own)| !*own || !is_down(entry)) {
        let why = Why::Failed(format!("{} is {}", open.name, open.state));
        let finding = Finding::unknown("whether a platform of the gateway is up", &why).minor();
        return vec![said(finding, open)];
    }
    if live.is_empty() {
        return vec![without_entries(at, process.pid)];
    }
    let each: Vec<String> =
        live.iter().map(|(entry, _)| format!("{} is {}", entry.name, entry.state)).collect();
    let finding =
        Finding::failure(format!("no platform of the gateway is up: {}", each.join(", ")));
    vec![live.iter().take(5).fold(finding, |finding, (entry, _)| said(finding, entry))]
}

/// A platform that has no adapter has no entry either: only the log tells of it.
fn without_entries(at: &Subject<'_>, pid: u32) -> Finding {
    let journal = at.gateway.journal.known().filter(|journal| journal.from_start);
    match journal.and_then(|journal| journal.count(Class::NothingConnected)) {
        Some(_) => Finding::failure(format!(
            "none of the platforms that PID {pid} is to serve came up when it started"
        ))
        .seen(at.path("logs"), "no adapter could be made for any of them, or none connected"),
        None => Finding::skipped("no platform is known to be configured"),
    }
}

fn is_down(platform: &Platform) -> bool {
    matches!(platform.state.as_str(), "fatal" | "retrying" | "disconnected")
}
