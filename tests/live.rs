//! A real systemd and a real Hermes gateway, brought into fifteen states, and the same gateway under the
//! stand-in for launchd in twelve more (see `tests/lab` and `tests/launchd`);
//! and what the printed plans make of the states that commands can heal.
//!
//! Needs root, namespaces, overlayfs, systemd and, the first time, PyPI: it runs where `GW_DOCTOR_LAB=1` is
//! set, as `.ci/run` does, and says aloud where it does not.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on must fail"
)]

mod skipped;
mod trace;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use skipped::skipped;
use trace::Trace;

/// A state, what the first line must name, how the run must end, and whether the home stands still.
const STATES: &[(&str, &str, i32, bool)] = &[
    ("healthy", "healthy", 0, true),
    ("not-installed", "not-installed", 1, true),
    ("installed-not-enabled-not-running", "loaded-not-running", 1, true),
    ("foreground-owns-port", "foreground-owns-gateway", 1, true),
    ("port-stolen-by-foreign", "foreign-port-owner", 1, true),
    ("api-key-missing", "api-server-refused", 1, true),
    ("aiohttp-missing", "dependency-missing", 1, true),
    ("wedged-process", "wedged", 1, true),
    ("stale-pid-file", "stale-records", 1, true),
    ("crash-loop", "crash-loop", 1, false),
    ("cron-ticker-stalled", "ticker-dead", 1, true),
    ("cron-overdue-job", "ticks-blocked", 1, true),
    ("cron-corrupt-jobs-json", "cron-store-broken", 1, true),
    ("unreadable-home", "home-inaccessible", 1, false),
    ("masked", "masked", 1, true),
];

/// What the lab puts into `.env` as a key.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The same under launchd's stand-in.
const MAC_STATES: &[(&str, &str, i32, bool)] = &[
    ("mac-healthy", "healthy", 0, true),
    ("mac-wrapper", "healthy", 0, true),
    ("mac-wrapper-timestamps", "healthy", 0, true),
    ("mac-wrapper-osascript", "healthy", 0, true),
    ("mac-foreground", "foreground-owns-gateway", 1, true),
    ("mac-interrupted-restart", "unloaded-by-interrupted-restart", 1, true),
    ("mac-detached-fallback", "detached-fallback", 1, true),
    ("mac-disabled", "disabled-override", 1, true),
    ("mac-two-domains", "two-supervisors", 1, false),
    ("mac-crash-loop", "crash-loop", 1, false),
    ("mac-parked", "parked-after-planned-exit", 1, true),
    ("mac-old-definition", "loaded-definition-old", 1, true),
];

#[test]
fn every_state_gets_its_name_its_exit_and_the_same_on_replay_and_nothing_is_changed() {
    judge(STATES, "auto", "systemctl");
}

#[test]
fn every_state_under_launchd_gets_its_name_too() {
    judge(MAC_STATES, "launchd", "launchctl");
}

