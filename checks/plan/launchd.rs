//! Which steps answer which diagnosis under launchd. `kickstart` where the loaded definition is right,
//! bootout and bootstrap only where it is not, and then in one piece that nothing cuts in two.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::gateway::Usable;
use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::{Lane, Manager};

use super::recipes::{START_SECONDS, end_of, explain, look};
use super::{Action, Course, Expect, Guard, Step};
use crate::Subject;

/// The course for a diagnosis of a gateway whose service is launchd's.
pub(super) fn course(at: &Subject<'_>, lane: &Lane, diagnosis: &str) -> Course {
    if let Some(named) =
        lane.paths.iter().find(|named| named.state(at.facts.about.uid) == Usable::Missing)
    {
        return look(
            at,
            &format!("the {} {} is missing: mend the plist first", named.what, named.path),
        );
    }
    match diagnosis {
        "loaded-not-running"
        | "stopped-on-purpose"
        | "stale-records"
        | "installed-not-loaded"
        | "unloaded-by-interrupted-restart"
        | "parked-after-planned-exit" => start(at, lane),
        "disabled-override" => enable(at, lane),
        "foreground-owns-gateway" | "detached-fallback" => cut_over(at, lane),
        "loaded-definition-old" => reload(at, lane),
        _ => explain(at, diagnosis),
    }
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
    let end = match end_of(at, Guard::JobIdle { target: target(lane) }, stop_seconds(lane)) {
        Ok(step) => step,
        Err(because) => return look(at, because),
    };
    match start_step(at, lane) {
        Ok(step) => Course::Steps(vec![end, step]),
        Err(because) => look(at, because),
    }
}

/// A label that somebody disabled: to be taken away only by somebody who means it.
fn enable(at: &Subject<'_>, lane: &Lane) -> Course {
    if !at.gateway.liveness.process.is_absent() || !lane.job.is_absent() {
        return look(at, "whether it is loaded, or another gateway lives, is not known");
    }
    if lane.definition.known().is_none() {
        return look(at, "there is no plist that could be loaded");
    }
    let enable = Step {
        why: format!("Somebody disabled {}. Run this only if it is to run again.", lane.name),
        guards: vec![Guard::NotLoaded { target: target(lane) }],
        action: Action::Launchctl { words: vec!["enable".into(), target(lane)] },
        expect: Expect::NotDisabled { domain: domain(lane), label: lane.name.clone() },
        undo: format!("launchctl disable {}", target(lane)),
    };
    Course::Steps(vec![enable, bootstrap(at, lane)])
}

/// launchd has an old definition: out with it, and in with the one on disk.
fn reload(at: &Subject<'_>, lane: &Lane) -> Course {
    let Some(pid) = lane.job.known().and_then(|job| job.main_pid) else {
        return look(at, "the job has no process: what launchd would end is not known");
    };
    Course::Steps(vec![Step {
        why: format!(
            "launchd runs {} by an old definition, and reads the plist at bootstrap only. Between bootout and bootstrap nothing may cut this off.",
            lane.name
        ),
        guards: vec![Guard::JobRuns { target: target(lane), pid }],
        action: Action::Reload {
            target: target(lane),
            domain: domain(lane),
            plist: lane.path.clone(),
            pid,
            within: stop_seconds(lane),
        },
        expect: runs(at, lane),
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
                why: format!(
                    "{} is loaded and idle; a kickstart is a demand, which launchd obeys at once.",
                    lane.name
                ),
                guards: vec![Guard::JobIdle { target: target(lane) }, no_gateway(at)],
                action: Action::Launchctl { words: vec!["kickstart".into(), target(lane)] },
                expect: runs(at, lane),
                undo: format!("launchctl bootout {}", target(lane)),
            })
        }
        Fact::Known(_) => Err("the job is between two states: look again in a few seconds"),
        Fact::Absent if lane.definition.known().is_none() => {
            Err("there is no plist that could be loaded")
        }
        Fact::Absent if lane.disabled == Fact::Known(true) => {
            Err("somebody disabled the label: whether that is meant must be known first")
        }
        Fact::Absent => Ok(bootstrap(at, lane)),
        Fact::Unknown(_) => Err("whether the job is loaded is not known"),
    }
}

fn bootstrap(at: &Subject<'_>, lane: &Lane) -> Step {
    Step {
        why: format!(
            "{} is not loaded; launchd reads its plist, starts it and keeps it.",
            lane.name
        ),
        guards: vec![
            Guard::NotLoaded { target: target(lane) },
            Guard::NotDisabled { domain: domain(lane), label: lane.name.clone() },
            no_gateway(at),
        ],
        action: Action::Launchctl {
            words: vec!["bootstrap".into(), domain(lane), lane.path.clone()],
        },
        expect: runs(at, lane),
        undo: format!("launchctl bootout {}", target(lane)),
    }
}

fn no_gateway(at: &Subject<'_>) -> Guard {
    Guard::NoGateway { lock: at.path("gateway.lock") }
}

fn runs(at: &Subject<'_>, lane: &Lane) -> Expect {
    Expect::JobRuns {
        target: target(lane),
        status: at.path("gateway_state.json"),
        within: START_SECONDS,
    }
}

/// How long a gateway may take to end: what launchd would give it, and some. In seconds.
fn stop_seconds(lane: &Lane) -> u64 {
    let loaded = lane.job.known().and_then(gw_snapshot::facts::job::Job::stop_limit);
    let on_disk = || Some(lane.definition.known()?.stop_timeout.as_ref()?.0);
    loaded.or_else(on_disk).map_or(60, |limit| limit.as_secs()).saturating_add(5)
}

fn domain(lane: &Lane) -> String {
    match lane.manager {
        Manager::LaunchdGui(uid) => format!("gui/{uid}"),
        Manager::LaunchdUser(uid) => format!("user/{uid}"),
        _ => "system".into(),
    }
}

fn target(lane: &Lane) -> String {
    format!("{}/{}", domain(lane), lane.name)
}
