//! Whether the gateway is still starting: the one place where that is decided.
//!
//! What a process says of itself decides first, then what its manager says, then its log, and its age only where none
//! of them tells. A start takes as long as its platforms take to connect, one after the other, and from 0.21.3 on as
//! long as a step of it says beforehand: Hermes migrates, checks and cleans its session database before it writes a
//! record of the new life (upstream #111092, #115542).

use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::record::Platform;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::parse::log::Class;
use jiff::Timestamp;

use crate::Subject;
use crate::spawn;
use crate::story::LONGEST_CALL;

/// What a start is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It loads, or connects its platforms.
    Usual,
    /// It waits for some minutes, to break a storm of starts.
    HeldBack,
    /// It is at a step that has said that it needs long: its database, as a rule.
    Announced,
    /// It has no event loop after its usual time, and computes.
    Computes,
}

impl Step {
    /// What there is to say of it, for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Usual => "the gateway is still starting",
            Self::HeldBack => {
                "the gateway is still starting: it waits for up to five minutes, to break a storm of starts"
            }
            Self::Announced => {
                "the gateway is still starting: a long step of its start has announced itself, which is the upkeep of its database as a rule"
            }
            Self::Computes => {
                "the gateway is still starting: it has no event loop yet, and its watchdog sees it compute"
            }
        }
    }
}

impl<'a> Subject<'a> {
    /// Returns the wrapper that the service runs, while it has not started its gateway and is young enough to do so.
    pub(crate) fn starting_wrapper(&self) -> Option<&Process> {
        let wrapper = self.gateway.liveness.lone_wrapper()?;
        let written = self.gateway.status.known().and_then(|status| status.updated_at);
        let has_started =
            written.is_some_and(|at| wrapper.started_at.is_some_and(|born| at > born));
        let is_young = wrapper.age(self.facts.now)?.as_secs() < LONGEST_CALL;
        let fails = spawn::below_wrapper(self, wrapper).is_some();
        (is_young && !has_started && !fails).then_some(wrapper)
    }

    /// True if the gateway's process has not come to the end of its start.
    pub(crate) fn is_starting(&self) -> bool {
        self.start().is_some()
    }

    /// Returns what its start is at. None if there is no process, or it runs, stops, or takes too long for a start.
    pub(crate) fn start(&self) -> Option<Step> {
        let process = self.gateway.process()?;
        let state = self.own_state();
        match state {
            Some("starting") if self.manager_waits_for(process) => return Some(Step::Usual),
            // An answer is its own word too.
            None if self.answers_as_hermes() => return None,
            // Where its own word cannot be read, a listener says that it has come that far.
            None if self.gateway.status.why().is_some()
                && self.facts.held_by(process.pid).next().is_some() =>
            {
                return None;
            }
            Some("starting") | None => {}
            Some("running" | "degraded") if self.has_just_come_up() => {
                return Some(Step::Usual);
            }
            // It runs, drains or ends.
            Some(_) => return None,
        }
        let age = process.age(self.facts.now)?.as_secs();
        if age < self.usual_start() {
            return Some(Step::Usual);
        }
        // It says itself that it connects, and nothing takes so long.
        if state.is_some() {
            return None;
        }
        self.announced(process, age).or_else(|| {
            let is_watched = self.runs_with(Capability::StartWatchdog) == Some(true);
            (is_watched && age < WATCHDOG_SECONDS).then_some(Step::Usual)
        })
    }

