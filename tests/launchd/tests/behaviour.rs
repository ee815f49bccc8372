//! What launchd is known to do, done by the stand-in with real processes, and read by the reader that
//! the product uses.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
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
        Self::with(&[])
    }

    /// The same with further settings.
    fn with(settings: &[&str]) -> Self {
        Self::under(Command::new(LAUNCHCTL), settings)
    }

    /// The same, started by a command that goes on to `--stand-in`.
    fn under(mut launcher: Command, settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut daemon = launcher
            .arg("--stand-in")
            .arg(directory.path())
            .args(["--until-stdin-closes", "uid=501", "time-factor=0.01"])
            .args(settings)
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
        let escaped =
            |word: &&str| word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let arguments: Vec<String> =
            words.iter().map(|word| format!("<string>{}</string>", escaped(word))).collect();
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

    fn printed(&self, words: &[&str]) -> String {
        String::from_utf8(self.launchctl(words).stdout).expect("UTF-8")
    }

    fn is_disabled(&self, domain: &str) -> Fact<bool> {
        let overrides = disabled::read(&self.printed(&["print-disabled", domain]));
        overrides.expect("a list").is_disabled("t.job")
    }

    fn service(&self) -> Service {
        let text = self.printed(&["print", TARGET]);
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
    assert_eq!(mac.is_disabled("gui/501"), Fact::Known(true));
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

/// A plist whose job ends at once with 1, and is started again a tenth of a second later.
const LOOP: [&str; 3] = ["/bin/sh", "-c", "exit 1"];
const KEEP: &str = "<key>KeepAlive</key><true/>";

#[test]
fn between_two_runs_a_job_is_scheduled_and_by_the_setting_not_running() {
    let is_between = |service: &Service| {
        service.runs.known().is_some_and(|runs| *runs >= 2) && service.pid == Fact::Absent
    };
    for (settings, state) in [
        (vec!["time-factor=0.05"], State::SpawnScheduled),
        (vec!["time-factor=0.05", "between-runs=not-running"], State::NotRunning),
    ] {
        let mac = Mac::with(&settings);
        assert_eq!(mac.bootstrap(&LOOP, KEEP), Some(0));
        let service = mac.until(is_between);
        assert_eq!(service.state, Fact::Known(state));
        assert_eq!(service.last_exit, Fact::Known(LastExit::Code(1)));
    }
}

#[test]
fn as_the_first_process_it_is_the_parent_of_a_job_and_of_an_orphan_alike() {
    let mut namespaces = Command::new("unshare");
    namespaces.args(["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]);
    let may = namespaces.arg("true").output().is_ok_and(|output| output.status.success());
    if !may {
        let _ = writeln!(std::io::stderr(), "skipped: no namespaces may be made here");
        return;
    }
    let mut namespaces = Command::new("unshare");
    namespaces.args(["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", LAUNCHCTL]);
    let mac = Mac::under(namespaces, &[]);
    let told = mac.directory.path().join("parents");
    let orphan = "sleep 0.5; read -r _ _ _ parent _ </proc/$$/stat; echo orphan $parent";
    let script = format!(
        "exec >>{}; echo job $PPID; (setsid sh -c '{orphan}' &); exec sleep 1000",
        told.display()
    );
    assert_eq!(mac.bootstrap(&["/bin/sh", "-c", &script], ""), Some(0));
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let lines = fs::read_to_string(&told).unwrap_or_default();
        if lines.contains("orphan") {
            assert_eq!(lines, "job 1\norphan 1\n");
            return;
        }
        assert!(Instant::now() < end, "it never came to be: {lines}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_refused_bootstrap_is_5_and_by_the_setting_the_number_that_root_is_told() {
    let holds_on = ["/bin/sh", "-c", "trap '' TERM; sleep 1000"];
    for (settings, loaded, leaving, disabled) in
        [(vec![], 5, 5, 5), (vec!["bootstrap-tells=yes"], 17, 37, 119)]
    {
        let mac = Mac::with(&settings);
        let wait = "<key>ExitTimeOut</key><integer>60</integer>";
        assert_eq!(mac.bootstrap(&holds_on, wait), Some(0));
        mac.until(runs);
        thread::sleep(Duration::from_millis(100));
        assert_eq!(mac.bootstrap(&holds_on, wait), Some(loaded));
        assert_eq!(mac.code(&["bootout", TARGET]), Some(0));
        assert_eq!(mac.service().state, Fact::Known(State::Ending));
        assert_eq!(mac.bootstrap(&holds_on, wait), Some(leaving));
        let mac = Mac::with(&settings);
        assert_eq!(mac.code(&["disable", TARGET]), Some(0));
        assert_eq!(mac.bootstrap(&holds_on, wait), Some(disabled));
    }
}

#[test]
fn a_kickstart_of_what_runs_is_0_and_of_what_is_half_done_37() {
    let mac = Mac::new();
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    let before = mac.until(runs);
    assert_eq!(mac.code(&["kickstart", TARGET]), Some(0));
    assert_eq!(mac.service().pid, before.pid);
    let mac = Mac::with(&["kickstart-refuses=yes"]);
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    mac.until(runs);
    assert_eq!(mac.code(&["kickstart", TARGET]), Some(37));
    let mac = Mac::with(&["xpcproxy-hold=20000"]);
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(0));
    mac.until(|service| service.state == Fact::Known(State::Spawning));
    let half_done = mac.launchctl(&["kickstart", TARGET]);
    assert_eq!(half_done.status.code(), Some(37));
    assert_eq!(half_done.stderr, b"");
}

#[test]
fn the_overrides_of_a_user_are_one_file_which_both_domains_show() {
    let mac = Mac::new();
    assert_eq!(mac.code(&["disable", "user/501/t.job"]), Some(0));
    assert_eq!(mac.is_disabled("gui/501"), Fact::Known(true));
    assert_eq!(mac.code(&["enable", TARGET]), Some(0));
    assert_eq!(mac.is_disabled("user/501"), Fact::Known(false));
    let mac = Mac::with(&["overrides-apart=yes"]);
    assert_eq!(mac.code(&["disable", "user/501/t.job"]), Some(0));
    assert_eq!(mac.is_disabled("gui/501"), Fact::Known(false));
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], ""), Some(5), "it blocks all the same");
}

#[test]
fn a_throttle_grows_by_the_setting_alone_and_only_after_crashes() {
    let crash = ["/bin/sh", "-c", "kill -SEGV $$"];
    let crashes = |count: usize| {
        move |text: &String| text.contains(&format!("\tsuccessive crashes = {count}\n"))
    };
    let until = |mac: &Mac, is_so: &dyn Fn(&String) -> bool| {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let text = mac.printed(&["print", TARGET]);
            if is_so(&text) {
                return text;
            }
            assert!(Instant::now() < end, "it never came to be: {text}");
            thread::sleep(Duration::from_millis(5));
        }
    };
    let mac = Mac::new();
    assert_eq!(mac.bootstrap(&crash, KEEP), Some(0));
    let text = until(&mac, &crashes(3));
    assert!(text.contains("\tminimum runtime = 10\n") && !text.contains("base minimum"), "{text}");
    let mac = Mac::with(&["throttle-grows=yes"]);
    assert_eq!(mac.bootstrap(&crash, KEEP), Some(0));
    let text = until(&mac, &crashes(3));
    assert!(text.contains("\tminimum runtime = 80\n\tbase minimum runtime = 10\n"), "{text}");
    assert!(text.contains("exponential throttling"), "{text}");
}

