//! Whether the gateway's event loop still comes round.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::marks::LOOP_FROZEN_AFTER;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let beat = match &at.gateway.marks.heartbeat {
        Fact::Known(beat) => beat,
        // Versions before 0.19 leave none, and writers swallow their errors.
        Fact::Absent => return vec![Finding::skipped("the event loop leaves no mark")],
        Fact::Unknown(why) => {
            return vec![Finding::unknown("when the event loop last came round", why).minor()];
        }
    };
    if beat.pid != process.pid {
        return vec![Finding::skipped("the event loop's mark is of an earlier process")];
    }
    if let Some(why) = at.has_just_woken() {
        return vec![Finding::unknown("whether the event loop comes round", &why).minor()];
    }
    let age = at.facts.now.duration_since(beat.at).as_secs();
    let finding = match u64::try_from(age) {
        Ok(age) if i64::try_from(age).is_ok_and(|age| age > LOOP_FROZEN_AFTER) => {
            let (pid, age) = (process.pid, span(age));
            Finding::warning(if at.answers_itself() {
                format!(
                    "the event loop of PID {pid} left its last mark {age} ago, and answers: what leaves the mark hangs"
                )
            } else {
                format!(
                    "the event loop of PID {pid} has not come round for {age}; it should every 30 s"
                )
            })
        }
        Ok(_) => Finding::pass(format!("the event loop of PID {} comes round", process.pid)),
        Err(_) => Finding::skipped("the event loop's mark lies in the future: a clock was moved"),
    };
    vec![finding.seen(at.path("state/gateway.heartbeat"), format!("{} s ago", age.max(0)))]
}
