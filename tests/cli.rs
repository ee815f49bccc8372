//! The command line from outside: what is refused and how, and what comes out where.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

mod replay;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const HEALTHY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/hosts/linux-healthy/snapshot.json");
const FOREGROUND: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/snapshots/hosts/linux-foreground-owns-port/snapshot.json"
);

fn run(args: &[&str]) -> Output {
    command(args).output().expect("run gw-doctor")
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gw-doctor"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A snapshot given on standard input.
fn check_text(text: &[u8]) -> Output {
    replay::run(&["check", "--from", "-"], text)
}

#[test]
fn what_is_no_snapshot_is_refused_in_one_line_that_says_why() {
    for (text, why) in [
        (&b""[..], "standard input is empty; `gw-doctor snapshot` writes"),
        (b"\n", "standard input is empty"),
        (b"\x1f\x8b\x08\x00", "`gzip -dc FILE | gw-doctor check --from -`"),
        (b"not json", "standard input is no snapshot"),
        (b"[]", "schema"),
        (b"{}", "schema"),
        (br#"{"schema": "gw-doctor/snapshot/99"}"#, "gw-doctor/snapshot/99"),
        (br#"{"schema": "gw-doctor/report/1"}"#, "its schema is \"gw-doctor/report/1\""),
        (br#"{"schema": "gw-doctor/snapshot/1"}"#, "missing field"),
        (br#"{"schema": "gw-doctor/snapshot/1", "taken_at": "yesterday", "host": {"os": "linux"}}"#, "line 1"),
        (b"\xff\xfe", "UTF-8"),
    ] {
        let output = check_text(text);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty());
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(why), "{said:?} does not say {why:?}");
        let twice = said.match_indices("at line").count() > 1;
        assert!(!twice, "it says the same twice: {said}");
    }
}

#[test]
fn a_snapshot_without_lists_is_read_and_everything_in_it_is_unknown() {
    let bare = br#"{"schema": "gw-doctor/snapshot/1", "taken_at": "2026-11-21T00:00:00Z",
        "host": {"os": "linux", "home": "/home/a", "uid": 1000}}"#;
    let output = check_text(bare);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.starts_with("? default: "), "{said}");
    for negative in
        ["does not", "not running", "not installed", "nothing listens", "no service is installed"]
    {
        assert!(!said.contains(negative), "{negative:?} in {said}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_do() {
    for (args, hint) in [
        (&["--only", "job/nonsense", "--from", HEALTHY][..], "gw-doctor explain"),
        (&["--from", "/no/such/file"], "could not read /no/such/file"),
        (&["--skip", "not-running", "--from", HEALTHY], "but job/not-running;"),
        (
            &["nobody", "--from", HEALTHY],
            "no profile or command \"nobody\"; profiles here: \"default\"",
        ),
        (
            &["--from", HEALTHY, "-v", "plan"],
            "a command comes before its options: `gw-doctor plan …`",
        ),
        (&["--timeout", "0"], "must lie between"),
        (&["explain", "nonsense"], "gw-doctor explain"),
        (&["check", "--format", "xml"], "possible values"),
        (&["--wait-until", "healthy"], "--timeout"),
        (&["--wait-until", "healthy", "--timeout", "5", "--from", HEALTHY], "--from"),
        (&["--wait-until", "healthy", "--timeout", "5", "--settle", "5"], "--settle"),
        (&["check", "--settle", "5", "--from", HEALTHY], "--from"),
        (&["check", "--settle", "soon"], "not a number of seconds"),
        (&["timeline", "--since", "yesterday"], "a span, such as 2h or 3d"),
        (&["timeline", "--since", "90"], "a span, such as 2h or 3d"),
        (&["timeline", "nobody", "--from", HEALTHY], "no profile or command \"nobody\""),
        (&["timeline", "--from", "/no/such/file"], "could not read /no/such/file"),
        (&["timeline", "--format", "junit"], "possible values"),
        (&["timeline", "--only", "job"], "unexpected argument"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(hint), "{args:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_check_or_a_family_can_be_chosen_or_left_out() {
    let only = stdout(&run(&["--only", "job", "-v", "--from", HEALTHY]));
    assert!(only.contains("[job/not-running]") && !only.contains("[port/"), "{only}");
    let skipped = run(&["--skip", "job,owner", "--from", FOREGROUND]);
    assert_eq!(skipped.status.code(), Some(0), "{}", stdout(&skipped));
}

#[test]
fn a_home_is_looked_at_beside_a_profile_however_it_is_spelled() {
    for spelled in ["/srv/x", "/srv/x/", "/srv//./x//", "srv/x/", "./srv/x"] {
        let args = ["check", "--from", HEALTHY, "default", "--home", spelled, "--format", "json"];
        let output = command(&args).current_dir("/").output().expect("run gw-doctor");
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{spelled}"));
        let homes = report["gateways"].as_array().expect("gateways").iter();
        let homes: Vec<_> = homes.filter_map(|gateway| gateway["home"].as_str()).collect();
        assert_eq!(homes, ["/home/lab/.hermes", "/srv/x"], "{spelled}");
    }
}

/// That no manager was asked is a limit of ours, and nothing of the gateway's.
#[test]
fn without_a_service_manager_whose_service_it_is_cannot_be_told() {
    for (host, code) in
        [("linux-healthy", 3), ("linux-healthy-system-unit", 3), ("macos-healthy", 0)]
    {
        let output = run(&["--manager", "none", "--from", &recorded(host)]);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{host}: {said}");
        let is_told = said.contains("gw-doctor asked no service manager");
        assert_eq!(is_told, code == 3, "{host}: {said}");
        assert!(!said.contains('✗') && !said.contains("\n  ! "), "{host}: {said}");
    }
}

/// Only the gateway of another user is there.
#[test]
fn the_default_profile_is_there_for_whoever_names_it() {
    let output = run(&["default", "--from", &recorded("linux-root-runs-it-and-looks")]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("Hermes is not set up here"));
}

#[test]
fn fail_on_moves_the_threshold() {
    let warned = recorded("linux-linger-off");
    let gaps = recorded("linux-healthy");
    for (host, codes) in [(&warned, [0, 1, 1]), (&gaps, [0, 0, 1])] {
        for (threshold, code) in ["failure", "warning", "unknown"].into_iter().zip(codes) {
            let output = run(&["--fail-on", threshold, "--from", host]);
            assert_eq!(output.status.code(), Some(code), "{threshold}: {}", stdout(&output));
        }
    }
    assert_eq!(run(&["--from", &warned]).status.code(), Some(0), "failures, unless one says so");
}

#[test]
fn a_healthy_gateway_needs_at_most_ten_lines_and_none_if_quiet() {
    let report = stdout(&run(&["--from", HEALTHY]));
    assert!(report.lines().count() <= 10, "{report}");
    assert!(report.starts_with("✓ default: healthy"), "{report}");
    assert_eq!(stdout(&run(&["-q", "--from", HEALTHY])), "");
    let quiet = stdout(&run(&["-q", "--from", FOREGROUND]));
    assert!(quiet.starts_with("✗ default: "), "{quiet}");
}

#[test]
fn whatever_ends_a_quiet_run_with_a_problem_has_its_line() {
    let lingers_not = recorded("linux-linger-off");
    assert_eq!(stdout(&run(&["-q", "--from", &lingers_not])), "");
    let warned = run(&["-q", "--fail-on", "warning", "--from", &lingers_not]);
    assert_eq!(warned.status.code(), Some(1));
    let said = stdout(&warned);
    assert!(said.starts_with("! default: ") && said.lines().count() <= 2, "{said}");
}

#[test]
fn of_many_gateways_those_that_are_healthy_are_counted_and_no_others() {
    let (text, code) = with_unused_profiles(3);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("✗ 1 of 6 gateways has a problem\n✗ work: "), "{text}");
    let (text, code) = with_unused_profiles(0);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("✗ work: "), "{text}");
}

/// The report on three profiles, of which one is stopped, and on so many that were never used.
fn with_unused_profiles(count: usize) -> (String, Option<i32>) {
    let text = std::fs::read_to_string(recorded("linux-three-profiles")).expect("a snapshot");
    let mut host: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let seen = &mut host["observations"];
    let profiles = "/home/lab/.hermes/profiles";
    for number in 0..count {
        let path = format!("{profiles}/unused{number}");
        let of_work = |seen: &serde_json::Value| {
            seen["path"].as_str().is_some_and(|path| path.starts_with(&format!("{profiles}/work/")))
        };
        let files = seen["files"].as_array_mut().expect("files");
        let missing: Vec<_> = files
            .iter()
            .filter(|file| of_work(file))
            .map(|file| {
                file["path"].as_str().expect("a path").replace(&format!("{profiles}/work"), &path)
            })
            .map(|path| serde_json::json!({"path": path, "error": "not-found"}))
            .collect();
        files.extend(missing);
        let directories = seen["directories"].as_array_mut().expect("directories");
        directories.push(serde_json::json!({"path": path, "entries": []}));
        let list = directories.iter_mut().find(|seen| seen["path"] == profiles).expect("profiles");
        let names = list["entries"].as_array_mut().expect("names");
        names.push(format!("unused{number}").into());
    }
    let output = check_text(host.to_string().as_bytes());
    (stdout(&output), output.status.code())
}

fn recorded(host: &str) -> String {
    format!("{}/snapshots/hosts/{host}/snapshot.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn colour_is_used_only_where_it_is_wanted() {
    let report = |args: &[&str], env: &[(&str, &str)]| {
        let output = command(args).envs(env.iter().copied()).output().expect("run gw-doctor");
        stdout(&output).contains('\u{1b}')
    };
    let from = ["--from", HEALTHY];
    let with = |color| [&from[..], &["--color", color]].concat();
    assert!(!report(&from, &[]), "not into a pipe");
    assert!(report(&with("always"), &[("NO_COLOR", "1")]), "always is always");
    assert!(!report(&with("never"), &[("CLICOLOR_FORCE", "1")]));
    assert!(report(&from, &[("CLICOLOR_FORCE", "1")]));
    assert!(!report(&from, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), "NO_COLOR wins");
}

#[test]
fn a_plan_for_a_healthy_gateway_is_empty_and_says_so() {
    let plan = stdout(&run(&["plan", "--from", HEALTHY]));
    assert!(plan.contains("# Nothing to do."), "{plan}");
    assert!(plan.lines().all(|line| line.is_empty() || line.starts_with('#')), "{plan}");
}

#[test]
fn a_plan_is_a_script_that_the_shell_can_read() {
    let plan = run(&["plan", "--from", FOREGROUND]);
    let mut shell = Command::new("sh").arg("-n").stdin(Stdio::piped()).spawn().expect("a shell");
    shell.stdin.take().expect("its input").write_all(&plan.stdout).expect("the script");
    assert!(shell.wait().expect("its end").success());
    let plan = stdout(&plan);
    for forbidden in ["kill -9", "pkill", "killall", " rm ", "\nrm "] {
        assert!(!plan.contains(forbidden), "{forbidden} in {plan}");
    }
}

#[test]
fn explain_lists_every_check_and_shows_each_page() {
    let list = stdout(&run(&["explain"]));
    for check in gw_checks::CHECKS {
        assert!(list.contains(check.id), "{}", check.id);
        assert_eq!(stdout(&run(&["explain", check.id])), check.page, "{}", check.id);
    }
    for kind in gw_checks::diagnosis::DIAGNOSES {
        assert!(list.contains(kind.id), "{}", kind.id);
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = command(&["-v", "--from", HEALTHY])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("its end");
    assert_eq!(stderr(&output), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_diff_says_what_got_worse_and_exits_with_it() {
    let forth = run(&["diff", FOREGROUND, HEALTHY]);
    assert_eq!(forth.status.code(), Some(0), "{}", stderr(&forth));
    let text = stdout(&forth);
    assert!(text.starts_with("✓ nothing got worse\n"), "{text}");
    assert!(text.contains("✓ default: it was foreground-owns-gateway, and is healthy"), "{text}");

    let back = run(&["diff", HEALTHY, FOREGROUND]);
    assert_eq!(back.status.code(), Some(1), "{}", stderr(&back));
    let text = stdout(&back);
    assert!(text.starts_with("✗ 7 things got worse\n"), "{text}");
    assert!(text.contains("✗ default: job: pass before, failure now (inactive (dead))"), "{text}");
    assert!(text.contains("PID 393 took the place of PID 391"), "{text}");
}

/// The gateway in the foreground was recorded 19 seconds after the healthy one.
#[test]
fn a_diff_of_snapshots_in_the_wrong_order_says_so_beside_the_report() {
    assert_eq!(stderr(&run(&["diff", HEALTHY, FOREGROUND])), "");
    let said = stderr(&run(&["diff", FOREGROUND, HEALTHY]));
    assert!(said.starts_with("gw-doctor: note: ") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_diff_of_a_host_with_itself_is_empty_in_both_formats() {
    let text = run(&["diff", HEALTHY, HEALTHY]);
    assert_eq!((text.status.code(), stdout(&text).as_str()), (Some(0), "✓ nothing changed\n"));

    let json = run(&["diff", "--format", "json", HEALTHY, HEALTHY]);
    let json: serde_json::Value = serde_json::from_str(&stdout(&json)).expect("JSON");
    let empty = serde_json::json!({"schema": "gw-doctor/diff/1", "worse": false, "changes": []});
    assert_eq!(json, empty);
}

#[test]
fn a_monitor_gets_one_line_with_numbers_and_the_code_of_its_own_world() {
    for (host, code, start) in [
        (HEALTHY, 0, "GW-DOCTOR OK - default: healthy"),
        (FOREGROUND, 2, "GW-DOCTOR CRITICAL - default: the gateway is up but not supervised"),
        ("/no/such/file", 3, "GW-DOCTOR UNKNOWN - could not read /no/such/file"),
    ] {
        let output = run(&["check", "--format", "nagios", "--from", host]);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with(start), "{said}");
        assert!(output.stderr.is_empty());
        let Some((text, numbers)) = said.trim_end().split_once(" | ") else {
            assert_eq!(code, 3, "no numbers in {said}");
            continue;
        };
        assert!(!text.contains('|'));
        let labels: Vec<_> =
            numbers.split(' ').filter_map(|number| number.split_once('=')).map(|n| n.0).collect();
        assert_eq!(labels, ["gateways", "failures", "warnings", "unknowns"]);
    }
}

#[test]
fn a_threshold_of_the_command_line_moves_no_state_of_a_monitor() {
    let host = recorded("linux-cron-healthy");
    let state = |more: &[&str]| {
        let looked = [&["check", "--format", "nagios", "--from", &host], more].concat();
        run(&looked).status.code()
    };
    assert_eq!(state(&["--fail-on", "unknown"]), state(&[]));
}

#[test]
fn of_several_gateways_a_monitor_gets_the_worst_first() {
    const THREE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/hosts/linux-three-profiles/snapshot.json");
    let said = stdout(&run(&["check", "--format", "nagios", "--from", THREE]));
    let profiles: Vec<_> = said.lines().filter_map(|line| line.split_once(": ")).collect();
    assert_eq!(profiles.len(), 3, "{said}");
    assert!(profiles[0].0.starts_with("GW-DOCTOR CRITICAL - work"), "{said}");
    assert!(profiles[0].1.contains("| gateways=3;;;0 failures=1;;0;0"), "{said}");
}

#[test]
fn the_seal_can_be_left_off_and_the_report_says_so() {
    let report = |args: &[&str]| stdout(&run(&[&["--from", HEALTHY], args].concat()));
    assert!(report(&["-v", "--no-seal"]).ends_with("not sealed: --no-seal was given\n"));
    assert!(report(&["--format", "json", "--no-seal"]).contains("\"confined\": false"));
    let sealed = report(&["-v"])
        .ends_with("sealed: the kernel refused this program every write while it looked\n");
    assert_eq!(report(&["--format", "json"]).contains("\"confined\": true"), sealed);
    for command in [&["plan", "--no-seal", "--from", HEALTHY][..], &["explain", "--no-seal"]] {
        assert_eq!(run(command).status.code(), Some(0), "{command:?}");
    }
}

/// Were the limit not heeded, no run here would come to its end.
#[test]
fn a_file_that_never_ends_is_given_up_when_the_time_is_over() {
    let directory = tempfile::tempdir().expect("a directory");
    let fifo = directory.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("run mkfifo");
    assert!(made.success());
    let fifo = fifo.to_str().expect("UTF-8");
    let kinds: [(&[&str], &str); 6] = [
        (&["check", "--from"], "snapshot"),
        (&["plan", "--from"], "snapshot"),
        (&["timeline", "--from"], "snapshot"),
        (&["diff", HEALTHY], "snapshot"),
        (&["check", "--from", HEALTHY, "--reference"], "service definition"),
        (&["check", "--from", HEALTHY, "--policy"], "policy"),
    ];
    let given_up = |has_writer: bool| {
        for (arguments, what) in kinds {
            let arguments: Vec<&str> =
                arguments.iter().copied().chain([fifo, "--timeout", "0.3"]).collect();
            let output = run(&arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}, {has_writer}");
            let said = stderr(&output);
            let expected = format!("{fifo} gave no {what} in 0.3 s (--timeout)");
            assert!(said.contains(&expected), "{arguments:?}, {has_writer}: {said}");
        }
    };
    given_up(false);
    // Somebody has it open and writes half of one. To open for both is the way that does not wait.
    #[expect(clippy::disallowed_methods, reason = "a test's own FIFO")]
    let mut writer =
        std::fs::File::options().read(true).write(true).open(fifo).expect("open for both");
    writer.write_all(b"{\"schema\": ").expect("a beginning");
    given_up(true);
}
