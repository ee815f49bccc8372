//! What a home can hold and a server can answer to trip a reader: each is a finding, with its exit
//! status, in time, and without a panic.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

mod skipped;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use skipped::skipped;

/// A user's home with a Hermes home in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir_all(home.path("cron")).expect("a directory");
        fs::create_dir_all(home.path("logs")).expect("a directory");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(".hermes").join(name)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).expect("a file");
        self
    }

    /// With an API server on this port.
    fn listening(self, port: u16) -> Self {
        let key = "k".repeat(32);
        self.with(
            ".env",
            format!("API_SERVER_ENABLED=true\nAPI_SERVER_KEY={key}\nAPI_SERVER_PORT={port}\n"),
        )
    }

    fn check(&self, timeout: &str) -> (Value, Output) {
        let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(["check", "--format", "json", "--timeout", timeout])
            .env_clear()
            .env("HOME", self.0.path())
            .stdin(Stdio::null())
            .output()
            .expect("run gw-doctor");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_slice(&output.stdout);
        (json.unwrap_or_else(|error| panic!("{error}: {said}")), output)
    }

    /// The verdict of one check, and what it says with its evidence.
    fn finding(&self, check: &str) -> (String, String) {
        let (report, output) = self.check("5");
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1 | 3)), "{check}: exit {code:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let findings = report["gateways"][0]["findings"].as_array().expect("findings");
        let found = findings.iter().find(|finding| finding["check"] == check);
        let found = found.unwrap_or_else(|| panic!("no {check}"));
        let said = format!("{} {}", found["claim"], found["evidence"]);
        (found["verdict"].as_str().expect("a verdict").to_string(), said)
    }
}

fn expect(home: &Home, check: &str, verdict: &str, words: &str) {
    let (found, claim) = home.finding(check);
    assert_eq!(found, verdict, "{check}: {claim}");
    assert!(claim.contains(words), "{check}: {claim}");
}

#[test]
fn a_status_file_that_is_none_is_a_finding_whatever_it_is() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "ends too early"),
        (b"{\"pid\": 1, ", "line 1"),
        (b"\xff\xfe\xfd", "UTF-8"),
        (b"[[[[[[", "line 1"),
        (b"\x00\x00\x00", "line 1"),
    ];
    for (content, words) in cases {
        let home = Home::new().with("gateway_state.json", content);
        expect(&home, "runtime/invalid", "failure", words);
    }
}

#[test]
fn what_is_no_regular_file_is_named_and_never_waited_for() {
    let home = Home::new();
    let fifo = home.path("gateway_state.json");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("run mkfifo");
    assert!(made.success());
    expect(&home, "runtime/invalid", "failure", "FIFO");
    fs::remove_file(&fifo).expect("remove it");
    fs::create_dir(&fifo).expect("a directory");
    expect(&home, "runtime/invalid", "failure", "directory");
    fs::remove_dir(&fifo).expect("remove it");
    symlink("gateway_state.json", &fifo).expect("a link to itself");
    expect(&home, "runtime/unreadable", "unknown", "link");
}

