//! Whether other machines can reach the gateway.

use gw_snapshot::facts::listening::Part;
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let exposed = at.facts.held_by(process.pid).filter(|listener| !listener.is_loopback());
    let mut parts: Vec<(Part, Vec<String>)> = Vec::new();
    for listener in exposed {
        let part = at.facts.part_of(at.gateway, listener);
        match parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, listeners)) => listeners.push(listener.text()),
            None => parts.push((part, vec![listener.text()])),
        }
    }
    if parts.is_empty() {
        return vec![match at.unseen_listeners() {
            Some(why) => {
                Finding::unknown("whether the gateway listens beyond this machine", &why).minor()
            }
            None => Finding::pass("the gateway listens on no address beyond this machine"),
        }];
    }
    parts.iter().map(|(part, listeners)| of(at, process, part, &listeners.join(", "))).collect()
}

/// That a part of the gateway listens there. Webhooks are meant to come from elsewhere.
fn of(at: &Subject<'_>, process: &Process, part: &Part, listeners: &str) -> Finding {
    let pid = process.pid;
    let beyond = format!("PID {pid} listens beyond this machine");
    let finding = match part {
        Part::ApiServer => {
            let claim = format!("{beyond}: {listeners}");
            let host = at.api().map(|api| &api.host);
            let from = host.and_then(|host| Some((&host.value, host.from.as_ref()?)));
            Finding::warning(claim).help(match from {
                Some((host, place)) if host.is_every() && host.to_string() == "*" => format!(
                    "its host is empty in {place}, which means every address: make it 127.0.0.1 unless that is meant"
                ),
                Some((_, place)) => {
                    format!("its host is set in {place}: make it 127.0.0.1 unless that is meant")
                }
                None => "set API_SERVER_HOST=127.0.0.1 unless that is meant".into(),
            })
        }
        Part::Platform(name) => Finding::note(format!(
            "{beyond} for its platform {name}, and not for its API server: {listeners}"
        ))
        .help(format!(
            "if nobody elsewhere is to reach it, give it a host: `platforms.{name}.extra.host: 127.0.0.1` in {}",
            at.path("config.yaml")
        )),
        Part::Other => Finding::warning(format!("{beyond}, and not for its API server: {listeners}"))
            .help("API_SERVER_HOST does not change that: look which of its platforms or plugins listens there"),
        Part::Unclear => Finding::warning(format!("{beyond}: {listeners}"))
            .help("what listens there is not known: for the API server API_SERVER_HOST decides, for a platform its own settings do"),
    };
    finding.seen("listening sockets", listeners)
}
