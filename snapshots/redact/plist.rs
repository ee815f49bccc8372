//! Property lists without their secrets: values of variables that are not clear, arguments that look like
//! secrets, and whatever stands under a key that nobody knows here. Every line stays where it was.

use std::collections::VecDeque;
use std::io::Cursor;
use std::time::SystemTime;

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

/// Keys whose numbers say when and how a job runs.
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

/// As Apple's own tools write it, and Hermes.
const DOCTYPE: &str = "!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"";

/// Why a list was withheld.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WithheldError {
    /// It is no property list, so that nothing in it can be told from anything else.
    #[error("{0}")]
    Form(#[from] PlistError),
    /// It holds more than a list needs, and nobody knows what.
    #[error("it cannot be redacted with certainty")]
    Doubtful,
    /// It could not be written again.
    #[error("a binary list that cannot be written")]
    Binary,
}

/// The same list without its secrets, in its own form.
///
/// # Errors
/// If it is no property list, or one of which there is no telling what would be left of it.
pub fn list(bytes: &[u8], salt: &Salt) -> Result<Vec<u8>, WithheldError> {
    Plist::read(bytes)?;
    let mut value = read(bytes).ok_or(WithheldError::Binary)?;
    let mut leaves = Vec::new();
    redact(&mut value, &mut Vec::new(), salt, &mut leaves);
    match std::str::from_utf8(bytes) {
        Ok(xml) if !bytes.starts_with(b"bplist") => {
            let out = rewritten(xml, leaves, salt).ok_or(WithheldError::Doubtful)?.into_bytes();
            // Whatever was overlooked in the text is another value now.
            if read(&out) == Some(value) { Ok(out) } else { Err(WithheldError::Doubtful) }
        }
        _ => {
            let mut out = Vec::new();
            value.to_writer_binary(&mut out).map_err(|_| WithheldError::Binary)?;
            Ok(out)
        }
    }
}

fn read(bytes: &[u8]) -> Option<Value> {
    Value::from_reader(Cursor::new(bytes)).ok()
}

/// A value that is no list, and what became of it.
type Leaf = (Value, Value);