#[test]
fn a_file_that_we_may_not_read_is_unknown_and_not_missing() {
    let home = Home::new().with("gateway_state.json", "{}");
    let file = home.path("gateway_state.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("set its mode");
    if fs::read(&file).is_ok() {
        return skipped("root reads everything: there is nothing to be refused");
    }
    expect(&home, "runtime/unreadable", "unknown", "mode 0000");
}

#[test]
fn a_huge_status_file_and_a_huge_job_store_are_not_read() {
    let home = Home::new();
    for name in ["gateway_state.json", "cron/jobs.json", "logs/gateway.log", "logs/errors.log"] {
        sparse(&home.path(name), 1 << 30);
    }
    let (report, output) = home.check("5");
    assert!(matches!(output.status.code(), Some(1 | 3)), "{report}");
    let text = report.to_string();
    assert!(text.contains("1073741824"), "its size is said: {text}");
}

fn sparse(path: &Path, size: u64) {
    fs::File::create(path).and_then(|file| file.set_len(size)).expect("a sparse file");
}

#[test]
fn a_status_file_whose_pid_is_another_program_is_of_an_earlier_life() {
    let me = std::process::id();
    let status = format!(
        r#"{{"pid": {me}, "start_time": 7, "kind": "hermes-gateway", "gateway_state": "running"}}"#
    );
    let home = Home::new().with("gateway_state.json", status);
    expect(&home, "owner/pid-reused", "warning", "gateway_state.json");
    let (report, _) = home.check("5");
    let process = &report["gateways"][0]["chain"][2];
    assert_eq!(process["text"], "none", "a program of ours is no gateway: {process}");
}

#[test]
fn a_unit_that_does_not_parse_is_told_with_its_line() {
    let home = Home::new();
    let units = home.0.path().join(".config/systemd/user");
    fs::create_dir_all(&units).expect("a directory");
    let unit =
        "[Service\nExecStart=\"/opt/hermes/bin/python -m hermes_cli.main gateway run\nRestart\n";
    fs::write(units.join("hermes-gateway.service"), unit).expect("a unit");
    let (verdict, claim) = home.finding("definition/invalid");
    assert_eq!(verdict, "failure", "{claim}");
}

/// A server that does with each connection what it is told to.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            serve(stream);
        }
    });
    port
}

#[test]
fn a_stranger_on_the_port_is_a_stranger_whatever_it_answers() {
    let answers: [&'static [u8]; 5] = [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"",
    ];
    for answer in answers {
        let port = server(move |mut stream| {
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(answer);
        });
        // A gateway of this home has run, so the port matters.
        let home = Home::new()
            .listening(port)
            .with("gateway_state.json", r#"{"pid": 1, "gateway_state": "stopped"}"#);
        let (report, output) = home.check("5");
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 3)), "{:?}: {code:?}", String::from_utf8_lossy(answer));
        let text = report["gateways"][0].to_string();
        assert!(!text.contains("\"id\":\"healthy\""), "{text}");
    }
}

