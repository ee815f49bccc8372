//! The lives of a gateway: each run of it that any witness tells of, put together once.
//!
//! Two witnesses of one run are one life: they name the same PID, or one of them none, and both times of its start can be
//! those of one start. Each witness has its own delay: the kernel and the service manager tell when the process began, the
//! ledger and the log when Hermes had come as far as to write. What ends a life belongs to the last one with that PID that
//! began before; what fits no life is said of none.

use gw_snapshot::facts::endings::{Told, Watchdog};
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::{Exit, Job};
use gw_snapshot::facts::journal::Stretch;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::record::PidRecord;
use gw_snapshot::facts::{Facts, Gateway, Lane, home};
use gw_snapshot::observation::{ProcessSeen, Started};
use gw_snapshot::parse::log::Class;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The lives of one gateway, as far as anything tells of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lives {
    /// Those whose time is known, oldest first, then the others.
    pub(crate) all: Vec<Life>,
    /// Ends of which no time is known: what launchd calls the last exit of a job. Each with its service.
    pub(crate) loose: Vec<(String, End)>,
    /// The clock of the logs, where a start in them and another witness of it tell.
    pub(crate) clock: Option<Clock>,
}

/// The clock of a log, whose times bear no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// How far it is ahead of UTC.
    offset: SignedDuration,
    /// The oldest time that is told by it, a day before the oldest start that another witness has: before that, summer time
    /// may have begun or ended.
    from: DateTime,
}

impl Clock {
    /// The instant of a time by this clock.
    fn instant(self, wall: DateTime) -> Option<Timestamp> {
        if wall < self.from { None } else { by_offset(wall, self.offset) }
    }
}

/// One run of a gateway.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    /// Its process.
    pub(crate) pid: Option<u32>,
    /// Each word on when it began, the surest first.
    pub(crate) starts: Vec<Start>,
    /// Each word on how and when it ended.
    pub(crate) ends: Vec<End>,
    /// When a signal asked it to stop, as its log says.
    pub(crate) asked_at: Option<Timestamp>,
    /// True if it goes on.
    pub(crate) is_present: bool,
    /// True if it stands beside the one that goes on: it lives too, or it began while that one did, and was refused or gave
    /// way.
    pub(crate) is_beside: bool,
    /// True if it lives beside the present one, or its process does.
    pub(crate) is_alive: bool,
    /// The service that started it, where its manager says so.
    pub(crate) service: Option<String>,
}

/// A word on when a life began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    /// When the witness has it.
    pub(crate) at: Timestamp,
    /// Who tells.
    pub(crate) by: By,
    /// The file or the command that tells.
    pub(crate) source: String,
}

/// A kind of witness of a start, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// The kernel.
    Process,
    /// The service manager.
    Manager,
    /// A record of the process's own, with its start time.
    Record,
    /// `logs/gateway-exit-diag.log`, at the beginning of the command.
    Trace,
    /// `gateway-starts.log`, at the beginning of the command.
    Ledger,
    /// `state/gateway.lifecycle.json`, once it has its lock.
    Lifecycle,
    /// `logs/gateway.log`.
    Log,
}

/// A word on the end of a life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// When. None: that is not told.
    pub(crate) at: Option<Timestamp>,
    /// True if it ended at that time at the latest.
    pub(crate) is_latest: bool,
    /// How.
    pub(crate) how: How,
    /// The file or the command that tells.
    pub(crate) source: String,
    /// What that says.
    pub(crate) said: String,
}

/// How a life ended, by one word on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// With this code or signal, as its manager or its own ledger says.
    Exit(Exit),
    /// For this reason, as launchd says of the kernel.
    Reason(String),
    /// A watchdog of Hermes's own ended it.
    Watched(Watchdog),
    /// An error ended it that nothing caught. Its name.
    Crashed(Option<String>),
    /// Without an error, as after a stop that was asked for.
    Well,
    /// By itself, with another code than 0.
    WithCode,
    /// By Ctrl-C.
    Interrupted,
    /// It said so: its last state, with its reason, and whether a restart was asked for.
    Said {
        /// `stopped`, `startup_failed`.
        state: String,
        /// `exit_reason`.
        reason: Option<String>,
        /// `restart_requested`.
        for_restart: bool,
    },
    /// It left no word of its end. True if memory was short when it last wrote.
    NoWord(bool),
}

impl By {
    /// How long after the start of the process this witness may write, in seconds.
    const fn delay(self) -> i64 {
        match self {
            Self::Process | Self::Manager | Self::Record => 0,
            Self::Trace | Self::Ledger => 60,
            // Its database is checked and migrated before.
            Self::Lifecycle => 1200,
            // It may wait before, to break a storm of starts.
            Self::Log => 330,
        }
    }

    /// True if it is a list of starts, one after the other.
    pub(crate) const fn is_list(self) -> bool {
        matches!(self, Self::Trace | Self::Ledger | Self::Log)
    }
}

impl Start {
    /// The first and the last moment at which the process can have begun.
    fn interval(&self) -> (Timestamp, Timestamp) {
        let after = self.at.saturating_add(GRAIN).unwrap_or(self.at);
        let before = SignedDuration::from_secs(self.by.delay()).saturating_add(GRAIN);
        (self.at.saturating_sub(before).unwrap_or(self.at), after)
    }

