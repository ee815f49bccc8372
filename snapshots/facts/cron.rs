//! The cron store of a gateway, and the marks that its ticker leaves.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::fact::{Fact, Why};
use crate::facts::executions::{Execution, Incident};
use crate::facts::liveness::Holder;
use crate::facts::record::RecordError;
use crate::observation::{FileSeen, Kind};
use crate::parse::json;
use crate::parse::lifecycle;
use crate::parse::time::{self, Stamp};
use crate::redact::{Mark, is_empty};

/// How old the ticker's mark may be, in seconds: three of its rounds of 60 s and 20 s, Hermes's own
/// limit since 0.18.
pub const LATE_AFTER: i64 = 200;

/// The answer to a document of another form: why it is no store.
macro_rules! scalars {
    ($why:literal) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Err($why))
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Err($why))
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Err($why))
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Err($why))
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Err($why))
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Err($why))
        }
    };
}

/// What is known of a home's cron.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// `cron/jobs.json`. Absent: no job was ever made here.
    pub store: Fact<Store>,
    /// `cron/ticker_heartbeat` (0.18+): when the ticker last came round.
    pub heartbeat: Fact<TickMark>,
    /// `cron/ticker_last_success` (0.18+): when a tick last ended without an error.
    pub last_success: Fact<TickMark>,
    /// `cron/ticker_last_error` (0.20+): how the last tick failed. Absent: it ended well, or failed before 0.20.
    pub last_error: Fact<TickFailure>,
    /// The failures in `cron/executions.db` that nobody has closed (0.20.6+), one for each job and kind of failure.
    pub incidents: Fact<Vec<Incident>>,
    /// Who holds `cron/.tick.lock`.
    pub tick_lock: Fact<Holder>,
    /// `cron/executions.db` (0.19+): the runs that have not ended, and of each job the last that has.
    pub executions: Fact<Vec<Execution>>,
    /// The scripts of the jobs that are meant to run, by the name in the job.
    pub scripts: BTreeMap<String, Script>,
    /// The directories in which jobs that are meant to run are to work, by the path in the job.
    pub workdirs: BTreeMap<String, Fact<Kind>>,
    /// The zone by which cron expressions are reckoned, as `HERMES_TIMEZONE` of `.env` or `timezone:` of the configuration
    /// names it. Absent: that of the machine, or of a variable in the gateway's environment.
    pub zone: Fact<String>,
    /// How many jobs the store had when Hermes last copied it before an update, and the copy's path. Absent: there is
    /// no such copy.
    pub copied: Fact<(usize, String)>,
    /// `cron.provider`, if it is not the built-in ticker. Heartbeats and lateness mean nothing then.
    pub external_provider: Option<String>,
}

/// The jobs in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Store {
    /// All of them, in the order of the file.
    pub jobs: Vec<CronJob>,
    /// Entries of the list that are no job at all.
    pub odd: usize,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields of a record do not depend on each other"
)]
pub struct CronJob {
    /// Twelve hexadecimal digits.
    pub id: String,
    /// Its schedule as Hermes displays it.
    pub schedule: String,
    /// What kind of schedule.
    pub kind: Schedule,
    /// Whether it is meant to run: `enabled`, and neither paused nor completed.
    pub active: bool,
    /// When it is to run next.
    pub next_run_at: Option<Stamp>,
    /// True if the store says of its next run that there is none, or what no time is. A store that does not speak of it says
    /// nothing.
    pub has_no_next_run: bool,
    /// The offset from UTC in which Hermes wrote that time: the one of its zone at that time.
    pub next_run_offset: Option<Offset>,
    /// When it last ran.
    pub last_run_at: Option<Stamp>,
    /// When it was made.
    pub created_at: Option<Stamp>,
    /// `ok`, `error`, or what a later version says.
    pub last_status: Option<String>,
    /// Whether its last run failed because Hermes could not reach the service manager of its user, which is to hold each run
    /// (0.21.3+).
    pub lacks_user_bus: bool,
    /// Whether `last_delivery_error` is set. A job can be `ok` and undelivered.
    pub has_delivery_error: bool,
    /// What in its words stops or restarts a gateway, in a fixed wording.
    pub lifecycle: Option<&'static str>,
    /// When a run of it was claimed, if the claim still stands.
    pub claimed_at: Option<Stamp>,
    /// At what one time it is to run, if it is to run once.
    pub run_at: Option<Stamp>,
    /// Whether it is to run again and Hermes could not tell when (state `error`).
    pub is_unschedulable: bool,
    /// Its script, as the job names it.
    pub script: Option<String>,
    /// Where its results go: `local`, `origin`, `all`, a platform, or `platform:chat`.
    pub deliver: Vec<String>,
    /// What it does, when and for whom, to find its doubles. None where too little of it may be seen to tell.
    pub likeness: Option<String>,
    /// True if it is to run its script and nothing else, and names no script.
    pub lacks_script: bool,
    /// The directory in which it is to work.
    pub workdir: Option<String>,
    /// How its last run was handed to a worker. None before 0.21.3.
    pub dispatch: Option<Dispatch>,
    /// When Hermes last failed to hand it to a worker (0.20.4+). A later success takes the note away.
    pub fire_failed_at: Option<Stamp>,
    /// Whether a platform took its last result without a proof that it arrived (0.21.3+).
    pub is_unverified: bool,
    /// `quota_hold_until` (0.21.5+), or the time of `unreachable_retry` (0.21.3+): until then Hermes itself holds it back.
    pub held_until: Option<Stamp>,
}

