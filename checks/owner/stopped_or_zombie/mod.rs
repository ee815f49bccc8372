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
    } else if let (true, Some(tracer)) = (process.is_stopped(), process.seen.tracer) {
        let claim = format!(
            "PID {} is held by a debugger, PID {tracer}: it exists, holds its port, and does nothing",
            process.pid
        );
        Finding::failure(claim)
            .seen(format!("/proc/{}/status", process.pid), format!("TracerPid: {tracer}"))
            .help("whoever debugs it lets it go on (`detach`); the end of the debugger does so too")
    } else if process.is_stopped() {
        Finding::failure(format!(
            "PID {} is stopped: it exists, holds its port, and does nothing",
            process.pid
        ))
        .help("if nobody debugs it, continue it (SIGCONT) or restart its service")
    } else if let Some((lane, freezer)) = at.frozen() {
        return vec![frozen(lane, freezer, process)];
    } else if process.seen.frozen == Some(true) {
        return vec![frozen_past_systemd(process)];
    } else if process.seen.state.is_none() {
        Finding::unknown("what state the process is in", &Why::NotObserved).minor()
    } else if let Some(tracer) = process.seen.tracer {
        Finding::note(format!(
            "PID {} runs, and PID {tracer} traces it, as a debugger does: it may be slow, and can be held at any moment",
            process.pid
        ))
    } else {
        Finding::pass(format!("PID {} is neither stopped nor dead", process.pid))
    };
    vec![finding.seen(format!("process {}", process.pid), format!("state {state}"))]
}

/// A control group was frozen by somebody else than systemd, which does not know of it.
fn frozen_past_systemd(process: &Process) -> Finding {
    let pid = process.pid;
    let group = process.seen.cgroup.as_deref().unwrap_or_default();
    Finding::failure(format!(
        "PID {pid} is frozen with its control group: it exists, holds its port, and does nothing"
    ))
    .seen(format!("/sys/fs/cgroup{group}/cgroup.events"), "frozen 1")
    .help("`cat` the `cgroup.freeze` of that group and of each above it: the one that says 1 was frozen; whoever did it thaws it")
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
