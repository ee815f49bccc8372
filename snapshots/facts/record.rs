//! What a gateway writes about itself: its PID and lock records, and its status file.
//!
//! None of it proves life. `running` beside a dead PID is what every stop by a supervisor leaves
//! behind (0.17 and later, verified), and an idle gateway never touches its status file.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::Fact;
use crate::observation::FileSeen;
use crate::parse::json::{self, JsonError};
use crate::parse::time;

/// `gateway.pid`, `gateway.lock`, and the head of `gateway_state.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PidRecord {
    /// The process that wrote it.
    pub pid: u32,
    /// When that process started, in its platform's unit (see [`crate::observation::Started`]).
    pub start_time: Option<u64>,
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
        })
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
    /// `updated_at`. No heartbeat: an idle gateway does not advance it.
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
    /// When it was written. Older than the process's start: it belongs to an earlier life.
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
            updated_at: instant(&value, "updated_at"),
        })
    }

    /// The status in a file.
    pub fn in_file(file: &FileSeen) -> Fact<Self> {
        file.content().parse(Self::read)
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
            updated_at: instant(entry, "updated_at"),
        }
    }
}

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