    /// True if both can be of one start.
    fn meets(&self, other: &Self) -> bool {
        let ((from, to), (other_from, other_to)) = (self.interval(), other.interval());
        from <= other_to && other_from <= to
    }
}

impl Life {
    /// The surest word on when it began.
    pub(crate) fn started(&self) -> Option<&Start> {
        self.starts.first()
    }

    /// The surest word on its end: one with a time before one without, and a code before a mere word.
    pub(crate) fn ended(&self) -> Option<&End> {
        self.ends.iter().min_by_key(|end| (end.how.rank(), end.at.is_none(), end.is_latest))
    }

    /// When it ended: at its own last word, which it wrote before that, or when its manager saw it, by the later of them.
    pub(crate) fn ended_at(&self) -> Option<Timestamp> {
        let told = |is_latest: bool| self.ends.iter().filter(move |end| end.is_latest == is_latest);
        told(false)
            .filter_map(|end| end.at)
            .max()
            .or_else(|| told(true).filter_map(|end| end.at).min())
    }

    /// True if it was cut short: it was killed, an error or a watchdog ended it, or it left no word.
    pub(crate) fn was_cut_short(&self) -> bool {
        self.ends.iter().any(|end| end.how.is_unclean())
    }

    /// True if it was killed, as far as anything tells: it neither wrote an error or a watchdog's word nor ended with a code.
    pub(crate) fn was_killed(&self) -> bool {
        let is_kill =
            |how: &How| matches!(how, How::NoWord(_) | How::Reason(_) | How::Exit(Exit::Signal(_)));
        self.was_cut_short() && self.ends.iter().all(|end| is_kill(&end.how))
    }

    /// When anything of it is first known.
    fn time(&self) -> Option<Timestamp> {
        self.started().map(|start| start.at).or_else(|| self.ended_at())
    }

    fn add(&mut self, start: Start) {
        if !self.starts.contains(&start) {
            self.starts.push(start);
        }
        self.starts.sort_by(|one, other| {
            (one.by, one.at, &one.source).cmp(&(other.by, other.at, &other.source))
        });
    }
}

impl How {
    /// The surest first.
    const fn rank(&self) -> u8 {
        match self {
            Self::Watched(_) => 0,
            Self::Crashed(_) => 1,
            Self::Reason(_) => 2,
            Self::Exit(_) => 3,
            Self::Said { .. } => 4,
            Self::Interrupted => 5,
            Self::Well => 6,
            Self::WithCode => 7,
            Self::NoWord(_) => 8,
        }
    }

    /// True if no stop and no planned restart ends so.
    const fn is_unclean(&self) -> bool {
        match self {
            Self::Watched(_) | Self::Crashed(_) | Self::Reason(_) | Self::NoWord(_) => true,
            // SIGTERM may come from a stop, before Hermes can handle it; 1 is what a stop without notice ends with, too.
            Self::Exit(Exit::Signal(signal)) => !matches!(signal, 2 | 15),
            Self::Exit(_) | Self::Said { .. } | Self::Interrupted | Self::Well | Self::WithCode => {
                false
            }
        }
    }

    /// Says it, for people: what follows "it ended".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Exit(exit) => format!("with {exit}"),
            Self::Reason(reason) => format!("by the system: {reason}"),
            Self::Watched(watchdog) => format!("since {}", watchdog.words()),
            Self::Crashed(error) => {
                format!("with an uncaught {}", error.as_deref().unwrap_or("error"))
            }
            Self::Well => "cleanly".into(),
            Self::WithCode => "by itself, with another code than 0".into(),
            Self::Interrupted => "by Ctrl-C".into(),
            Self::Said { state, reason, for_restart } => {
                let reason =
                    reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
                let restart = if *for_restart { ", for a restart" } else { "" };
                format!("saying {state}{reason}{restart}")
            }
            Self::NoWord(lacked_memory) => {
                let memory =
                    if *lacked_memory { "; memory was short when it last wrote" } else { "" };
                format!(
                    "without a word: it was killed, or an error ended it that nothing caught{memory}"
                )
            }
        }
    }
}

impl Lives {
    /// Puts them together.
    pub(crate) fn of(facts: &Facts, gateway: &Gateway) -> Self {
        let mut weaver = Weaver { facts, gateway, lives: Vec::new(), loose: Vec::new() };
        weaver.processes();
        weaver.managers();
        weaver.records();
        weaver.traces();
        weaver.ledger();
        weaver.lifecycle();
        let clock = weaver.log();
        weaver.endings();
        weaver.finish(clock)
    }

    /// The one that goes on.
    pub(crate) fn present(&self) -> Option<&Life> {
        self.all.iter().find(|life| life.is_present)
    }

    /// The last one that is over. None: nothing tells of one.
    pub(crate) fn previous(&self) -> Option<&Life> {
        let is_over = |life: &&Life| !life.is_present && !life.is_beside && life.time().is_some();
        self.all.iter().rfind(is_over)
    }

