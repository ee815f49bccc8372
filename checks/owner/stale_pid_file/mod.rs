//! Whether the records name processes that are gone.

use std::collections::BTreeSet;

use gw_snapshot::fact::Why;
use gw_snapshot::facts::liveness::Stale;
use gw_snapshot::facts::process::Witness;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let liveness = &at.gateway.liveness;
    // What was written in this very life is no trace of an earlier one, wherever its writer lives.
    let is_left =
        |stale: &&Stale| stale.witness != Witness::StatusFile || at.foreign_status().is_none();
    let dead: Vec<Stale> = liveness.dead.iter().filter(is_left).cloned().collect();
    if let Some(claim) = claim(&dead, "gone") {
        let finding = if dead.iter().any(|stale| is_a_blemish(at, stale)) {
            Finding::warning(claim).help(
                "leave them: the next start replaces them. Deleting a lock can let two gateways run",
            )
        } else {
            Finding::note(format!("{claim}; a stop by the service manager leaves it so"))
        };
        return vec![with_records(finding, &dead)];
    }
    if !liveness.dead.is_empty() {
        let finding = Finding::note(
            "the status file names a PID that does not exist here, and is younger than the gateway: see runtime/left-by-another",
        );
        return vec![with_records(finding, &liveness.dead)];
    }
    if let Some(claim) = claim(&liveness.unseen, "not among the processes that were seen") {
        let why = liveness.process.why().unwrap_or(&Why::NotObserved);
        let finding = Finding::unknown(&format!("whether the gateway lives: {claim}"), why);
        return vec![with_records(finding, &liveness.unseen)];
    }
    vec![Finding::pass("no record names a process that is gone")]
}

/// A status file that still says `running` is what every stop by a service manager leaves behind (0.17
/// and later), with its platforms `disconnected`. One that was killed has had no time for that.
fn is_a_blemish(at: &Subject<'_>, stale: &Stale) -> bool {
    let platforms = at.gateway.status.known().map(|status| status.platforms.as_slice());
    let was_killed = platforms
        .is_some_and(|platforms| platforms.iter().any(|platform| platform.state != "disconnected"));
    stale.witness != Witness::StatusFile || was_killed
}

fn claim(stale: &[Stale], state: &str) -> Option<String> {
    let pids: BTreeSet<u32> = stale.iter().map(|stale| stale.pid).collect();
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    (!pids.is_empty()).then(|| format!("records name PID {}, which is {state}", pids.join(", ")))
}

fn with_records(finding: Finding, stale: &[Stale]) -> Finding {
    stale
        .iter()
        .fold(finding, |finding, stale| finding.seen(&stale.path, format!("PID {}", stale.pid)))
}
