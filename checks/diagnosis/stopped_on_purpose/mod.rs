//! Somebody stopped it, and it said so.

use gw_snapshot::facts::job::Phase;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if at.is_without_systemd() {
        return without_systemd(case);
    }
    let (lane, job) = at.job()?;
    let status = at.gateway.status.known()?;
    let stopped = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    if !stopped
        || !matches!(job.phase, Phase::Stopped | Phase::Failed)
        || !at.gateway.liveness.process.is_absent()
    {
        return None;
    }
    let summary = format!(
        "the gateway was stopped on purpose: {} is {}, and its status file says stopped",
        lane.title(),
        job.words
    );
    Found::certain(summary, EXPLAINS)
}

/// s6 keeps down what was down: where a container starts again, its status file is what is wanted, too
/// (upstream #42675).
fn without_systemd(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let status = at.gateway.status.known()?;
    let stopped = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    if !stopped || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let kept = if at.facts.has_hint("s6") {
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
    "job/not-running",
    "cron/no-ticker",
    "runtime/restart-requested",
    "cron/overdue",
    "job/disabled",
    "survival/reboot",
    "survival/crash",
];
