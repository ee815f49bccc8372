//! Whether the marks lie in the past, as they must.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let marks = [
        ("cron/ticker_heartbeat", &at.gateway.cron.heartbeat),
        ("cron/ticker_last_success", &at.gateway.cron.last_success),
    ];
    let mut findings = Vec::new();
    for (name, mark) in marks {
        let Some(mark) = mark.known() else { continue };
        let ahead = mark.duration_since(at.facts.now).as_secs();
        if ahead > TOLERANCE {
            let why =
                Why::Failed(format!("{name} lies {ahead} s in the future: a clock was moved"));
            findings.push(
                Finding::unknown("how fresh the ticker's marks are", &why)
                    .seen(at.path(name), format!("{ahead} s ahead")),
            );
        }
    }
    if findings.is_empty() { vec![Finding::pass("no mark lies in the future")] } else { findings }
}

/// A mark may be written while we look. In seconds.
const TOLERANCE: i64 = 5;
