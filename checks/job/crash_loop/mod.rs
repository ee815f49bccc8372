//! The manager starts the service again and again.

pub(crate) mod launchd;

use std::collections::BTreeMap;
use std::time::Duration;

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::endings::Watchdog;
use gw_snapshot::facts::job::launchd::{KeepAlive, Launchd};
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::limit::Limit;
use gw_snapshot::facts::process::Witness;
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};
use crate::job::{killed, restarting};
use crate::spawn;
use crate::story::lives::Lives;
use crate::subject::{has_lasted, length};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Judges the service to speak of, and each one beside it.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let mut findings = vec![of_job(at, lane, job).of_service(lane.title())];
    // A second service loops beside the one that works, for that one has what both need (upstream #92178).
    findings.extend(at.beside().filter_map(|(lane, job)| {
        let finding = match &job.launchd {
            Some(launchd) => launchd::beside(lane, job, launchd)?,
            None => looping(at, &lane.title(), job)?,
        };
        Some(finding.of_service(lane.title()))
    }));
    findings
}

fn of_job(at: &Subject<'_>, lane: &Lane, job: &Job) -> Finding {
    let restarts = job.restarts.unwrap_or(0);
    if let Some(launchd) = &job.launchd {
        return under_launchd(at, lane, job, launchd);
    }
    let times = times(restarts);
    let looping = looping(at, &lane.name, job)
        .or_else(|| superfluous(at, lane, job))
        .or_else(|| never_started(at, lane, job));
    if let Some(finding) = looping.or_else(|| keeps_ending(at, lane, job)) {
        return finding;
    }
    match job.phase {
        Phase::Running if at.hung_starts().is_some_and(|hung| hung.count >= 2) => {
            hanging(at, lane, job)
        }
        Phase::Restarting if has_lasted(job) => Finding::pass(format!(
            "{} does not loop: its last run lasted {}",
            lane.name,
            job.last_run().map_or_else(String::new, length)
        ))
        .seen(&job.source, times),
        // Between two ends of a storm it is active for a moment, with a process that has no lock and no listener yet.
        Phase::Running if restarts >= STORM && !is_planned(at) && is_unlocked(at) => {
            Finding::failure(format!(
                "{} was {times}, and its process is a few seconds old and serves nothing yet",
                lane.name
            ))
            .seen(&job.source, format!("NRestarts={restarts}"))
        }
        Phase::Running if restarts >= 2 && is_fresh(at) => crashing(at, lane, job)
            .or_else(|| in_quick_succession(at, lane, job))
            .unwrap_or_else(|| one_look(at, lane, job, restarts)),
        Phase::Running if restarts >= 2 && runs_something_else(at, job) => {
            one_look(at, lane, job, restarts).essential()
        }
        _ => Finding::pass(format!("{} does not loop", lane.name)).seen(&job.source, times),
    }
}

/// True if the job has a process of a few seconds that is no gateway: not yet, or for good.
fn runs_something_else(at: &Subject<'_>, job: &Job) -> bool {
    let age = job.started_at.and_then(|started| at.age_of(started));
    at.gateway.liveness.process.is_absent() && age.is_some_and(|age| age < FRESH_SECONDS)
}

/// True if the job is between two runs of a loop: its manager goes on for ever, and nothing that is under way ends it.
pub(crate) fn is_between_runs(at: &Subject<'_>, lane: &Lane, job: &Job) -> bool {
    let is_between =
        job.phase == Phase::Restarting || job.ends_by_itself() || launchd::is_due(at, lane, job);
    is_between && of_job(at, lane, job).verdict == Verdict::Failure
}

