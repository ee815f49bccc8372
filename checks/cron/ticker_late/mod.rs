//! Whether the ticker comes round.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::{CronJob, TickMark};
use gw_snapshot::facts::executions::Owner;
use gw_snapshot::facts::liveness::Holder;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::parse::time::Stamp;
use jiff::Timestamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};
use crate::subject::cron::LONGEST_RUN;
use crate::subject::start::Step;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.cron.external_provider.is_some() {
        return vec![Finding::skipped("another provider than the built-in ticker runs the jobs")];
    }
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let mark = match &at.gateway.cron.heartbeat {
        Fact::Known(mark) => *mark,
        Fact::Absent => return without_heartbeat(at),
        Fact::Unknown(why) => {
            return vec![Finding::unknown("when the ticker last came round", why).minor()];
        }
    };
    let (beat, source) = (mark.at, at.path("cron/ticker_heartbeat"));
    let Some(age) = at.age_of(beat) else {
        let why = Why::Failed("its mark lies in the future: see cron/clock".into());
        return vec![Finding::unknown("when the ticker last came round", &why).minor()];
    };
    let other = at.left_by_another(&mark);
    if age <= at.late_after() {
        let said = format!("{age} s old");
        return vec![match whose(at, &mark, other) {
            None => Finding::pass(format!("the ticker came round {age} s ago")).seen(source, said),
            Some(whose) => {
                let why = Why::Failed(format!("the last mark in its store is {whose}"));
                Finding::unknown("whether the ticker comes round", &why)
                    .minor()
                    .seen(source, said)
                    .help("look again in two minutes")
            }
        }];
    }
    if at.store_is_unwritable() {
        let why = Why::Failed("its store cannot be written: see cron/ticks-failing".into());
        return vec![
            Finding::unknown("whether the ticker comes round", &why)
                .minor()
                .seen(source, format!("{age} s old")),
        ];
    }
    if let Some(run) = run_of_this_round(at, beat) {
        let why = Why::Failed(format!(
            "its mark is {age} s old, and a run that it claimed {run} s ago may be under way"
        ));
        return vec![
            Finding::unknown("whether the ticker has stopped", &why)
                .minor()
                .seen(source, format!("{age} s old"))
                .help("look again when the run has ended; do not restart the gateway meanwhile"),
        ];
    }
    if let Some(why) = at.has_just_woken() {
        return vec![
            Finding::unknown("whether the ticker has stopped", &why)
                .minor()
                .seen(source, format!("{age} s old"))
                .help("look again in two minutes"),
        ];
    }
    let uptime = process.age(at.facts.now).map(|age| age.as_secs());
    let holds_lock = at.gateway.cron.tick_lock == Fact::Known(Holder::Process(process.pid));
    if let Some(step) = at.start().filter(|_| !holds_lock) {
        return vec![still_starting(step).seen(source, format!("{age} s old"))];
    }
    let last = other.map_or_else(String::new, |other| {
        format!(", and the last mark in its store is of PID {other}")
    });
    let claim = format!(
        "the ticker of PID {} has not come round for {}; it should every 60 s{last}",
        process.pid,
        span(age.unsigned_abs())
    );
    // A process younger than that may not have ticked yet, unless it sits on the lock of a tick.
    let finding = match uptime {
        Some(uptime) if uptime > at.late_after() || holds_lock => Finding::failure(claim),
        Some(uptime) => Finding::warning(format!("{claim} (the process is only {uptime} s old)"))
            .help("look again in two minutes"),
        None => Finding::warning(claim),
    };
    let finding = finding.seen(source, format!("{age} s old"));
    vec![if holds_lock {
        finding.seen(at.path("cron/.tick.lock"), format!("held by PID {}", process.pid))
    } else {
        finding
    }]
}

/// Whose a young mark is, where it is not this process's own.
fn whose(at: &Subject<'_>, mark: &TickMark, other: Option<u32>) -> Option<String> {
    match other {
        Some(other) => Some(format!("of PID {other}: any gateway leaves one when it starts")),
        None if at.is_of_an_earlier_life(mark) => Some("older than its process".into()),
        None => None,
    }
}

/// The ticker begins when the platforms are connected, one after the other: until then a mark is that of an earlier life.
fn still_starting(step: Step) -> Finding {
    let why = Why::Failed(format!("{}, and its ticker begins after that", step.words()));
    Finding::unknown("whether the ticker comes round", &why)
        .minor()
        .help("look again in two minutes")
}

/// How long ago a run was claimed that may hold the ticker up: since its last round, while it may still be under way,
/// and with no other job late that a stopped ticker alone explains (upstream #60729). In seconds.
fn run_of_this_round(at: &Subject<'_>, beat: Timestamp) -> Option<u64> {
    let store = at.ticked_store()?;
    let is_late = |job: &&CronJob| {
        job.late_by(at.facts.now)
            .is_some_and(|late| late.as_secs() > at.late_after().unsigned_abs())
    };
    if store.active().filter(|job| !at.may_be_running(job)).any(|job| is_late(&job)) {
        return None;
    }
    let round = at.age_of(beat)?.unsigned_abs();
    let age = |stamp: Stamp| Some(stamp.age_at_least(at.facts.now)?.as_secs());
    let noted = at
        .executions()
        .iter()
        .filter(|run| run.is_open && !matches!(run.owner, Owner::Gone(_)))
        .filter_map(|run| run.age(at.facts.now));
    let claimed = store
        .active()
        .filter(|job| at.may_be_running(job))
        .filter_map(|job| job.claimed_at.and_then(age));
    noted.chain(claimed).filter(|age| *age <= round && *age < LONGEST_RUN.unsigned_abs()).max()
}

/// Before 0.18 no ticker left a mark, and since then a write that fails is passed over in silence. So a
/// missing one is no proof, unless a late job says the same.
fn without_heartbeat(at: &Subject<'_>) -> Vec<Finding> {
    if let Some(step) = at.start() {
        return vec![
            still_starting(step).seen(at.path("cron/ticker_heartbeat"), "it does not exist"),
        ];
    }
    let writes_marks = at.runs_with(Capability::TickMarks) == Some(true);
    let uptime =
        at.gateway.process().and_then(|process| process.age(at.facts.now)).map(|age| age.as_secs());
    let due = uptime.filter(|uptime| writes_marks && *uptime > at.late_after());
    let limit = at.late_after().unsigned_abs();
    let is_late =
        |job: &CronJob| job.late_by(at.facts.now).is_some_and(|late| late.as_secs() > limit);
    let store = at.ticked_store();
    let why = Why::Failed("it has left no mark".into());
    let unknown = Finding::unknown("when the ticker last came round", &why);
    let finding = match due {
        Some(uptime) if store.is_some_and(|store| store.active().any(is_late)) => Finding::failure(
            format!("the ticker has not come round once in the {uptime} s of this process"),
        ),
        Some(_) if store.is_some_and(|store| store.active().next().is_some()) => unknown,
        _ => unknown.minor(),
    };
    vec![finding.seen(at.path("cron/ticker_heartbeat"), "it does not exist")]
}
