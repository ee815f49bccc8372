//! Two services would each keep a gateway of this home.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let twice =
        ["job/two-domains", "definition/duplicate"].into_iter().find(|check| case.failed(check))?;
    let finding = case.found(twice)?;
    Found::certain(
        format!(
            "two supervisors serve one home, and each keeps the other's gateway from its lock: {}",
            finding.claim
        ),
        &[
            "job/two-domains",
            "definition/duplicate",
            "job/crash-loop",
            "job/restarting",
            "job/not-running",
            "owner/duplicate-gateway",
            "survival/reboot",
        ],
    )
}
