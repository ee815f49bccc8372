//! How the previous run of a job ended, where the gateway itself left word.

use gw_snapshot::facts::endings::{Crash, Watchdog};
use gw_snapshot::facts::job::{Exit, Job};
use jiff::Timestamp;

use crate::Subject;

/// An end that a watchdog of Hermes's own made.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// Which watchdog.
    pub(crate) watchdog: Watchdog,
    /// The step of the start that had last said that it needs long.
    step: Option<String>,
    /// The file that says so.
    pub(crate) file: String,
}

impl Watched {
    /// What it found, for people.
    pub(crate) fn words(&self) -> String {
        let step = self.step.as_ref();
        let step = step.map_or_else(String::new, |step| format!(" (its last long step: {step})"));
        format!("{}{step}", self.watchdog.words())
    }
}

/// Starts in a row that hung.
#[derive(Debug, Clone)]
pub(crate) struct Hung {
    /// How many.
    pub(crate) count: usize,
    /// The step of the last one that had last said that it needs long.
    step: Option<String>,
}

impl Hung {
    /// What they are, for people.
    pub(crate) fn words(&self) -> String {
        let step = self.step.as_ref();
        let step = step.map_or_else(String::new, |step| format!(" (its last long step: {step})"));
        format!(
            "{} starts in a row hung{step}, and its own watchdog ended each; the next is under way",
            self.count
        )
    }
}

/// Ends of the last minutes by an error that nothing caught.
#[derive(Debug, Clone)]
pub(crate) struct Crashes {
    /// How many.
    pub(crate) count: usize,
    /// The last one's error.
    error: Option<String>,
}

impl Crashes {
    /// What they are, for people.
    pub(crate) fn words(&self) -> String {
        let error = self.error.as_deref().unwrap_or("an error");
        format!("{} starts of the last ten minutes ended with an uncaught {error}", self.count)
    }
}

impl Subject<'_> {
    /// The watchdog of Hermes's own that ended the previous run of a job, where one did. Its end must fit in code and time.
    pub(crate) fn watched_end(&self, job: &Job) -> Option<Watched> {
        let exit = job.last_exit?;
        let fits = |watchdog: Watchdog, at: Option<Timestamp>| {
            let code = if watchdog == Watchdog::Stop { 1 } else { RESTART };
            exit == Exit::Code(code) && self.is_of_that_end(job, at)
        };
        let found =
            |watchdog, step, file: &str| Some(Watched { watchdog, step, file: self.path(file) });
        let endings = &self.gateway.endings;
        if let Some(end) = endings.last.known().and_then(|last| last.end.as_ref())
            && end.code.is_none_or(|code| exit == Exit::Code(code))
            && let Some(watchdog) = end.watchdog.filter(|watchdog| fits(*watchdog, end.at))
        {
            return found(watchdog, None, "state/gateway.lifecycle.json");
        }
        let hung = endings.hung_starts.known().and_then(|hung| hung.last());
        if let Some(hung) = hung.filter(|hung| fits(Watchdog::Start, Some(hung.at))) {
            let step = hung.step.clone();
            return found(Watchdog::Start, step, "logs/gateway-startup-watchdog.log");
        }
        let status = self.gateway.status.known()?;
        let watchdog = status.watchdog().filter(|watchdog| fits(*watchdog, status.updated_at))?;
        found(watchdog, None, "gateway_state.json")
    }

    /// True if something of that time tells of the end of the job's previous run. launchd does not say when that was.
    fn is_of_that_end(&self, job: &Job, at: Option<Timestamp>) -> bool {
        let Some(at) = at else { return false };
        match job.exited_at {
            Some(end) => end.duration_since(at).as_secs().abs() <= APART_SECONDS,
            None => {
                job.launchd.is_some() && self.age_of(at).is_some_and(|age| age <= RECENT_SECONDS)
            }
        }
    }

    /// How many starts in a row hung until their own watchdog ended them, where the process that lives now is the next one
    /// and has not come to the end of its start either.
    pub(crate) fn hung_starts(&self) -> Option<Hung> {
        let process = self.gateway.process()?;
        let born = process.started_at?;
        self.start()?;
        let hung = self.gateway.endings.hung_starts.known()?;
        let mut next = born;
        // What was written of the process that lives is no start before it.
        let earlier = hung.iter().rev().filter(|hung| hung.pid != process.pid);
        let in_a_row = earlier.take_while(|hung| {
            let gap = next.duration_since(hung.at).as_secs();
            let follows = if next == born { NEXT_SECONDS } else { LONGEST_HANG_SECONDS };
            next = hung.at;
            (0..=follows).contains(&gap)
        });
        let count = in_a_row.count();
        let step = hung.last().and_then(|hung| hung.step.clone());
        (count > 0).then_some(Hung { count, step })
    }

    /// The ends of the last minutes by an error that nothing caught, of other processes than the one that lives.
    pub(crate) fn crashes(&self) -> Option<Crashes> {
        let crashes = self.gateway.endings.crashes.known()?;
        let live = self.gateway.process().map(|process| process.pid);
        let is_recent = |crash: &&Crash| {
            Some(crash.pid) != live
                && self.age_of(crash.at).is_some_and(|age| age <= RECENT_SECONDS)
        };
        let recent: Vec<&Crash> = crashes.iter().filter(is_recent).collect();
        let last = recent.last()?;
        Some(Crashes { count: recent.len(), error: last.error.clone() })
    }
}

/// The code by which a gateway asks to be started again.
const RESTART: i32 = 75;
/// How far apart an end and the word of it are, at the most: what is left of a process is cleared away in between.
const APART_SECONDS: i64 = 30;
/// So soon after an end its manager makes the next start, with time for a storm's delay. In seconds.
const NEXT_SECONDS: i64 = 330;
/// So long may a start hang that computes or has announced a long step: both together, and the next delay. In seconds.
const LONGEST_HANG_SECONDS: i64 = 2400;
/// Older ends are past. In seconds.
const RECENT_SECONDS: i64 = 600;
