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
use gw_snapshot::facts::release::Capability;
use gw_snapshot::parse::log::Class;

use crate::Subject;

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

impl Subject<'_> {
    /// True if the gateway's process has not come to the end of its start.
    pub(crate) fn is_starting(&self) -> bool {
        self.start().is_some()
    }

    /// What its start is at. None if there is no process, or it runs, stops, or takes too long for a start.
    pub(crate) fn start(&self) -> Option<Step> {
        let process = self.gateway.process()?;
        let state =
            self.gateway.own_status(self.facts.about.os).and_then(|status| status.state.as_deref());
        match state {
            Some("starting") if self.manager_waits_for(process) => return Some(Step::Usual),
            Some("starting") | None => {}
            // It runs, drains or ends.
            Some(_) => return None,
        }
        let age = process.age(self.facts.now)?.as_secs();
        if age < self.usual_start() {
            return Some(Step::Usual);
        }
        // It says itself that it connects, and nothing takes so long; or it answers, whatever its records say.
        if state.is_some() || self.answers_as_hermes() {
            return None;
        }
        self.announced(process, age).or_else(|| {
            let is_watched = self.has(Capability::StartWatchdog) == Some(true);
            (is_watched && age < WATCHDOG_SECONDS).then_some(Step::Usual)
        })
    }

    /// True if the gateway's process has said good-bye a moment ago, and lives still.
    pub(crate) fn is_ending(&self) -> bool {
        let status = self.gateway.own_status(self.facts.about.os);
        let status = status
            .filter(|status| matches!(status.state.as_deref(), Some("stopped" | "startup_failed")));
        let age = status.and_then(|status| status.updated_at).and_then(|said| self.age_of(said));
        age.is_some_and(|age| age < ENDING_SECONDS)
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
