//! The printed plans as scripts: that every shell reads them, that none of them gives advice which is known to do
//! harm, and that they stop and change nothing where the host is no longer as it was.
//!
//! The host is a directory of files here, and one stub stands for every program that a script speaks to (see
//! `tests/plan/world.sh`). Whether plans heal is a question for a real host: see `tests/lab/heal`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

mod replay;
mod skipped;

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use skipped::skipped;
use tempfile::TempDir;

#[test]
fn every_plan_is_read_by_the_shell_and_by_shellcheck_without_a_word() {
    let scripts = tempfile::tempdir().expect("a directory");
    let files: Vec<PathBuf> = hosts()
        .iter()
        .map(|host| {
            let file = scripts.path().join(format!("{}.sh", name(host)));
            fs::write(&file, plan(&snapshot(host), &[])).expect("the script");
            file
        })
        .collect();
    for shell in ["dash", "sh", "bash"].into_iter().filter(|shell| is_there(shell)) {
        for file in &files {
            let read = Command::new(shell).arg("-n").arg(file).output().expect("a shell");
            let said = String::from_utf8_lossy(&read.stderr);
            assert!(read.status.success() && said.is_empty(), "{shell}: {said}");
        }
    }
    if !is_there("shellcheck") {
        return skipped("shellcheck is not installed");
    }
    let checked = Command::new("shellcheck").args(["-s", "sh"]).args(&files).output();
    let checked = checked.expect("shellcheck");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// What well-meant pages advise and what then did harm, or hid what was wrong.
const WRONG_ADVICE: &[&str] = &[
    // By name, or by force: it hits children, siblings and strangers, and cuts turns off.
    "pkill",
    "killall",
    "pgrep",
    "kill -9",
    "kill -KILL",
    "-s KILL",
    "kill -s 9",
    "SIGKILL",
    "kill $(",
    "fuser",
    // What a lock or a record is removed for is a live gateway, sooner or later.
    " rm ",
    " unlink ",
    " mv ",
    "truncate",
    "find /",
    "-delete",
    "tick.lock",
    "docker restart",
    "docker exec",
    // Old launchctl says yes and does something else; a start on demand is no probe.
    "launchctl load",
    "launchctl unload",
    "launchctl start",
    "launchctl stop",
    "launchctl remove",
    "launchctl submit",
    "launchctl kill",
    "launchctl asuser",
    "load -w",
    "gui/0",
    "gui/$",
    // Permissions opened for all, and files given away while they are in use.
    "chmod",
    "chown",
    " 777",
    "0777",
    "HERMES_UID",
    "Full Disk Access",
    // Policies turned down so that the symptom goes away.
    "SuccessExitStatus",
    "StartLimit",
    "MemoryMax",
    "RestartSec",
    "WatchdogSec",
    "ThrottleInterval",
    "ProcessType",
    "Restart=no",
    "KeepAlive",
    // Another gateway beside the one that lives, or another service beside the one that is there.
    "nohup",
    "setsid",
    "gateway install",
    "install --force",
    "gateway run &",
    "systemctl start user@",
    "as root: hermes",
    "sudo hermes",
    "sudo -u",
    "sudo launchctl",
    // Records and stores that are evidence, or somebody's work.
    "jobs.json",
    "cron run",
    "cron create",
    "config set",
    "/reset",
    "/restart",
    "plutil -replace",
    "defaults write",
    "sed -i",
    // Secrets.
    "/environ",
    "getUpdates",
    "API_SERVER_KEY",
    "Authorization",
    "auth login",
    "auth refresh",
    "token=",
    // An address for everybody.
    "API_SERVER_HOST=0.0.0.0",
    // What only looks like a cure.
    "pip install",
    "reinstall",
    "reboot",
    "while true",
];

#[test]
fn no_plan_of_any_recorded_host_gives_advice_that_is_known_to_be_wrong() {
    let mut wrong = Vec::new();
    for host in hosts() {
        let script = plan(&snapshot(&host), &[]);
        // What is said of the host itself may name anything.
        let advice = script.lines().filter(|line| !is_a_diagnosis(line));
        for line in advice {
            let spaced = format!(" {line}");
            let found = WRONG_ADVICE.iter().filter(|phrase| spaced.contains(**phrase));
            wrong.extend(found.map(|phrase| format!("{}: {phrase:?} in {line}", name(&host))));
        }
        wrong.extend(
            wrong_in_context(&script).into_iter().map(|why| format!("{}: {why}", name(&host))),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is right in one place and wrong in another.
fn wrong_in_context(script: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let steps: Vec<&str> =
        script.lines().filter(|line| !line.starts_with([' ', '#', '}'])).collect();
    let has = |what: &str| steps.iter().any(|line| line.contains(what));
    if script.contains("# loaded-definition-old: ") && has("launchctl kickstart") {
        wrong.push("kickstart starts the old definition again".into());
    }
    if has("launchctl bootout") && !script.contains("unload-other") {
        wrong.push("a bootout that no bootstrap is bound to".into());
    }
    for line in steps.iter().filter(|line| line.contains("reset-failed")) {
        if steps.iter().filter(|other| other == &line).count() > 1 {
            wrong.push(format!("more than once: {line}"));
        }
    }
    for line in steps.iter().filter(|line| line.contains("kill ")) {
        let of = line.strip_prefix("kill -TERM ").and_then(|rest| rest.split_whitespace().next());
        if of.is_none_or(|pid| pid.parse::<u32>().is_err() || !script.contains(&format!("{pid} ")))
        {
            wrong.push(format!("a signal to more than one process of its own: {line}"));
        }
    }
    for line in steps.iter().filter(|line| line.contains("launchctl ")) {
        let explicit = ["gui/", "user/", "system/"].iter().any(|domain| line.contains(domain));
        if !explicit || line.contains('*') {
            wrong.push(format!("no explicit domain: {line}"));
        }
    }
    for line in steps.iter().filter(|line| line.contains("system_systemctl disable")) {
        if !script.contains("# two-supervisors: ") {
            wrong.push(format!("a service of the system's is disabled: {line}"));
        }
    }
    wrong
}

fn is_a_diagnosis(line: &str) -> bool {
    let id = line.strip_prefix("# ").and_then(|line| line.split_once(": "));
    id.is_some_and(|(id, _)| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
}

#[test]
fn a_healthy_host_s_plan_is_empty_and_an_unknown_one_s_only_reads() {
    let (mut healthy, mut unknown) = (0, 0);
    for host in hosts() {
        let plans = as_data(&snapshot(&host));
        for plan in list(&plans["plans"]) {
            let course = text(&plan["course"]);
            if plan["diagnosis"] == "healthy" {
                healthy += 1;
                assert_eq!(course, "nothing", "{}", host.display());
            }
            if course == "look" {
                unknown += 1;
                for read in list(&plan["reads"]) {
                    assert!(only_reads(&text(&read)), "{}: {read}", host.display());
                }
            }
        }
        let script = plan(&snapshot(&host), &[]);
        let steps =
            list(&plans["plans"]).iter().map(|plan| list(&plan["steps"]).len()).sum::<usize>();
        let is_comment = |line: &str| line.is_empty() || line.starts_with('#');
        assert_eq!(steps == 0, script.lines().all(is_comment), "{script}");
    }
    assert!(healthy > 10 && unknown > 10, "{healthy} healthy, {unknown} unknown");
}

fn only_reads(command: &str) -> bool {
    const READING: &[&str] = &[
        "systemctl status ",
        "systemctl --user status ",
        "systemctl cat ",
        "systemctl --user cat ",
        "systemctl list-sockets ",
        "systemctl --user list-sockets ",
        "journalctl ",
        "launchctl print ",
        "launchctl print-disabled ",
        "gw-doctor check",
        "ss -Hltnp ",
        "lsof -nP ",
        "ps -o ",
        "grep -n ",
        "tail -n ",
    ];
    READING.iter().any(|start| command.starts_with(start))
        && !command.contains(['>', ';', '`', '|'])
}

#[test]
fn each_step_says_why_what_it_changes_how_it_is_taken_back_and_is_guarded_and_waited_for() {
    let mut seen = 0;
    for host in hosts() {
        let script = plan(&snapshot(&host), &[]);
        for plan in list(&as_data(&snapshot(&host))["plans"]) {
            for step in list(&plan["steps"]) {
                seen += 1;
                let number = &step["number"];
                let title =
                    format!("# {} {number}, {}. ", text(&plan["profile"]), text(&step["name"]));
                let after = script.split_once(&title).expect("the step in the script").1;
                let after = after.split("\n\n").next().unwrap_or_default();
                for said in ["# It changes: ", "# To take it back: "] {
                    assert!(after.contains(said), "{said}{after}");
                }
                let guards = list(&step["guards"]);
                assert!(!guards.is_empty(), "{after}");
                for line in guards.iter().chain([&step["effect"]]) {
                    assert!(after.contains(&text(&line["script"])), "{line} in {after}");
                }
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn steps_can_be_chosen_by_number_and_by_name_and_an_unknown_one_is_refused() {
    let host = snapshot(&root().join("snapshots/hosts/linux-foreground-owns-port"));
    let only = plan(&host, &["--step", "start"]);
    assert!(only.contains("# default 2, start.") && !only.contains("kill -TERM"), "{only}");
    assert_eq!(plan(&host, &["--step", "2"]), only);
    let both = plan(&host, &["--step", "1,start"]);
    assert_eq!(both, plan(&host, &[]));
    let first = plan(&host, &["--step", "1"]);
    assert!(first.contains("kill -TERM 393") && !first.contains("systemctl start"), "{first}");

    let refused = replay::run(&["plan", "--from", "-", "--step", "restart"], host.as_bytes());
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("1 (end-foreground), 2 (start)"), "{said}");
}

/// A host of files, and the programs that speak to it.
struct World {
    at: TempDir,
    /// Where its programs are that no stub stands for.
    path: String,
}

/// What changed between the plan and its run.
#[cfg(target_os = "linux")]
type Change = fn(&World);

/// How a script ended, what it said, and what it changed.
struct Ran {
    code: Option<i32>,
    said: String,
    calls: Vec<String>,
}

impl World {
    fn new(uid: u64) -> Self {
        let at = tempfile::tempdir().expect("a directory");
        let world = Self { at, path: "/usr/bin:/bin".into() };
        for directory in ["bin", "state", "home"] {
            fs::create_dir(world.at.path().join(directory)).expect("a directory");
        }
        let stub = root().join("tests/plan/world.sh");
        for program in
            ["id", "sleep", "sudo", "ss", "lsof", "curl", "loginctl", "systemctl", "launchctl"]
        {
            std::os::unix::fs::symlink(&stub, world.at.path().join("bin").join(program))
                .expect("a stub");
        }
        world.set("uid", &uid.to_string());
        world.set("home", &format!("{}/.hermes", world.home()));
        fs::create_dir(world.home() + "/.hermes").expect("a home");
        world
    }

    fn home(&self) -> String {
        self.at.path().join("home").display().to_string()
    }

    fn set(&self, what: &str, value: &str) {
        fs::write(self.at.path().join("state").join(what), value).expect("the state");
    }

    /// Takes programs away, which this machine may have.
    fn without(&mut self, programs: &[&str]) {
        let rest = self.at.path().join("rest");
        fs::create_dir(&rest).expect("a directory");
        for entry in ["/usr/bin", "/bin"].iter().flat_map(|dir| fs::read_dir(dir).expect("it")) {
            let entry = entry.expect("a program");
            if !programs.iter().any(|program| entry.file_name() == *program) {
                // /bin may be /usr/bin.
                let _ = std::os::unix::fs::symlink(entry.path(), rest.join(entry.file_name()));
            }
        }
        for program in programs {
            fs::remove_file(self.at.path().join("bin").join(program)).expect("its stub");
        }
        self.path = rest.display().to_string();
    }

    fn unset(&self, what: &str) {
        fs::remove_file(self.at.path().join("state").join(what)).expect("the state");
    }

    fn get(&self, what: &str) -> String {
        let text = fs::read_to_string(self.at.path().join("state").join(what));
        text.unwrap_or_default().trim().to_string()
    }

    /// The script of a recorded host, whose home is this world's.
    fn plan(&self, snapshot: &str) -> String {
        plan(&self.moved(snapshot), &[])
    }

    fn moved(&self, snapshot: &str) -> String {
        let homes = ["/home/lab", "/Users/user"].iter();
        homes.fold(snapshot.to_string(), |text, old| text.replace(old, &self.home()))
    }

    /// Whoever runs it says yes to all.
    fn run(&self, script: &str) -> Ran {
        self.run_saying("yes\nyes\nyes\n", script)
    }

    fn run_saying(&self, answers: &str, script: &str) -> Ran {
        let file = self.at.path().join("plan.sh");
        fs::write(&file, script).expect("the script");
        let state = self.at.path().join("state");
        for note in ["calls", "count"] {
            let _ = fs::remove_file(state.join(note));
        }
        let mut child = Command::new("sh")
            .args(["-c", "echo $$ >\"$WORLD/victim\"; exec sh \"$0\""])
            .arg(&file)
            .env("PATH", format!("{}:{}", self.at.path().join("bin").display(), self.path))
            .env("WORLD", &state)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let _ = std::io::Write::write_all(
            &mut child.stdin.take().expect("its input"),
            answers.as_bytes(),
        );
        let output = child.wait_with_output().expect("its end");
        Ran {
            code: output.status.code(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
            calls: self.get("calls").lines().map(String::from).collect(),
        }
    }
}

/// Makes every file that the guards of a script ask for, as they want it.
fn make_files(script: &str) {
    for line in script.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["readable", path] if !Path::new(path).exists() => make_file(path, 1, 0),
            ["no_turns", path] => fs::write(path, TURNS_NONE).expect("a status file"),
            ["same_file", path, size, time] => {
                make_file(path, size.parse().expect("a size"), time.parse().expect("a time"));
            }
            _ => {}
        }
    }
}

/// What the status file of a gateway says that has nothing to do.
const TURNS_NONE: &str = r#"{"gateway_state": "running", "active_agents": 0}"#;

fn make_file(path: &str, size: u64, time: u64) {
    fs::create_dir_all(Path::new(path).parent().expect("a directory")).expect("a directory");
    let file = fs::File::create(path).expect("a file");
    file.set_len(size).expect("its size");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(time);
    file.set_modified(time).expect("its time");
}

impl Drop for World {
    fn drop(&mut self) {
        // The gateways that were started here, each by its PID.
        for pid in self.get("started").lines() {
            let _ = Command::new("kill").arg(pid).stderr(Stdio::null()).status();
        }
    }
}

/// A process that stands for a gateway.
struct Stand(std::process::Child);

impl Stand {
    fn new() -> Self {
        Self(Command::new("/bin/sleep").arg("600").spawn().expect("a process"))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().expect("its state").is_none()
    }

    /// Its start in clock ticks since boot, as /proc has it.
    fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("its stat");
        let rest = stat.rsplit_once(") ").expect("a stat").1;
        rest.split(' ').nth(19).and_then(|ticks| ticks.parse().ok()).expect("its start")
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn where_everything_is_gone_every_plan_stops_and_changes_nothing() {
    every_plan_stops(|world| {
        world.set("LoadState", "not-found");
        world.set("ActiveState", "inactive");
        world.set("MainPID", "0");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn where_the_service_came_up_meanwhile_every_plan_stops_and_changes_nothing() {
    every_plan_stops(|world| {
        world.set("LoadState", "loaded");
        world.set("ActiveState", "active");
        world.set("UnitFileState", "enabled");
        // Another one than any recorded host has.
        world.set("MainPID", "4194000");
        world.set("loaded", "4194000");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn where_a_gateway_took_the_lock_meanwhile_no_service_is_started_beside_it() {
    let mut tried = 0;
    for host in hosts() {
        let world = World::new(uid_of(&snapshot(&host)));
        let script = world.plan(&snapshot(&host));
        if !script.contains("nobody_locks ") || script.contains("kill -TERM") {
            continue;
        }
        tried += 1;
        for (what, value) in
            [("LoadState", "loaded"), ("ActiveState", "inactive"), ("NeedDaemonReload", "no")]
        {
            world.set(what, value);
        }
        let locks: Vec<&str> = script
            .lines()
            .filter_map(|line| line.strip_prefix("nobody_locks "))
            .map(|path| path.trim_matches('\''))
            .collect();
        let holders: Vec<Holder> = locks.iter().map(|lock| Holder::of(lock)).collect();
        // A job that is loaded and idle, where the plan is to start that; none, where it is to load it.
        if script.contains("\nstill_loaded ") {
            world.set("loaded", "");
        }
        // Steps before the start, such as a reset, may have been taken: a start may not.
        let ran = world.run(&script);
        assert_ne!(ran.code, Some(0), "{}", host.display());
        for call in &ran.calls {
            let starts = ["start ", "restart ", "bootstrap ", "kickstart "];
            assert!(!starts.iter().any(|verb| call.contains(verb)), "{}: {call}", host.display());
        }
        drop(holders);
    }
    assert!(tried >= 5, "{tried}");
}

/// Somebody who holds a lock.
struct Holder(std::process::Child);

impl Holder {
    fn of(path: &str) -> Self {
        fs::create_dir_all(Path::new(path).parent().expect("a home")).expect("a home");
        let child = Command::new("flock")
            .args(["-F", path, "sh", "-c", "echo held; exec sleep 60"])
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("flock");
        let mut word = [0; 4];
        std::io::Read::read_exact(child.stdout.as_mut().expect("its output"), &mut word)
            .expect("a word");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(target_os = "linux")]
fn every_plan_stops(change: impl Fn(&World)) {
    let mut tried = 0;
    for host in hosts() {
        let world = World::new(uid_of(&snapshot(&host)));
        change(&world);
        let script = world.plan(&snapshot(&host));
        if script.lines().all(|line| line.is_empty() || line.starts_with('#')) {
            continue;
        }
        tried += 1;
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(1), "{}: {}", host.display(), ran.said);
        assert!(ran.said.contains("Nothing further was changed"), "{}", ran.said);
        assert!(ran.calls.is_empty(), "{}: {:?} {}", host.display(), ran.calls, ran.said);
    }
    assert!(tried > 20, "{tried}");
}

/// The recorded host whose gateway runs in the foreground, with a live process in its place.
#[cfg(target_os = "linux")]
fn foreground(stand: &Stand, edit: impl Fn(&mut Value)) -> String {
    let host = root().join("snapshots/hosts/linux-foreground-owns-port");
    let text = snapshot(&host).replace("393", &stand.pid().to_string());
    let mut document: Value = serde_json::from_str(&text).expect("a snapshot");
    let processes = document["observations"]["processes"].as_array_mut().expect("processes");
    let process = processes
        .iter_mut()
        .find(|process| process["pid"] == stand.pid())
        .expect("the gateway's process");
    process["started"] = stand.ticks().into();
    edit(process);
    serde_json::to_string(&document).expect("JSON")
}

/// A world in which the unit is idle.
fn idle_world(uid: u64) -> World {
    let world = World::new(uid);
    for (what, value) in [
        ("LoadState", "loaded"),
        ("ActiveState", "inactive"),
        ("UnitFileState", "enabled"),
        ("MainPID", "0"),
    ] {
        world.set(what, value);
    }
    world
}

/// The arguments of the stand-in have to be those of a gateway for the plan to be about it, and its own for the guard
/// to know it again: the script is told of the one, and the guard of the other.
#[cfg(target_os = "linux")]
fn cut_over(world: &World, stand: &Stand, edit: impl Fn(&mut Value)) -> String {
    let script = world.plan(&foreground(stand, edit));
    assert!(script.contains(&format!("kill -TERM {}", stand.pid())), "{script}");
    script
}

#[cfg(target_os = "linux")]
fn with_argv_of(stand: &Stand, script: &str) -> String {
    let guard = format!("same_process {} {} ", stand.pid(), stand.ticks());
    let line = script.lines().find(|line| line.starts_with(&guard)).expect("the guard");
    script.replace(line, &format!("{guard}'/bin/sleep 600'"))
}

#[test]
#[cfg(target_os = "linux")]
fn a_cut_over_goes_through_where_nothing_changed() {
    let mut stand = Stand::new();
    let world = idle_world(1500);
    let script = with_argv_of(&stand, &cut_over(&world, &stand, |_| {}));
    let ran = world.run(&script);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert_eq!(ran.calls, ["systemctl start hermes-gateway.service"]);
    assert!(!stand.lives());
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_that_took_the_place_of_the_gateway_is_left_alone() {
    let mut stand = Stand::new();
    let world = idle_world(1500);
    let later = cut_over(&world, &stand, |process| {
        process["started"] = (process["started"].as_u64().expect("ticks") - 100).into();
    });
    let other = cut_over(&world, &stand, |_| {});
    for (script, why) in [(later, "is another process now"), (other, "runs another command now")] {
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(1), "{}", ran.said);
        assert!(ran.said.contains(why), "{}", ran.said);
        assert!(ran.calls.is_empty() && stand.lives(), "{:?}", ran.calls);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_port_that_was_taken_meanwhile_stops_the_start_and_says_how_to_get_the_gateway_back() {
    let stand = Stand::new();
    let world = idle_world(1500);
    world.set("listeners", "LISTEN 0 128 127.0.0.1:8642 0.0.0.0:*");
    let script = with_argv_of(&stand, &cut_over(&world, &stand, |_| {}));
    let ran = world.run(&script);
    assert_eq!(ran.code, Some(3), "{}", ran.said);
    assert!(ran.said.contains("somebody listens on port 8642 now"), "{}", ran.said);
    assert!(ran.said.contains("To give it back as it ran before"), "{}", ran.said);
    assert!(!ran.calls.iter().any(|call| call.contains(" start ")), "{:?}", ran.calls);
}

#[test]
#[cfg(target_os = "linux")]
fn a_port_that_cannot_be_looked_at_is_not_taken_for_a_free_one() {
    let host = snapshot(&root().join("snapshots/hosts/linux-stopped-on-purpose"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();

    let mut world = idle_world(1500);
    let script = world.plan(&host);
    let taken = script.replace("\nfree_port 8642\n", &format!("\nfree_port {port}\n"));
    assert_ne!(taken, script);
    world.set("blind", "yes");
    let ran = world.run(&script);
    assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{}", ran.said);
    assert!(ran.said.contains("who listens on port 8642 cannot be told"), "{}", ran.said);

    world.without(&["ss", "lsof"]);
    let ran = world.run(&taken);
    assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{}", ran.said);
    assert!(ran.said.contains(&format!("somebody listens on port {port} now")), "{}", ran.said);
    drop(listener);
    let ran = world.run(&taken);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("not asked, for want of ss and lsof"), "{}", ran.said);
}

#[test]
#[cfg(target_os = "linux")]
fn a_unit_that_was_written_again_is_not_read_by_systemd() {
    let host = snapshot(&root().join("snapshots/hosts/L14-edited-and-not-reloaded"));
    let world = World::new(1500);
    let script = world.plan(&host);
    let guard = script.lines().find(|line| line.starts_with("same_file ")).expect("the guard");
    let mut words = guard.split(' ').skip(1);
    let path = words.next().expect("a path").to_string();
    let [size, time] = [words.next(), words.next()]
        .map(|word| word.expect("a number").parse::<u64>().expect("a number"));
    for (what, value) in [
        ("LoadState", "loaded"),
        ("ActiveState", "active"),
        ("MainPID", "391"),
        ("NeedDaemonReload", "yes"),
    ] {
        world.set(what, value);
    }
    for (size, time) in [(size, time + 1), (size + 1, time)] {
        make_file(&path, size, time);
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(1), "{}", ran.said);
        assert!(ran.calls.is_empty() && ran.said.contains("was written since"), "{}", ran.said);
    }
    make_file(&path, size, time);
    let ran = world.run(&script);
    // The process is not there, so the restart stops; but that is the next step.
    assert_eq!(ran.calls, ["systemctl daemon-reload"], "{}", ran.said);
    assert_eq!(ran.code, Some(1), "{}", ran.said);
}

#[test]
#[cfg(target_os = "linux")]
fn a_question_that_nobody_answers_with_yes_stops_the_script() {
    let host = snapshot(&root().join("snapshots/hosts/L25-start-limit-without-the-name"));
    let world = World::new(1500);
    world.set("LoadState", "loaded");
    world.set("ActiveState", "failed");
    let script = world.plan(&host);
    let silent = script.replace("IFS= read -r answer || true", "answer=no");
    assert_ne!(silent, script);
    let ran = world.run(&silent);
    assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{}", ran.said);
    let ran = world.run(&script);
    assert_eq!(
        ran.calls,
        ["systemctl reset-failed hermes-gateway.service", "systemctl start hermes-gateway.service"]
    );
    assert_eq!(ran.code, Some(0), "{}", ran.said);
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_stopped_or_disabled_on_purpose_is_started_for_a_yes_and_for_nothing_else() {
    let mut tried = [0, 0];
    for host in hosts().iter().map(|host| snapshot(host)) {
        for plan in list(&as_data(&host)["plans"]) {
            let place = match text(&plan["diagnosis"]).as_str() {
                "stopped-on-purpose" => 0,
                "disabled-override" => 1,
                _ => continue,
            };
            if text(&plan["course"]) != "steps" {
                continue;
            }
            let world = idle_world(uid_of(&host));
            let script = world.plan(&host);
            make_files(&script);
            let home = world.moved(&text(&plan["home"]));
            fs::create_dir_all(&home).expect("the home");
            world.set("home", &home);
            if script.contains(" ActiveState failed\n") {
                world.set("ActiveState", "failed");
            }
            let (asked, starts) = (script.matches("\nyou_agree ").count(), "Is it to run again?");
            assert!(asked > 0 && script.contains(starts), "{script}");
            tried[place] += 1;
            // Without a terminal nobody answers.
            for answers in ["", "no\n", "y\n"] {
                let ran = world.run_saying(answers, &script);
                assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{:?}", ran.calls);
                assert!(ran.said.contains("that was no yes"), "{}", ran.said);
            }
            let ran = world.run(&script);
            assert_eq!(ran.code, Some(0), "{}\n{script}", ran.said);
        }
    }
    assert!(tried.iter().all(|tried| *tried > 0), "{tried:?}");
}

#[test]
fn a_service_that_starts_again_and_again_beside_a_foreground_gateway_is_to_be_stopped_first() {
    let host = snapshot(&root().join("snapshots/hosts/linux-foreground-owns-port"));
    let looping = host.replacen(
        "ActiveState=inactive\\nSubState=dead",
        "ActiveState=activating\\nSubState=auto-restart",
        1,
    );
    assert_ne!(looping, host);
    let plan = &as_data(&looping)["plans"][0];
    assert_eq!(plan["diagnosis"], "foreground-owns-gateway");
    let names: Vec<_> =
        plan["steps"].as_array().expect("steps").iter().map(|step| text(&step["name"])).collect();
    assert_eq!(names.first().map(String::as_str), Some("stop-trying"), "{names:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_cut_over_that_is_interrupted_anywhere_leaves_a_gateway() {
    let mut cut_off = 0;
    for signal in ["HUP", "INT", "TERM"] {
        for at in 1..40 {
            let mut stand = Stand::new();
            let world = idle_world(1500);
            let script = with_argv_of(&stand, &cut_over(&world, &stand, |_| {}));
            world.set("kill", &format!("{signal} {at}\n"));
            let ran = world.run(&script);
            cut_off += usize::from(ran.code.is_none());
            let supervised = world.get("ActiveState") == "active";
            assert!(
                supervised || stand.lives(),
                "{signal} at call {at}: {:?} {}",
                ran.code,
                ran.said
            );
            let calls: usize = world.get("count").parse().expect("a count");
            if calls < at {
                break;
            }
        }
    }
    // Before the old gateway is told to end, and after the new one runs, an interrupt is one.
    assert!(cut_off > 10, "{cut_off}");
}

/// A world of launchd's with a gateway in the foreground, and the script that hands it over to its job.
#[cfg(target_os = "linux")]
fn hand_over_to_a_job(host: &str, stand: &Stand) -> (World, String) {
    let world = World::new(501);
    let script = world.plan(&snapshot(&root().join("snapshots/hosts").join(host)));
    let guard = script.lines().find(|line| line.starts_with("same_by_ps 4108 ")).expect("a guard");
    let pid = stand.pid().to_string();
    let script = script.replace(guard, &by_ps(&pid, "/bin/sleep 600")).replace("4108", &pid);
    make_files(&script);
    if script.contains("\nstill_loaded ") {
        world.set("loaded", "");
    }
    (world, script)
}

/// Hosts with a gateway in the foreground: its job is loaded, and is not.
#[cfg(target_os = "linux")]
const JOB_OF_A_FOREGROUND_GATEWAY: [&str; 2] = [
    "a03-status-loaded-print-not-running-detached-owner",
    "a12-status-current-not-loaded-detached",
];

#[test]
#[cfg(target_os = "linux")]
fn a_gateway_hands_over_to_its_job_where_nothing_changed() {
    for host in JOB_OF_A_FOREGROUND_GATEWAY {
        let mut stand = Stand::new();
        let (world, script) = hand_over_to_a_job(host, &stand);
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(0), "{host}: {}", ran.said);
        assert!(ran.calls.len() == 1 && !stand.lives(), "{:?}", ran.calls);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_gateway_that_works_is_not_ended_where_its_job_could_not_start() {
    let [loaded, unloaded] = JOB_OF_A_FOREGROUND_GATEWAY;
    let changes: [(&str, Change, &str); 7] = [
        (loaded, |world| world.set("launchctl", "125"), "ended with 125"),
        (unloaded, |world| world.set("launchctl", "125"), "ended with 125"),
        (loaded, |world| world.unset("loaded"), "does not know"),
        (loaded, |world| world.set("loaded", "4194000"), "has a process now"),
        (unloaded, |world| world.set("loaded", ""), "is loaded now"),
        (
            unloaded,
            |world| world.set("disabled", "\t\"ai.hermes.gateway\" => disabled\n"),
            "an override keeps",
        ),
        (
            unloaded,
            |world| {
                let plist = "Library/LaunchAgents/ai.hermes.gateway.plist";
                fs::remove_file(format!("{}/{plist}", world.home())).expect("the plist");
            },
            "cannot be read",
        ),
    ];
    for (host, change, why) in changes {
        let mut stand = Stand::new();
        let (world, script) = hand_over_to_a_job(host, &stand);
        change(&world);
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(1), "{host}: {}", ran.said);
        assert!(ran.said.contains(why), "{host}: {}", ran.said);
        assert!(ran.calls.is_empty() && stand.lives(), "{host}, {why}: {:?}", ran.calls);
    }
}

/// A world of systemd's with a gateway that hangs, and the script that restarts it.
#[cfg(target_os = "linux")]
fn restart_of(host: &str, stand: &Stand) -> (World, String) {
    let world = idle_world(1500);
    world.set("ActiveState", "active");
    world.set("MainPID", &stand.pid().to_string());
    world.set("silent", &stand.pid().to_string());
    make_file(&format!("{}/.hermes/cron/ticker_heartbeat", world.home()), 1, 0);
    let script = world.plan(host);
    let guard = script.lines().find(|line| line.starts_with("same_process 391 ")).expect(&script);
    let own = format!("same_process 391 {} '/bin/sleep 600'", stand.ticks());
    let line = script
        .replace(guard, &own)
        .replace(" 391 ", &format!(" {} ", stand.pid()))
        .replace(" 391\n", &format!(" {}\n", stand.pid()));
    (world, line)
}

/// A host whose event loop and ticker have both left their last marks hours ago.
fn with_old_marks() -> String {
    let host = snapshot(&root().join("snapshots/hosts/L76-healthy-dashboard-frozen-loop"));
    let old = host.replace("1795271680.0000", "1795235680.0000");
    assert_ne!(old, host);
    old
}

#[test]
fn one_sign_that_a_gateway_hangs_is_not_worth_a_restart() {
    let host = snapshot(&root().join("snapshots/hosts/L76-healthy-dashboard-frozen-loop"));
    let plan = &as_data(&host)["plans"][0];
    assert_eq!((&plan["diagnosis"], &plan["course"]), (&"wedged".into(), &"look".into()));
    let plan = &as_data(&with_old_marks())["plans"][0];
    assert_eq!((&plan["diagnosis"], &plan["course"]), (&"wedged".into(), &"steps".into()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_gateway_that_came_round_meanwhile_is_not_restarted_and_one_that_hangs_is() {
    let [stopped, silent] = ["linux-wedged-process", "L75-loop-that-stands-still"]
        .map(|host| snapshot(&root().join("snapshots/hosts").join(host)));
    let marks = with_old_marks();
    let hosts: [(&str, Change, &str); 3] = [
        (&stopped, |_| {}, "is not stopped any more"),
        (&silent, |world| world.unset("silent"), "answers now"),
        (&marks, |world| world.set("awake", "yes"), "leaves marks again"),
    ];
    for (host, recover, why) in hosts {
        let stand = Stand::new();
        let (world, script) = restart_of(host, &stand);
        recover(&world);
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(1), "{why}: {}", ran.said);
        assert!(ran.said.contains(why) && ran.calls.is_empty(), "{:?} {}", ran.calls, ran.said);

        let stand = Stand::new();
        let stop = Command::new("kill").args(["-STOP", &stand.pid().to_string()]).status();
        assert!(stop.expect("kill").success());
        let (world, script) = restart_of(host, &stand);
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(0), "{why}: {}", ran.said);
        assert_eq!(ran.calls, ["systemctl restart --no-block hermes-gateway.service"]);
    }
}

/// A Mac with one label in two domains, of which the one that is not on the screen has no gateway.
#[cfg(target_os = "linux")]
fn two_domains() -> String {
    let host = snapshot(&root().join("snapshots/hosts/macos-healthy"));
    let mut document: Value = serde_json::from_str(&host).expect("a snapshot");
    let commands = document["observations"]["commands"].as_array_mut().expect("commands");
    let place = |target: &str| {
        let asked = serde_json::json!(["launchctl", "print", target]);
        commands.iter().position(|command| command["argv"] == asked).expect("the answer")
    };
    let (gui, user) = (place("gui/501/ai.hermes.gateway"), place("user/501/ai.hermes.gateway"));
    let shown = text(&commands[gui]["stdout"]);
    let shown: Vec<&str> = shown.lines().filter(|line| !line.starts_with("\tpid = ")).collect();
    let shown = shown.join("\n").replace("gui/501", "user/501");
    commands[user]["stdout"] = shown.replace("state = running", "state = spawn scheduled").into();
    commands[user]["exit"] = 0.into();
    document.to_string()
}

#[test]
#[cfg(target_os = "linux")]
fn a_job_that_drains_is_waited_for_and_one_that_stays_is_no_success() {
    for (looks, code) in [("0", 0), ("3", 0), ("100000", 2)] {
        let world = World::new(501);
        let script = world.plan(&two_domains());
        let lock = format!("{}/.hermes/gateway.lock", world.home());
        let holder = Holder::of(&lock);
        let pid = holder.0.id().to_string();
        world.set("loaded", &pid);
        world.set("draining", &format!("{looks}\n"));
        let guard = script.lines().find(|line| line.starts_with("same_by_ps ")).expect(&script);
        let old = guard.split(' ').nth(1).expect("its PID");
        let script = script
            .replace(guard, &by_ps(&pid, "sleep 60"))
            .replace(&format!(" {old}\n"), &format!(" {pid}\n"));
        let ran = world.run(&script);
        assert_eq!(ran.code, Some(code), "{}", ran.said);
        assert_eq!(ran.calls, ["launchctl bootout user/501/ai.hermes.gateway"], "{}", ran.said);
        assert_eq!(code == 0, !ran.said.contains("still loaded after"), "{}", ran.said);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_people_copy_is_read_back_by_their_shell() {
    let of = |host: &str| snapshot(&root().join("snapshots/hosts").join(host));
    let script = |host: String| {
        plan(
            &host.replace("/Users/user", "/Users/jo ann").replace("/home/lab", "/home/jo ann"),
            &[],
        )
    };
    let plist = "'/Users/jo ann/Library/LaunchAgents/ai.hermes.gateway.plist'";
    let unload = script(two_domains());
    let undo = format!("# To take it back: launchctl bootstrap user/501 {plist}\n");
    assert!(unload.contains(&undo), "{unload}");
    let end = script(of("a12-status-current-not-loaded-detached"));
    let undo =
        "start it again where it ran: '/Users/jo ann/.hermes/hermes-agent/venv/bin/python' -m";
    assert!(end.contains(undo), "{end}");
    let reload = script(of("b15-kickstart-does-not-reread-plist"));
    let last = plist.replace('\'', r"'\''");
    let last = format!(" 'launchctl bootstrap gui/501 {last}'");
    assert!(reload.contains(&last), "{reload}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_override_that_stays_is_a_step_that_did_not_work() {
    let host = snapshot(&root().join("snapshots/hosts/a18-disabled-override-survives-reinstall"));
    let world = World::new(501);
    let script = world.plan(&host);
    make_files(&script);
    world.set("disabled", "\t\"ai.hermes.gateway\" => disabled\n");
    let ran = world.run(&script);
    assert_eq!(ran.calls, ["launchctl enable gui/501/ai.hermes.gateway"], "{}", ran.said);
    assert_eq!(ran.code, Some(2), "{}", ran.said);
    assert!(!ran.said.contains("Nothing further was changed"), "{}", ran.said);
}

#[test]
#[cfg(target_os = "linux")]
fn a_job_that_would_not_be_loaded_again_is_not_unloaded() {
    let host = snapshot(&root().join("snapshots/hosts/b15-kickstart-does-not-reread-plist"));
    let empty = r"disabled services = {\n\t}";
    let disabled = r#"disabled services = {\n\t\t\"ai.hermes.gateway\" => disabled\n\t}"#;
    assert!(host.contains(empty));
    let script = plan(&host.replace(empty, disabled), &[]);
    assert!(!script.contains("bootout"), "{script}");
    assert!(script.contains("# No plan: somebody disabled the label"), "{script}");
    let changes: [fn(&World); 2] = [
        |world| world.set("disabled", "\t\"ai.hermes.gateway\" => disabled\n"),
        |world| {
            let status = world.home() + "/.hermes/gateway_state.json";
            fs::write(status, TURNS_NONE.replace(": 0", ": 1")).expect("a status file");
        },
    ];
    for change in changes {
        let world = World::new(501);
        let script = world.plan(&host);
        make_files(&script);
        world.set("loaded", "855");
        change(&world);
        let ran = world.run(&script);
        assert_eq!((ran.code, ran.calls.len()), (Some(1), 0), "{:?} {}", ran.calls, ran.said);
    }
}

/// The guard that knows a process of this machine again.
#[cfg(target_os = "linux")]
fn by_ps(pid: &str, command: &str) -> String {
    let ps = Command::new("ps")
        .args(["-o", "lstart=", "-p", pid])
        .envs([("TZ", "UTC"), ("LC_ALL", "C")])
        .output()
        .expect("ps");
    let started = String::from_utf8(ps.stdout).expect("UTF-8");
    format!("same_by_ps {pid} '{}' '{command}'", started.trim_end())
}

#[test]
#[cfg(target_os = "linux")]
fn a_job_that_was_loaded_is_loaded_again_wherever_its_reload_is_killed() {
    let host = snapshot(&root().join("snapshots/hosts/b15-kickstart-does-not-reread-plist"));
    let mut killed = 0;
    for signal in ["HUP", "INT", "TERM", "KILL"] {
        // What comes before the bootout is alike for all.
        let last = if signal == "KILL" { 25 } else { 12 };
        for at in 1..last {
            let mut stand = Stand::new();
            let world = World::new(501);
            let script = world.plan(&host).replace(" 855", &format!(" {}", stand.pid()));
            make_files(&script);
            world.set("loaded", &stand.pid().to_string());
            world.set("kill", &format!("{signal} {at}\n"));
            // The stub's bootout ends nobody: the job's process lives on, to the deadline and beyond.
            let ran = world.run(&script);
            assert!(stand.lives());
            let is_loaded = !world.get("loaded").is_empty();
            assert!(
                is_loaded,
                "{signal} at call {at}: {:?} {:?} {}",
                ran.code, ran.calls, ran.said
            );
            let is_out = ran.calls.iter().any(|call| call.contains("bootout"));
            killed += usize::from(ran.code.is_none() && is_out);
            let calls: usize = world.get("count").parse().expect("a count");
            if calls < at {
                break;
            }
        }
    }
    assert!(killed > 20, "{killed}");
}

fn plan(snapshot: &str, options: &[&str]) -> String {
    let mut arguments = vec!["plan", "--from", "-"];
    arguments.extend(options);
    let output = replay::run(&arguments, snapshot.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn as_data(snapshot: &str) -> Value {
    serde_json::from_str(&plan(snapshot, &["--format", "json"])).expect("JSON")
}

fn uid_of(snapshot: &str) -> u64 {
    let document: Value = serde_json::from_str(snapshot).expect("a snapshot");
    document["host"]["uid"].as_u64().unwrap_or(1500)
}

fn snapshot(host: &Path) -> String {
    fs::read_to_string(host.join("snapshot.json")).expect("a snapshot")
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn name(host: &Path) -> String {
    host.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn hosts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("snapshots/hosts")).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> = entries.map(|entry| entry.expect("a host").path()).collect();
    hosts.sort();
    hosts
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
