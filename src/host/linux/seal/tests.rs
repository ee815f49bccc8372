//! What the seal refuses, and what it must not. Everything happens in a process of its own, for a seal
//! cannot be taken off.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use gw_snapshot::host::{Ask, Host, Part, Scope};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FileType, FlockOperation, RenameFlags, ResolveFlags, XattrFlags,
    fcntl_lock, flock, mknodat, open as open_file, openat2, renameat_with, setxattr, utimensat,
};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, pidfd_open, prlimit, setpriority_process, test_kill_process,
    test_kill_process_group,
};

use super::*;
use crate::host::Live;
use crate::host::tests::{holders, rerun, reruns, skipped};

#[test]
fn the_seal_refuses_what_changes_and_nothing_else() {
    let home = tempfile::tempdir().expect("a directory");
    fs::write(home.path().join("gateway.lock"), "{}").expect("a file");
    let before = fs::metadata(home.path()).expect("a directory").modified().expect("a time");
    rerun("host::linux::seal::tests::under_the_seal", |command| {
        command.env("GW_DOCTOR_TEST_HOME", home.path());
    });
    let names: Vec<_> = fs::read_dir(home.path()).expect("a directory").collect();
    assert_eq!(names.len(), 1);
    let text = fs::read_to_string(home.path().join("gateway.lock")).expect("a file");
    assert_eq!(text, "{}");
    let after = fs::metadata(home.path()).expect("a directory").modified().expect("a time");
    assert_eq!(after, before);
}

#[test]
#[ignore = "seals its process: run by the test above"]
fn under_the_seal() {
    if !reruns() {
        return;
    }
    match seal() {
        Sealed::Held => {}
        other => {
            skipped(&format!("no seal here: {other:?}"));
            return;
        }
    }
    let home = std::env::var("GW_DOCTOR_TEST_HOME").expect("set by the test above");
    files_stay(&home);
    locks_and_processes_stay(&format!("{home}/gateway.lock"));
    children_are_sealed_too(&home);
    looking_goes_on(&format!("{home}/gateway.lock"));
    overdue_programs_are_ended();
}

fn refused<T>(outcome: io::Result<T>, what: &str) {
    let error = outcome.err().unwrap_or_else(|| panic!("{what} was allowed"));
    assert_eq!(error.raw_os_error(), Some(libc::EACCES), "{what}: {error}");
}

fn files_stay(home: &str) {
    let (file, other) = (format!("{home}/gateway.lock"), format!("{home}/other"));
    refused(fs::write(&file, "x"), "writing");
    refused(fs::write(&other, "x"), "creating");
    refused(fs::File::options().append(true).open(&file), "appending");
    refused(fs::File::options().read(true).write(true).open(&file), "opening for both");
    refused(fs::remove_file(&file), "removing");
    refused(fs::rename(&file, &other), "renaming");
    refused(fs::hard_link(&file, &other), "linking");
    refused(symlink(&file, &other), "linking softly");
    refused(fs::create_dir(&other), "making a directory");
    refused(fs::remove_dir(home), "removing a directory");
    refused(fs::set_permissions(&file, fs::Permissions::from_mode(0o600)), "changing the mode");
    refused(std::os::unix::fs::chown(&file, Some(0), None), "changing the owner");
    let open = fs::File::open(&file).expect("reading is allowed");
    refused(open.set_len(0), "cutting");
    let times = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 },
        last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 },
    };
    let stamped = utimensat(CWD, &file, &times, AtFlags::empty());
    refused(stamped.map_err(Into::into), "changing the times");
    let attribute = setxattr(&file, "user.a", b"", XattrFlags::empty());
    refused(attribute.map_err(Into::into), "setting an attribute");
    let flags = rustix::fs::IFlags::empty();
    refused(rustix::fs::ioctl_setflags(&open, flags).map_err(Into::into), "setting a flag");
    refused(open.set_permissions(fs::Permissions::from_mode(0o600)), "changing the mode when open");
    let allocated = rustix::fs::fallocate(&open, FallocateFlags::empty(), 0, 1);
    refused(allocated.map_err(Into::into), "allocating");
    // For reading only, and yet they cut, create, or keep a file that has no name yet.
    for (flags, what) in [
        (OFlags::TRUNC, "cutting by opening"),
        (OFlags::CREATE, "creating by opening"),
        (OFlags::TMPFILE | OFlags::WRONLY, "a file without a name"),
    ] {
        let path = if flags.contains(OFlags::TMPFILE) { home } else { &file };
        refused(open_file(path, flags, Mode::RUSR).map(drop).map_err(Into::into), what);
    }
    let exchanged = renameat_with(CWD, &file, CWD, &file, RenameFlags::NOREPLACE);
    refused(exchanged.map_err(Into::into), "renaming in the newer way");
    let node = mknodat(CWD, &other, FileType::Fifo, Mode::RUSR, 0);
    refused(node.map_err(Into::into), "making a FIFO");
    let (flags, mode) = (OFlags::RDWR, Mode::empty());
    let past = openat2(CWD, &file, flags, mode, ResolveFlags::empty());
    assert_eq!(past.err(), Some(Errno::NOSYS), "opening past the check of the flags");
}

