//! What the operator says ought to be: `--reference` and `--policy`, seen from outside.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const HEALTHY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/hosts/linux-healthy/snapshot.json");

const FORMATS: [&str; 9] =
    ["text", "json", "markdown", "html", "github", "junit", "sarif", "prometheus", "nagios"];

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

const FOREGROUND: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/snapshots/hosts/linux-foreground-owns-port/snapshot.json"
);
const THREE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/hosts/linux-three-profiles/snapshot.json");

/// A look at a recorded host with this policy.
fn judged(host: &str, policy: &str, args: &[&str]) -> Output {
    let home = with("policy.toml", policy);
    run(home.path(), &[&["--policy", "policy.toml", "--from", host], args].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn a_policy_with_a_slip_is_refused_with_its_line_and_column() {
    for (policy, position) in [
        ("[expect]\nport = 8642\nadress = \"::1\"\n", "policy.toml:3:1: "),
        ("[expect]\nport = \"8642\"\n", "policy.toml:2:8: "),
        ("[[ignore]]\ncheck = \"job/disabeld\"\n", "policy.toml:2:9: "),
        ("[expect\n", "policy.toml:1:"),
    ] {
        let output = judged(HEALTHY, policy, &[]);
        assert_eq!(output.status.code(), Some(2), "{}", all(&output));
        assert!(
            text(&output.stderr).starts_with(&format!("gw-doctor: {position}")),
            "{}",
            all(&output)
        );
        assert!(output.stdout.is_empty() && text(&output.stderr).lines().count() == 1);
    }
    let output = judged(HEALTHY, "[expect\n", &["--format", "nagios"]);
    assert_eq!(output.status.code(), Some(3), "a monitor is told: {}", all(&output));
    assert!(text(&output.stdout).starts_with("GW-DOCTOR UNKNOWN - policy.toml:1:"));
}

#[test]
fn what_a_policy_expects_decides_the_exit_code() {
    for (policy, code, said) in [
        (
            "[expect]\naddress = \"localhost\"\nport = 8642\nrequired = [\"API_SERVER_KEY\"]\n",
            0,
            "healthy",
        ),
        ("[expect]\nport = 18789\n", 1, "the policy expects port 18789"),
        ("[expect]\nrequired = [\"NO_SUCH_SETTING\"]\n", 1, "no file sets NO_SUCH_SETTING"),
        ("[expect]\nforbidden = [\"VIRTUAL_ENV\"]\n", 1, "Environment=\"VIRTUAL_ENV=/opt/hermes\""),
        ("[profiles]\noff = [\"default\"]\n", 0, "means this gateway to be off, and it runs"),
    ] {
        let output = judged(HEALTHY, policy, &[]);
        let joined = text(&output.stdout).replace("\n  ", " ").replace("    ", "");
        assert_eq!(output.status.code(), Some(code), "{policy}: {}", all(&output));
        assert!(joined.contains(said), "{policy}: {joined}");
        assert!(output.stderr.is_empty(), "{}", all(&output));
    }
}

/// An ignored finding is in the report with its reason, and past its day it counts again and says so.
#[test]
fn an_ignored_cause_stays_visible_until_its_day_and_counts_after_it() {
    let ignore = |until: &str| {
        format!(
            "[[ignore]]\ndiagnosis = \"foreground-owns-gateway\"\nreason = \"while we test\"\nuntil = {until}\n"
        )
    };
    let output = judged(FOREGROUND, &ignore("2999-12-31"), &[]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("✓ default: ignored until 2999-12-31 (while we test): "), "{said}");
    assert!(said.contains("[job/not-running]") && !said.contains("healthy"), "{said}");
    assert!(!said.contains("To put it right"), "what is accepted is not put right: {said}");
    assert!(output.stderr.is_empty());

    let json = judged(FOREGROUND, &ignore("2999-12-31"), &["--format", "json"]);
    let excused: Vec<Value> = findings(&json, "job/not-running")
        .into_iter()
        .filter(|finding| finding["excused"]["was"] == "failure")
        .collect();
    assert_eq!(excused.len(), 1);
    assert_eq!(excused[0]["verdict"], "note");
    assert_eq!(excused[0]["excused"]["until"], "2999-12-31");

    let output = judged(FOREGROUND, &ignore("2001-01-01"), &[]);
    let said = text(&output.stdout).replace("\n  ", " ");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ignored by the policy until 2001-01-01, which is past"), "{said}");
}

#[test]
fn an_ignored_check_is_ignored_for_its_profile_alone() {
    let policy = |profile: &str| {
        format!(
            "[[ignore]]\ncheck = \"job/not-running\"\nprofile = \"{profile}\"\nreason = \"so\"\nuntil = 2999-12-31\n"
        )
    };
    let verdicts = |profile: &str| -> Vec<String> {
        let output = judged(FOREGROUND, &policy(profile), &["--format", "json"]);
        let found = findings(&output, "job/not-running");
        found.iter().map(|finding| finding["verdict"].to_string()).collect()
    };
    assert!(verdicts("default").iter().all(|verdict| verdict != "\"failure\""));
    assert!(verdicts("other").contains(&"\"failure\"".to_string()));
}

#[test]
fn an_entry_that_matches_nothing_is_a_note_on_standard_error_and_no_verdict() {
    let policy = "[profiles]\noff = [\"wrok\"]\n\n[[ignore]]\ncheck = \"job/disabled\"\nreason = \"so\"\nuntil = 2999-12-31\n";
    let output = judged(HEALTHY, policy, &[]);
    let notes = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let notes: Vec<&str> = notes.lines().collect();
    assert_eq!(
        notes,
        [
            "gw-doctor: note: policy.toml:4: nothing to ignore: job/disabled was not found",
            "gw-doctor: note: policy.toml:2: no gateway of profile wrok was looked at",
        ]
    );
    let named = judged(THREE, &policy.replace("wrok", "work"), &["coder"]);
    assert!(named.stderr.is_empty(), "work was not looked at: {}", all(&named));
    let output = judged(HEALTHY, policy, &["--only", "port"]);
    assert!(
        !text(&output.stderr).contains("job/disabled"),
        "it was not looked at: {}",
        all(&output)
    );
}

#[test]
fn a_profile_that_is_meant_to_be_off_and_is_off_is_no_failure() {
    let before = judged(THREE, "", &["work"]);
    assert_eq!(before.status.code(), Some(1), "{}", all(&before));
    let after = judged(THREE, "[profiles]\noff = [\"work\"]\n", &["work"]);
    let said = text(&after.stdout);
    assert_eq!(after.status.code(), Some(0), "{said}");
    assert!(said.starts_with("! work: the policy means this gateway to be off"), "{said}");
    assert!(said.contains("off") && !said.contains('✗'), "{said}");
    let plan = with("policy.toml", "[profiles]\noff = [\"work\"]\n");
    let plan = run(plan.path(), &["plan", "--policy", "policy.toml", "--from", THREE, "work"]);
    assert!(text(&plan.stdout).contains("# Nothing to do."), "{}", all(&plan));
}

#[test]
fn a_threshold_moves_what_is_late() {
    let host =
        |name: &str| format!("{}/snapshots/hosts/{name}/snapshot.json", env!("CARGO_MANIFEST_DIR"));
    let late = host("L51-ticker-that-stopped-a-day-ago");
    let verdict = |policy: &str| {
        let output = judged(&late, policy, &["--format", "json"]);
        findings(&output, "cron/ticker-late")[0]["verdict"].clone()
    };
    assert_eq!(verdict(""), "failure");
    assert_eq!(verdict("[thresholds]\nticker_late = 604800\n"), "pass");
}

#[test]
fn every_form_tells_of_what_is_accepted_as_its_schema_allows() {
    let policy = "[[ignore]]\ndiagnosis = \"foreground-owns-gateway\"\nreason = \"while we test\"\nuntil = 2999-12-31\n";
    let schema = |path: &str| {
        let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        serde_json::from_str::<Value>(&schema.expect("a schema")).expect("JSON")
    };
    let validator =
        jsonschema::validator_for(&schema("src/report/report.schema.json")).expect("a schema");
    let json = judged(FOREGROUND, policy, &["--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let faults: Vec<String> = validator.iter_errors(&json).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let mut odd = json.clone();
    odd["gateways"][0]["diagnoses"][0]["excused"]["until"] = "soon".into();
    assert!(!validator.is_valid(&odd));

    let sarif = judged(FOREGROUND, policy, &["--format", "sarif"]);
    let sarif: Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let accepted: Vec<&Value> = results
        .iter()
        .filter(|result| result["suppressions"][0]["justification"] == "while we test")
        .collect();
    assert!(
        accepted
            .iter()
            .any(|result| result["ruleId"] == "job/not-running" && result["level"] == "error")
    );

    for format in FORMATS {
        let output = judged(FOREGROUND, policy, &["--format", format]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", all(&output));
    }
}

#[test]
fn a_secret_in_the_wrong_place_of_a_policy_appears_in_no_output() {
    const SECRET: &str = "sk-planted0123456789abcdef0123456789";
    for policy in [
        format!("API_SERVER_KEY = \"{SECRET}\"\n"),
        format!("{SECRET} = 1\n"),
        format!("[expect]\naddress = \"{SECRET}\"\n"),
        format!("[expect]\nrequired = [\"API_SERVER_KEY={SECRET}\"]\n"),
        format!("[expect]\nrequired = [\"{}\"]\n", SECRET.replace('-', "_")),
        format!("[profiles]\noff = [\"{}\"]\n", SECRET.to_uppercase()),
        format!("[[ignore]]\ncheck = \"{SECRET}\"\n"),
        format!(
            "[[ignore]]\ncheck = \"job/disabled\"\nreason = \"{SECRET}\"\nuntil = 2999-12-31\n"
        ),
        format!("[expect]\nport = {SECRET}\n"),
        format!("# {SECRET}\n[expect]\nport = 8642 # {SECRET}\n"),
    ] {
        for format in FORMATS {
            let said = all(&judged(HEALTHY, &policy, &["-v", "--format", format]));
            assert!(
                !said.contains("planted0123") && !said.contains(SECRET),
                "{format}: {policy}: {said}"
            );
        }
    }
}

/// A line of a file is shown as it may be seen, even where a snapshot was made by hand and holds a secret.
#[test]
fn a_line_that_is_shown_holds_no_secret() {
    const SECRET: &str = "planted0123456789abcdef";
    let mut snapshot: Value =
        serde_json::from_str(&fs::read_to_string(HEALTHY).expect("a snapshot")).expect("JSON");
    for file in snapshot["observations"]["files"].as_array_mut().expect("files") {
        let text = file["text"].as_str().unwrap_or_default().to_string();
        let path = file["path"].as_str().unwrap_or_default().to_string();
        if path.ends_with("hermes-gateway.service") {
            let more =
                format!("[Service]\nEnvironment=\"OPENAI_API_KEY={SECRET}\"\nX-Y={SECRET}\n");
            file["text"] = text.replacen("[Service]\n", &more, 1).into();
        } else if path.ends_with("/.env") {
            file["text"] = format!("API_SERVER_ENABLED=true\nAPI_SERVER_KEY={SECRET}\n").into();
        }
    }
    let home = with("host.json", snapshot.to_string());
    fs::write(
        home.path().join("policy.toml"),
        "[expect]\nforbidden = [\"OPENAI_API_KEY\", \"API_SERVER_KEY\"]\n",
    )
    .expect("a policy");
    fs::write(home.path().join("my.service"), unit()).expect("a unit");
    let args = ["--from", "host.json", "--policy", "policy.toml", "--reference", "my.service"];
    for more in [&[][..], &["-v"]] {
        let output = run(home.path(), &[&args[..], more].concat());
        let said = text(&output.stdout);
        assert!(said.contains("| API_SERVER_KEY=‹redacted:16+›"), "{said}");
        assert!(said.contains("| Environment=OPENAI_API_KEY=‹redacted:16+›"), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}
