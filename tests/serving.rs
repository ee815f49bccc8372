//! Where a gateway is expected and nobody serves, the exit code is never 0: over every recorded host as it is, and as it would be
//! found if every process of Hermes had ended without a word.
//!
//! Who serves is judged here by the plain evidence, and not by the story that the checks ask.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::{Facts, Gateway, Wanted, gather};
use gw_snapshot::observation::{HttpSeen, ProcessSeen, Reach, Trouble};
use gw_snapshot::recorded::Recorded;
use gw_snapshot::snapshot::{Search, Snapshot};

#[test]
fn every_host_that_exits_with_0_has_whoever_is_expected() {
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (name, snapshot) in hosts() {
        if exit(&snapshot) != 0 {
            continue;
        }
        let facts = gather(&Recorded::new(snapshot), &Wanted::default());
        for gateway in facts.gateways.iter().filter(|gateway| is_expected(&facts, gateway)) {
            judged += 1;
            if let Err(why) = serves(&facts, gateway) {
                wrong.push(format!("{name}: {}: {why}", gateway.home.profile));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged > 80, "only {judged} gateways were judged");
}

/// Every process of Hermes is gone, its sockets and its locks with it, and whatever its manager had said of it stands.
#[test]
fn no_host_exits_with_0_once_all_that_served_it_is_gone() {
    let mut judged = 0;
    let mut wrong = Vec::new();
    for (name, snapshot) in hosts() {
        let mut ended = snapshot.clone();
        end_everything(&mut ended);
        judged += 1;
        if exit(&ended) != 0 {
            continue;
        }
        let facts = gather(&Recorded::new(snapshot), &Wanted::default());
        if facts.gateways.iter().any(|gateway| is_expected(&facts, gateway)) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(judged > 300, "only {judged} hosts were judged");
}

/// True if something says that a gateway is meant to be here: a service of its own, or a record of one that was.
fn is_expected(facts: &Facts, gateway: &Gateway) -> bool {
    // One that runs another home's gateway is that one's.
    let is_anothers = |pid: u32| {
        let holder = facts
            .gateways
            .iter()
            .find(|other| other.process().is_some_and(|process| process.pid == pid));
        holder.is_some_and(|other| other.home.path != gateway.home.path)
    };
    let has_service = gateway.lanes.iter().any(|lane| {
        let job = lane.job.known();
        let runs_another = job.and_then(|job| job.main_pid).is_some_and(is_anothers);
        !runs_another && (lane.definition.known().is_some() || job.is_some())
    });
    let has_run = gateway.status.known().is_some() || gateway.process().is_some();
    let is_left_alone = gateway.served_by.is_some() || gateway.marks.parked.known().is_some();
    (has_service || has_run) && !is_left_alone
}

/// Says why a gateway does not serve.
fn serves(facts: &Facts, gateway: &Gateway) -> Result<(), String> {
    let process = match &gateway.liveness.process {
        Fact::Known(process) => process,
        Fact::Absent => return Err("nobody lives".into()),
        Fact::Unknown(why) => return Err(format!("whether anybody lives is open: {why}")),
    };
    let state = process.seen.state.as_deref().unwrap_or("?");
    if matches!(state, "Z" | "X" | "T" | "t") || process.seen.frozen == Some(true) {
        return Err(format!("PID {} is {state}", process.pid));
    }
    let job = gateway.lane().and_then(|lane| lane.job.known());
    if job.is_some_and(|job| job.phase == Phase::Stopping) {
        return Err("its service is being stopped".into());
    }
    let status = gateway.own_status(facts.about.os).and_then(|status| status.state.as_deref());
    match status {
        Some(state @ ("starting" | "draining" | "stopped" | "startup_failed")) => {
            Err(format!("it says {state}"))
        }
        _ => Ok(()),
    }
}

fn end_everything(snapshot: &mut Snapshot) {
    // Nobody lives where we cannot look.
    snapshot.host.hints.retain(|hint| hint != "container" && hint != "pid-namespace");
    let seen = &mut snapshot.observations;
    for process in seen.processes.get_or_insert_default() {
        let error = Some(Trouble::NotFound);
        *process = ProcessSeen { pid: process.pid, error, ..ProcessSeen::default() };
    }
    seen.listeners = Some(Vec::new());
    for search in [Search::Processes, Search::Listeners] {
        seen.searches.insert(search, Reach::from("complete".to_string()));
    }
    for lock in seen.locks.iter_mut().flatten().filter(|lock| lock.error.is_none()) {
        (lock.held, lock.pid) = (Some(false), None);
    }
    for answer in seen.http.iter_mut().flatten() {
        let (url, error) = (answer.url.clone(), Some(Trouble::from("refused".to_string())));
        *answer = HttpSeen { url, error, ..HttpSeen::default() };
    }
}

fn exit(snapshot: &Snapshot) -> i32 {
    let text = snapshot.write().expect("JSON");
    let output = replay::run(&["check", "-q", "--from", "-"], text.as_bytes());
    output.status.code().expect("an exit code")
}

fn hosts() -> Vec<(String, Snapshot)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let entries = fs::read_dir(root).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> = entries.map(|entry| entry.expect("a host").path()).collect();
    hosts.sort();
    let host = |path: PathBuf| {
        let text = fs::read_to_string(path.join("snapshot.json")).expect("a snapshot");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, Snapshot::read(&text).expect("a snapshot"))
    };
    hosts.into_iter().map(host).collect()
}
