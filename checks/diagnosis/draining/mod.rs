//! The gateway finishes its work and takes no more, or is being stopped.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found, TRANSIENT};
use crate::story::UnderWay;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    if let Some(found) = being_stopped(case) {
        return Some(found);
    }
    let finding = case.found("runtime/draining")?;
    Found::certain(finding.claim.clone(), &["runtime/draining", "cron/overdue"])
}

/// Its manager was asked to stop it, or it says itself that it has stopped, and its process still lives.
fn being_stopped(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let what = at.under_way()?;
    let UnderWay::Stopping(job) = what else { return None };
    let process = at.gateway.process();
    if !case.speaks("job/under-way") {
        return None;
    }
    let summary = match job.filter(|(_, job)| job.phase == Phase::Stopping) {
        Some((lane, job)) => {
            let limit = job.stop_limit().map_or_else(String::new, |limit| match limit.seconds() {
                Some(seconds) => format!(", {seconds} s after it was asked at the latest"),
                None => ", however long that takes".into(),
            });
            let rest = process.map_or_else(
                || "its gateway has ended".into(),
                |process| format!("PID {} finishes what it is at, and ends{limit}", process.pid),
            );
            format!("{} is being stopped ({}): {rest}", lane.title(), job.words)
        }
        None => at.says(what),
    };
    Found::certain(summary, TRANSIENT)
}