    /// When each of them began whose start is known, oldest first.
    pub(crate) fn starts(&self) -> Vec<Timestamp> {
        let mut starts: Vec<Timestamp> =
            self.all.iter().filter_map(|life| Some(life.started()?.at)).collect();
        starts.sort_unstable();
        starts
    }

    /// Those that were cut short not longer ago than so many seconds.
    pub(crate) fn cut_short(&self, now: Timestamp, within: i64) -> Vec<&Life> {
        let is_recent = |life: &&Life| {
            life.ended_at().is_some_and(|at| {
                (-GRAIN_SECONDS..=within).contains(&now.duration_since(at).as_secs())
            })
        };
        let all = self.all.iter().filter(|life| !life.is_alive && life.was_cut_short());
        all.filter(is_recent).collect()
    }

    /// True if the times in the logs are known as instants.
    pub(crate) fn knows_the_log(&self) -> bool {
        self.clock.is_some()
    }

    /// The instant of a time in the logs. None where the zone of their clock is not known.
    pub(crate) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        self.clock?.instant(wall)
    }
}

fn by_offset(wall: DateTime, offset: SignedDuration) -> Option<Timestamp> {
    let taken_for_utc = wall.to_zoned(TimeZone::UTC).ok()?.timestamp();
    taken_for_utc.checked_sub(offset).ok()
}

/// Puts what the witnesses tell together.
struct Weaver<'a> {
    facts: &'a Facts,
    gateway: &'a Gateway,
    lives: Vec<Life>,
    loose: Vec<(String, End)>,
}

