//! The promise to change nothing, held to by the kernel's own account of every call.
//!
//! Where there is no `strace`, that is said aloud; the reader of its traces is tested everywhere.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::needless_raw_string_hashes,
    reason = "a test that cannot go on must fail"
)]

mod skipped;
mod trace;

use std::process::{Command, Stdio};

use gw_snapshot::host::{Ask, Scope};
use skipped::skipped;
use trace::Trace;

#[test]
fn every_way_to_change_something_is_found_in_a_trace() {
    for line in [
        r#"12 openat(AT_FDCWD, "/h/.hermes/x", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3"#,
        r#"openat(AT_FDCWD, "/h/.hermes/state.db", O_RDWR) = -1 EPERM (Operation not permitted)"#,
        r#"12 openat(AT_FDCWD, "/h/a", O_RDONLY|O_CREAT, 0600 <unfinished ...>"#,
        r#"12 unlink("/h/.hermes/gateway.pid") = 0"#,
        r#"renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 0) = 0"#,
        r#"12 mkdir("/h/.hermes/logs", 0777) = -1 EEXIST (File exists)"#,
        r#"12 flock(3</h/.hermes/gateway.lock>, LOCK_EX|LOCK_NB) = 0"#,
        r#"fcntl(3</h/a>, F_SETLK, {l_type=F_WRLCK}) = 0"#,
        r#"12 kill(391, 0) = 0"#,
        r#"12 utimensat(3, NULL, NULL, 0) = 0"#,
        r#"12 write(3</h/.hermes/a>, "x", 1) = 1"#,
        r#"12 connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0"#,
        r#"12 execve("/opt/hermes/bin/hermes", ["hermes"], 0x1 /* 1 vars */) = 0"#,
        r#"12 execve("/bin/sh", ["sh", "-c", "true"], 0x1) = 0"#,
    ] {
        assert_eq!(Trace::read(line).guilty, [line]);
    }
}

#[test]
fn reading_and_asking_is_no_guilt() {
    let text = r#"12 openat(AT_FDCWD, "/h/.hermes/gateway.pid", O_RDONLY|O_NONBLOCK|O_CLOEXEC) = 3
12 write(1</dev/pts/0>, "healthy", 7) = 7
12 write(9<anon_inode:[eventfd]>, "\1", 8) = 8
12 write(5<pipe:[1]>, "x", 1) = 1
12 connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/user/1000/bus"}, 21) = 0
12 connect(3<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(8642), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
12 fcntl(3</h/a>, F_SETFD, FD_CLOEXEC) = 0
12 openat(AT_FDCWD, "/dev/null", O_RDWR) = 4
12 execve("/usr/bin/systemctl", ["systemctl", "--user", "show"], 0x1) = 0
12 <... read resumed>"x", 1) = 1
12 +++ exited with 0 +++"#;
    let trace = Trace::read(text);
    assert_eq!(trace.guilty, Vec::<String>::new());
    assert_eq!((trace.opened, trace.programs), (2, vec!["systemctl".into()]));
}

