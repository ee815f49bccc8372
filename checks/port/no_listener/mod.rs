//! Whether the gateway listens where it should.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::process::Process;
use gw_snapshot::observation::FileSeen;
use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let address = api.address();
    let pid = process.pid;
    let listening: Vec<String> = at.facts.held_by(pid).map(Listener::text).collect();
    let there: Vec<&Listener> = at.facts.on(&api.host.value, api.port.value).collect();
    let is_meant = at.facts.held_by(pid).any(|listener| listener.is_meant_by(api));
    let finding = if is_meant || there.iter().any(|listener| listener.is_held_by(pid)) {
        Finding::pass(format!("PID {pid} listens on {address}"))
    } else if there.iter().any(|listener| listener.owners.iter().flatten().next().is_none()) {
        Finding::unknown(
            "whether the gateway listens",
            &Why::Failed("the owner of the listener is not visible".into()),
        )
        .minor()
    } else if let Some(why) = at.listens_out_of_sight() {
        Finding::unknown("whether the gateway listens", &why)
    } else if let Some(step) = at.start() {
        Finding::unknown("whether it will listen", &Why::Failed(step.words().into()))
    } else if at.is_ending() {
        let why = Why::Failed("the gateway is ending, as its status file says".into());
        Finding::unknown("whether it listens still", &why)
    } else if !listening.is_empty() {
        Finding::failure(format!(
            "PID {pid} listens on {}, not on {address}{}",
            listening.join(", "),
            written_since(at, process)
        ))
    } else if let Some(owner) =
        there.iter().find_map(|listener| listener.owners.iter().flatten().next())
    {
        Finding::failure(format!("PID {pid} does not listen on {address}: PID {} does", owner.pid))
    } else if at.facts.listeners.complete || at.answered(|answer| matches!(answer, Answer::Refused))
    {
        Finding::failure(format!(
            "PID {pid} does not listen on {address}, and nobody else does{}",
            written_since(at, process)
        ))
    } else {
        let why = at.unseen_listeners().unwrap_or(Why::NotObserved);
        Finding::unknown(&format!("whether anything listens on {address}"), &why)
    };
    vec![finding.seen(
        "listening sockets",
        if listening.is_empty() { "none of this process".into() } else { listening.join(", ") },
    )]
}

/// The settings that the gateway has not read, for they were written after it started.
fn written_since(at: &Subject<'_>, process: &Process) -> String {
    let Some(started) = process.started_at else { return String::new() };
    let config = at.path("config.yaml");
    let config = at.gateway.files.iter().filter(|file| file.path == config);
    let is_newer = |file: &&FileSeen| {
        file.mtime.is_some_and(|written| written.duration_since(started) > STAMP)
    };
    let written = [&at.gateway.dotenv].into_iter().chain(config).find(is_newer);
    written.map_or_else(String::new, |file| {
        format!(": {} was written after it started, and is read at its next start", file.path)
    })
}

/// How far the start of a process and the time of a file may be apart by the clocks that tell them.
const STAMP: SignedDuration = SignedDuration::from_secs(2);
