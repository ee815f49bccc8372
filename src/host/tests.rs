//! The live host as a whole: one answer to each question, at the deadline at the latest.

pub(crate) mod planted;

use std::fs;
use std::io::{self, Write};
use std::process::Command;

use gw_snapshot::host::Scope;
use gw_snapshot::recorded::Recorded;

use super::*;

/// Only ever reached by a test that fails.
const HANG: Duration = Duration::from_secs(30);

const RERUN: &str = "GW_DOCTOR_TEST_RERUN";

/// Runs one test again in a process of its own, changed in some way. Tells when it cannot.
pub(crate) fn rerun(test: &str, change: impl FnOnce(&mut Command)) {
    let program = std::env::current_exe().expect("this test");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"]);
    command.env(RERUN, test).current_dir("/");
    change(&mut command);
    match command.output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && told.contains(RERUN), "{test}, again:\n{told}");
        }
        Err(error) => skipped(&format!("{test} cannot be run again: {error}")),
    }
}

/// Says that a test was not made, past the harness, which keeps back what a test prints.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {why}");
}

/// Whether this is a repeated test; says so, which is how the first run knows that it was made.
pub(crate) fn reruns() -> bool {
    let is_one = std::env::var_os(RERUN).is_some();
    if is_one {
        let _ = writeln!(io::stdout(), "{RERUN}");
    }
    is_one
}

/// Who holds the listener on a port.
pub(crate) fn holders(seen: &Seen<ListenerSeen>, port: u16) -> Option<Vec<u32>> {
    seen.list.iter().find(|listener| listener.port == port)?.pids.clone()
}

fn live() -> Live {
    Live::new(HANG).expect("threads")
}

#[test]
fn without_time_no_question_is_asked_and_each_says_so() {
    let live = Live::new(Duration::ZERO).expect("threads");
    let late = Some(not_asked());
    let ask = Ask::SystemctlShow { scope: Scope::User, units: vec!["a.service".into()] };
    live.prepare(vec![Question::Processes, Question::Http("http://127.0.0.1:1/".into())]);
    assert_eq!(live.command(&ask).first().and_then(|seen| seen.error.clone()), late);
    assert_eq!(live.file("/etc/passwd", Part::SMALL).error, late);
    assert_eq!(live.directory("/etc").error, late);
    assert_eq!(live.definitions("/etc/systemd/system", ".service").trouble, late);
    assert_eq!(live.processes().trouble, late);
    assert_eq!(live.process(1).error, late);
    assert_eq!(live.listeners(&[1]).trouble, late);
    assert_eq!(live.lock("/etc/passwd").error, late);
    assert_eq!(live.http("http://127.0.0.1:1/").error, late);
}

#[test]
fn a_look_may_be_given_all_the_time_in_the_world() {
    let live = Live::new(Duration::MAX).expect("threads");
    assert_eq!(live.directory("/").error, None);
    assert!(live.http("http://127.0.0.1:1/").error.is_some_and(|error| error != Trouble::TimedOut));
}

#[test]
fn the_same_question_gets_the_same_answer_though_the_world_goes_on() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("active_profile");
    let path = path.to_str().expect("UTF-8");
    fs::write(path, "coder").expect("a file");
    let live = live();
    let first = live.file(path, Part::SMALL);
    assert_eq!(first.text.as_deref(), Some("coder"));
    fs::write(path, "work").expect("a file");
    assert_eq!(live.file(path, Part::SMALL), first);
}

#[test]
fn what_was_prepared_is_what_is_answered() {
    let home = tempfile::tempdir().expect("a directory");
    let path = |at: usize| format!("{}/{at}/active_profile", home.path().display());
    let questions = (0..2_000).map(|at| {
        fs::create_dir(home.path().join(at.to_string())).expect("a directory");
        fs::write(path(at), at.to_string()).expect("a file");
        Question::File(path(at), Part::SMALL)
    });
    let questions = questions.collect();
    let live = live();
    live.prepare(questions);
    for at in 0..2_000 {
        assert_eq!(live.file(&path(at), Part::SMALL).text, Some(at.to_string()));
    }
}

#[test]
fn a_snapshot_of_a_look_answers_as_the_host_did() {
    let home = tempfile::tempdir().expect("a directory");
    let path = |name: &str| home.path().join(name).to_str().expect("UTF-8").to_string();
    fs::write(path("active_profile"), "coder").expect("a file");
    fs::write(path("hermes.service"), "[Service]\n").expect("a file");
    let directory = home.path().to_str().expect("UTF-8");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();

    let live = Recording::new(live());
    let look = |host: &dyn Host| {
        (
            host.file(&path("active_profile"), Part::SMALL),
            host.file(&path("gateway.pid"), Part::SMALL),
            host.definitions(directory, ".service"),
            host.directory(directory),
            host.lock(&path("active_profile")),
            host.listeners(&[port]),
            (host.process(std::process::id()), host.http("http://10.0.0.1/")),
        )
    };
    let first = look(&live);
    assert_eq!(holders(&first.5, port), Some(vec![std::process::id()]));
    let text = live.into_snapshot().write().expect("JSON");
    let snapshot = gw_snapshot::snapshot::Snapshot::read(&text).expect("a snapshot");
    assert!(snapshot.redacted);
    assert_eq!(look(&Recorded::new(snapshot)), first);
}
