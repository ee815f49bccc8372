//! JSON as Python's `json` reads it, which is how Hermes reads it: a byte order mark, raw control
//! characters in strings (`strict=False`) and `NaN` are taken; nothing else is forgiven.

use std::fmt::Write as _;
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

/// The same text with raw control characters in its strings escaped, and with `NaN` and the
/// infinities, which JSON lacks, as null. None if there is nothing to repair.
fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut changed = false;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let mut taken = next.len_utf8();
        match next {
            '\\' if in_string => {
                out.push(next);
                if let Some(escaped) = rest.chars().nth(1) {
                    out.push(escaped);
                    taken += escaped.len_utf8();
                }
            }
            '"' => {
                in_string = !in_string;
                out.push(next);
            }
            control if in_string && control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
                changed = true;
            }
            _ => match NOT_IN_JSON.iter().find(|word| rest.starts_with(**word)) {
                Some(word) if !in_string => {
                    out.push_str("null");
                    taken = word.len();
                    changed = true;
                }
                _ => out.push(next),
            },
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    changed.then_some(out)
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
    }

    #[test]
    fn what_python_refuses_is_refused_with_a_position_and_without_a_word_of_the_text() {
        let error = python("{\n  \"secret\": \"hunter2\",\n  \"jobs\": [").expect_err("cut short");
        assert_eq!((error.line, error.what), (3, "the text ends too early"));
        assert!(!error.to_string().contains("hunter2"));
        assert!(python("{'a': 1}").is_err());
        assert!(python("").is_err());
        assert!(python(&"[".repeat(100_000)).is_err());
    }
}
