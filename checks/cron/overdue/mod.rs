//! Whether a job should have run and has not.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::cron::{CronJob, LATE_AFTER, Store};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};
use crate::subject::cron::NEXT_TICK;
use crate::subject::rest::Rest;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    let late: Vec<(&CronJob, u64)> = store
        .active()
        .filter(|job| !at.may_be_running(job))
        .filter_map(|job| Some((job, job.late_by(at.facts.now)?.as_secs())))
        .filter(|(_, late)| *late > NEXT_TICK.unsigned_abs())
        .collect();
    let worst = late.iter().map(|(_, late)| *late).max().unwrap_or(0);
    if late.is_empty() {
        return vec![none_late(store)];
    }
    let count = late.len();
    if let Some(rest) = at.rest() {
        let what = match rest {
            Rest::Paused(_) => "the end of the pause",
            Rest::Drained => "the end of the drain",
        };
        let claim = format!(
            "{count} job{} {} for {what}: the first was due {} ago",
            plural(count),
            if count == 1 { "waits" } else { "wait" },
            span(worst)
        );
        return vec![listed(at, Finding::warning(claim), &late)];
    }
    let which = if count == 1 { "it" } else { "the first" };
    let claim = format!(
        "{count} job{} should have run by now: {which} was due {} ago",
        plural(count),
        span(worst)
    );
    let own = LATE_AFTER.unsigned_abs();
    let limit = at.intent.policy.thresholds.overdue.map_or(own, u64::from);
    let has_woken = at.has_just_woken().is_some();
    let is_new = at.store_waits_for_a_tick();
    let finding = if worst > limit && has_ticked(at) && !has_woken && !is_new {
        Finding::failure(claim)
    } else {
        Finding::warning(claim)
    };
    let finding = if has_woken {
        finding.help("the machine may have slept until now: look again in two minutes")
    } else if is_new {
        finding.help("the job store was changed after the last tick: look again in two minutes")
    } else {
        finding
    };
    vec![listed(at, finding, &late)]
}

/// A finding with a few of the jobs that are late.
fn listed(at: &Subject<'_>, finding: Finding, late: &[(&CronJob, u64)]) -> Finding {
    let file = at.path("cron/jobs.json");
    late.iter().take(5).fold(finding, |finding, (job, late)| {
        finding.seen(&file, format!("job {} ({}): due {} ago", job.id, job.schedule, span(*late)))
    })
}

/// That no job is late, of those whose next run can be read.
fn none_late(store: &Store) -> Finding {
    let timed = store.active().filter(|job| job.next_run_at.is_some()).count();
    if store.active().next().is_none() {
        return Finding::skipped("no job is meant to run");
    }
    if timed == 0 {
        let why = Why::Failed("none has a next run that can be read".into());
        return Finding::unknown("whether a job is late", &why).minor();
    }
    Finding::pass(format!("of {timed} job{} with a next run, none is late", plural(timed)))
}

/// Whether the gateway has had its first tick, at which it runs what is due. Before 0.18 only its age tells.
fn has_ticked(at: &Subject<'_>) -> bool {
    let Some(process) = at.gateway.process() else { return true };
    match at.gateway.cron.heartbeat.known() {
        Some(mark) => !at.is_of_an_earlier_life(mark) && at.left_by_another(mark).is_none(),
        None => process.age(at.facts.now).is_none_or(|age| age.as_secs() > FIRST_TICK),
    }
}

/// The first tick comes when the platforms are connected. In seconds.
const FIRST_TICK: i64 = 120;
