//! What happened at a gateway, in order: boots, installs, edits, starts and ends, what was asked for, pauses, cron, the log, and
//! the last marks. It is the story that the checks use, told from its beginning.
//!
//! Each event has the word of one witness at least. What has no time stands apart, and what nobody saw is named, so that a
//! silence is not taken for an answer.

use std::collections::BTreeMap;

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::{CronJob, LATE_AFTER};
use gw_snapshot::facts::executions::Execution;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::journal::Count;
use gw_snapshot::facts::{Facts, Gateway, Lane};
use gw_snapshot::parse::log::Class;
use gw_snapshot::parse::reload;
use gw_snapshot::parse::time::Stamp;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::lives::{Life, Start};
use crate::Subject;
use crate::finding::{plural, span};
use crate::intent::Intent;

/// What happened at one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Its profile.
    pub profile: String,
    /// Its home.
    pub home: String,
    /// What has a time, the newest last.
    pub events: Vec<Event>,
    /// What has none.
    pub undated: Vec<Event>,
    /// What was not seen.
    pub unseen: Vec<Unseen>,
    /// How many events were left out, for they are older than what was asked for.
    pub left_out: usize,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// When. None: it has no time, or one of a clock whose zone is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What that time is of it.
    pub precision: Precision,
    /// When by a clock whose zone is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<DateTime>,
    /// Of what kind it is.
    pub kind: Kind,
    /// What happened, in one sentence without a full stop.
    pub what: String,
    /// Who says so, the surest first.
    pub sources: Vec<String>,
}

/// What a time is of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Its own time.
    Exact,
    /// The last time that a file was written: it may have been written before, and by whom is not told.
    LastWrite,
    /// It happened then at the latest.
    Latest,
    /// There is none.
    Unknown,
}

/// A kind of event. Those of one moment are told in this order, but for starts and ends, which follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The host booted.
    Boot,
    /// Code was installed or updated.
    Install,
    /// A definition or a setting was written.
    Edit,
    /// A stop, a restart or a reload was asked for, or carried out.
    Asked,
    /// A service became what it is.
    State,
    /// It was paused, or parked.
    Pause,
    /// A run began.
    Start,
    /// A run ended.
    End,
    /// A job of its cron failed, was due, or has not ended.
    Cron,
    /// A line of a known class was logged.
    Log,
    /// A sign of life.
    Mark,
    /// What is now.
    Now,
}

/// Something that was not seen, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unseen {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

impl Kind {
    /// Returns it in one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Install => "install",
            Self::Edit => "edit",
            Self::Asked => "asked",
            Self::State => "state",
            Self::Pause => "pause",
            Self::Start => "start",
            Self::End => "end",
            Self::Cron => "cron",
            Self::Log => "log",
            Self::Mark => "mark",
            Self::Now => "now",
        }
    }
}

impl Timeline {
    /// Tells what happened at a gateway.
    pub fn of(facts: &Facts, gateway: &Gateway) -> Self {
        let intent = Intent::default();
        let at = &Subject::new(facts, gateway, &intent);
        let mut teller = Teller { at, events: Vec::new(), unseen: Vec::new() };
        teller.host();
        teller.code();
        teller.edits();
        teller.lives();
        teller.managers();
        teller.asked();
        teller.pauses();
        teller.cron();
        teller.log();
        teller.outcry();
        teller.marks();
        teller.now();
        teller.finish()
    }

    /// The same from a time on. What has no time stays, and so does what is now.
    #[must_use]
    pub fn since(mut self, from: Timestamp) -> Self {
        let before = self.events.len();
        self.events.retain(|event| event.kind == Kind::Now || event.at.is_none_or(|at| at >= from));
        self.left_out = self.left_out.saturating_add(before.saturating_sub(self.events.len()));
        self
    }

    /// The last so many events that have a time.
    #[must_use]
    pub fn last(mut self, most: usize) -> Self {
        let more = self.events.len().saturating_sub(most);
        self.events.drain(..more);
        self.left_out = self.left_out.saturating_add(more);
        self
    }
}

/// Gathers the events of one gateway.
struct Teller<'a> {
    at: &'a Subject<'a>,
    /// Each with its place among those of one moment: starts and ends follow each other, life by life.
    events: Vec<(usize, Event)>,
    unseen: Vec<Unseen>,
}

