//! It has ended once, and its manager is about to start it again.

use super::{Case, Found};
use crate::job::{killed, restarting};
use crate::story::UnderWay;
use crate::subject::length;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if let Some(found) = case.found("job/restarting").and_then(|_| not_taken_for_started(case)) {
        return Some(found);
    }
    let what = at.under_way()?;
    if let UnderWay::Ended(..) = what {
        let explains = &["job/under-way", "owner/stopped-or-zombie"];
        return Found::certain(format!("{}: look again", at.says(what)), explains);
    }
    let UnderWay::Waiting(_, job) = what else { return None };
    if at.gateway.process().is_some() {
        return None;
    }
    let when = job.exited_at.map_or_else(String::new, |end| {
        format!(" {} ago", length(at.facts.now.duration_since(end)))
    });
    let how = job.last_end().map_or_else(String::new, |end| format!(" with {end}"));
    let after =
        job.last_run().map_or_else(String::new, |lasted| format!(", after {}", length(lasted)));
    let why = killed::by(job).map(String::from);
    let why = why.or_else(|| at.watched_end(job).map(|watched| watched.words()));
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    // Each run may be long, and the service no good all the same.
    let often = job.restarts.filter(|restarts| *restarts >= MANY);
    let often = often.map_or_else(String::new, |restarts| {
        format!("; it was started again {restarts} times since somebody last did that")
    });
    Found::certain(
        format!("the gateway ended{when}{how}{after}{why}, and {}{often}", at.says(what)),
        &[
            "job/under-way",
            "job/restarting",
            "job/killed",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "runtime/restart-requested",
            "runtime/left-by-another",
            "cron/no-ticker",
            "cron/overdue",
        ],
    )
}

/// The gateway works, and the manager waits for a sign that it does not give.
fn not_taken_for_started(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let (lane, job) = at.job()?;
    let waits = restarting::waits_in_vain(at, job)?;
    let pid = at.gateway.process()?.pid;
    Found::certain(
        format!("PID {pid} runs, and {} is not started for systemd: {waits}", lane.title()),
        &["job/restarting"],
    )
}

/// So many restarts are worth a word. The unit counts them over its whole life.
const MANY: u64 = 5;
