//! Whether the holder of the port can be seen.

use gw_snapshot::fact::Why;
use gw_snapshot::snapshot::Os;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let hidden =
        at.facts.on(api).find(|listener| listener.owners.iter().flatten().next().is_none());
    let Some(listener) = hidden else {
        let address = api.address();
        return vec![match at.unseen_listeners() {
            Some(why) => Finding::unknown(&format!("who holds {address}"), &why).minor(),
            None => Finding::pass(format!("whoever holds {address} can be seen")),
        }];
    };
    let user = match at.maker_of(listener) {
        Some(maker) if at.is_another_user_s(listener) => {
            format!("; a process of {maker} holds it, and so not the gateway")
        }
        Some(maker) => format!("; a process of {maker} holds it"),
        None => String::new(),
    };
    let why = Why::Failed(format!("its owner is not visible from here{user}"));
    vec![
        Finding::unknown(&format!("who holds {}", listener.text()), &why)
            .seen("listening sockets", format!("{}, owner not visible", listener.text()))
            .help(match at.facts.about.os {
                Os::Linux => "ask as that user, or as root: `ss -ltnp`".into(),
                Os::Macos => format!(
                    "ask as that user, or as root: `sudo lsof -nP -iTCP:{} -sTCP:LISTEN`",
                    listener.port
                ),
            }),
    ]
}
