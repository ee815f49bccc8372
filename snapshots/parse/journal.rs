//! The lines of a unit in systemd's journal, as `journalctl -o json` prints them (systemd.journal-fields(7)).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::log::{self, Class};

/// The id of systemd's message that it could not run a program (sd-messages.h, `SD_MESSAGE_SPAWN_FAILED`).
pub const SPAWN_FAILED: &str = "641257651c1b4ec9a8624d7a40a9e1e7";

/// A line that means something to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What it says.
    pub said: Said,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Something of a known class.
    Class(Class),
    /// systemd could not run this program, for this reason: a number of the kernel's.
    Refused {
        /// The program.
        program: String,
        /// `ENOENT` is 2, `EACCES` 13.
        errno: i32,
    },
}

/// Reads the lines, in their order. What is no JSON, or of no known class, is left out.
pub fn entries(text: &str) -> Vec<Entry> {
    text.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let micros = text("__REALTIME_TIMESTAMP").and_then(|text| text.parse().ok());
    let at = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    let refused = || {
        text("MESSAGE_ID").filter(|id| *id == SPAWN_FAILED)?;
        let errno = text("ERRNO")?.parse().ok()?;
        Some(Said::Refused { program: text("EXECUTABLE")?.into(), errno })
    };
    let class = || Some(Said::Class(log::class(text("MESSAGE")?)?.0));
    Some(Entry { at, said: refused().or_else(class)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_and_its_class() {
        let text = r#"{"__REALTIME_TIMESTAMP":"1795224107000000","MESSAGE":"SyntaxError: invalid syntax"}
{"MESSAGE":"hello"}
{"MESSAGE":[1,2]}
[]
{"__REALTIME_TIMESTAMP":"-","MESSAGE":"PermissionError: [Errno 13] Permission denied: '/h'"}"#;
        let found = entries(text);
        let [first, second] = &found[..] else { panic!("{found:?}") };
        assert_eq!(first.said, Said::Class(Class::CodeBroken));
        assert_eq!(first.at, Timestamp::from_second(1_795_224_107).ok());
        assert_eq!((second.at, &second.said), (None, &Said::Class(Class::AccessDenied)));
    }

    #[test]
    fn a_program_that_systemd_could_not_run_is_told_with_the_kernel_s_reason() {
        let line = |more: &str| format!(r#"{{"MESSAGE_ID":"{SPAWN_FAILED}"{more}}}"#);
        let whole = line(r#","EXECUTABLE":"/v/bin/python","ERRNO":"2""#);
        let refused = Said::Refused { program: "/v/bin/python".into(), errno: 2 };
        assert_eq!(entries(&whole).first().map(|entry| entry.said.clone()), Some(refused));
        for part in ["", r#","EXECUTABLE":"/v""#, r#","ERRNO":"2""#] {
            assert_eq!(entries(&line(part)), [], "{part}");
        }
    }
}
