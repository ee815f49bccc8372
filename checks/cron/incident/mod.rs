//! A failure of a job that Hermes itself keeps in mind, and that nobody has closed.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::executions::Incident;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Finds the open incidents of the jobs that are meant to run.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let incidents = match &at.gateway.cron.incidents {
        Fact::Known(incidents) => incidents,
        Fact::Absent => return vec![Finding::skipped("Hermes keeps no record of runs here")],
        Fact::Unknown(why @ (Why::Malformed(_) | Why::NotAFile(_))) => {
            let claim = format!("the record of the runs of jobs cannot be used: {why}");
            let finding =
                Finding::warning(claim).seen(at.path("cron/executions.db"), why.to_string());
            return vec![
                finding
                    .help("stop the gateway, keep a copy and move it away: Hermes makes a new one"),
            ];
        }
        Fact::Unknown(why) => {
            return vec![Finding::unknown("which failures of jobs are still open", why).minor()];
        }
    };
    let is_active = |incident: &&Incident| store.active().any(|job| job.id == incident.job);
    let open: Vec<&Incident> = incidents.iter().filter(is_active).collect();
    if open.is_empty() {
        return vec![Finding::pass("Hermes keeps no failure of an active job open")];
    }
    let mut kinds: Vec<&str> = open.iter().map(|incident| incident.failure.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let count = open.len();
    let finding = Finding::warning(format!(
        "Hermes keeps {count} failure{} of jobs open ({})",
        plural(count),
        kinds.join(", ")
    ))
    .help("`hermes cron runs` shows the failed runs; a run that ends well ends it");
    let file = at.path("cron/executions.db");
    vec![open.iter().take(5).fold(finding, |finding, incident| {
        let age = incident.last_seen_at.and_then(|seen| seen.age_at_least(at.facts.now));
        let when =
            age.map_or_else(String::new, |age| format!(", last seen {} ago", span(age.as_secs())));
        finding.seen(&file, format!("job {}: {}{when}", incident.job, incident.failure))
    })]
}
