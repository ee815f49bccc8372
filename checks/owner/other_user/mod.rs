//! Whether the gateway runs as another user than the one whose home it is.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(runs_as) = process.seen.uid else {
        return vec![Finding::skipped("as which user the gateway runs is not known")];
    };
    let Some(owner) = at.gateway.directory.uid else {
        return vec![Finding::skipped("whose the home is, is not known")];
    };
    let finding = if runs_as == owner {
        Finding::pass(format!("PID {} runs as the user whose home it is", process.pid))
    } else {
        Finding::failure(format!(
            "PID {} runs as uid {runs_as}, and its home is of uid {owner}: what it writes there, the owner cannot change",
            process.pid
        ))
        .help("end it as its own user, give the home back to its owner, and start the service")
    };
    vec![at.with_process(finding, process)]
}
