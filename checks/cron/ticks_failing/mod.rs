//! Whether the ticks end well.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.cron.external_provider.is_some() {
        return vec![Finding::skipped("another provider than the built-in ticker runs the jobs")];
    }
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(beat) = at.gateway.cron.heartbeat.known() else {
        return vec![Finding::skipped("the ticker has left no mark")];
    };
    let fresh = at.age_of(beat.at).is_some_and(|age| age <= at.late_after());
    // The mark of an earlier life is old until the first tick of this one has ended.
    let had_time = process.age(at.facts.now).is_some_and(|age| age.as_secs() > at.late_after());
    let success = match &at.gateway.cron.last_success {
        Fact::Known(mark) => Some(at.age_of(mark.at)),
        Fact::Absent => None,
        Fact::Unknown(why) => {
            return vec![Finding::unknown("when a tick last ended well", why).minor()];
        }
    };
    let source = at.path("cron/ticker_last_success");
    let finding = match success {
        Some(None) => {
            let why = Why::Failed("its mark lies in the future: see cron/clock".into());
            Finding::unknown("when a tick last ended well", &why).minor()
        }
        Some(Some(age)) if age <= at.late_after() => {
            Finding::pass(format!("a tick ended well {age} s ago"))
                .seen(source, format!("{age} s old"))
        }
        Some(Some(age)) if fresh && had_time => Finding::failure(format!(
            "the ticker comes round, and no tick has ended well for {}",
            span(age.unsigned_abs())
        ))
        .seen(source, format!("{age} s old")),
        None if fresh && had_time => {
            Finding::failure("the ticker comes round, and no tick has ever ended well")
                .seen(source, "it does not exist")
        }
        _ => Finding::skipped("the ticker itself is late, or has just begun"),
    };
    vec![finding]
}
