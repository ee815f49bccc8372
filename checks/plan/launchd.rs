//! Which steps answer which diagnosis under launchd. `kickstart` where the loaded definition is right,
//! bootout and bootstrap only where it is not, and then in one piece that nothing cuts in two.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::limit::Limit;
use gw_snapshot::facts::{Lane, Manager};
use gw_snapshot::parse::cmdline::{self, Role};

use super::recipes::{
    START_SECONDS, after_asking, end_of, explain, look, missing_path, same, still_hangs,
    way_is_clear,
};
use super::{Action, Course, Expect, Guard, Step, script};
use crate::Subject;
use crate::spawn;

/// The course for a diagnosis of a gateway whose service is launchd's.
pub(super) fn course(at: &Subject<'_>, lane: &Lane, diagnosis: &str) -> Course {
    if let Some(missing) = missing_path(at, lane) {
        return look(at, missing);
    }
    match diagnosis {
        "loaded-not-running"
        | "stale-records"
        | "installed-not-loaded"
        | "unloaded-by-interrupted-restart"
        | "fatal-config"
        | "parked-after-planned-exit" => start(at, lane),
        "stopped-on-purpose" => match start(at, lane) {
            Course::Steps(steps) => Course::Steps(after_asking(lane, steps)),
            course => course,
        },
        "disabled-override" => enable(at, lane),
        "foreground-owns-gateway" | "detached-fallback" => cut_over(at, lane),
        "loaded-definition-old" => reload(at, lane),
        "two-supervisors" => one_domain(at, lane),
        "stale-code" => restart(
            at,
            lane,
            "It runs older code than stands on disk; a restart takes the new one.",
            true,
        ),
        "wedged" => restart(
            at,
            lane,
            "It does nothing any more. launchd asks it to end, and ends it by force only after its own time limit.",
            false,
        ),
        "not-durable" => keep(at, lane),
        _ => explain(at, diagnosis),
    }
}

/// A restart by launchd: the loaded definition is right, so nothing is unloaded for it.
fn restart(at: &Subject<'_>, lane: &Lane, why: &str, is_quiet: bool) -> Course {
    let (Supervision::Lane(_), Some(process)) = (&at.gateway.supervision, at.gateway.process())
    else {
        return look(at, "no job of launchd's is known to have the gateway's process");
    };
    let Some(pid) = lane.job.known().and_then(|job| job.main_pid) else {
        return look(at, "the job has no process");
    };
    if at.is_starting() || process.is_zombie() {
        return look(
            at,
            "the process is not in a state to be restarted: look again in two minutes",
        );
    }
    let same = match same(at, process) {
        Ok(same) => same,
        Err(because) => return look(at, because),
    };
    let mut guards = vec![Guard::JobRuns { target: target(lane), pid }, same];
    if !is_quiet {
        guards.push(still_hangs(at, process));
    } else if at.gateway.own_status(at.facts.about.os).is_some() {
        guards.push(Guard::NoTurns { status: at.path("gateway_state.json") });
    }
    Course::Steps(vec![Step {
        name: "restart",
        why: why.into(),
        guards,
        action: Action::Launchctl { words: vec!["kickstart".into(), "-k".into(), target(lane)] },
        changes: format!("ends PID {pid} and starts another; nobody answers in between"),
        expect: Expect::JobRuns {
            target: target(lane),
            old: Some(pid),
            status: at.path("gateway_state.json"),
            within: START_SECONDS.saturating_add(stop_seconds(lane)),
        },
        undo: "nothing to take back: the old process is gone, and the job is as before".into(),
    }])
}

/// It runs, and an override would keep it away after the next login.
fn keep(at: &Subject<'_>, lane: &Lane) -> Course {
    let Some(pid) = lane.job.known().and_then(|job| job.main_pid) else {
        return look(at, "no job of launchd's has the gateway: see foreground-owns-gateway");
    };
    if lane.disabled != Fact::Known(true) {
        return look(
            at,
            "what would end it for good is in its plist, or in the kind of its login: mend that",
        );
    }
    let in_each = lane.disabled_in.iter().map(|overridden| {
        let (domain, target) = in_domain(*overridden, lane);
        Step {
            name: "enable",
            why: format!(
                "An override in {domain} disables {}: it runs now, and is not loaded at the next login.",
                lane.name
            ),
            guards: vec![Guard::JobRuns { target: self::target(lane), pid }],
            action: Action::Launchctl { words: vec!["enable".into(), target.clone()] },
            changes: "takes the override away; no process is started or stopped".into(),
            expect: Expect::NotDisabled { domain, label: lane.name.clone() },
            undo: format!("{}launchctl disable {target}", by(lane)),
        }
    });
    Course::Steps(in_each.collect())
}

