//! `hermes gateway migrate` removed the services of the profiles, and the gateway that is to serve them never came.

use super::{Case, Found};
use crate::finding::span;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    case.found("definition/missing")?;
    let at = case.at;
    let migration = at.gateway.marks.migration.known()?;
    let is_at_work = at.commands().next().is_some();
    if is_at_work || !at.gateway.liveness.process.is_absent() {
        return None;
    }
    let age = migration.began.and_then(|began| at.age_of(began));
    let when = age.map_or_else(String::new, |age| format!(" {} ago", span(age.unsigned_abs())));
    let whose = match &migration.profiles[..] {
        [] => "the services of profiles are".to_string(),
        [one] => format!("the service of profile {one} is"),
        profiles => format!("the services of profiles {} are", profiles.join(", ")),
    };
    Found::certain(
        format!(
            "a migration to one gateway for all profiles was cut off{when}: {whose} removed, and no gateway runs in their place"
        ),
        &[
            "definition/missing",
            "job/not-running",
            "owner/stale-pid-file",
            "cron/no-ticker",
            "cron/overdue",
        ],
    )
}