#[test]
fn a_server_that_never_answers_or_never_ends_costs_no_more_than_the_timeout() {
    let silent = server(|stream| {
        // Kept open, and never answered.
        std::mem::forget(stream);
    });
    let endless = server(|mut stream| {
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    for port in [silent, endless] {
        let home = Home::new()
            .listening(port)
            .with("gateway_state.json", r#"{"pid": 1, "gateway_state": "stopped"}"#);
        // The end of the run is the proof; only a hang would keep it from coming.
        let (_, output) = within(Duration::from_secs(60), move || home.check("1"));
        assert!(matches!(output.status.code(), Some(1 | 3)));
    }
}

/// What `work` gives, or a panic if it takes far longer than it may.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = std::sync::mpsc::channel();
    thread::spawn(move || done.send(work()));
    wait.recv_timeout(limit).expect("an end in time")
}

#[test]
fn control_characters_of_the_host_do_not_reach_the_terminal() {
    let status = "{\"pid\": 1, \"gateway_state\": \"startup_failed\", \"exit_reason\": \"\\u001b[2Jgone\\u0007\\nhealthy\"}";
    let home = Home::new().with("gateway_state.json", status);
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(["check", "-v", "--color", "never"])
        .env_clear()
        .env("HOME", home.0.path())
        .output()
        .expect("run gw-doctor");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("gone"), "the reason is shown: {text}");
    let control = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(control, None, "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("healthy")), "{text}");
}

#[test]
fn a_timeline_of_odd_files_is_told_line_by_line_without_control_characters() {
    let odd = "\u{1b}[2Jgone\u{7}";
    let home = Home::new()
        .with("gateway-starts.log", "nan\n1e300\n-5\n\u{1b}[2J\n1795224107.5\n")
        .with("logs/gateway-exit-diag.log", format!("{{\"ts\": \"2026-11-21T01:21:41Z\", \"tag\": \"asyncio.run.exception\", \"pid\": 411, \"exc_type\": \"{}\"}}\n[[[[\n", odd.escape_default()))
        .with("cron/jobs.json", format!(r#"{{"jobs": [{{"id": "{0}", "schedule_display": "x\\u001b]0;t", "last_status": "error"}}]}}"#, "a\\u202eb"))
        .with(".gateway-launchd-unsupported", r#"{"written_at": "9998-12-31T23:59:59Z", "reason": "a\u001b[31mb\nnow"}"#);
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(["timeline", "--color", "never", "--timeout", "5"])
        .env_clear()
        .env("HOME", home.0.path())
        .output()
        .expect("run gw-doctor");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("gave up on launchd") && text.contains("lies in the future"), "{text}");
    let steers = |c: &char| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}');
    assert_eq!(text.chars().find(steers), None, "{text:?}");
}

#[test]
fn a_record_of_runs_that_is_no_database_is_unknown_and_never_opened_for_writing() {
    const DATABASE: &[u8] = include_bytes!("../snapshots/parse/sqlite/executions.db");
    const LOG: &[u8] = include_bytes!("../snapshots/parse/sqlite/executions.db-wal");
    let jobs =
        r#"{"jobs": [{"id": "000000000000", "schedule": {"kind": "interval", "minutes": 30}}]}"#;
    let home = || Home::new().with("cron/jobs.json", jobs);
    let unknown = "which runs have not ended";
    for (content, words) in [
        (&b""[..], "no SQLite database"),
        (b"{\"jobs\": []}", "no SQLite database"),
        (&DATABASE[..DATABASE.len() / 2], "cut short or damaged"),
    ] {
        let home = home().with("cron/executions.db", content);
        expect(&home, "cron/stuck-claim", "unknown", unknown);
        expect(&home, "cron/stuck-claim", "unknown", words);
    }
    let directory = home();
    fs::create_dir(directory.path("cron/executions.db")).expect("a directory");
    expect(&directory, "cron/stuck-claim", "unknown", unknown);
    // A log in pages of another size is that of another database.
    let mut other = LOG.to_vec();
    other[8..12].copy_from_slice(&4096_u32.to_be_bytes());
    let swapped = home().with("cron/executions.db", DATABASE).with("cron/executions.db-wal", other);
    expect(&swapped, "cron/stuck-claim", "pass", "no run is claimed");
    // The sound pair says that runs are open, and stays as it is, without a third file beside it.
    let sound = home().with("cron/executions.db", DATABASE).with("cron/executions.db-wal", LOG);
    expect(&sound, "cron/stuck-claim", "warning", "run");
    assert_eq!(fs::read(sound.path("cron/executions.db")).expect("the database"), DATABASE);
    assert_eq!(fs::read(sound.path("cron/executions.db-wal")).expect("its log"), LOG);
    assert!(!sound.path("cron/executions.db-shm").exists());
}

#[test]
fn a_thousand_profiles_are_all_looked_at_and_start_no_more_programs_than_one() {
    let home = Home::new();
    for number in 0..1000 {
        let profile = home.path(&format!("profiles/p{number:03}/cron"));
        fs::create_dir_all(&profile).expect("a directory");
        fs::write(profile.join("jobs.json"), "{\"jobs\": []}").expect("a file");
    }
    let (report, _) = home.check("60");
    // Another user's gateway may run here too.
    let ours = home.0.path().to_str().expect("UTF-8");
    let gateways = report["gateways"].as_array().expect("gateways").iter();
    let ours = gateways
        .filter(|gateway| gateway["home"].as_str().is_some_and(|home| home.starts_with(ours)));
    assert_eq!(ours.count(), 1001);
    let programs = |home: &Home| {
        let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(["snapshot", "--timeout", "60"])
            .env_clear()
            .env("HOME", home.0.path())
            .output()
            .expect("run gw-doctor");
        let snapshot: Value = serde_json::from_slice(&output.stdout).expect("a snapshot");
        snapshot["observations"]["commands"].as_array().map(Vec::len)
    };
    if cfg!(target_os = "linux") {
        assert_eq!(programs(&home), programs(&Home::new()));
    }
}
