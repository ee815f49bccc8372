//! What launchd is known to do, done by the stand-in with real processes, and read by the reader that
//! the product uses.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gw_snapshot::fact::Fact;
use gw_snapshot::parse::launchctl::disabled;
use gw_snapshot::parse::launchctl::service::{self, LastExit, Service, State};

const LAUNCHCTL: &str = env!("CARGO_BIN_EXE_launchctl");
const TARGET: &str = "gui/501/t.job";

struct Mac {
    directory: tempfile::TempDir,
    daemon: Child,
}

impl Drop for Mac {
    fn drop(&mut self) {
        self.launchctl(&["--stop"]);
        let _ = self.daemon.wait();
    }
}

impl Mac {
    /// A Mac of user 501 whose clock runs a hundred times as fast.
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut daemon = Command::new(LAUNCHCTL)
            .arg("--stand-in")
            .arg(directory.path())
            .args(["--until-stdin-closes", "uid=501", "time-factor=0.01"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the daemon");
        let mut line = String::new();
        let stdout = daemon.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert_eq!(line.trim(), "ready");
        Self { directory, daemon }
    }

    fn launchctl(&self, words: &[&str]) -> Output {
        Command::new(LAUNCHCTL)
            .args(words)
            .env("LAUNCHD_STAND_IN", self.directory.path())
            .output()
            .expect("launchctl")
    }

    fn code(&self, words: &[&str]) -> Option<i32> {
        self.launchctl(words).status.code()
    }

    fn plist(&self, words: &[&str], more: &str) -> PathBuf {
        let arguments: Vec<String> =
            words.iter().map(|word| format!("<string>{word}</string>")).collect();
        let path = self.directory.path().join("t.job.plist");
        let text = format!(
            "<plist version=\"1.0\"><dict><key>Label</key><string>t.job</string><key>ProgramArguments</key><array>{}</array><key>RunAtLoad</key><true/>{more}</dict></plist>",
            arguments.concat()
        );
        fs::write(&path, text).expect("a plist");
        path
    }

    fn bootstrap(&self, words: &[&str], more: &str) -> Option<i32> {
        let path = self.plist(words, more);
        self.code(&["bootstrap", "gui/501", path.to_str().expect("UTF-8")])
    }

    fn service(&self) -> Service {
        let output = self.launchctl(&["print", TARGET]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        service::read(&text).unwrap_or_else(|| panic!("no service: {text}"))
    }

    /// The service, as soon as it is so.
    fn until(&self, is_so: impl Fn(&Service) -> bool) -> Service {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let service = self.service();
            if is_so(&service) {
                return service;
            }
            assert!(Instant::now() < end, "it never came to be: {service:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn runs(service: &Service) -> bool {
    service.state == Fact::Known(State::Running) && service.pid.known().is_some()
}

#[test]
fn a_job_runs_from_bootstrap_to_bootout_and_is_loaded_once() {
    let mac = Mac::new();
    assert_eq!(mac.code(&["print", TARGET]), Some(113));
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    let service = mac.until(runs);
    assert_eq!(service.arguments, Fact::Known(vec!["/bin/sleep".into(), "1000".into()]));
    assert_eq!(service.last_exit, Fact::Absent);
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(5), "it is loaded already");
    assert_eq!(mac.code(&["bootout", TARGET]), Some(0));
    let end = Instant::now() + Duration::from_secs(20);
    while mac.code(&["print", TARGET]) != Some(113) {
        assert!(Instant::now() < end, "bootout never ended");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_new_plist_is_not_read_before_the_next_bootstrap() {
    let mac = Mac::new();
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    let before = mac.until(runs);
    mac.plist(&["/bin/sleep", "2000"], "");
    assert_eq!(mac.code(&["kickstart", "-k", TARGET]), Some(0));
    let after = mac.until(|service| runs(service) && service.pid != before.pid);
    assert_eq!(after.arguments, before.arguments);
}

#[test]
fn an_override_keeps_a_job_out_and_only_enable_takes_it_away() {
    let mac = Mac::new();
    assert_eq!(mac.code(&["disable", TARGET]), Some(0));
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(5));
    let text =
        String::from_utf8(mac.launchctl(&["print-disabled", "gui/501"]).stdout).expect("UTF-8");
    let overrides = disabled::read(&text).expect("a list");
    assert_eq!(overrides.is_disabled("t.job"), Fact::Known(true));
    assert_eq!(mac.code(&["enable", TARGET]), Some(0));
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    mac.until(runs);
}

#[test]
fn a_job_that_fails_is_started_again_and_one_that_cannot_begin_ends_with_78() {
    let mac = Mac::new();
    let keep = "<key>KeepAlive</key><true/>";
    assert_eq!(mac.bootstrap(&["/bin/sh", "-c", "exit 3"], keep), Some(0));
    let service = mac.until(|service| service.runs.known().is_some_and(|runs| *runs >= 3));
    assert_eq!(service.last_exit, Fact::Known(LastExit::Code(3)));
    assert_eq!(mac.code(&["bootout", TARGET]), Some(0));
    let mac = Mac::new();
    assert_eq!(mac.bootstrap(&["/no/such/program"], keep), Some(0));
    mac.until(|service| service.last_exit == Fact::Known(LastExit::Code(78)));
}

#[test]
fn a_domain_on_demand_only_parks_a_restart_and_a_kickstart_passes() {
    let mac = Mac::new();
    let keep = "<key>KeepAlive</key><true/>";
    assert_eq!(mac.bootstrap(&["/bin/sh", "-c", "sleep 0.3; exit 75"], keep), Some(0));
    assert_eq!(mac.code(&["--set", "on-demand-count:gui/501=1"]), Some(0));
    let parked = mac.until(|service| service.pended.is_some());
    assert_eq!(parked.last_exit, Fact::Known(LastExit::Code(75)));
    assert_eq!(parked.pid, Fact::Absent);
    assert_eq!(mac.code(&["kickstart", TARGET]), Some(0));
    mac.until(|service| service.runs.known() > parked.runs.known());
}

#[test]
fn osascript_ends_as_the_script_does_and_refuses_what_is_no_script_of_hermes() {
    let directory = tempfile::tempdir().expect("a directory");
    let osascript = directory.path().join("osascript");
    fs::copy(LAUNCHCTL, &osascript).expect("a copy");
    let code = |words: &[&str]| Command::new(&osascript).args(words).status().expect("it").code();
    let javascript = |command: &str| {
        let script =
            format!("ObjC.import(\"stdlib\"); const status=$.system({command:?}); $.exit(status);");
        code(&["-l", "JavaScript", "-e", &script])
    };
    let applescript = |command: &str| code(&["-e", &format!("do shell script {command:?}")]);
    assert_eq!(javascript("exec sh -c 'exit 75'"), Some(75));
    assert_eq!(javascript("[ \"a b\" = 'a b' ]"), Some(0));
    assert_eq!(javascript("kill -TERM $$"), Some(143));
    assert_eq!(applescript("exit 75"), Some(1));
    assert_eq!(applescript("exit 0"), Some(0));
    assert_eq!(code(&["-e", "display dialog \"x\""]), Some(70));
    assert_eq!(code(&["-l", "JavaScript"]), Some(70));
}
