//! Whether more than one gateway serves the home.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let others: Vec<_> =
        at.gateway.liveness.others.iter().filter(|other| !other.is_zombie()).collect();
    let (attempts, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|other| at.is_attempt(other));
    if let (true, Some(why)) = (others.is_empty(), at.facts.searched.why()) {
        return vec![Finding::unknown("whether another gateway of this home lives", why).minor()];
    }
    if others.is_empty() {
        let finding =
            Finding::pass(format!("PID {} is the only gateway of this home", process.pid));
        return vec![
            attempts.into_iter().fold(finding, |finding, it| at.with_process(finding, it)),
        ];
    }
    let pids = others.iter().map(|other| other.pid.to_string()).collect::<Vec<_>>().join(", ");
    let finding = Finding::failure(format!(
        "PID {} is not the only gateway of this home: PID {pids} serves it too",
        process.pid
    ))
    .help(
        "decide which is to stay; two gateways on one home corrupt its databases and answer twice",
    );
    let finding = at.with_process(finding, process);
    vec![others.into_iter().fold(finding, |finding, other| at.with_process(finding, other))]
}