impl Weaver<'_> {
    fn path(&self, name: &str) -> String {
        home::join(&self.gateway.home.path, name)
    }

    /// The process that lives, and those beside it.
    fn processes(&mut self) {
        let liveness = &self.gateway.liveness;
        let others =
            [&liveness.others, &liveness.attempts, &liveness.unclear].into_iter().flatten();
        let present = self.gateway.process();
        for process in present.into_iter().chain(others) {
            let source = format!("process {}", process.pid);
            let start = process.started_at.map(|at| Start { at, by: By::Process, source });
            self.lives.push(Life {
                pid: Some(process.pid),
                starts: start.into_iter().collect(),
                is_present: present.is_some_and(|present| present.pid == process.pid),
                is_alive: true,
                ..Life::default()
            });
        }
    }

    /// The last run of each service, as its manager has it.
    fn managers(&mut self) {
        for (at, lane) in self.gateway.lanes.iter().enumerate() {
            let Some(job) = lane.job.known() else { continue };
            let is_its_own =
                matches!(self.gateway.supervision, Supervision::Lane(own) if own == at);
            let life = self.run_of(job, is_its_own);
            if let Some(life) = life.and_then(|life| self.lives.get_mut(life)) {
                life.service = Some(lane.title());
            }
            self.end_of(lane, job, life);
        }
    }

    /// The life that a job tells of. Where the gateway is below a wrapper, its manager knows the wrapper's process.
    fn run_of(&mut self, job: &Job, is_its_own: bool) -> Option<usize> {
        let ran_as = job.systemd.as_ref().and_then(|systemd| systemd.ran_as).or(job.main_pid);
        let present = self.lives.iter().position(|life| life.is_present);
        let is_wrapper = is_its_own && job.main_pid.is_some() && job.main_pid == ran_as;
        let pid = match present {
            Some(present) if is_wrapper => self.lives.get(present)?.pid,
            _ => ran_as,
        };
        let start =
            job.started_at.map(|at| Start { at, by: By::Manager, source: job.source.clone() });
        match start {
            Some(start) => Some(self.add(pid, start)),
            None if job.main_pid.is_some() => self.named(pid?, None),
            None => None,
        }
    }

    /// How the last run of a job ended: the run that its manager tells of, or, as launchd has it, the one before.
    fn end_of(&mut self, lane: &Lane, job: &Job, life: Option<usize>) {
        let reason = job.launchd.as_ref().and_then(|launchd| launchd.exit_reason.clone());
        let how = match (job.last_exit, reason) {
            (_, Some(reason)) => How::Reason(reason),
            (Some(exit), None) => How::Exit(exit),
            (None, None) => return,
        };
        let said = match &how {
            How::Reason(reason) => reason.clone(),
            _ => job.last_exit.map_or_else(String::new, |exit| exit.to_string()),
        };
        let source = job.source.clone();
        let end = End { at: job.exited_at, is_latest: false, how, source, said };
        let is_of_it = job.exited_at.zip(job.started_at).is_some_and(|(end, start)| end >= start);
        match life.and_then(|life| self.lives.get_mut(life)) {
            Some(life) if is_of_it && !life.is_alive => life.ends.push(end),
            _ if end.at.is_some() => {
                self.lives.push(Life {
                    ends: vec![end],
                    service: Some(lane.title()),
                    ..Life::default()
                });
            }
            _ => self.loose.push((lane.title(), end)),
        }
    }

    /// The records that name a process.
    fn records(&mut self) {
        let written = |name: &str| {
            let path = self.path(name);
            self.gateway.files.iter().find(|file| file.path == path).and_then(|file| file.mtime)
        };
        let pid_file = self.gateway.pid_file.known().cloned();
        let pid_file =
            pid_file.map(|record| (record, written("gateway.pid"), self.path("gateway.pid")));
        let status = self.gateway.status.known();
        let status = status.and_then(|status| {
            let file = "gateway_state.json";
            let at = status.updated_at.or_else(|| written(file));
            Some((status.writer.clone()?, at, self.path(file)))
        });
        for (record, written, source) in [pid_file, status].into_iter().flatten() {
            match self.began(&record, written) {
                Some(at) => drop(self.add(Some(record.pid), Start { at, by: By::Record, source })),
                None => drop(self.named(record.pid, written)),
            }
        }
    }

    /// When the process of a record began. Ticks are of the boot in which it was written.
    fn began(&self, record: &PidRecord, written: Option<Timestamp>) -> Option<Timestamp> {
        let about = &self.facts.about;
        let started = Some(Started::Units(record.start_time?));
        let seen = ProcessSeen { pid: record.pid, started, ..ProcessSeen::default() };
        let began = Process::of(seen, about).started_at?;
        let written = written?.saturating_add(GRAIN).ok()?;
        let is_of_this_boot = about.boot_time.is_none_or(|boot| written >= boot);
        (is_of_this_boot && began <= written).then_some(began)
    }

    /// The starts that `logs/gateway-exit-diag.log` has.
    fn traces(&mut self) {
        let source = self.path("logs/gateway-exit-diag.log");
        for trace in self.gateway.endings.traces.known().into_iter().flatten() {
            if trace.told == Told::Started {
                let start = Start { at: trace.at, by: By::Trace, source: source.clone() };
                self.add(Some(trace.pid), start);
            }
        }
    }

    /// The starts that `gateway-starts.log` has.
    fn ledger(&mut self) {
        let source = self.path("gateway-starts.log");
        for at in self.gateway.marks.starts.known().into_iter().flatten() {
            self.add(None, Start { at: *at, by: By::Ledger, source: source.clone() });
        }
    }

    /// The last life that came as far as its lock, and its end.
    fn lifecycle(&mut self) {
        let Some(last) = self.gateway.endings.last.known() else { return };
        let source = self.path("state/gateway.lifecycle.json");
        let life = match last.started_at {
            Some(at) => {
                let start = Start { at, by: By::Lifecycle, source: source.clone() };
                Some(self.add(Some(last.pid), start))
            }
            None => self.named(last.pid, last.end.as_ref().and_then(|end| end.at)),
        };
        let how = last.end.as_ref().map(|end| match (end.watchdog, end.code) {
            (Some(watchdog), _) => How::Watched(watchdog),
            (None, Some(code)) => How::Exit(Exit::Code(code)),
            (None, None) => How::Well,
        });
        let Some(life) = life.and_then(|life| self.lives.get_mut(life)) else { return };
        if let Some((how, end)) = how.zip(last.end.as_ref()).filter(|_| !life.is_alive) {
            let said = end.code.map_or_else(|| "exited".into(), |code| format!("exit_code {code}"));
            life.ends.push(End { at: end.at, is_latest: false, how, source, said });
        }
    }

    /// The starts that the log has, once its zone is known by those that other witnesses have.
    fn log(&mut self) -> Option<Clock> {
        let journal = self.gateway.journal.known()?;
        let walls: Vec<DateTime> =
            journal.stretches.iter().filter_map(|stretch| stretch.start).collect();
        let clock = self.clock(&walls, journal.written)?;
        let source = self.path("logs/gateway.log");
        let known: Vec<(Timestamp, &Stretch)> = journal
            .stretches
            .iter()
            .filter_map(|stretch| Some((clock.instant(stretch.start?)?, stretch)))
            .collect();
        for (at, stretch) in known {
            let life = self.add(None, Start { at, by: By::Log, source: source.clone() });
            self.logged(life, stretch, clock, &source);
        }
        Some(clock)
    }

    /// What the log says of the end of a life.
    fn logged(&mut self, life: usize, stretch: &Stretch, clock: Clock, source: &str) {
        let last = |class: Class| {
            let count = stretch.classes.get(&class)?;
            clock.instant(count.last?)
        };
        let Some(life) = self.lives.get_mut(life) else { return };
        life.asked_at = life.asked_at.max(last(Class::Shutdown));
        // A start that hung did so before it logged that it began: the line of its end stands behind an earlier one.
        if let Some(at) = last(Class::LoopFrozen).filter(|_| !life.is_alive) {
            let how = How::Watched(Watchdog::Loop);
            let said = "a line of the watchdog of its event loop".into();
            life.ends.push(End {
                at: Some(at),
                is_latest: false,
                how,
                source: source.into(),
                said,
            });
        }
    }

    /// The clock of the log: so far ahead of UTC that most of its starts are starts that others tell of, too. None where two
    /// zones would do as well as each other.
    fn clock(&self, walls: &[DateTime], written: Option<Timestamp>) -> Option<Clock> {
        let known: Vec<Timestamp> =
            self.lives.iter().filter_map(|life| Some(life.started()?.at)).collect();
        let limit = written.unwrap_or(self.facts.now).saturating_add(GRAIN).ok();
        let newest = walls.get(walls.len().saturating_sub(MOST_STARTS)..).unwrap_or_default();
        let fitting = |offset: SignedDuration| -> Vec<DateTime> {
            let is_ahead = |at: Timestamp| limit.is_some_and(|limit| at > limit);
            if newest.iter().filter_map(|wall| by_offset(*wall, offset)).any(is_ahead) {
                return Vec::new();
            }
            let is_known = |wall: &&DateTime| {
                let Some(at) = by_offset(**wall, offset) else { return false };
                known.iter().any(|start| {
                    (-GRAIN_SECONDS..=SOON).contains(&at.duration_since(*start).as_secs())
                })
            };
            newest.iter().filter(is_known).copied().collect()
        };
        let mut best: Vec<(Vec<DateTime>, SignedDuration)> = (-QUARTERS..=QUARTERS)
            .map(|quarters| SignedDuration::from_mins(quarters.saturating_mul(15)))
            .map(|offset| (fitting(offset), offset))
            .filter(|(fits, _)| !fits.is_empty())
            .collect();
        best.sort_by_key(|(fits, _)| std::cmp::Reverse(fits.len()));
        match best.as_slice() {
            [(first, _), (second, _), ..] if first.len() == second.len() => None,
            [(fits, offset), ..] => {
                let oldest = fits.iter().copied().min()?;
                Some(Clock { offset: *offset, from: oldest.checked_sub(A_DAY).unwrap_or(oldest) })
            }
            [] => None,
        }
    }

    /// The ends that the files of the home tell of.
    fn endings(&mut self) {
        let traces = self.path("logs/gateway-exit-diag.log");
        for trace in self.gateway.endings.traces.known().into_iter().flatten() {
            let how = match &trace.told {
                Told::EndedWell => How::Well,
                Told::EndedWithCode => How::WithCode,
                Told::Interrupted => How::Interrupted,
                Told::Crashed(error) => How::Crashed(error.clone()),
                Told::Started | Told::FoundUnclean => continue,
            };
            self.end(trace.pid, trace.at, how, &traces, trace.tag);
        }
        let watchdog = self.path("logs/gateway-startup-watchdog.log");
        for hung in self.gateway.endings.hung_starts.known().into_iter().flatten() {
            let how = How::Watched(Watchdog::Start);
            self.end(hung.pid, hung.at, how, &watchdog, "startup_watchdog.fired");
        }
        self.status();
        self.unworded();
    }

    /// The end that the status file tells of.
    fn status(&mut self) {
        let Some(status) = self.gateway.status.known() else { return };
        let (Some(writer), Some(at)) = (&status.writer, status.updated_at) else { return };
        let how = match (status.watchdog(), status.state.as_deref()) {
            (Some(watchdog), _) => How::Watched(watchdog),
            (None, Some(state @ ("stopped" | "startup_failed"))) => How::Said {
                state: state.into(),
                reason: status.exit_reason.clone(),
                for_restart: status.restart_requested,
            },
            _ => return,
        };
        let source = self.path("gateway_state.json");
        self.end(writer.pid, at, how, &source, status.state.as_deref().unwrap_or_default());
    }

    /// The lives that left no word of their end: so the next one found at its start, or their own record says that they go
    /// on.
    fn unworded(&mut self) {
        let endings = &self.gateway.endings;
        let lifecycle = self.path("state/gateway.lifecycle.json");
        let mut finders: Vec<(u32, Timestamp, bool, String, &str)> = Vec::new();
        for trace in endings.traces.known().into_iter().flatten() {
            if trace.told == Told::FoundUnclean {
                let source = self.path("logs/gateway-exit-diag.log");
                finders.push((trace.pid, trace.at, false, source, trace.tag));
            }
        }
        if let Some(last) = endings.last.known().filter(|last| last.prior_was_unclean) {
            let at = last.started_at.or_else(|| last.end.as_ref()?.at).unwrap_or(self.facts.now);
            let source = lifecycle.clone();
            finders.push((last.pid, at, last.prior_lacked_memory, source, "prior_unclean_exit"));
        }
        for (pid, at, lacked_memory, source, said) in finders {
            let finder = self.position(pid, at);
            let began =
                finder.and_then(|finder| Some(self.lives.get(finder)?.started()?.at)).unwrap_or(at);
            let how = How::NoWord(lacked_memory);
            let end = End { at: Some(began), is_latest: true, how, source, said: said.into() };
            let before = self.before(began, finder).and_then(|before| self.lives.get_mut(before));
            match before {
                Some(life) if life.ends.is_empty() && !life.is_alive => life.ends.push(end),
                // It is told already, by this witness or by a better one.
                Some(_) => {}
                None => self.lives.push(Life { ends: vec![end], ..Life::default() }),
            }
        }
        self.untraced();
        // A life whose own ledger says that it goes on, and that is gone.
        let Some(last) = endings.last.known().filter(|last| last.end.is_none()) else { return };
        let is_gone = self.is_gone(last.pid);
        let life = self.lives.iter_mut().rfind(|life| life.pid == Some(last.pid));
        if let Some(life) = life.filter(|life| is_gone && !life.is_alive && life.ends.is_empty()) {
            life.ends.push(End {
                at: None,
                is_latest: false,
                how: How::NoWord(false),
                source: lifecycle,
                said: "phase: running".into(),
            });
        }
    }

    /// The lives that came as far as their log, left a record of their start, and none of an end, neither there nor in the
    /// log: every end that Hermes makes itself leaves one.
    fn untraced(&mut self) {
        let source = self.path("logs/gateway-exit-diag.log");
        let starts: Vec<Option<Timestamp>> =
            self.lives.iter().map(|life| Some(life.started()?.at)).collect();
        for index in 0..self.lives.len() {
            let Some(life) = self.lives.get(index) else { continue };
            let has = |by: By| life.starts.iter().any(|start| start.by == by);
            let is_over = !life.is_alive && life.pid.is_some_and(|pid| self.is_gone(pid));
            if !(has(By::Trace) && has(By::Log) && is_over)
                || life.asked_at.is_some()
                || !life.ends.is_empty()
            {
                continue;
            }
            let began = life.started().map(|start| start.at);
            let next = starts.iter().flatten().copied().filter(|start| Some(*start) > began).min();
            let how = How::NoWord(false);
            let said = "gateway.start, and no record of its end".into();
            let end = End { at: next, is_latest: true, how, source: source.clone(), said };
            if let Some(life) = self.lives.get_mut(index) {
                life.ends.push(end);
            }
        }
    }

    /// True if no process of this number can be a gateway of this home any more.
    fn is_gone(&self, pid: u32) -> bool {
        let is_alive = self.lives.iter().any(|life| life.is_alive && life.pid == Some(pid));
        self.gateway.liveness.process.why().is_none() && !is_alive
    }

    /// Gives an end to the life of this process.
    fn end(&mut self, pid: u32, at: Timestamp, how: How, source: &str, said: &str) {
        let end =
            End { at: Some(at), is_latest: false, how, source: source.into(), said: said.into() };
        match self.position(pid, at).and_then(|life| self.lives.get_mut(life)) {
            Some(life) if life.is_alive => {}
            Some(life) => life.ends.push(end),
            None => self.lives.push(Life { pid: Some(pid), ends: vec![end], ..Life::default() }),
        }
    }

    /// Returns the last life of this process that began before this time, or may have.
    fn position(&self, pid: u32, at: Timestamp) -> Option<usize> {
        let limit = at.saturating_add(GRAIN).unwrap_or(at);
        let of_it = self.lives.iter().enumerate().filter(|(_, life)| {
            life.pid == Some(pid) && life.started().is_none_or(|start| start.interval().0 <= limit)
        });
        of_it.max_by_key(|(_, life)| life.started().map(|start| start.at)).map(|(at, _)| at)
    }

    /// Returns the last life that began before this time.
    fn before(&self, at: Timestamp, besides: Option<usize>) -> Option<usize> {
        let earlier = self.lives.iter().enumerate().filter_map(|(index, life)| {
            let began = life.time()?;
            (began < at && Some(index) != besides).then_some((began, index))
        });
        earlier.max().map(|(_, index)| index)
    }

    /// Returns the life of a process of which nothing but its number is known, and when it wrote something.
    fn named(&mut self, pid: u32, at: Option<Timestamp>) -> Option<usize> {
        if let Some(known) = self.position(pid, at.unwrap_or(self.facts.now)) {
            return Some(known);
        }
        self.lives.push(Life { pid: Some(pid), ..Life::default() });
        self.lives.len().checked_sub(1)
    }

    /// Adds a start to the life that it is of, or makes one of it.
    fn add(&mut self, pid: Option<u32>, start: Start) -> usize {
        let fits = |life: &Life| {
            let is_same = life.pid.zip(pid).is_none_or(|(one, other)| one == other);
            // Each of these writes once a life.
            let is_told = life
                .starts
                .iter()
                .any(|known| known.by == start.by && start.by.is_list() && *known != start);
            let meets = life.starts.iter().all(|known| known.meets(&start));
            let is_named = life.pid.is_some() && life.pid == pid;
            is_same && !is_told && meets && (is_named || !life.starts.is_empty())
        };
        let distance = |life: &Life| {
            let began = life.started().map(|known| known.at.duration_since(start.at).abs());
            (life.pid.is_none() || life.pid != pid, began)
        };
        let found = self.lives.iter().enumerate().filter(|(_, life)| fits(life));
        let found = found.min_by_key(|(_, life)| distance(life)).map(|(at, _)| at);
        let at = found.unwrap_or(self.lives.len());
        if found.is_none() {
            self.lives.push(Life::default());
        }
        if let Some(life) = self.lives.get_mut(at) {
            life.pid = life.pid.or(pid);
            life.add(start);
        }
        at
    }

    /// Puts them in order, and tells which stood beside the present one.
    fn finish(mut self, clock: Option<Clock>) -> Lives {
        let present = self.lives.iter().find(|life| life.is_present);
        let began = present.and_then(|life| life.started()).map(|start| start.at);
        for life in &mut self.lives {
            let after =
                life.started().zip(began).is_some_and(|(start, began)| start.interval().0 > began);
            life.is_beside = !life.is_present && (after || life.is_alive);
            life.ends.sort_by(|one, other| {
                (one.how.rank(), one.at, &one.source).cmp(&(
                    other.how.rank(),
                    other.at,
                    &other.source,
                ))
            });
        }
        self.lives.sort_by(|one, other| {
            let key = |life: &Life| (life.time().is_none(), life.time(), life.is_present, life.pid);
            key(one).cmp(&key(other))
        });
        Lives { all: self.lives, loose: self.loose, clock }
    }
}

