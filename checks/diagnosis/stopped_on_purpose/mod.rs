//! Somebody stopped it, and it said so.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::Phase;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if at.is_without_systemd() {
        return without_systemd(case);
    }
    let status = at.gateway.status.known()?;
    let stopped = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    if !stopped || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let lane = at.gateway.lane()?;
    let is = match &lane.job {
        Fact::Known(job) if matches!(job.phase, Phase::Stopped | Phase::Failed) => &job.words,
        Fact::Absent if is_booted_out(lane) && !case.failed("definition/invalid") => "not loaded",
        _ => return None,
    };
    let summary = format!(
        "the gateway was stopped on purpose: {} is {is}, and its status file says stopped",
        lane.title()
    );
    Found::certain(summary, EXPLAINS)
}

/// What `hermes gateway stop` leaves under launchd: a plist, and no job. An override is another cause of that.
fn is_booted_out(lane: &Lane) -> bool {
    lane.manager.is_launchd()
        && lane.definition.known().is_some()
        && lane.disabled.known() != Some(&true)
}

/// s6 keeps down what was down: where a container starts again, its status file is what is wanted, too
/// (upstream #42675).
fn without_systemd(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let status = at.gateway.status.known()?;
    let is_s6 = at.facts.has_hint("s6");
    // What s6 is told stands in the file as well, and outlives what the gateway says of itself (0.20+).
    let wanted_so = is_s6 && status.desired_state.as_deref() == Some("stopped");
    let says_so = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    if !(wanted_so || says_so) || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let kept = if is_s6 {
        ", and s6 keeps it so: another start of the container starts no gateway"
    } else {
        ""
    };
    let summary = format!(
        "the gateway was stopped on purpose: none lives, and its status file says stopped{kept}"
    );
    Found::certain(summary, EXPLAINS)
}

const EXPLAINS: &[&str] = &[
    "job/not-loaded",
    "job/not-running",
    "cron/no-ticker",
    "runtime/restart-requested",
    "cron/overdue",
    "job/disabled",
    "survival/reboot",
    "survival/crash",
];
