//! Whether there is a process to run the jobs.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::home;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

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
    if let Some(host) = &at.gateway.rests_with {
        let claim = format!(
            "{jobs} job{} will not run: the gateway of profile {host}, which serves this one, does not run",
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
    let other = marker.or(serving).filter(|_| age <= at.late_after())?;
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

/// A mark that is so much younger than a start may be the one that each start leaves in every store. In seconds.
const START_MARK_SECONDS: i64 = 70;
