//! What Hermes has noted of its jobs' runs (0.19+): those that have not ended, and of each job the last that has.

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::process::{Identity, Process, exists};
use crate::facts::record::{PidRecord, RecordError};
use crate::host::Host;
use crate::parse::json;
use crate::parse::time::{self, Stamp};

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The job's id.
    pub job: String,
    /// Whether it was claimed or has begun, and nobody has said that it ended. A run whose owner ended before it did
    /// is closed, as `unknown`, when the next gateway starts.
    pub is_open: bool,
    /// The process that claimed it. [`Owner::Unclear`] where it has ended, for nobody asks then.
    pub owner: Owner,
    /// The process that claimed it, and when that started, in the unit of its platform.
    pub claimant: Option<PidRecord>,
    /// When it was claimed.
    pub claimed_at: Option<Stamp>,
    /// `status`: `claimed`, `running`, `completed`, `failed`, `unknown`, or what a later version says.
    pub status: String,
    /// When it ended.
    pub finished_at: Option<Stamp>,
}

/// A failure of a job that Hermes keeps in mind until it is over or closed (0.20.6+).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The job's id.
    pub job: String,
    /// `failure_type`: `script`, `agent`, `delivery`, `auth`, `rate_limit`, `timeout`, `config`, `unknown`, or what a later
    /// version says.
    pub failure: String,
    /// When it was last seen.
    pub last_seen_at: Option<Stamp>,
}

impl Incident {
    /// Reads the list that a snapshot holds.
    ///
    /// # Errors
    /// If it is no list.
    pub fn list(text: &str) -> Result<Vec<Self>, RecordError> {
        let value = json::python(text)?;
        let list = value.as_array().ok_or(RecordError::Form("it is no list of runs"))?;
        Ok(list.iter().filter_map(Self::of).collect())
    }

    fn of(row: &Value) -> Option<Self> {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let failure = text("failure_type")?;
        Some(Self {
            job: text("job_id")?.into(),
            failure: failure.into(),
            last_seen_at: text("last_seen_at").and_then(time::iso),
        })
    }
}

/// What has become of the process that claimed a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It lives.
    Alive(u32),
    /// It is gone, or its PID is another's now.
    Gone(u32),
    /// There is no telling.
    Unclear,
}

impl Execution {
    /// Reads the list that a snapshot holds, and asks after the owners of the runs that have not ended.
    ///
    /// # Errors
    /// If it is no list.
    pub fn list(text: &str, host: &dyn Host) -> Result<Vec<Self>, RecordError> {
        let value = json::python(text)?;
        let list = value.as_array().ok_or(RecordError::Form("it is no list of runs"))?;
        Ok(list.iter().filter_map(|row| Self::of(row, host)).collect())
    }

    fn of(row: &Value, host: &dyn Host) -> Option<Self> {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        let status = text("status")?;
        let is_open = matches!(status, "claimed" | "running");
        Some(Self {
            status: status.into(),
            finished_at: text("finished_at").and_then(time::iso),
            job: text("job_id")?.into(),
            is_open,
            owner: if is_open { owner(row, host) } else { Owner::Unclear },
            claimant: claimant(row),
            claimed_at: text("claimed_at").and_then(time::iso),
        })
    }

    /// How long ago it was claimed, in seconds.
    pub fn age(&self, now: Timestamp) -> Option<u64> {
        Some(self.claimed_at?.age_at_least(now)?.as_secs())
    }
}

fn claimant(row: &Value) -> Option<PidRecord> {
    let pid = row.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    let pid = pid.filter(|pid| *pid > 0)?;
    let start_time = row.get("process_started_at").and_then(Value::as_u64);
    Some(PidRecord { pid, start_time, program: None })
}

fn owner(row: &Value, host: &dyn Host) -> Owner {
    let Some(record) = claimant(row) else { return Owner::Unclear };
    let pid = record.pid;
    let seen = host.process(pid);
    match exists(&seen) {
        Some(false) => Owner::Gone(pid),
        None => Owner::Unclear,
        Some(true) => {
            let process = Process::of(seen, host.about());
            match process.identity_as_hermes(&record, host.about().os) {
                Identity::Same if process.is_zombie() => Owner::Gone(pid),
                Identity::Same => Owner::Alive(pid),
                Identity::Reused => Owner::Gone(pid),
                Identity::Unclear => Owner::Unclear,
            }
        }
    }
}
