//! Whether the gateway listens where it should.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::health::Answer;
use gw_snapshot::observation::Trouble;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let address = api.address();
    let listening: Vec<String> =
        at.facts.held_by(process.pid).map(gw_snapshot::facts::gateway::Listener::text).collect();
    let on_address = at
        .facts
        .on(&api.host.value, api.port.value)
        .any(|listener| listener.is_held_by(process.pid));
    let somebody = at.facts.on(&api.host.value, api.port.value).next();
    let finding = if on_address {
        Finding::pass(format!("PID {} listens on {address}", process.pid))
    } else if somebody.is_some_and(|listener| listener.owners.is_none()) {
        Finding::unknown(
            "whether the gateway listens",
            &Why::Failed("the owner of the listener is not visible".into()),
        )
        .minor()
    } else if !listening.is_empty() {
        Finding::failure(format!(
            "PID {} listens on {}, not on {address}",
            process.pid,
            listening.join(", ")
        ))
    } else if at.is_starting() {
        Finding::unknown(
            "whether it will listen",
            &Why::Failed("the gateway is still starting".into()),
        )
    } else if at.facts.listeners.complete || at.answered(|answer| matches!(answer, Answer::Refused))
    {
        Finding::failure(format!("nothing listens on {address}"))
    } else {
        let why = at.facts.listeners.trouble.clone().map_or(Why::NotObserved, Trouble::into_why);
        Finding::unknown(&format!("whether anything listens on {address}"), &why)
    };
    vec![finding.seen(
        "listening sockets",
        if listening.is_empty() { "none of this process".into() } else { listening.join(", ") },
    )]
}
