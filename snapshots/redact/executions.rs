//! Hermes's record of its jobs' runs (`cron/executions.db`, 0.19+), as a list in JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Salt, json};
use crate::parse::sqlite::{self, SqliteError};
use crate::parse::time;

/// What is kept of a row. `error` is redacted like that of a job; `id` and `process_id` are random.
const COLUMNS: [&str; 10] = [
    "job_id",
    "source",
    "pid",
    "process_started_at",
    "status",
    "claimed_at",
    "started_at",
    "finished_at",
    "handoff_pending",
    "error",
];

/// What is kept of an incident, which stands in the same list. Its `id` is made from its error.
const INCIDENT: [&str; 4] = ["job_id", "failure_type", "state", "last_seen_at"];

/// The runs that have not ended, and of each job the last that has, oldest first, and after them the incidents
/// that are open.
///
/// # Errors
/// If the database cannot be read.
pub fn list(database: &[u8], log: &[u8], salt: &Salt) -> Result<String, SqliteError> {
    let rows = sqlite::rows(database, log, "executions")?;
    let mut open = Vec::new();
    let mut last: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str);
        if matches!(text("status"), Some("claimed" | "running")) {
            open.push(row);
            continue;
        }
        let job = text("job_id").unwrap_or_default().to_string();
        match last.get(&job) {
            Some(known) if claimed_at(known) > claimed_at(&row) => {}
            _ => drop(last.insert(job, row)),
        }
    }
    let mut rows: Vec<_> = open.into_iter().chain(last.into_values()).collect();
    rows.sort_by_key(claimed_at);
    for row in &mut rows {
        row.retain(|column, _| COLUMNS.contains(&column.as_str()));
    }
    rows.extend(incidents(database, log)?);
    let rows = rows.into_iter().map(Value::Object).collect();
    Ok(json::value(&Value::Array(rows), salt))
}

/// The failures of jobs that nobody has closed and that are not over. The table came with 0.20.6.
fn incidents(database: &[u8], log: &[u8]) -> Result<Vec<Map<String, Value>>, SqliteError> {
    let rows = match sqlite::rows(database, log, "cron_incidents") {
        Err(SqliteError::NoTable) => return Ok(Vec::new()),
        rows => rows?,
    };
    let is_open = |row: &Map<String, Value>| {
        let state = row.get("state").and_then(Value::as_str);
        matches!(state, Some("detected" | "alerted"))
    };
    let mut open: Vec<_> = rows.into_iter().filter(is_open).collect();
    for row in &mut open {
        row.retain(|column, _| INCIDENT.contains(&column.as_str()));
    }
    Ok(open)
}

/// As an instant: the offset changes with Hermes's time zone, so the text tells no order.
fn claimed_at(row: &Map<String, Value>) -> Option<jiff::Timestamp> {
    time::iso(row.get("claimed_at")?.as_str()?)?.instant()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &[u8] = include_bytes!("../parse/sqlite/executions.db");
    const LOG: &[u8] = include_bytes!("../parse/sqlite/executions.db-wal");

    #[test]
    fn what_is_open_is_kept_and_of_the_rest_the_last_of_each_job() {
        let text = list(DATABASE, LOG, &Salt(b"test".to_vec())).expect("a sound database");
        let rows: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("JSON");
        let said: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| {
                (row["job_id"].as_str().expect("id"), row["status"].as_str().expect("status"))
            })
            .collect();
        assert_eq!(
            said,
            [
                ("000000000000", "completed"),
                ("000000000001", "completed"),
                ("000000000000", "running"),
                ("000000000001", "claimed"),
                ("000000000002", "unknown"),
            ]
        );
        assert!(!text.contains("Ünïcode"), "{text}");
        assert!(!text.contains("process_id\""), "{text}");
    }

    #[test]
    fn what_is_neither_over_nor_closed_is_kept_of_the_incidents_without_its_error() {
        let database = include_bytes!("../parse/sqlite/incidents.db");
        let text = list(database, &[], &Salt(b"test".to_vec())).expect("a sound database");
        let rows: Vec<Map<String, Value>> = serde_json::from_str(&text).expect("JSON");
        let said: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (row["job_id"].as_str().expect("id"), row["state"].as_str().expect("state")))
            .collect();
        assert_eq!(said, [("000000000000", "detected"), ("000000000001", "alerted")]);
        assert!(!text.contains("secret"), "{text}");
    }
}
