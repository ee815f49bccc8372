//! Whether a run was claimed, and has neither ended nor can still be at work.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::cron::CronJob;
use gw_snapshot::facts::executions::{Execution, Owner};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};
use crate::subject::cron::LONGEST_RUN;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let open: Vec<&Execution> = at.executions().iter().filter(|run| run.is_open).collect();
    let mut findings = Vec::new();
    findings.extend(orphaned(at, &open));
    findings.extend(endless(at, &open));
    let claimed: Vec<&CronJob> = store
        .active()
        .filter(|job| job.claimed_at.is_some() && !open.iter().any(|run| run.job == job.id))
        .collect();
    findings.extend(never_given_back(at, &claimed));
    if !findings.is_empty() {
        return findings;
    }
    if let Some(why) = at.gateway.cron.executions.why().filter(|why| **why != Why::NotObserved) {
        return vec![Finding::unknown("which runs have not ended", why).minor()];
    }
    if claimed.is_empty() && open.is_empty() {
        return vec![Finding::pass("no run is claimed")];
    }
    vec![Finding::pass("every claimed run can still be at work")]
}

/// Runs whose process is gone.
fn orphaned(at: &Subject<'_>, open: &[&Execution]) -> Option<Finding> {
    let gone: Vec<(&Execution, u32)> = open
        .iter()
        .filter_map(|run| match run.owner {
            Owner::Gone(pid) => Some((*run, pid)),
            Owner::Alive(_) | Owner::Unclear => None,
        })
        .collect();
    let (_, pid) = gone.first()?;
    let count = gone.len();
    let finding = Finding::warning(format!(
        "{count} run{} ended with the process that ran {}: PID {pid} is gone",
        plural(count),
        if count == 1 { "it" } else { "them" }
    ))
    .help(
        "what it had done by then is not known; the next start of the gateway notes it as unknown",
    );
    Some(with_runs(at, finding, gone.iter().map(|(run, _)| *run)))
}

/// Runs that are older than any run may be, under a process that lives.
fn endless(at: &Subject<'_>, open: &[&Execution]) -> Option<Finding> {
    let is_old = |run: &&&Execution| {
        matches!(run.owner, Owner::Alive(_))
            && run.age(at.facts.now).is_some_and(|age| age > LONGEST_SCRIPT)
    };
    let old: Vec<&Execution> = open.iter().filter(is_old).copied().collect();
    let oldest = old.iter().filter_map(|run| run.age(at.facts.now)).max()?;
    let count = old.len();
    let finding = Finding::warning(format!(
        "{count} run{} began {} ago and {} not ended",
        plural(count),
        span(oldest),
        if count == 1 { "has" } else { "have" }
    ))
    .help("Hermes waits for it as long as its process lives, and passes over the job meanwhile");
    Some(with_runs(at, finding, old.into_iter()))
}

/// Claims in the store itself, of versions that keep no record of executions.
fn never_given_back(at: &Subject<'_>, claimed: &[&CronJob]) -> Option<Finding> {
    let age = |job: &&CronJob| Some(job.claimed_at?.age_at_least(at.facts.now)?.as_secs());
    let stuck: Vec<&CronJob> = claimed
        .iter()
        .filter(|job| age(job).is_some_and(|age| age > LONGEST_RUN.unsigned_abs()))
        .copied()
        .collect();
    let oldest = stuck.iter().filter_map(age).max()?;
    let count = stuck.len();
    let finding = Finding::warning(format!(
        "{count} run{} claimed and never given back: the first {} ago",
        if count == 1 { " was" } else { "s were" },
        span(oldest)
    ))
    .help(
        "a gateway that was killed leaves claims behind; they count no more once they are so old",
    );
    Some(at.with_jobs(finding, &stuck))
}

fn with_runs<'a>(
    at: &Subject<'_>,
    finding: Finding,
    runs: impl Iterator<Item = &'a Execution>,
) -> Finding {
    let file = at.path("cron/executions.db");
    runs.take(5).fold(finding, |finding, run| {
        let age = run
            .age(at.facts.now)
            .map_or_else(String::new, |age| format!(", claimed {} ago", span(age)));
        finding.seen(&file, format!("job {}{age}", run.job))
    })
}

/// The default limit of a script (0.18+), the longest that Hermes lets anything run. In seconds.
const LONGEST_SCRIPT: u64 = 3600;
