//! Whether the gateway writes down one shutdown after the other.

use gw_snapshot::fact::Fact;
use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::log::BOTH_LOGS;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let journal = match &at.gateway.journal {
        Fact::Known(journal) => journal,
        Fact::Absent => return vec![Finding::skipped("there is no log")],
        Fact::Unknown(why) => return vec![Finding::unknown("what the log says", why).minor()],
    };
    let lines = journal.count(Class::Shutdown).map_or(0, |count| count.lines);
    if lines < MANY
        && let Some(why) = &journal.hidden
    {
        return vec![Finding::unknown(BOTH_LOGS, why).minor()];
    }
    if lines < MANY {
        return vec![Finding::pass("the log is not full of shutdowns")];
    }
    vec![
        Finding::warning(format!("the log holds {lines} shutdowns of one life: something signals the gateway again and again"))
            .seen(at.path("logs"), format!("{lines} lines with a shutdown's context"))
            .help("look at the parent that they name; each also appends a list of all processes to gateway-shutdown-diag.log, which nothing ever trims"),
    ]
}

/// One life has one shutdown, and a second signal may hurry it.
const MANY: usize = 5;
