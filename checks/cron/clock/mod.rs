//! Whether the marks lie in the past, as they must, and the next runs of jobs in the zone that is set.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::cron::{CronJob, Schedule};
use jiff::tz::{Offset, TimeZoneDatabase};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Compares the marks with the clock, and the next runs of jobs with the zone that is set.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = vec![marks(at)];
    findings.extend(zone(at));
    findings
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
