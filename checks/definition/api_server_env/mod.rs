//! Whether the settings make an API server that can start.

use gw_snapshot::fact::Fact;

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
    let source = |place: &Option<gw_snapshot::facts::definition::Place>| {
        place.as_ref().map_or_else(|| "Hermes's default".to_string(), ToString::to_string)
    };
    let enabled = source(&api.enabled.from);
    match key_fault(api, version) {
        KeyFault::None => vec![
            Finding::pass(format!("the API server is to listen on {}", api.address()))
                .seen(enabled, "it is enabled")
                .seen(source(&api.port.from), format!("port {}", api.port.value)),
        ],
        KeyFault::Depends(why) => {
            vec![Finding::note(format!("the API server has no key, which {why}")).seen(enabled, "it is enabled")]
        }
        KeyFault::Refused(why) => vec![
            Finding::warning(format!("the API server is enabled, and will refuse to start: {why}"))
                .seen(enabled, "it is enabled")
                .seen(source(&api.key.from), why)
                .help("set API_SERVER_KEY, 16 characters or more, in the home's .env, then restart the gateway"),
        ],
    }
}
