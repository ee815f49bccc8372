//! systemd holds the processes of the service still, because somebody asked it to.

use gw_snapshot::facts::job::systemd::Freezer;

use super::wedged::EXPLAINS;
use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("owner/stopped-or-zombie")?;
    let process = case.at.gateway.process()?;
    let (lane, freezer) = case.at.frozen()?;
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
