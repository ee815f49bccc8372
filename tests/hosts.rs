//! Replays every recorded host and holds the report against the verdict that its story demands.
//!
//! `snapshots/hosts/NAME/` holds `snapshot.json`, `README.md` (the story), `verdict.toml` (what must and
//! what must not be said, written by a person) and `report.txt` (what is said, in full).
//! `UPDATE_EXPECT=1` rewrites `report.txt`: read the difference before you keep it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// What a host's story demands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demands {
    /// The exit code.
    exit: i32,
    /// What the first line holds, wrapped or not.
    first_line: String,
    /// By profile.
    gateways: BTreeMap<String, Demand>,
    /// What may not be said: in no diagnosis, in no finding that is more than a pass, in no plan.
    #[serde(default)]
    never: Vec<String>,
}

/// What is demanded of one gateway.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Demand {
    /// The first diagnosis. Empty: none.
    diagnosis: String,
    /// Checks that find something wrong, or a gap.
    #[serde(default)]
    finds: Vec<String>,
    /// Checks that find nothing wrong.
    #[serde(default)]
    silent: Vec<String>,
}

#[test]
fn every_recorded_host_gets_its_verdict() {
    let wrong: Vec<String> = hosts().iter().flat_map(|host| judge(host)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_recorded_host_has_a_story_and_a_snapshot_without_a_secret_looking_value() {
    for host in hosts() {
        let story = fs::read_to_string(host.join("README.md")).unwrap_or_default();
        assert!(story.starts_with("# ") && story.len() > 200, "{}: no story", host.display());
        let snapshot = fs::read_to_string(host.join("snapshot.json")).expect("a snapshot");
        for shape in ["sk-", "ghp_", "xoxb-", "AKIA", "-----BEGIN"] {
            assert!(!snapshot.contains(shape), "{}: {shape}", host.display());
        }
    }
}

fn hosts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let mut hosts: Vec<PathBuf> = fs::read_dir(root)
        .expect("the recorded hosts")
        .map(|entry| entry.expect("a recorded host").path())
        .collect();
    hosts.sort();
    assert!(!hosts.is_empty());
    hosts
}

fn judge(host: &Path) -> Vec<String> {
    let name = host.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    let mut fault = |what: String| wrong.push(format!("{name}: {what}"));
    let text = fs::read_to_string(host.join("verdict.toml")).unwrap_or_default();
    let demands: Demands = match toml::from_str(&text) {
        Ok(demands) => demands,
        Err(error) => return vec![format!("{name}: verdict.toml: {error}")],
    };
    let (code, report) = run(host, &["check"]);
    let (_, plan) = run(host, &["plan"]);
    let (json_code, json) = run(host, &["check", "--format", "json"]);
    if code != demands.exit || json_code != demands.exit {
        fault(format!("exit {code} and {json_code}, not {}", demands.exit));
    }
    let unwrapped = report.split("\n\n").next().unwrap_or_default().replace("\n  ", " ");
    if !unwrapped.lines().next().unwrap_or_default().contains(&demands.first_line) {
        fault(format!("the first line is not {:?} but {unwrapped:?}", demands.first_line));
    }
    let json: Value = serde_json::from_str(&json).expect("a JSON report");
    let mut said = claims(&json);
    said.push(plan);
    for phrase in &demands.never {
        for claim in said.iter().filter(|claim| claim.contains(phrase.as_str())) {
            fault(format!("it says {phrase:?}: {claim}"));
        }
    }
    judge_gateways(&json, &demands, &mut fault);
    let expected = host.join("report.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&expected, &report).expect("write the report");
    } else if fs::read_to_string(&expected).unwrap_or_default() != report {
        fault(format!("the report is not that of report.txt:\n{report}"));
    }
    wrong
}

/// Whatever is claimed to be so, and advised: the summaries of diagnoses, and the claims and the help of
/// findings that are more than a pass.
fn claims(json: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(String::from);
    let mut said = Vec::new();
    for gateway in list(&json["gateways"]) {
        said.extend(
            list(&gateway["diagnoses"]).iter().filter_map(|diagnosis| text(&diagnosis["summary"])),
        );
        for finding in list(&gateway["findings"]) {
            if !matches!(finding["verdict"].as_str(), Some("pass" | "skipped")) {
                said.extend([&finding["claim"], &finding["help"]].into_iter().filter_map(text));
            }
        }
    }
    said
}

fn judge_gateways(json: &Value, demands: &Demands, fault: &mut impl FnMut(String)) {
    let gateways: BTreeMap<&str, &Value> = json["gateways"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|gateway| (gateway["profile"].as_str().unwrap_or_default(), gateway))
        .collect();
    if !gateways.keys().copied().eq(demands.gateways.keys().map(String::as_str)) {
        fault(format!("the gateways are {:?}", gateways.keys()));
    }
    for (profile, demand) in &demands.gateways {
        let Some(gateway) = gateways.get(profile.as_str()) else { continue };
        let diagnosis = gateway["diagnoses"][0]["id"].as_str().unwrap_or_default();
        if diagnosis != demand.diagnosis {
            fault(format!("{profile} is {diagnosis:?}, not {:?}", demand.diagnosis));
        }
        let speaks = |check: &str| {
            gateway["findings"].as_array().into_iter().flatten().any(|finding| {
                finding["check"] == check
                    && matches!(
                        finding["verdict"].as_str(),
                        Some("failure" | "warning" | "unknown")
                    )
            })
        };
        for check in demand.finds.iter().filter(|check| !speaks(check)) {
            fault(format!("{profile}: {check} finds nothing"));
        }
        for check in demand.silent.iter().filter(|check| speaks(check)) {
            fault(format!("{profile}: {check} is not silent"));
        }
    }
}

/// The exit code and the output of one run on a recorded host. Standard error must stay empty.
fn run(host: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(args)
        .arg("--from")
        .arg(host.join("snapshot.json"))
        .env_clear()
        .output()
        .expect("run gw-doctor");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8 on standard output");
    (output.status.code().expect("an exit code"), text)
}
