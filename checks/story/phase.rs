//! What a gateway is doing now: decided once, between the facts and the checks, and asked by all of them.
//!
//! What is under way ends by itself. While it is, nothing that is missing is a fault yet, and nobody serves for sure.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Job, Phase};
use gw_snapshot::facts::process::Process;
use gw_snapshot::parse::cmdline::Lifecycle;
use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};
use crate::job::crash_loop;
use crate::subject::start::Step;

/// What is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UnderWay<'a> {
    /// A command is at work on the gateway, its code or its definition.
    Command(&'a Process, Lifecycle),
    /// The gateway's process has not come to the end of its start.
    Starting(&'a Process, Step),
    /// Its manager starts the service, and has no process for it yet.
    Called(&'a Lane, &'a Job),
    /// Its service is being stopped, or its process says that it has stopped and still lives.
    Stopping(Option<(&'a Lane, &'a Job)>),
    /// Its process has ended, and its manager is about to start it again.
    Waiting(&'a Lane, &'a Job),
    /// Its process has ended, and its manager is about to notice: every process is a zombie for that long.
    Ended(&'a Process, &'a Lane),
}

impl<'a> Subject<'a> {
    /// Returns what is under way, the cause before its consequences: a command, then what the manager does, then what the
    /// process does.
    pub(crate) fn under_way(&self) -> Option<UnderWay<'a>> {
        if let Some((process, command)) = self.commands().next() {
            return Some(UnderWay::Command(process, command));
        }
        let job = self.job();
        let phase = job.map(|(_, job)| job.phase);
        let ended = self.has_just_ended();
        match (job, phase) {
            // A loop does not end by itself.
            (Some((lane, job)), _) if crash_loop::is_between_runs(self, lane, job) => None,
            (Some((lane, job)), Some(Phase::Restarting)) => Some(UnderWay::Waiting(lane, job)),
            (Some((lane, job)), Some(Phase::Stopping)) if job.ends_by_itself() => {
                Some(UnderWay::Waiting(lane, job))
            }
            (Some(job), Some(Phase::Stopping)) => Some(UnderWay::Stopping(Some(job))),
            (Some((lane, _)), _) if ended.is_some() => {
                ended.map(|process| UnderWay::Ended(process, lane))
            }
            // What does nothing comes to the end of nothing.
            _ if self.gateway.process().is_some_and(Process::is_stopped) => None,
            _ if self.frozen().is_some() => None,
            _ if self.is_ending() => Some(UnderWay::Stopping(job)),
            (Some((lane, job)), Some(Phase::Starting)) if self.gateway.process().is_none() => {
                let since = job.systemd.as_ref().and_then(|systemd| systemd.since);
                let is_long = since.is_some_and(|since| {
                    self.facts.now.duration_since(since).as_secs() >= LONGEST_CALL
                });
                (!is_long).then_some(UnderWay::Called(lane, job))
            }
            (Some((lane, job)), Some(Phase::Running)) if self.starting_wrapper().is_some() => {
                Some(UnderWay::Called(lane, job))
            }
            _ => Some(UnderWay::Starting(self.gateway.process()?, self.start()?)),
        }
    }

    /// Returns the gateway's process if it is a zombie that its manager is about to reap. One that still holds a socket or
    /// answers is none of these: its first thread has ended, and the others live on.
    fn has_just_ended(&self) -> Option<&'a Process> {
        let process = self.gateway.process().filter(|process| process.is_zombie())?;
        let (lane, job) = self.job()?;
        // launchd reaps every orphan, and the wrapper of a job waits for what it started.
        let wrapper = self.gateway.liveness.wrapper.as_ref().map(|wrapper| wrapper.pid);
        let parent = process.seen.ppid;
        let is_awaited = lane.manager.is_launchd()
            && parent.is_some_and(|parent| parent == 1 || Some(parent) == wrapper);
        let lives_on = self.facts.held_by(process.pid).next().is_some() || self.answers_as_hermes();
        ((job.main_pid == Some(process.pid) || is_awaited) && !lives_on).then_some(process)
    }

    /// Returns the commands that are at work on the gateway, those that have run for too long to be at work left out.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (&'a Process, Lifecycle)> {
        let now = self.facts.now;
        self.gateway
            .liveness
            .commands
            .iter()
            .filter(move |(process, _)| {
                process.age(now).is_none_or(|age| age.as_secs() < LONGEST_COMMAND)
            })
            .map(|(process, command)| (process, *command))
    }

    /// Tells whether a gateway serves this home: known where its process has come to the end of its start and is not
    /// ending, absent where there is none or it does not.
    pub(crate) fn serves(&self) -> Fact<()> {
        match &self.gateway.liveness.process {
            Fact::Unknown(why) => Fact::Unknown(why.clone()),
            Fact::Absent => Fact::Absent,
            Fact::Known(process) => {
                let is_still = process.is_zombie() || process.is_stopped();
                let is_stopping = self.job().is_some_and(|(_, job)| job.phase == Phase::Stopping);
                if is_still || is_stopping || self.has_said_goodbye() || self.is_starting() {
                    Fact::Absent
                } else {
                    Fact::Known(())
                }
            }
        }
    }

    /// True if a gateway is known to be meant for this home: a service of its own is installed, or its records say that
    /// one served it. False where the policy means it to be off, and where another gateway serves it.
    pub(crate) fn is_expected(&self) -> bool {
        let gateway = self.gateway;
        let has_service = gateway.lanes.iter().any(|lane| {
            let job = lane.job.known();
            !job.is_some_and(|job| self.runs_another(job))
                && (lane.definition.known().is_some() || job.is_some())
        });
        let is_known = has_service || gateway.status.known().is_some();
        is_known && !self.is_off() && gateway.served_by.is_none()
    }

    /// True if a job runs the gateway of another home: its main process is that gateway, or wraps it.
    fn runs_another(&self, job: &Job) -> bool {
        let Some(main) = job.main_pid else { return false };
        let others =
            self.facts.gateways.iter().filter(|other| other.home.path != self.gateway.home.path);
        let mut theirs = others.filter_map(|other| {
            let process = other.process()?;
            let wrapper = other.liveness.wrapper.as_ref().map(|wrapper| wrapper.pid);
            Some([Some(process.pid), process.seen.ppid, wrapper])
        });
        theirs.any(|pids| pids.contains(&Some(main)))
    }

    /// Returns the PID of the gateway where it lives on another machine, with which this one shares the home: then nothing
    /// that rests here is missing, and whoever holds its port here may lead to it.
    pub(crate) fn on_another_machine(&self) -> Option<u32> {
        self.gateway.liveness.elsewhere
    }

    /// Says what is under way, for people: the head of a sentence without a full stop.
    pub(crate) fn says(&self, what: UnderWay<'_>) -> String {
        let age = |process: &Process| {
            process.age(self.facts.now).map_or_else(String::new, |age| {
                format!(" for {}", span(age.as_secs().unsigned_abs()))
            })
        };
        match what {
            UnderWay::Command(process, command) => {
                format!(
                    "`{}` (PID {}) has been at work{}",
                    command.command(),
                    process.pid,
                    age(process)
                )
            }
            UnderWay::Starting(process, step) => {
                format!("{} (PID {}{})", step.words(), process.pid, age(process))
            }
            UnderWay::Called(lane, _) => match self.gateway.liveness.lone_wrapper() {
                Some(wrapper) => format!(
                    "what {} runs (PID {}{}) has not started a gateway yet",
                    lane.name,
                    wrapper.pid,
                    age(wrapper)
                ),
                None => format!("{} starts {}", manager(lane), lane.name),
            },
            UnderWay::Stopping(Some((lane, job))) if job.phase == Phase::Stopping => {
                format!("{} is being stopped ({})", lane.name, job.words)
            }
            UnderWay::Stopping(_) => {
                let pid = self.gateway.process().map_or(0, |process| process.pid);
                let said = match self.own_state() {
                    Some("stopped") => "says that it has stopped",
                    Some("startup_failed") => "says that its start has failed",
                    _ => "has disconnected all of its platforms, as every stop does",
                };
                format!("PID {pid} {said}, and has not ended yet")
            }
            UnderWay::Ended(process, lane) => {
                format!(
                    "PID {} has just ended, and {} is about to notice",
                    process.pid,
                    manager(lane)
                )
            }
            UnderWay::Waiting(lane, job) => {
                let wait = self.wait_for_next_start(job).map_or_else(String::new, |wait| {
                    format!(" within {}", span(wait.as_secs().unsigned_abs()))
                });
                format!("{} starts {} again{wait}", manager(lane), lane.name)
            }
        }
    }

    /// Returns how long it takes at the most until the manager starts the job again, where it says so: systemd waits for
    /// `RestartSec=` after an end, launchd for `ThrottleInterval` after a start.
    pub(crate) fn wait_for_next_start(&self, job: &Job) -> Option<SignedDuration> {
        let since = |from: jiff::Timestamp| self.facts.now.duration_since(from);
        let (delay, passed) = match (&job.systemd, &job.launchd) {
            (Some(systemd), _) => (systemd.restart_delay?.after()?, job.exited_at.map(since)),
            (None, Some(launchd)) => (launchd.minimum_runtime?, None),
            (None, None) => return None,
        };
        let delay = SignedDuration::try_from(delay).ok()?;
        let left = delay.checked_sub(passed.unwrap_or_default())?;
        Some(left.max(SignedDuration::ZERO))
    }
}

