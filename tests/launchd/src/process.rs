//! The living process of a job: started through xpcproxy, watched by a pidfd, signalled, and reaped.
//! It has a process group of its own, and the daemon is its parent.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::io::{Errno, ioctl_fionbio, read};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group,
    pidfd_open, waitid, waitpid,
};

use crate::exit::Exit;
use crate::job::Reason;
use crate::xpcproxy::{Launch, NO_PROGRAM};

/// The living process of a job.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its id, and the id of its group.
    pub(crate) pid: Pid,
    /// Why it was started.
    pub(crate) reason: Reason,
    /// How far launchd has gone in ending it.
    pub(crate) stopping: Option<Stopping>,
    /// Whether the job is started again at once when this has ended: `kickstart -k`.
    pub(crate) again: bool,
    /// How its end is told, where that is not what `wait` gives.
    told: Option<Exit>,
    /// Where xpcproxy reports, until it has become the job.
    report: Option<OwnedFd>,
    reported: String,
    /// Becomes readable when the process ends.
    watch: OwnedFd,
}

/// How far launchd has gone in ending a process.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stopping {
    /// SIGTERM was sent; SIGKILL follows then, if ever.
    Terminated {
        /// When the patience ends.
        kill_at: Option<Instant>,
    },
    /// SIGKILL was sent.
    Killed,
}

/// A process that has ended, and is reaped.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How.
    pub(crate) exit: Exit,
    /// Whether it ended as xpcproxy, because the program is not there.
    pub(crate) no_program: bool,
}

impl Process {
    /// Starts one. It is xpcproxy at first.
    pub(crate) fn start(launch: &Launch, reason: Reason) -> io::Result<Process> {
        let mut child = Command::new("/proc/self/exe")
            .arg0("xpcproxy")
            .env_clear()
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a child without a process id"))?;
        let watch = pidfd_open(pid, PidfdFlags::empty())?;
        let report = child.stdout.take().map(OwnedFd::from);
        if let Some(report) = &report {
            ioctl_fionbio(report, true)?;
        }
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&serde_json::to_vec(launch)?)?;
        }
        let (stopping, again, told, reported) = (None, false, None, String::new());
        Ok(Process { pid, reason, stopping, again, told, report, reported, watch })
    }

    /// Whether it has not become the job yet.
    pub(crate) fn is_xpcproxy(&self) -> bool {
        self.report.is_some()
    }

    /// What to wait for: its end, and its becoming the job.
    pub(crate) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [Some(self.watch.as_fd()), self.report.as_ref().map(AsFd::as_fd)].into_iter().flatten()
    }

    /// Listens to xpcproxy. The silence of a closed pipe means that it has become the job.
    pub(crate) fn listen(&mut self) {
        let mut heard = [0; 64];
        while let Some(report) = &self.report {
            match read(report, &mut heard) {
                Ok(0) => self.report = None,
                Ok(length) => {
                    let text = heard.get(..length).unwrap_or_default();
                    self.reported.push_str(&String::from_utf8_lossy(text));
                }
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
    }

    /// Reaps it if it has ended. What it leaves in its group is killed, unless the job abandons it; that comes
    /// first, while nobody else can have the id of the group.
    pub(crate) fn reap(&mut self, abandon_group: bool) -> Option<Ended> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid), look).ok().flatten()?;
        self.listen();
        if !abandon_group {
            self.signal_group(Signal::KILL);
        }
        let (_, status) = waitpid(Some(self.pid), WaitOptions::NOHANG).ok().flatten()?;
        let exit = self.told.unwrap_or_else(|| Exit::of(status));
        Some(Ended { exit, no_program: self.reported == NO_PROGRAM })
    }

    /// Signals the process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        // It is our child and not reaped, so its id is still its own, and a zombie does not mind.
        let _ = kill_process(self.pid, signal);
    }

    /// Signals its whole group.
    pub(crate) fn signal_group(&self, signal: Signal) {
        let _ = kill_process_group(self.pid, signal);
    }

    /// Ends it as the kernel does, for a reason of its own.
    pub(crate) fn end(&mut self, told: Exit) {
        self.told = Some(told);
        self.signal(Signal::KILL);
    }

    /// Asks it to end.
    pub(crate) fn terminate(&mut self, kill_at: Option<Instant>) {
        if self.stopping.is_none() {
            self.signal(Signal::TERM);
            self.stopping = Some(Stopping::Terminated { kill_at });
        }
    }
}