/// The script of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its path, as Hermes resolves the name in the job: below `scripts/` of the home, if it is relative.
    pub path: String,
    /// The kind of what is there.
    pub there: Fact<Kind>,
    /// True if it leads out of `scripts/`: Hermes runs no such script (0.13 to 0.22). None where its name cannot be resolved
    /// from here.
    pub is_outside: Option<bool>,
    /// What it does to the gateway that runs it, in a fixed wording.
    pub lifecycle: Option<&'static str>,
}

/// When a job that runs again and again was last handed to a worker (0.21.3+).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch {
    /// How far behind its time, in seconds.
    pub late_by: u64,
    /// How Hermes judges it.
    pub kind: DispatchKind,
}

/// How a job was handed to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DispatchKind {
    /// At most 300 s behind its time.
    OnTime,
    /// Later, and within half its period.
    Late,
    /// Later than that: once, in place of all times that had passed.
    CatchUp,
}

/// The kind of a job's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At one time.
    Once,
    /// So many minutes after each run.
    Interval(Duration),
    /// By a cron expression.
    Cron(String),
    /// Another, or none that can be read.
    Other,
}

impl Store {
    /// Reads `jobs.json` in the shapes that Hermes takes: an object with a list, or a bare list.
    ///
    /// # Errors
    /// If it is neither: then every tick fails, and so do Hermes's own commands.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        if text.trim().is_empty() {
            return Err(RecordError::Form("empty"));
        }
        json::python_with(text, || Whole)?.map_err(RecordError::Form)
    }

    /// The store in a file.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().parse(Self::read)
    }

    fn add(&mut self, value: &Value) {
        match CronJob::of(value) {
            Some(job) => self.jobs.push(job),
            None => self.odd += 1,
        }
    }

    /// The jobs that are meant to run.
    pub fn active(&self) -> impl Iterator<Item = &CronJob> {
        self.jobs.iter().filter(|job| job.active)
    }
}

