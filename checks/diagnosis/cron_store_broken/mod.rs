//! The job store makes no sense, so no job runs.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("cron/store-invalid")?;
    let where_ =
        finding.evidence.first().map_or_else(String::new, |seen| format!(" ({})", seen.said));
    Found::certain(
        format!("cron does nothing: {}{where_}", finding.claim),
        &["cron/store-invalid", "cron/ticks-failing", "cron/overdue", "cron/no-ticker"],
    )
}
