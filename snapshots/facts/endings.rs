//! How lives of a gateway ended, in its own words: the ledger of its life, and the logs of its watchdogs and crashes.
//!
//! Each of them is written by the process that ends or by the next one, so a killed process leaves none of its own.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::Fact;
use crate::facts::home::join;
use crate::facts::record::RecordError;
use crate::host::{Host, Part};
use crate::parse::json;
use crate::parse::time;

/// What the files of one home say of the ends of its gateways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endings {
    /// `state/gateway.lifecycle.json` (0.20+): the last life that came as far as its lock.
    pub last: Fact<Lifecycle>,
    /// `logs/gateway-startup-watchdog.log` (0.21.3+): starts that their own watchdog ended, oldest first.
    pub hung_starts: Fact<Vec<HungStart>>,
    /// `logs/gateway-exit-diag.log` (all versions): its starts and its ends, oldest first.
    pub traces: Fact<Vec<Trace>>,
}

/// The last life, and whether the one before it ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Its process.
    pub pid: u32,
    /// `started_at`: when it had its lock. It stands there as long as the life lasts.
    pub started_at: Option<Timestamp>,
    /// How it ended. None: it has not, or it was killed.
    pub end: Option<End>,
    /// `prior_unclean_exit`: the one before it was killed, or ended by an error that nothing caught.
    pub prior_was_unclean: bool,
    /// `prior_suspected_oom`: memory was short when that one last wrote its mark.
    pub prior_lacked_memory: bool,
}

/// An end that a process wrote down itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Option<Timestamp>,
    /// `exit_code`.
    pub code: Option<i32>,
    /// The watchdog that ended it, unless it ended by itself.
    pub watchdog: Option<Watchdog>,
}

/// A watchdog of Hermes's own, which ends a gateway that makes no progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watchdog {
    /// Of its event loop: it did not come round for 90 to 120 s. Ends with 75.
    Loop,
    /// Of its stop: it took a minute longer than its drain may take. Ends with 1.
    Stop,
    /// Of its start: it had no event loop after 300 s, and neither computed nor said that it needs longer. Ends with 75.
    Start,
}

/// A start that its watchdog ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HungStart {
    /// When.
    pub at: Timestamp,
    /// Its process.
    pub pid: u32,
    /// The last step that had said that it needs long.
    pub step: Option<String>,
}

/// A record of a start or of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// When.
    pub at: Timestamp,
    /// Its process.
    pub pid: u32,
    /// Its tag, as it stands there.
    pub tag: &'static str,
    /// What it tells.
    pub told: Told,
}

/// What a record of a start or of an end tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// `gateway.start`: the command began, be it refused a moment later.
    Started,
    /// `gateway.exit_clean`: it ended as it was asked to.
    EndedWell,
    /// `gateway.exit_nonzero`, or `asyncio.run.SystemExit`: it ended by itself with another code than 0, as for a planned restart.
    EndedWithCode,
    /// `asyncio.run.KeyboardInterrupt`: somebody pressed Ctrl-C.
    Interrupted,
    /// `asyncio.run.exception`: an error ended it that nothing caught. The name of the error: `AttributeError`.
    Crashed(Option<String>),
    /// `gateway.previous_unclean_exit` (0.20+): the life before it had left no word of its end.
    FoundUnclean,
}

impl Endings {
    /// Reads them.
    pub fn of(host: &dyn Host, home: &str) -> Self {
        let file = |name: &str, part: Part| host.file(&join(home, name), part);
        Self {
            last: file(LIFECYCLE, Part::SMALL).content().parse(Lifecycle::read),
            hung_starts: file(HUNG_STARTS, Part::LOG)
                .content()
                .map(|text| records(text, HungStart::of)),
            traces: file(TRACES, Part::LOG).content().map(|text| records(text, Trace::of)),
        }
    }
}

/// The ledger of a life, below a home.
pub(super) const LIFECYCLE: &str = "state/gateway.lifecycle.json";
/// The logs, below a home.
pub(super) const LOGS: [&str; 2] = [HUNG_STARTS, TRACES];
const HUNG_STARTS: &str = "logs/gateway-startup-watchdog.log";
const TRACES: &str = "logs/gateway-exit-diag.log";

impl Watchdog {
    /// The watchdog that an `exit_reason` names, if it names one.
    pub fn named(reason: &str) -> Option<Self> {
        match reason {
            "loop_liveness_watchdog" => Some(Self::Loop),
            "shutdown_watchdog" => Some(Self::Stop),
            "startup_liveness_watchdog" => Some(Self::Start),
            _ => None,
        }
    }

    /// What it found, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Loop => "its event loop stood still, and its own watchdog ended it",
            Self::Stop => "its stop hung, and its own watchdog ended it",
            Self::Start => "its start hung, and its own watchdog ended it",
        }
    }
}

impl Lifecycle {
    fn read(text: &str) -> Result<Self, RecordError> {
        let value = json::python(text)?;
        let pid = pid(&value).ok_or(RecordError::Form("it names no PID"))?;
        let is = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let has_ended = match text("phase") {
            Some("exited") => true,
            Some("running") => false,
            _ => return Err(RecordError::Form("it names no phase that is known")),
        };
        let end = || End {
            at: instant(&value, "exited_at"),
            code: value.get("exit_code").and_then(Value::as_i64).and_then(|it| it.try_into().ok()),
            watchdog: text("exit_reason").and_then(Watchdog::named),
        };
        Ok(Self {
            pid,
            started_at: instant(&value, "started_at"),
            end: has_ended.then(end),
            prior_was_unclean: is("prior_unclean_exit"),
            prior_lacked_memory: is("prior_suspected_oom"),
        })
    }
}

