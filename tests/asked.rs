//! What is so of a gateway does not depend on which gateways somebody asks for: who serves a profile, who holds its port and
//! which service is its own is decided on the whole host.

#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

use std::fs;
use std::path::Path;

use gw_checks::examine::{Examined, Selection, examine};
use gw_checks::intent::Intent;
use gw_snapshot::facts::{Facts, Wanted, gather};
use gw_snapshot::recorded::Recorded;
use gw_snapshot::snapshot::Snapshot;

/// The profile of each gateway that is asked for, and all that is said of it.
fn told(snapshot: &Snapshot, profiles: Vec<String>) -> Vec<(String, Examined)> {
    let wanted = Wanted { profiles, ..Wanted::default() };
    let facts: Facts = gather(&Recorded::new(snapshot.clone()), &wanted);
    let examined = examine(&facts, &Intent::default(), &Selection::default());
    facts.asked().map(|gateway| gateway.home.profile.clone()).zip(examined).collect()
}

#[test]
fn what_is_said_of_one_gateway_is_what_is_said_of_it_among_all() {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let mut compared = 0;
    for host in fs::read_dir(hosts).expect("the recorded hosts") {
        let path = host.expect("a recorded host").path();
        let text = fs::read_to_string(path.join("snapshot.json")).expect("a snapshot");
        let snapshot = Snapshot::read(&text).expect("a snapshot");
        let all = told(&snapshot, Vec::new());
        if all.len() < 2 {
            continue;
        }
        for (profile, among_all) in &all {
            let alone = told(&snapshot, vec![profile.clone()]);
            let of_it = alone.iter().find(|(name, _)| name == profile);
            let (_, alone) = of_it.expect("the profile that is asked for");
            assert_eq!(alone.findings, among_all.findings, "{}: {profile}", path.display());
            assert_eq!(alone.diagnoses, among_all.diagnoses, "{}: {profile}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared}");
}
