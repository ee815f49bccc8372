//! Property lists without their secrets: values of variables that are not clear, arguments that look like
//! secrets, and whatever stands under a key that nobody knows here. Every line stays where it was.

mod xml;

use std::io::Cursor;

use plist::Value;
use thiserror::Error;

use super::shape::{self, CommandLine, arguments, marked};
use super::{Salt, is_clear_variable};
use crate::parse::plist::{Plist, PlistError};

/// Keys whose texts may be seen once what looks like a secret is taken out of them.
const KEPT: [&str; 16] = [
    "GroupName",
    "Label",
    "LimitLoadToSessionType",
    "POSIXSpawnType",
    "ProcessType",
    "Program",
    "QueueDirectories",
    "RootDirectory",
    "StandardErrorPath",
    "StandardInPath",
    "StandardOutPath",
    "StartCalendarInterval",
    "UserName",
    "WatchPaths",
    "WorkingDirectory",
    "Umask",
];

/// Keys whose numbers may be seen. Any other number may be that of a chat.
const NUMBERS: [&str; 9] = [
    "ExitTimeOut",
    "HardResourceLimits",
    "Nice",
    "SoftResourceLimits",
    "StartCalendarInterval",
    "StartInterval",
    "ThrottleInterval",
    "TimeOut",
    "Umask",
];

/// Why a list was withheld.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WithheldError {
    /// It is no property list, so that nothing in it can be told from anything else.
    #[error("{0}")]
    Form(#[from] PlistError),
    /// It could not be written again.
    #[error("a binary list that cannot be written")]
    Binary,
    /// Its XML has a part that no property list has.
    #[error("a list with {0}, which no service definition has")]
    Part(&'static str),
}

/// The same list without its secrets, in its own form.
///
/// # Errors
/// If it is no property list, or one that cannot be taken apart with certainty.
pub fn list(bytes: &[u8], salt: &Salt) -> Result<Vec<u8>, WithheldError> {
    Plist::read(bytes)?;
    match std::str::from_utf8(bytes) {
        Ok(xml) if !bytes.starts_with(b"bplist") => {
            let list = xml::rewritten(xml, salt)?.into_bytes();
            Plist::read(&list)?;
            Ok(list)
        }
        _ => {
            let mut value =
                Value::from_reader(Cursor::new(bytes)).map_err(|_| WithheldError::Binary)?;
            redact(&mut value, &mut Vec::new(), &mut CommandLine::default(), salt);
            let mut out = Vec::new();
            value.to_writer_binary(&mut out).map_err(|_| WithheldError::Binary)?;
            Ok(out)
        }
    }
}

/// Redacts every part of a list.
fn redact(value: &mut Value, path: &mut Vec<String>, line: &mut CommandLine, salt: &Salt) {
    match value {
        Value::String(text) => *text = shown(text, path, line, salt),
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, path, line, salt)),
        Value::Dictionary(inner) => {
            for (key, item) in inner.iter_mut() {
                path.push(key.clone());
                redact(item, path, line, salt);
                path.pop();
            }
        }
        Value::Boolean(_) | Value::Date(_) => {}
        Value::Integer(_) | Value::Real(_) if keeps_numbers(path) => {}
        Value::Integer(number) => *number = 0.into(),
        Value::Real(number) => *number = 0.0,
        Value::Data(data) => data.clear(),
        other => *other = Value::String(String::new()),
    }
}