/// A unit that ended soon after it was started, and not for the first time. `NRestarts` counts over the unit's
/// whole life, so after a run of days it says nothing.
fn looping(at: &Subject<'_>, name: &str, job: &Job) -> Option<Finding> {
    let restarts = job.restarts.filter(|restarts| *restarts > 0)?;
    let watched = at.watched_end(job).map(|watched| watched.watchdog);
    // A planned restart ends with 75, and a planned stop with 0. Nobody plans three within a minute each.
    let is_quick = job.last_run().is_some_and(|lasted| lasted.as_secs() < UNPLANNED_SECONDS);
    // Of a profile that is served, each start finds that out and ends so (0.21.4+).
    let may_be_planned = matches!(job.last_exit, Some(Exit::Code(0 | 75)))
        && watched.is_none()
        && at.gateway.served_by.is_none();
    let planned = may_be_planned && !(is_quick && restarts >= FEW_PLANNED);
    let is_between = job.phase == Phase::Restarting || job.ends_by_itself();
    // A start that comes to nothing is one, however long it took.
    let is_no_run = killed::is_never_ready(job) || watched == Some(Watchdog::Start);
    if job.systemd.is_none() || !is_between || planned || (has_lasted(job) && !is_no_run) {
        return None;
    }
    let exit = job.last_exit.map_or_else(
        || "its last run ended".into(),
        |exit| format!("its last run ended with {exit}"),
    );
    let claim = format!("{name} ends and is started again without end: {}", times(restarts));
    Some(Finding::failure(claim).seen(&job.source, exit))
}

/// A service of a profile that another gateway serves: each start finds that it is served, and ends with 75 or 0 (0.21.4+).
/// Nothing ends that, so the first of them tells.
fn superfluous(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let served = at.gateway.served_by.as_ref()?;
    let attempt =
        at.gateway.liveness.attempts.iter().find(|process| job.main_pid == Some(process.pid));
    let is_between = job.phase == Phase::Restarting || job.ends_by_itself();
    let has_seen_it = matches!(job.last_exit, Some(Exit::Code(0 | 75))) && is_between;
    let said = match attempt {
        Some(attempt) => {
            format!("MainPID={}, while PID {} serves this profile", attempt.pid, served.pid)
        }
        None if has_seen_it => {
            format!("{}, while PID {} serves this profile", job.words, served.pid)
        }
        None => return None,
    };
    let finding = match job.restarts.filter(|restarts| *restarts > 0) {
        Some(restarts) => Finding::failure(format!(
            "{} ends and is started again without end: {}",
            lane.name,
            times(restarts)
        )),
        None => Finding::warning(format!(
            "{} starts a gateway that PID {} makes end at once: it will be started again without end",
            lane.name, served.pid
        )),
    };
    Some(finding.seen(&job.source, said))
}

/// A unit of a type that waits for more than a process, whose starts take longer than it waits: systemd ends each of them
/// and makes the next (upstream #101419). In most looks it is being started. The list of starts shows the beat.
fn never_started(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let systemd = job.systemd.as_ref().filter(|_| job.phase == Phase::Starting)?;
    let restarts = job.restarts.filter(|restarts| *restarts >= BURST)?;
    let limit = systemd.start_timeout?.after()?;
    killed::waits_for(&systemd.kind)?;
    if restarting::waits_in_vain(at, job).is_some() {
        return None;
    }
    let failure = |how: String| {
        let claim = format!("{} does not come to the end of a start: {how}", lane.name);
        Finding::failure(claim)
            .seen(&job.source, format!("NRestarts={restarts}, Type={}", systemd.kind))
            .help("give it more time (`TimeoutStartSec=` in a drop-in), or a Type= that does not wait")
    };
    let delay = systemd.restart_delay.and_then(Limit::after).unwrap_or_default();
    let ended = in_beat(&at.lives().starts(), limit, delay);
    if ended < FEW_STARTS && systemd.result == "timeout" {
        return Some(failure(format!(
            "it was {}, the last time because its time to start was up",
            times(restarts)
        )));
    }
    if ended < FEW_STARTS {
        return Some(one_look(at, lane, job, restarts));
    }
    Some(failure(format!(
        "systemd ended each of the last {ended} after {} s, for which TimeoutStartSec= lets it wait",
        limit.as_secs()
    )))
}

