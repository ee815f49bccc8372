//! What is said of the change between two looks: an improvement is never called worse, nor is a blind look called better.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

#[path = "scenarios/edit.rs"]
mod edit;

use gw_checks::compare::{Look, Way, compare};
use gw_checks::examine::{Selection, examine};
use gw_checks::intent::Intent;
use gw_snapshot::facts::{Facts, Wanted, gather};
use gw_snapshot::recorded::Recorded;

fn facts(host: &str, changes: &str) -> Facts {
    gather(&Recorded::new(edit::changed(host, changes)), &Wanted::default())
}

fn changes(before: &Facts, after: &Facts) -> Vec<(Way, String)> {
    let examined = |facts| examine(facts, &Intent::default(), &Selection::default());
    let (was, is) = (examined(before), examined(after));
    let looks = [(before, &was), (after, &is)].map(|(facts, examined)| Look { facts, examined });
    let [before, after] = looks;
    compare(before, after).into_iter().map(|change| (change.way, change.what)).collect()
}

#[test]
fn a_failure_that_became_a_warning_is_better_and_the_other_way_round_worse() {
    let late = facts("linux-cron-healthy", "clock +2001");
    let soon = facts("linux-cron-healthy", "clock +1900");
    let of_overdue = |before, after| {
        let mut told = changes(before, after);
        told.retain(|(_, what)| what.ends_with("[cron/overdue]"));
        told
    };
    let told = of_overdue(&late, &soon);
    assert!(
        matches!(&told[..], [(Way::Better, what)] if what.starts_with("better: 1 job should have run")),
        "{told:?}"
    );
    let told = of_overdue(&soon, &late);
    assert!(
        matches!(&told[..], [(Way::Worse, what)] if what.starts_with("worse: 1 job should have run")),
        "{told:?}"
    );
}

#[test]
fn who_sees_less_sees_nothing_mended() {
    let seen = facts("linux-foreground-owns-port", "");
    let blind = facts(
        "linux-foreground-owns-port",
        "manager user Failed to connect to bus: No medium found
         manager system Failed to connect to bus: No medium found
         forget processes
         forget listeners
         forget locks
         http unseen",
    );
    let told = changes(&seen, &blind);
    let better: Vec<_> = told.iter().filter(|(way, _)| *way == Way::Better).collect();
    assert!(better.is_empty(), "{better:#?}");
    let gone = told.iter().any(|(_, what)| {
        what.starts_with("cannot be told any more: ") && what.ends_with("[job/not-running]")
    });
    assert!(gone, "{told:#?}");
    let process = told.iter().find(|(_, what)| what.contains("PID 393"));
    assert!(
        process.is_some_and(|(way, what)| *way == Way::Other && what.contains("cannot be told")),
        "{told:#?}"
    );
}

#[test]
fn a_name_that_stayed_is_no_news() {
    let before = facts("linux-foreground-owns-port", "");
    let after = facts("linux-foreground-owns-port", "clock +60");
    let told = changes(&before, &after);
    assert!(!told.iter().any(|(_, what)| what.starts_with("it was ")), "{told:#?}");
}
