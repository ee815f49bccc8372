//! A service without a profile serves the one that somebody switched to.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/sticky-profile")?;
    Found::certain(finding.claim.clone(), &["definition/sticky-profile"])
}