/// How many of the last starts were each followed by the next when their time was up.
fn in_beat(starts: &[Timestamp], limit: Duration, delay: Duration) -> usize {
    let longest = limit.saturating_add(delay).as_secs().saturating_add(killed::STOP_SECONDS);
    let gap = |pair: &[Timestamp]| match pair {
        [one, next] => u64::try_from(next.duration_since(*one).as_secs()).ok(),
        _ => None,
    };
    let gaps: Vec<u64> = starts.windows(2).filter_map(gap).collect();
    gaps.into_iter().rev().take_while(|gap| *gap >= limit.as_secs() && *gap <= longest).count()
}

/// So many starts in the same beat are no coincidence.
const FEW_STARTS: usize = 3;

/// A service whose lives tell that it loops, where its manager's counter alone would not: it comes up each time and ends
/// after some minutes, or it ends with 0 or 75 at once, as no plan would have it. Of the starts, as many count as the manager
/// has made since somebody last started the service by hand.
fn keeps_ending(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let goes_on = matches!(job.phase, Phase::Running | Phase::Starting | Phase::Restarting);
    if !goes_on && !job.ends_by_itself() {
        return None;
    }
    let runs = job.launchd.as_ref().and_then(|launchd| launchd.runs);
    let (counted, own, said) = match (job.restarts, runs) {
        (Some(restarts), _) => {
            (restarts, restarts.saturating_add(1), format!("NRestarts={restarts}"))
        }
        // The first of them no end of a run has brought about.
        (None, Some(runs)) => {
            (runs.saturating_sub(1), runs.saturating_sub(1), format!("runs = {runs}"))
        }
        (None, None) => return None,
    };
    if counted < FEW_PLANNED {
        return None;
    }
    let own = usize::try_from(own).unwrap_or(usize::MAX);
    let lives = at.lives();
    let starts = match &job.launchd {
        Some(launchd) => launchd::own_starts(lives, launchd),
        None => lives.starts(),
    };
    let starts: Vec<Timestamp> = starts.into_iter().rev().take(own).collect();
    let ended_badly = !matches!(job.last_exit, None | Some(Exit::Code(0 | 75)));
    let (recent, seconds) = NO_PLAN.into_iter().find_map(|(fewest, within, is_open)| {
        let is_recent = |start: &&Timestamp| {
            (0..within).contains(&at.facts.now.duration_since(**start).as_secs())
        };
        let recent = starts.iter().filter(is_recent).count();
        let is_bad = ended_badly || !lives.cut_short(at.facts.now, within).is_empty();
        (recent >= fewest && (is_open || is_bad)).then_some((recent, within))
    })?;
    let (starts, within) = (counted_starts(recent), span(seconds.unsigned_abs()));
    let claim = format!("{} keeps ending: {starts} in the last {within}", lane.name);
    let exit = match job.last_exit {
        Some(exit) => format!("its last run ended with {exit}"),
        None => said,
    };
    let mut finding = Finding::failure(claim).seen(&job.source, exit);
    for (source, count) in sources(lives, at.facts.now, seconds) {
        finding = finding.seen(source, counted_starts(count));
    }
    Some(finding)
}

fn counted_starts(count: usize) -> String {
    format!("{count} start{}", plural(count))
}

