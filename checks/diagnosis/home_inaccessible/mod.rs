//! The home cannot be entered or read by the one who should.

use gw_snapshot::observation::Trouble;

use super::{Case, Found};
use crate::Subject;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let gateway = at.gateway;
    let mode = |mode: &Option<String>, uid: Option<u32>| match (mode, uid) {
        (Some(mode), Some(uid)) => format!(" (uid {uid}, mode {mode})"),
        _ => String::new(),
    };
    if let Some(directory) = at.hung_directory() {
        return hangs(case, directory);
    }
    if gateway.directory.error != Some(Trouble::PermissionDenied) {
        return None;
    }
    if !keeps_its_user_out(at) {
        return None;
    }
    let whose = mode(&gateway.directory.mode, gateway.directory.uid);
    let home = &gateway.home.path;
    let summary = match gateway.process() {
        Some(process) => format!(
            "PID {} lives, and its home {home}{whose} cannot be read: what depends on it cannot be told",
            process.pid
        ),
        None => format!(
            "{home}{whose} cannot be entered by uid {}: the gateway cannot start, and nothing in it can be told",
            at.user().or(at.facts.about.uid).unwrap_or_default()
        ),
    };
    Found::certain(summary, OWN)
}

/// The home is on a file system that does not answer: a server that is gone, as a rule.
fn hangs(case: &Case<'_>, directory: &str) -> Option<Found> {
    let gateway = case.at.gateway;
    let who = gateway
        .process()
        .map_or_else(String::new, |process| format!("PID {} lives, and ", process.pid));
    Found::certain(
        format!("{who}the directory {directory} does not answer: the file system under it hangs, and nothing in it can be told"),
        OWN,
    )
    .map(|found| found.also(&["home/mount", "job/under-way", "health/timeout", "runtime/loop-stalled"]))
}

const OWN: &[&str] = &[
    "definition/broken-path",
    "job/crash-loop",
    "job/not-running",
    "job/restarting",
    "definition/api-server-env",
    "port/expected-unknown",
    "port/no-listener",
    "runtime/unreadable",
    "cron/store-unreadable",
    "cron/ticker-late",
    "cron/ticks-failing",
    "cron/no-ticker",
    "health/refused",
    "health/blocked",
    "logs/api-server-refused",
    "logs/missing-dependency",
    "logs/port-bind",
    "owner/stale-pid-file",
    "owner/unsupervised",
];

/// Whether it is the gateway's own user who is kept out, and not only the one who looks: they are the same, or owner
/// and mode say so.
fn keeps_its_user_out(at: &Subject<'_>) -> bool {
    let Some(user) = at.user() else { return at.installed().next().is_none() };
    let directory = &at.gateway.directory;
    let bits = directory.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
    let is_closed = bits.is_some_and(|bits| bits & 0o011 == 0);
    at.facts.about.uid == Some(user)
        || user != 0 && is_closed && directory.uid.is_some_and(|owner| owner != user)
}
