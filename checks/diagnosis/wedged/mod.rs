//! The process exists and does nothing: two witnesses say so.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::liveness::Holder;
use gw_snapshot::facts::marks::LOOP_FROZEN_AFTER;
use gw_snapshot::facts::process::{Process, Witness};

use super::{Case, Certainty, Found};
use crate::Subject;
use crate::finding::{Finding, Verdict, span};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let silent = case.failed("health/timeout");
    let stopped = case.failed("owner/stopped-or-zombie");
    let late = case.failed("cron/ticker-late");
    if let Some(found) = hangs_in_its_start(case, process) {
        return Some(found);
    }
    let still = still(case);
    let frozen = !still.is_empty() && !at.answers_itself();
    let part = if loop_age(at, process).is_some() { "event loop" } else { "housekeeping" };
    if frozen && !silent && !stopped && !late {
        return frozen_alone(case, process, &still);
    }
    let summary = match (silent, stopped, late) {
        (_, true, _) if process.is_zombie() => {
            format!(
                "PID {} is a zombie: the gateway is dead, and its parent has not noticed",
                process.pid
            )
        }
        (true, true, _) => {
            format!(
                "PID {} {}: it accepts connections and never answers",
                process.pid,
                held(process)
            )
        }
        (false, true, _) => {
            format!("PID {} {}: it exists and does nothing", process.pid, held(process))
        }
        (true, false, true) => {
            format!("PID {} is wedged: it does not answer, and its ticker has stopped", process.pid)
        }
        (true, false, false) if frozen => {
            format!("PID {} is wedged: it does not answer, and its {part} has stopped", process.pid)
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
                    "PID {} {verb} wedged: its {part} and its ticker have both stopped{doubt}",
                    process.pid
                ),
                EXPLAINS,
            );
        }
        _ => return None,
    };
    Found::certain(summary, EXPLAINS)
}

/// A process that its manager started, and that has come neither to its lock nor to its status in the time of a start:
/// nothing of it moves that could be seen from here.
fn hangs_in_its_start(case: &Case<'_>, process: &Process) -> Option<Found> {
    let at = case.at;
    let locks = [Witness::Lock, Witness::OpenLock, Witness::GhostLock];
    let is_free = matches!(at.gateway.liveness.lock, Fact::Known(Holder::Nobody) | Fact::Absent);
    let is_managed = process.witnesses.contains(&Witness::Manager);
    let has_lock = locks.iter().any(|lock| process.witnesses.contains(lock));
    let is_still = process.is_zombie() || process.is_stopped() || at.is_starting();
    let wrote = at.gateway.own_status(at.facts.about.os).is_some();
    let shows = case.failed("port/no-listener") || case.failed("cron/ticker-late");
    if !is_free || !is_managed || has_lock || is_still || wrote || !shows || at.answers_as_hermes()
    {
        return None;
    }
    let age = span(process.age(at.facts.now)?.as_secs().unsigned_abs());
    Found::likely(
        format!(
            "PID {} hangs in its start: in {age} it has neither taken its lock nor written a status",
            process.pid
        ),
        EXPLAINS,
    )
    .map(|found| found.also(&["runtime/left-by-another"]))
}

/// What marks say that the gateway stands still.
fn still<'a>(case: &Case<'a>) -> Vec<&'a Finding> {
    let is_one = |finding: &&Finding| {
        finding.check == "runtime/loop-stalled" && finding.verdict == Verdict::Warning
    };
    case.findings.iter().filter(is_one).collect()
}

/// The marks alone. That of the loop and those in the status file are left by several threads, and by nobody where their
/// disk is full: together they make it likely. One of them is one witness.
fn frozen_alone(case: &Case<'_>, process: &Process, still: &[&Finding]) -> Option<Found> {
    let at = case.at;
    if let [first, second, ..] = still {
        return Found::likely(
            format!(
                "PID {} may be wedged, or cannot write its home: {}, and {}",
                process.pid, first.claim, second.claim
            ),
            EXPLAINS,
        );
    }
    let Some(age) = loop_age(at, process).map(span) else {
        let claim = &still.first()?.claim;
        return Some(Found {
            stands_alone: false,
            certainty: Certainty::Possible,
            summary: format!(
                "PID {} may be wedged, or cannot write its home: {claim}",
                process.pid
            ),
            explains: vec!["runtime/loop-stalled"],
        });
    };
    let other = if at.api().is_some() {
        "its API server tells nothing of it"
    } else {
        "there is no API server to ask"
    };
    Some(Found {
        stands_alone: false,
        certainty: Certainty::Possible,
        summary: format!(
            "PID {} may be wedged: its event loop has left no mark for {age}, and {other}",
            process.pid
        ),
        explains: vec!["runtime/loop-stalled"],
    })
}

/// How long the mark of this process's event loop has been too old, in seconds. None if it is not.
fn loop_age(at: &Subject<'_>, process: &Process) -> Option<u64> {
    let beat = at.gateway.marks.heartbeat.known().filter(|beat| beat.pid == process.pid)?;
    let age = at.facts.now.duration_since(beat.at).as_secs();
    u64::try_from(age).ok().filter(|_| age > LOOP_FROZEN_AFTER)
}

/// What keeps it from running, for people.
fn held(process: &Process) -> String {
    let state = process.seen.state.as_deref().unwrap_or("T");
    match process.seen.tracer {
        Some(tracer) => format!("is held by a debugger, PID {tracer} (state {state})"),
        None => format!("is stopped (state {state})"),
    }
}

/// What follows where a process does nothing.
pub(super) const EXPLAINS: &[&str] = &[
    "owner/stopped-or-zombie",
    "health/timeout",
    "cron/ticker-late",
    "cron/overdue",
    "runtime/loop-stalled",
    "runtime/platform-error",
    "runtime/no-platform",
    "port/no-listener",
    "cron/ticks-failing",
    "owner/unsupervised",
    "job/not-running",
    "health/refused",
];
