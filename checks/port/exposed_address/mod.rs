//! Whether other machines can reach the gateway.

use gw_snapshot::facts::gateway::Listener;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let exposed: Vec<String> = at
        .facts
        .held_by(process.pid)
        .filter(|listener| !listener.is_loopback())
        .map(Listener::text)
        .collect();
    if exposed.is_empty() {
        return vec![match at.unseen_listeners() {
            Some(why) => {
                Finding::unknown("whether the gateway listens beyond this machine", &why).minor()
            }
            None => Finding::pass("the gateway listens on no address beyond this machine"),
        }];
    }
    let claim = format!("PID {} listens beyond this machine: {}", process.pid, exposed.join(", "));
    vec![
        Finding::warning(claim)
            .seen("listening sockets", exposed.join(", "))
            .help("set API_SERVER_HOST=127.0.0.1 unless that is meant"),
    ]
}
