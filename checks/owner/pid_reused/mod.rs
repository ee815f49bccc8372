//! Whether a recorded PID now belongs to another program.

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
    let finding = |(stale, process): &(Stale, Process)| {
        let other = at.facts.gateway_of(stale.pid);
        let other = match other.filter(|other| other.home.path != gateway.home.path) {
            Some(other) => format!("the gateway of profile {}", other.home.profile),
            None => format!("another program now: {}", process.command()),
        };
        let claim = format!("{} names PID {}, which is {other}", stale.path, stale.pid);
        at.with_process(Finding::warning(claim), process)
            .seen(&stale.path, format!("PID {}", stale.pid))
            .help("do not signal that PID")
    };
    reused.iter().map(finding).collect()
}