/// How exact the kernel's and the service managers' own times are: both are known to the second.
const GRAIN_SECONDS: i64 = 2;
const GRAIN: SignedDuration = SignedDuration::from_secs(GRAIN_SECONDS);
/// So soon after its start a gateway writes its first line. In seconds.
const SOON: i64 = 60;
/// Summer time begins or ends within few days of a year.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// So many of its starts tell the zone of a log.
const MOST_STARTS: usize = 64;
/// Quarters of an hour between UTC and the farthest zone.
const QUARTERS: i64 = 56;

#[cfg(test)]
mod tests {
    use gw_snapshot::facts::{Wanted, gather};
    use gw_snapshot::recorded::Recorded;
    use gw_snapshot::snapshot::Snapshot;
    use serde_json::{Value, json};

    use super::*;

    /// The lives of a home with these files, a process and a unit beside them, on a host that booted at midnight.
    fn lives(files: &[(&str, &str)], process: Option<Value>, unit: Option<&str>) -> Lives {
        let files: Vec<Value> = files
            .iter()
            .map(|(name, text)| {
                json!({"path": format!("/home/a/.hermes/{name}"), "text": text, "mtime": "2026-11-21T03:00:00Z"})
            })
            .collect();
        let unit = unit.map(|stdout| {
            json!({"argv": ["systemctl", "--user", "show", "--no-pager", "-p", "Id", "--", "hermes-gateway.service"],
                "exit": 0, "stdout": stdout})
        });
        let snapshot = json!({
            "schema": Snapshot::SCHEMA,
            "taken_at": "2026-11-21T03:00:00Z",
            "host": {"os": "linux", "uid": 1000, "home": "/home/a", "boot_time": "2026-11-21T00:00:00Z", "ticks_per_second": 100},
            "observations": {
                "searches": {"processes": "complete"},
                "files": files,
                "commands": unit.into_iter().collect::<Vec<_>>(),
                "processes": process.into_iter().collect::<Vec<_>>(),
                "locks": [],
            },
        });
        let host = Recorded::new(serde_json::from_value(snapshot).expect("a snapshot"));
        let facts = gather(&host, &Wanted::default());
        Lives::of(&facts, facts.gateways.first().expect("a gateway"))
    }

