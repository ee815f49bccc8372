//! Hermes's own JSON files: state, records, the job store. Values stay by the name of their key;
//! strings under any other key become marks, numbers there become zero (a chat id is a number), and
//! only null and booleans stay everywhere.

use std::fmt::{self, Write as _};
use std::iter;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::shape::{self, CommandLine};
use super::{Mark, Salt};
use crate::parse::json::{self, JsonError};
use crate::parse::time;

/// Keys whose values may be seen: identity of processes, times, states, schedules, numbers of things.
const CLEAR_KEYS: &[&str] = &[
    "action",
    "active_agents",
    "at",
    "baseVersion",
    "boots",
    "claimed_at",
    "code_sha",
    "code_version",
    "commit",
    "commitDate",
    "completed",
    "created_at",
    "desired_state",
    "dispatched_at",
    "display",
    "distance",
    "enabled",
    "epoch",
    "error_code",
    "exc_type",
    "exit_code",
    "exited_at",
    "expr",
    "failure_streak",
    "failure_type",
    "finished_at",
    "fire_claim",
    "gateway_state",
    "handoff_pending",
    "hermes_home",
    "id",
    "job_id",
    "kind",
    "last_lease_phase",
    "last_run_at",
    "last_seen_at",
    "last_status",
    "lateness_seconds",
    "listener_base",
    "manual_run_at",
    "migrated_at",
    "minutes",
    "model",
    "model_snapshot",
    "monotonic",
    "multiplex_standalone_reason",
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
    "quota_hold_until",
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
    "scheduled_at",
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
    "updateMechanism",
    "updated_at",
    "workdir",
    "writer_pid",
    "writer_start_time",
    "written_at",
];

/// Keys whose text may be seen once whatever looks like a secret is taken out of it.
const SHAPED_KEYS: [&str; 4] = ["argv", "error_message", "exit_reason", "tag"];

/// The key of a command line, of which a word can make a secret of the next.
const COMMAND_LINE: &str = "argv";

/// What Hermes itself says of a run or a delivery that failed. The rest of such a text is the job's own
/// output, or names a chat.
const JOB_ERRORS: [&str; 19] = [
    "Script exited with code",
    "Skipped to prevent unintended spend",
    "Scheduler restarted after this execution's owner exited",
    "Gateway shutdown",
    "restart-safe",
    "Failed to connect to bus",
    "user D-Bus session",
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
    // What it has written is dropped where it must begin anew.
    json::python_with(text, || Document { salt })
}

/// Of a document those texts under these keys that are times, and nothing else: a person wrote the rest.
///
/// # Errors
/// If it is not JSON even by Python's reading.
pub fn times(text: &str, keys: &[&str]) -> Result<String, JsonError> {
    let value: Value = json::python(text)?;
    let time = |key: &str| {
        let text = value.get(key)?.as_str()?;
        time::iso(text).map(|_| (key.to_string(), Value::from(text.trim())))
    };
    Ok(Value::Object(keys.iter().filter_map(|key| time(key)).collect()).to_string())
}

/// The same for a value that was read already.
pub(super) fn value(value: &Value, salt: &Salt) -> String {
    Document { salt }.deserialize(value).unwrap_or_default()
}

/// A whole document.
struct Document<'a> {
    salt: &'a Salt,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<String, D::Error> {
        let mut out = String::new();
        let salt = self.salt;
        Part { key: None, depth: 0, salt, line: None, out: &mut out }.deserialize(document)?;
        Ok(out)
    }
}

/// A value in it, which is written as it is read: a store of ten thousand jobs takes many times its size as a tree.
struct Part<'a> {
    /// The key under which it stands, itself or in a list.
    key: Option<&'a str>,
    depth: usize,
    salt: &'a Salt,
    /// What stands before it, if it is a word of a command line.
    line: Option<&'a mut CommandLine>,
    out: &'a mut String,
}

impl Part<'_> {
    fn string(self, text: &str) {
        let text = match self.line {
            Some(line) => line.argument(text, self.salt),
            None => string(self.key, text, self.salt),
        };
        self.out.push_str(&Value::String(text).to_string());
    }

    fn number(self, number: impl fmt::Display) {
        if self.key.is_some_and(is_clear) {
            let _ = write!(self.out, "{number}");
        } else {
            self.out.push('0');
        }
    }

    /// Begins the next member of a list or a map.
    fn member(out: &mut String, depth: usize, is_first: bool) {
        out.push_str(if is_first { "\n" } else { ",\n" });
        out.extend(iter::repeat_n("  ", depth + 1));
    }

    /// Ends a list or a map.
    fn close(out: &mut String, depth: usize, is_empty: bool, bracket: char) {
        if !is_empty {
            out.push('\n');
            out.extend(iter::repeat_n("  ", depth));
        }
        out.push(bracket);
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, part: D) -> Result<(), D::Error> {
        part.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.push_str("null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(number);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(number);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.number(Value::from(number));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.string(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { key, depth, salt, out, .. } = self;
        let mut line = (key == Some(COMMAND_LINE)).then(CommandLine::default);
        out.push('[');
        let mut count = 0_usize;
        loop {
            let before = out.len();
            Self::member(out, depth, count == 0);
            let part = Part { key, depth: depth + 1, salt, line: line.as_mut(), out: &mut *out };
            if list.next_element_seed(part)?.is_none() {
                out.truncate(before);
                break;
            }
            count += 1;
        }
        Self::close(out, depth, count == 0, ']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { depth, salt, out, .. } = self;
        out.push('{');
        let mut count = 0_usize;
        while let Some(key) = map.next_key::<String>()? {
            Self::member(out, depth, count == 0);
            out.push_str(&Value::String(key.clone()).to_string());
            out.push_str(": ");
            let (key, depth) = (Some(key.as_str()), depth + 1);
            map.next_value_seed(Part { key, depth, salt, line: None, out: &mut *out })?;
            count += 1;
        }
        Self::close(out, depth, count == 0, '}');
        Ok(())
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
    fn a_word_of_a_command_line_can_make_a_secret_of_the_next() {
        let text =
            redacted(r#"{"argv": ["hermes", "--token", "hunter2", "run", ["--token"], "x"]}"#);
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let words =
            serde_json::json!(["hermes", "--token", "‹redacted:1-7›", "run", ["--token"], "x"]);
        assert_eq!(value["argv"], words);
    }

    #[test]
    fn a_document_keeps_its_form() {
        let text = r#"{"pid": 7, "x": 7, "at": [], "code_version": 1.5, "jobs": [null, {}, [true, -2]], "k": {"pid": -3}}"#;
        let value: Value = serde_json::from_str(&redacted(text)).expect("JSON");
        assert_eq!(
            value,
            serde_json::json!({"pid": 7, "x": 0, "at": [], "code_version": 1.5, "jobs": [null, {}, [true, 0]], "k": {"pid": -3}})
        );
        assert_eq!(
            redacted("[1, {\"pid\": [2]}]"),
            "[\n  0,\n  {\n    \"pid\": [\n      2\n    ]\n  }\n]"
        );
    }

    #[test]
    fn what_is_not_json_is_not_redacted_but_refused() {
        assert!(document("{\"token\": \"abc", &Salt(Vec::new())).is_err());
    }
}
