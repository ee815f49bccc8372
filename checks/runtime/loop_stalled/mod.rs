//! Whether the gateway's event loop still comes round.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::marks::LOOP_FROZEN_AFTER;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::record::Status;
use gw_snapshot::facts::release::Capability;
use jiff::Timestamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let first = by_heartbeat(at, process);
    let others = [by_api_entry(at, process), by_status(at)];
    // What the other marks say counts where it is bad: that they are young says nothing of a loop that stands still.
    std::iter::once(first).chain(others.into_iter().flatten()).collect()
}

/// The mark that the loop's own task leaves (0.19+). From 0.21 on another thread writes it, which the task waits for.
fn by_heartbeat(at: &Subject<'_>, process: &Process) -> Finding {
    let beat = match &at.gateway.marks.heartbeat {
        Fact::Known(beat) => beat,
        // Versions before 0.19 leave none, and writers swallow their errors.
        Fact::Absent => return Finding::skipped("the event loop leaves no mark"),
        Fact::Unknown(why) => {
            return Finding::unknown("when the event loop last came round", why).minor();
        }
    };
    if beat.pid != process.pid {
        return Finding::skipped("the event loop's mark is of an earlier process");
    }
    if let Some(why) = at.has_just_woken() {
        return Finding::unknown("whether the event loop comes round", &why).minor();
    }
    let age = at.facts.now.duration_since(beat.at).as_secs();
    let finding = match u64::try_from(age) {
        Ok(age) if i64::try_from(age).is_ok_and(|age| age > LOOP_FROZEN_AFTER) => {
            let (pid, age) = (process.pid, span(age));
            Finding::warning(if at.answers_itself() {
                format!(
                    "the event loop of PID {pid} left its last mark {age} ago, and answers: what leaves the mark hangs"
                )
            } else {
                format!(
                    "the event loop of PID {pid} has left no mark for {age}; it should every 30 s"
                )
            })
        }
        // No more than that: the loop may stand still since, and from 0.21 on another thread writes the mark.
        Ok(_) => {
            Finding::pass(format!("PID {} left the mark of its event loop in time", process.pid))
        }
        Err(_) => Finding::skipped("the event loop's mark lies in the future: a clock was moved"),
    };
    finding.seen(at.path("state/gateway.heartbeat"), format!("{} s ago", age.max(0)))
}

/// The entry of the API server, which the event loop stamps every 30 s in some releases.
fn by_api_entry(at: &Subject<'_>, process: &Process) -> Option<Finding> {
    let status = running(at, Capability::ApiServerMark)?;
    let entry = status.platform("api_server").filter(|entry| entry.state == "connected")?;
    let is_own = entry.is_of(process, at.facts.about.os) == Some(true);
    let age = too_old(at, entry.updated_at.filter(|_| is_own)?)?;
    Some(stale(
        at,
        format!(
            "the entry of its API server in the status file is {} old; the event loop stamps it every 30 s",
            span(age)
        ),
    ))
}

/// The status file, which a thread for housekeeping stamps every 60 s in some releases.
fn by_status(at: &Subject<'_>) -> Option<Finding> {
    let status = running(at, Capability::StatusMark)?;
    let age = too_old(at, status.updated_at?)?;
    Some(stale(
        at,
        format!("the status file is {} old; its housekeeping stamps it every 60 s", span(age)),
    ))
}

/// The status of a process that has come to the end of its start and does not stop, where its release leaves such marks.
fn running<'a>(at: &Subject<'a>, mark: Capability) -> Option<&'a Status> {
    let status = at.gateway.own_status(at.facts.about.os)?;
    let runs = matches!(status.state.as_deref(), Some("running" | "degraded"));
    (runs && at.runs_with(mark) == Some(true) && at.has_just_woken().is_none()).then_some(status)
}

/// The age of a mark in seconds, where that is more than two rounds of the slower one: upstream's own limit (0.21.5).
fn too_old(at: &Subject<'_>, mark: Timestamp) -> Option<u64> {
    let age = at.age_of(mark).filter(|age| *age > STATUS_STALE_AFTER)?;
    u64::try_from(age).ok()
}

fn stale(at: &Subject<'_>, claim: String) -> Finding {
    let finding = Finding::warning(claim).seen(at.path("gateway_state.json"), "updated_at");
    if at.answers_itself() {
        finding.help("its API server answers, so its event loop comes round: see whether its home can be written")
    } else {
        finding
    }
}

/// In seconds.
const STATUS_STALE_AFTER: i64 = 120;
