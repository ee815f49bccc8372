//! Whether the code that the gateway runs is still installed.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::install::{Origin, OriginKind};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let origins = &at.gateway.origins;
    let pid = process.pid;
    // An update takes the old code away before the new one stands.
    if let Some((command, _)) = at.gateway.liveness.commands.first() {
        let why = Why::Failed(format!("PID {} is at work: {}", command.pid, command.command()));
        return vec![
            Finding::unknown("whether the code that it runs is still there", &why).minor(),
        ];
    }
    if let Some(gone) = origins.iter().find(|origin| origin.is_gone()) {
        let what = match gone.kind {
            OriginKind::Package => "the code that it runs",
            OriginKind::Interpreter => "the Python that runs it",
        };
        let finding = Finding::failure(format!(
            "PID {pid} runs, and {what} is no longer there: {} does not exist; what it loads from now on fails, and so does its next start",
            gone.path
        ))
        .seen(gone.path.clone(), "not found")
        .help("install Hermes again where it was, or let the service start the one that is installed now; then restart the service");
        return vec![at.with_process(finding, process)];
    }
    let is_replaced = |origin: &&Origin| origin.removed && origin.now.known().is_some();
    if let Some(replaced) = origins.iter().find(is_replaced) {
        let claim = format!(
            "PID {pid} runs a Python that was replaced on disk since it started: {}",
            replaced.path
        );
        let finding = Finding::note(claim)
            .seen(format!("/proc/{pid}/exe"), format!("{} (deleted)", replaced.path))
            .help("restart the service when it is idle");
        return vec![finding];
    }
    let unknown = origins.iter().find_map(|origin| Some((origin, origin.now.why()?)));
    match unknown {
        Some((_, why)) if why.is_not_observed() => {
            vec![Finding::skipped("whether the code that it runs is still there was not looked at")]
        }
        Some((origin, why)) => {
            vec![Finding::unknown(&format!("whether {} is still there", origin.path), why).minor()]
        }
        None if origins.iter().all(|origin| matches!(origin.now, Fact::Known(_)))
            && !origins.is_empty() =>
        {
            vec![Finding::pass(format!("the code that PID {pid} runs is still there"))]
        }
        None => vec![Finding::skipped("where it was started from is not known here")],
    }
}
