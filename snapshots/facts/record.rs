//! What a gateway writes about itself: its PID and lock records, and its status file.
//!
//! None of it proves life. `running` beside a dead PID is what every stop by a supervisor leaves
//! behind (0.17 and later, verified), and an idle gateway never touches its status file.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::Fact;
use crate::facts::address::Address;
use crate::facts::endings::Watchdog;
use crate::facts::gateway::Listener;
use crate::facts::process::{Identity, Process};
use crate::observation::FileSeen;
use crate::parse::json::{self, JsonError};
use crate::parse::time;
use crate::snapshot::Os;

/// `gateway.pid`, `gateway.lock`, and the head of `gateway_state.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PidRecord {
    /// The process that wrote it.
    pub pid: u32,
    /// When that process started, in its platform's unit (see [`crate::observation::Started`]).
    pub start_time: Option<u64>,
    /// The program that it was started as: `…/hermes_cli/main.py`.
    pub program: Option<String>,
}

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON of another form.
    #[error("{0}")]
    Form(&'static str),
}

impl PidRecord {
    /// Reads a record; very old ones are a bare number.
    ///
    /// # Errors
    /// If it is neither, or names no PID.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        if text.trim().is_empty() {
            return Err(RecordError::Form("empty"));
        }
        let value = json::python(text)?;
        Self::of(&value)
    }

    fn of(value: &Value) -> Result<Self, RecordError> {
        let pid = match value {
            Value::Number(_) => value,
            Value::Object(map) => map.get("pid").ok_or(RecordError::Form("it names no PID"))?,
            _ => return Err(RecordError::Form("neither an object nor a number")),
        };
        let pid = pid.as_u64().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
        Ok(Self {
            pid: pid.ok_or(RecordError::Form("its PID is no positive number"))?,
            start_time: value.get("start_time").and_then(Value::as_u64),
            program: value.pointer("/argv/0").and_then(Value::as_str).map(String::from),
        })
    }

    /// The record under these two keys of a larger one. None if it names no PID.
    fn at(value: &Value, pid: &str, start_time: &str) -> Option<Self> {
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let pid = u32::try_from(number(pid)?).ok().filter(|pid| *pid > 0)?;
        Some(Self { pid, start_time: number(start_time), program: None })
    }

    /// The record in a file. An empty file, as a lock of 0.13 may be, is malformed, not absent.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().parse(Self::read)
    }
}

/// `gateway_state.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Who wrote it last.
    pub writer: Option<PidRecord>,
    /// `gateway_state`: `starting`, `running`, `degraded`, `draining`, `stopped`, `startup_failed`, or what a later version says.
    pub state: Option<String>,
    /// `exit_reason`.
    pub exit_reason: Option<String>,
    /// `restart_requested`. Persists into the next life.
    pub restart_requested: bool,
    /// `active_agents`: turns under way.
    pub active_agents: u64,
    /// `platforms`. Merged across lives and never cleared: see [`Platform::updated_at`].
    pub platforms: Vec<Platform>,
    /// `served_profiles`, of a multiplexing gateway (0.17+). Persists into the next life.
    pub served_profiles: Vec<String>,
    /// `multiplex_standalone_reason` (0.21.5+): why it serves no profile but its own.
    pub standalone_reason: Option<String>,
    /// `session_store.status` (0.20.6+), of the gateway's own handle: `ok`, `unavailable`, `retrying`, `unknown`.
    pub session_store: Option<String>,
    /// `code_version` (0.20.6+): the version of the code that the writer has loaded, which may differ from the installed one.
    pub code_version: Option<String>,
    /// `code_sha` (0.20.6+): the commit of that code. None outside a checkout.
    pub code_sha: Option<String>,
    /// `hermes_home` (0.20+): the home for which the file was first made. Its other writers leave it as it is, so a
    /// copied file keeps the home from which it was copied.
    pub hermes_home: Option<String>,
    /// `desired_state` (0.20+): `running` or `stopped`. Written where s6 supervises, and by nobody else.
    pub desired_state: Option<String>,
    /// `updated_at`. No heartbeat up to 0.21.3, where an idle gateway does not advance it.
    pub updated_at: Option<Timestamp>,
}

/// One platform's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// `api_server`, `telegram`, or `profile:platform`.
    pub name: String,
    /// `connecting`, `connected`, `disconnected`, `retrying`, `fatal`, `paused`, `disabled`, …
    pub state: String,
    /// `error_code`.
    pub error_code: Option<String>,
    /// `error_message`.
    pub error_message: Option<String>,
    /// `needs_attention` (0.20.4+): it has failed for hours. Cleared when it connects.
    pub needs_attention: bool,
    /// `retrying_since` (0.20.4+). Cleared when it connects.
    pub retrying_since: Option<Timestamp>,
    /// `listener_base` (0.21.3+): `http://HOST:PORT` of the listener that it bound. It outlives the listener and the
    /// process, so that it holds only beside `connected` and the live process as the writer.
    pub listener_base: Option<String>,
    /// The process that wrote this entry, `writer_pid` and `writer_start_time` (0.20.4+). See [`Self::is_of`].
    pub writer: Option<PidRecord>,
    /// When it was written.
    pub updated_at: Option<Timestamp>,
}

