//! Which steps answer which diagnosis.

use gw_snapshot::facts::job::{Enabled, Job, Phase};
use gw_snapshot::facts::{Lane, Manager};
use gw_snapshot::host::Scope;

use super::{Action, Course, Expect, Guard, Step, launchd};
use crate::Subject;

/// The course for a diagnosis.
pub(super) fn course(at: &Subject<'_>, diagnosis: &str) -> Course {
    if let Some(lane) = at.gateway.lane().filter(|lane| lane.manager.is_launchd()) {
        return launchd::course(at, lane, diagnosis);
    }
    if at.is_without_systemd() {
        return look(
            at,
            "there is no systemd on this host: what starts its gateway is not seen from here",
        );
    }
    match diagnosis {
        "loaded-not-running" | "stopped-on-purpose" | "stale-records" | "stop-phase-death" => {
            start(at)
        }
        "foreground-owns-gateway" => cut_over(at),
        _ => explain(at, diagnosis),
    }
}

/// Where no commands answer a diagnosis: its page does.
pub(super) fn explain(at: &Subject<'_>, diagnosis: &str) -> Course {
    look(
        at,
        &format!("no commands answer this safely: `gw-doctor explain {diagnosis}` says what to do"),
    )
}

/// Read-only commands that tell more.
pub(super) fn look(at: &Subject<'_>, because: &str) -> Course {
    let mut commands = Vec::new();
    let words = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
    let lane = at.gateway.lane().filter(|lane| may_be_there(lane) && !at.is_without_systemd());
    if let Some((scope, lane)) = lane.and_then(systemd) {
        let user = if scope == Scope::User { "--user " } else { "" };
        commands.push(words(&format!("systemctl {user}status --no-pager {}", lane.name)));
        commands.push(words(&format!("systemctl {user}cat {}", lane.name)));
    }
    if let Some(lane) = at.gateway.lane().filter(|lane| lane.manager.is_launchd()) {
        for domain in ["gui", "user"] {
            let uid = at.facts.about.uid.unwrap_or_default();
            commands.push(words(&format!("launchctl print {domain}/{uid}/{}", lane.name)));
            commands.push(words(&format!("launchctl print-disabled {domain}/{uid}")));
        }
    }
    commands.push(words("gw-doctor check -v"));
    Course::Look { because: because.into(), commands }
}

/// Whether its manager can be asked for it: neither its file nor its job is known to be missing.
fn may_be_there(lane: &Lane) -> bool {
    lane.is_installed() || !(lane.definition.is_absent() && lane.job.is_absent())
}

/// Installed, idle, and nobody else does its work: start it.
fn start(at: &Subject<'_>) -> Course {
    let Some((scope, lane)) = at.gateway.lane().and_then(systemd) else {
        return look(at, "there is no systemd service to start");
    };
    let Some(job) = lane.job.known() else { return look(at, "the service is not loaded") };
    if !at.gateway.liveness.process.is_absent() {
        return look(at, "whether another gateway of this home lives is not known");
    }
    let mut steps = vec![start_step(at, scope, lane, job)];
    steps.extend(enable_step(scope, lane, job));
    Course::Steps(steps)
}

/// A gateway in the foreground, its service idle: end the one, start the other.
fn cut_over(at: &Subject<'_>) -> Course {
    let Some((scope, lane)) = at.gateway.lane().and_then(systemd) else {
        return look(at, "there is no systemd service to take over");
    };
    let Some(job) = lane.job.known().filter(|_| lane.definition.known().is_some()) else {
        return look(at, "no service is installed that could take over: install one first");
    };
    let idle = Guard::UnitIdle { scope, unit: lane.name.clone() };
    let stop = match end_of(at, idle, stop_seconds(job)) {
        Ok(step) => step,
        Err(because) => return look(at, because),
    };
    let mut steps = vec![stop, start_step(at, scope, lane, job)];
    steps.extend(enable_step(scope, lane, job));
    Course::Steps(steps)
}

/// Ends the gateway that runs outside its service.
///
/// # Errors
/// If it cannot be ended safely: the reason, for people.
pub(super) fn end_of(at: &Subject<'_>, idle: Guard, within: u64) -> Result<Step, &'static str> {
    let Some(process) = at.gateway.process() else { return Err("there is no process to end") };
    if process.seen.uid.is_some() && process.seen.uid != at.facts.about.uid {
        return Err("the gateway belongs to another user, who must stop it");
    }
    if !at.gateway.liveness.others.is_empty() {
        return Err("more than one gateway of this home lives: decide by hand which is to stay");
    }
    let same = Guard::same(process, at.facts.about.os)
        .ok_or("too little of the process could be seen to be sure of it later")?;
    Ok(Step {
        why: format!(
            "PID {} does the service's work in the foreground. It finishes what it is at, and ends.",
            process.pid
        ),
        guards: vec![same, idle],
        action: Action::Terminate { pid: process.pid },
        expect: Expect::Gone { pid: process.pid, within },
        undo: format!("start it again where it ran: {}", process.command()),
    })
}

/// A service that is installed and not enabled would be gone after the next boot.
fn enable_step(scope: Scope, lane: &Lane, job: &Job) -> Option<Step> {
    (job.enabled == Enabled::No).then(|| Step {
        why: format!(
            "{} does not start by itself. Leave this step out if that is meant.",
            lane.name
        ),
        guards: Vec::new(),
        action: Action::Systemctl { scope, verb: "enable", unit: lane.name.clone() },
        expect: Expect::Enabled { scope, unit: lane.name.clone() },
        undo: format!(
            "systemctl {}disable {}",
            if scope == Scope::User { "--user " } else { "" },
            lane.name
        ),
    })
}

fn start_step(at: &Subject<'_>, scope: Scope, lane: &Lane, job: &Job) -> Step {
    let failed = job.phase == Phase::Failed;
    Step {
        why: format!(
            "{} is installed and idle; the service manager starts it and keeps it.",
            lane.name
        ),
        guards: vec![
            Guard::UnitIdle { scope, unit: lane.name.clone() },
            Guard::NoGateway { lock: at.path("gateway.lock") },
        ],
        // `restart` starts a unit that is idle, and one that failed, without a reset in between.
        action: Action::Systemctl {
            scope,
            verb: if failed { "restart" } else { "start" },
            unit: lane.name.clone(),
        },
        expect: Expect::Runs {
            scope,
            unit: lane.name.clone(),
            status: at.path("gateway_state.json"),
            within: START_SECONDS,
        },
        undo: format!(
            "systemctl {}stop {}",
            if scope == Scope::User { "--user " } else { "" },
            lane.name
        ),
    }
}

/// How long a gateway may take to start: it waits 30 s for each platform that does not answer. In seconds.
pub(super) const START_SECONDS: u64 = 120;

/// How long a gateway may take to end: what its service would give it, and some. In seconds.
fn stop_seconds(job: &Job) -> u64 {
    job.stop_limit().map_or(90, |limit| limit.as_secs()).saturating_add(5)
}

fn systemd(lane: &Lane) -> Option<(Scope, &Lane)> {
    match lane.manager {
        Manager::SystemdUser => Some((Scope::User, lane)),
        Manager::SystemdSystem => Some((Scope::System, lane)),
        Manager::LaunchdGui(_) | Manager::LaunchdUser(_) | Manager::LaunchdSystem => None,
    }
}
