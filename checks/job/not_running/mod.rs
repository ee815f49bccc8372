//! Whether the service has a process.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Job, Phase};

use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::story::LONGEST_CALL;
use crate::subject::{lacking, length};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else {
        return match (
            at.gateway.lane().and_then(|lane| lane.job.why()),
            &at.gateway.liveness.process,
        ) {
            // Neither the manager nor the processes were seen: then nothing is known of the gateway at all.
            (Some(why), Fact::Unknown(_)) => {
                vec![Finding::unknown("whether the gateway runs", why).essential()]
            }
            _ if at.is_without_systemd() => vec![without_systemd(at)],
            // A gateway that is surely gone does not run, whatever its manager has loaded.
            (Some(why), Fact::Absent) if at.has_gateway() && why.is_not_observed() => {
                let is_installed =
                    at.gateway.lane().is_some_and(|lane| lane.definition.known().is_some());
                if !is_installed {
                    return at.no_job();
                }
                let claim = "no gateway of this home lives, and what its service manager has loaded was not observed";
                vec![Finding::failure(claim).help("ask as the gateway's own user")]
            }
            (Some(why), Fact::Absent) if at.has_gateway() => {
                let claim = format!(
                    "no gateway of this home lives, and its service manager does not answer: {why}"
                );
                vec![
                    Finding::failure(claim)
                        .help("ask as the gateway's own user: see job/manager-unreachable"),
                ]
            }
            _ => match at.host() {
                Some((host, under_way)) => vec![down_with(&host.home.profile, under_way)],
                None => at.no_job(),
            },
        };
    };
    if let Some(served) = at.gateway.served_by.as_ref().filter(|_| job.phase == Phase::Stopped) {
        let claim = format!(
            "{} rests, and is one too many: the gateway of profile {} (PID {}) serves this one",
            lane.name, served.profile, served.pid
        );
        let finding = Finding::note(claim).seen(&job.source, job.words.clone());
        return vec![finding.of_service(lane.title())];
    }
    let finding = match job.phase {
        Phase::Running if is_active_without_a_process(at, job) => {
            Finding::failure(format!("{} is {}, and no gateway lives", lane.name, job.words))
                .seen(&job.source, "MainPID=0")
                .help(
                    "its ExecStart= is over, and systemd does not look after what that left behind",
                )
        }
        Phase::Running if at.starting_wrapper().is_some() => on_its_way(lane, job),
        Phase::Running if at.gateway.liveness.lone_wrapper().is_some() => {
            without_gateway(at, lane, job)
        }
        Phase::Running => {
            let pid = job
                .main_pid
                .map_or_else(|| "no main process".into(), |pid| format!("MainPID {pid}"));
            Finding::pass(format!("{} is {}", lane.name, job.words)).seen(&job.source, pid)
        }
        Phase::Stopped | Phase::Failed if at.on_another_machine().is_some() => Finding::note(
            format!("{} rests here, and a gateway lives on another machine", lane.name),
        )
        .seen(&job.source, job.words.clone()),
        Phase::Stopped | Phase::Failed => {
            let last = job.last_end().map_or_else(
                || {
                    if job.is_cut_off() {
                        "how its last run ended was not seen".into()
                    } else {
                        "it has not run since it was loaded".into()
                    }
                },
                |exit| format!("its last run ended with {exit}"),
            );
            let finding =
                Finding::failure(format!("{} is {}: it has no process", lane.name, job.words));
            with_obstacle(finding.seen(&job.source, last), job)
        }
        Phase::Stopping if is_only_left(at, job) => {
            let ended = job.exited_at.map_or_else(
                || "is gone".into(),
                |end| format!("ended {} ago", length(at.facts.now.duration_since(end))),
            );
            Finding::failure(format!(
                "{} is still {}, and has no process: its gateway {ended}",
                lane.name, job.words
            ))
            .seen(&job.source, "MainPID=0")
            .help("`systemctl status` of the unit lists what is left of it")
        }
        Phase::Starting => stuck(at, lane, job).unwrap_or_else(|| on_its_way(lane, job)),
        Phase::Restarting | Phase::Stopping => on_its_way(lane, job),
        Phase::Other => Finding::unknown(
            "whether the service runs",
            &Why::Failed(format!("the manager says {}", job.words)),
        ),
    };
    vec![finding.of_service(lane.title())]
}

fn on_its_way(lane: &Lane, job: &Job) -> Finding {
    Finding::skipped(format!("{} is on its way: {}", lane.name, job.words))
}

