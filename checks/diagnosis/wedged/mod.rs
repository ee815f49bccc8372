//! The process exists and does nothing: two witnesses say so.

use gw_snapshot::facts::process::Process;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let process = at.gateway.process()?;
    let silent = case.failed("health/timeout");
    let stopped = case.failed("owner/stopped-or-zombie");
    let late = case.failed("cron/ticker-late");
    let frozen = case.found("runtime/loop-stalled").is_some();
    let summary = match (silent, stopped, late) {
        (_, true, _) if process.is_zombie() => {
            format!(
                "PID {} is a zombie: the gateway is dead, and its parent has not noticed",
                process.pid
            )
        }
        (true, true, _) => format!(
            "PID {} is stopped (state {}): it accepts connections and never answers",
            process.pid,
            state(process)
        ),
        (false, true, _) => format!(
            "PID {} is stopped (state {}): it exists and does nothing",
            process.pid,
            state(process)
        ),
        (true, false, true) => {
            format!("PID {} is wedged: it does not answer, and its ticker has stopped", process.pid)
        }
        (true, false, false) if frozen => {
            format!(
                "PID {} is wedged: it does not answer, and its event loop has stopped",
                process.pid
            )
        }
        _ => return None,
    };
    Found::certain(
        summary,
        &[
            "owner/stopped-or-zombie",
            "health/timeout",
            "cron/ticker-late",
            "cron/overdue",
            "runtime/loop-stalled",
            "runtime/platform-error",
            "port/no-listener",
            "cron/ticks-failing",
            "owner/unsupervised",
            "job/not-running",
            "health/refused",
        ],
    )
}

fn state(process: &Process) -> &str {
    process.seen.state.as_deref().unwrap_or("T")
}
