//! More than one gateway serves the home.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Counts the gateways, and names what only looks like one.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let liveness = &at.gateway.liveness;
    let others: Vec<&Process> = liveness.others.iter().filter(|other| !other.is_zombie()).collect();
    if !others.is_empty() {
        let finding = Finding::failure(format!(
            "PID {} is not the only gateway of this home: PID {} serves it too",
            process.pid,
            pids(&others)
        ))
        .help(
            "decide which is to stay; two gateways on one home corrupt its databases and answer twice",
        );
        let finding = at.with_process(finding, process);
        return vec![with_all(at, finding, &others)];
    }
    let unclear: Vec<&Process> = liveness.unclear.iter().chain(at.strangers()).collect();
    if !unclear.is_empty() {
        let why = Why::Failed(format!(
            "PID {} looks like a gateway, and nothing tells which home it serves",
            pids(&unclear)
        ));
        let finding = Finding::unknown("whether another gateway of this home lives", &why).minor();
        return vec![with_all(at, finding, &unclear)];
    }
    if let Some(why) = at.facts.searched.why() {
        return vec![Finding::unknown("whether another gateway of this home lives", why).minor()];
    }
    let attempts: Vec<&Process> = liveness.attempts.iter().collect();
    let is_only = format!("PID {} is the only gateway of this home", process.pid);
    if attempts.is_empty() {
        return vec![Finding::pass(is_only)];
    }
    let finding = Finding::note(format!(
        "{is_only}; PID {} start{} beside it, and its lock refuses {}",
        pids(&attempts),
        if attempts.len() == 1 { "s" } else { "" },
        if attempts.len() == 1 { "it" } else { "them" },
    ))
    .help("find what starts it: its parent process tells");
    vec![with_all(at, finding, &attempts)]
}

fn pids(processes: &[&Process]) -> String {
    processes.iter().map(|process| process.pid.to_string()).collect::<Vec<_>>().join(", ")
}

fn with_all(at: &Subject<'_>, finding: Finding, processes: &[&Process]) -> Finding {
    processes.iter().fold(finding, |finding, process| {
        let parent = process.seen.ppid.map(|ppid| format!("its parent is PID {ppid}"));
        let finding = at.with_process(finding, process);
        match parent {
            Some(parent) => finding.seen(format!("process {}", process.pid), parent),
            None => finding,
        }
    })
}
