//! The only door to programs. Only an [`Ask`] passes it, and none of them writes; there is no shell.
//! A program is found in fixed directories, gets an environment of our making, no input, a limit on
//! its output and an end at the deadline.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use gw_snapshot::host::{Ask, Scope};
use gw_snapshot::observation::{CommandSeen, Trouble};
use gw_snapshot::redact::{Mark, Salt, journal, launchctl, shape, unit};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::read::{plain, trouble};

/// Where programs of the system are, and nothing that a user installed.
const DIRECTORIES: [&str; 5] =
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];

const STDOUT_LIMIT: usize = 4 << 20;
const STDERR_LIMIT: usize = 64 << 10;

/// Runs the program that answers, until the deadline at the latest.
pub(super) fn run(ask: &Ask, deadline: Instant, salt: &Salt) -> CommandSeen {
    let begun = Instant::now();
    let left = deadline.saturating_duration_since(begun);
    // A program that is ended at the deadline itself would be reported too late.
    let limit = left.saturating_sub((left / 10).min(Duration::from_millis(100)));
    let argv = ask.argv();
    let mut seen = CommandSeen { argv: argv.clone(), ..CommandSeen::default() };
    let deadline = begun + limit;
    match command(ask, &argv, deadline).and_then(|mut command| execute(&mut command, deadline)) {
        Ok(ended) => {
            add_output(&mut seen, ask, &ended.stdout.bytes, &ended.stderr.bytes, salt);
            seen.exit = ended.status.and_then(|status| status.code());
            seen.error = match ended.status {
                None => Some(Trouble::TimedOut),
                Some(_) if ended.stdout.cut || ended.stderr.cut => Some(Trouble::TooLarge),
                Some(_) => None,
            };
        }
        Err(trouble) => seen.error = Some(trouble),
    }
    seen.ms = milliseconds(begun.elapsed());
    seen
}

/// What a program printed, without its secrets.
pub(super) fn add_output(
    seen: &mut CommandSeen,
    ask: &Ask,
    stdout: &[u8],
    stderr: &[u8],
    salt: &Salt,
) {
    let stdout = String::from_utf8_lossy(stdout);
    seen.stdout = match ask {
        Ask::SystemctlShow { .. } | Ask::SystemctlShowState { .. } => {
            without_secrets(&stdout, &ask.argv(), salt)
        }
        Ask::Journal { .. } => journal::lines(&stdout, salt),
        Ask::LaunchctlPrint { .. } => launchctl::print(&stdout, salt),
        Ask::LaunchctlPrintDisabled { .. } => launchctl::disabled(&stdout, salt),
        Ask::LoginctlShowUser { .. } | Ask::LaunchctlManagername => shape::text(&stdout, salt),
        // Its arguments would need a reader of their own, and `print` tells more.
        Ask::LaunchctlList { .. } => String::new(),
    };
    seen.stderr = shape::text(&String::from_utf8_lossy(stderr), salt);
}

/// A time in whole milliseconds, the nearest.
pub(super) fn milliseconds(time: Duration) -> Option<u64> {
    u64::try_from((time + Duration::from_micros(500)).as_millis()).ok()
}

/// A program that ended, or that was ended.
struct Ended {
    stdout: Output,
    stderr: Output,
    /// None if its time was up.
    status: Option<ExitStatus>,
}

/// What `systemctl show` printed, without secrets. A line that is none of the properties asked for is
/// the rest of a value that goes over several lines, and nobody knows of what.
fn without_secrets(shown: &str, argv: &[String], salt: &Salt) -> String {
    let asked = argv.iter().skip_while(|word| *word != "-p").nth(1);
    let asked: Vec<&str> = asked.map_or_else(Vec::new, |names| names.split(',').collect());
    let line = |line: &str| match line.split_once('=') {
        Some((name, value)) if asked.contains(&name) => {
            let value = match name {
                "Environment" => unit::environment(value, salt),
                "ExecStart" => unit::shown_command(value, salt),
                _ => shape::text(value, salt),
            };
            format!("{name}={value}\n")
        }
        _ if line.is_empty() => "\n".into(),
        _ => format!("{}\n", Mark::of(line, salt)),
    };
    shown.lines().map(line).collect()
}

/// What a system's own room asks of programs, where the system has no call for it that is safe to make.
/// What they print stays in that room.
#[cfg(target_os = "macos")]
pub(super) enum Tool {
    /// `ps`: every process with its arguments.
    Processes,
    /// `lsof`: every listening TCP socket that we may see.
    Listeners,
    /// `lsof`: what these processes have open.
    OpenFiles(Vec<u32>),
}

