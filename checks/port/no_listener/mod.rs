//! Whether the gateway listens where it should.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::health::Answer;

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
    let finding = if there.iter().any(|listener| listener.is_held_by(pid)) {
        Finding::pass(format!("PID {pid} listens on {address}"))
    } else if there.iter().any(|listener| listener.owners.iter().flatten().next().is_none()) {
        Finding::unknown(
            "whether the gateway listens",
            &Why::Failed("the owner of the listener is not visible".into()),
        )
        .minor()
    } else if at.is_starting() {
        Finding::unknown(
            "whether it will listen",
            &Why::Failed("the gateway is still starting".into()),
        )
    } else if !listening.is_empty() {
        Finding::failure(format!("PID {pid} listens on {}, not on {address}", listening.join(", ")))
    } else if let Some(owner) =
        there.iter().find_map(|listener| listener.owners.iter().flatten().next())
    {
        Finding::failure(format!("PID {pid} does not listen on {address}: PID {} does", owner.pid))
    } else if at.facts.listeners.complete || at.answered(|answer| matches!(answer, Answer::Refused))
    {
        Finding::failure(format!("nothing listens on {address}"))
    } else {
        let why = at.unseen_listeners().unwrap_or(Why::NotObserved);
        Finding::unknown(&format!("whether anything listens on {address}"), &why)
    };
    vec![finding.seen(
        "listening sockets",
        if listening.is_empty() { "none of this process".into() } else { listening.join(", ") },
    )]
}