/// When something happened, as far as that is known.
#[derive(Debug, Clone, Copy)]
enum When {
    Exact(Timestamp),
    LastWrite(Timestamp),
    Latest(Timestamp),
    Clock(DateTime),
    Unknown,
}

impl When {
    fn exact(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::Exact)
    }

    fn last_write(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::LastWrite)
    }

    fn stamp(stamp: Stamp) -> Self {
        match stamp {
            Stamp::At(at) => Self::Exact(at),
            Stamp::Wall(wall) => Self::Clock(wall),
        }
    }
}

impl Teller<'_> {
    fn tell(&mut self, when: When, kind: Kind, what: String, source: impl Into<String>) {
        self.tell_of(0, when, kind, what, vec![source.into()]);
    }

    /// Tells of a life, by its place among all of them.
    fn tell_of(&mut self, life: usize, when: When, kind: Kind, what: String, sources: Vec<String>) {
        let (at, precision, clock) = match when {
            When::Exact(at) => (Some(at), Precision::Exact, None),
            When::LastWrite(at) => (Some(at), Precision::LastWrite, None),
            When::Latest(at) => (Some(at), Precision::Latest, None),
            When::Clock(wall) => (None, Precision::Unknown, Some(wall)),
            When::Unknown => (None, Precision::Unknown, None),
        };
        let is_ahead =
            at.is_some_and(|at| at.duration_since(self.at.facts.now).as_secs() > AHEAD_SECONDS);
        let what = if is_ahead { what + " (this time lies in the future)" } else { what };
        self.events.push((life, Event { at, precision, clock, kind, what, sources }));
    }

    fn unseen(&mut self, what: impl Into<String>, why: &Why) {
        self.unseen.push(Unseen { what: what.into(), why: why.to_string() });
    }

    fn host(&mut self) {
        match self.at.facts.about.boot_time {
            Some(boot) => {
                self.tell(When::Exact(boot), Kind::Boot, "the host booted".into(), "the host");
            }
            None => self.unseen("when the host booted", &Why::NotObserved),
        }
    }

    /// When the installed code was written.
    fn code(&mut self) {
        let Some(install) = &self.at.gateway.install else {
            return self.unseen("the installed code", &Why::NotObserved);
        };
        let version = match &install.version {
            Fact::Known(version) => format!("hermes-agent {version}"),
            Fact::Unknown(why) => {
                self.unseen("the version of the installed code", why);
                "hermes-agent of an unknown version".into()
            }
            Fact::Absent => return,
        };
        let mut writes = install.writes.clone();
        writes.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
        if writes.is_empty() && install.version.known().is_some() {
            let source = install.told.first().map_or_else(String::new, |told| told.source.clone());
            self.tell(When::Unknown, Kind::Install, format!("{version} was installed"), source);
        }
        // What one installation writes, it writes within a minute or so.
        let mut together: Vec<(Vec<String>, Timestamp)> = Vec::new();
        for (path, at) in writes {
            match together.last_mut() {
                Some((paths, last)) if at.duration_since(*last).as_secs() <= TOGETHER_SECONDS => {
                    paths.push(path);
                    *last = at;
                }
                _ => together.push((vec![path], at)),
            }
        }
        let newest = together.len();
        for (number, (paths, at)) in (1..).zip(together) {
            let what = if number == newest {
                format!("the installed code, {version}, was last written")
            } else {
                "a part of the installed code was last written".into()
            };
            self.tell_of(0, When::LastWrite(at), Kind::Install, what, paths);
        }
        if let Some((count, path)) = self.at.gateway.cron.copied.known() {
            let what = format!(
                "Hermes copied its files before an update; its store had {count} job{}",
                plural(*count)
            );
            self.tell(When::Unknown, Kind::Install, what, path.clone());
        }
    }

    /// When definitions and settings were written.
    fn edits(&mut self) {
        for lane in &self.at.gateway.lanes {
            for stamp in &lane.files {
                let what = if stamp.path == lane.path {
                    format!("the definition of {} was last written", lane.name)
                } else {
                    format!("a drop-in of {} was last written", lane.name)
                };
                self.tell(When::LastWrite(stamp.mtime), Kind::Edit, what, stamp.path.clone());
            }
            if let Some(why) = lane.definition.why().filter(|why| !why.is_not_observed()) {
                self.unseen(format!("the definition of {}", lane.title()), why);
            }
            if lane.definition.known().is_some() && lane.files.is_empty() {
                let what = format!("the definition of {} was written", lane.name);
                self.tell(When::Unknown, Kind::Edit, what, lane.path.clone());
            }
        }
        let is_setting = |path: &str| path.ends_with("/.env") || path.ends_with("/config.yaml");
        for file in &self.at.gateway.files {
            if !is_setting(&file.path) || file.error.is_some() {
                continue;
            }
            let name = file.path.rsplit('/').next().unwrap_or_default();
            let last = if file.mtime.is_some() { "last " } else { "" };
            let what = format!("{name} was {last}written");
            self.tell(When::last_write(file.mtime), Kind::Edit, what, file.path.clone());
        }
    }

    fn lives(&mut self) {
        let at = self.at;
        let lives = at.lives();
        // What began at a time that is known may be the one whose time is not.
        let is_open = lives.all.iter().any(|life| life.pid.is_none() && life.started().is_some());
        let mut unended = 0_usize;
        for (number, life) in lives.all.iter().enumerate() {
            let source = format!("process {}", life.pid.unwrap_or_default());
            match life.started() {
                Some(start) => {
                    let (what, from) = (began(at, life), sources(&life.starts));
                    self.tell_of(number, When::Exact(start.at), Kind::Start, what, from);
                }
                None if life.is_present && !is_open => {
                    self.tell(When::Unknown, Kind::Start, began(at, life), source);
                }
                None if life.is_present => {
                    self.unseen(format!("when {} started", name(life)), &Why::NotObserved);
                }
                None => {}
            }
            if let Some(asked) = life.asked_at {
                let what = format!("a signal asked {} to stop", name(life));
                self.tell(When::Exact(asked), Kind::Asked, what, at.path("logs/gateway.log"));
            }
            match life.ended() {
                Some(_) => self.end(number, life),
                None if !life.is_present && !life.is_beside && life.started().is_some() => {
                    unended = unended.saturating_add(1);
                }
                None => {}
            }
        }
        if unended > 0 {
            let is_open = at.gateway.liveness.process.why().is_some();
            let doubt = if is_open { ", if they did" } else { "" };
            let what = format!("how and when {unended} run{} ended{doubt}", plural(unended));
            self.unseen(what, &Why::Failed("nothing tells".into()));
        }
        for (service, end) in &lives.loose {
            let what = format!("the last run of {service} that is over ended {}", end.how.words());
            self.tell(When::Unknown, Kind::End, what, end.source.clone());
        }
        for (what, why) in [
            ("gateway-starts.log", at.gateway.marks.starts.why()),
            ("logs/gateway-exit-diag.log", at.gateway.endings.traces.why()),
            ("state/gateway.lifecycle.json", at.gateway.endings.last.why()),
            ("logs/gateway-startup-watchdog.log", at.gateway.endings.hung_starts.why()),
            ("gateway_state.json", at.gateway.status.why()),
        ] {
            if let Some(why) = why {
                self.unseen(what, why);
            }
        }
    }

    /// How a life ended, by all who tell.
    fn end(&mut self, number: usize, life: &Life) {
        let mut words: Vec<String> = Vec::new();
        let mut from: Vec<String> = Vec::new();
        for end in &life.ends {
            let said = end.how.words();
            if !words.contains(&said) {
                words.push(said);
            }
            if !from.contains(&end.source) {
                from.push(end.source.clone());
            }
        }
        let began = life.started().map(|start| start.at);
        let dated = life.ends.iter().find(|end| end.at.is_some() && !end.is_latest);
        let when = match (dated.and_then(|end| end.at), life.ended_at()) {
            (Some(_), Some(at)) => When::Exact(at),
            (None, Some(at)) => When::Latest(at),
            _ => When::Unknown,
        };
        let lasted = match (when, began) {
            (When::Exact(at), Some(began)) => {
                u64::try_from(at.duration_since(began).as_secs()).ok()
            }
            _ => None,
        };
        let lasted = lasted.map_or_else(String::new, |lasted| format!(" after {}", span(lasted)));
        let what = format!("{} ended{lasted} {}", name(life), words.join("; "));
        self.tell_of(number, when, Kind::End, what, from);
    }

    /// What the managers count and say, of which they tell no time.
    fn managers(&mut self) {
        let at = self.at;
        for lane in &at.gateway.lanes {
            if let Some(why) = lane.job.why().filter(|_| lane.is_installed()) {
                self.unseen(format!("what {} does", lane.title()), why);
            }
            let Some(job) = lane.job.known() else { continue };
            let title = lane.title();
            if let Some(restarts) = job.restarts.filter(|restarts| *restarts > 0) {
                let what = format!(
                    "systemd counts {restarts} automatic restart{} of {title} since it was last started by hand",
                    plural(restarts)
                );
                self.tell(When::Unknown, Kind::Start, what, job.source.clone());
            }
            if let Some(runs) = job.launchd.as_ref().and_then(|launchd| launchd.runs) {
                let what = format!(
                    "launchd counts {runs} run{} of {title} since it was loaded",
                    plural(runs)
                );
                self.tell(When::Unknown, Kind::Start, what, job.source.clone());
            }
            let since = job.systemd.as_ref().and_then(|systemd| systemd.since);
            let is_told = |known: Option<Timestamp>| {
                known
                    .zip(since)
                    .is_some_and(|(known, since)| known.duration_since(since).abs() <= NEAR)
            };
            if let Some(since) =
                since.filter(|_| !is_told(job.started_at) && !is_told(job.exited_at))
            {
                let what = format!("{title} became {}", job.words);
                self.tell(When::Exact(since), Kind::State, what, job.source.clone());
            }
        }
    }

    fn asked(&mut self) {
        let at = self.at;
        let marks = &at.gateway.marks;
        for (process, command) in &at.gateway.liveness.commands {
            let what = format!("`{}` began (PID {})", command.command(), process.pid);
            let source = format!("process {}", process.pid);
            self.tell(When::exact(process.started_at), Kind::Asked, what, source);
        }
        if let Some(planned) = marks.planned_stop.known() {
            let source = at.path(".gateway-planned-stop.json");
            self.tell(When::Exact(*planned), Kind::Asked, "a stop was asked for".into(), source);
        }
        for entry in marks.reloads.known().into_iter().flatten() {
            let what = match entry.event {
                reload::Event::Began => "a helper began to unload the job and to load it again",
                reload::Event::AttemptFailed => {
                    "the helper did not get the job loaded, and was to try again"
                }
                reload::Event::GaveUp => "the helper gave up: the job was not loaded",
            };
            let source = at.path("logs/launchd-reload.log");
            self.tell(When::exact(entry.at), Kind::Asked, what.into(), source);
        }
        if let Some(unsupported) = marks.launchd_unsupported.known() {
            let reason = unsupported.reason.as_ref();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            let what = format!("Hermes gave up on launchd, and started detached{reason}");
            let source = at.path(".gateway-launchd-unsupported");
            self.tell(When::exact(unsupported.written_at), Kind::State, what, source);
        }
        for (what, why) in [
            (".gateway-planned-stop.json", marks.planned_stop.why()),
            ("logs/launchd-reload.log", marks.reloads.why()),
        ] {
            if let Some(why) = why.filter(|why| !why.is_not_observed() || self.is_under_launchd()) {
                self.unseen(what, why);
            }
        }
    }

    fn is_under_launchd(&self) -> bool {
        self.at.gateway.lanes.iter().any(|lane| lane.manager.is_launchd())
    }

    fn pauses(&mut self) {
        let at = self.at;
        let marks = &at.gateway.marks;
        if let Some(since) = marks.parked.known() {
            let what = "the profile was parked: its own gateway is to rest".into();
            self.tell(When::last_write(*since), Kind::Pause, what, at.path("gateway.parked"));
        }
        if let Some(asked) = marks.drain_request.known() {
            let what = "it was asked to drain: it takes no new work, and runs no cron".into();
            let when = asked.map_or(When::Unknown, When::Exact);
            self.tell(when, Kind::Pause, what, at.path(".drain_request.json"));
        }
        if let Some(pause) = marks.pause.known() {
            let what = "`hermes pause`: it takes no new work, and runs no cron".into();
            self.tell(When::exact(pause.since), Kind::Pause, what, pause.path.clone());
            if let Some(until) = pause.until.filter(|until| *until <= at.facts.now) {
                let what = "the pause was over, by the time that was set for it".into();
                self.tell(When::Exact(until), Kind::Pause, what, pause.path.clone());
            }
        }
        for (what, why) in [
            ("ESTOP", marks.pause.why()),
            (".drain_request.json", marks.drain_request.why()),
            ("gateway.parked", marks.parked.why()),
        ] {
            if let Some(why) = why {
                self.unseen(what, why);
            }
        }
    }

    fn cron(&mut self) {
        let at = self.at;
        let cron = &at.gateway.cron;
        for (what, why) in
            [("cron/jobs.json", cron.store.why()), ("cron/executions.db", cron.executions.why())]
        {
            if let Some(why) = why {
                self.unseen(what, why);
            }
        }
        let jobs = cron.store.known().map(|store| store.jobs.as_slice()).unwrap_or_default();
        self.bounded("jobs", |teller| jobs.iter().for_each(|job| teller.job(job)));
        let runs = at.executions();
        self.bounded("runs of jobs", |teller| runs.iter().for_each(|run| teller.run(run)));
        if let Some(failure) = cron.last_error.known().filter(|failure| !failure.is_yield()) {
            let error = failure.error.as_ref();
            let error = error.map_or_else(String::new, |error| format!(": {error}"));
            let source = at.path("cron/ticker_last_error");
            self.tell(When::Exact(failure.at), Kind::Cron, format!("a tick failed{error}"), source);
        }
    }

    /// Keeps the newest of what one source of cron tells: a store may have ten thousand jobs.
    fn bounded(&mut self, what: &str, tell: impl FnOnce(&mut Self)) {
        let before = self.events.len();
        tell(self);
        let mut told = self.events.split_off(before);
        told.sort_by(|(_, one), (_, other)| other.cmp(one));
        let more = told.len().saturating_sub(MOST_OF_CRON);
        told.truncate(MOST_OF_CRON);
        self.events.append(&mut told);
        if more > 0 {
            let why = Why::Failed("there are too many".into());
            self.unseen(format!("{more} older events of {what}"), &why);
        }
    }

    fn job(&mut self, job: &CronJob) {
        let at = self.at;
        let source = at.path("cron/jobs.json");
        let title = format!("job {} ({})", job.id, job.schedule);
        if job.last_status.as_deref() == Some("error") {
            let when = job.last_run_at.map_or(When::Unknown, When::stamp);
            self.tell(when, Kind::Cron, format!("a run of {title} failed"), &source);
        }
        if job.has_delivery_error {
            let when = job.last_run_at.map_or(When::Unknown, When::stamp);
            let what = format!("the result of {title} was not delivered");
            self.tell(when, Kind::Cron, what, &source);
        }
        if let Some(claimed) = job.claimed_at {
            let what = format!("a run of {title} was claimed, and the claim stands");
            self.tell(When::stamp(claimed), Kind::Cron, what, &source);
        }
        let is_late = |late: std::time::Duration| {
            i64::try_from(late.as_secs()).is_ok_and(|late| late > LATE_AFTER)
        };
        if job.late_by(at.facts.now).is_some_and(is_late)
            && let Some(due) = job.next_run_at
        {
            let what = format!("{title} was due, and stands there as not run since");
            self.tell(When::stamp(due), Kind::Cron, what, source);
        }
    }

    fn run(&mut self, run: &Execution) {
        let source = self.at.path("cron/executions.db");
        match run.status.as_str() {
            "completed" => {}
            _ if run.is_open => {
                let when = run.claimed_at.map_or(When::Unknown, When::stamp);
                let what = format!("a run of job {} was claimed, and has not ended", run.job);
                self.tell(when, Kind::Cron, what, source);
            }
            status => {
                let when = run.finished_at.or(run.claimed_at).map_or(When::Unknown, When::stamp);
                let what = format!("a run of job {} ended: {status}", run.job);
                self.tell(when, Kind::Cron, what, source);
            }
        }
    }

    /// The first and the last line of each class.
    fn log(&mut self) {
        let at = self.at;
        let journal = match &at.gateway.journal {
            Fact::Known(journal) => journal,
            Fact::Absent => return,
            Fact::Unknown(why) => return self.unseen("logs/gateway.log", why),
        };
        if let Some(why) = &journal.hidden {
            self.unseen("one of logs/gateway.log and logs/errors.log", why);
        }
        let lives = at.lives();
        if lives.clock.is_none() && !journal.stretches.is_empty() {
            let why = Why::Failed("no start in it is told by another witness".into());
            self.unseen("the zone of the clock of the log", &why);
        }
        let mut classes: BTreeMap<Class, Vec<Count>> = BTreeMap::new();
        for stretch in &journal.stretches {
            for (class, count) in &stretch.classes {
                classes.entry(*class).or_default().push(*count);
            }
        }
        let source = at.path("logs");
        for (class, counts) in classes {
            let Some(said) = words(class) else { continue };
            let lines = counts.iter().fold(0_usize, |sum, count| sum.saturating_add(count.lines));
            let first = counts.iter().filter_map(|count| count.first).min();
            let last = counts.iter().filter_map(|count| count.last).max();
            let mut line = |wall: Option<DateTime>, which: &str| {
                let instant = wall.and_then(|wall| lives.instant(wall));
                let when = match (instant, wall) {
                    (Some(at), _) => When::Exact(at),
                    (None, Some(wall)) => When::Clock(wall),
                    (None, None) => When::Unknown,
                };
                let life = instant.and_then(|instant| of_life(&lives.all, instant));
                let of = life.map_or_else(String::new, |life| format!(" of {}", name(life)));
                let what = format!("the log{of} says{which} that {said}");
                self.tell(when, Kind::Log, what, &source);
            };
            if lines == 1 || first == last {
                let times = if lines == 1 { String::new() } else { format!(", {lines} times,") };
                line(first, &times);
            } else {
                line(first, &format!(", for the first of {lines} times,"));
                line(last, &format!(", for the last of {lines} times,"));
            }
        }
    }

    /// The first and the last line of each class in what its service says of starts that come to nothing: the journal of a unit
    /// that fails, or the log to which launchd leads its errors.
    fn outcry(&mut self) {
        let outcry = match &self.at.gateway.outcry {
            Fact::Known(outcry) => outcry,
            Fact::Absent => return,
            Fact::Unknown(why) => {
                let Some(lane) = self.at.gateway.lane().filter(|lane| lane.is_installed()) else {
                    return;
                };
                let what =
                    if lane.manager.is_launchd() { "the log of errors" } else { "the journal" };
                return self.unseen(format!("{what} of {}", lane.name), why);
            }
        };
        // Of a log without times is known when it was last written to.
        let written = outcry.written;
        let classes =
            outcry.lines.iter().filter_map(|(class, cries)| Some((words(*class)?, cries)));
        let refused = outcry.refused.as_ref().map(|(program, _)| program);
        let refused = refused.map(|program| format!("systemd could not run {program}"));
        let refused = refused.as_deref().map(|said| (said, &outcry.refusals));
        for (said, cries) in classes.chain(refused) {
            let mut line = |at: Option<Timestamp>, which: &str| {
                let when = match (at, written) {
                    (Some(at), _) => When::Exact(at),
                    (None, Some(written)) => When::Latest(written),
                    (None, None) => When::Unknown,
                };
                let what = format!("the service's errors say{which} that {said}");
                self.tell(when, Kind::Log, what, &outcry.source);
            };
            let lines = cries.lines;
            if lines == 1 || cries.first == cries.last {
                let times = if lines == 1 { String::new() } else { format!(", {lines} times,") };
                line(cries.last, &times);
            } else {
                line(cries.first, &format!(", for the first of {lines} times,"));
                line(cries.last, &format!(", for the last of {lines} times,"));
            }
        }
    }

    /// The last signs of life.
    fn marks(&mut self) {
        let at = self.at;
        let gateway = at.gateway;
        for (what, why) in [
            ("state/gateway.heartbeat", gateway.marks.heartbeat.why()),
            ("cron/ticker_heartbeat", gateway.cron.heartbeat.why()),
        ] {
            if let Some(why) = why {
                self.unseen(what, why);
            }
        }
        if let Some(mark) = gateway.marks.heartbeat.known() {
            let what = format!("PID {} left the last mark of its event loop", mark.pid);
            let source = at.path("state/gateway.heartbeat");
            self.tell(When::Exact(mark.at), Kind::Mark, what, source);
        }
        for (mark, before, after, file) in [
            (&gateway.cron.heartbeat, "the ticker", "left its last mark", "cron/ticker_heartbeat"),
            (&gateway.cron.last_success, "the last tick", "ended well", "cron/ticker_last_success"),
        ] {
            let Some(mark) = mark.known() else { continue };
            let of = mark.pid.map(|pid| format!(" of PID {pid}")).or_else(|| {
                let life = of_life(&at.lives().all, mark.at)?;
                Some(format!(" of {}", name(life)))
            });
            let what = format!("{before}{} {after}", of.unwrap_or_default());
            self.tell(When::Exact(mark.at), Kind::Mark, what, at.path(file));
        }
        self.status();
    }

    fn status(&mut self) {
        let at = self.at;
        let source = at.path("gateway_state.json");
        let Some(status) = at.gateway.status.known() else { return };
        let written = at.gateway.files.iter().find(|file| file.path == source);
        let when = match (status.updated_at, written.and_then(|file| file.mtime)) {
            (Some(at), _) => When::Exact(at),
            (None, Some(at)) => When::LastWrite(at),
            (None, None) => When::Unknown,
        };
        let by = status
            .writer
            .as_ref()
            .map_or_else(String::new, |writer| format!(" by PID {}", writer.pid));
        let state = status.state.as_deref().unwrap_or("no state");
        let restart = if status.restart_requested { ", with a restart asked for" } else { "" };
        let what = format!("the status file was last written{by}: {state}{restart}");
        self.tell(when, Kind::Mark, what, source);
    }

    fn now(&mut self) {
        let at = self.at;
        let gateway = at.gateway;
        let mut parts = Vec::new();
        let (process, source) = match &gateway.liveness.process {
            Fact::Known(process) => {
                let place = place(at).map_or_else(String::new, |place| format!(", {place}"));
                let pid = process.pid;
                (format!("PID {pid} lives{place}"), format!("process {pid}"))
            }
            Fact::Absent => {
                ("no gateway of this home lives".into(), "the search for processes".into())
            }
            Fact::Unknown(why) => (
                format!("whether a gateway of this home lives cannot be told: {why}"),
                String::from("the search for processes"),
            ),
        };
        parts.push(process);
        if let Some(served) = &gateway.served_by {
            parts.push(format!("the gateway of {} serves it (PID {})", served.profile, served.pid));
        }
        let mut from = vec![source];
        if let Some(lane) = gateway.lane() {
            parts.extend(job_now(lane));
            let is_loaded = lane.job.known().map(|job| job.source.clone());
            let is_on_disk = || lane.job.is_absent().then(|| lane.path.clone());
            from.extend(is_loaded.or_else(is_on_disk));
        }
        if let Some(what) = at.under_way() {
            parts.push(at.says(what));
        }
        let now = at.facts.now;
        self.tell_of(0, When::Exact(now), Kind::Now, parts.join("; "), from);
    }

    fn finish(self) -> Timeline {
        let home = &self.at.gateway.home;
        let mut all = self.events;
        all.sort_by(|(life, one), (other_life, other)| {
            let kind =
                |event: &Event| if event.kind == Kind::End { Kind::Start } else { event.kind };
            let key = |life: usize, event: &Event| {
                (event.kind == Kind::Now, event.at, event.clock, kind(event), life)
            };
            key(*life, one).cmp(&key(*other_life, other)).then_with(|| {
                (one.kind, &one.what, &one.sources).cmp(&(other.kind, &other.what, &other.sources))
            })
        });
        all.dedup();
        let all = all.into_iter().map(|(_, event)| event);
        let (events, undated): (Vec<Event>, Vec<Event>) = all.partition(|event| event.at.is_some());
        let mut unseen = self.unseen;
        unseen.sort();
        unseen.dedup();
        Timeline {
            profile: home.profile.clone(),
            home: home.path.clone(),
            events,
            undated,
            unseen,
            left_out: 0,
        }
    }
}