#[test]
fn a_key_of_launchd_s_that_is_not_modelled_is_refused_and_one_that_it_does_not_know_is_not() {
    let mac = Mac::new();
    for (more, named) in [
        ("<key>StartInterval</key><integer>60</integer>", "StartInterval"),
        ("<key>StartCalendarInterval</key><dict/>", "StartCalendarInterval"),
        ("<key>WatchPaths</key><array/>", "WatchPaths"),
        ("<key>QueueDirectories</key><array/>", "QueueDirectories"),
        ("<key>LaunchOnlyOnce</key><true/>", "LaunchOnlyOnce"),
        ("<key>KeepAlive</key><dict><key>PathState</key><dict/></dict>", "KeepAlive PathState"),
        (
            "<key>KeepAlive</key><dict><key>Crashed</key><true/><key>OtherJobEnabled</key><dict/></dict>",
            "KeepAlive OtherJobEnabled",
        ),
        ("<key>HardResourceLimits</key><dict/>", "HardResourceLimits"),
    ] {
        let path = mac.plist(&["/bin/sleep", "1000"], more);
        let said = mac.launchctl(&["bootstrap", "gui/501", path.to_str().expect("UTF-8")]);
        assert_eq!(said.status.code(), Some(70), "{more}");
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(words, format!("launchd stand-in: not modelled: {named}\n"));
        assert_eq!(mac.code(&["print", TARGET]), Some(113), "{more}");
    }
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], "<key>Comment</key><true/>"), Some(0));
}

#[test]
fn a_plist_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    for (mode, plain, told) in [(0o666, 5, 122), (0o664, 5, 122), (0o602, 5, 122), (0o644, 0, 0)] {
        for (settings, code) in [(vec![], plain), (vec!["bootstrap-tells=yes"], told)] {
            let mac = Mac::with(&settings);
            let path = mac.plist(&["/bin/sleep", "1000"], "");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            let path = path.to_str().expect("UTF-8");
            assert_eq!(mac.code(&["bootstrap", "gui/501", path]), Some(code), "{mode:o}");
        }
    }
}

