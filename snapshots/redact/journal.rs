//! The lines of a unit in systemd's journal, as `journalctl -o json` prints them: of each its time and its process, the
//! phrase by which its class is known, and what systemd itself says of an end or of a program that it could not run.

use serde_json::{Map, Value};

use super::{Salt, log, shape};
use crate::parse::journal::SPAWN_FAILED;

/// Fields that are a number.
const NUMBERS: [&str; 4] = ["__REALTIME_TIMESTAMP", "_PID", "ERRNO", "EXIT_STATUS"];
/// Fields that hold one of systemd's own words, and these.
const WORDS: [(&str, &[&str]); 2] = [
    ("EXIT_CODE", &["exited", "killed", "dumped"]),
    (
        "UNIT_RESULT",
        &[
            "core-dump",
            "exec-condition",
            "exit-code",
            "oom-kill",
            "protocol",
            "resources",
            "signal",
            "start-limit-hit",
            "success",
            "timeout",
            "watchdog",
        ],
    ),
];

/// The lines that mean something to us. Of a message nothing stays but a known phrase.
pub fn lines(text: &str, salt: &Salt) -> String {
    text.lines().filter_map(|line| self::line(line, salt)).collect()
}

fn line(line: &str, salt: &Salt) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let is_number = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let word = |key: &str, known: &[&str]| text(key).filter(|word| known.contains(word));
    let mut kept = Map::new();
    let mut keep = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            kept.insert(key.into(), value.into());
        }
    };
    let phrase = text("MESSAGE").map(log::extract).filter(|phrase| !phrase.is_empty());
    let is_spawn = text("MESSAGE_ID") == Some(SPAWN_FAILED);
    let is_end = WORDS.iter().any(|(key, known)| word(key, known).is_some());
    if phrase.is_none() && !is_spawn && !is_end {
        return None;
    }
    for key in NUMBERS {
        keep(key, text(key).filter(is_number).map(String::from));
    }
    for (key, known) in WORDS {
        keep(key, word(key, known).map(String::from));
    }
    if is_spawn {
        keep("MESSAGE_ID", Some(SPAWN_FAILED.into()));
        let path = text("EXECUTABLE").filter(|path| path.starts_with('/'));
        keep("EXECUTABLE", path.map(|path| shape::text(path, salt)));
    }
    keep("MESSAGE", phrase.map(|phrase| phrase.trim_end().into()));
    Some(format!("{}\n", Value::Object(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        lines(text, &Salt(b"test".to_vec()))
    }

    #[test]
    fn of_a_message_only_a_known_phrase_is_left() {
        let text = r#"{"__REALTIME_TIMESTAMP":"1795224107000000","_PID":"391","MESSAGE":"ModuleNotFoundError: No module named 'alice'","_CMDLINE":"hunter2"}
{"__REALTIME_TIMESTAMP":"1795224107000000","_PID":"391","MESSAGE":"alice said hunter2"}
{"__REALTIME_TIMESTAMP":"hunter2","_PID":"391","MESSAGE":[104,117]}
hunter2"#;
        assert_eq!(
            kept(text),
            "{\"MESSAGE\":\"ModuleNotFoundError:\",\"_PID\":\"391\",\"__REALTIME_TIMESTAMP\":\"1795224107000000\"}\n"
        );
    }

    #[test]
    fn systemd_s_own_words_of_an_end_and_of_a_program_that_cannot_be_run_are_left() {
        let text = format!(
            r#"{{"_PID":"1","EXIT_CODE":"exited","EXIT_STATUS":"1","MESSAGE":"alice"}}
{{"_PID":"1","UNIT_RESULT":"exit-code"}}
{{"_PID":"1","EXIT_CODE":"Hunter2"}}
{{"_PID":"93","MESSAGE_ID":"{SPAWN_FAILED}","EXECUTABLE":"/opt/sk-planted0123456789/bin/python","ERRNO":"2"}}
{{"_PID":"93","MESSAGE_ID":"{SPAWN_FAILED}","EXECUTABLE":"hunter2"}}"#
        );
        let kept = kept(&text);
        assert_eq!(kept.lines().count(), 4, "{kept}");
        assert!(kept.contains(r#""EXIT_STATUS":"1""#) && kept.contains(r#""ERRNO":"2""#), "{kept}");
        for gone in ["alice", "planted", "unter2"] {
            assert!(!kept.contains(gone), "{kept}");
        }
        assert_eq!(self::kept(&kept), kept, "twice is once");
    }
}
