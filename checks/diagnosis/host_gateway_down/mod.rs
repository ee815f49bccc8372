//! The gateway of another profile serves this one, and does not run.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (host, under_way) = case.at.host()?;
    let (host, profile) = (&host.home.profile, &case.at.gateway.home.profile);
    let summary = match under_way {
        Some(under_way) => format!(
            "profile {profile} comes back with the gateway of profile {host}, which serves it: {under_way}"
        ),
        None => format!(
            "profile {profile} is down with the gateway of profile {host}, which serves it: `gw-doctor {host}` says why"
        ),
    };
    Found::certain(
        summary,
        &["job/not-running", "cron/no-ticker", "cron/overdue", "definition/missing"],
    )
}
