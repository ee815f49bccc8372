//! A gateway that somebody started by hand does the work of the service.

use gw_snapshot::facts::gateway::Supervision;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let process = at.gateway.process()?;
    let stands = match &at.gateway.supervision {
        Supervision::None { place } if case.failed("owner/unsupervised") => {
            format!("but not supervised: PID {} runs in the foreground, {place}", process.pid)
        }
        Supervision::Other { service } => {
            format!("but not under a service of its own: PID {} runs in {service}", process.pid)
        }
        _ => return None,
    };
    let held: Vec<String> =
        at.facts.held_by(process.pid).map(gw_snapshot::facts::gateway::Listener::text).collect();
    let holds =
        if held.is_empty() { String::new() } else { format!(" and holds {}", held.join(", ")) };
    let service = match at.gateway.lane().filter(|lane| lane.is_installed()) {
        Some(lane) => match lane.job.known() {
            Some(job) => format!("{} is {}", lane.title(), job.words),
            None => format!("{} is not loaded", lane.title()),
        },
        None => "no service is installed".to_string(),
    };
    let summary = format!("the gateway is up {stands}{holds}; {service}");
    Found::certain(
        summary,
        &[
            "owner/unsupervised",
            "owner/other-job",
            "job/not-running",
            "job/not-loaded",
            "job/crash-loop",
            "job/restarting",
            "job/killed",
            "definition/missing",
            "job/disabled",
            "survival/crash",
            "survival/logout",
            "survival/reboot",
            "job/fatal-config",
            "job/start-limit",
        ],
    )
}
