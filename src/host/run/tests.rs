//! Programs that do not do what a program should.

use super::*;

/// Only ever reached by a test that fails.
const HANG: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

fn execute_within(script: &str, limit: Duration) -> Ended {
    execute(&mut shell(script), Instant::now() + limit).expect("a shell")
}

#[test]
fn a_program_that_ends_is_heard_to_its_end() {
    let ended = execute_within("echo out; echo err >&2; cat; exit 3", HANG);
    assert_eq!(ended.stdout.bytes, b"out\n");
    assert_eq!(ended.stderr.bytes, b"err\n");
    assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
}

#[test]
fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
    let ended = execute_within("sleep 1000 & echo $!; wait", Duration::from_millis(300));
    assert_eq!(ended.status, None);
    let text = String::from_utf8(ended.stdout.bytes).expect("a number");
    let pid = Pid::from_raw(text.trim().parse().expect("a number")).expect("not zero");
    assert_ends(pid);
}

/// It has been signalled; how soon its new parent takes note of its end is not ours to say.
fn assert_ends(pid: Pid) {
    let until = Instant::now() + HANG;
    let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
    while Instant::now() < until {
        match std::fs::read_to_string(&stat) {
            Ok(stat) if !stat.contains(") Z ") => thread::yield_now(),
            _ => return,
        }
    }
    panic!("process {} goes on", pid.as_raw_nonzero());
}

#[test]
fn one_who_leaves_his_output_open_to_another_does_not_keep_us() {
    let ended = execute_within("echo begun; sleep 1000 &", Duration::from_millis(300));
    assert_eq!((ended.status, ended.stdout.bytes.as_slice()), (None, &b"begun\n"[..]));
}

#[test]
fn one_who_closes_his_output_and_goes_on_does_not_keep_us() {
    let ended = execute_within("exec >&- 2>&-; sleep 1000", Duration::from_millis(300));
    assert_eq!(ended.status, None);
}

#[test]
fn too_much_output_is_cut_and_does_not_stop_the_program() {
    let script = "head -c 5000000 /dev/zero; head -c 100000 /dev/zero >&2; exit 7";
    let ended = execute_within(script, HANG);
    assert_eq!((ended.stdout.bytes.len(), ended.stdout.cut), (STDOUT_LIMIT, true));
    assert_eq!((ended.stderr.bytes.len(), ended.stderr.cut), (STDERR_LIMIT, true));
    assert_eq!(ended.status.and_then(|status| status.code()), Some(7));
}

#[test]
fn a_program_has_no_environment_but_ours() {
    let ask = Ask::LoginctlShowUser { uid: 0 };
    let argv = ["env".to_string()];
    let deadline = Instant::now() + HANG;
    let mut command = command(&ask, &argv, deadline).expect("env is everywhere");
    let ended = execute(&mut command, deadline).expect("env");
    let text = String::from_utf8(ended.stdout.bytes).expect("UTF-8");
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    let ours = [
        "LC_ALL",
        "PATH",
        "SYSTEMD_BUS_TIMEOUT",
        "SYSTEMD_COLORS",
        "SYSTEMD_PAGER",
        "SYSTEMD_URLIFY",
        "TZ",
    ];
    assert_eq!(names, ours);
}

#[test]
fn a_program_that_is_not_on_this_host_is_not_found() {
    let ask = Ask::LaunchctlPrint { target: "gui/501".into() };
    let argv = ["no-such-program".to_string()];
    assert_eq!(command(&ask, &argv, Instant::now()).err(), Some(Trouble::NotFound));
}

#[test]
fn without_time_there_is_an_answer_too() {
    let seen = run(&Ask::LoginctlShowUser { uid: 0 }, Instant::now(), &Salt(Vec::new()));
    assert!(matches!(seen.error, Some(Trouble::TimedOut | Trouble::NotFound)), "{seen:?}");
    assert_eq!(seen.argv.first().map(String::as_str), Some("loginctl"));
}

/// Runs a program that prints its number and does not end, and returns the number when it was ended.
pub(in super::super) fn overdue(command: &mut Command) -> u32 {
    let ended = execute(command, Instant::now() + Duration::from_millis(300)).expect("a shell");
    assert_eq!(ended.status, None);
    String::from_utf8(ended.stdout.bytes).expect("a number").trim().parse().expect("a number")
}

#[test]
fn what_a_manager_shows_of_a_unit_is_shown_without_its_secrets() {
    let argv = Ask::SystemctlShow { scope: Scope::User, units: vec!["a.service".into()] }.argv();
    let shown = "\
Id=a.service
MainPID=379
Environment=HERMES_HOME=/h OPENAI_API_KEY=hunter2hunter2hunter2
ExecStart={ path=/bin/a ; argv[]=/bin/a --token hunter2hunter2hunter2 ; ignore_errors=no }
OPENAI_API_KEY=hunter2hunter2hunter2
hunter2hunter2hunter2

Id=b.service
";
    let text = without_secrets(shown, &argv, &Salt(b"test".to_vec()));
    assert!(!text.contains("hunter2"), "{text}");
    for kept in [
        "Id=a.service\nMainPID=379\n",
        "HERMES_HOME=/h",
        "path=/bin/a ; argv[]=/bin/a --token ",
        "ignore_errors=no }",
        "\n\nId=b.service\n",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert_eq!(text.lines().count(), shown.lines().count());
}
