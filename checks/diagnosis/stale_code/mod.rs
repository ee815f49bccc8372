//! The gateway runs by older code than stands on disk.

use gw_snapshot::parse::time::Stamp;

use super::{Case, Certainty, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = ["health/version-skew", "owner/stale-code"]
        .into_iter()
        .find_map(|check| case.found(check))?;
    let summary = format!("the gateway was updated and not restarted: {}", finding.claim);
    let Some(jobs) = case.found("cron/last-run-failed").filter(|_| failed_since(case)) else {
        return Found::certain(summary, &["owner/stale-code", "health/version-skew"]);
    };
    // That it runs old code is seen; that the jobs fail for it is what usually follows (upstream #92145).
    Some(Found {
        certainty: Certainty::Likely,
        summary: format!("{summary}; since then, {}, which may follow from it", jobs.claim),
        explains: vec!["owner/stale-code", "health/version-skew", "cron/last-run-failed"],
    })
}

/// Whether every job that failed last did so after the code was written.
fn failed_since(case: &Case<'_>) -> bool {
    let install = case.at.gateway.install.as_ref();
    let Some(written) = install.and_then(|install| install.written_at) else { return false };
    let jobs = case.at.store().into_iter().flat_map(gw_snapshot::facts::cron::Store::active);
    jobs.filter(|job| job.last_status.as_deref() == Some("error"))
        .all(|job| job.last_run_at.and_then(Stamp::instant).is_some_and(|ran| ran > written))
}
