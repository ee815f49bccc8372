//! Whether the gateway listens where it should.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::settings::ApiServer;
use gw_snapshot::observation::FileSeen;
use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else {
        return in_vain(at).map_or_else(|| at.no_api(), |finding| vec![finding]);
    };
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let address = api.address();
    let pid = process.pid;
    let own: Vec<&Listener> = at.facts.held_by(pid).collect();
    let there: Vec<&Listener> = at.facts.on(api).collect();
    let is_meant = own.iter().any(|listener| listener.is_meant_by(api) == Some(true));
    let known = at.facts.api_listener(at.gateway);
    let is_open = |listener: &&Listener| listener.is_meant_by(api).is_none();
    let may_be_meant = own
        .iter()
        .any(|listener| is_open(listener) && !at.facts.part_of(at.gateway, listener).is_another());
    let finding = if is_meant || there.iter().any(|listener| listener.is_held_by(pid)) {
        Finding::pass(format!("PID {pid} listens on {address}"))
    } else if let Some(listener) = known.filter(is_open) {
        // Whether that is what the settings ask for cannot be told, and nothing hangs on it.
        Finding::pass(format!("PID {pid} has its API server on {}", listener.text()))
    } else if let (true, Some(why)) = (may_be_meant, api.open()) {
        Finding::unknown("whether the gateway listens where it should", &why)
    } else if there.iter().any(|listener| listener.owners.iter().flatten().next().is_none()) {
        Finding::unknown(
            "whether the gateway listens",
            &Why::Failed("the owner of the listener is not visible".into()),
        )
        .minor()
    } else if let Some(why) = at.listens_out_of_sight() {
        Finding::unknown("whether the gateway listens", &why)
    } else if own.is_empty() && there.is_empty() && at.is_young(process) && at.answers_as_hermes() {
        // The sockets were listed before it listened, and the endpoint was asked after that.
        Finding::pass(format!("the API server of PID {pid} answers on {address}"))
    } else if !own.is_empty() {
        Finding::failure(format!(
            "PID {pid} listens on {}, not on {address}{}",
            texts(&own),
            written_since(at, api, process)
        ))
    } else if let Some(owner) =
        there.iter().find_map(|listener| listener.owners.iter().flatten().next())
    {
        Finding::failure(format!("PID {pid} does not listen on {address}: PID {} does", owner.pid))
    } else if at.facts.listeners.complete || at.answered(|answer| matches!(answer, Answer::Refused))
    {
        let nobody = match () {
            () if at.has_a_foreign_address() => ": this host has no such address",
            () if api.open().is_none() => ", and nobody else does",
            () => "",
        };
        Finding::failure(format!(
            "PID {pid} does not listen on {address}{nobody}{}",
            written_since(at, api, process)
        ))
    } else {
        let why = at.unseen_listeners().unwrap_or(Why::NotObserved);
        Finding::unknown(&format!("whether anything listens on {address}"), &why)
    };
    vec![finding.seen("listening sockets", seen(&own))]
}

/// That somebody wants an API server, and the release starts none for want of a key: from 0.20 on without a word.
fn in_vain(at: &Subject<'_>) -> Option<Finding> {
    let (api, in_vain) = at.api_in_vain().filter(|(_, in_vain)| !in_vain.is_meant)?;
    let process = at.gateway.process()?;
    let own: Vec<&Listener> = at.facts.held_by(process.pid).collect();
    // Whoever listens there all the same was told by its own environment.
    let is_another = |listener: &&&Listener| {
        listener.is_meant_by(api) == Some(false)
            || at.facts.part_of(at.gateway, listener).is_another()
    };
    if own.iter().any(|listener| !is_another(&listener)) || at.listens_out_of_sight().is_some() {
        return None;
    }
    if !at.facts.listeners.complete && !at.answered(|answer| matches!(answer, Answer::Refused)) {
        let why = at.unseen_listeners().unwrap_or(Why::NotObserved);
        let what = format!("whether anything listens on {}", api.address());
        return Some(Finding::unknown(&what, &why));
    }
    let claim =
        format!("PID {} has no API server on {}: {}", process.pid, api.address(), in_vain.why());
    Some(
        Finding::failure(claim)
            .seen_at(&in_vain.at, in_vain.said)
            .seen("listening sockets", seen(&own)),
    )
}

fn seen(own: &[&Listener]) -> String {
    if own.is_empty() { "none of this process".into() } else { texts(own) }
}

fn texts(listeners: &[&Listener]) -> String {
    listeners.iter().map(|listener| listener.text()).collect::<Vec<_>>().join(", ")
}

/// The settings that the gateway has not read, for they were written after it started. One that serves every profile
/// writes its `config.yaml` itself when it starts: that counts where it says something of the API server.
fn written_since(at: &Subject<'_>, api: &ApiServer, process: &Process) -> String {
    let Some(started) = process.started_at else { return String::new() };
    let config = at.path("config.yaml");
    let places = [&api.enabled.from, &api.host.from, &api.port.from, &api.key.from];
    let speaks = places.into_iter().flatten().any(|place| place.file == config);
    let release = api.release.as_ref();
    let is_left_alone = release.and_then(|release| release.has(Capability::ServesEveryProfile));
    let config = at
        .gateway
        .files
        .iter()
        .filter(|file| file.path == config && (speaks || is_left_alone == Some(false)));
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
