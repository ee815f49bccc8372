//! Whether we look from inside the gateway: a restart would end us, and the plan, half-way.

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.is_inside() {
        return vec![
            Finding::note("gw-doctor was started from inside a gateway: a command that restarts it would end that command too")
                .help("run the plan from a terminal of your own"),
        ];
    }
    if at.facts.about.ancestry.is_empty() {
        return vec![Finding::skipped("from where the look was taken is not recorded")];
    }
    vec![Finding::pass("gw-doctor does not run inside the gateway")]
}
