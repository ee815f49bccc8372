//! Whether the marks lie in the past, as they must.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let marks = [
        ("cron/ticker_heartbeat", &at.gateway.cron.heartbeat),
        ("cron/ticker_last_success", &at.gateway.cron.last_success),
    ];
    if marks.iter().all(|(_, mark)| mark.known().is_none()) {
        return vec![Finding::skipped("there is no mark to judge")];
    }
    let ahead = marks.into_iter().filter_map(|(name, mark)| {
        let mark = mark.known().filter(|mark| at.age_of(mark.at).is_none())?;
        Some((name, mark.at.duration_since(at.facts.now).as_secs().unsigned_abs()))
    });
    let ahead: Vec<(&str, u64)> = ahead.collect();
    let Some((name, most)) = ahead.iter().max_by_key(|(_, seconds)| *seconds) else {
        return vec![Finding::pass("no mark lies in the future")];
    };
    let why = Why::Failed(format!(
        "{name} lies {} in the future: a clock was moved, or is wrong",
        span(*most)
    ));
    let finding = Finding::unknown("how fresh the ticker's marks are", &why);
    vec![ahead.iter().fold(finding, |finding, (name, seconds)| {
        finding.seen(at.path(name), format!("{seconds} s ahead"))
    })]
}
