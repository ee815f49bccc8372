//! The directory of a home was renamed or removed while its gateway ran.

use gw_snapshot::facts::Gateway;
use gw_snapshot::observation::Trouble;

use super::{Case, Found};
use crate::Subject;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    if let Some((from, to, pid)) = from_the_old_name(at).or_else(|| from_the_new_name(at)) {
        return Found::certain(
            format!(
                "the home {from} was renamed to {to} while PID {pid} served it: the gateway works on there, and its service, which names the old path, cannot start it again"
            ),
            EXPLAINS,
        );
    }
    let pid = at.gateway.process().filter(|_| is_gone(at.gateway))?.pid;
    Found::certain(
        format!(
            "the home {} was removed while PID {pid} served it: the gateway lives, and what it writes there is lost",
            at.gateway.home.path
        ),
        EXPLAINS,
    )
}

/// The home that is gone: the main process of its service is the gateway of another home.
fn from_the_old_name<'a>(at: &Subject<'a>) -> Option<(&'a str, &'a str, u32)> {
    let pid = at.installed().find_map(|lane| lane.job.known()?.main_pid)?;
    let is_new = |now: &&Gateway| now.home.path != at.gateway.home.path && is_there(now);
    let now = at.facts.gateway_of(pid).filter(is_new).filter(|_| is_gone(at.gateway))?;
    Some((&at.gateway.home.path, &now.home.path, pid))
}

/// The home in which the gateway works: the service that has its process names another home, and that is gone.
fn from_the_new_name<'a>(at: &Subject<'a>) -> Option<(&'a str, &'a str, u32)> {
    let pid = at.gateway.process()?.pid;
    let is_old = |other: &&Gateway| {
        let mut mains = other.lanes.iter().filter_map(|lane| lane.job.known()?.main_pid);
        other.home.path != at.gateway.home.path && is_gone(other) && mains.any(|main| main == pid)
    };
    let old = at.facts.gateways.iter().find(is_old).filter(|_| is_there(at.gateway))?;
    Some((&old.home.path, &at.gateway.home.path, pid))
}

/// True if there is no such directory. A link that leads nowhere may get its target back.
fn is_gone(gateway: &Gateway) -> bool {
    gateway.directory.error == Some(Trouble::NotFound) && gateway.directory.target.is_none()
}

fn is_there(gateway: &Gateway) -> bool {
    gateway.directory.error.is_none()
}

const EXPLAINS: &[&str] = &[
    "definition/broken-path",
    "definition/other-home",
    "owner/unsupervised",
    "owner/other-job",
    "job/not-running",
    "runtime/missing",
    "survival/crash",
    "survival/reboot",
    "survival/rewrite",
];
