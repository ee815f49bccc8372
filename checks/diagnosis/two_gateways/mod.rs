//! More than one gateway serves one home.

use gw_snapshot::facts::process::Process;

use super::{Case, Found};
use crate::finding::span;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if let Some(found) = out_of_sight(case) {
        return Some(found);
    }
    // Two services that each start one are a cause of their own.
    if !case.failed("owner/duplicate-gateway") || case.failed("definition/duplicate") {
        return None;
    }
    let mut all: Vec<&Process> = at.gateway.process().into_iter().collect();
    all.extend(at.gateway.liveness.others.iter().filter(|other| !other.is_zombie()));
    all.sort_by_key(|process| process.started_at);
    let each: Vec<String> = all.into_iter().map(|process| where_it_stands(case, process)).collect();
    let lock = match case.found("owner/ghost-lock") {
        Some(_) => "; the lock file that should have kept them apart was removed",
        None => "",
    };
    Found::certain(
        format!("{} gateways serve one home: {}{lock}", each.len(), each.join(" and ")),
        &[
            "owner/duplicate-gateway",
            "owner/ghost-lock",
            "owner/unsupervised",
            "owner/other-job",
            "owner/stale-pid-file",
            "port/no-listener",
            "port/foreign-listener",
            "health/refused",
            "survival/crash",
            "survival/logout",
        ],
    )
}

/// One that nobody here sees, and that writes to the home of the one that lives (upstream #78810).
fn out_of_sight(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    case.found("runtime/left-by-another")?;
    let (process, (status, age)) = (at.gateway.process()?, at.foreign_status()?);
    let writer = status.writer.as_ref()?;
    // A second start that was refused says so, and is no gateway.
    if matches!(status.state.as_deref(), None | Some("stopped" | "startup_failed")) {
        return None;
    }
    Found::likely(
        format!(
            "two gateways may serve one home: {}, and PID {}, which wrote the status file {} ago and is not to be seen here: it may run in another container",
            where_it_stands(case, process),
            writer.pid,
            span(age.unsigned_abs())
        ),
        &["runtime/left-by-another", "owner/stale-pid-file"],
    )
}

fn where_it_stands(case: &Case<'_>, process: &Process) -> String {
    let pid = process.pid;
    let holds: Vec<String> =
        case.at.facts.held_by(pid).map(gw_snapshot::facts::gateway::Listener::text).collect();
    let holds = if holds.is_empty() { String::new() } else { format!(" on {}", holds.join(", ")) };
    let lane = case
        .at
        .gateway
        .lanes
        .iter()
        .find(|lane| lane.job.known().is_some_and(|job| job.main_pid == Some(pid)));
    match lane {
        Some(lane) => format!("PID {pid} under {}{holds}", lane.title()),
        None => format!("PID {pid} outside its services{holds}"),
    }
}