/// One label in two domains: the one whose job has the gateway keeps it, and the other lets go.
fn one_domain(at: &Subject<'_>, lane: &Lane) -> Course {
    let (Supervision::Lane(_), Some(process)) = (&at.gateway.supervision, at.gateway.process())
    else {
        return look(
            at,
            "which of the two has the gateway is not known: decide by hand which is to stay",
        );
    };
    let Some(pid) = lane.job.known().and_then(|job| job.main_pid) else {
        return look(at, "the job has no process");
    };
    let is_twin = |other: &&Lane| {
        other.name == lane.name && other.manager != lane.manager && other.job.known().is_some()
    };
    let others: Vec<&Lane> = at.gateway.lanes.iter().filter(is_twin).collect();
    let [other] = others.as_slice() else {
        return look(
            at,
            "the two services are not one label in two domains: decide by hand which is to stay",
        );
    };
    let same = match same(at, process) {
        Ok(same) if at.gateway.liveness.others.is_empty() => same,
        Ok(_) => return look(at, "each of them has a gateway: decide by hand which is to stay"),
        Err(because) => return look(at, because),
    };
    Course::Steps(vec![Step {
        name: "unload-other",
        why: format!(
            "{} has the gateway. The same label in {} starts a second one again and again, which ends at the lock of the first.",
            target(lane),
            domain(other)
        ),
        guards: vec![
            Guard::JobRuns { target: target(lane), pid },
            same,
            Guard::LockedBy { lock: at.path("gateway.lock"), pid: process.pid },
            Guard::Loaded { target: target(other) },
        ],
        action: Action::Launchctl { words: vec!["bootout".into(), target(other)] },
        changes: format!(
            "{} is unloaded until the next login; its plist, and {}, stay as they are",
            target(other),
            target(lane)
        ),
        expect: Expect::NotLoaded { target: target(other), within: stop_seconds(other) },
        undo: script::bootstrap(&domain(other), &other.path),
    }])
}

fn start(at: &Subject<'_>, lane: &Lane) -> Course {
    if !at.gateway.liveness.process.is_absent() {
        return look(at, "whether another gateway of this home lives is not known");
    }
    match start_step(at, lane) {
        Ok(step) => Course::Steps(vec![step]),
        Err(because) => look(at, because),
    }
}

fn cut_over(at: &Subject<'_>, lane: &Lane) -> Course {
    if let Some(because) = lets_go(at, lane) {
        return look(at, because);
    }
    let mut start = match start_step(at, lane) {
        Ok(step) => step,
        Err(because) => return look(at, because),
    };
    if spawn::would_be_refused(at, lane) {
        return look(
            at,
            "its service starts the gateway through a wrapper, without --external-supervisor, and this Hermes refuses that: mend the plist before this gateway is ended",
        );
    }
    // Once the way is clear launchd may be there first, and what it has started then has the lock.
    if lane.job.known().is_some_and(|job| job.phase == Phase::Restarting) {
        start.guards.retain(|guard| !is_of_the_way(guard));
        start.why = format!(
            "launchd tries to start {} again and again, and finds the way clear now; a kickstart is a demand, which it obeys at once.",
            lane.name
        );
    }
    match end_of(at, Guard::JobIdle { target: target(lane) }, stop_seconds(lane)) {
        Ok(mut end) => {
            end.guards.extend(start.guards.iter().filter(|guard| !is_of_the_way(guard)).cloned());
            Course::Steps(vec![end, start])
        }
        Err(because) => look(at, because),
    }
}

