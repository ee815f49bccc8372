//! Whether the settings make an API server that can start.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::definition::Place;

use crate::Subject;
use crate::api::{KeyFault, key_fault};
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let api = match &at.gateway.api {
        Fact::Known(api) => api,
        Fact::Absent => return vec![Finding::skipped("there are no settings")],
        Fact::Unknown(why) => return vec![Finding::unknown("what the settings are", why).minor()],
    };
    if !api.enabled.value {
        return vec![Finding::skipped("no API server is configured")];
    }
    let version = at.version();
    let seen = |finding: Finding, place: &Option<Place>, said: String| match place {
        Some(place) => finding.seen_at(place, said),
        None => finding.seen("Hermes's default", said),
    };
    let enabled = |finding| seen(finding, &api.enabled.from, "it is enabled".into());
    match key_fault(api, version) {
        KeyFault::None => {
            let claim = format!("the API server is to listen on {}", api.address());
            let port = format!("port {}", api.port.value);
            vec![seen(enabled(Finding::pass(claim)), &api.port.from, port)]
        }
        KeyFault::Depends(why) => {
            vec![enabled(Finding::note(format!("the API server has no key, which {why}")))]
        }
        KeyFault::Refused(why) => {
            let claim = format!("the API server is enabled, and will refuse to start: {why}");
            let finding = seen(enabled(Finding::warning(claim)), &api.key.from, why.into());
            vec![finding.help("set API_SERVER_KEY, 16 characters or more, in the home's .env, then restart the gateway")]
        }
    }
}
