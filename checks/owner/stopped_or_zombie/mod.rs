//! Whether the process can run at all.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::job::systemd::Freezer;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::{Lane, Manager};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let state = process.seen.state.as_deref().unwrap_or("?");
    let finding = if process.is_zombie() {
        Finding::failure(format!(
            "PID {} is a zombie: it is dead, and its parent has not noticed",
            process.pid
        ))
    } else if process.is_stopped() {
        Finding::failure(format!(
            "PID {} is stopped: it exists, holds its port, and does nothing",
            process.pid
        ))
        .help("if nobody debugs it, continue it (SIGCONT) or restart its service")
    } else if let Some((lane, freezer)) = at.frozen() {
        return vec![frozen(lane, freezer, process)];
    } else if process.seen.state.is_none() {
        Finding::unknown("what state the process is in", &Why::NotObserved).minor()
    } else {
        Finding::pass(format!("PID {} is neither stopped nor dead", process.pid))
    };
    vec![finding.seen(format!("process {}", process.pid), format!("state {state}"))]
}

/// The kernel calls a process of a frozen unit asleep: only its manager tells.
fn frozen(lane: &Lane, freezer: Freezer, process: &Process) -> Finding {
    let (what, said, help) = match freezer {
        Freezer::ByParent => (
            format!("a slice above {} is frozen", lane.name),
            "frozen-by-parent",
            "`systemctl status` of the unit names the slices above it; if nobody froze one on purpose, thaw that one".into(),
        ),
        Freezer::Frozen | Freezer::Thawed => {
            let user = if lane.manager == Manager::SystemdUser { "--user " } else { "" };
            let help = format!(
                "if nobody froze it on purpose: `systemctl {user}thaw {}`",
                lane.name
            );
            (format!("{} is frozen", lane.name), "frozen", help)
        }
    };
    let pid = process.pid;
    let claim = format!("{what}: PID {pid} exists, holds its port, and does nothing");
    let source = lane.job.known().map_or_else(|| lane.title(), |job| job.source.clone());
    Finding::failure(claim).seen(source, format!("FreezerState={said}")).help(help)
}
