//! What the operator says ought to be: `--reference`, seen from outside.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const HEALTHY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/hosts/linux-healthy/snapshot.json");

const FORMATS: [&str; 8] =
    ["text", "json", "markdown", "github", "junit", "sarif", "prometheus", "nagios"];

fn run(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(args)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::null())
        .output()
        .expect("run gw-doctor")
}

fn all(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// A directory with this one file in it.
fn with(name: &str, content: impl AsRef<[u8]>) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join(name), content).expect("a file");
    directory
}

/// The findings of one check in the JSON report.
fn findings(output: &Output, check: &str) -> Vec<Value> {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", all(output)));
    let gateways = report["gateways"].as_array().cloned().unwrap_or_default();
    let of = |gateway: Value| gateway["findings"].as_array().cloned().unwrap_or_default();
    gateways.into_iter().flat_map(of).filter(|finding| finding["check"] == check).collect()
}

/// The unit of the recorded host.
fn unit() -> String {
    let snapshot: Value =
        serde_json::from_str(&fs::read_to_string(HEALTHY).expect("a snapshot")).expect("JSON");
    let files = snapshot["observations"]["files"].as_array().expect("files");
    let is_unit = |file: &&Value| {
        file["path"].as_str().is_some_and(|path| path.ends_with("hermes-gateway.service"))
    };
    files.iter().find(is_unit).expect("a unit")["text"].as_str().expect("its text").into()
}

#[test]
fn a_reference_is_compared_by_meaning_and_each_difference_has_both_its_lines() {
    let shuffled: Vec<String> = unit().lines().map(|line| format!("{line}  ")).collect();
    let same = with("mine.service", format!("# by hand\n{}\n", shuffled.join("\n\n")));
    let output = run(same.path(), &["--reference", "mine.service", "--from", HEALTHY]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));

    let other = with("mine.service", unit().replace("RestartSec=5", "\nRestartSec=1min"));
    let args = ["--reference", "mine.service", "--format", "json", "--from", HEALTHY];
    let output = run(other.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let found = findings(&output, "definition/against-reference");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["verdict"], "failure");
    let evidence = &found[0]["evidence"][0];
    let line = unit().lines().position(|line| line.starts_with("RestartSec")).expect("it") + 1;
    assert_eq!(evidence["line"], line);
    assert!(evidence["file"].as_str().expect("a file").ends_with("/hermes-gateway.service"));
    let said = evidence["said"].as_str().expect("words");
    assert_eq!(said, format!("RestartSec= is 5s; in mine.service:{} it is 60s", line + 1));
}

#[test]
fn what_is_no_reference_is_refused_in_one_line_without_a_word_of_it() {
    for (content, why) in [
        (&b"hunter2"[..], "neither a plist nor a unit"),
        (b"", "neither a plist nor a unit"),
        (b"<plist><dict><key>hunter2", "cannot be understood"),
        (b"[Service]\nhunter2\nExecStart=/bin/true\n", "(mine.service:2)"),
        (b"[Service]\nType=simple\n", "no ExecStart"),
        (b"bplist00hunter2", "cannot be understood"),
        (b"\xff\xfe\x00", "neither a plist nor a unit"),
    ] {
        let home = with("mine.service", content);
        let output = run(home.path(), &["--reference", "mine.service", "--from", HEALTHY]);
        let said = all(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && said.lines().count() == 1, "{said} does not say {why}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let home = with("mine.service", "");
    let output = run(home.path(), &["--reference", "none.service", "--from", HEALTHY]);
    assert!(all(&output).contains("could not read none.service"), "{}", all(&output));
}

/// Two keys are told apart by their marks, and neither is ever shown.
#[test]
#[cfg(unix)]
fn the_secrets_of_a_reference_are_compared_and_appear_in_no_output() {
    const KEYS: [&str; 2] = ["planted-0123456789abcdef", "planted-fedcba9876543210"];
    const SHORT: &str = "hunter2";
    let unit = |key: &str, short: &str| {
        format!(
            "# {short}\n[Service]\nExecStart=/bin/python -m hermes_cli.main gateway run --token {key}\n\
             Environment=OPENAI_API_KEY={key} PIN={short}\nX-Mine={key}\n"
        )
    };
    let home = with("mine.service", unit(KEYS[1], SHORT));
    let units = home.path().join(".config/systemd/user");
    fs::create_dir_all(&units).expect("a directory");
    fs::create_dir_all(home.path().join(".hermes")).expect("a directory");
    fs::write(units.join("hermes-gateway.service"), unit(KEYS[0], SHORT)).expect("a unit");
    let reference = ["--manager", "systemd", "--timeout", "5", "--reference"];
    for format in FORMATS {
        let args = [&reference[..], &["mine.service", "--format", format]].concat();
        let said = all(&run(home.path(), &args));
        for secret in KEYS.iter().chain([&SHORT]) {
            assert!(!said.contains(secret), "{format}: {said}");
        }
    }
    let verbose = all(&run(home.path(), &[&reference[..], &["mine.service", "-v"]].concat()));
    assert!(verbose.contains("OPENAI_API_KEY") && !verbose.contains("planted"), "{verbose}");
    assert!(!verbose.contains(SHORT), "{verbose}");

    let json = [&reference[..], &["mine.service", "--format", "json"]].concat();
    let found = findings(&run(home.path(), &json), "definition/against-reference");
    let said = found[0]["evidence"].to_string();
    assert_eq!(found[0]["verdict"], "failure", "{said}");
    assert!(said.contains("the variable OPENAI_API_KEY has another value"), "{said}");
    assert!(said.contains("the variable PIN may have another value"), "{said}");

    fs::write(home.path().join("mine.service"), unit(KEYS[0], "")).expect("a unit");
    let found = findings(&run(home.path(), &json), "definition/against-reference");
    let said = found[0]["evidence"].to_string();
    assert!(said.contains("PIN") && !said.contains("OPENAI_API_KEY"), "{said}");
}