    /// PID 391, which started so many seconds after midnight and has the lock open.
    fn process(seconds: u64) -> Value {
        json!({"pid": 391, "uid": 1000, "state": "S", "started": seconds * 100,
            "argv": ["/v/bin/python", "-m", "hermes_cli.main", "gateway", "run"],
            "open": ["/home/a/.hermes/gateway.lock"], "env": {"HERMES_HOME": "/home/a/.hermes"}})
    }

    fn seconds(start: &Start) -> i64 {
        let midnight: Timestamp = "2026-11-21T00:00:00Z".parse().expect("a time");
        start.at.duration_since(midnight).as_secs()
    }

    /// The PID of each, its surest start, and by how many witnesses it is told.
    fn told(lives: &Lives) -> Vec<(Option<u32>, Option<i64>, usize)> {
        lives
            .all
            .iter()
            .map(|life| (life.pid, life.started().map(seconds), life.starts.len()))
            .collect()
    }

    /// 02:46:40, 10,000 s after midnight.
    const LEDGER: (&str, &str) = ("gateway-starts.log", "1795229201.5\n");

    #[test]
    fn witnesses_of_one_start_are_one_life_and_those_of_another_are_another() {
        let trace = r#"{"ts": "2026-11-21T02:46:41+00:00", "tag": "gateway.start", "pid": 391}"#;
        let log = "2026-11-21 02:46:43,000 INFO gateway.run: Starting Hermes Gateway...\n";
        let files = [LEDGER, ("logs/gateway-exit-diag.log", trace), ("logs/gateway.log", log)];
        let one = lives(&files, Some(process(10_000)), None);
        assert_eq!(told(&one), [(Some(391), Some(10_000), 4)]);
        assert!(one.present().is_some() && one.previous().is_none());
        // Of another number, and half an hour after the one that lives, it is another's.
        let trace = trace.replace("391", "405");
        let files = [LEDGER, ("logs/gateway-exit-diag.log", &*trace), ("logs/gateway.log", log)];
        let two = lives(&files, Some(process(8250)), None);
        assert_eq!(told(&two), [(Some(391), Some(8250), 1), (Some(405), Some(10_001), 3)]);
        assert!(two.all[1].is_beside, "it began while the present one went on");
    }

