//! Whether the system, and not the gateway, ended the last run.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::limit::Limit;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};
use crate::job::last_exit::RECENT_SECONDS;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let cut_short = cut_short(at, lane);
    if let Some(launchd) = &job.launchd {
        let finding = match launchd.exit_reason.as_deref() {
            Some(reason) if reason.contains("JETSAM") => Finding::warning(format!(
                "the previous run of {} was cut short: the kernel ended it for want of memory",
                lane.name
            )),
            Some(reason) => Finding::warning(format!(
                "the previous run of {} was cut short: {reason}",
                lane.name
            )),
            None if job.last_exit == Some(Exit::Signal(9)) => Finding::warning(format!(
                "the previous run of {} was killed: by hand, for memory, or at the end of a stop that took too long",
                lane.name
            )),
            None => {
                cut_short.unwrap_or_else(|| Finding::pass(format!("nothing killed {}", lane.name)))
            }
        };
        return vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())];
    }
    let result = job.systemd.as_ref().map(|systemd| systemd.result.as_str()).unwrap_or_default();
    // systemd forgets the result of a run when the next begins: this one is of the run that goes on.
    if let ("oom-kill", Phase::Running) = (result, job.phase) {
        let claim = format!(
            "the kernel killed a process of {} for want of memory, and its main process lives",
            lane.name
        );
        return vec![
            Finding::warning(claim)
                .seen(&job.source, format!("Result={result}"))
                .of_service(lane.title()),
        ];
    }
    let Some(by) = by(job) else {
        let finding =
            cut_short.unwrap_or_else(|| Finding::pass(format!("nothing killed {}", lane.name)));
        return vec![finding.of_service(lane.title())];
    };
    vec![
        Finding::warning(format!("the previous run of {} was cut short: {by}", lane.name))
            .seen(&job.source, format!("Result={result}"))
            .of_service(lane.title()),
    ]
}

/// What the lives tell of earlier runs, which no manager remembers once the next has begun: a single one is past, and
/// several within minutes are a warning, however well the present one does. An error or a watchdog of Hermes's own is
/// for job/last-exit to tell.
fn cut_short(at: &Subject<'_>, lane: &Lane) -> Option<Finding> {
    let lives = at.lives();
    let mut recent = lives.cut_short(at.facts.now, RECENT_SECONDS);
    recent.retain(|life| life.was_killed());
    let last = recent.last()?;
    let end = last.ended()?;
    let count = recent.len();
    let finding = if count >= SEVERAL {
        Finding::warning(format!(
            "{count} runs of {} were cut short in the last {}: the last one ended {}",
            lane.name,
            span(RECENT_SECONDS.unsigned_abs()),
            end.how.words()
        ))
    } else {
        Finding::note(format!("the last run that is over ended {}", end.how.words()))
    };
    Some(recent.iter().filter_map(|life| Some((life, life.ended()?))).fold(
        finding,
        |finding, (life, end)| {
            let of = life.pid.map_or_else(String::new, |pid| format!(" (PID {pid} ended)"));
            finding.seen(&end.source, format!("{}{of}", end.said))
        },
    ))
}

/// So many of them are no accident.
const SEVERAL: usize = 2;

/// What ended the last run of a unit, where that was not the gateway itself.
pub(crate) fn by(job: &Job) -> Option<&'static str> {
    match job.systemd.as_ref()?.result.as_str() {
        "oom-kill" => Some("the kernel killed a process of it for want of memory"),
        "watchdog" => Some("systemd's watchdog got no sign of life from it"),
        "timeout" if has_run_its_time(job) => {
            Some("it had run for as long as RuntimeMaxSec= lets it")
        }
        "timeout" if is_never_ready(job) => {
            Some("systemd waited in vain to hear that it had started, by the Type= of the unit")
        }
        "timeout" => Some("it did not start or stop within its time"),
        "signal" | "core-dump" => Some("a signal ended it"),
        _ => None,
    }
}

/// Whether it was ended because its time was up, which systemd calls a timeout as well.
fn has_run_its_time(job: &Job) -> bool {
    let longest = job.systemd.as_ref().and_then(|systemd| systemd.longest_run);
    let longest = longest.and_then(Limit::seconds);
    let lasted = job.last_run().and_then(|lasted| u64::try_from(lasted.as_secs()).ok());
    // systemd tells both ends by the whole second.
    longest.zip(lasted).is_some_and(|(longest, lasted)| lasted.saturating_add(1) >= longest)
}

/// Whether it was ended at the end of its time to start, by a type that waits for more than a process: Hermes up to 0.20
/// neither forks nor ends nor sends a notification.
pub(crate) fn is_never_ready(job: &Job) -> bool {
    let Some(systemd) = &job.systemd else { return false };
    let lasted = job.last_run().and_then(|lasted| u64::try_from(lasted.as_secs()).ok());
    let limit = systemd.start_timeout.and_then(Limit::seconds);
    systemd.result == "timeout"
        && waits_for(&systemd.kind).is_some()
        && limit.zip(lasted).is_some_and(|(limit, lasted)| {
            lasted.saturating_add(1) >= limit && lasted <= limit.saturating_add(STOP_SECONDS)
        })
}

/// What systemd waits for before it takes a unit of this type for started, where that is more than a process.
pub(crate) fn waits_for(kind: &str) -> Option<&'static str> {
    match kind {
        "notify" | "notify-reload" => Some("a notification"),
        "forking" => Some("its first process to end"),
        "oneshot" => Some("it to end"),
        "dbus" => Some("a name on the bus"),
        _ => None,
    }
}

/// What a gateway takes to end once it is asked to. In seconds.
pub(crate) const STOP_SECONDS: u64 = 30;