/// What a service does now.
fn job_now(lane: &Lane) -> Option<String> {
    let title = lane.title();
    match (&lane.job, lane.definition.known()) {
        (Fact::Known(job), _) => Some(format!("{title} is {}", job.words)),
        (Fact::Absent, Some(_)) => Some(format!("{title} is on disk, and not loaded")),
        _ => None,
    }
}

/// Where the process stands.
fn place(at: &Subject<'_>) -> Option<String> {
    match &at.gateway.supervision {
        Supervision::Lane(lane) => Some(format!("under {}", at.gateway.lanes.get(*lane)?.title())),
        Supervision::None { place } => Some(place.clone()),
        Supervision::Other { unit, .. } => Some(format!("under {unit}")),
        Supervision::NoProcess | Supervision::Unknown(_) => None,
    }
}

/// That a life began.
fn began(at: &Subject<'_>, life: &Life) -> String {
    let who = name(life);
    let place = life
        .service
        .as_ref()
        .map(|service| format!("under {service}"))
        .or_else(|| place(at).filter(|_| life.is_present));
    let place = place.map_or_else(String::new, |place| format!(", {place}"));
    let beside = match (life.is_beside, life.is_alive) {
        (true, true) => ", and lives beside the gateway",
        (true, false) => " beside the one that lives, and did not take its place",
        (false, _) => "",
    };
    format!("{who} started{place}{beside}")
}

