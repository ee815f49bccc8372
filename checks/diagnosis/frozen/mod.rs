//! systemd holds the processes of the service still, because somebody asked it to.

use gw_snapshot::facts::job::systemd::Freezer;
use gw_snapshot::facts::process::Process;

use super::wedged::EXPLAINS;
use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("owner/stopped-or-zombie")?;
    let process = case.at.gateway.process()?;
    let Some((lane, freezer)) = case.at.frozen() else { return past_systemd(process) };
    let (what, until) = match freezer {
        Freezer::ByParent => ("frozen with a slice above it", "that slice is thawed"),
        Freezer::Frozen | Freezer::Thawed => ("frozen", "somebody thaws it"),
    };
    let pid = process.pid;
    Found::certain(
        format!("{} is {what}: PID {pid} exists, and does nothing until {until}", lane.title()),
        EXPLAINS,
    )
}

/// Somebody froze a control group by its file: systemd does not know of it.
fn past_systemd(process: &Process) -> Option<Found> {
    let is_frozen =
        process.seen.frozen == Some(true) && !process.is_stopped() && !process.is_zombie();
    let group = process.seen.cgroup.as_deref().filter(|_| is_frozen)?;
    Found::certain(
        format!(
            "PID {} is frozen with its control group {group}, or one above it, and systemd does not know of it: it exists, and does nothing until somebody thaws that",
            process.pid
        ),
        EXPLAINS,
    )
}