impl Status {
    /// Reads the file's text.
    ///
    /// # Errors
    /// If it is no JSON object.
    pub fn read(content: &str) -> Result<Self, RecordError> {
        if content.trim().is_empty() {
            return Err(RecordError::Form("empty"));
        }
        let value = json::python(content)?;
        let Value::Object(map) = &value else {
            return Err(RecordError::Form("not an object"));
        };
        let platforms = map.get("platforms").and_then(Value::as_object);
        Ok(Self {
            writer: PidRecord::of(&value).ok(),
            state: text(&value, "gateway_state"),
            exit_reason: text(&value, "exit_reason"),
            restart_requested: value
                .get("restart_requested")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            active_agents: value.get("active_agents").and_then(Value::as_u64).unwrap_or(0),
            platforms: platforms
                .map(|platforms| {
                    platforms.iter().map(|(name, entry)| Platform::of(name, entry)).collect()
                })
                .unwrap_or_default(),
            served_profiles: strings(value.get("served_profiles")),
            standalone_reason: text(&value, "multiplex_standalone_reason"),
            session_store: value.get("session_store").and_then(|store| text(store, "status")),
            code_version: text(&value, "code_version"),
            code_sha: text(&value, "code_sha"),
            hermes_home: text(&value, "hermes_home"),
            desired_state: text(&value, "desired_state"),
            updated_at: instant(&value, "updated_at"),
        })
    }

    /// The status in a file.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().parse(Self::read)
    }

    /// The watchdog of Hermes's own that ended its writer, where one left its stamp on it: `degraded`, with its name as the
    /// reason (0.21.5+). A living gateway of those releases is `degraded`, too, without a reason.
    pub fn watchdog(&self) -> Option<Watchdog> {
        let reason = self.exit_reason.as_deref().filter(|_| self.is("degraded"))?;
        Watchdog::named(reason)
    }

    /// True if it says that its writer lives. A stop, a planned restart, a refused start and an end by a watchdog say so,
    /// and a killed process says nothing.
    pub fn claims_life(&self) -> bool {
        self.state.is_some()
            && !self.is("stopped")
            && !self.is("startup_failed")
            && self.watchdog().is_none()
    }

    fn is(&self, state: &str) -> bool {
        self.state.as_deref() == Some(state)
    }

    /// Returns the platform that says of itself that it bound this listener of the process, if one does.
    pub fn binder_of(&self, listener: &Listener, process: &Process, os: Os) -> Option<&str> {
        let mut live =
            self.platforms.iter().filter(|platform| platform.is_of(process, os) == Some(true));
        live.find(|platform| platform.bound(listener)).map(|platform| platform.name.as_str())
    }

    /// The entry of a platform.
    pub fn platform(&self, name: &str) -> Option<&Platform> {
        self.platforms.iter().find(|platform| platform.name == name)
    }
}

impl Platform {
    fn of(name: &str, entry: &Value) -> Self {
        Self {
            name: name.into(),
            state: text(entry, "state").unwrap_or_default(),
            error_code: text(entry, "error_code"),
            error_message: text(entry, "error_message"),
            needs_attention: entry.get("needs_attention").and_then(Value::as_bool).unwrap_or(false),
            retrying_since: instant(entry, "retrying_since"),
            listener_base: text(entry, "listener_base"),
            writer: PidRecord::at(entry, "writer_pid", "writer_start_time"),
            updated_at: instant(entry, "updated_at"),
        }
    }

    /// True if it names this listener as its own, and is connected: an entry keeps its listener after that is gone. A
    /// listener on every address stands there as 127.0.0.1 (0.22.2).
    fn bound(&self, listener: &Listener) -> bool {
        let base = self.listener_base.as_deref().filter(|_| self.state == "connected");
        let base = base.and_then(|base| base.strip_prefix("http://")?.rsplit_once(':'));
        base.is_some_and(|(host, port)| {
            port.trim_end_matches('/').parse() == Ok(listener.port)
                && Address::of(host).meets(&listener.address) != Some(false)
        })
    }

    /// True if this process wrote the entry, false if an earlier one did: entries outlive their writers. Its writer
    /// decides (0.20.4+), else its time. None where neither tells.
    pub fn is_of(&self, process: &Process, os: Os) -> Option<bool> {
        if let Some(writer) = &self.writer {
            return match process.identity(writer, os) {
                Identity::Same => Some(true),
                Identity::Reused => Some(false),
                Identity::Unclear => None,
            };
        }
        Some(self.updated_at? >= process.started_at?)
    }
}

/// The name of the API server among the platforms.
pub(super) const API_SERVER: &str = "api_server";

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(String::from)
}