/// Asks one of them. No name is looked up, and nothing is waited for that a mount does not answer.
#[cfg(target_os = "macos")]
pub(super) fn ask(tool: &Tool) -> Result<String, Trouble> {
    let columns = gw_snapshot::parse::ps::COLUMNS;
    let argv: Vec<String> = match tool {
        Tool::Processes => ["ps", "-A", "-ww", "-o", columns].map(String::from).into(),
        Tool::Listeners => ["lsof", "-nP", "-b", "-w", "-iTCP", "-sTCP:LISTEN", "-F", "pfn"]
            .map(String::from)
            .into(),
        Tool::OpenFiles(pids) if pids.is_empty() => return Ok(String::new()),
        Tool::OpenFiles(pids) => {
            let pids = pids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            ["lsof", "-nP", "-b", "-w", "-a", "-p", &pids, "-F", "pfn"].map(String::from).into()
        }
    };
    let deadline = Instant::now() + LONGEST;
    let mut command = plain_command(&argv)?;
    let ended = execute(&mut command, deadline)?;
    match ended.status {
        None => Err(Trouble::TimedOut),
        Some(_) if ended.stdout.cut => Err(Trouble::TooLarge),
        // `lsof` that finds nothing fails too, and says nothing then.
        Some(status)
            if !status.success()
                && ended.stdout.bytes.is_empty()
                && !ended.stderr.bytes.is_empty() =>
        {
            let words = String::from_utf8_lossy(&ended.stderr.bytes);
            Err(Trouble::Other(words.lines().next().unwrap_or_default().trim().into()))
        }
        Some(_) => Ok(String::from_utf8_lossy(&ended.stdout.bytes).into_owned()),
    }
}

/// The longest that one of them may take.
#[cfg(target_os = "macos")]
const LONGEST: Duration = Duration::from_secs(5);

/// Sends `stat` into a directory, for a name that nobody gives a file, and tells whether it came back in time: all who look up a
/// name there have to wait for the same lock and the same server. Where there is no such program, nobody hangs.
pub(super) fn comes_back(directory: &str, deadline: Instant) -> bool {
    let argv = ["stat", "--", &format!("{directory}/.gw-doctor-looks")].map(String::from);
    let ended = plain_command(&argv).and_then(|mut command| execute(&mut command, deadline));
    !matches!(ended, Ok(Ended { status: None, .. }))
}

/// A program of the system, with an environment of our making.
fn plain_command(argv: &[String]) -> Result<Command, Trouble> {
    let (name, arguments) = argv.split_first().ok_or(Trouble::NotFound)?;
    let mut command = Command::new(find(name).ok_or(Trouble::NotFound)?);
    command
        .args(arguments)
        .env_clear()
        .envs([("LC_ALL", "C"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")])
        .current_dir("/");
    Ok(command)
}

fn command(ask: &Ask, argv: &[String], deadline: Instant) -> Result<Command, Trouble> {
    let mut command = plain_command(argv)?;
    command.envs([("SYSTEMD_PAGER", ""), ("SYSTEMD_COLORS", "0"), ("SYSTEMD_URLIFY", "0")]);
    // The bus gives up a little before we do, and then its own words say what did not answer.
    let left = deadline.saturating_duration_since(Instant::now());
    command.env("SYSTEMD_BUS_TIMEOUT", format!("{}ms", (left * 9 / 10).as_millis().max(1)));
    if is_for_user_manager(ask)
        && let Some(directory) = runtime_directory()
    {
        if is_ours(&directory.join("bus")) {
            let address = format!("unix:path={}/bus", directory.display());
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        }
        command.env("XDG_RUNTIME_DIR", directory);
    }
    Ok(command)
}

/// Runs a program without input, in a process group of its own, and ends it at the deadline.
fn execute(command: &mut Command, deadline: Instant) -> Result<Ended, Trouble> {
    // Not "null" for the outputs: that would open /dev/null for writing, which the seal refuses.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| trouble(&error))?;
    let outcome = watch(&mut child, deadline);
    if !matches!(&outcome, Ok(Ended { status: Some(_), .. })) {
        end(child);
    }
    outcome.map_err(|error| Trouble::Other(plain(&error)))
}

const fn is_for_user_manager(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::SystemctlShow { scope: Scope::User, .. }
            | Ask::SystemctlShowState { scope: Scope::User, .. }
    )
}

fn find(name: &str) -> Option<PathBuf> {
    DIRECTORIES
        .iter()
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.metadata().is_ok_and(|stat| stat.is_file() && stat.mode() & 0o111 != 0))
}

/// Where the bus of our own user is. A variable of the caller counts only if the directory is ours:
/// after `sudo` or `su` it often is another user's.
fn runtime_directory() -> Option<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let usual = PathBuf::from(format!("/run/user/{uid}"));
    let named = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    [Some(usual), named.filter(|path| path.is_absolute())]
        .into_iter()
        .flatten()
        .find(|path| is_ours(path) && path.is_dir())
}

