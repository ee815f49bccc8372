//! Whether it is known where the API server is to be.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.api {
        Fact::Known(api) if api.enabled.value => {
            vec![Finding::pass(format!("the API server is expected on {}", api.address()))]
        }
        Fact::Known(_) | Fact::Absent => vec![Finding::skipped("no API server is configured")],
        Fact::Unknown(why) => {
            let dotenv = at.gateway.dotenv.latin1_content();
            let source = match dotenv.why() {
                Some(_) => at.path(".env"),
                None => "the settings of this home".into(),
            };
            vec![
                Finding::unknown("where the API server is to listen", why)
                    .seen(source, why.to_string()),
            ]
        }
    }
}