    #[test]
    fn a_number_that_is_used_again_is_another_life() {
        let traces = "{\"ts\": \"2026-11-21T01:00:00+00:00\", \"tag\": \"gateway.start\", \"pid\": 391}\n\
                      {\"ts\": \"2026-11-21T01:30:00+00:00\", \"tag\": \"gateway.exit_clean\", \"pid\": 391}\n\
                      {\"ts\": \"2026-11-21T02:46:41+00:00\", \"tag\": \"gateway.start\", \"pid\": 391}";
        let found = lives(&[("logs/gateway-exit-diag.log", traces)], Some(process(10_000)), None);
        assert_eq!(told(&found), [(Some(391), Some(3600), 1), (Some(391), Some(10_000), 2)]);
        let ends: Vec<&How> = found.all[0].ends.iter().map(|end| &end.how).collect();
        assert_eq!(ends, [&How::Well]);
        assert!(found.all[1].ends.is_empty() && found.all[1].is_present);
    }

    #[test]
    fn the_clock_of_a_log_is_known_by_a_start_that_another_witness_has() {
        let log = |wall: &str| format!("{wall} INFO gateway.run: Starting Hermes Gateway...\n");
        let offset = |wall: &str| {
            let text = log("2026-10-20 02:46:43,000") + &log(wall);
            let lives = lives(&[LEDGER, ("logs/gateway.log", &text)], Some(process(10_000)), None);
            // Of what is older, summer time may have been another.
            assert_eq!(lives.all.len(), 1, "{lives:?}");
            lives.clock.map(|clock| clock.offset)
        };
        assert_eq!(offset("2026-11-21 02:46:43,000"), Some(SignedDuration::ZERO));
        assert_eq!(offset("2026-11-21 08:16:43,000"), Some(SignedDuration::from_mins(330)));
        assert_eq!(offset("2026-11-20 21:46:43,000"), Some(SignedDuration::from_hours(-5)));
        // No zone is seven minutes from UTC.
        assert_eq!(offset("2026-11-21 02:53:43,000"), None);
    }