/// Leaves out what a gateway that serves would show, while something is under way that keeps it from serving: what is
/// missing meanwhile is no fault, and `job/under-way` says that nobody serves.
pub(crate) fn meanwhile(at: &Subject<'_>, findings: &mut [Finding]) {
    let Some(what) = at.under_way().filter(|_| at.serves().is_absent()) else { return };
    let by_command: &[&str] = if matches!(what, UnderWay::Command(..)) { OF_COMMANDS } else { &[] };
    let is_open = |finding: &&mut Finding| {
        let is_wrong = matches!(finding.verdict, Verdict::Failure | Verdict::Warning);
        is_wrong && (OF_SERVING.contains(&finding.check) || by_command.contains(&finding.check))
    };
    let says = at.says(what);
    for finding in findings.iter_mut().filter(is_open) {
        finding.verdict = Verdict::Skipped;
        finding.claim = format!("not judged while {says}: {}", finding.claim);
    }
}

/// The checks that judge what a gateway shows while it serves.
const OF_SERVING: &[&str] = &[
    "cron/no-ticker",
    "health/refused",
    "health/timeout",
    "owner/stopped-or-zombie",
    "port/no-listener",
    "runtime/no-platform",
    "runtime/platform-error",
];

/// The checks that judge what a command changes on its way.
const OF_COMMANDS: &[&str] = &[
    "definition/loaded-differs",
    "definition/missing",
    "job/not-loaded",
    "job/not-running",
    "owner/unsupervised",
];

fn manager(lane: &Lane) -> &'static str {
    if lane.manager.is_launchd() { "launchd" } else { "systemd" }
}

/// How long a start may take to come to its process: systemd's own limit, by default. In seconds.
pub(crate) const LONGEST_CALL: i64 = 90;
/// The longest command waits for turns under way: `gateway restart` for up to 1885 s (0.22). In seconds.
const LONGEST_COMMAND: i64 = 2400;
