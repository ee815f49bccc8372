//! Property lists without their secrets: values of variables that are not clear, arguments that look like
//! secrets, and whatever stands under a key that nobody knows here. Every line stays where it was.

use std::io::Cursor;

use plist::Value;
use thiserror::Error;

use super::shape::{self, arguments, marked};
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

/// Why a list was withheld.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WithheldError {
    /// It is no property list, so that nothing in it can be told from anything else.
    #[error("{0}")]
    Form(#[from] PlistError),
    /// It could not be written again.
    #[error("a binary list that cannot be written")]
    Binary,
}

/// The same list without its secrets, in its own form.
///
/// # Errors
/// If it is no property list.
pub fn list(bytes: &[u8], salt: &Salt) -> Result<Vec<u8>, WithheldError> {
    Plist::read(bytes)?;
    let mut value = Value::from_reader(Cursor::new(bytes)).map_err(|_| WithheldError::Binary)?;
    let mut texts = Vec::new();
    redact(&mut value, &mut Vec::new(), salt, &mut texts);
    match std::str::from_utf8(bytes) {
        Ok(xml) if !bytes.starts_with(b"bplist") => Ok(rewritten(xml, &texts, salt).into_bytes()),
        _ => {
            let mut out = Vec::new();
            value.to_writer_binary(&mut out).map_err(|_| WithheldError::Binary)?;
            Ok(out)
        }
    }
}

/// Redacts every text, and lists what became of each, in the order of the document.
fn redact(
    value: &mut Value,
    path: &mut Vec<String>,
    salt: &Salt,
    texts: &mut Vec<(String, String)>,
) {
    match value {
        Value::String(text) => {
            let shown = shown(text, path, salt);
            texts.push((std::mem::replace(text, shown.clone()), shown));
        }
        Value::Array(items) if path.first().is_some_and(|key| key == "ProgramArguments") => {
            let words: Vec<String> =
                items.iter().map(|item| item.as_string().unwrap_or_default().into()).collect();
            for (item, word) in items.iter_mut().zip(arguments(&words, salt)) {
                if let Value::String(text) = item {
                    texts.push((std::mem::replace(text, word.clone()), word));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, path, salt, texts)),
        Value::Dictionary(inner) => {
            for (key, item) in inner.iter_mut() {
                path.push(key.clone());
                redact(item, path, salt, texts);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The value of a key at the top, given as text, without its secrets. A number and a truth value are none.
pub fn value(key: &str, words: &[String], salt: &Salt) -> String {
    if key == "ProgramArguments" {
        return arguments(words, salt).join(" ");
    }
    let word = |word: &String| {
        let is_plain = word.parse::<f64>().is_ok() || is_condition(word);
        if is_plain { word.clone() } else { shown(word, &[key.to_string()], salt) }
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

fn shown(text: &str, path: &[String], salt: &Salt) -> String {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    match keys.as_slice() {
        ["EnvironmentVariables", name] if is_clear_variable(name) => shape::text(text, salt),
        [key, ..] if KEPT.contains(key) => shape::text(text, salt),
        _ => marked(text, salt),
    }
}

/// The XML text with each `<string>` replaced by what became of it, and without comments. Of a text that
/// does not fit, as of a key that stands twice, nothing stays.
fn rewritten(xml: &str, texts: &[(String, String)], salt: &Salt) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut left: Vec<&(String, String)> = texts.iter().collect();
    let mut rest = without_comments(xml);
    while let Some((before, after)) = split(&rest, "<string>") {
        let (inner, tail) = split(&after, "</string>").unwrap_or((after.clone(), String::new()));
        let plain = unescaped(&inner);
        let known = left.iter().position(|(text, _)| *text == plain);
        let shown = match known.map(|at| left.remove(at)) {
            Some((text, shown)) if text == shown => inner.clone(),
            Some((_, shown)) => escaped(shown),
            None => escaped(&marked(&plain, salt)),
        };
        // A value of several lines leaves as many behind.
        let lines = inner.matches('\n').count().saturating_sub(shown.matches('\n').count());
        out.extend([&before, "<string>", &shown, &"\n".repeat(lines), "</string>"]);
        rest = tail;
    }
    out + &rest
}

fn split(text: &str, at: &str) -> Option<(String, String)> {
    text.split_once(at).map(|(before, after)| (before.to_string(), after.to_string()))
}

fn without_comments(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((before, after)) = rest.split_once("<!--") {
        let (comment, tail) = after.split_once("-->").unwrap_or((after, ""));
        out.extend([before, &"\n".repeat(comment.matches('\n').count())]);
        rest = tail;
    }
    out + rest
}

fn unescaped(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_string(), |text, (escape, plain)| text.replace(escape, plain))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
}
