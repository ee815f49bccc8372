//! Whether it is between two states, so that another look is due.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Job, Phase};
use gw_snapshot::facts::limit::Limit;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::job::{crash_loop, killed};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let is_penalized = job.launchd.as_ref().is_some_and(|launchd| launchd.penalty_box);
    let in_vain = waits_in_vain(at, job);
    let finding = match (job.phase, &in_vain) {
        (Phase::Restarting, _) if is_penalized => {
            return vec![
                Finding::skipped(format!(
                    "{} waits for its program to be there: see job/parked",
                    lane.name
                ))
                .of_service(lane.title()),
            ];
        }
        (Phase::Restarting, _) => Finding::warning(format!(
            "{} has just ended, and is about to be started again",
            lane.name
        )),
        (Phase::Starting, Some(waits)) => Finding::warning(format!(
            "{} is not started for systemd, though its gateway runs: {waits}",
            lane.name
        )),
        (Phase::Starting, None) => Finding::warning(format!("{} is being started", lane.name)),
        _ => {
            return vec![
                Finding::pass(format!("{} is not between two states", lane.name))
                    .of_service(lane.title()),
            ];
        }
    };
    let finding = finding.seen(&job.source, job.words.clone()).of_service(lane.title());
    vec![match in_vain {
        Some(_) => finding
            .help("Type=simple is what Hermes writes: change it, then `daemon-reload` and restart"),
        // The next start of a loop is no better than the last one.
        None if crash_loop::is_between_runs(at, lane, job) => finding,
        None => finding.help(match demand(at, lane, job) {
            Some(command) => {
                format!("`{command}` starts it now; else look again when it has started")
            }
            None => "look again when it has started".into(),
        }),
    }]
}

/// The command that starts a job of launchd's at once, where its next start may be long in coming.
fn demand(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<String> {
    job.launchd.as_ref()?;
    let wait = at.wait_for_next_start(job)?;
    let target = format!("{}/{}", lane.manager.domain(), lane.name);
    (wait.as_secs() >= LONG_SECONDS).then(|| format!("launchctl kickstart {target}"))
}

/// Nobody waits for a start that takes longer. In seconds.
const LONG_SECONDS: i64 = 60;

/// What systemd still waits for while the gateway says that it runs: the unit is of a type that Hermes does not serve,
/// and systemd ends the gateway once the time to start is over.
pub(crate) fn waits_in_vain(at: &Subject<'_>, job: &Job) -> Option<String> {
    let systemd = job.systemd.as_ref().filter(|_| job.phase == Phase::Starting)?;
    let waits = killed::waits_for(&systemd.kind)?;
    let status = at.gateway.own_status(at.facts.about.os)?;
    if !matches!(status.state.as_deref(), Some("running" | "degraded")) {
        return None;
    }
    let end = systemd.start_timeout.and_then(Limit::seconds).map_or_else(
        || "and what waits for the unit waits without end".into(),
        |limit| format!("and systemd ends it {limit} s after its start"),
    );
    Some(format!("Type={} waits for {waits}, which does not come, {end}", systemd.kind))
}
