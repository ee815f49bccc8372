//! A loaded job: its imported definition, its process if it has one, its history, and what comes next.
//! It decides when it wants to be started; whether the domain lets it is not its business.

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use rustix::process::Signal;

use crate::definition::Definition;
use crate::domain::Domain;
use crate::exit::Exit;
use crate::process::{Ended, Process, Stopping};
use crate::settings::{Between, Settings};

/// Why a job is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// `RunAtLoad`.
    Speculative,
    /// `KeepAlive` is true.
    Inefficient,
    /// `KeepAlive` is a dictionary.
    Semaphore,
    /// `kickstart`.
    NonIpcDemand,
    /// The program of a job in the penalty box has appeared.
    XpcEvent,
}

impl Reason {
    /// Whether somebody demands it. What nobody demands waits while a domain is on demand only.
    pub(crate) fn is_demand(self) -> bool {
        matches!(self, Reason::NonIpcDemand | Reason::XpcEvent)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Reason::Speculative => "speculative",
            Reason::Inefficient => "inefficient",
            Reason::Semaphore => "semaphore",
            Reason::NonIpcDemand => "non-ipc demand",
            Reason::XpcEvent => "xpc event",
        })
    }
}

/// What comes next for a job without a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, until somebody demands it.
    Rest,
    /// A start, as soon as the domain is no longer on demand only.
    Pended(Reason),
    /// A start.
    Scheduled {
        /// Not before then.
        at: Instant,
        /// Why.
        reason: Reason,
    },
    /// A start, when the program appears.
    PenaltyBox,
}

/// The longest time that a transcript shows a throttle to grow to, in seconds.
const LONGEST_THROTTLE: u32 = 1200;

/// A loaded job.
#[derive(Debug)]
pub(crate) struct Job {
    /// Where it is loaded.
    pub(crate) domain: Domain,
    /// The property list that it was imported from.
    pub(crate) path: PathBuf,
    /// What was in it then.
    pub(crate) definition: Definition,
    /// The id of its resource coalition; the jetsam coalition has the next.
    pub(crate) coalition: u32,
    /// How often it was started since it was loaded.
    pub(crate) runs: u32,
    /// How many runs in a row crashed.
    pub(crate) successive_crashes: u32,
    /// The living process.
    pub(crate) process: Option<Process>,
    /// How the previous run ended, if one did.
    pub(crate) last_exit: Option<Exit>,
    /// What comes next without a process.
    pub(crate) next: Next,
    /// Whether it is removed when its process has ended: `bootout`.
    pub(crate) leaving: bool,
    /// Whether the kernel refused its last start.
    pub(crate) spawn_failed: bool,
    /// When it was last started.
    last_start: Option<Instant>,
}

impl Job {
    /// A job that has just been loaded.
    pub(crate) fn loaded(
        domain: Domain,
        path: PathBuf,
        definition: Definition,
        coalition: u32,
        now: Instant,
    ) -> Job {
        let next = match definition.reason_at_load() {
            Some(reason) => Next::Scheduled { at: now, reason },
            None => Next::Rest,
        };
        Job {
            domain,
            path,
            definition,
            coalition,
            runs: 0,
            successive_crashes: 0,
            process: None,
            last_exit: None,
            next,
            leaving: false,
            spawn_failed: false,
            last_start: None,
        }
    }