/// Why what launchd would start in place of the gateway is not known to stay: a script of somebody's ended with 0, which is
/// not how a gateway ends that finds another one.
fn lets_go(at: &Subject<'_>, lane: &Lane) -> Option<&'static str> {
    if at.let_go_by().is_some_and(|own| own.name == lane.name) {
        return Some(
            "a run of its own service started it and let go of it, and so would the next: mend the script that the service runs, before this gateway is ended",
        );
    }
    let job = lane.job.known().filter(|job| job.last_exit == Some(Exit::Code(0)))?;
    let argv = job.launchd.as_ref()?.argv.as_deref()?;
    let is_script = matches!(cmdline::role(argv), Role::Foreign);
    (is_script && job.phase == Phase::Restarting).then_some(
        "its service starts a script that ended with 0 and left no gateway of its own: see whether the script waits for the gateway that it starts, before this gateway is ended",
    )
}

/// Whether a guard asks for what the gateway that is to end still has. All else that its successor needs is looked at
/// while the gateway still answers.
const fn is_of_the_way(guard: &Guard) -> bool {
    matches!(guard, Guard::NoGateway { .. } | Guard::FreePort { .. } | Guard::JobIdle { .. })
}

/// A label that somebody disabled: to be taken away only by somebody who means it.
fn enable(at: &Subject<'_>, lane: &Lane) -> Course {
    if !at.gateway.liveness.process.is_absent() || !lane.job.is_absent() {
        return look(at, "whether it is loaded, or another gateway lives, is not known");
    }
    if lane.definition.known().is_none() {
        return look(at, "there is no plist that could be loaded");
    }
    let in_each = lane.disabled_in.iter().map(|overridden| {
        let (domain, target) = in_domain(*overridden, lane);
        let question = format!("{} was disabled in {domain}. Is it to run again?", lane.name);
        Step {
            name: "enable",
            why: format!(
                "Somebody disabled {} in {domain}: launchd does not load it, until that is taken away.",
                lane.name
            ),
            guards: [Guard::Agreed { question }, Guard::NotLoaded { target: self::target(lane) }]
                .into_iter()
                .chain(plist(lane))
                .collect(),
            action: Action::Launchctl { words: vec!["enable".into(), target.clone()] },
            changes: "takes the override away; nothing is loaded yet".into(),
            expect: Expect::NotDisabled { domain, label: lane.name.clone() },
            undo: format!("{}launchctl disable {target}", by(lane)),
        }
    });
    Course::Steps(in_each.chain([bootstrap(at, lane)]).collect())
}

/// A domain, and the label in it.
fn in_domain(manager: Manager, lane: &Lane) -> (String, String) {
    let domain = manager.domain();
    let target = format!("{domain}/{}", lane.name);
    (domain, target)
}

/// launchd has an old definition: out with it, and in with the one on disk.
fn reload(at: &Subject<'_>, lane: &Lane) -> Course {
    let Some(pid) = lane.job.known().and_then(|job| job.main_pid) else {
        return look(at, "the job has no process: what launchd would end is not known");
    };
    if lane.manager == Manager::LaunchdSystem && at.facts.about.uid != Some(0) {
        return look(
            at,
            "it is a daemon of the system: root has to boot it out, wait for its end and bootstrap it",
        );
    }
    // What is booted out has to be let in again.
    if let Some(because) = kept_out(lane) {
        return look(at, because);
    }
    if at.is_starting() {
        return look(at, "the gateway is still starting: look again in two minutes");
    }
    let mut guards = vec![Guard::JobRuns { target: target(lane), pid }, not_disabled(lane)];
    guards.extend(plist(lane));
    if at.gateway.own_status(at.facts.about.os).is_some() {
        guards.push(Guard::NoTurns { status: at.path("gateway_state.json") });
    }
    Course::Steps(vec![Step {
        name: "reload",
        why: format!(
            "launchd runs {} by an old definition, and reads the plist at bootstrap only. Between bootout and bootstrap nothing may cut this off.",
            lane.name
        ),
        guards,
        action: Action::Reload {
            target: target(lane),
            domain: domain(lane),
            plist: lane.path.clone(),
            pid,
            within: stop_seconds(lane),
        },
        changes: format!(
            "ends PID {pid}, and starts another by the plist as it stands; nobody answers in between"
        ),
        expect: runs(at, lane, Some(pid)),
        undo: "put the old plist back, and run the same again".into(),
    }])
}

/// Loads a job that is not loaded, or starts one that is.
fn start_step(at: &Subject<'_>, lane: &Lane) -> Result<Step, &'static str> {
    match &lane.job {
        Fact::Known(job)
            if matches!(job.phase, Phase::Stopped | Phase::Failed | Phase::Restarting) =>
        {
            Ok(Step {
                name: "start",
                why: format!(
                    "{} is loaded and idle; a kickstart is a demand, which launchd obeys at once.",
                    lane.name
                ),
                guards: [
                    Guard::Loaded { target: target(lane) },
                    Guard::JobIdle { target: target(lane) },
                ]
                .into_iter()
                .chain(way_is_clear(at))
                .collect(),
                action: Action::Launchctl { words: vec!["kickstart".into(), target(lane)] },
                changes: format!("starts the job: its gateway writes to {}", at.gateway.home.path),
                expect: runs(at, lane, None),
                // `hermes gateway stop` would stop the default profile's, and knows no label but its own.
                undo: format!("{}launchctl bootout {}", by(lane), target(lane)),
            })
        }
        Fact::Known(_) if at.gateway.liveness.lone_wrapper().is_some() => Err(
            "the job runs, and what it runs is a wrapper without a gateway: what ails that must be known first",
        ),
        Fact::Known(job) if job.phase == Phase::Running && !is_attempt(at, job) => {
            Err("the job runs already: what it runs must be known first")
        }
        Fact::Known(_) => Err("the job is between two states: look again in a few seconds"),
        Fact::Absent if lane.definition.known().is_some() && has_a_rival(at, lane) => Err(
            "another service is installed for this home: decide by hand which is to stay, and load that one",
        ),
        Fact::Absent => kept_out(lane).map_or_else(|| Ok(bootstrap(at, lane)), Err),
        Fact::Unknown(_) => Err("whether the job is loaded is not known"),
    }
}

/// True if the job runs a start that the gateway's lock refuses: that ends in a moment.
fn is_attempt(at: &Subject<'_>, job: &Job) -> bool {
    let attempts = &at.gateway.liveness.attempts;
    attempts.iter().any(|attempt| job.main_pid == Some(attempt.pid))
}

/// Why launchd would not load the plist as it stands.
fn kept_out(lane: &Lane) -> Option<&'static str> {
    if lane.definition.known().is_none() {
        Some("there is no plist that could be loaded")
    } else if lane.refused_plist().is_some() {
        Some("launchd refuses the plist for its owner or its mode: mend that first")
    } else if lane.barred_by_plist().is_some() {
        Some(
            "the plist itself keeps launchd from loading it here: whether that is meant must be known first",
        )
    } else if lane.disabled == Fact::Known(true) {
        Some("somebody disabled the label: whether that is meant must be known first")
    } else {
        None
    }
}

/// Whether another service would start for the same home, now or at the next login.
fn has_a_rival(at: &Subject<'_>, lane: &Lane) -> bool {
    at.installed().any(|other| other.path != lane.path && other.starts_by_itself())
}

fn bootstrap(at: &Subject<'_>, lane: &Lane) -> Step {
    let here = [Guard::NotLoaded { target: target(lane) }, not_disabled(lane)];
    let files = plist(lane);
    Step {
        name: "load",
        why: format!(
            "{} is not loaded; launchd reads its plist, starts it and keeps it.",
            lane.name
        ),
        guards: here.into_iter().chain(files).chain(way_is_clear(at)).collect(),
        action: Action::Launchctl {
            words: vec!["bootstrap".into(), domain(lane), lane.path.clone()],
        },
        changes: format!(
            "loads the plist and starts its gateway, which writes to {}",
            at.gateway.home.path
        ),
        expect: runs(at, lane, None),
        undo: format!("{}launchctl bootout {}", by(lane), target(lane)),
    }
}

fn not_disabled(lane: &Lane) -> Guard {
    Guard::NotDisabled { domain: domain(lane), label: lane.name.clone() }
}

/// That the plist is there, and the one that was seen, as far as that can be told.
fn plist(lane: &Lane) -> Vec<Guard> {
    let there = Guard::Readable { path: lane.path.clone() };
    [there].into_iter().chain(lane.files.iter().cloned().map(Guard::SameFile)).collect()
}

fn runs(at: &Subject<'_>, lane: &Lane, old: Option<u32>) -> Expect {
    Expect::JobRuns {
        target: target(lane),
        old,
        status: at.path("gateway_state.json"),
        within: START_SECONDS,
    }
}

/// How long a gateway may take to end: what launchd would give it, and some. In seconds.
fn stop_seconds(lane: &Lane) -> u64 {
    let loaded = lane.job.known().and_then(Job::stop_limit);
    let on_disk = || Some(lane.definition.known()?.stop_timeout.as_ref()?.0);
    loaded.or_else(on_disk).and_then(Limit::seconds).unwrap_or(60).saturating_add(5)
}

/// Who has to give a command, where that is root.
fn by(lane: &Lane) -> &'static str {
    if lane.manager == Manager::LaunchdSystem { "as root: " } else { "" }
}

fn domain(lane: &Lane) -> String {
    lane.manager.domain()
}

fn target(lane: &Lane) -> String {
    format!("{}/{}", domain(lane), lane.name)
}
