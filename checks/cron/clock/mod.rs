//! Whether the marks, and the times of the jobs, lie where the clock says that they must.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::cron::{CronJob, Store};
use gw_snapshot::parse::time::Stamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let jobs = jobs(at);
    let marks = marks(at);
    match jobs {
        // That the marks are well is no news beside it.
        Some(jobs) => marks
            .into_iter()
            .filter(|finding| finding.verdict == Verdict::Unknown)
            .chain([jobs])
            .collect(),
        None => marks,
    }
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

fn marks(at: &Subject<'_>) -> Vec<Finding> {
    let marks = [
        ("cron/ticker_heartbeat", &at.gateway.cron.heartbeat),
        ("cron/ticker_last_success", &at.gateway.cron.last_success),
    ];
    if marks.iter().all(|(_, mark)| mark.known().is_none()) {
        return vec![Finding::skipped("there is no mark to judge")];
    }
    let ahead = marks.into_iter().filter_map(|(name, mark)| {
        let mark = mark.known().filter(|mark| at.age_of(mark.at).is_none())?;
        Some((name, mark.at.duration_since(at.facts.now).as_secs().unsigned_abs()))
    });
    let ahead: Vec<(&str, u64)> = ahead.collect();
    let Some((name, most)) = ahead.iter().max_by_key(|(_, seconds)| *seconds) else {
        return vec![Finding::pass("no mark lies in the future")];
    };
    let why = Why::Failed(format!(
        "{name} lies {} in the future: a clock was moved, or is wrong",
        span(*most)
    ));
    let finding = Finding::unknown("how fresh the ticker's marks are", &why);
    vec![ahead.iter().fold(finding, |finding, (name, seconds)| {
        finding.seen(at.path(name), format!("{seconds} s ahead"))
    })]
}