    /// The word for `state`.
    pub(crate) fn state(&self, settings: &Settings) -> &'static str {
        let Some(process) = &self.process else {
            return match (self.next, settings.between_runs) {
                (Next::Rest | Next::Pended(_), _)
                | (Next::Scheduled { .. }, Between::NotRunning) => "not running",
                (Next::Scheduled { .. }, Between::SpawnScheduled) | (Next::PenaltyBox, _) => {
                    "spawn scheduled"
                }
            };
        };
        match process.stopping {
            Some(Stopping::Terminated { .. }) => "SIGTERMed",
            Some(Stopping::Killed) => "SIGKILLed",
            None if process.is_xpcproxy() => "xpcproxy",
            None => "running",
        }
    }

    /// Takes note of a start.
    pub(crate) fn started(&mut self, process: Process, now: Instant) {
        self.begins(now);
        self.process = Some(process);
    }

    /// Takes note of a start that the kernel refuses.
    pub(crate) fn refused(&mut self, exit: Exit, settings: &Settings, now: Instant) {
        self.begins(now);
        self.ended(&Ended { exit, no_program: false }, settings, now);
        self.spawn_failed = true;
    }

    fn begins(&mut self, now: Instant) {
        self.runs = self.runs.saturating_add(1);
        self.last_start = Some(now);
        self.spawn_failed = false;
        self.next = Next::Rest;
    }

    /// When the throttle lets it start again.
    fn not_before(&self, settings: &Settings, now: Instant) -> Instant {
        let throttle = settings.scaled(self.minimum_runtime(settings));
        self.last_start.map_or(now, |start| now.max(start + throttle))
    }

    /// How long after a start the next one comes at the earliest, in seconds.
    pub(crate) fn minimum_runtime(&self, settings: &Settings) -> u32 {
        let base = self.definition.minimum_runtime;
        if !settings.throttle_grows {
            return base;
        }
        let factor = 2_u32.saturating_pow(self.successive_crashes);
        base.saturating_mul(factor).min(base.max(LONGEST_THROTTLE))
    }

    /// Takes note of an end, and says whether the job must be started again at once.
    pub(crate) fn ended(&mut self, ended: &Ended, settings: &Settings, now: Instant) -> bool {
        self.last_exit = Some(ended.exit);
        self.successive_crashes =
            if ended.exit.is_crash() { self.successive_crashes.saturating_add(1) } else { 0 };
        let again = self.process.take().is_some_and(|process| process.again);
        self.next = match self.definition.keep_alive.after(ended.exit) {
            _ if ended.no_program => Next::PenaltyBox,
            Some(reason) => Next::Scheduled { at: self.not_before(settings, now), reason },
            None => Next::Rest,
        };
        again && !self.leaving
    }

    /// Asks the process to end, and for how long to wait before SIGKILL.
    pub(crate) fn terminate(&mut self, settings: &Settings, now: Instant) {
        let patience = self.definition.exit_timeout(self.domain);
        let kill_at = (patience > 0).then(|| now + settings.scaled(patience));
        if let Some(process) = &mut self.process {
            process.terminate(kill_at);
        }
    }

    /// Sends SIGKILL when the patience has ended.
    pub(crate) fn lose_patience(&mut self, now: Instant) {
        let Some(process) = &mut self.process else { return };
        if let Some(Stopping::Terminated { kill_at: Some(at) }) = process.stopping
            && at <= now
        {
            process.signal(Signal::KILL);
            process.stopping = Some(Stopping::Killed);
        }
    }

    /// Moves on without a process, and says why the job must be started now, if it must.
    pub(crate) fn due(&mut self, settings: &Settings, now: Instant) -> Option<Reason> {
        if self.process.is_some() {
            return None;
        }
        let on_demand_only = settings.on_demand_count(self.domain) > 0;
        if let Next::Pended(reason) = self.next
            && !on_demand_only
        {
            self.next = Next::Scheduled { at: self.not_before(settings, now), reason };
        }
        match self.next {
            Next::Scheduled { reason, .. } if on_demand_only && !reason.is_demand() => {
                self.next = Next::Pended(reason);
                None
            }
            Next::Scheduled { at, reason } => (at <= now).then_some(reason),
            Next::PenaltyBox => {
                let there = std::path::Path::new(self.definition.program()).exists();
                there.then_some(Reason::XpcEvent)
            }
            Next::Rest | Next::Pended(_) => None,
        }
    }

    /// When something happens to it by itself.
    pub(crate) fn alarm(&self) -> Option<Instant> {
        match (&self.process, self.next) {
            (Some(process), _) => match process.stopping {
                Some(Stopping::Terminated { kill_at }) => kill_at,
                _ => None,
            },
            (None, Next::Scheduled { at, .. }) => Some(at),
            (None, _) => None,
        }
    }
}