impl HungStart {
    fn of(record: &Value) -> Option<Self> {
        let step = record.get("last_lease_phase").and_then(Value::as_str).map(String::from);
        let (at, pid) = named(record, "startup_watchdog.fired")?;
        Some(Self { at, pid, step })
    }
}

impl Trace {
    fn of(record: &Value) -> Option<Self> {
        let text = |key: &str| record.get(key).and_then(Value::as_str);
        let (tag, told) = match text("tag")? {
            "gateway.start" => ("gateway.start", Told::Started),
            "gateway.exit_clean" => ("gateway.exit_clean", Told::EndedWell),
            "gateway.exit_nonzero" => ("gateway.exit_nonzero", Told::EndedWithCode),
            "asyncio.run.SystemExit" => ("asyncio.run.SystemExit", Told::EndedWithCode),
            "asyncio.run.KeyboardInterrupt" => ("asyncio.run.KeyboardInterrupt", Told::Interrupted),
            "asyncio.run.exception" => {
                ("asyncio.run.exception", Told::Crashed(text("exc_type").map(String::from)))
            }
            "gateway.previous_unclean_exit" => {
                ("gateway.previous_unclean_exit", Told::FoundUnclean)
            }
            _ => return None,
        };
        Some(Self { at: instant(record, "ts")?, pid: pid(record)?, tag, told })
    }
}

/// The records among the lines of a log. Stacks of threads stand between them.
fn records<T>(text: &str, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    text.lines().filter_map(|line| of(&json::python(line).ok()?)).collect()
}

/// The time and the process of a record with this tag.
fn named(record: &Value, tag: &str) -> Option<(Timestamp, u32)> {
    let is_it = record.get("tag").and_then(Value::as_str) == Some(tag);
    Some((instant(record, "ts")?, pid(record)?)).filter(|_| is_it)
}

fn pid(record: &Value) -> Option<u32> {
    let pid = record.get("pid")?.as_u64()?;
    u32::try_from(pid).ok().filter(|pid| *pid > 0)
}

fn instant(record: &Value, key: &str) -> Option<Timestamp> {
    time::iso(record.get(key)?.as_str()?)?.instant()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's own time")
    }

    #[test]
    fn a_ledger_says_how_its_life_ended_and_how_the_one_before_it_did() {
        let read = |text: &str| Lifecycle::read(text).expect("a ledger");
        let frozen = read(
            r#"{"phase": "exited", "pid": 410, "exit_code": 75, "exit_reason": "loop_liveness_watchdog", "exited_at": "2026-11-21T01:21:41+00:00", "start_time": 1795224100.5}"#,
        );
        let end = End {
            at: Some(at("2026-11-21T01:21:41Z")),
            code: Some(75),
            watchdog: Some(Watchdog::Loop),
        };
        assert_eq!((frozen.pid, frozen.end), (410, Some(end)));
        let stopped = read(
            r#"{"phase": "exited", "pid": 410, "exit_code": 0, "exit_reason": "graceful_shutdown"}"#,
        );
        assert_eq!(stopped.end, Some(End { at: None, code: Some(0), watchdog: None }));
        let after_a_kill = read(
            r#"{"phase": "running", "pid": 511, "prior_unclean_exit": true, "prior_suspected_oom": true}"#,
        );
        assert_eq!(after_a_kill.end, None);
        assert!(after_a_kill.prior_was_unclean && after_a_kill.prior_lacked_memory);
        for odd in ["", "[]", "{}", r#"{"phase": "running"}"#, r#"{"pid": 4, "phase": "paused"}"#] {
            assert!(Lifecycle::read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn among_the_stacks_of_threads_the_records_are_found() {
        let text = "\
{\"ts\": \"2026-11-21T01:21:41+00:00\", \"tag\": \"startup_watchdog.fired\", \"pid\": 410, \"last_lease_phase\": \"state_db_data_migrations\"}
Thread 0x00007f (most recent call first):
  File \"/v/hermes_state.py\", line 1 in x
{\"ts\": \"2026-11-21T01:22:41+00:00\", \"tag\": \"gateway.start\", \"pid\": 411}
{\"ts\": \"2026-11-21T01:23:41+00:00\", \"tag\": \"asyncio.run.exception\", \"pid\": 411, \"exc_type\": \"AttributeError\"}
{\"ts\": \"yesterday\", \"tag\": \"asyncio.run.exception\", \"pid\": 411}
{\"tag\": \"asyncio.run.exc";
        let hung = records(text, HungStart::of);
        assert_eq!(hung.len(), 1);
        assert_eq!(hung[0].step.as_deref(), Some("state_db_data_migrations"));
        let traces = records(text, Trace::of);
        let told: Vec<_> = traces.iter().map(|trace| (trace.pid, &trace.told)).collect();
        let crashed = Told::Crashed(Some("AttributeError".into()));
        assert_eq!(told, [(411, &Told::Started), (411, &crashed)]);
    }
}
