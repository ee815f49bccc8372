//! Jobs of a profile that no gateway runs, though another one lives.

use super::{Case, Found};
use crate::cron::no_ticker;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("cron/no-ticker")?;
    let at = case.at;
    let other = at
        .facts
        .gateways
        .iter()
        .find(|gateway| gateway.home != at.gateway.home && gateway.process().is_some())?;
    if at.gateway.is_installed() || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let served = match &at.gateway.served_by {
        Some(served) => format!(
            "profile {} serves it, and ticks its jobs from Hermes 0.20 on only",
            served.profile
        ),
        None => match no_ticker::ticks_all(at) {
            Some((host, _)) => {
                format!(
                    "that of profile {}, which ticks every profile, does not reach it",
                    host.home.profile
                )
            }
            None => format!("that of profile {} runs its own jobs only", other.home.profile),
        },
    };
    Found::certain(
        format!(
            "nothing runs the jobs of this profile: it has no gateway of its own, and {served}"
        ),
        &["cron/no-ticker", "cron/overdue", "cron/never-fired"],
    )
}
