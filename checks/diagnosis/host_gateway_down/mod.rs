//! The gateway of another profile serves this one, and does not run.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let host = case.at.gateway.rests_with.as_ref()?;
    let profile = &case.at.gateway.home.profile;
    Found::certain(
        format!(
            "profile {profile} is down with the gateway of profile {host}, which serves it: start that one"
        ),
        &["job/not-running", "cron/no-ticker", "cron/overdue", "definition/missing"],
    )
}
