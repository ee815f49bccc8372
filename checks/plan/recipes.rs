//! What the courses of both service managers share: which commands only read, how a gateway outside its
//! service is ended, what proves the end, and what gives the gateway back.

use gw_snapshot::facts::Manager;
use gw_snapshot::facts::gateway::{Lane, Listener, Usable};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::record::Status;
use gw_snapshot::facts::settings::ApiServer;
use gw_snapshot::host::Scope;
use gw_snapshot::snapshot::Os;

use super::{Action, Course, Expect, Fallback, Guard, Proof, Service, Step, script};
use crate::Subject;

/// Where no commands answer a diagnosis: its page does.
pub(super) fn explain(at: &Subject<'_>, diagnosis: &str) -> Course {
    look(
        at,
        format!("no commands answer this safely: `gw-doctor explain {diagnosis}` says what to do"),
    )
}

/// Read-only commands that tell more.
pub(super) fn look(at: &Subject<'_>, because: impl Into<String>) -> Course {
    let mut by_hand = Vec::new();
    // root has no gui domain, and a home of its own (OpenClaw #46466).
    if is_root_s(at) {
        by_hand.push("Look again as the user whose gateway it is, without sudo".into());
    }
    Course::Look { because: because.into(), by_hand, commands: readings(at) }
}

/// Whether root looks at a service of launchd's, and so not at the domains of the user who has it.
fn is_root_s(at: &Subject<'_>) -> bool {
    at.facts.about.os == Os::Macos && at.facts.about.uid == Some(0)
}

fn readings(at: &Subject<'_>) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let lane = at.gateway.lane().filter(|lane| may_be_there(lane) && !at.is_without_systemd());
    if let Some((scope, lane)) = lane.and_then(systemd_scope) {
        let user = user_flag(scope);
        commands.push(words(&format!("systemctl {user}status --no-pager {}", lane.name)));
        commands.push(words(&format!("systemctl {user}cat {}", lane.name)));
        commands.push(words(&format!("journalctl {user}--no-pager -n 30 -u {}", lane.name)));
    }
    let lane = at.gateway.lane().filter(|lane| lane.manager.is_launchd() && !is_root_s(at));
    if let Some(lane) = lane {
        for domain in ["gui", "user"] {
            let uid = at.facts.about.uid.unwrap_or_default();
            commands.push(words(&format!("launchctl print {domain}/{uid}/{}", lane.name)));
            commands.push(words(&format!("launchctl print-disabled {domain}/{uid}")));
        }
    }
    commands.push(words("gw-doctor check -v"));
    commands
}

/// Whether its manager can be asked for it: neither its file nor its job is known to be missing.
fn may_be_there(lane: &Lane) -> bool {
    lane.is_installed() || !(lane.definition.is_absent() && lane.job.is_absent())
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(String::from).collect()
}

/// Hermes refused its configuration: whatever starts it again before that is mended is refused again.
pub(super) fn config(at: &Subject<'_>) -> Course {
    let refusal = at.gateway.status.known().and_then(|status| status.state.as_deref());
    let lane = at.gateway.lane().filter(|lane| lane.manager.is_launchd());
    if let (Some(lane), false) = (lane, refusal == Some("startup_failed")) {
        return either_s(at, lane);
    }
    let reason = at.gateway.status.known().and_then(|status| status.exit_reason.clone());
    let reason = reason.map_or_else(String::new, |reason| {
        format!(": {}", reason.trim_end_matches(['.', ' ', '\n']))
    });
    let mut commands =
        vec![vec!["tail".into(), "-n".into(), "30".into(), at.path("logs/errors.log")]];
    commands.extend(readings(at));
    Course::Look {
        because: "Hermes refuses its configuration, and every start would be refused again".into(),
        by_hand: vec![
            format!("Mend what it names in {} or {}{reason}", at.path(".env"), at.path("config.yaml")),
            "Then run gw-doctor plan again: it sees that what was refused is mended, and starts the service".into(),
        ],
        commands,
    }
}

