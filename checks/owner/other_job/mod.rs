//! Whether the gateway runs inside a service that is not its own.

use gw_snapshot::facts::gateway::Supervision;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let pid = process.pid;
    let finding = match &at.gateway.supervision {
        Supervision::Other { service } => Finding::failure(format!(
            "PID {pid} runs in {service}, which is no service of this gateway: it ends when that does"
        ))
        .help("a program of that service started it; a gateway that its own service starts is not bound to another's life"),
        Supervision::Unknown(why) => Finding::unknown("under what the gateway runs", why).minor(),
        Supervision::Lane(_) | Supervision::None { .. } | Supervision::NoProcess => {
            Finding::pass(format!("PID {pid} runs in no other service"))
        }
    };
    vec![at.with_process(finding, process)]
}
