//! Whether a recorded PID now belongs to another program.

use std::collections::BTreeMap;

use gw_snapshot::fact::Why;
use gw_snapshot::facts::liveness::Stale;
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let reused = &at.gateway.liveness.reused;
    let gateway = at.gateway;
    if gateway.pid_file.is_absent() && gateway.status.is_absent() {
        return vec![Finding::skipped("no record names a PID")];
    }
    if let (true, Some(unseen)) = (reused.is_empty(), gateway.liveness.unseen.first()) {
        let what = format!("what PID {} is, which {} names", unseen.pid, unseen.path);
        let why = gateway.liveness.process.why().unwrap_or(&Why::NotObserved);
        return vec![Finding::unknown(&what, why).minor()];
    }
    if reused.is_empty() {
        return vec![Finding::pass("no recorded PID belongs to another program")];
    }
    // Several records of one PID are one thing to know.
    let mut by_pid: BTreeMap<u32, (Vec<&Stale>, &Process)> = BTreeMap::new();
    for (stale, process) in reused {
        by_pid.entry(stale.pid).or_insert((Vec::new(), process)).0.push(stale);
    }
    by_pid
        .into_iter()
        .map(|(pid, (records, process))| finding(at, pid, &records, process))
        .collect()
}

fn finding(at: &Subject<'_>, pid: u32, records: &[&Stale], process: &Process) -> Finding {
    let paths: Vec<&str> = records.iter().map(|stale| stale.path.as_str()).collect();
    let seen = |finding: Finding| {
        let finding = at.with_process(finding, process);
        paths.iter().fold(finding, |finding, path| finding.seen(*path, format!("PID {pid}")))
    };
    let other = at.facts.gateway_of(pid);
    // Soon after a boot a gateway may get the number that it had before.
    if other.is_some_and(|other| other.home.path == at.gateway.home.path) {
        let claim = format!(
            "{} {} of an earlier process, which had the PID {pid} of the gateway that runs now",
            paths.join(" and "),
            if records.len() == 1 { "tells" } else { "tell" }
        );
        return seen(Finding::warning(claim).help("leave it: the gateway writes it anew"));
    }
    let other = match other.filter(|other| other.home.path != at.gateway.home.path) {
        Some(other) => format!("the gateway of profile {}", other.home.profile),
        None => format!("another program now: {}", process.command()),
    };
    let name = if records.len() == 1 { "names" } else { "name" };
    let claim = format!("{} {name} PID {pid}, which is {other}", paths.join(" and "));
    seen(Finding::warning(claim).help("do not signal that PID"))
}
