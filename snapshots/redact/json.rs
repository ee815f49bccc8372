//! Hermes's own JSON files: state, records, the job store. Values stay by the name of their key;
//! strings under any other key become marks, numbers there become zero (a chat id is a number), and
//! only null and booleans stay everywhere.

use serde_json::Value;

use super::{Mark, Salt, shape};
use crate::parse::json::{JsonError, python};

/// Keys whose values may be seen: identity of processes, times, states, schedules, numbers of things.
const CLEAR_KEYS: [&str; 78] = [
    "action",
    "active_agents",
    "at",
    "boots",
    "claimed_at",
    "code_sha",
    "code_version",
    "completed",
    "created_at",
    "desired_state",
    "display",
    "enabled",
    "epoch",
    "error_code",
    "exit_code",
    "exited_at",
    "expr",
    "failure_streak",
    "finished_at",
    "fire_claim",
    "gateway_state",
    "handoff_pending",
    "hermes_home",
    "id",
    "job_id",
    "kind",
    "last_run_at",
    "last_status",
    "listener_base",
    "manual_run_at",
    "minutes",
    "model",
    "model_snapshot",
    "monotonic",
    "needs_attention",
    "next_run_at",
    "no_agent",
    "paused_at",
    "phase",
    "pid",
    "platform",
    "process_started_at",
    "profile",
    "provider",
    "provider_snapshot",
    "python",
    "reason",
    "repeat",
    "replacer_hermes_home",
    "replacer_pid",
    "requested_at",
    "restart_requested",
    "retrying_since",
    "run_at",
    "run_claim",
    "schedule",
    "schedule_display",
    "scope",
    "script",
    "served_profiles",
    "session_store",
    "skill",
    "skills",
    "source",
    "start_time",
    "started_at",
    "state",
    "status",
    "stopper_pid",
    "target_pid",
    "target_start_time",
    "times",
    "ts",
    "updated_at",
    "workdir",
    "writer_pid",
    "writer_start_time",
    "written_at",
];

/// Keys whose text may be seen once whatever looks like a secret is taken out of it.
const SHAPED_KEYS: [&str; 4] = ["argv", "error_message", "exit_reason", "tag"];

/// What Hermes itself says of a run or a delivery that failed. The rest of such a text is the job's own
/// output, or names a chat.
const JOB_ERRORS: [&str; 16] = [
    "Script exited with code",
    "Skipped to prevent unintended spend",
    "Scheduler restarted after this execution's owner exited",
    "Gateway shutdown",
    "Failed to read cron database",
    "inactivity limit",
    "timed out",
    "no delivery target resolved",
    "not configured/enabled",
    "interpreter is shutting down",
    "live adapter",
    "delivery to",
    "AuthenticationError",
    "RateLimitError",
    "ImportError",
    "Blocked: cron job contains a gateway lifecycle command",
];

/// The same document without its secrets, pretty-printed.
///
/// # Errors
/// If it is not JSON even by Python's reading. Its text must then be withheld: there is no telling
/// where its secrets are.
pub fn document(text: &str, salt: &Salt) -> Result<String, JsonError> {
    Ok(value(python(text)?, salt))
}

/// The same for a value that was read already.
pub(super) fn value(mut value: Value, salt: &Salt) -> String {
    redact(None, &mut value, salt);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn redact(key: Option<&str>, value: &mut Value, salt: &Salt) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                redact(Some(key), value, salt);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redact(key, value, salt)),
        Value::String(text) => *text = string(key, text, salt),
        Value::Number(number) if !key.is_some_and(is_clear) => *number = 0.into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_clear(key: &str) -> bool {
    CLEAR_KEYS.binary_search(&key).is_ok()
}

fn string(key: Option<&str>, text: &str, salt: &Salt) -> String {
    match key {
        Some(key) if is_clear(key) || SHAPED_KEYS.contains(&key) => shape::text(text, salt),
        Some("deliver") => targets(text, salt),
        Some("by") => claimant(text, salt),
        Some("prompt") => with_lifecycle_words(text, salt),
        Some("last_error" | "last_delivery_error" | "error") => job_error(text, salt),
        _ => Mark::of(text, salt).to_string(),
    }
}

/// `telegram:123456:7,local` keeps its platforms and loses its chats.
fn targets(text: &str, salt: &Salt) -> String {
    let target = |target: &str| match target.split_once(':') {
        Some((platform, chat)) => format!("{platform}:{}", Mark::of(chat, salt)),
        None => target.to_string(),
    };
    text.split(',').map(target).collect::<Vec<_>>().join(",")
}

/// `host:pid[:token]` keeps its pid.
fn claimant(text: &str, salt: &Salt) -> String {
    let mut parts = text.split(':');
    let host = Mark::of(parts.next().unwrap_or_default(), salt);
    match parts.next().filter(|pid| pid.parse::<u32>().is_ok()) {
        Some(pid) => format!("{host}:{pid}"),
        None => host.to_string(),
    }
}

/// What Hermes says of a failure, without what the job said.
fn job_error(text: &str, salt: &Salt) -> String {
    let mut known: Vec<&str> =
        JOB_ERRORS.iter().filter(|phrase| text.contains(**phrase)).copied().collect();
    let mark = Mark::of(text, salt).to_string();
    known.push(&mark);
    known.join("; ")
}

/// A prompt is private, and so is a script, but that it restarts its own gateway is a finding.
pub fn with_lifecycle_words(text: &str, salt: &Salt) -> String {
    let mark = Mark::of(text, salt).to_string();
    match crate::parse::lifecycle::command_in(text) {
        Some(command) => format!("{mark} {command}"),
        None => mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        document(text, &Salt(b"test".to_vec())).expect("a test's own JSON")
    }

    #[test]
    fn the_list_of_clear_keys_is_sorted_so_that_it_can_be_searched() {
        assert!(CLEAR_KEYS.is_sorted());
    }

    #[test]
    fn a_job_keeps_its_times_and_states_and_loses_its_words() {
        let text = redacted(
            r#"{"jobs": [{"id": "8cdd638f3642", "name": "payroll for Alice", "prompt": "say the password",
                "next_run_at": "2026-11-21T07:21:45+00:00", "deliver": "telegram:123456789",
                "origin": {"platform": "telegram", "chat_id": 123456789, "chat_name": "Alice"},
                "fire_claim": {"at": "2026-11-21T07:21:45+00:00", "by": "alices-mac:4711:abcdef"}}]}"#,
        );
        for kept in ["8cdd638f3642", "2026-11-21T07:21:45", "telegram", ":4711"] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        for gone in ["Alice", "alices-mac", "password", "123456789", "abcdef"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
    }

    #[test]
    fn a_prompt_that_restarts_the_gateway_still_says_so() {
        let text = redacted(
            r#"{"prompt": "Run `hermes update`, then run `hermes gateway restart` for Bob"}"#,
        );
        assert!(text.contains("hermes gateway restart") && !text.contains("Bob"), "{text}");
    }

    #[test]
    fn what_is_not_json_is_not_redacted_but_refused() {
        assert!(document("{\"token\": \"abc", &Salt(Vec::new())).is_err());
    }
}
