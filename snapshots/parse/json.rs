//! JSON as Python's `json` reads it, which is how Hermes reads it: a byte order mark, raw control
//! characters in strings (`strict=False`), half of a surrogate pair, `NaN` and numbers beyond all bounds are taken;
//! nothing else is forgiven.

use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde_json::Value;

/// Where a text stops being JSON. Says nothing of the text itself, which may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at line {line} column {column}: {what}")]
pub struct JsonError {
    /// 1-based.
    pub line: usize,
    /// 1-based.
    pub column: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Reads a document.
///
/// # Errors
/// If the text is not JSON even so, or is nested deeper than 128 levels.
pub fn python(text: &str) -> Result<Value, JsonError> {
    python_with(text, || PhantomData)
}

/// Reads a document into something else than the whole tree of it, which for a large one takes many times its size.
/// `seed` may be asked for twice.
///
/// # Errors
/// If the text is not JSON even so, or is nested deeper than 128 levels.
pub fn python_with<T, S: for<'de> DeserializeSeed<'de, Value = T>>(
    text: &str,
    seed: impl Fn() -> S,
) -> Result<T, JsonError> {
    let read = |text: &str| {
        let mut document = serde_json::Deserializer::from_str(text);
        let value = seed().deserialize(&mut document)?;
        document.end().map(|()| value)
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(text).or_else(|first| match repaired(text) {
        Some(repaired) => read(&repaired).map_err(|error| describe(&error)),
        None => Err(describe(&first)),
    })
}

fn describe(error: &serde_json::Error) -> JsonError {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the text ends too early",
        _ if error.to_string().starts_with("recursion limit") => "nested too deeply",
        _ => "unexpected character",
    };
    JsonError { line: error.line(), column: error.column(), what }
}

/// The same text with raw control characters in its strings escaped, with a replacement character for half of a
/// surrogate pair, and with `NaN` and the infinities, which JSON lacks, as null. None if there is nothing to repair.
fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut changed = false;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (taken, instead) = match next {
            '\\' if in_string => escape(rest),
            control if in_string && control < ' ' => {
                (1, Some(format!("\\u{:04x}", u32::from(control))))
            }
            _ if in_string => (next.len_utf8(), None),
            _ => word(rest, next),
        };
        in_string ^= next == '"';
        let (piece, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        out.push_str(instead.as_deref().unwrap_or(piece));
        changed |= instead.is_some();
        rest = after;
    }
    changed.then_some(out)
}

/// The length of the escape with which a text begins, and what to write instead of it. Python reads `\ud800` without
/// its mate.
fn escape(text: &str) -> (usize, Option<String>) {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let second = || text.get(6..).and_then(unit);
    match unit(text) {
        Some(0xd800..0xdc00) if matches!(second(), Some(0xdc00..0xe000)) => (12, None),
        Some(0xd800..0xe000) => (6, Some("\\ufffd".into())),
        Some(_) => (6, None),
        None => (1 + text.chars().nth(1).map_or(0, char::len_utf8), None),
    }
}

/// The length of what begins a text outside of strings, and what to write instead of it. A number that is too large is
/// an infinity to Python.
fn word(text: &str, next: char) -> (usize, Option<String>) {
    if let Some(word) = NOT_IN_JSON.iter().find(|word| text.starts_with(**word)) {
        return (word.len(), Some("null".into()));
    }
    if next != '-' && !next.is_ascii_digit() {
        return (next.len_utf8(), None);
    }
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let length = text.find(|c| !is_of_number(c)).unwrap_or(text.len());
    let number: Option<f64> = text.get(..length).and_then(|text| text.parse().ok());
    (length, number.filter(|number| number.is_infinite()).map(|_| "null".into()))
}

const NOT_IN_JSON: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_takes_is_taken() {
        assert_eq!(python("\u{feff}{\"a\": 1}").expect("a byte order mark")["a"], 1);
        assert_eq!(python("{\"a\": \"x\ny\"}").expect("a raw newline")["a"], "x\ny");
        assert_eq!(python("{\"a\": \"NaN\\\"\t\"}").expect("a raw tab")["a"], "NaN\"\t");
        assert!(python("{\"a\": NaN, \"b\": -Infinity}").expect("not a number")["a"].is_null());
        for (text, expected) in [
            (r#"["bad \udce9 byte"]"#, "bad \u{fffd} byte"),
            (r#"["\ud83d"]"#, "\u{fffd}"),
            (r#"["\ud83d\u0041"]"#, "\u{fffd}A"),
            (r#"["\udce9 \ud83d\ude00 \\ud83d \"\n"]"#, "\u{fffd} \u{1f600} \\ud83d \"\n"),
        ] {
            assert_eq!(python(text).expect(text)[0], expected, "{text}");
        }
        for text in ["1e400", "-1e400", &"9".repeat(400)] {
            assert!(python(&format!("[{text}, 1]")).expect(text)[0].is_null(), "{text}");
        }
        assert_eq!(python("[-1.5e3, NaN]").expect("a number")[0], -1500.0);
    }

    #[test]
    fn what_python_refuses_is_refused_with_a_position_and_without_a_word_of_the_text() {
        let error = python("{\n  \"secret\": \"hunter2\",\n  \"jobs\": [").expect_err("cut short");
        assert_eq!((error.line, error.what), (3, "the text ends too early"));
        assert!(!error.to_string().contains("hunter2"));
        assert!(python("{'a': 1}").is_err());
        for odd in [r#"["\ud8"]"#, r#"["\u+d80"]"#, "[1e400.5]", "[-]", r#"["\"#, "[NaN"] {
            assert!(python(odd).is_err(), "{odd}");
        }
        assert!(python("").is_err());
        assert!(python(&"[".repeat(100_000)).is_err());
    }
}
