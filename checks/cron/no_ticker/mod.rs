//! Whether there is a process to run the jobs.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::{Gateway, home};

use jiff::Timestamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.ticked_store() else { return at.no_cron() };
    let jobs = store.active().count();
    if jobs == 0 {
        return vec![Finding::skipped("no job is meant to run")];
    }
    match &at.gateway.liveness.process {
        Fact::Known(process) => vec![Finding::pass(format!(
            "PID {} is there to run {jobs} job{}",
            process.pid,
            plural(jobs)
        ))],
        Fact::Absent => vec![without_gateway(at, jobs)],
        Fact::Unknown(why) => vec![Finding::unknown("whether anything runs the jobs", why)],
    }
}

/// A fresh mark without a gateway: it has only just ended, or something else ticks this home, as the
/// backend of the Desktop does (0.17+), and a gateway that serves several profiles (0.20+).
fn without_gateway(at: &Subject<'_>, jobs: usize) -> Finding {
    if let Some(finding) = ticked_by_another(at, jobs) {
        return finding;
    }
    if let Some((host, pid)) = ticks_all(at) {
        return not_reached(at, jobs, host, pid);
    }
    if let Some((host, under_way)) = at.host() {
        let profile = &host.home.profile;
        if let Some(under_way) = under_way {
            let why =
                Why::Failed(format!("the gateway of profile {profile} is to, and {under_way}"));
            return Finding::unknown("whether anything runs the jobs", &why);
        }
        let claim = format!(
            "{jobs} job{} will not run: the gateway of profile {profile}, which serves this one, does not run",
            plural(jobs)
        );
        return Finding::failure(claim).seen(at.path("cron/jobs.json"), format!("{jobs} active"));
    }
    let age = at.gateway.cron.heartbeat.known().and_then(|beat| at.age_of(beat.at));
    if let Some(age) = age.filter(|age| *age <= at.late_after()) {
        let why = Why::Failed(format!(
            "no gateway of this home lives, yet a ticker came round {age} s ago"
        ));
        return Finding::unknown("whether anything runs the jobs", &why)
            .seen(at.path("cron/ticker_heartbeat"), format!("{age} s old"))
            .help("look again in four minutes");
    }
    let claim = format!("{jobs} job{} will not run: no gateway of this home lives", plural(jobs));
    let finding = Finding::failure(claim).seen(at.path("cron/jobs.json"), format!("{jobs} active"));
    // A gateway of another profile that could serve this one, and says why it does not.
    let others = at.facts.gateways.iter().filter(|other| !std::ptr::eq(*other, at.gateway));
    let alone = others.filter_map(|other| {
        let status = other.own_status(at.facts.about.os)?;
        Some((&other.home, status.standalone_reason.as_ref()?))
    });
    alone.fold(finding, |finding, (home, reason)| {
        finding.seen(
            home::join(&home.path, "gateway_state.json"),
            format!("the gateway of profile {} serves no other: {reason}", home.profile),
        )
    })
}

/// Returns the gateway of this root that ticks every profile without one of its own (0.21.5+), with its PID.
pub(crate) fn ticks_all<'a>(at: &Subject<'a>) -> Option<(&'a Gateway, u32)> {
    let root = |gateway: &Gateway| home::root(None, Some(&gateway.home.path));
    if at.gateway.is_standalone || at.gateway.marks.parked.known().is_some() {
        return None;
    }
    at.facts.gateways.iter().find_map(|other| {
        let process = other.process()?;
        let version = other.running_code()?.version.known()?;
        let ticks = version.has(Capability::TicksEveryProfile) == Some(true);
        (ticks && root(other) == root(at.gateway)).then_some((other, process.pid))
    })
}

/// The gateway that ticks every profile has left no fresh mark here: it has not come round since the jobs were made or since
/// it started, or it does not reach them.
fn not_reached(at: &Subject<'_>, jobs: usize, host: &Gateway, pid: u32) -> Finding {
    let file = at.path("cron/jobs.json");
    let written = at.gateway.files.iter().find(|known| known.path == file).and_then(|it| it.mtime);
    let started = host.process().and_then(|process| process.started_at);
    let is_recent = |when: Timestamp| at.facts.now.duration_since(when).as_secs() < FIRST_ROUND;
    let whose =
        format!("PID {pid}, the gateway of profile {}, ticks every profile", host.home.profile);
    let mark = match at.gateway.cron.heartbeat.known().and_then(|mark| at.age_of(mark.at)) {
        Some(age) => format!("its last mark is {} old", span(age.unsigned_abs())),
        None => "it left no mark here".into(),
    };
    if [written, started].into_iter().flatten().any(is_recent) {
        return Finding::note(format!("{whose}, and has not come round here yet"))
            .seen(at.path("cron/ticker_heartbeat"), mark)
            .help("look again in two minutes");
    }
    let claim =
        format!("{jobs} job{} will not run: {whose}, and does not come round here", plural(jobs));
    Finding::failure(claim).seen(at.path("cron/ticker_heartbeat"), mark)
}

/// A gateway that serves a profile ticks its jobs as well from 0.20 on; from 0.21.5 on, a gateway ticks the jobs of every
/// profile that has none of its own. It leaves its mark there, from 0.22 on with its PID. At its start it stamps every
/// store once, also those that it then leaves alone.
fn ticked_by_another(at: &Subject<'_>, jobs: usize) -> Option<Finding> {
    let mark = at.gateway.cron.heartbeat.known()?;
    let age = at.age_of(mark.at)?;
    let marker = mark.pid.and_then(|pid| at.facts.gateway_of(pid)).filter(|marker| {
        let started = marker.process().and_then(|process| process.started_at);
        started
            .is_some_and(|started| mark.at.duration_since(started).as_secs() > START_MARK_SECONDS)
    });
    let serving = at.gateway.served_by.as_ref().and_then(|served| at.facts.gateway_of(served.pid));
    let serving = serving.filter(|other| {
        let version = other.running_code().and_then(|install| install.version.known());
        version.and_then(|version| version.has(Capability::TicksServedProfiles)) == Some(true)
    });
    let ticking = ticks_all(at).filter(|(_, pid)| mark.pid.is_none_or(|marker| marker == *pid));
    let ticking = ticking.map(|(host, _)| host);
    let other = marker.or(serving).or(ticking).filter(|_| age <= at.late_after())?;
    let pid = other.process()?.pid;
    Some(
        Finding::pass(format!(
            "PID {pid}, the gateway of profile {}, is there to run {jobs} job{}",
            other.home.profile,
            plural(jobs)
        ))
        .seen(at.path("cron/ticker_heartbeat"), format!("{age} s old")),
    )
}

/// How long a gateway that ticks every profile takes to come round to a new one, in seconds.
const FIRST_ROUND: i64 = 150;
/// A mark that is so much younger than a start may be the one that each start leaves in every store. In seconds.
const START_MARK_SECONDS: i64 = 70;
