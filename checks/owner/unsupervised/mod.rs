//! Whether anything would start the gateway again if it ended.

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
        Supervision::Lane(_) => {
            let name = at.gateway.lane().map(gw_snapshot::facts::Lane::title).unwrap_or_default();
            Finding::pass(format!("PID {pid} runs under {name}"))
        }
        Supervision::None { place }
            if at.facts.has_hint("container") && at.facts.has_hint("no-systemd") =>
        {
            Finding::skipped(format!(
                "PID {pid} runs in a container without a service manager, {place}"
            ))
        }
        Supervision::None { place } => Finding::failure(format!(
            "PID {pid} runs {place}, under no service: nothing starts it again"
        )),
        // The unit's name is no proof that it starts the gateway: an application's terminal has one too.
        Supervision::Other { unit } => Finding::failure(format!(
            "PID {pid} runs in {unit}, which is not known to serve this home: whether that starts it again cannot be told"
        ))
        .help(format!("`systemctl show {unit}` says what it is, with `--user` for a user's")),
        Supervision::NoProcess => return at.no_process(),
        Supervision::Unknown(why) => Finding::unknown("under what the gateway runs", why),
    };
    vec![at.with_process(finding, process)]
}
