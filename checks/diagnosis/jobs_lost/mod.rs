//! Jobs that were there before an update, and are not any more.

use super::{Case, Certainty, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("cron/store-shrunk")?;
    Some(Found {
        stands_alone: false,
        // Somebody may have removed them.
        certainty: Certainty::Possible,
        summary: format!("cron jobs may be lost: {}", finding.claim),
        explains: vec!["cron/store-shrunk"],
    })
}
