//! Somebody wants an API server, and nothing enables it: an address alone does not, nor from 0.20 on a flag or a bad key.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let api = case.at.gateway.api.known()?;
    if api.enabled.value {
        return None;
    }
    let silent = case.found("port/no-listener");
    let finding = silent.or_else(|| case.found("definition/api-server-env"))?;
    Found::certain(
        finding.claim.clone(),
        &["port/no-listener", "definition/api-server-env", "health/refused"],
    )
}