/// The value of a key at the top, given as text, without its secrets. A number and a truth value are none.
pub fn value(key: &str, words: &[String], salt: &Salt) -> String {
    if key == "ProgramArguments" {
        return arguments(words, salt).join(" ");
    }
    let word = |word: &String| {
        let is_plain = word.parse::<f64>().is_ok() || is_condition(word);
        let mut line = CommandLine::default();
        if is_plain { word.clone() } else { shown(word, &[key.to_string()], &mut line, salt) }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a text is a truth value, or a dictionary of them as [`Plist::values`] writes it: `{SuccessfulExit: false}`.
fn is_condition(text: &str) -> bool {
    let is_truth = |text: &str| text.parse::<bool>().is_ok();
    let is_pair = |pair: &str| {
        pair.split_once(": ").is_some_and(|(name, value)| shape::is_name(name) && is_truth(value))
    };
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    is_truth(text) || inner.is_some_and(|inner| inner.split(", ").all(is_pair))
}

fn shown(text: &str, path: &[String], line: &mut CommandLine, salt: &Salt) -> String {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    match keys.as_slice() {
        ["ProgramArguments"] => line.argument(text, salt),
        ["EnvironmentVariables", name] if is_clear_variable(name) => shape::text(text, salt),
        [key, ..] if KEPT.contains(key) => shape::text(text, salt),
        _ => marked(text, salt),
    }
}

fn keeps_numbers(path: &[String]) -> bool {
    path.first().is_some_and(|key| NUMBERS.contains(&key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?>\n<plist version=\"1.0\">\n<dict>\n<!-- hunter2\n says so -->\n<key>Label</key>\n<string>ai.hermes.gateway</string>\n<key>ProgramArguments</key>\n<array>\n<string>/v/bin/python</string>\n<string>--token</string>\n<string>hunter2hunter2</string>\n</array>\n<key>EnvironmentVariables</key>\n<dict>\n<key>HERMES_HOME</key>\n<string>/Users/a&amp;b/.hermes</string>\n<key>OPENAI_API_KEY</key>\n<string>hunter2hunter2</string>\n</dict>\n<key>MyOwn</key>\n<string>hunter2</string>\n<key>KeepAlive</key>\n<true/>\n</dict>\n</plist>\n";

    #[test]
    fn what_a_job_is_stays_and_its_secrets_go_line_by_line() {
        let salt = Salt(b"test".to_vec());
        let shown = String::from_utf8(list(XML.as_bytes(), &salt).expect("a list")).expect("UTF-8");
        assert!(!shown.contains("hunter2"), "{shown}");
        let (before, after) = (
            Plist::read(XML.as_bytes()).expect("one"),
            Plist::read(shown.as_bytes()).expect("one"),
        );
        for key in ["Label", "EnvironmentVariables", "KeepAlive"] {
            assert_eq!(before.line(key), after.line(key), "{key}");
        }
        assert_eq!(after.text("Label"), Some("ai.hermes.gateway"));
        assert_eq!(after.texts("ProgramArguments").map(|words| words.len()), Some(3));
        let variables = after.pairs("EnvironmentVariables").expect("variables");
        assert!(
            variables.contains(&("HERMES_HOME".into(), "/Users/a&b/.hermes".into())),
            "{variables:?}"
        );
        assert_eq!(
            list(shown.as_bytes(), &salt).expect("a list"),
            shown.as_bytes(),
            "once is enough"
        );
    }

    #[test]
    fn no_form_of_a_value_hides_it() {
        let salt = Salt(b"test".to_vec());
        let of = |inner: &str| {
            let keys = format!(
                "<key>Label</key><string>x</string><key>ExitTimeOut</key><integer>25</integer><key>EnvironmentVariables</key><dict><key>A</key>{inner}</dict>"
            );
            let xml = format!("<plist version=\"1.0\"><dict>{keys}</dict></plist>");
            list(xml.as_bytes(), &salt).map(|shown| String::from_utf8(shown).expect("UTF-8"))
        };
        for inner in [
            "<string >hunter2</string>",
            "<string>hunter2</string >",
            "<string\n>hun&#116;er2</string\n>",
            "<integer>424242</integer>",
            "<real >424242</real>",
            "<data>aHVudGVyMg==</data>",
            "<array ><integer>424242</integer></array>",
        ] {
            let shown = of(inner).expect(inner);
            for secret in ["hunter2", "424242", "aHVu"] {
                assert!(!shown.contains(secret), "{shown}");
            }
            let plist = Plist::read(shown.as_bytes()).expect("a list");
            assert_eq!((plist.text("Label"), plist.number("ExitTimeOut")), (Some("x"), Some(25)));
            assert_eq!(shown.matches('\n').count(), inner.matches('\n').count(), "{shown}");
        }
        for inner in [
            "<string x=\"hunter2\">a</string>",
            "<string><![CDATA[hunter2]]></string>",
            "<true x=\"hunter2\"/>",
            "<true/><![CDATA[hunter2]]>",
            "<true/><?hunter2 x?>",
            "<x:string>hunter2</x:string>",
        ] {
            assert!(of(inner).map_or(true, |shown| !shown.contains("hunter2")), "{inner}");
        }
        assert!(
            of("<string/><key>B</key><string />").is_ok_and(|shown| shown.contains("redacted:0"))
        );
    }

    #[test]
    fn of_a_value_of_a_key_only_what_can_be_no_secret_is_shown() {
        let salt = Salt(b"test".to_vec());
        let of = |key: &str, word: &str| value(key, &[word.to_string()], &salt);
        for (key, word) in [
            ("KeepAlive", "{SuccessfulExit: false, Crashed: true}"),
            ("KeepAlive", "true"),
            ("ExitTimeOut", "25"),
            ("WorkingDirectory", "/Users/a"),
        ] {
            assert_eq!(of(key, word), word);
        }
        for (key, word) in [
            ("MyOwn", "hunter2"),
            ("KeepAlive", "{PathState: hunter2}"),
            ("KeepAlive", "{hunter2hunter2 hunter2: true}"),
            ("MyOwn", "{}hunter2"),
        ] {
            assert!(!of(key, word).contains("hunter2"), "{key} {word}");
        }
    }

    #[test]
    fn a_binary_list_stays_one_and_what_is_none_is_withheld() {
        let salt = Salt(b"test".to_vec());
        let mut bytes = Vec::new();
        let value = Value::from_reader(Cursor::new(XML.as_bytes())).expect("a list");
        value.to_writer_binary(&mut bytes).expect("bytes");
        let shown = list(&bytes, &salt).expect("a list");
        assert!(!shown.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(Plist::read(&shown).expect("one").text("Label"), Some("ai.hermes.gateway"));
        assert!(list(b"<plist><dict><key>hunter2", &salt).is_err());
    }

    #[test]
    fn whatever_is_written_in_whatever_way_goes() {
        let salt = Salt(b"test".to_vec());
        let hidden = [
            "<string xml:space=\"preserve\">hunter2</string>",
            "<string >hunter2</string >",
            "<string\n>hunter2</string\n>",
            "<string><![CDATA[hunter2]]></string>",
            "<string>&#104;unter2</string>",
            "<string>a<!-- hunter2 -->b</string>",
            "<array><string>x</string><string>hunter2</string></array>",
            "<dict><key>Label</key><string>hunter2</string></dict>",
            "<integer>4771202046</integer>",
            "<real>4771202046.5</real>",
            "<data>aHVudGVyMg==</data>",
            "<true/><?hunter2 hunter2?>",
        ];
        for value in hidden {
            let xml = format!(
                "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>MyOwn</key>{value}\n\
                 <key>Nice</key><integer>7</integer></dict></plist>\n"
            );
            let shown = list(xml.as_bytes(), &salt).expect(value);
            let text = String::from_utf8(shown.clone()).expect("UTF-8");
            for secret in ["hunter2", "unter2", "4771202046", "aHVudGVyMg"] {
                assert!(!text.contains(secret), "{value}: {text}");
            }
            let read = Plist::read(&shown).expect("a list");
            assert_eq!((read.number("Nice"), read.has("MyOwn")), (Some(7), true), "{text}");
            let line = Plist::read(xml.as_bytes()).expect("a list").line("Nice");
            assert_eq!(read.line("Nice"), line, "{text}");
            let mut binary = Vec::new();
            let raw = Value::from_reader(Cursor::new(xml.as_bytes())).expect("a list");
            raw.to_writer_binary(&mut binary).expect("bytes");
            let shown = list(&binary, &salt).expect("a list");
            let again = Plist::read(&shown).expect("a list");
            let said: Vec<String> = again.keys().map(|(_, value)| value).collect();
            let said = said.join(" ");
            assert!(!said.contains("hunter2") && !said.contains("4771202046"), "{said}");
        }
    }

    #[test]
    fn what_no_definition_has_is_withheld_or_left_out() {
        let salt = Salt(b"test".to_vec());
        let entity = "<!DOCTYPE plist [<!ENTITY a \"hunter2\">]>\n";
        let list_of = |head: &str| {
            let xml = format!(
                "{head}<plist version=\"1.0\">\n<dict><key>Nice</key><integer>7</integer></dict></plist>\n"
            );
            list(xml.as_bytes(), &salt)
        };
        assert!(list_of(entity).is_err());
        for head in [
            "<?xml version=\"1.0\" hunter2=\"1\"?>\n",
            "<!DOCTYPE plist SYSTEM \"hunter2\">\n",
            "<!-- hunter2 -->\n",
        ] {
            if let Ok(shown) = list_of(head) {
                let text = String::from_utf8(shown).expect("UTF-8");
                assert!(!text.contains("hunter2"), "{text}");
                assert_eq!(Plist::read(text.as_bytes()).expect("a list").line("Nice"), Some(3));
            }
        }
    }
}