fn instant(value: &Value, key: &str) -> Option<Timestamp> {
    time::iso(value.get(key)?.as_str()?)?.instant()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_in_its_old_and_new_forms() {
        let record = PidRecord::read(
            r#"{"pid": 381, "kind": "hermes-gateway", "argv": ["x"], "start_time": 36535}"#,
        )
        .expect("a record");
        assert_eq!((record.pid, record.start_time), (381, Some(36535)));
        assert_eq!(PidRecord::read("4711\n").expect("a bare number").pid, 4711);
    }

    #[test]
    fn what_names_no_process_is_no_record() {
        for odd in [
            "",
            "{}",
            "[]",
            "\"381\"",
            "{\"pid\": \"381\"}",
            "{\"pid\": -1}",
            "{\"pid\": 0}",
            "0",
            "{\"pid\": 99999999999}",
            "{\"pid\": 381",
        ] {
            assert!(PidRecord::read(odd).is_err(), "{odd}");
        }
    }

    /// As 0.22.2 writes it, shortened.
    const STATUS: &str = r#"{"pid": 410, "kind": "hermes-gateway", "start_time": 2345, "gateway_state": "degraded",
        "hermes_home": "/home/a/.hermes", "code_version": "0.22.2", "code_sha": null,
        "session_store": {"status": "unavailable"}, "desired_state": "running", "served_profiles": [],
        "multiplex_standalone_reason": "only one profile exists (nothing to multiplex)",
        "platforms": {
            "api_server": {"state": "fatal", "listener_base": "http://127.0.0.1:8642", "writer_pid": 410,
                "writer_start_time": 2345, "updated_at": "2026-11-21T01:21:41+00:00"},
            "telegram": {"state": "retrying", "needs_attention": true, "retrying_since": "2026-11-20T20:00:00+00:00",
                "writer_pid": 377, "writer_start_time": 1200, "updated_at": "2026-11-21T01:30:00+00:00"}},
        "updated_at": "2026-11-21T01:22:41+00:00"}"#;

    #[test]
    fn what_0_20_and_later_write_is_read_and_passes_the_redaction() {
        let salt = crate::redact::Salt(b"test".to_vec());
        let redacted = crate::redact::json::document(STATUS, &salt).expect("a status");
        let status = Status::read(&redacted).expect("a status");
        assert_eq!(status, Status::read(STATUS).expect("a status"));
        assert_eq!(status.session_store.as_deref(), Some("unavailable"));
        assert_eq!((status.code_version.as_deref(), &status.code_sha), (Some("0.22.2"), &None));
        assert_eq!(status.hermes_home.as_deref(), Some("/home/a/.hermes"));
        assert_eq!(status.desired_state.as_deref(), Some("running"));
        assert!(status.standalone_reason.is_some_and(|reason| reason.starts_with("only one")));
        let telegram =
            status.platforms.iter().find(|one| one.name == "telegram").expect("telegram");
        assert!(telegram.needs_attention && telegram.retrying_since.is_some());
    }

    #[test]
    fn the_writer_of_an_entry_decides_whose_it_is_and_its_time_only_where_it_is_not_named() {
        let about = serde_json::from_str(
            r#"{"os": "linux", "boot_time": "2026-11-21T01:00:00Z", "ticks_per_second": 100}"#,
        )
        .expect("a test's own host");
        let seen = serde_json::from_str(
            r#"{"pid": 410, "started": 2345, "argv": ["hermes", "gateway", "run"]}"#,
        );
        let process = Process::of(seen.expect("a test's own process"), &about);
        let of = |entry: &str| {
            let entry = serde_json::from_str(entry).expect("a test's own entry");
            Platform::of("telegram", &entry).is_of(&process, Os::Linux)
        };
        let (before, after) = ("2026-11-21T01:00:00Z", "2026-11-21T01:10:00Z");
        for (entry, expected) in [
            (
                format!(
                    r#"{{"writer_pid": 410, "writer_start_time": 2345, "updated_at": "{before}"}}"#
                ),
                Some(true),
            ),
            (
                format!(
                    r#"{{"writer_pid": 410, "writer_start_time": 1200, "updated_at": "{after}"}}"#
                ),
                Some(false),
            ),
            (format!(r#"{{"writer_pid": 377, "updated_at": "{after}"}}"#), Some(false)),
            (format!(r#"{{"updated_at": "{after}"}}"#), Some(true)),
            (format!(r#"{{"updated_at": "{before}"}}"#), Some(false)),
            ("{}".into(), None),
        ] {
            assert_eq!(of(&entry), expected, "{entry}");
        }
    }

    #[test]
    fn a_status_survives_odd_types() {
        let status = Status::read(
            r#"{"gateway_state": "running", "active_agents": "three", "restart_requested": "no", "platforms": {"telegram": null, "api_server": {"state": "connected", "updated_at": "2026-11-21T01:21:41.392941+00:00"}}}"#,
        )
        .expect("a status");
        assert_eq!(
            (status.writer, status.active_agents, status.restart_requested),
            (None, 0, false)
        );
        assert_eq!(status.platforms.len(), 2);
        assert!(Status::read("[1]").is_err());
        assert!(Status::read("").is_err());
    }
}
