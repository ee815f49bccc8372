//! The process exists and does nothing: two witnesses say so.

use gw_snapshot::facts::process::Process;

use super::{Case, Certainty, Found};
use crate::finding::span;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let silent = case.failed("health/timeout");
    let stopped = case.failed("owner/stopped-or-zombie");
    let late = case.failed("cron/ticker-late");
    let frozen = case.found("runtime/loop-stalled").is_some() && !at.answers_itself();
    if frozen && !silent && !stopped && !late {
        return frozen_alone(case, process);
    }
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
        // A machine that has just woken up has old marks of both, for a minute.
        (false, false, true) if frozen => {
            let (verb, doubt) = if at.stopped_together() {
                ("may be", ", and at the same moment: or the machine has just woken up")
            } else {
                ("is", "")
            };
            return Found::likely(
                format!(
                    "PID {} {verb} wedged: its event loop and its ticker have both stopped{doubt}",
                    process.pid
                ),
                EXPLAINS,
            );
        }
        _ => return None,
    };
    Found::certain(summary, EXPLAINS)
}

/// The loop's mark alone: one witness, unless it is the only one that could be asked.
fn frozen_alone(case: &Case<'_>, process: &Process) -> Option<Found> {
    let at = case.at;
    let beat = at.gateway.marks.heartbeat.known()?;
    let age = span(u64::try_from(at.facts.now.duration_since(beat.at).as_secs()).ok()?);
    let other = if at.api().is_some() {
        "its API server tells nothing of it"
    } else {
        "there is no API server to ask"
    };
    Some(Found {
        certainty: Certainty::Possible,
        summary: format!(
            "PID {} may be wedged: its event loop has left no mark for {age}, and {other}",
            process.pid
        ),
        explains: vec!["runtime/loop-stalled"],
    })
}

fn state(process: &Process) -> &str {
    process.seen.state.as_deref().unwrap_or("T")
}

/// What follows where a process does nothing.
pub(super) const EXPLAINS: &[&str] = &[
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
];