/// A whole store, which is read job by job: ten thousand of them take many times their size as a tree.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Result<Store, &'static str>;

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Self::Value, D::Error> {
        document.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Result<Store, &'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of jobs, or an object with one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Jobs.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // An object without a list is a store without jobs (0.13 to 0.22).
        let mut store = Ok(Store::default());
        while let Some(key) = map.next_key::<String>()? {
            if key == "jobs" {
                store = map.next_value_seed(Jobs)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(store)
    }

    scalars!("neither an object nor a list");
}

/// The jobs of a store: a list, or (0.20+) an object by id.
struct Jobs;

impl<'de> DeserializeSeed<'de> for Jobs {
    type Value = Result<Store, &'static str>;

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Self::Value, D::Error> {
        document.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Jobs {
    type Value = Result<Store, &'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("jobs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut store = Store::default();
        while let Some(job) = list.next_element::<Value>()? {
            store.add(&job);
        }
        Ok(Ok(store))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut by_id: A) -> Result<Self::Value, A::Error> {
        let mut store = Store::default();
        while let Some((_, job)) = by_id.next_entry::<IgnoredAny, Value>()? {
            store.add(&job);
        }
        Ok(Ok(store))
    }

    scalars!("it has no list of jobs");
}

impl CronJob {
    fn of(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        let text = |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !is_empty(text));
        let stamp = |key: &str| text(key).and_then(time::iso);
        let schedule = map.get("schedule");
        let claim =
            ["run_claim", "fire_claim"].iter().find_map(|key| map.get(*key)?.get("at")?.as_str());
        let enabled = map.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        Some(Self {
            id: text("id").or_else(|| text("job_id"))?.into(),
            schedule: text("schedule_display")
                .or_else(|| schedule?.get("display")?.as_str())
                .unwrap_or("no readable schedule")
                .into(),
            kind: kind(schedule),
            active: enabled && !matches!(text("state"), Some("paused" | "completed")),
            next_run_at: stamp("next_run_at"),
            has_no_next_run: map
                .get("next_run_at")
                .is_some_and(|next| next.as_str().and_then(time::iso).is_none()),
            next_run_offset: text("next_run_at").and_then(time::offset),
            last_run_at: stamp("last_run_at"),
            created_at: stamp("created_at"),
            last_status: text("last_status").map(String::from),
            lacks_user_bus: text("last_error").is_some_and(lacks_user_bus),
            has_delivery_error: text("last_delivery_error").is_some(),
            lifecycle: ["prompt", "script"]
                .iter()
                .find_map(|key| lifecycle::command_in(map.get(*key)?.as_str()?)),
            claimed_at: claim.and_then(time::iso),
            run_at: schedule
                .and_then(|schedule| schedule.get("run_at")?.as_str())
                .and_then(time::iso),
            is_unschedulable: text("state") == Some("error"),
            script: text("script").map(String::from),
            deliver: targets(map.get("deliver")),
            lacks_script: map.get("no_agent") == Some(&Value::Bool(true))
                && text("script").is_none(),
            workdir: text("workdir").map(String::from),
            dispatch: map.get("last_dispatch").and_then(Dispatch::of),
            fire_failed_at: map
                .get("last_fire_error")
                .and_then(|error| time::iso(error.get("at")?.as_str()?)),
            is_unverified: map
                .get("last_delivery_unverified")
                .and_then(Value::as_array)
                .is_some_and(|targets| !targets.is_empty()),
            likeness: likeness(map),
            held_until: stamp("quota_hold_until")
                .or_else(|| time::iso(map.get("unreachable_retry")?.get("at")?.as_str()?)),
        })
    }

    /// True if Hermes holds it back now: its time to run is then none that it passes over.
    pub fn is_held(&self, now: Timestamp) -> bool {
        let until = self.held_until.and_then(Stamp::instant);
        until.is_some_and(|until| until > now)
    }

    /// How long ago it should have run: positive if it is late. None if it is not to run, or if its
    /// time has no offset and may not have come yet.
    pub fn late_by(&self, now: Timestamp) -> Option<Duration> {
        if !self.active {
            return None;
        }
        self.next_run_at?.age_at_least(now)
    }

    /// Whether a run of it is claimed in the store, and not longer ago than `limit`.
    pub fn may_be_running(&self, now: Timestamp, limit: SignedDuration) -> bool {
        let age = self.claimed_at.and_then(Stamp::instant).map(|at| now.duration_since(at));
        age.is_some_and(|age| !age.is_negative() && age < limit)
    }
}

/// A text or, in some versions, a list.
fn targets(deliver: Option<&Value>) -> Vec<String> {
    let texts: Vec<&str> = match deliver {
        Some(Value::String(text)) => text.split(',').collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).map(String::from).collect()
}

/// Equal for two jobs that do the same at the same times for the same people. A prompt is a mark here, and the mark
/// of a short one is that of many.
fn likeness(map: &Map<String, Value>) -> Option<String> {
    let work = match (map.get("script"), map.get("prompt")) {
        (Some(Value::String(script)), _) if !script.is_empty() => script.as_str(),
        (_, Some(Value::String(prompt))) => {
            let mark = Mark::read(prompt.split_whitespace().next()?);
            mark.is_none_or(|mark| mark.digest.is_some()).then_some(prompt.as_str())?
        }
        _ => return None,
    };
    let rest = ["schedule", "deliver", "skills", "origin"].map(|key| map.get(key));
    Some(format!("{work}\n{rest:?}"))
}

fn lacks_user_bus(error: &str) -> bool {
    let is_of_the_bus = ["Failed to connect to bus", "user D-Bus session"];
    error.contains("restart-safe") && is_of_the_bus.iter().any(|phrase| error.contains(phrase))
}

impl Dispatch {
    fn of(value: &Value) -> Option<Self> {
        let kind = match value.get("kind")?.as_str()? {
            "on_time" => DispatchKind::OnTime,
            "late" => DispatchKind::Late,
            "catch_up" => DispatchKind::CatchUp,
            _ => return None,
        };
        let late = value.get("lateness_seconds")?;
        let late = late.as_u64().or_else(|| {
            Duration::try_from_secs_f64(late.as_f64()?).ok().map(|late| late.as_secs())
        });
        Some(Self { late_by: late?, kind })
    }
}

fn kind(schedule: Option<&Value>) -> Schedule {
    let get = |key: &str| schedule?.get(key);
    match get("kind").and_then(Value::as_str) {
        Some("once") => Schedule::Once,
        Some("interval") => match get("minutes").and_then(Value::as_u64) {
            Some(minutes) => Schedule::Interval(Duration::from_secs(minutes.saturating_mul(60))),
            None => Schedule::Other,
        },
        Some("cron") => match get("expr").and_then(Value::as_str) {
            Some(expression) => Schedule::Cron(expression.into()),
            None => Schedule::Other,
        },
        _ => Schedule::Other,
    }
}

/// A mark that a ticker leaves each time that it comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickMark {
    /// When it was left.
    pub at: Timestamp,
    /// The process that left it (0.22+, in `ticker_heartbeat`). Any gateway leaves one mark in the store of every
    /// profile when it starts, also in those that it does not tick.
    pub pid: Option<u32>,
}

