//! The gateway runs by older code than stands on disk.

use gw_snapshot::parse::time::Stamp;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let of_the_gateway =
        ["health/version-skew", "owner/stale-code"].into_iter().find_map(|check| case.found(check));
    let summary = match of_the_gateway {
        Some(finding) => format!("the gateway was updated and not restarted: {}", finding.claim),
        None => format!("Hermes was updated: {}", case.found("owner/stale-server")?.claim),
    };
    let Some(jobs) = case.found("cron/last-run-failed").filter(|_| failed_since(case)) else {
        return Found::certain(summary, OWN);
    };
    // That it runs old code is seen; that the jobs fail for it is what usually follows (upstream #92145).
    let summary = format!("{summary}; since then, {}, which may follow from it", jobs.claim);
    Found::likely(summary, OWN).map(|found| found.also(&["cron/last-run-failed"]))
}

const OWN: &[&str] = &["owner/stale-code", "owner/stale-server", "health/version-skew"];

/// Whether every job that failed last did so after the code was written.
fn failed_since(case: &Case<'_>) -> bool {
    let install = case.at.gateway.install.as_ref();
    let Some(written) = install.and_then(|install| install.written_at) else { return false };
    let jobs = case.at.store().into_iter().flat_map(gw_snapshot::facts::cron::Store::active);
    jobs.filter(|job| job.last_status.as_deref() == Some("error"))
        .all(|job| job.last_run_at.and_then(Stamp::instant).is_some_and(|ran| ran > written))
}
