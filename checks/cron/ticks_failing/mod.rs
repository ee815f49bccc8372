//! Whether the ticks end well.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::{CronJob, Schedule, Store};
use gw_snapshot::parse::log::Class;
use gw_snapshot::parse::time::Stamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.cron.external_provider.is_some() {
        return vec![Finding::skipped("another provider than the built-in ticker runs the jobs")];
    }
    let Some(process) = at.gateway.process() else { return at.no_process() };
    if let Some(finding) = unwritable(at) {
        return vec![finding];
    }
    let Some(beat) = at.gateway.cron.heartbeat.known() else {
        return vec![Finding::skipped("the ticker has left no mark")];
    };
    if let Some(other) = at.left_by_another(beat) {
        return vec![Finding::skipped(format!("the last mark in its store is of PID {other}"))];
    }
    let fresh = at.age_of(beat.at).is_some_and(|age| age <= at.late_after());
    // The mark of an earlier life is old until the first tick of this one has ended.
    let had_time = process.age(at.facts.now).is_some_and(|age| age.as_secs() > at.late_after());
    let success = match &at.gateway.cron.last_success {
        Fact::Known(mark) => Some(at.age_of(mark.at)),
        Fact::Absent => None,
        Fact::Unknown(why) => {
            return vec![Finding::unknown("when a tick last ended well", why).minor()];
        }
    };
    let source = at.path("cron/ticker_last_success");
    let finding = match success {
        Some(None) => {
            let why = Why::Failed("its mark lies in the future: see cron/clock".into());
            Finding::unknown("when a tick last ended well", &why).minor()
        }
        Some(Some(age)) if age <= at.late_after() => match failed_since(at, age) {
            Some(how) => Finding::note(format!(
                "a tick ended well {age} s ago, and the last one did not: {how}"
            ))
            .seen(at.path("cron/ticker_last_error"), how),
            None => failed_for_good(at).unwrap_or_else(|| {
                Finding::pass(format!("a tick ended well {age} s ago"))
                    .seen(source, format!("{age} s old"))
            }),
        },
        Some(Some(age)) if fresh && had_time => Finding::failure(format!(
            "the ticker comes round, and no tick has ended well for {}",
            span(age.unsigned_abs())
        ))
        .seen(source, format!("{age} s old")),
        None if fresh && had_time => {
            Finding::failure("the ticker comes round, and no tick has ever ended well")
                .seen(source, "it does not exist")
        }
        _ => Finding::skipped("the ticker itself is late, or has just begun"),
    };
    if finding.verdict != Verdict::Failure {
        return vec![finding];
    }
    let error = at.gateway.cron.last_error.known().and_then(|failure| failure.error.as_ref());
    let finding = match error {
        Some(error) => finding.seen(at.path("cron/ticker_last_error"), error.clone()),
        None => finding,
    };
    vec![with_log(at, finding)]
}

/// What the log of this life says of ticks that fail.
fn with_log(at: &Subject<'_>, finding: Finding) -> Finding {
    let Some(journal) = at.gateway.journal.known() else { return finding };
    let counted = LOGGED.iter().filter_map(|(class, what)| Some((journal.count(*class)?, what)));
    counted.fold(finding, |finding, (count, what)| {
        let lines = count.lines;
        finding.seen(at.path("logs"), format!("{what}: {lines} line{}", plural(lines)))
    })
}

/// Classes of lines about ticks that fail, and what they say.
const LOGGED: [(Class, &str); 4] = [
    (Class::TickError, "a tick failed"),
    (Class::ProfileTickError, "a tick in the store of some profile failed"),
    (Class::JobsLock, "the lock of the job store was not to be had"),
    (Class::TickerDied, "the ticker's thread had ended, and was started again"),
];

/// That nothing can be written into the store (0.22+): no job runs without a note of it. Marks that stay fresh say otherwise.
fn unwritable(at: &Subject<'_>) -> Option<Finding> {
    if !at.store_is_unwritable() {
        return None;
    }
    let beat = at.gateway.cron.heartbeat.known();
    let age = beat.map(|beat| at.age_of(beat.at));
    let is_fresh = age.flatten().is_some_and(|age| age <= at.late_after());
    let finding = if is_fresh {
        Finding::warning(
            "the log says that the job store cannot be written, and not that it can be again",
        )
    } else {
        Finding::failure(
            "the job store cannot be written: no job runs, and the ticker leaves no mark",
        )
    };
    Some(
        finding
            .seen(at.path("logs"), "the job store is unwritable")
            .help("`df` and `ls -ld` of the directory `cron` tell why: a full disk, a read-only mount, another owner"),
    )
}

/// That a tick failed, by the log, and the jobs that it was to run have not run since: it gave them their next times before, so
/// none of them is late, and the ticks after it have nothing to do and end well. Up to 0.19 such a job may count as running until
/// the gateway ends, and is passed over.
fn failed_for_good(at: &Subject<'_>) -> Option<Finding> {
    let journal = at.gateway.journal.known()?;
    let wall = LOGGED.iter().filter_map(|(class, _)| journal.count(*class)?.last).max()?;
    let failed = at.lives().instant(wall).filter(|failed| *failed <= at.facts.now)?;
    let waits = |job: &&CronJob| {
        let Schedule::Interval(interval) = &job.kind else { return false };
        let instant = |stamp: Option<Stamp>| stamp.and_then(Stamp::instant);
        let (last, next) = (instant(job.last_run_at), instant(job.next_run_at));
        let last = last.or_else(|| instant(job.created_at));
        let due = last.and_then(|last| last.checked_add(*interval).ok());
        due.is_some_and(|due| due <= failed)
            && next.is_some_and(|next| next > at.facts.now)
            && !at.may_be_running(job)
            && !job.is_held(at.facts.now)
    };
    let waiting: Vec<&CronJob> =
        at.ticked_store().into_iter().flat_map(Store::active).filter(waits).collect();
    let count = waiting.len();
    let has = if count == 1 { "has" } else { "have" };
    (count > 0).then(|| {
        let age = at.facts.now.duration_since(failed).as_secs().unsigned_abs();
        let finding = Finding::warning(format!(
            "the log says that a tick failed {} ago, and {count} job{} that it was to run {has} not run since",
            span(age),
            plural(count)
        ))
        .help("the end of logs/errors.log says why; where it is a locked database, `lsof` names the other program. If the jobs stay so, restart the service");
        at.with_jobs(with_log(at, finding), &waiting)
    })
}

/// How the last tick failed, where that was after the last that ended well: so long ago.
fn failed_since(at: &Subject<'_>, success: i64) -> Option<String> {
    let failure = at.gateway.cron.last_error.known()?;
    let age = at.age_of(failure.at).filter(|age| *age < success)?;
    Some(match &failure.error {
        _ if failure.is_yield() => {
            format!("{age} s ago it stood aside for a gateway that runs newer code")
        }
        Some(error) => format!("{error}, {age} s ago"),
        None => format!("{age} s ago"),
    })
}