fn is_ours(path: &Path) -> bool {
    path.metadata().is_ok_and(|stat| stat.uid() == rustix::process::geteuid().as_raw())
}

/// What a program printed, up to a limit.
struct Output {
    bytes: Vec<u8>,
    limit: usize,
    cut: bool,
    ended: bool,
}

impl Output {
    const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, cut: false, ended: false }
    }

    /// Takes what is there. What is beyond the limit is read and dropped, so that the program can end.
    fn take(&mut self, from: &mut impl Read) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        };
        self.ended = read == 0;
        let room = self.limit.saturating_sub(self.bytes.len()).min(read);
        self.cut |= room < read;
        self.bytes.extend_from_slice(buffer.get(..room).unwrap_or_default());
        Ok(())
    }
}

fn watch(child: &mut Child, deadline: Instant) -> io::Result<Ended> {
    let (mut stdout, mut stderr) = (Output::new(STDOUT_LIMIT), Output::new(STDERR_LIMIT));
    if let (Some(mut from_stdout), Some(mut from_stderr)) =
        (child.stdout.take(), child.stderr.take())
    {
        while !(stdout.ended && stderr.ended) {
            let mut sources = Vec::with_capacity(2);
            let wanted = PollFlags::IN;
            if !stdout.ended {
                sources.push(PollFd::from_borrowed_fd(from_stdout.as_fd(), wanted));
            }
            if !stderr.ended {
                sources.push(PollFd::from_borrowed_fd(from_stderr.as_fd(), wanted));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Ended { stdout, stderr, status: None });
            }
            match poll(&mut sources, Timespec::try_from(left).ok().as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let mut ready = sources.iter().map(|source| !source.revents().is_empty());
            let stdout_is_ready = !stdout.ended && ready.next() == Some(true);
            let stderr_is_ready = !stderr.ended && ready.next() == Some(true);
            if stdout_is_ready {
                stdout.take(&mut from_stdout)?;
            }
            if stderr_is_ready {
                stderr.take(&mut from_stderr)?;
            }
        }
    }
    let status = wait(child, deadline)?;
    Ok(Ended { stdout, stderr, status })
}

/// Waits for a program that has closed its output, which nearly all do by ending.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(100);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// A child whose time is up, and whom to tell that it is gone.
type Overdue = (Child, Sender<()>);

/// The one thread that may send a signal, and it sends none but to a child handed to it. It is begun
/// before the seal, which takes that right from every other thread.
static ENDING: OnceLock<Option<Sender<Overdue>>> = OnceLock::new();

/// Begins the thread that ends overdue children. `first` is what it does before all else; the result
/// of that is returned, or none if the thread runs already or cannot be had.
pub(super) fn begin_ending<T: Send + 'static>(
    first: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let mut result = None;
    ENDING.get_or_init(|| {
        let (hand_over, overdue) = mpsc::channel::<Overdue>();
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new().name("end".into()).spawn(move || {
            // Nobody listens any more only if the program ends.
            let _ = tell.send(first());
            for (mut child, gone) in overdue {
                // Not yet waited for, so the number cannot have become another's.
                let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
                // One that the kernel does not let go (state D) is left behind, and keeps nobody from the next.
                let _ = wait(&mut child, Instant::now() + FAREWELL);
                let _ = gone.send(());
            }
        });
        result = thread.ok().and_then(|_| told.recv().ok());
        result.is_some().then_some(hand_over)
    });
    result
}

/// How long a child that was killed is waited for.
const FAREWELL: Duration = Duration::from_millis(100);

/// Ends a child and all that it started.
fn end(child: Child) {
    begin_ending(|| ());
    if let Some(Some(hand_over)) = ENDING.get() {
        let (gone, is_gone) = mpsc::channel();
        if hand_over.send((child, gone)).is_ok() {
            let _ = is_gone.recv_timeout(FAREWELL);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