#[test]
fn a_run_that_the_kernel_ends_is_told_by_its_reason() {
    let mac = Mac::new();
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], KEEP), Some(0));
    mac.until(runs);
    for reason in ["OS_REASON_CODESIGNING", "JETSAM_REASON_MEMORY_IDLE_EXIT", "(abandoned)"] {
        mac.until(runs);
        assert_eq!(mac.code(&["--end", TARGET, reason]), Some(0));
        let is_told = LastExit::Reason(reason.into());
        mac.until(|service| service.last_exit == Fact::Known(is_told.clone()));
    }
    assert_eq!(mac.code(&["--end", TARGET, "OS_REASON_MOOD"]), Some(70));
}

#[test]
fn a_start_that_the_kernel_refuses_leaves_a_job_that_never_ran() {
    let mac = Mac::new();
    let refused = format!("refused-spawn:{TARGET}=OS_REASON_CODESIGNING");
    assert_eq!(mac.code(&["--set", &refused]), Some(0));
    assert_eq!(mac.bootstrap(&["/bin/sleep", "1000"], KEEP), Some(0));
    let service = mac.until(|service| service.runs.known().is_some_and(|runs| *runs >= 2));
    assert_eq!(service.last_exit, Fact::Known(LastExit::Reason("OS_REASON_CODESIGNING".into())));
    assert_eq!(service.job_state.as_deref(), Some("spawn failed"));
    let properties = service.properties.expect("properties");
    assert!(properties.contains(&"needs LWCR update".to_string()), "{properties:?}");
    assert_eq!(mac.code(&["--set", &format!("refused-spawn:{TARGET}=no")]), Some(0));
    let service = mac.until(runs);
    assert_eq!(service.job_state, None);
}

#[test]
fn what_a_job_leaves_in_its_group_is_killed_though_it_does_not_heed_sigterm() {
    for (more, survives) in [("", false), ("<key>AbandonProcessGroup</key><true/>", true)] {
        let mac = Mac::new();
        let note = mac.directory.path().join("child");
        let script =
            format!("sh -c 'trap \"\" TERM; sleep 1000' & echo $! >{}; wait", note.display());
        assert_eq!(mac.bootstrap(&["/bin/sh", "-c", &script], more), Some(0));
        mac.until(runs);
        let end = Instant::now() + Duration::from_secs(20);
        let child = loop {
            let text = fs::read_to_string(&note).unwrap_or_default();
            if let Some(pid) = text.strip_suffix('\n') {
                break pid.to_string();
            }
            assert!(Instant::now() < end, "no child");
            thread::sleep(Duration::from_millis(10));
        };
        thread::sleep(Duration::from_millis(100));
        assert_eq!(mac.code(&["kill", "SIGKILL", TARGET]), Some(0));
        mac.until(|service| service.pid == Fact::Absent);
        thread::sleep(Duration::from_millis(200));
        assert_eq!(std::path::Path::new("/proc").join(child).exists(), survives, "{more}");
    }
}

#[test]
fn the_old_verbs_do_what_the_new_ones_do_in_the_domain_of_the_caller() {
    let mac = Mac::new();
    let path = mac.plist(&["/bin/sleep", "1000"], "");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(mac.code(&["start", "t.job"]), Some(3));
    assert_eq!(mac.code(&["load", path]), Some(0));
    mac.until(runs);
    let again = mac.launchctl(&["load", path]);
    assert_eq!(
        String::from_utf8_lossy(&again.stderr),
        "Load failed: 5: Input/output error\nTry running `launchctl bootstrap` as root for richer errors.\n"
    );
    assert_eq!(mac.code(&["stop", "t.job"]), Some(0));
    mac.until(|service| service.last_exit == Fact::Known(LastExit::Signal(15)));
    assert_eq!(mac.code(&["start", "t.job"]), Some(0));
    mac.until(runs);
    assert_eq!(mac.code(&["unload", "-w", path]), Some(0));
    assert_eq!(mac.is_disabled("gui/501"), Fact::Known(true));
    assert_eq!(mac.code(&["remove", "t.job.other"]), Some(3));
    for verb in [&["blame", TARGET][..], &["error", "5"], &["submit", "-l", "x", "--", "/bin/true"]]
    {
        assert_eq!(mac.code(verb), Some(70), "{verb:?}");
    }
}

#[test]
fn a_program_is_a_whole_path_or_a_name_and_never_one_of_the_working_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let mac = Mac::new();
    for directory in ["bin", "~"] {
        let program = mac.directory.path().join(directory).join("job");
        fs::create_dir(program.parent().expect("a directory")).expect("a directory");
        fs::write(&program, "#!/bin/sh\nexec sleep 1000\n").expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    let here =
        format!("<key>WorkingDirectory</key><string>{}</string>", mac.directory.path().display());
    for program in ["bin/job", "~/job", "no-such-program-anywhere"] {
        assert_eq!(mac.bootstrap(&[program], &here), Some(0));
        mac.until(|service| service.last_exit == Fact::Known(LastExit::Code(78)));
        assert_eq!(mac.code(&["bootout", TARGET]), Some(0));
    }
    assert_eq!(mac.bootstrap(&["sleep", "1000"], &here), Some(0));
    mac.until(runs);
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