/// A wrapper lives on, and what it is to run does not.
fn without_gateway(at: &Subject<'_>, lane: &Lane, job: &Job) -> Finding {
    let wrapper = at.gateway.liveness.lone_wrapper();
    let pid = wrapper.map_or(0, |wrapper| wrapper.pid);
    let claim = format!(
        "{} is {}, and no gateway lives: PID {pid} only wraps one, and has none below it",
        lane.name, job.words
    );
    let finding = Finding::failure(claim).seen(&job.source, job.words.clone());
    wrapper
        .map_or(finding.clone(), |wrapper| at.with_process(finding, wrapper))
        .help("see what it waits for, or why it goes on without the gateway that it started")
}

fn stuck(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let since = length(stuck_before_its_process(at, job)?);
    let claim = format!("{} has been {} for {since}, and no gateway lives", lane.name, job.words);
    Some(Finding::failure(claim).seen(&job.source, "MainPID=0").help(
        "`systemctl status` of the unit shows what it waits for: an ExecStartPre=, as a rule",
    ))
}

/// With what it requires and does not have, as the manager tells.
fn with_obstacle(finding: Finding, job: &Job) -> Finding {
    let lacks = job.systemd.as_ref().and_then(|systemd| systemd.lacks.as_ref());
    match (lacks, lacking(job)) {
        (Some(required), Some(said)) => finding.seen(&required.source, said).help(format!(
            "mend {} first: `{}` shows how it stands",
            required.unit,
            required.source.replacen(" show ", " status ", 1)
        )),
        _ => finding,
    }
}

/// `RemainAfterExit=yes`: it stays active once its command is over, whatever becomes of what that started.
fn is_active_without_a_process(at: &Subject<'_>, job: &Job) -> bool {
    job.has_exited() && at.gateway.liveness.process.is_absent()
}

/// For how long a start has not come to its own process, where that is longer than one takes.
fn stuck_before_its_process(at: &Subject<'_>, job: &Job) -> Option<SignedDuration> {
    let since = at.facts.now.duration_since(job.systemd.as_ref()?.since?);
    let is_long = since.as_secs() >= LONGEST_CALL;
    (is_long && job.main_pid.is_none() && at.gateway.liveness.process.is_absent()).then_some(since)
}

/// A stop that goes on though the gateway is gone: something else of the service is left (upstream #37454). For a
/// moment every stop is in that state.
fn is_only_left(at: &Subject<'_>, job: &Job) -> bool {
    let since = job.exited_at.map(|end| at.facts.now.duration_since(end).as_secs());
    job.systemd.is_some()
        && job.main_pid.is_none()
        && at.gateway.liveness.process.is_absent()
        && since.is_none_or(|since| since >= MOMENT_SECONDS)
}

/// A profile without a service of its own, whose gateway is that of another one (0.20+).
fn down_with(host: &str, under_way: Option<String>) -> Finding {
    if let Some(under_way) = under_way {
        let why =
            Why::Failed(format!("the gateway of profile {host} is to serve it, and {under_way}"));
        return Finding::unknown("whether this profile is served", &why).essential();
    }
    let claim = format!("the gateway of profile {host}, which serves this one, does not run");
    Finding::failure(claim).help("its own report says why: this profile comes back with it")
}

/// Where there is no systemd, the status file is all that tells of a gateway that was.
fn without_systemd(at: &Subject<'_>) -> Finding {
    let gateway = at.gateway;
    let process = &gateway.liveness.process;
    if let Some(why) = process.why() {
        return Finding::unknown("whether the gateway runs", why);
    }
    if process.known().is_some() {
        return Finding::skipped("there is no systemd on this host");
    }
    if let Some(served) = &gateway.served_by {
        return Finding::skipped(format!("the gateway of profile {} serves it", served.profile));
    }
    let file = at.path("gateway_state.json");
    match gateway.status.known().map(|status| status.state.as_deref().unwrap_or("nothing")) {
        Some(state) => Finding::failure(format!(
            "no gateway of this home lives, and its status file says {state}"
        ))
        .seen(file, format!("gateway_state: {state}")),
        // A profile may be no more than settings, beside a gateway that lives.
        None if at.facts.gateways.iter().any(|other| other.process().is_some()) => {
            Finding::skipped("no gateway of this home lives, and another one does")
        }
        None => Finding::failure("no gateway lives on this host"),
    }
}

/// How long a stop may go on after the gateway's end, in seconds.
const MOMENT_SECONDS: i64 = 30;
