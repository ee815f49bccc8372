//! Loops that launchd's own counters and words tell of.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::definition::Restart;
use gw_snapshot::facts::job::launchd::Launchd;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::release::Capability;
use gw_snapshot::parse::log::Class;
use jiff::Timestamp;

use super::{BURST, FEW_PLANNED, UNPLANNED_SECONDS, is_fresh, is_unlocked};
use crate::Subject;
use crate::finding::Finding;
use crate::job::parked;
use crate::spawn;
use crate::story::lives::{Life, Lives};

/// Judges a job that launchd may start without end, though its state is not that between two runs, or its code that of
/// a plan.
pub(super) fn again_and_again(
    at: &Subject<'_>,
    lane: &Lane,
    job: &Job,
    launchd: &Launchd,
) -> Option<Finding> {
    let runs = launchd.runs.filter(|runs| *runs >= FEW_PLANNED)?;
    let said = format!("runs = {runs}");
    let is_between = job.phase == Phase::Restarting || is_due(at, lane, job);
    if is_between && may_be_planned(job, launchd) {
        // A gateway that ends to be started again has written its status before.
        let is_quick = wait(launchd) <= UNPLANNED_SECONDS.unsigned_abs();
        return (is_quick && wrote_nothing(at, wait(launchd)))
            .then(|| failure(lane, job, launchd).seen(&job.source, said));
    }
    if is_between && job.phase != Phase::Restarting {
        // It is `not running` between two runs, and at rest: so many tell of a loop.
        let is_loop = runs >= BURST && launchd.successive_crashes != Some(1);
        return is_loop.then(|| failure(lane, job, launchd).seen(&job.source, said));
    }
    let is_under_way = matches!(job.phase, Phase::Running | Phase::Starting);
    let is_new = at.gateway.process().is_none() || is_fresh(at) && is_unlocked(at);
    let is_by_itself = launchd.is_by_itself == Some(true);
    if !(is_under_way && is_new && is_by_itself) || may_be_planned(job, launchd) {
        return None;
    }
    let crashes = launchd.successive_crashes.unwrap_or(0);
    if crashes >= 2 {
        return Some(
            failure(lane, job, launchd)
                .seen(&job.source, format!("successive crashes = {crashes}")),
        );
    }
    // No run of it has come so far as to write a record.
    if at.gateway.status.is_absent() && at.gateway.pid_file.is_absent() {
        return Some(failure(lane, job, launchd).seen(&job.source, said));
    }
    (runs >= BURST && crashes == 0).then(|| {
        let why = Why::Failed(format!(
            "it was started {runs} times since it was loaded, its previous run ended with {}, and its process is a few seconds old",
            ended(job)
        ));
        Finding::unknown(&format!("whether {} loops", lane.name), &why)
            .essential()
            .seen(&job.source, said)
            .help("look again in a minute")
    })
}

/// Judges a further job of the home, which loops beside the one that works.
pub(super) fn beside(lane: &Lane, job: &Job, launchd: &Launchd) -> Option<Finding> {
    let runs = launchd.runs.filter(|runs| *runs >= FEW_PLANNED)?;
    let is_loop = job.phase == Phase::Restarting
        && launchd.successive_crashes != Some(1)
        && !may_be_planned(job, launchd);
    is_loop.then(|| failure(lane, job, launchd).seen(&job.source, format!("runs = {runs}")))
}

/// True if the job is `not running` and its policy calls for another start, which nothing is known to hold back: launchd
/// says so of a job between two runs as well.
pub(crate) fn is_due(at: &Subject<'_>, lane: &Lane, job: &Job) -> bool {
    let Some(launchd) = job.launchd.as_ref().filter(|_| job.phase == Phase::Stopped) else {
        return false;
    };
    let by_plist = || by_plist(lane, job.last_exit);
    job.last_end().is_some()
        && launchd.starts_again(job.last_exit).or_else(by_plist) == Some(true)
        && !parked::is_held(at, job, launchd)
}

/// True if launchd leaves the job down after an end like its last one, by its policy.
pub(crate) fn is_left(lane: &Lane, job: &Job) -> bool {
    let Some(launchd) = &job.launchd else { return false };
    let by_print = launchd.starts_again(job.last_exit);
    by_print.or_else(|| by_plist(lane, job.last_exit)) == Some(false)
}

/// What the plist says, where the print of the job does not.
fn by_plist(lane: &Lane, last_exit: Option<Exit>) -> Option<bool> {
    match lane.definition.known()?.restart.as_ref().map(|(restart, _)| restart) {
        Some(Restart::Always) => Some(true),
        Some(Restart::OnFailure) => Some(last_exit != Some(Exit::Code(0))),
        Some(Restart::OnSuccess) => Some(last_exit == Some(Exit::Code(0))),
        None | Some(Restart::Never) => Some(false),
        // launchd does not say which signals it takes for a crash.
        Some(Restart::OnCrash) => {
            last_exit.filter(|exit| matches!(exit, Exit::Code(_))).map(|_| false)
        }
        Some(Restart::Other(_)) => None,
    }
}

