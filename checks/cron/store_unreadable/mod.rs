//! Whether the job store may be read.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.cron.store {
        Fact::Unknown(Why::Malformed(_) | Why::NotAFile(_)) | Fact::Known(_) | Fact::Absent => {
            vec![Finding::pass("the job store can be looked at")]
        }
        Fact::Unknown(why) => vec![
            Finding::unknown("which jobs there are", why)
                .seen(at.path("cron/jobs.json"), why.to_string()),
        ],
    }
}