/// What a life is called.
fn name(life: &Life) -> String {
    life.pid.map_or_else(|| "a gateway (its PID is not told)".into(), |pid| format!("PID {pid}"))
}

/// The files and commands that tell of a start, each once.
fn sources(starts: &[Start]) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for start in starts {
        if !sources.contains(&start.source) {
            sources.push(start.source.clone());
        }
    }
    sources
}

/// The life in whose time something was written.
fn of_life(lives: &[Life], at: Timestamp) -> Option<&Life> {
    let began =
        |life: &&Life| life.started().is_some_and(|start| start.at <= at) && !life.is_beside;
    let life =
        lives.iter().filter(began).max_by_key(|life| life.started().map(|start| start.at))?;
    let is_over = life.ended_at().is_some_and(|ended| at.duration_since(ended) > NEAR);
    (!is_over).then_some(life)
}

/// What a class of lines says, after "that". None for what is told as a start or an end.
const fn words(class: Class) -> Option<&'static str> {
    Some(match class {
        Class::Start | Class::Shutdown => return None,
        Class::ApiListening => "the API server listens",
        Class::ApiRefused => "the API server refuses to start for its key",
        Class::MissingDependency => "a package is missing that a platform needs",
        Class::NoAdapter => "a platform has no adapter",
        Class::NothingConnected => "none of its platforms came up",
        Class::PortBind => "the API server could not take its port",
        Class::AddressNotHere => "the address of the API server is none of this host",
        Class::OtherPortBind => "another listener could not take its port",
        Class::ProviderAuth => "a provider's credentials are missing or rejected",
        Class::ProviderQuota => "a provider refuses for quota or billing",
        Class::ProviderNetwork => "a provider cannot be reached",
        Class::Transport => "the network or the session of a platform is in trouble",
        Class::TokenTaken => "the credential of a platform is in use elsewhere",
        Class::TickError => "a tick of cron failed",
        Class::ProfileTickError => "a tick of cron failed in the store of a profile",
        Class::JobsLock => "the lock of the job store was not to be had",
        Class::TickerDied => "the ticker had ended, and was started again",
        Class::StoreUnwritable => "the job store cannot be written",
        Class::StoreWritable => "the job store can be written again",
        Class::RespawnStorm => "a start waits, to break a storm of restarts",
        Class::StartLeased => "a start lasts long at a step that announced itself",
        Class::StartComputes => "a start lasts long, and computes",
        Class::StartTimedOut => "a start came to nothing, and its watchdog ended it",
        Class::LoopFrozen => "an event loop stood still, and its watchdog ended the gateway",
        Class::Attached => "a start was refused, for another gateway serves the profile",
        Class::SecondGateway => "a start was refused, for another gateway has this host or home",
        Class::StateDamaged => "a database is damaged, or was repaired",
        Class::StateLost => "state.db was damaged beyond use and put aside",
        Class::StateUnavailable => "it works without its session database",
        Class::LibraryMissing => "a library of the program is missing",
        Class::HermesMissing => "Python does not find Hermes",
        Class::ImportFailed => "Python does not find a module",
        Class::CodeBroken => "Python cannot parse the code",
        Class::PythonBroken => "Python itself cannot start",
        Class::AccessDenied => "a file may not be opened or written",
        Class::NoRoom => "nothing can be written, for the disk is full",
        Class::ReadOnly => "nothing can be written, for the file system is read-only",
        Class::OwnJobRefused => "a start by launchd was refused as a second gateway",
    })
}

/// A clock may differ by so much between two looks. In seconds.
const AHEAD_SECONDS: i64 = 60;
/// So close are the files that one installation writes. In seconds.
const TOGETHER_SECONDS: i64 = 120;
/// Two times of one moment.
const NEAR: SignedDuration = SignedDuration::from_secs(2);
/// So many events are told of one source of cron.
const MOST_OF_CRON: usize = 100;