    #[test]
    fn an_end_belongs_to_the_run_that_its_manager_tells_of_and_never_to_the_present_one() {
        let unit = "Id=hermes-gateway.service\nActiveState=activating\nSubState=auto-restart\nMainPID=0\nExecMainPID=371\n\
                    ExecMainCode=2\nExecMainStatus=9\nExecMainStartTimestamp=Sat 2026-11-21 02:00:00 UTC\n\
                    ExecMainExitTimestamp=Sat 2026-11-21 02:30:00 UTC\nNRestarts=1\nResult=signal\n";
        let definition = "[Service]\nExecStart=/v/bin/python -m hermes_cli.main gateway run\n";
        let host = |process| {
            let files = [("../.config/systemd/user/hermes-gateway.service", definition)];
            lives(&files, process, Some(unit))
        };
        let killed = host(None);
        assert_eq!(told(&killed), [(Some(371), Some(7200), 1)]);
        assert!(killed.all[0].was_killed() && killed.previous().is_some());
        assert_eq!(killed.all[0].ended().map(|end| &end.how), Some(&How::Exit(Exit::Signal(9))));
        let replaced = host(Some(process(10_000)));
        let present = replaced.present().expect("the present one");
        assert!(present.ends.is_empty(), "{replaced:?}");
        assert!(replaced.previous().is_some_and(Life::was_killed));
    }

    #[test]
    fn what_left_no_word_is_told_by_the_next_or_by_its_own_ledger() {
        let traces = "{\"ts\": \"2026-11-21T02:00:00+00:00\", \"tag\": \"gateway.start\", \"pid\": 371}\n\
                      {\"ts\": \"2026-11-21T02:46:41+00:00\", \"tag\": \"gateway.start\", \"pid\": 391}\n\
                      {\"ts\": \"2026-11-21T02:46:42+00:00\", \"tag\": \"gateway.previous_unclean_exit\", \"pid\": 391}";
        let found = lives(&[("logs/gateway-exit-diag.log", traces)], Some(process(10_000)), None);
        let [killed, present] = found.all.as_slice() else { panic!("{found:?}") };
        assert!(killed.was_killed() && !present.was_cut_short());
        assert!(
            killed.ended().is_some_and(
                |end| end.is_latest && end.at == present.started().map(|start| start.at)
            )
        );
        let running =
            r#"{"phase": "running", "pid": 371, "started_at": "2026-11-21T02:00:00+00:00"}"#;
        let gone = lives(&[("state/gateway.lifecycle.json", running)], None, None);
        assert!(gone.all[0].was_killed(), "{gone:?}");
        // Where it cannot be told whether it lives, it did not end.
        let ended = r#"{"phase": "exited", "pid": 371, "exit_code": 75, "exited_at": "2026-11-21T02:10:00+00:00"}"#;
        let ended = lives(&[("state/gateway.lifecycle.json", ended)], None, None);
        assert!(!ended.all[0].was_cut_short(), "{ended:?}");
    }

    #[test]
    fn a_record_of_the_boot_before_tells_of_no_start() {
        let status = r#"{"pid": 371, "start_time": 360000, "gateway_state": "stopped", "updated_at": "2026-11-20T20:00:00+00:00"}"#;
        let found = lives(&[("gateway_state.json", status)], None, None);
        assert_eq!(told(&found), [(Some(371), None, 0)]);
        assert!(found.all[0].ended_at().is_some());
    }
}