/// Returns those of the starts that launchd can have made by itself because a run had ended, for `runs` counts those by hand
/// as well. None comes sooner after the start before it than the job's throttle lets it; a run that a signal asked to end did
/// not end by itself; and while a demand made the present run, nothing has ended since.
pub(super) fn own_starts(lives: &Lives, launchd: &Launchd) -> Vec<Timestamp> {
    if launchd.is_by_itself == Some(false) {
        return Vec::new();
    }
    let mut all: Vec<(Timestamp, &Life)> =
        lives.all.iter().filter_map(|life| Some((life.started()?.at, life))).collect();
    all.sort_by_key(|(at, _)| *at);
    let shortest = wait(launchd).saturating_sub(LATE_SECONDS);
    let is_own = |pair: &[(Timestamp, &Life)]| match pair {
        [(one, before), (next, _)] => {
            let gap = u64::try_from(next.duration_since(*one).as_secs()).unwrap_or(0);
            (gap >= shortest && before.asked_at.is_none()).then_some(*next)
        }
        _ => None,
    };
    let first = all.first().map(|(at, _)| *at).into_iter();
    first.chain(all.windows(2).filter_map(is_own)).collect()
}

/// Tells whether the gateway's own list of starts (0.19+) has the last run, and launchd has not seen it crash twice in a row:
/// then the list tells whether it loops, for it knows when each run began, and `runs` counts those that somebody started by
/// hand. Absent where it surely has not; where the list was not read, that is open.
pub(super) fn listed(at: &Subject<'_>, lane: &Lane, job: &Job, launchd: &Launchd) -> Fact<()> {
    if launchd.successive_crashes.is_some_and(|crashes| crashes >= 2) {
        return Fact::Absent;
    }
    let starts = match &at.gateway.marks.starts {
        Fact::Known(starts) => starts,
        Fact::Absent => return Fact::Absent,
        Fact::Unknown(why) => {
            let release = at.gateway.running_code().and_then(|code| code.version.known());
            let has_none =
                release.and_then(|release| release.has(Capability::StartsLedger)) == Some(false);
            // Hermes writes it: a run that never reached Hermes is not in it. One that the log tells of needs no list.
            let is_told = matches!(job.last_exit, Some(Exit::Code(78 | 126 | 127)))
                || spawn::hindrance(at, lane, job).is_some()
                || spawn::cried(at, Class::OwnJobRefused).is_some();
            return if has_none || is_told { Fact::Absent } else { Fact::Unknown(why.clone()) };
        }
    };
    let age = starts.last().map(|start| at.facts.now.duration_since(*start).as_secs());
    let longest = wait(launchd).saturating_add(UNPLANNED_SECONDS.unsigned_abs());
    if age.is_some_and(|age| u64::try_from(age).is_ok_and(|age| age <= longest)) {
        Fact::Known(())
    } else {
        Fact::Absent
    }
}

/// A process writes its start down so much later than it begins, and one that loads for the first time later than the next.
/// In seconds.
const LATE_SECONDS: u64 = 6;

/// True if the last run ended as a planned stop or restart ends.
fn may_be_planned(job: &Job, launchd: &Launchd) -> bool {
    matches!(job.last_exit, None | Some(Exit::Code(0 | 75))) && launchd.exit_reason.is_none()
}

/// How long after a start launchd makes the next one at the earliest, in seconds.
fn wait(launchd: &Launchd) -> u64 {
    launchd.minimum_runtime.map_or(10, |wait| wait.as_secs())
}

/// True if no gateway of this home has written its status since the last run began, which was not longer ago than the wait
/// for the next one.
fn wrote_nothing(at: &Subject<'_>, wait: u64) -> bool {
    let status = &at.gateway.status;
    let written = status.known().and_then(|status| status.updated_at);
    let age = written.and_then(|written| at.age_of(written));
    let longest = wait.saturating_add(UNPLANNED_SECONDS.unsigned_abs());
    status.is_absent() || age.is_some_and(|age| u64::try_from(age).is_ok_and(|age| age > longest))
}

fn failure(lane: &Lane, job: &Job, launchd: &Launchd) -> Finding {
    Finding::failure(format!(
        "{} ends and is started again without end: {} runs, the last with {}",
        lane.name,
        launchd.runs.unwrap_or(0),
        ended(job)
    ))
}

/// Says how the last run ended.
pub(super) fn ended(job: &Job) -> String {
    job.last_end().unwrap_or_else(|| "no end".into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::story::lives::{By, Start};

    fn life(second: i64) -> Life {
        let at = Timestamp::from_second(1_800_000_000 + second).expect("a time");
        Life {
            starts: vec![Start { at, by: By::Ledger, source: String::new() }],
            ..Life::default()
        }
    }

    fn counted(starts: &[i64], launchd: &Launchd) -> usize {
        let all = starts.iter().map(|second| life(*second)).collect();
        own_starts(&Lives { all, ..Lives::default() }, launchd).len()
    }

    #[test]
    fn a_start_counts_as_launchds_own_where_its_throttle_allows_it_and_nobody_asked_for_it() {
        let waits = |seconds| Launchd {
            minimum_runtime: Some(Duration::from_secs(seconds)),
            is_by_itself: Some(true),
            ..Launchd::default()
        };
        assert_eq!(counted(&[0, 4, 8, 12], &waits(30)), 1, "each sooner than the throttle lets it");
        assert_eq!(counted(&[0, 31, 62, 93], &waits(30)), 4, "as late as the throttle has it");
        assert_eq!(counted(&[0, 4, 8, 12], &waits(3)), 4, "a short throttle");
        let on_demand = Launchd { is_by_itself: Some(false), ..waits(30) };
        assert_eq!(counted(&[0, 31, 62, 93], &on_demand), 0, "a demand made the present run");
        let mut all: Vec<Life> = [0, 31, 62, 93].map(life).into();
        all[1].asked_at = all[1].starts.first().map(|start| start.at);
        let found = own_starts(&Lives { all, ..Lives::default() }, &waits(30)).len();
        assert_eq!(found, 3, "a signal asked the second one to end");
    }
}
