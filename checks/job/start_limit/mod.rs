//! Whether systemd refuses further starts.

use gw_snapshot::facts::job::systemd::Systemd;
use gw_snapshot::facts::job::{Job, Phase};
use gw_snapshot::facts::limit::Limit;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::said_goodbye;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let Some(systemd) = &job.systemd else {
        return vec![Finding::skipped("only systemd limits starts")];
    };
    let pass = || Finding::pass(format!("{} is within its start limit", lane.name));
    let own = exhausted(at, &lane.name, job, systemd).unwrap_or_else(pass);
    let mut findings = vec![own.of_service(lane.title())];
    findings.extend(at.beside().filter_map(|(lane, job)| {
        let finding = exhausted(at, &lane.title(), job, job.systemd.as_ref()?)?;
        Some(finding.of_service(lane.title()))
    }));
    findings
}

fn exhausted(at: &Subject<'_>, name: &str, job: &Job, systemd: &Systemd) -> Option<Finding> {
    let is_hit = systemd.result == "start-limit-hit" || is_hit_unnamed(at, job, systemd);
    if job.phase != Phase::Failed || !is_hit {
        return None;
    }
    let said = format!("Result={} NRestarts={}", systemd.result, job.restarts.unwrap_or(0));
    let claim = format!("{name} was started too often, and systemd starts it no more");
    let finding = Finding::failure(claim).seen(&job.source, said);
    Some(finding.help("mend the cause first; then `reset-failed` and `start`"))
}

/// systemd keeps the last run's own result when that was a failure: then only the counters tell (upstream #56519).
/// `NRestarts` counts over the unit's whole life, so it tells nothing of a run that lasted longer than the interval
/// in which starts are counted, nor of one that was asked to stop, and said so.
fn is_hit_unnamed(at: &Subject<'_>, job: &Job, systemd: &Systemd) -> bool {
    let Some(Limit::After(interval)) = systemd.start_limit_interval else { return false };
    let is_fresh = job.last_run().is_some_and(|lasted| lasted.unsigned_abs() > interval);
    systemd.start_limit_burst.is_some_and(|burst| job.restarts.unwrap_or(0) >= burst)
        && !is_fresh
        && !said_goodbye(at, job)
}