/// The page for readers lets them search a trace: what it says they find nothing by finds nothing here either.
#[test]
fn the_searches_of_the_page_find_what_it_says() {
    let page = include_str!("../src/host/README.md");
    let lines: Vec<&str> = page.lines().collect();
    let command = |line: &&str| line.strip_prefix("$ ").map(str::to_string);
    let searches = lines.windows(2).filter_map(|pair| {
        let [line, next] = pair else { return None };
        let is_silent = next.starts_with("```") || next.starts_with("$ ");
        Some((command(line)?, is_silent)).filter(|(line, _)| line.starts_with("grep "))
    });
    let searches: Vec<(String, bool)> = searches.collect();
    assert!(searches.iter().filter(|(_, is_silent)| *is_silent).count() >= 5, "{searches:?}");

    let directory = tempfile::tempdir().expect("a directory");
    let strace = lines.iter().filter_map(command).find(|line| line.starts_with("strace "));
    let shell = |script: &str| {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_gw-doctor"));
        let path = std::env::var("PATH").unwrap_or_default();
        Command::new("sh")
            .args(["-c", script])
            .current_dir(directory.path())
            .env("PATH", format!("{}:{path}", program.parent().expect("its folder").display()))
            .output()
            .expect("a shell")
    };
    let traced = shell(&strace.expect("a command that records a trace"));
    let text = std::fs::read_to_string(directory.path().join("trace")).unwrap_or_default();
    if text.is_empty() {
        let why = String::from_utf8_lossy(&traced.stderr);
        return skipped(&format!("there is no strace here that may trace: {why}"));
    }
    for (search, is_silent) in searches.iter().filter(|(line, _)| line.contains("trace")) {
        let output = shell(search);
        assert!(output.stderr.is_empty(), "{search}: {}", String::from_utf8_lossy(&output.stderr));
        let found = String::from_utf8_lossy(&output.stdout);
        // The seal tries itself, and says so by its refusal.
        let found: Vec<&str> =
            found.lines().filter(|line| !line.contains("open(\"/\", ")).collect();
        assert!(!is_silent || found.is_empty(), "{search}: {found:?}");
        if search.contains("openat2|creat") {
            assert_eq!(found, Vec::<&str>::new(), "{search}");
        }
        if search.contains("execve") {
            assert!(found.first().is_some_and(|line| line.starts_with("gw-doctor")), "{found:?}");
        }
    }
}

#[test]
fn no_command_changes_anything_on_this_machine() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return skipped("there is no strace here, so nothing was traced");
    }
    let host = "snapshots/hosts/linux-healthy/snapshot.json";
    for (arguments, opens) in [
        (&["check"][..], 10),
        (&["check", "--from", host, "--format", "json"], 1),
        (&["plan"], 10),
        (&["snapshot"], 10),
        (&["explain", "wedged"], 1),
        (&["completions", "bash"], 1),
        (&["man"], 1),
        (&["diff", host, host], 2),
        (&["check", "--settle", "0.2"], 10),
        (&["check", "--no-seal"], 10),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("trace");
        let output = Command::new("strace")
            .args(["-f", "-y", "-qq", "-s", "64", "-o"])
            .arg(&file)
            .arg(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("run strace");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.is_empty() {
            let why = String::from_utf8_lossy(&output.stderr);
            return skipped(&format!("strace may not trace here: {why}"));
        }
        let trace = Trace::read(&text);
        assert_eq!(trace.guilty, Vec::<String>::new(), "{arguments:?}");
        assert!(trace.opened >= opens, "{arguments:?}: only {} files were opened", trace.opened);
        assert!(trace.programs.contains(&"gw-doctor".to_string()), "{:?}", trace.programs);
    }
}

/// A unit that fails is rare on the machine of a test, so what is asked then is traced by itself. In the lab it is traced with a
/// unit that fails (`tests/live.rs`).
#[test]
fn the_journal_is_read_and_nothing_else() {
    if Command::new("journalctl").arg("--version").stdout(Stdio::null()).status().is_err() {
        return skipped("there is no journalctl here, so nothing was traced");
    }
    for scope in [Scope::User, Scope::System] {
        let ask = Ask::Journal { scope, unit: "hermes-gateway.service".into() };
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("trace");
        let traced = Command::new("strace")
            .args(["-f", "-y", "-qq", "-s", "64", "-o"])
            .arg(&file)
            .args(ask.argv())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .output();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if traced.is_err() || text.is_empty() {
            return skipped("there is no strace here that may trace");
        }
        let trace = Trace::read(&text);
        assert_eq!(trace.guilty, Vec::<String>::new(), "{scope}");
        assert!(trace.programs.contains(&"journalctl".to_string()), "{:?}", trace.programs);
    }
}
