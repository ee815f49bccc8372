//! Whether it is known where the API server is to be.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let why = match &at.gateway.api {
        _ if at.gateway.served_by.is_some() => return at.no_api(),
        Fact::Known(api) if api.enabled.value => match api.open() {
            None => {
                let claim = format!("the API server is expected on {}", api.address());
                return vec![Finding::pass(claim)];
            }
            Some(why) => why,
        },
        Fact::Known(_) | Fact::Absent => return at.no_api(),
        Fact::Unknown(why) => why.clone(),
    };
    vec![open(at, &why)]
}

/// That it is not known. Where the settings could be read, and the gateway's own listener is known for the API server's,
/// nothing hangs on it.
fn open(at: &Subject<'_>, why: &Why) -> Finding {
    let dotenv = at.gateway.dotenv.latin1_content();
    let source = match dotenv.why() {
        Some(_) => at.path(".env"),
        None => "the settings of this home".into(),
    };
    let finding = Finding::unknown("where the API server is to listen", why);
    let finding = match at.facts.api_listener(at.gateway) {
        Some(listener) if dotenv.why().is_none() => {
            finding.minor().seen("listening sockets", format!("it listens on {}", listener.text()))
        }
        _ => finding,
    };
    finding.seen(source, why.to_string())
}