/// The files that tell of the starts of so many seconds, each with how many it tells of.
fn sources(lives: &Lives, now: Timestamp, within: i64) -> BTreeMap<String, usize> {
    let mut sources = BTreeMap::new();
    for start in
        lives.all.iter().filter_map(|life| life.starts.iter().find(|start| start.by.is_list()))
    {
        if (0..within).contains(&now.duration_since(start.at).as_secs()) {
            let count: &mut usize = sources.entry(start.source.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }
    sources
}

/// So many starts within so many seconds are no plan; the last row, where one of the runs ended badly.
const NO_PLAN: [(usize, i64, bool); 3] = [(3, 180, true), (6, 540, true), (4, 1800, false)];

fn times(restarts: u64) -> String {
    format!("restarted {restarts} time{}", plural(restarts))
}

/// A loop is active in many a single look (upstream #64432): a process of a few seconds that has all it
/// needs shows nothing yet, nor does one that has nothing: `NRestarts` counts over the unit's whole life, until somebody
/// starts it by hand, so two restarts may lie months apart. So many restarts as would be a burst are more than a plan can account for.
fn one_look(at: &Subject<'_>, lane: &Lane, job: &Job, restarts: u64) -> Finding {
    let age = at.gateway.process().and_then(|process| process.age(at.facts.now));
    let age = age.map(|age| age.as_secs());
    let age = age.or_else(|| at.age_of(job.started_at?)).unwrap_or_default();
    let why = Why::Failed(format!(
        "it was restarted {restarts} times, and its process is only {age} s old"
    ));
    let finding = Finding::unknown(&format!("whether {} loops", lane.name), &why)
        .seen(&job.source, format!("NRestarts={restarts}"))
        .help("look again in a minute");
    if restarts >= BURST { finding } else { finding.minor() }
}

/// A loop of starts that hang, of which the next is under way.
fn hanging(at: &Subject<'_>, lane: &Lane, job: &Job) -> Finding {
    let words = at.hung_starts().map_or_else(String::new, |hung| hung.words());
    Finding::failure(format!("{} ends and is started again without end: {words}", lane.name))
        .seen(&job.source, job.words.clone())
        .seen(at.path("logs/gateway-startup-watchdog.log"), "startup_watchdog.fired")
}

/// A loop whose last starts left word of their ends.
fn crashing(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let crashes = at.crashes().filter(|crashes| crashes.count >= 2)?;
    let claim = format!(
        "{} ends and is started again without end: {}, and its process is a few seconds old",
        lane.name,
        crashes.words()
    );
    let finding = Finding::failure(claim).seen(&job.source, job.words.clone());
    Some(finding.seen(at.path("logs/gateway-exit-diag.log"), "asyncio.run.exception"))
}

/// A loop whose starts stand in a log with a clock of an unknown zone: how far they are from each other is known all the
/// same, and that the log is written still.
fn in_quick_succession(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let restarts = job.restarts.filter(|restarts| *restarts >= BURST)?;
    let journal = at.gateway.journal.known()?;
    let age = at.age_of(journal.written?)?;
    let walls: Vec<DateTime> =
        journal.stretches.iter().rev().map_while(|stretch| stretch.start).take(ENOUGH).collect();
    let gaps = walls.windows(2).map(|pair| match pair {
        [later, earlier] => later.duration_since(*earlier).as_secs(),
        _ => i64::MAX,
    });
    let longest = gaps.max()?;
    if at.lives().knows_the_log() || walls.len() < ENOUGH || longest.max(age) > QUICK_SECONDS {
        return None;
    }
    let claim = format!(
        "{} ends and is started again without end: {}, the last {} times within {} of the start before",
        lane.name,
        times(restarts),
        ENOUGH.saturating_sub(1),
        span(longest.unsigned_abs())
    );
    let finding = Finding::failure(claim).seen(&job.source, format!("NRestarts={restarts}"));
    Some(finding.seen(at.path("logs/gateway.log"), format!("{} starts", walls.len())))
}

/// So many starts in a row, each so soon after the one before, are no changes by hand. In seconds.
const ENOUGH: usize = 6;
const QUICK_SECONDS: i64 = 90;

/// No gateway is restarted on purpose so soon after its start, in seconds, and so often.
const UNPLANNED_SECONDS: i64 = 60;
const FEW_PLANNED: u64 = 3;
/// systemd's own idea of too many starts (`DefaultStartLimitBurst`).
const BURST: u64 = 5;

/// A process that a loop could have started a moment ago.
fn is_fresh(at: &Subject<'_>) -> bool {
    let age = at.gateway.process().and_then(|process| process.age(at.facts.now));
    age.is_some_and(|age| age.as_secs() < FRESH_SECONDS)
}

/// A start that fails does so within this time, as a rule: two platforms that do not answer.
const FRESH_SECONDS: i64 = 75;

/// launchd's `runs` counts every start since the job was loaded, those by hand and those that were planned
/// included: alone it proves nothing (upstream #57739). With a bad end, and nothing that lives, it does.
fn under_launchd(at: &Subject<'_>, lane: &Lane, job: &Job, launchd: &Launchd) -> Finding {
    let runs = launchd.runs.unwrap_or(0);
    let said = format!("runs = {runs}");
    let is_bad = !matches!(job.last_exit, None | Some(Exit::Code(0 | 75)))
        || launchd.exit_reason.is_some()
        || at.watched_end(job).is_some();
    let inverted = matches!(launchd.keep_alive, Some(KeepAlive::AfterExit { successful: true }));
    let is_first_crash = launchd.successive_crashes == Some(1);
    let ended = launchd::ended(job);
    let claim = format!(
        "{} ends and is started again without end: {runs} runs, the last with {ended}",
        lane.name
    );
    if job.phase == Phase::Running && at.hung_starts().is_some_and(|hung| hung.count >= 2) {
        return hanging(at, lane, job);
    }
    if job.phase == Phase::Running
        && runs >= 2
        && is_fresh(at)
        && let Some(finding) = crashing(at, lane, job)
    {
        return finding;
    }
    if let Some(finding) = below_its_wrapper(at, lane, job) {
        return finding;
    }
    if let Some(finding) = keeps_ending(at, lane, job).filter(|_| !is_first_crash) {
        return finding;
    }
    if let Some(finding) = launchd::again_and_again(at, lane, job, launchd) {
        return finding;
    }
    match job.phase {
        // launchd counts the crashes in a row, and starts by hand are not among them.
        Phase::Restarting if runs >= 2 && (is_bad || inverted) && !is_first_crash => {
            match launchd::listed(at, lane, job, launchd) {
                Fact::Known(()) => does_not_loop(lane),
                Fact::Absent => Finding::failure(claim),
                Fact::Unknown(why) => {
                    let what = format!(
                        "whether {} loops: it was started {runs} times since it was loaded, the last run ended with {ended}, and gateway-starts.log would tell when",
                        lane.name
                    );
                    Finding::unknown(&what, &why).essential()
                }
            }
            .seen(&job.source, said)
        }
        // A storm looks alive in any single look; but what it starts never lives long enough to take its lock.
        Phase::Running if runs >= STORM && is_bad && is_unlocked(at) => {
            Finding::failure(claim).seen(&job.source, said)
        }
        Phase::Running if runs >= STORM && is_bad => Finding::note(format!(
            "{} was started {runs} times since it was loaded, and its previous run ended with {ended}: somebody may start it by hand again and again",
            lane.name
        ))
        .seen(&job.source, said),
        _ => does_not_loop(lane).seen(&job.source, said),
    }
}

/// A job whose own process lives, a wrapper, and whose gateway ends again and again below it: the manager sees nothing of it,
/// and the log of its errors tells. In a look the next one may be under way.
fn below_its_wrapper(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let liveness = &at.gateway.liveness;
    let wrapper = liveness.wrapper.as_ref().filter(|it| job.main_pid == Some(it.pid))?;
    let is_between = liveness.process.is_absent() || is_unlocked(at) && is_fresh(at);
    let why = spawn::below_wrapper(at, wrapper).filter(|_| is_between)?;
    let claim = format!(
        "{} is {}, and what its wrapper (PID {}) starts ends again and again: {why}",
        lane.name, job.words, wrapper.pid
    );
    let finding = Finding::failure(claim).seen(&job.source, job.words.clone());
    Some(at.with_process(finding, wrapper))
}

fn does_not_loop(lane: &Lane) -> Finding {
    Finding::pass(format!("{} does not loop", lane.name))
}

/// So many runs since a job was loaded, or restarts since a unit was started by hand, are no single ends over months.
const STORM: u64 = 100;

/// Whether the status file says that the restart was asked for.
fn is_planned(at: &Subject<'_>) -> bool {
    let status = at.gateway.status.known();
    status.is_some_and(|status| status.restart_requested && status.watchdog().is_none())
}

/// A process of a few seconds that has not taken its lock yet.
fn is_unlocked(at: &Subject<'_>) -> bool {
    let Some(process) = at.gateway.process() else { return false };
    let holds_lock =
        [Witness::Lock, Witness::OpenLock].iter().any(|lock| process.witnesses.contains(lock));
    process.age(at.facts.now).is_some_and(|age| age.as_secs() < 10) && !holds_lock
}
