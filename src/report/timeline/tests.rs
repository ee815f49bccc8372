//! What must hold of the timeline of every recorded host.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Parser as _;
use gw_checks::timeline::{Event, Kind, Timeline};
use gw_snapshot::facts::{Facts, Wanted, gather};
use gw_snapshot::recorded::Recorded;
use gw_snapshot::snapshot::{Observations, Snapshot};
use serde_json::{Value, json};

use crate::cli::{Cli, Command};

/// Does something with each of these hosts, side by side.
fn each(hosts: &[PathBuf], check: impl Fn(&Path, Snapshot) + Sync) {
    let workers = thread::available_parallelism().map_or(2, usize::from).min(8);
    thread::scope(|scope| {
        for part in hosts.chunks(hosts.len().div_ceil(workers).max(1)) {
            let check = &check;
            scope.spawn(move || {
                for host in part {
                    let text = fs::read_to_string(host.join("snapshot.json")).expect("a snapshot");
                    check(host, Snapshot::read(&text).expect("a snapshot"));
                }
            });
        }
    });
}

fn hosts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let entries = fs::read_dir(root).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> = entries.map(|entry| entry.expect("a host").path()).collect();
    hosts.sort();
    hosts
}

fn facts(snapshot: Snapshot) -> Facts {
    gather(&Recorded::new(snapshot), &Wanted::default())
}

fn timelines(facts: &Facts) -> Vec<Timeline> {
    facts.gateways.iter().map(|gateway| Timeline::of(facts, gateway)).collect()
}

#[test]
fn the_order_of_the_lists_of_a_snapshot_does_not_matter() {
    each(&hosts(), |host, snapshot| {
        let mut turned = snapshot.clone();
        let lists = &mut turned.observations;
        reverse(&mut lists.commands);
        reverse(&mut lists.files);
        reverse(&mut lists.directories);
        reverse(&mut lists.processes);
        reverse(&mut lists.listeners);
        reverse(&mut lists.locks);
        reverse(&mut lists.http);
        assert_eq!(timelines(&facts(snapshot)), timelines(&facts(turned)), "{}", host.display());
    });
}

fn reverse<T>(list: &mut Option<Vec<T>>) {
    if let Some(list) = list {
        list.reverse();
    }
}

/// Of a host with less evidence, every event is one that was told before, or the same with less of a time.
#[test]
fn taking_an_observation_away_adds_no_event() {
    let mut looked_at = hosts();
    looked_at.retain(|host| {
        let name = host.file_name().expect("a name").to_string_lossy();
        LOOKED_AT.contains(&&*name)
    });
    assert_eq!(looked_at.len(), LOOKED_AT.len());
    each(&looked_at, |host, snapshot| {
        let whole = timelines(&facts(snapshot.clone()));
        for (gone, less) in without_one(&snapshot.observations) {
            let less = Snapshot { observations: less, ..snapshot.clone() };
            let what = format!("{} without {gone}", host.display());
            for told in timelines(&facts(less)) {
                let before = whole.iter().find(|other| other.home == told.home);
                // The other homes of a host may be known by what is gone.
                before.inspect(|before| nothing_is_new(before, &told, &what));
            }
        }
    });
}

/// Hosts of every kind: all of them would take long.
const LOOKED_AT: [&str; 14] = [
    "L49-profile-that-another-gateway-serves",
    "L64-updated-and-never-restarted",
    "L85-gateway-that-is-pid-1",
    "a01-foreground-owns-port-cutover-fails",
    "b01-exit75-on-demand-only-no-will-spawn",
    "e08-storm-throttle-1s",
    "i28632-restart-all-leaves-profiles-unloaded",
    "linux-022-ends-at-its-import",
    "linux-022-killed-once",
    "linux-022-starts-that-hang",
    "linux-crash-loop",
    "linux-cron-overdue-job",
    "linux-healthy",
    "linux-user-and-system-unit",
];

/// The observations without each one of them, with what is missing.
fn without_one(all: &Observations) -> Vec<(String, Observations)> {
    let whole = serde_json::to_value(all).expect("JSON");
    let mut less = Vec::new();
    for (name, list) in whole.as_object().expect("observations") {
        for at in 0..list.as_array().map_or(0, Vec::len) {
            let mut without = whole.clone();
            let gone = without[name].as_array_mut().expect("a list").remove(at);
            let without = serde_json::from_value(without).expect("observations");
            less.push((format!("{name} {gone:.200}"), without));
        }
    }
    less
}

fn nothing_is_new(before: &Timeline, after: &Timeline, what: &str) {
    let all = |told: &Timeline| -> Vec<Event> {
        told.events.iter().chain(&told.undated).cloned().collect()
    };
    let (before, after) = (all(before), all(after));
    for event in &after {
        let is_told = before.iter().any(|known| known.kind == event.kind && is_near(known, event));
        assert!(is_told, "{what}: {event:?}\n{before:#?}");
    }
    // A line of the log may be told as two where its first and its last line are known to differ: they are, or are not.
    for kind in after.iter().map(|event| event.kind).filter(|kind| *kind != Kind::Log) {
        let count = |events: &[Event]| events.iter().filter(|event| event.kind == kind).count();
        assert!(count(&after) <= count(&before), "{what}: more of {kind:?}: {after:#?}");
    }
}

/// True if both can be one event: a time is told by another witness, which saw it later, or by none.
fn is_near(known: &Event, event: &Event) -> bool {
    match (known.at, event.at) {
        (Some(known), Some(event)) => known.duration_since(event).as_secs().abs() <= 330,
        (_, None) => true,
        (None, Some(_)) => false,
    }
}

#[test]
fn the_newest_stands_last_and_the_json_keeps_to_its_schema_which_refuses_what_no_timeline_may_be() {
    let schema: Value =
        serde_json::from_str(include_str!("../timeline.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    each(&hosts(), |host, snapshot| {
        let facts = facts(snapshot);
        let told = timelines(&facts);
        for timeline in &told {
            let (now, past) = timeline.events.split_last().expect("what is now");
            assert_eq!(now.kind, Kind::Now, "{}", host.display());
            let times = past.iter().map(|event| event.at.expect("a time"));
            assert!(times.is_sorted(), "{}: {past:#?}", host.display());
        }
        let document = document(&facts, &told);
        let faults: Vec<String> =
            validator.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", host.display());
        for (pointer, odd) in [
            ("/schema", json!("gw-doctor/timeline/2")),
            ("/gateways/0/events", json!([])),
            ("/gateways/0/events/0/kind", json!("crash")),
            ("/gateways/0/events/0/at", Value::Null),
            ("/gateways/0/events/0/precision", json!("roughly")),
            ("/gateways/0/events/0/sources", json!([])),
        ] {
            let mut bad = document.clone();
            let Some(place) = bad.pointer_mut(pointer) else { continue };
            *place = odd;
            assert!(!validator.is_valid(&bad), "{pointer}");
        }
    });
}

fn document(facts: &Facts, timelines: &[Timeline]) -> Value {
    let cli = Cli::try_parse_from(["gw-doctor", "timeline", "--format", "json"]);
    let Some(Command::Timeline(args)) = cli.expect("arguments").command else {
        panic!("no timeline")
    };
    let text = super::render(facts, timelines, &args).expect("a timeline");
    serde_json::from_str(&text).expect("JSON")
}
