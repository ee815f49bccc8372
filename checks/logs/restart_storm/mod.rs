//! Whether the gateway was started again and again within minutes.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let starts = match &at.gateway.marks.starts {
        Fact::Known(starts) => starts,
        Fact::Absent => {
            return vec![Finding::skipped("there is no list of starts, which 0.19 and later keep")];
        }
        Fact::Unknown(why) => {
            return vec![Finding::unknown("when the gateway was started", why).minor()];
        }
    };
    let mut ages: Vec<u64> = starts
        .iter()
        .filter_map(|start| u64::try_from(at.facts.now.duration_since(*start).as_secs()).ok())
        .filter(|age| *age < RECENT)
        .collect();
    ages.sort_unstable();
    // The shortest stretch that holds so many starts tells a storm from a few changes in an hour.
    let stretch =
        ages.windows(STORM).filter_map(|few| Some(few.last()?.saturating_sub(*few.first()?))).min();
    let finding = match stretch {
        Some(stretch) if stretch < WITHIN => Finding::warning(format!(
            "the gateway was started {STORM} times within {}, the last time {} ago",
            span(stretch),
            span(ages.first().copied().unwrap_or(0))
        ))
        .help("from 0.19 on Hermes waits up to 5 minutes before such a start, with its process there and nothing listening"),
        _ => Finding::pass("the list of starts shows no storm in the last hour"),
    };
    vec![
        finding
            .seen(at.path("gateway-starts.log"), format!("{} starts in the last hour", ages.len())),
    ]
}

/// So many starts make a storm by Hermes's own rule (0.19): more than five in two minutes.
const STORM: usize = 6;
/// In seconds.
const WITHIN: u64 = 120;
/// Older ones are past. In seconds.
const RECENT: u64 = 3600;