fn judge(states: &[(&str, &str, i32, bool)], manager: &str, program: &str) {
    if !is_wanted() {
        return;
    }
    let mut wrong = Vec::new();
    for (state, diagnosis, exit, is_still) in states {
        let home = if *is_still { "still" } else { "moving" };
        let said = run(state, "look.sh", &[home, manager]);
        wrong.extend(
            faults(&said, diagnosis, *exit).into_iter().map(|fault| format!("{state}: {fault}")),
        );
        if *is_still {
            wrong.extend(
                changes(&said, program).into_iter().map(|fault| format!("{state}: {fault}")),
            );
        }
        eprintln!("{state}: {}", said["text"].lines().next().unwrap_or_default());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_printed_plan_heals_and_changes_nothing_else_and_stops_when_there_is_nothing_to_heal() {
    heal("linux");
}

#[test]
fn every_printed_plan_heals_under_launchd_too() {
    heal("mac");
}

/// The table that `tests/lab/heal` prints, which ends with 1 if anything in it is not as it must be.
fn heal(states: &str) {
    if !is_wanted() {
        return;
    }
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab");
    let output = Command::new(lab.join("heal"))
        .args([env!("CARGO_BIN_EXE_gw-doctor"), states])
        .output()
        .expect("run the lab");
    let [table, faults] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    eprintln!("{table}");
    assert!(output.status.success(), "{table}{faults}");
}

#[test]
fn who_waits_is_told_when_the_gateway_has_started_and_that_it_never_did() {
    if !is_wanted() {
        return;
    }
    let said = run("healthy", "wait.sh", &[]);
    let report =
        |name: &str| -> Value { serde_json::from_str(&said[name]).expect("a JSON report") };
    for (name, goal, exit, is_reached) in [
        ("settle", "settled", "settle-exit", true),
        ("up", "healthy", "up-exit", true),
        ("down", "healthy", "exit", false),
    ] {
        let report = report(name);
        assert_eq!(report["waited"]["goal"], goal);
        assert_eq!(report["waited"]["reached"], is_reached, "{name}: {}", report["waited"]);
        assert_eq!(said[exit], if is_reached { "0" } else { "1" }, "{name}");
        let diagnosis = &report["gateways"][0]["diagnoses"][0]["id"];
        assert_eq!(diagnosis == "healthy", is_reached, "{name}: {diagnosis}");
    }
    // A gateway of systemd needs longer to listen than a look takes.
    assert!(report("settle")["waited"]["looks"].as_u64() > Some(1), "{}", said["settle"]);
    assert!(said["said"].contains("not all is healthy (default: "), "{}", said["said"]);
}

fn is_wanted() -> bool {
    let is_wanted = std::env::var_os("GW_DOCTOR_LAB").is_some();
    if !is_wanted {
        skipped("the live lab runs where GW_DOCTOR_LAB=1 is set (root, systemd, unshare)");
    }
    is_wanted
}

/// What a script of the lab says in a state, by its sections.
fn run(state: &str, script: &str, arguments: &[&str]) -> BTreeMap<String, String> {
    let lab = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab");
    let output = Command::new(lab.join("lab"))
        .args(["run", state, "--", "sh"])
        .arg(lab.join(script))
        .arg(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(arguments)
        .output()
        .expect("run the lab");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sections = text.split("\n=== ").skip(1).map(|section| {
        let (name, rest) = section.split_once('\n').unwrap_or((section, ""));
        (name.to_string(), rest.trim_end().to_string())
    });
    let sections: BTreeMap<String, String> = sections.collect();
    assert!(
        sections.contains_key("exit"),
        "{state}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    sections
}

fn faults(said: &BTreeMap<String, String>, diagnosis: &str, exit: i32) -> Vec<String> {
    let mut faults = Vec::new();
    // The first line may be folded: it goes on with indentation up to the first empty one.
    let answer = said["text"].split("\n\n").next().unwrap_or_default();
    let first: Vec<&str> = answer.split_whitespace().collect();
    if !first.join(" ").contains(&format!("[{diagnosis}]")) {
        faults.push(format!("the first line does not name {diagnosis}: {answer}"));
    }
    if said["exit"] != exit.to_string() {
        faults.push(format!("exit {} instead of {exit}", said["exit"]));
    }
    let (live, replay) = (findings(&said["live"]), findings(&said["replay"]));
    if live != replay {
        faults.push(format!("the replay says otherwise:\n  live   {live:?}\n  replay {replay:?}"));
    }
    let leaks = said.iter().find(|(name, text)| name.as_str() != "trace" && text.contains(SECRET));
    faults.extend(leaks.map(|(name, _)| format!("{name} holds a secret")));
    faults
}

/// What was found, without what grows from one look to the next.
fn findings(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).expect("a JSON report");
    let gateways = report["gateways"].as_array().expect("gateways");
    let all = gateways.iter().flat_map(|gateway| gateway["findings"].as_array().expect("findings"));
    all.map(|finding| format!("{} {} {}", finding["check"], finding["verdict"], finding["scope"]))
        .collect()
}

/// What gw-doctor changed, by the files and by its own calls.
fn changes(said: &BTreeMap<String, String>, asked: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !said["changed"].is_empty() {
        faults.push(format!("something changed: {}", said["changed"]));
    }
    if said["files"].trim().parse::<u32>().unwrap_or(0) < 3 {
        faults.push(format!("too few files were compared: {}", said["files"]));
    }
    let trace = Trace::read(&said["trace"]);
    faults
        .extend(trace.guilty.iter().map(|line| format!("it would have changed something: {line}")));
    if trace.opened < 20 || !trace.programs.iter().any(|program| program == asked) {
        faults.push(format!(
            "the trace shows too little: {} opened, {:?}",
            trace.opened, trace.programs
        ));
    }
    faults
}
