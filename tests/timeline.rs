//! `gw-doctor timeline` from outside: the screens of some hosts, what it leaves out, and its forms.
//!
//! `snapshots/hosts/NAME/timeline.txt` is what is told of that host. `UPDATE_EXPECT=1` rewrites those that are there: read the
//! difference before you keep it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

#[path = "formats/read.rs"]
#[allow(dead_code, reason = "only two of the forms are read here")]
mod read;
mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The hosts whose screens are kept.
const KEPT: [&str; 8] = [
    "L64-updated-and-never-restarted",
    "a01-foreground-owns-port-cutover-fails",
    "i28632-restart-all-leaves-profiles-unloaded",
    "linux-022-ends-at-its-import",
    "linux-022-killed-once",
    "linux-022-paused",
    "linux-022-starts-that-hang",
    "linux-import-fails-says-the-journal",
];

#[test]
fn the_screens_of_some_hosts_are_those_that_are_kept() {
    let mut wrong = Vec::new();
    for host in KEPT {
        let host = hosts_root().join(host);
        let snapshot = fs::read_to_string(host.join("snapshot.json")).expect("a snapshot");
        let shown = timeline(&snapshot, &["--format", "text"]);
        let expected = host.join("timeline.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &shown).expect("write the screen");
        } else if fs::read_to_string(&expected).unwrap_or_default() != shown {
            wrong.push(format!("{}:\n{shown}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let kept = hosts().iter().filter(|host| host.join("timeline.txt").exists()).count();
    assert_eq!(kept, KEPT.len(), "a screen is kept that is not looked at");
}

/// What nobody looked at is named, and nothing is made of it.
#[test]
fn of_a_host_of_which_nothing_is_known_nothing_is_told_but_what_was_not_seen() {
    let bare = r#"{"schema": "gw-doctor/snapshot/1", "taken_at": "2026-11-21T00:00:00Z",
        "host": {"os": "linux", "home": "/home/a", "uid": 1000}}"#;
    let told = told(bare);
    let gateway = &told["gateways"][0];
    let kinds: Vec<&Value> = list(&gateway["events"]).iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, [&json!("now")], "{told}");
    assert!(list(&gateway["undated"]).is_empty(), "{told}");
    let unseen = gateway["unseen"].to_string();
    for what in
        ["booted", "installed code", "gateway-starts.log", "logs/gateway.log", "cron/jobs.json"]
    {
        assert!(unseen.contains(what), "{what}: {unseen}");
    }
}

/// Of every recorded host.
#[test]
fn every_event_has_a_source_and_every_setting_that_was_seen_its_event() {
    let mut settings = 0;
    for host in hosts() {
        let text = fs::read_to_string(host.join("snapshot.json")).expect("a snapshot");
        let told = told(&text);
        let snapshot: Value = serde_json::from_str(&text).expect("JSON");
        for gateway in list(&told["gateways"]) {
            let events = || list(&gateway["events"]).iter().chain(list(&gateway["undated"]));
            for event in events() {
                let sources = list(&event["sources"]);
                let is_named = |source: &Value| source.as_str().is_some_and(|it| !it.is_empty());
                assert!(!sources.is_empty() && sources.iter().all(is_named), "{host:?}: {event}");
            }
            for unseen in list(&gateway["unseen"]) {
                assert!(unseen["why"].as_str().is_some_and(|why| !why.is_empty()), "{unseen}");
            }
            let home = gateway["home"].as_str().expect("a home");
            for path in [format!("{home}/.env"), format!("{home}/config.yaml")] {
                let is_it = |file: &&Value| file["path"] == json!(path) && file["error"].is_null();
                if list(&snapshot["observations"]["files"]).iter().any(|file| is_it(&file)) {
                    settings += 1;
                    let is_told = |event: &Value| list(&event["sources"]).contains(&json!(path));
                    assert!(events().any(is_told), "{host:?}: {path}: {gateway}");
                }
            }
        }
    }
    assert!(settings > 300, "only {settings} settings were seen");
}

#[test]
fn since_leaves_out_what_is_older_and_says_so() {
    let host = hosts_root().join("L64-updated-and-never-restarted/snapshot.json");
    let snapshot = fs::read_to_string(host).expect("a snapshot");
    let all = told(&snapshot);
    for since in ["1h", "2026-11-23T02:14:57Z"] {
        let text = timeline(&snapshot, &["--format", "json", "--since", since]);
        let told: Value = serde_json::from_str(&text).expect("JSON");
        let gateway = &told["gateways"][0];
        let kept = list(&gateway["events"]);
        let kinds: Vec<&str> = kept.iter().filter_map(|event| event["kind"].as_str()).collect();
        assert_eq!(kinds, ["cron", "mark", "mark", "now"], "{told}");
        let count = u64::try_from(list(&all["gateways"][0]["events"]).len() - kept.len());
        assert_eq!(gateway["left_out"].as_u64(), count.ok());
    }
    let shown = timeline(&snapshot, &["--since", "1h"]);
    assert!(shown.contains("earlier events left out"), "{shown}");
}

#[test]
fn a_timeline_for_strangers_is_well_formed_and_names_nobody() {
    for host in KEPT {
        let host = hosts_root().join(host).join("snapshot.json");
        let snapshot = fs::read_to_string(host).expect("a snapshot");
        let renamed =
            snapshot.replace("/home/lab", "/home/zebulon").replace("/Users/user", "/Users/zebulon");
        let renamed = renamed.replace("coder", "ophelia");
        assert!(timeline(&renamed, &[]).contains("zebulon"));
        let markdown = timeline(&renamed, &["--format", "markdown"]);
        let html = timeline(&renamed, &["--format", "html"]);
        assert!(!read::markdown(&markdown).is_empty() && !read::html(&html).is_empty());
        for name in ["zebulon", "ophelia"] {
            assert!(!markdown.contains(name) && !html.contains(name), "{name} in {markdown}");
        }
    }
}

/// Words of the host in each place from which the timeline takes some.
#[test]
fn nothing_that_a_host_says_breaks_out_of_a_timeline() {
    for hostile in
        ["\u{1b}[2J\u{7}\nnow healthy", "</li><script>", "```\n# planted", "\u{202e}@planted"]
    {
        let host = hosts_root().join("linux-022-ends-at-its-import/snapshot.json");
        let text = fs::read_to_string(host).expect("a snapshot");
        let mut snapshot: Value = serde_json::from_str(&text).expect("JSON");
        for file in snapshot["observations"]["files"].as_array_mut().expect("files") {
            if file["path"].as_str().is_some_and(|path| path.ends_with("/gateway_state.json")) {
                let mut state: Value =
                    serde_json::from_str(file["text"].as_str().expect("a text")).expect("JSON");
                state["gateway_state"] = json!("stopped");
                state["exit_reason"] = json!(hostile);
                file["text"] = json!(state.to_string());
            }
        }
        let [tame, said] = [text, snapshot.to_string()];
        let shown = timeline(&said, &["--color", "never"]);
        let steers =
            |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!shown.contains(steers), "{shown:?}");
        assert_eq!(shown.lines().count(), timeline(&tame, &[]).lines().count(), "{shown}");
        let markdown = timeline(&said, &["--format", "markdown"]);
        assert_eq!(
            read::markdown(&markdown).len(),
            read::markdown(&timeline(&tame, &["--format", "markdown"])).len()
        );
        read::html(&timeline(&said, &["--format", "html"]));
    }
}

fn told(snapshot: &str) -> Value {
    serde_json::from_str(&timeline(snapshot, &["--format", "json"])).expect("JSON")
}

fn timeline(snapshot: &str, arguments: &[&str]) -> String {
    let arguments: Vec<&str> =
        ["timeline", "--from", "-"].into_iter().chain(arguments.iter().copied()).collect();
    let output = replay::run(&arguments, snapshot.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(output.stderr.is_empty(), "{said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn hosts() -> Vec<PathBuf> {
    let entries = fs::read_dir(hosts_root()).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> = entries.map(|entry| entry.expect("a host").path()).collect();
    hosts.sort();
    hosts
}

fn hosts_root() -> PathBuf {
    root().join("snapshots/hosts")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
