//! Whether the marks lie in the past, as they must, and the next runs of jobs in the zone that is set.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::cron::{CronJob, Schedule, Store};
use gw_snapshot::parse::time::Stamp;
use jiff::tz::{Offset, TimeZoneDatabase};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Compares the marks with the clock, and the next runs of jobs with the zone that is set.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = vec![marks(at)];
    if let Some(jobs) = jobs(at) {
        // That the marks are well is no news beside it.
        findings.retain(|finding| finding.verdict == Verdict::Unknown);
        findings.push(jobs);
    }
    findings.extend(zone(at));
    findings
}

/// That jobs wait for a time that a clock of before gave them. Hermes moves it at no tick, however far ahead it is.
fn jobs(at: &Subject<'_>) -> Option<Finding> {
    let jobs: Vec<&CronJob> = at
        .ticked_store()
        .into_iter()
        .flat_map(Store::active)
        .filter(|job| at.is_of_another_clock(job))
        .collect();
    let next = |job: &&&CronJob| job.next_run_at.and_then(Stamp::instant);
    let first = jobs.iter().min_by_key(next)?;
    let until = next(&first).map(|next| next.duration_since(at.facts.now).as_secs());
    let count = jobs.len();
    let which = if count == 1 { "its" } else { "their" };
    let jobs_are = format!("{count} job{}", plural(count));
    let claim = match until.filter(|wait| *wait > 0) {
        Some(wait) => format!(
            "{jobs_are} will not run for {}: a clock that stood ahead wrote {which} times",
            span(wait.unsigned_abs())
        ),
        None => format!("a clock that stood ahead wrote the times of {jobs_are}"),
    };
    let finding = Finding::warning(claim)
    .help("once the clock is right, `hermes cron pause` and `hermes cron resume` of each reckon its next run anew");
    Some(at.with_jobs(finding, &jobs))
}

fn marks(at: &Subject<'_>) -> Finding {
    let marks = [
        ("cron/ticker_heartbeat", &at.gateway.cron.heartbeat),
        ("cron/ticker_last_success", &at.gateway.cron.last_success),
    ];
    if marks.iter().all(|(_, mark)| mark.known().is_none()) {
        return Finding::skipped("there is no mark to judge");
    }
    let ahead = marks.into_iter().filter_map(|(name, mark)| {
        let mark = mark.known().filter(|mark| at.age_of(mark.at).is_none())?;
        Some((name, mark.at.duration_since(at.facts.now).as_secs().unsigned_abs()))
    });
    let ahead: Vec<(&str, u64)> = ahead.collect();
    let Some((name, most)) = ahead.iter().max_by_key(|(_, seconds)| *seconds) else {
        return Finding::pass("no mark lies in the future");
    };
    let why = Why::Failed(format!(
        "{name} lies {} in the future: a clock was moved, or is wrong",
        span(*most)
    ));
    let finding = Finding::unknown("how fresh the ticker's marks are", &why);
    ahead.iter().fold(finding, |finding, (name, seconds)| {
        finding.seen(at.path(name), format!("{seconds} s ahead"))
    })
}

/// Finds the jobs whose next time was reckoned in another zone than the one that is set (issue 103904 of upstream): each
/// cron expression is then meant in a zone that the process which wrote the time did not know.
fn zone(at: &Subject<'_>) -> Option<Finding> {
    let store = at.ticked_store()?;
    let of_process =
        at.gateway.process().and_then(|process| process.seen.env.as_ref()?.get("HERMES_TIMEZONE"));
    let zone = of_process.or_else(|| at.gateway.cron.zone.known())?;
    let rules = TimeZoneDatabase::bundled().get(zone).ok()?;
    let elsewhere: Vec<(&CronJob, Offset)> = store
        .active()
        .filter(|job| matches!(job.kind, Schedule::Cron(_)))
        .filter_map(|job| {
            let (next, offset) = (job.next_run_at?.instant()?, job.next_run_offset?);
            (rules.to_offset(next) != offset).then_some((job, offset))
        })
        .collect();
    let (_, offset) = elsewhere.first()?;
    let count = elsewhere.len();
    let claim = format!(
        "the next run of {count} job{} was reckoned in another time zone (UTC{offset}) than {zone}, which is set",
        plural(count)
    );
    let finding = Finding::warning(claim)
        .help("pause and resume the job: Hermes reckons its next run anew; restart a gateway that started before the zone was set");
    let file = at.path("cron/jobs.json");
    Some(elsewhere.iter().take(5).fold(finding, |finding, (job, offset)| {
        finding.seen(&file, format!("job {} ({}): next run at UTC{offset}", job.id, job.schedule))
    }))
}
