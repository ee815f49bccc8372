//! What a service manager has loaded under a name: the job, as opposed to its file and its process.

pub mod launchd;
pub mod systemd;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::fact::Why;
use launchd::Launchd;
use systemd::{Systemd, Trigger};

/// A job of a service manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The command that told, for evidence.
    pub source: String,
    /// What it does now.
    pub phase: Phase,
    /// The manager's own words for that.
    pub words: String,
    /// Its main process, where it has one.
    pub main_pid: Option<u32>,
    /// How the previous run ended. Says nothing of the present one.
    pub last_exit: Option<Exit>,
    /// When the present run began.
    pub started_at: Option<Timestamp>,
    /// When the previous run ended.
    pub exited_at: Option<Timestamp>,
    /// Automatic restarts since the last start by hand, where the manager counts them.
    pub restarts: Option<u64>,
    /// Whether it starts by itself, at login or boot.
    pub enabled: Enabled,
    /// What only systemd knows.
    pub systemd: Option<Systemd>,
    /// What only launchd knows.
    pub launchd: Option<Launchd>,
}

impl Job {
    /// Whether launchd printed more of it than was seen: how its previous run ended is not known then.
    pub fn is_cut_off(&self) -> bool {
        let doubt = self.launchd.as_ref().and_then(|launchd| launchd.exit_doubt.as_ref());
        doubt.is_some_and(Why::is_not_observed) && self.last_exit.is_none()
    }

    /// The timer, socket or path that starts it, where it is not enabled itself: one that is enabled, else one of which that
    /// was not seen, else any.
    pub fn trigger(&self) -> Option<&Trigger> {
        let triggers = &self.systemd.as_ref().filter(|_| self.enabled == Enabled::No)?.triggers;
        let of = |enabled| triggers.iter().find(move |trigger| trigger.enabled == enabled);
        of(Enabled::Yes).or_else(|| of(Enabled::Unclear)).or_else(|| triggers.first())
    }

    /// Whether systemd calls it active though its process has ended, by `RemainAfterExit=`.
    pub fn has_exited(&self) -> bool {
        self.words == "active (exited)"
    }

    /// True if it is on its way down and nobody asked for that: its process ended, and what is to follow each end still
    /// runs. Its manager then goes on as after any end.
    pub fn ends_by_itself(&self) -> bool {
        let is_asked = self.systemd.as_ref().is_none_or(|systemd| systemd.queued);
        self.phase == Phase::Stopping && !is_asked && self.main_pid.is_none()
    }

    /// How the previous run ended, for people: its exit, or the kernel's reason. None where none has ended, or it was not
    /// seen how.
    pub fn last_end(&self) -> Option<String> {
        let reason = || self.launchd.as_ref()?.exit_reason.clone();
        self.last_exit.map(|exit| exit.to_string()).or_else(reason)
    }

    /// How long the previous run lasted, where the manager tells when it began and when it ended.
    pub fn last_run(&self) -> Option<SignedDuration> {
        let lasted = self.exited_at?.duration_since(self.started_at?);
        (!lasted.is_negative()).then_some(lasted)
    }

    /// How long its manager waits between asking it to stop and killing it. None: without limit, or not known.
    pub fn stop_limit(&self) -> Option<Duration> {
        let systemd = self.systemd.as_ref().and_then(|systemd| systemd.stop_timeout);
        systemd.or_else(|| self.launchd.as_ref().and_then(|launchd| launchd.exit_timeout))
    }
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It has a process.
    Running,
    /// It is being started for the first time.
    Starting,
    /// Its process ended and the manager waits to start it again.
    Restarting,
    /// It is being stopped, perhaps draining.
    Stopping,
    /// It has no process, and the last one did not fail.
    Stopped,
    /// It has no process, and the manager has given up on it.
    Failed,
    /// Something this version does not know.
    Other,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Whether a word of systemd's lists of ends means it: `78`, `SIGTERM`, `TERM`. Of the signals only those that
    /// Hermes is ended by are known by name.
    pub fn is_named(self, word: &str) -> bool {
        match self {
            Self::Code(code) => word.parse() == Ok(code),
            Self::Signal(signal) => {
                let name = word.strip_prefix("SIG").unwrap_or(word);
                let names =
                    [("HUP", 1), ("INT", 2), ("ABRT", 6), ("KILL", 9), ("SEGV", 11), ("TERM", 15)];
                names.contains(&(name, signal))
            }
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Whether a job starts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabled {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Somebody made sure that it cannot be started at all.
    Masked,
    /// The manager does not say.
    Unclear,
}
