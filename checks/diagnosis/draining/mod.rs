//! It finishes its work, and takes no more.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("runtime/draining")?;
    Found::certain(finding.claim.clone(), &["runtime/draining", "cron/overdue"])
}
