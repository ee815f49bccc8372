//! A gateway that somebody started by hand does the work of the service.

use gw_snapshot::facts::gateway::Supervision;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    // A service that is not known to serve this home, such as cron's, keeps it from its own just as a terminal does.
    let (what, place) = match &at.gateway.supervision {
        Supervision::None { place } if case.failed("owner/unsupervised") => {
            let how = match at.let_go_by() {
                Some(lane) => {
                    format!("{place}, for a run of {} started it and let go of it,", lane.name)
                }
                None => format!("in the foreground, {place}"),
            };
            ("up but not supervised", how)
        }
        Supervision::Other { unit, of: None } if case.failed("owner/other-job") => {
            ("up, and not under a service of its own", format!("in {unit}"))
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
            None if lane.job.is_absent() => format!("{} is not loaded", lane.title()),
            None => format!("whether {} is loaded cannot be told", lane.title()),
        },
        None => "no service is installed".to_string(),
    };
    let other_user = process.seen.uid.filter(|_| case.failed("owner/other-user"));
    let user = other_user.map_or_else(String::new, |uid| format!(" as uid {uid}"));
    let starter = at.gateway.starter.as_ref().map_or_else(String::new, |starter| {
        format!("; what started it may start it again: PID {} ({})", starter.pid, starter.command())
    });
    let summary = format!(
        "the gateway is {what}: PID {} runs{user} {place}{holds}; {service}{starter}",
        process.pid
    );
    Found::certain(
        summary,
        &[
            "owner/unsupervised",
            "owner/other-job",
            "owner/other-user",
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
