//! The API server has an address, and nobody enabled it.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/api-server-env")?;
    let api = case.at.gateway.api.known()?;
    if api.enabled.value {
        return None;
    }
    Found::certain(finding.claim.clone(), &["definition/api-server-env"])
}
