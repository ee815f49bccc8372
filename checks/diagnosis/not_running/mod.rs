//! Nobody serves a home that is to be served, and no other cause was found.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::Manager;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let finding = case.found("job/not-running")?;
    let asked = at.gateway.lane().and_then(|lane| Some((lane, lane.job.why()?)));
    let Some((lane, why)) = asked.filter(|_| at.gateway.liveness.process.is_absent()) else {
        return Found::certain(format!("the gateway does not serve: {}", finding.claim), OWN);
    };
    let summary = if why.is_not_observed() {
        format!(
            "the gateway does not run, and what the service manager ({}) has loaded was not observed",
            lane.manager
        )
    } else if is_without_domain(lane.manager, why) {
        format!(
            "the gateway does not run, and its domain ({}) is not there: it comes with a login at the screen ({why})",
            lane.manager
        )
    } else {
        format!(
            "the gateway does not run, and whether anything will start it cannot be told: the service manager ({}) does not answer ({why})",
            lane.manager
        )
    };
    Found::certain(summary, OWN)
}

const OWN: &[&str] = &[
    "job/not-running",
    "job/manager-unreachable",
    "job/not-loaded",
    "job/crash-loop",
    "owner/stale-pid-file",
    "runtime/restart-requested",
    "cron/no-ticker",
    "cron/overdue",
];

/// Whether launchd itself says that there is no such domain (112): only a login at the screen makes one.
fn is_without_domain(manager: Manager, why: &Why) -> bool {
    let words = ["Could not find domain", "Could not find specified domain"];
    matches!((manager, why), (Manager::LaunchdGui(_), Why::Failed(said)) if words.iter().any(|words| said.contains(words)))
}
