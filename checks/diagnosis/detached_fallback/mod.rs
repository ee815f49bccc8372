//! Hermes gave up on launchd, and runs beside its job.

use gw_snapshot::facts::gateway::{Listener, Supervision};

use super::{Case, Certainty, Found};
use crate::finding::span;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let process = at.gateway.process()?;
    let lane = at.gateway.lanes.iter().find(|lane| lane.manager.is_launchd())?;
    if !case.failed("owner/unsupervised")
        || !matches!(at.gateway.supervision, Supervision::None { .. })
    {
        return None;
    }
    let marked = at.gateway.marks.launchd_unsupported.known();
    // What the fallback starts: no terminal, a session of its own, --replace (0.17+).
    let detached = process.seen.ppid == Some(1)
        && process.seen.tty.is_none()
        && gw_snapshot::parse::cmdline::gateway_args(
            process.seen.argv.as_deref().unwrap_or_default(),
        )
        .replace;
    if marked.is_none() && !detached {
        return None;
    }
    let held: Vec<String> = at.facts.held_by(process.pid).map(Listener::text).collect();
    let holds =
        if held.is_empty() { String::new() } else { format!(", and holds {}", held.join(", ")) };
    let job = match lane.job.known() {
        Some(job) => format!("{} is {}", lane.title(), job.words),
        None if lane.job.is_absent() => format!("{} is not loaded", lane.name),
        None => format!("whether {} is loaded cannot be told", lane.name),
    };
    let why = marked.and_then(|marked| marked.reason.clone());
    let since = marked.and_then(|marked| at.age_of(marked.written_at?));
    let since = since.map_or_else(String::new, |age| format!(", for {}", span(age.unsigned_abs())));
    let why = why.map_or_else(String::new, |why| format!(" (it says: {why})"));
    Some(Found {
        stands_alone: false,
        certainty: if marked.is_some() { Certainty::Certain } else { Certainty::Likely },
        summary: format!(
            "the gateway is up but not supervised: PID {} is Hermes's own fallback beside launchd{why}{since}{holds}; {job}",
            process.pid
        ),
        explains: vec![
            "owner/unsupervised",
            "job/not-running",
            "job/not-loaded",
            "job/disabled",
            "job/parked",
            "job/last-exit",
            "job/crash-loop",
            "job/restarting",
            "job/killed",
            "job/fatal-config",
            "survival/crash",
            "survival/logout",
            "survival/reboot",
        ],
    })
}
