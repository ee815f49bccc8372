//! More than one gateway serves the home.

use std::collections::BTreeSet;

use gw_snapshot::fact::Why;
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};
use crate::story::lives::Life;

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
        return vec![refused(at, process).unwrap_or_else(|| Finding::pass(is_only))];
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

/// Starts beside the gateway that have ended, where they come so often that something makes them.
fn refused(at: &Subject<'_>, process: &Process) -> Option<Finding> {
    let born = process.started_at?;
    let began = |life: &&Life| {
        // Of another process, it left word while this one lived.
        let is_other = life.is_beside || life.pid.is_some_and(|pid| pid != process.pid);
        let start = life.started().filter(|start| is_other && start.at > born)?.at;
        at.age_of(start).filter(|age| (0..RECENT_SECONDS).contains(age))
    };
    let lives = at.lives();
    let refused: Vec<&Life> = lives.all.iter().filter(|life| began(life).is_some()).collect();
    let last = refused.iter().filter_map(began).min()?;
    let first = refused.iter().filter_map(began).max()?;
    if refused.len() < MANY {
        return None;
    }
    let finding = Finding::warning(format!(
        "PID {} is the only gateway of this home, and something starts another one again and again, which ends at its lock: {} times in {}, the last {} ago",
        process.pid,
        refused.len(),
        span(first.unsigned_abs()),
        span(last.unsigned_abs())
    ))
    .help("find what starts it and end that: another service, a script that loops, or cron");
    let sources: BTreeSet<&str> =
        refused.iter().flat_map(|life| &life.starts).map(|start| start.source.as_str()).collect();
    Some(sources.into_iter().fold(finding, |finding, source| {
        finding.seen(source, "starts after that of the gateway which ended while it lived")
    }))
}

/// So many refused starts within so many seconds are no slips of a hand.
const MANY: usize = 3;
const RECENT_SECONDS: i64 = 900;

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
