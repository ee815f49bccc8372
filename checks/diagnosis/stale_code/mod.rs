//! The gateway runs by older code than stands on disk.

use gw_snapshot::parse::time::Stamp;

use super::{Case, Found};
use crate::finding::Finding;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    // Another name alone is no other code: only a comparison of the code itself leads here.
    let summary = match case.found("owner/stale-code") {
        Some(finding) => {
            format!("the gateway was updated and not restarted: {}", said(case, finding))
        }
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

/// Returns the two versions, where they differ and it runs from the place of the installed code. Else what was found.
fn said(case: &Case<'_>, finding: &Finding) -> String {
    let skew = case.at.skew().filter(|_| case.at.gateway.runs_from.known().is_none());
    skew.map_or_else(|| finding.claim.clone(), |skew| skew.to_string())
}

/// Whether every job that failed last did so after the code was written.
fn failed_since(case: &Case<'_>) -> bool {
    let install = case.at.gateway.install.as_ref();
    let Some(written) = install.and_then(|install| install.written_at) else { return false };
    let jobs = case.at.store().into_iter().flat_map(gw_snapshot::facts::cron::Store::active);
    jobs.filter(|job| job.last_status.as_deref() == Some("error"))
        .all(|job| job.last_run_at.and_then(Stamp::instant).is_some_and(|ran| ran > written))
}
