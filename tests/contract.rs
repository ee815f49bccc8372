//! What other programs rely on: the JSON report's schema, and that every form says the same.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn the_json_report_of_every_recorded_host_keeps_to_its_schema() {
    let validator = validator("report");
    for host in hosts() {
        let report = report(&host);
        let faults: Vec<String> = validator
            .iter_errors(&report)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", host.display());
    }
}

/// Without this the test above would hold for a schema that allows everything.
#[test]
fn the_schema_refuses_what_no_report_may_be() {
    let validator = validator("report");
    let good = report(&hosts().remove(0));
    assert!(validator.is_valid(&good));
    for (pointer, odd) in [
        ("/schema", Value::from("gw-doctor/report/2")),
        ("/verdict", Value::from("fine")),
        ("/exit", Value::from(2)),
        ("/gateways/0/findings/0/check", Value::from("Job/NotRunning")),
        ("/gateways/0/chain/0/link", Value::from("disk")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("such a place in the report") = odd;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

#[test]
fn the_plan_of_every_recorded_host_keeps_to_its_schema_which_refuses_what_no_plan_may_be() {
    let validator = validator("plan");
    for host in hosts() {
        let plan = output(&host, &["plan", "--format", "json"]);
        let faults: Vec<String> = validator
            .iter_errors(&plan)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", host.display());
    }
    let foreground = root().join("snapshots/hosts/linux-foreground-owns-port");
    let good = output(&foreground, &["plan", "--format", "json"]);
    for (pointer, odd) in [
        ("/schema", Value::from("gw-doctor/plan/2")),
        ("/plans/0/course", Value::from("look")),
        ("/plans/0/steps/0/name", Value::from("End it")),
        ("/plans/0/steps/0/guards", Value::Array(Vec::new())),
        ("/plans/0/steps/0/undo", Value::from("")),
        ("/plans/0/steps/0/number", Value::from(0)),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("such a place in the plan") = odd;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

#[test]
fn the_exit_code_the_verdict_and_the_findings_tell_one_story() {
    for host in hosts() {
        let report = report(&host);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let gateways = list(&report["gateways"]);
        let failures = gateways
            .iter()
            .flat_map(|gateway| list(&gateway["findings"]))
            .filter(|finding| finding["verdict"] == "failure")
            .count();
        assert_eq!(report["verdict"] == "failure", failures > 0, "{}", host.display());
        assert_eq!(report["exit"] == 1, failures > 0, "{}", host.display());
        let worst = gateways.iter().any(|gateway| gateway["verdict"] == "failure");
        assert_eq!(worst, failures > 0, "{}", host.display());
        for gateway in &gateways {
            let healthy = gateway["diagnoses"][0]["id"] == "healthy";
            assert!(!healthy || gateway["verdict"] != "failure", "{}", host.display());
        }
    }
}

/// A profile that no other gateway has, in a live look.
const OF_ITS_OWN: &str = "of-the-contract";

/// A wait in vain is a problem, and the report says so in its own words and by its code.
#[test]
fn a_report_that_waited_says_so_and_keeps_to_its_schema() {
    let validator = validator("report");
    let home = tempfile::tempdir().expect("a directory");
    // Whatever gateways this machine has, none of them is of such a profile.
    fs::create_dir_all(home.path().join(".hermes/profiles").join(OF_ITS_OWN)).expect("a profile");
    for (arguments, goal, reached) in [
        (&["--settle", "0.5"][..], "settled", true),
        // Nothing that is left out by `--only` can be found, so the wait alone makes the exit code.
        (&["--wait-until", "healthy", "--timeout", "1", "--only", "cron"], "healthy", false),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(["check", OF_ITS_OWN, "--manager", "none", "--format", "json"])
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .output()
            .expect("run gw-doctor");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
        assert!(validator.is_valid(&report), "{report}");
        let gateways = report["gateways"].as_array().expect("gateways");
        assert!(matches!(&gateways[..], [own] if own["profile"] == OF_ITS_OWN), "{report}");
        let waited = &report["waited"];
        assert_eq!(waited["goal"], goal);
        assert_eq!(waited["reached"], reached, "{waited}");
        assert_eq!(waited["open"].as_array().map(Vec::is_empty), Some(reached), "{waited}");
        assert_eq!(report["exit"], output.status.code().expect("an exit code"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("not all is healthy"), !reached, "{said}");
        if !reached {
            assert_eq!(report["exit"], 1, "{report}");
            assert_ne!(report["verdict"], "failure", "{report}");
        }
    }
}

fn validator(of: &str) -> jsonschema::Validator {
    let schema = root().join(format!("src/report/{of}.schema.json"));
    let schema = fs::read_to_string(schema).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("a JSON schema");
    jsonschema::validator_for(&schema).expect("a valid schema")
}

fn report(host: &Path) -> Value {
    output(host, &["check", "--format", "json"])
}

fn output(host: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(arguments)
        .arg("--from")
        .arg(host.join("snapshot.json"))
        .env_clear()
        .output()
        .expect("run gw-doctor");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn hosts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("snapshots/hosts")).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> = entries.map(|entry| entry.expect("a host").path()).collect();
    hosts.sort();
    hosts
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