/// Redacts every value, and lists what became of each, in the order of the document.
fn redact(value: &mut Value, path: &mut Vec<String>, salt: &Salt, leaves: &mut Vec<Leaf>) {
    match value {
        Value::Array(items) if path.first().is_some_and(|key| key == "ProgramArguments") => {
            let words: Vec<String> =
                items.iter().map(|item| item.as_string().unwrap_or_default().into()).collect();
            for (item, word) in items.iter_mut().zip(arguments(&words, salt)) {
                match item {
                    Value::String(_) => replace(item, Value::String(word), leaves),
                    item => redact(item, path, salt, leaves),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, path, salt, leaves)),
        Value::Dictionary(inner) => {
            for (key, item) in inner.iter_mut() {
                path.push(key.clone());
                redact(item, path, salt, leaves);
                path.pop();
            }
        }
        // No secret, and no text in a list to be found again.
        Value::Boolean(_) => {}
        leaf => {
            let shown = shown_leaf(leaf, path, salt);
            replace(leaf, shown, leaves);
        }
    }
}

fn replace(value: &mut Value, shown: Value, leaves: &mut Vec<Leaf>) {
    leaves.push((std::mem::replace(value, shown.clone()), shown));
}

/// A number may be a secret wherever launchd does not ask for one, and data anywhere.
fn shown_leaf(leaf: &Value, path: &[String], salt: &Salt) -> Value {
    match leaf {
        Value::String(text) => Value::String(shown(text, path, salt)),
        Value::Integer(_) | Value::Real(_) if is_clear_number(path) => leaf.clone(),
        Value::Real(_) => Value::Real(0.0),
        Value::Data(_) => Value::Data(Vec::new()),
        Value::Date(_) => Value::Date(SystemTime::UNIX_EPOCH.into()),
        _ => Value::Integer(0.into()),
    }
}

fn is_clear_number(path: &[String]) -> bool {
    match path {
        [outer, name] if outer == "EnvironmentVariables" => is_clear_variable(name),
        [key, ..] => NUMBERS.contains(&key.as_str()),
        [] => false,
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

/// The XML text with what became of each of its values, and without comments. Of a value that does not fit, as of a
/// key that stands twice, nothing stays. None where it holds anything but the tags of a list, their keys and values.
fn rewritten(xml: &str, leaves: Vec<Leaf>, salt: &Salt) -> Option<String> {
    let xml = without_comments(xml);
    let mut leaves = VecDeque::from(leaves);
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml.strip_prefix('\u{feff}').unwrap_or(&xml);
    while let Some((blank, after)) = rest.split_once('<') {
        let (tag, mut tail) = after.split_once('>')?;
        if !blank.trim().is_empty() {
            return None;
        }
        // `<string />` as `<string/>`.
        let name: String = tag.split_ascii_whitespace().collect();
        let shown = match name.as_str() {
            "key" | "string" | "integer" | "real" | "date" | "data" => {
                let (inner, after) = tail.split_once('<')?;
                let end = after.strip_prefix('/')?.strip_prefix(name.as_str())?;
                let (_, after) = end.split_once('>').filter(|(end, _)| end.trim().is_empty())?;
                tail = after;
                element(&name, inner, &mut leaves, salt)?
            }
            "string/" | "data/" => element(name.trim_end_matches('/'), "", &mut leaves, salt)?,
            _ => format!("<{}>", known_tag(tag, &name)?),
        };
        // What stood on several lines leaves as many behind.
        let taken = after.strip_suffix(tail).map_or(0, |taken| taken.matches('\n').count());
        let lines = taken.saturating_sub(shown.matches('\n').count());
        out.extend([blank, &shown, &"\n".repeat(lines)]);
        rest = tail;
    }
    out.push_str(rest);
    rest.trim().is_empty().then_some(out)
}

/// A key, or a value with what became of it.
fn element(name: &str, inner: &str, leaves: &mut VecDeque<Leaf>, salt: &Salt) -> Option<String> {
    let written = read(format!("<plist><{name}>{inner}</{name}></plist>").as_bytes())?;
    let known = leaves.iter().position(|(value, _)| name != "key" && *value == written);
    let shown = match (known.and_then(|at| leaves.remove(at)), written) {
        (Some((_, shown)), _) => shown,
        (None, Value::String(key)) if name == "key" => Value::String(key),
        (None, Value::String(text)) => Value::String(marked(&text, salt)),
        (None, other) => shown_leaf(&other, &[], salt),
    };
    let shown = match shown {
        Value::String(text) => escaped(&text),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Date(date) => date.to_xml_format(),
        _ => String::new(),
    };
    Some(format!("<{name}>{shown}</{name}>"))
}

/// What stands in the place of a tag that holds nothing but itself. `name` is the tag without its blanks.
fn known_tag(tag: &str, name: &str) -> Option<&'static str> {
    const OWN: [&str; 13] = [
        "dict", "/dict", "dict/", "array", "/array", "array/", "true", "/true", "true/", "false",
        "/false", "false/", "/plist",
    ];
    match tag.split_ascii_whitespace().next()? {
        "plist" => Some("plist version=\"1.0\""),
        "?xml" => Some("?xml version=\"1.0\" encoding=\"UTF-8\"?"),
        "!DOCTYPE" => Some(DOCTYPE),
        _ => OWN.into_iter().find(|own| *own == name),
    }
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
            "<date>2042-04-24T00:00:00Z</date>",
            "<array ><integer>424242</integer></array>",
        ] {
            let shown = of(inner).expect(inner);
            for secret in ["hunter2", "424242", "aHVu", "2042"] {
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
            assert_eq!(of(inner), Err(WithheldError::Doubtful), "{inner}");
        }
        let kept = "<string>/v&hunter2;</string></dict><key>Program</key><string>/v&hunter2;</string><key>B</key><dict>";
        assert!(!of(kept).expect("a list").contains("hunter2"));
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
}