fn locks_and_processes_stay(file: &str) {
    let open = fs::File::open(file).expect("reading is allowed");
    for operation in [FlockOperation::NonBlockingLockShared, FlockOperation::Unlock] {
        refused(flock(&open, operation).map_err(Into::into), "flock");
        refused(fcntl_lock(open.as_fd(), operation).map_err(Into::into), "fcntl");
    }
    let parent = Pid::from_raw(std::os::unix::process::parent_id().cast_signed());
    let parent = parent.expect("a parent");
    refused(test_kill_process(parent).map_err(Into::into), "a signal");
    refused(test_kill_process(rustix::process::getpid()).map_err(Into::into), "a signal to itself");
    refused(test_kill_process_group(parent).map_err(Into::into), "a signal to a group");
    let by_descriptor = pidfd_open(parent, PidfdFlags::empty());
    refused(by_descriptor.map(drop).map_err(Into::into), "a process to signal later");
    let limit = Rlimit { current: Some(1), maximum: Some(1) };
    refused(
        prlimit(Some(parent), Resource::Core, limit).map(drop).map_err(Into::into),
        "setting another's limits",
    );
    refused(setpriority_process(Some(parent), 1).map_err(Into::into), "setting another's priority");
    let another = nix::unistd::Pid::from_raw(parent.as_raw_nonzero().get());
    refused(nix::sys::ptrace::attach(another).map_err(Into::into), "tracing another");
    refused(
        nix::sys::ptrace::seize(another, nix::sys::ptrace::Options::empty()).map_err(Into::into),
        "seizing another",
    );
    let processors = nix::sched::sched_getaffinity(another).expect("asking is allowed");
    refused(
        nix::sched::sched_setaffinity(another, &processors).map_err(Into::into),
        "moving another to other processors",
    );
    let own = nix::unistd::Pid::from_raw(0);
    nix::sched::sched_setaffinity(own, &processors).expect("its own are its own affair");
    let flags =
        nix::fcntl::fcntl(&open, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK));
    assert!(flags.is_ok(), "a descriptor is its own affair: {flags:?}");
}

/// What a trace would blame is refused before it happens: the two lists hold together.
#[test]
fn whatever_the_reader_of_traces_blames_the_seal_refuses() {
    // Without the right to open for writing there is nothing to copy to, and a socket of its own is no one else's.
    const NOT_NEEDED: [&str; 3] = ["bind", "copy_file_range", "listen"];
    let (blamed, seal) =
        (include_str!("../../../../tests/trace/mod.rs"), include_str!("../seal.rs"));
    let list = blamed.split_once("const MUTATING").and_then(|(_, list)| list.split_once('['));
    let list = list.expect("the list").1;
    let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(names.len() > 50, "{names:?}");
    let is_refused = |name: &str| {
        let constant = name.to_ascii_uppercase();
        seal.contains(&format!("libc::SYS_{name},")) || seal.contains(&format!("    {constant},"))
    };
    let missing: Vec<_> =
        names.into_iter().filter(|name| !NOT_NEEDED.contains(name) && !is_refused(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn children_are_sealed_too(home: &str) {
    let shell = |script: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh", home]).stdin(Stdio::null());
        command.output().expect("a shell").status
    };
    assert!(!shell("echo x > \"$1/gateway.lock\"").success());
    assert!(!shell("rm \"$1/gateway.lock\"").success());
    assert!(!shell("kill -0 $PPID").success());
    assert!(shell("cat \"$1/gateway.lock\"").success());
}

fn looking_goes_on(file: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").expect("a client");
        listener
    });

    let live = Live::new(Duration::from_secs(30)).expect("threads");
    assert_eq!(live.http(&format!("http://127.0.0.1:{port}/")).status, Some(200));
    let listener = server.join().expect("a server");
    assert_eq!(holders(&live.listeners(&[port]), port), Some(vec![std::process::id()]));
    assert!(TcpStream::connect(listener.local_addr().expect("an address")).is_ok());

    assert_eq!(live.file(file, Part::SMALL).error, None);
    assert_eq!(live.lock(file).held, Some(false));
    assert!(live.processes().complete);
    assert!(live.process(std::process::id()).open.is_some());

    // Where there is systemd, it answers; where there is not, its programs say so in their own words.
    let ask = Ask::SystemctlShow { scope: Scope::System, units: vec!["dbus.service".into()] };
    let seen = live.command(&ask).remove(0);
    let unsealed = unsealed_is_the_same(&seen.stdout, &seen.stderr);
    assert!(unsealed, "{seen:?}");
}

/// Neither the seal's EACCES nor a crash is what a program under the seal prints or does.
fn unsealed_is_the_same(stdout: &str, stderr: &str) -> bool {
    let text = format!("{stdout}{stderr}").to_lowercase();
    !text.contains("permission denied") && !text.contains("assertion")
}

fn overdue_programs_are_ended() {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo $$; sleep 1000"]);
    let pid = run::tests::overdue(&mut command);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "process {pid} goes on");
}