impl TickMark {
    /// Reads `EPOCH` or `EPOCH PID`. As Hermes does, it takes the first two fields and leaves the rest for later releases.
    fn read(text: &str) -> Option<Self> {
        let mut fields = text.trim_start_matches('\u{feff}').split_whitespace();
        let at = time::epoch(fields.next()?)?;
        let pid = fields.next().and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0);
        Some(Self { at, pid })
    }

    /// The mark in a file.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().and_then(|text| match Self::read(text) {
            Some(mark) => Fact::Known(mark),
            None => Fact::Unknown(Why::Malformed("not a number of seconds".into())),
        })
    }
}

/// How a tick failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickFailure {
    /// When.
    pub at: Timestamp,
    /// The name of the error and what is known of its words, as far as they may be seen.
    pub error: Option<String>,
}

impl TickFailure {
    /// The failure in a file.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().and_then(|text| {
            let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
            let error = rest.lines().next().map(str::trim).filter(|line| !line.is_empty());
            match time::epoch(first) {
                Some(at) => Fact::Known(Self { at, error: error.map(String::from) }),
                None => Fact::Unknown(Why::Malformed("it bears no time".into())),
            }
        })
    }

    /// True if it did not fail, but stood aside for a gateway that runs newer code (0.21+).
    pub fn is_yield(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.starts_with("CronTickYielded"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(fields: &str) -> CronJob {
        let text = format!(r#"[{{"id": "8cdd638f3642", {fields}}}]"#);
        Store::read(&text).expect("a test's own store").jobs.remove(0)
    }

    #[test]
    fn a_store_is_read_in_each_of_its_shapes() {
        for (text, jobs) in [
            (r#"{"jobs": [{"id": "a"}], "updated_at": "x"}"#, 1),
            (r#"[{"id": "a"}, {"job_id": "b"}]"#, 2),
            (r#"{"jobs": {"a": {"id": "a"}}}"#, 1),
            ("\u{feff}{\"jobs\": []}", 0),
        ] {
            assert_eq!(Store::read(text).expect(text).jobs.len(), jobs, "{text}");
        }
        assert_eq!(Store::read("{}").expect("no list"), Store::default());
        for odd in ["", "null", "{\"jobs\": 3}", "{\"jobs\": ["] {
            assert!(Store::read(odd).is_err(), "{odd}");
        }
        assert_eq!(Store::read("[1, null, {}, {\"id\": \"a\"}]").expect("odd entries").odd, 3);
    }

    #[test]
    fn only_a_job_that_is_meant_to_run_can_be_late() {
        let now: Timestamp = "2026-11-21T01:21:45Z".parse().expect("a time");
        let late = |fields: &str| job(fields).late_by(now).map(|late| late.as_secs());
        let past = r#""next_run_at": "2026-11-20T22:21:45+00:00""#;
        assert_eq!(late(past), Some(3 * 3600));
        assert_eq!(late(&format!("{past}, \"enabled\": false")), None);
        assert_eq!(late(&format!("{past}, \"state\": \"paused\"")), None);
        assert_eq!(late(r#""next_run_at": "2026-11-21T02:00:00+00:00""#), None);
        assert_eq!(late(r#""next_run_at": null"#), None);
        assert_eq!(late(r#""next_run_at": 17"#), None);
        assert_eq!(
            late(r#""next_run_at": "2026-11-20T22:21:45""#),
            None,
            "naive: late in some zones only"
        );
    }

    #[test]
    fn a_mark_that_is_no_number_is_not_an_absent_mark() {
        let file = |text: &str| FileSeen { text: Some(text.into()), ..FileSeen::default() };
        assert!(TickMark::in_file(&file("1795224107.68")).known().is_some());
        for odd in ["", "   ", "soon 410"] {
            assert!(TickMark::in_file(&file(odd)).why().is_some(), "{odd}");
        }
    }

    #[test]
    fn a_mark_says_when_and_from_0_22_on_who() {
        let at = time::epoch("1795224107.68").expect("a time");
        for (text, pid) in [
            ("1795224107.68", None),
            ("1795224107.68\n", None),
            ("1795224107.68 410", Some(410)),
            ("\u{feff}1795224107.68 410", Some(410)),
            ("1795224107.68 410 a later field", Some(410)),
            ("1795224107.68 0", None),
            ("1795224107.68 ?", None),
        ] {
            assert_eq!(TickMark::read(text), Some(TickMark { at, pid }), "{text:?}");
        }
    }
}