/// A 78 that may be Hermes's own or launchd's: which of the two, the log of its errors tells.
fn either_s(at: &Subject<'_>, lane: &Lane) -> Course {
    let agent = lane.definition.known().and_then(|definition| definition.agent.as_ref());
    let log = agent.and_then(|agent| agent.stderr.as_ref()).map(|(path, _)| path.clone());
    let log =
        log.filter(|log| log.starts_with('/')).unwrap_or_else(|| at.path("logs/gateway.error.log"));
    let mut commands = vec![
        vec!["tail".into(), "-n".into(), "30".into(), log.clone()],
        vec!["tail".into(), "-n".into(), "30".into(), at.path("logs/errors.log")],
    ];
    commands.extend(readings(at));
    Course::Look {
        because: "whether Hermes refused its configuration, or launchd could not open what the plist names, is not known".into(),
        by_hand: vec![
            format!("Look at the end of {log}. With a line of its last start, Hermes refused: mend what it names in {} or {}", at.path(".env"), at.path("config.yaml")),
            format!("Without one, launchd never came to run Hermes: see to it that it may open and enter all that {} names", lane.path),
            "Then run gw-doctor plan again".into(),
        ],
        commands,
    }
}

/// Whether what it refused is gone: its settings were written since, or the port is free for which it refused.
pub(super) fn is_mended(at: &Subject<'_>) -> bool {
    let status = at.gateway.status.known();
    let refusal = status.filter(|status| status.state.as_deref() == Some("startup_failed"));
    if port_of(refusal).is_some_and(|port| is_free(at, port)) {
        return true;
    }
    let ended = at.job().and_then(|(_, job)| job.exited_at);
    let Some(ended) = ended.or_else(|| refusal?.updated_at) else { return false };
    let config = at.gateway.files.iter().filter(|file| file.path.ends_with("/config.yaml"));
    let mut settings = [&at.gateway.dotenv].into_iter().chain(config);
    settings.any(|file| file.mtime.is_some_and(|written| written > ended))
}

