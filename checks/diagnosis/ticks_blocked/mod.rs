//! The ticker comes round, and its ticks take no job: another process holds their lock, or nobody can tell why.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::cron::{LATE_AFTER, TickMark};
use gw_snapshot::facts::liveness::Holder;
use gw_snapshot::facts::process::Process;

use super::{Case, Found};
use crate::finding::Finding;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let overdue = case.found("cron/overdue")?;
    match at.gateway.cron.tick_lock {
        Fact::Known(Holder::Process(holder)) if holder == process.pid => None,
        Fact::Known(Holder::Process(holder)) if case.failed("cron/overdue") => Found::certain(
            format!(
                "cron is blocked: PID {holder} holds cron/.tick.lock, so every tick of PID {} is passed over; {}",
                process.pid, overdue.claim
            ),
            EXPLAINS,
        ),
        // A tick by hand may have taken the lock a moment ago, and a job be late by a minute for another reason.
        Fact::Known(Holder::Process(holder)) => Found::likely(
            format!(
                "cron may be blocked: PID {holder} holds cron/.tick.lock, and a tick of PID {} is passed over meanwhile; {}",
                process.pid, overdue.claim
            ),
            EXPLAINS,
        ),
        _ => passed_over(case, process, overdue),
    }
}

/// Marks that stay fresh while jobs are late: the ticks are passed over, and count as well. A process that has run out of
/// file descriptors takes that for a lock which another one holds (upstream #87644).
fn passed_over(case: &Case<'_>, process: &Process, overdue: &Finding) -> Option<Found> {
    let at = case.at;
    let cron = &at.gateway.cron;
    let is_fresh = |mark: &Fact<TickMark>| {
        let own = mark.known().filter(|mark| at.left_by_another(mark).is_none());
        own.and_then(|mark| at.age_of(mark.at)).is_some_and(|age| age <= LATE_AFTER)
    };
    if !case.failed("cron/overdue") || !is_fresh(&cron.heartbeat) || !is_fresh(&cron.last_success) {
        return None;
    }
    Found::likely(
        format!(
            "cron runs no job though the ticker of PID {} comes round: {} (a process that has run out of file descriptors does so)",
            process.pid, overdue.claim
        ),
        EXPLAINS,
    )
}

const EXPLAINS: &[&str] = &["cron/overdue", "cron/ticks-failing"];
