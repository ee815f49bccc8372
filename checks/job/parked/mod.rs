//! Whether launchd holds back a start that is due.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Manager;
use gw_snapshot::facts::job::launchd::{KeepAlive, Launchd};
use gw_snapshot::facts::job::{Exit, Job, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let Some(launchd) = &job.launchd else {
        return vec![Finding::skipped("only launchd parks a start")];
    };
    let finding = if job.phase == Phase::Stopped || job.phase == Phase::Restarting {
        idle(at, job, launchd)
    } else {
        // `pended …` is printed only while nothing runs: a live process says nothing of the next start.
        Finding::pass(format!("{} is not parked", lane.name))
    };
    let finding = launchd.pended.iter().fold(finding, |finding, reason| {
        finding.seen(&job.source, format!("pended spawn = {reason}"))
    });
    vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())]
}

/// True if launchd is known to hold back the next start of an idle job.
pub(crate) fn is_held(at: &Subject<'_>, job: &Job, launchd: &Launchd) -> bool {
    idle(at, job, launchd).verdict == Verdict::Failure
}

/// Returns the domain of the service and how many clients hold it to starts on demand, where some do.
pub(crate) fn on_demand_only(at: &Subject<'_>) -> Option<(Manager, u64)> {
    at.facts.on_demand.iter().find_map(|(manager, count)| {
        let count = count.known().copied().filter(|count| *count > 0)?;
        at.gateway.lane().filter(|lane| lane.manager == *manager).map(|lane| (lane.manager, count))
    })
}

fn idle(at: &Subject<'_>, job: &Job, launchd: &Launchd) -> Finding {
    if launchd.penalty_box {
        return Finding::failure(
            "launchd keeps it in the penalty box: its program was not there, and it is not tried again until it is",
        );
    }
    if let Some((manager, count)) = on_demand_only(at) {
        return Finding::failure(format!(
            "launchd starts nothing by itself in this domain ({manager}): {count} client{} hold{} it to starts on demand",
            plural(count),
            if count == 1 { "s" } else { "" }
        ))
        .help("`launchctl kickstart` is a demand; a new login ends the state");
    }
    // A list of services has neither.
    if launchd.runs.is_none() && launchd.pended.is_none() {
        return Finding::unknown("whether launchd holds back its next start", &Why::NotObserved)
            .minor();
    }
    match (&launchd.pended, job.last_exit, launchd.keep_alive) {
        (Some(reason), ..) => Finding::failure(format!(
            "launchd holds back the next start, which only a demand brings now (pended: {reason})"
        ))
        .help("`launchctl kickstart` is a demand"),
        (None, Some(Exit::Code(75)), Some(KeepAlive::Always))
            if job.phase == Phase::Stopped
                && !is_early(at, launchd)
                && matches!(at.gateway.liveness.process, Fact::Absent) =>
        {
            Finding::failure(
                "it ended to be started again (exit 75), its policy is to start it always, and launchd has not",
            )
        }
        _ => Finding::pass("launchd holds back no start that is due"),
    }
}

/// True if the last run is known to have ended so recently that its next start is not due.
fn is_early(at: &Subject<'_>, launchd: &Launchd) -> bool {
    let status = at.gateway.status.known();
    let age = status.and_then(|status| status.updated_at).and_then(|written| at.age_of(written));
    let wait = launchd.minimum_runtime.map_or(DEFAULT_WAIT, |wait| wait.as_secs());
    age.is_some_and(|age| u64::try_from(age).is_ok_and(|age| age < wait))
}

/// `ThrottleInterval` where none is set, in seconds.
const DEFAULT_WAIT: u64 = 10;