/// The port for which a start was refused: `Port 8642 already in use` (0.19).
fn port_of(refusal: Option<&Status>) -> Option<u16> {
    let reason = refusal?.exit_reason.as_deref()?.to_ascii_lowercase();
    let (_, rest) = reason.split_once("port ").filter(|_| reason.contains("in use"))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Whether nobody listens on a port, as far as every listener was seen.
fn is_free(at: &Subject<'_>, port: u16) -> bool {
    at.facts.listeners.complete && at.facts.listeners.list.iter().all(|found| found.port != port)
}

/// Somebody else has the port. It is never taken away: the person chooses who keeps it.
pub(super) fn port(at: &Subject<'_>) -> Course {
    let Some(api) = at.api() else { return look(at, "which port is meant is not known") };
    let Some(&port) = api.port.value.literal() else {
        return look(at, "which port is meant is not known");
    };
    let holders: Vec<&Process> =
        at.facts.on(api).flat_map(|listener| listener.owners.iter().flatten()).collect();
    let named: Vec<String> = holders.iter().map(|holder| name_of(at, holder)).collect();
    // A manager is not to be ended: it listens in the place of what a socket unit starts.
    let manager = holders.iter().find(|holder| holder.is_systemd());
    let systemctl =
        manager.map(|holder| if holder.pid == 1 { "systemctl" } else { "systemctl --user" });
    let mut by_hand = vec![systemctl.map_or_else(|| format!(
        "Choose who is to have {}. It is {} now: leave it alone if it is wanted there, and end it only by what started it if it is not",
        api.address(),
        if named.is_empty() {
            "held by a program that cannot be seen from here".into()
        } else {
            named.join(", ")
        },
    ), |systemctl| format!(
        "`{systemctl} list-sockets` names the socket unit for which systemd holds {}. If nothing needs it, `{systemctl} disable --now` takes that unit away; Hermes takes no sockets over. Leave systemd itself alone",
        api.address(),
    ))];
    by_hand.push(match free_port(at, port) {
        Some(free) => format!(
            "To give this gateway another port, write API_SERVER_PORT={free} into {} (nobody listens there, and no other profile wants it), and tell its clients",
            at.path(".env")
        ),
        None => format!("To give this gateway another port, set API_SERVER_PORT in {}", at.path(".env")),
    });
    by_hand.push("Then run gw-doctor plan again".into());
    let mut commands = match at.facts.about.os {
        Os::Linux => vec![vec!["ss".into(), "-Hltnp".into(), format!("sport = :{port}")]],
        Os::Macos => vec![words(&format!("lsof -nP -iTCP:{port} -sTCP:LISTEN"))],
    };
    commands
        .extend(systemctl.map(|systemctl| words(&format!("{systemctl} list-sockets --no-pager"))));
    commands.extend(
        holders
            .iter()
            .filter(|holder| !holder.is_systemd())
            .map(|holder| words(&format!("ps -o pid,ppid,user,lstart,command -p {}", holder.pid))),
    );
    commands.push(vec!["grep".into(), "-n".into(), "^API_SERVER_PORT".into(), at.path(".env")]);
    commands.extend(readings(at));
    Course::Look {
        because: format!(
            "{} belongs to somebody else, and no command of ours takes it away",
            api.address()
        ),
        by_hand,
        commands,
    }
}

fn name_of(at: &Subject<'_>, holder: &Process) -> String {
    match at.facts.gateway_of(holder.pid) {
        Some(gateway) => {
            format!("PID {}, the gateway of profile {}", holder.pid, gateway.home.profile)
        }
        None => format!("PID {}, {}", holder.pid, holder.command()),
    }
}

/// The next port that nobody listens on and no gateway is configured for. None where not every listener was seen.
fn free_port(at: &Subject<'_>, taken: u16) -> Option<u16> {
    if !at.facts.listeners.complete {
        return None;
    }
    let is_wanted = |port: u16| {
        at.facts
            .gateways
            .iter()
            .filter_map(|gateway| gateway.api.known())
            .any(|api| api.port.value.is(&port) != Some(false))
    };
    (taken.saturating_add(1)..u16::MAX).find(|port| is_free(at, *port) && !is_wanted(*port))
}

/// What a definition names and is not there, for people.
pub(super) fn missing_path(at: &Subject<'_>, lane: &Lane) -> Option<String> {
    let named =
        lane.paths.iter().find(|named| named.state(at.facts.about.uid) == Usable::Missing)?;
    Some(match named.seen.target {
        Some(_) => format!("{}: mend that first", named.missing()),
        None => format!("the {} {} is missing: mend {} first", named.what, named.path, lane.path),
    })
}

/// Ends the gateway that runs outside its service.
///
/// # Errors
/// If it cannot be ended safely: the reason, for people.
pub(super) fn end_of(at: &Subject<'_>, idle: Guard, within: u64) -> Result<Step, String> {
    let Some(process) = at.gateway.process() else {
        return Err("there is no process to end".into());
    };
    if !at.gateway.liveness.others.is_empty() {
        return Err(
            "more than one gateway of this home lives: decide by hand which is to stay".into()
        );
    }
    // Two that start it would take it from each other for ever.
    if let Some(starter) = &at.gateway.starter {
        return Err(format!(
            "PID {} ({}) started PID {}, and may start it again beside the service: end that first, where it was started, and look again",
            starter.pid,
            starter.command(),
            process.pid
        ));
    }
    let same = same(at, process)?;
    Ok(Step {
        name: "end-foreground",
        why: format!(
            "PID {} does the service's work in the foreground. It is asked to end, and answers no more from then on.",
            process.pid
        ),
        guards: vec![same, idle],
        action: Action::Terminate { pid: process.pid },
        changes: format!("ends PID {}; nobody answers until its service has started", process.pid),
        expect: Expect::Gone { pid: process.pid, within },
        undo: as_it_ran(process),
    })
}

/// What starts a process again that a step ends, for people.
pub(super) fn as_it_ran(process: &Process) -> String {
    let argv = process.seen.argv.as_deref().unwrap_or_default();
    format!("start it again where it ran: {}", script::words(argv))
}

/// The guard that a process is still the one that was seen, and is ours to end.
pub(super) fn same(at: &Subject<'_>, process: &Process) -> Result<Guard, &'static str> {
    if process.seen.uid.is_some() && process.seen.uid != at.facts.about.uid {
        return Err("the gateway belongs to another user, who must stop it");
    }
    Guard::same(process, at.facts.about.os)
        .ok_or("too little of the process could be seen to be sure of it later")
}

/// Whoever stopped a gateway on purpose may have meant it: the steps that start it again, after asking.
pub(super) fn after_asking(lane: &Lane, mut steps: Vec<Step>) -> Vec<Step> {
    let question = format!("{} was stopped on purpose. Is it to run again?", lane.name);
    if let Some(first) = steps.first_mut() {
        first.guards.insert(0, Guard::Agreed { question });
    }
    steps
}

/// That a gateway which hung still does: by the witness that cannot be mistaken, if there is one.
pub(super) fn still_hangs(at: &Subject<'_>, process: &Process) -> Guard {
    if process.is_stopped() {
        return Guard::StillStopped { pid: process.pid };
    }
    let silent =
        at.own_health().filter(|health| matches!(health.answer, Answer::TimedOut | Answer::Closed));
    match silent {
        Some(health) => Guard::StillSilent { url: health.url.clone() },
        None => Guard::NoMarks {
            marks: ["state/gateway.heartbeat", "cron/ticker_heartbeat"]
                .map(|mark| at.path(mark))
                .into(),
            within: MARK_SECONDS,
        },
    }
}

/// Longer than a gateway that lives needs for its next mark: its ticker leaves one every 60 s, its event loop every 30 s. In
/// seconds.
const MARK_SECONDS: u64 = 70;

/// That nobody took the lock or the port of the gateway that is about to start. The port of one that is to
/// end before is free by then.
pub(super) fn way_is_clear(at: &Subject<'_>) -> Vec<Guard> {
    let mut guards = vec![Guard::NoGateway { lock: at.path("gateway.lock") }];
    let own = at.gateway.process().map(|process| process.pid);
    let is_free = |listener: &Listener| own.is_some_and(|pid| listener.is_held_by(pid));
    let port = at.api().and_then(|api| api.port.value.literal().copied());
    if let Some(port) = port.filter(|_| at.facts.listeners.complete) {
        let mut there = at.facts.listeners.list.iter().filter(|found| found.port == port);
        if there.all(is_free) {
            guards.push(Guard::FreePort { port });
        }
    }
    guards
}

/// What proves that the gateway runs.
pub(super) fn proof(at: &Subject<'_>, service: Service) -> Proof {
    let api = at.api();
    Proof {
        service,
        status: at.path("gateway_state.json"),
        lock: at.path("gateway.lock"),
        port: api.and_then(|api| api.port.value.literal().copied()),
        health: api.and_then(ApiServer::health_url),
    }
}

/// What gives the gateway back that a course ends before its service starts.
pub(super) fn fallback(at: &Subject<'_>, course: &Course, service: Service) -> Option<Fallback> {
    let Course::Steps(steps) = course else { return None };
    let ends = steps.iter().any(|step| matches!(step.action, Action::Terminate { .. }));
    let argv = at.gateway.process()?.seen.argv.clone().filter(|argv| !argv.is_empty())?;
    let was_loaded = steps.iter().all(|step| {
        !matches!(&step.action, Action::Launchctl { words } if words.first().is_some_and(|word| word == "bootstrap"))
    });
    let is_taken_back = match service {
        Service::Unit { .. } => true,
        Service::Job { .. } => !was_loaded,
    };
    let starts = steps.iter().any(|step| step.name == "end-foreground");
    (ends && starts).then(|| Fallback {
        service,
        is_taken_back,
        lock: at.path("gateway.lock"),
        home: at.gateway.home.path.clone(),
        argv,
    })
}

/// How long a gateway may take to start: it waits 30 s for each platform that does not answer. In seconds.
pub(super) const START_SECONDS: u64 = 120;

/// The words of `systemctl` that go before its verb, for people.
pub(super) fn systemctl(scope: Scope, words: &[&str]) -> String {
    let by = match scope {
        Scope::User => "systemctl --user",
        Scope::System => "sudo systemctl",
    };
    format!("{by} {}", words.join(" "))
}

/// A service of systemd's, and whose it is.
pub(super) fn systemd_scope(lane: &Lane) -> Option<(Scope, &Lane)> {
    match lane.manager {
        Manager::SystemdUser => Some((Scope::User, lane)),
        Manager::SystemdSystem => Some((Scope::System, lane)),
        Manager::LaunchdGui(_) | Manager::LaunchdUser(_) | Manager::LaunchdSystem => None,
    }
}

/// `--user `, where it is the user's.
pub(super) const fn user_flag(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "--user ",
        Scope::System => "",
    }
}
