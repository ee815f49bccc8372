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
        // The unit's name is no proof that it starts the gateway: an application's terminal has one too.
        Supervision::Other { unit } => Finding::failure(format!(
            "PID {pid} runs in {unit}, which is not known to serve this home: whether that starts it again cannot be told"
        ))
        .help(format!("`systemctl show {unit}` says what it is, with `--user` for a user's")),
        Supervision::Unknown(why) => Finding::unknown("under what the gateway runs", why).minor(),
        Supervision::Lane(_) | Supervision::None { .. } | Supervision::NoProcess => {
            Finding::pass(format!("PID {pid} runs in no other service"))
        }
    };
    vec![at.with_process(finding, process)]
}
