//! Whether anything would start the gateway again if it ended.

use gw_snapshot::facts::gateway::Supervision;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if let Some(why) = at.gateway.liveness.process.why() {
        return vec![Finding::unknown("whether a gateway of this home lives", why)];
    }
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let pid = process.pid;
    if process.is_zombie() {
        return vec![Finding::skipped(format!("PID {pid} is a zombie: it runs nowhere"))];
    }
    if let Some(finding) = at.kept_by_another("under what the gateway runs") {
        return vec![at.with_process(finding, process)];
    }
    let finding = match &at.gateway.supervision {
        Supervision::Lane(_) => {
            let name = at.gateway.lane().map(gw_snapshot::facts::Lane::title).unwrap_or_default();
            Finding::pass(format!("PID {pid} runs under {name}"))
        }
        Supervision::None { place } => match &at.gateway.starter {
            Some(starter) => at.with_process(
                Finding::failure(format!(
                    "PID {pid} runs {place}, under no service; PID {}, which started it, may start it again",
                    starter.pid
                )),
                starter,
            ),
            None => Finding::failure(format!(
                "PID {pid} runs {place}, under no service: nothing starts it again"
            )),
        },
        Supervision::Other { unit, .. } => Finding::skipped(format!(
            "PID {pid} runs in {unit}, of which nothing is known here: see owner/other-job"
        )),
        Supervision::NoProcess => return at.no_process(),
        Supervision::Unknown(why) => Finding::unknown("under what the gateway runs", why),
    };
    let finding = match at.let_go_by() {
        Some(lane) => finding
            .seen(format!("process {pid}"), format!("XPC_SERVICE_NAME={}", lane.name))
            .help("what the job starts is to stay as long as its gateway: `exec` it, or wait for it, and no setsid"),
        None => finding,
    };
    vec![at.with_process(finding, process)]
}