    /// Returns the state that the gateway's process has told of itself. None where it has told none yet: a new process
    /// writes itself into the record of the run before (0.22, as recorded), whose state stays until it says `starting`.
    pub(crate) fn own_state(&self) -> Option<&'a str> {
        let process = self.gateway.process()?;
        let status = self.gateway.own_status(self.facts.about.os)?;
        let state = status.state.as_deref()?;
        let is_earlier = |entry: &Platform| {
            entry.writer.is_some() && entry.is_of(process, self.facts.about.os) == Some(false)
        };
        let is_of_before = !status.platforms.is_empty() && status.platforms.iter().all(is_earlier);
        let is_carried_over = state != "starting"
            && is_of_before
            && self.is_young(process)
            && !self.has_left_a_mark(process);
        (!is_carried_over).then_some(state)
    }

    /// True if the process is younger than a start can be.
    pub(crate) fn is_young(&self, process: &Process) -> bool {
        process.age(self.facts.now).is_some_and(|age| age.as_secs() < self.usual_start())
    }

    /// True if its event loop or its ticker has come round.
    fn has_left_a_mark(&self, process: &Process) -> bool {
        let beat = self.gateway.marks.heartbeat.known();
        let tick = self.gateway.cron.heartbeat.known();
        let is_since = |at: Timestamp| process.started_at.is_some_and(|started| at >= started);
        beat.is_some_and(|beat| beat.pid == process.pid && is_since(beat.at))
            || tick.is_some_and(|tick| {
                tick.pid.is_none_or(|pid| pid == process.pid) && is_since(tick.at)
            })
    }

    /// True if the gateway's process said good-bye a moment ago, or that its start has failed, and lives still.
    pub(crate) fn is_ending(&self) -> bool {
        let status = self.gateway.own_status(self.facts.about.os);
        self.has_said_goodbye()
            || self.own_state() == Some("startup_failed")
                && self.is_recent(status.and_then(|status| status.updated_at))
    }

    /// True if the gateway's process said good-bye a moment ago, and lives still: by its state, or because all of its
    /// platforms are disconnected. An unplanned stop leaves `running` behind (0.17+).
    pub(crate) fn has_said_goodbye(&self) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        let Some(status) = self.gateway.own_status(self.facts.about.os) else { return false };
        match self.own_state() {
            None | Some("starting" | "startup_failed") => false,
            Some("stopped") => self.is_recent(status.updated_at),
            Some(_) => {
                let is_own =
                    |entry: &&Platform| entry.is_of(process, self.facts.about.os) == Some(true);
                let mut own = status.platforms.iter().filter(is_own).peekable();
                own.peek().is_some()
                    && own.all(|entry| {
                        entry.state == "disconnected" && self.is_recent(entry.updated_at)
                    })
            }
        }
    }

    fn is_recent(&self, said: Option<Timestamp>) -> bool {
        said.and_then(|said| self.age_of(said)).is_some_and(|age| age < ENDING_SECONDS)
    }

    /// True if the process said during this look that it has come up: then whatever else was looked at may be older.
    fn has_just_come_up(&self) -> bool {
        let status = self.gateway.own_status(self.facts.about.os);
        let told = status.and_then(|status| status.updated_at);
        let is_newer =
            told.is_some_and(|told| told > self.facts.now && self.age_of(told).is_some());
        is_newer && self.api().is_some() && !self.answers_as_hermes()
    }

    /// How long a start takes at the most, where nothing says that it takes longer: it connects its platforms one after
    /// the other, and one that is dead takes 30 s (0.19). In seconds.
    fn usual_start(&self) -> i64 {
        let platforms = self.gateway.status.known().map_or(0, |status| status.platforms.len());
        let platforms = i64::try_from(platforms.clamp(1, MOST_PLATFORMS)).unwrap_or(1);
        PLATFORM_SECONDS.saturating_mul(platforms).saturating_add(LOAD_SECONDS)
    }

    /// True if its health endpoint answers as Hermes does.
    pub(crate) fn answers_as_hermes(&self) -> bool {
        let health = self.own_health();
        health.is_some_and(|health| matches!(health.answer, Answer::Hermes { .. }))
    }

    /// True if its service's manager waits for word that it has started, and it is the process that was started.
    fn manager_waits_for(&self, process: &Process) -> bool {
        let Supervision::Lane(at) = self.gateway.supervision else { return false };
        let job = self.gateway.lanes.get(at).and_then(|lane| lane.job.known());
        job.is_some_and(|job| job.phase == Phase::Starting && job.main_pid == Some(process.pid))
    }

    /// What the log says of a start that lasts. Each line buys so much time; a line of an earlier attempt may be
    /// counted, so an attempt is believed for as long as all of them together allow.
    fn announced(&self, process: &Process, age: i64) -> Option<Step> {
        let journal = self.gateway.journal.known()?;
        let born = process.started_at?;
        if journal.written.is_none_or(|written| written < born) {
            return None;
        }
        let lines = |class| {
            let count = journal.count(class).map_or(0, |count| count.lines);
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        let (leases, stretches) = (lines(Class::StartLeased), lines(Class::StartComputes));
        let most = WATCHDOG_SECONDS
            .saturating_add(leases.saturating_mul(LEASE_SECONDS))
            .saturating_add(stretches.min(MOST_STRETCHES).saturating_mul(WATCHDOG_SECONDS))
            .saturating_add(LOAD_SECONDS);
        let held_back = lines(Class::RespawnStorm) > 0;
        match () {
            () if leases > 0 && age < most => Some(Step::Announced),
            () if stretches > 0 && age < most => Some(Step::Computes),
            () if held_back && age < HELD_BACK_SECONDS.saturating_add(self.usual_start()) => {
                Some(Step::HeldBack)
            }
            () => None,
        }
    }
}

/// How long a gateway waits for one platform to connect, by default, before it goes on to the next.
const PLATFORM_SECONDS: i64 = 30;
/// How long it may take to load, besides.
const LOAD_SECONDS: i64 = 15;
/// Platforms that count: the status file remembers more of them than any start ever waits for.
const MOST_PLATFORMS: usize = 10;
/// After so long its own watchdog ends a start without an event loop, by default (0.21.3).
const WATCHDOG_SECONDS: i64 = 300;
/// How often it waits as long again for a process that computes.
const MOST_STRETCHES: i64 = 3;
/// For how long a step can announce itself at once, at the most.
const LEASE_SECONDS: i64 = 900;
/// So long may what is left of a process take to end: its own watchdog ends it a minute after its drain.
const ENDING_SECONDS: i64 = 300;
/// How long it waits to break a storm of starts, at the most (0.19).
const HELD_BACK_SECONDS: i64 = 300;
