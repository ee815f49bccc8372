//! What a job is before it is itself. launchd starts this, and this prepares the process and turns into
//! the job by `exec`. If it cannot (no program, no directory, no log file), it ends with 78, and the job
//! has never run. It is told everything on standard input, and reports on standard output, which
//! closes by itself at `exec`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit, umask,
};
use rustix::stdio;
use serde::{Deserialize, Serialize};

use crate::exit::EX_CONFIG;

/// Where a program without a slash is looked for: launchd's own path, never the job's.
const LAUNCHD_PATH: [&str; 4] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/// The report that the program is named by its path, and is not there.
pub(crate) const NO_PROGRAM: &str = "no program";

/// Everything that makes a process the job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// What is executed.
    pub(crate) program: String,
    /// With what arguments, the first included.
    pub(crate) arguments: Vec<String>,
    /// The whole environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Where it stands.
    pub(crate) directory: String,
    /// `StandardInPath`; /dev/null if there is none, as for the other two.
    pub(crate) stdin: Option<String>,
    /// `StandardOutPath`.
    pub(crate) stdout: Option<String>,
    /// `StandardErrorPath`.
    pub(crate) stderr: Option<String>,
    /// The file mode creation mask.
    pub(crate) umask: Option<u32>,
    /// The soft limit of open files.
    pub(crate) number_of_files: Option<u64>,
    /// How long to stay xpcproxy, in milliseconds.
    pub(crate) hold_ms: u64,
}

/// Becomes the job, or ends with 78.
pub(crate) fn run() -> ExitCode {
    let kept = |standard: BorrowedFd<'_>| fcntl_dupfd_cloexec(standard, 3).map(File::from);
    if let (Ok(report), Ok(mut log)) = (kept(stdio::stdout()), kept(stdio::stderr())) {
        let Err(error) = become_job(report);
        let _ = writeln!(log, "launchd stand-in: xpcproxy could not {error}");
    }
    ExitCode::from(EX_CONFIG)
}

fn become_job(mut report: File) -> io::Result<Infallible> {
    let mut told = String::new();
    io::stdin().read_to_string(&mut told)?;
    let launch: Launch = serde_json::from_str(&told)?;
    // A job does not outlive its launchd, as it cannot on a Mac.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    thread::sleep(Duration::from_millis(launch.hold_ms));
    let program =
        launch.resolve().map_err(|error| failure("execute", Path::new(&launch.program), &error))?;
    launch.prepare()?;
    let error = Command::new(&program)
        .arg0(launch.arguments.first().unwrap_or(&launch.program))
        .args(launch.arguments.iter().skip(1))
        .env_clear()
        .envs(&launch.environment)
        .exec();
    if !program.exists() {
        report.write_all(NO_PROGRAM.as_bytes())?;
    }
    Err(failure("execute", &program, &error))
}

impl Launch {
    /// The program by its whole path. A bare name is looked for; a path that begins in no root is not completed by the
    /// job's directory, and `~` is a name like any other.
    fn resolve(&self) -> io::Result<PathBuf> {
        let said = Path::new(&self.program);
        let is_bare = !self.program.contains('/');
        let mut found = LAUNCHD_PATH.iter().map(|directory| Path::new(directory).join(said));
        let found = found.find(|path| is_bare && path.exists());
        let whole = found.or_else(|| said.is_absolute().then(|| said.to_owned()));
        whole.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// All that the process keeps over `exec`.
    fn prepare(&self) -> io::Result<()> {
        if let Some(mask) = self.umask {
            umask(Mode::from_raw_mode(mask));
        }
        if let Some(files) = self.number_of_files {
            let maximum = getrlimit(Resource::Nofile).maximum;
            let current = Some(maximum.map_or(files, |maximum| files.min(maximum)));
            setrlimit(Resource::Nofile, Rlimit { current, maximum })?;
        }
        env::set_current_dir(&self.directory)
            .map_err(|error| failure("stand in", Path::new(&self.directory), &error))?;
        let stdin = open(OpenOptions::new().read(true), self.stdin.as_deref())?;
        let mut log = OpenOptions::new();
        log.append(true).create(true);
        let stdout = open(&log, self.stdout.as_deref())?;
        let stderr = open(&log, self.stderr.as_deref())?;
        stdio::dup2_stdin(stdin)?;
        stdio::dup2_stdout(stdout)?;
        stdio::dup2_stderr(stderr)?;
        Ok(())
    }
}

fn open(how: &OpenOptions, path: Option<&str>) -> io::Result<File> {
    let path = Path::new(path.unwrap_or("/dev/null"));
    how.open(path).map_err(|error| failure("open", path, &error))
}

fn failure(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {}: {error}", path.display()))
}
