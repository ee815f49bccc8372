//! How the previous run ended. It says nothing of the present one.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Exit, Job};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural, span};
use crate::spawn;
use crate::story::lives::Life;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    // Where the manager tells of no end, the lives are asked, and this is one of them.
    let is_told = at.job().is_some_and(|(_, job)| is_forgotten(job));
    let noticed = if is_told { None } else { without_a_word(at) };
    of_job(at).into_iter().chain(noticed).collect()
}

/// True if the manager does not tell how any run of it ended.
fn is_forgotten(job: &Job) -> bool {
    let launchd = job.launchd.as_ref();
    let is_told = launchd
        .is_some_and(|launchd| launchd.exit_doubt.is_some() || launchd.exit_reason.is_some());
    job.last_exit.is_none() && !is_told
}

/// That the run before the one that lives was cut off, as that one noticed at its start (0.20+). No manager remembers the
/// end of a run once the next has begun.
fn without_a_word(at: &Subject<'_>) -> Option<Finding> {
    let process = at.gateway.process()?;
    let last = at.gateway.endings.last.known()?;
    if last.pid != process.pid || last.end.is_some() || !last.prior_was_unclean {
        return None;
    }
    let memory =
        if last.prior_lacked_memory { "; memory was short when it last wrote" } else { "" };
    let claim = format!(
        "the run before PID {} ended without a word: it was killed, or an error ended it that nothing caught{memory}",
        process.pid
    );
    Some(Finding::note(claim).seen(at.path("state/gateway.lifecycle.json"), "prior_unclean_exit"))
}

/// What the lives tell of earlier runs, where the manager tells of no end: systemd forgets each once the next run has begun.
fn forgotten(at: &Subject<'_>, lane: &Lane, job: &Job) -> Finding {
    let lives = at.lives();
    let of_it = |life: &&Life| life.service.as_ref().is_none_or(|service| *service == lane.title());
    let previous = lives.previous().filter(of_it);
    let live = lives.present().and_then(|life| life.pid);
    if let Some((live, end)) = live.zip(previous.and_then(Life::ended)) {
        let ago = end.at.filter(|_| !end.is_latest).and_then(|ended| at.age_of(ended));
        let ago = ago.map_or_else(String::new, |ago| format!(" {} ago", span(ago.unsigned_abs())));
        let several = match lives.cut_short(at.facts.now, RECENT_SECONDS).len() {
            0 | 1 => String::new(),
            count => {
                let within = span(RECENT_SECONDS.unsigned_abs());
                format!("; {count} runs were cut short in the last {within}")
            }
        };
        let how = end.how.words();
        let claim = format!("the run before PID {live} ended{ago} {how}{several}");
        return Finding::note(claim).seen(&end.source, &end.said);
    }
    if let Some(restarts) = job.restarts.filter(|restarts| *restarts > 0) {
        return Finding::note(format!(
            "{} was restarted {restarts} time{} since it was last started by hand, and nothing tells how those runs ended",
            lane.name,
            plural(restarts)
        ))
        .seen(&job.source, format!("NRestarts={restarts}"));
    }
    Finding::pass(format!("no run of {} has ended", lane.name))
}

fn of_job(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let launchd = job.launchd.as_ref();
    if let Some(why) = launchd.and_then(|launchd| launchd.exit_doubt.as_ref()) {
        let finding =
            Finding::unknown(&format!("how the previous run of {} ended", lane.name), why);
        return vec![finding.minor().of_service(lane.title())];
    }
    if let Some(reason) = launchd.and_then(|launchd| launchd.exit_reason.as_deref()) {
        let finding = Finding::note(format!(
            "the previous run of {} ended by the system: {reason}",
            lane.name
        ));
        return vec![finding.of_service(lane.title())];
    }
    let Some(exit) = job.last_exit else {
        return vec![forgotten(at, lane, job).of_service(lane.title())];
    };
    if let Some(watched) = at.watched_end(job) {
        let claim =
            format!("the previous run of {} ended with {exit}: {}", lane.name, watched.words());
        return vec![
            Finding::note(claim)
                .seen(&job.source, format!("last exit: {exit}"))
                .seen(watched.file, "its own word")
                .of_service(lane.title()),
        ];
    }
    let meaning = match exit {
        Exit::Code(0) => "a planned stop, or a takeover",
        Exit::Code(1) => {
            "a start that failed, or a stop without notice; a plain stop by the manager ends so too"
        }
        Exit::Code(75) => "a planned restart",
        Exit::Code(78) if spawn::hindrance(at, lane, job).is_some() => {
            "launchd could not begin to run Hermes"
        }
        Exit::Code(78) if job.launchd.is_some() => {
            "a fatal configuration error, or something that launchd could not open"
        }
        Exit::Code(78) if at.gateway.served_by.is_some() => {
            "a start that Hermes refused beside the gateway that serves this profile"
        }
        Exit::Code(78) => "a fatal configuration error",
        Exit::Code(127) if job.launchd.is_some() => "a wrapper that could not run its program",
        Exit::Code(code @ 129..=159) if job.launchd.is_some() => {
            return vec![
                Finding::note(format!(
                    "the previous run of {} ended with signal {}, as a wrapper says with exit {code}",
                    lane.name,
                    code.saturating_sub(128)
                ))
                .seen(&job.source, format!("last exit: {exit}"))
                .of_service(lane.title()),
            ];
        }
        Exit::Code(200) => "its working directory could not be entered, before Hermes began",
        Exit::Code(203) => "its program could not be run, before Hermes began",
        Exit::Code(217) => "its user is unknown, before Hermes began",
        Exit::Code(_) => "a code that Hermes does not use",
        Exit::Signal(9) => {
            "killed: by hand, by the kernel for memory, or at the end of a stop that took too long"
        }
        Exit::Signal(15) => "asked to stop before it could handle that",
        Exit::Signal(_) => "ended by a signal",
    };
    vec![
        Finding::note(format!("the previous run of {} ended with {exit}: {meaning}", lane.name))
            .seen(&job.source, format!("last exit: {exit}"))
            .of_service(lane.title()),
    ]
}

/// Older ends are past. In seconds.
pub(super) const RECENT_SECONDS: i64 = 600;
