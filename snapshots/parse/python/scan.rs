//! Where the words, strings and logical lines of a Python text end. Tolerant: a string or bracket that is never closed
//! ends with its line or with the text.

/// Returns the end of the word that begins at `at`: letters, digits, `_` and all that is not ASCII.
pub(super) fn word_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().take_while(|byte| is_part(**byte)).count())
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The prefix of a string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    /// True if it holds placeholders: `f"…"`.
    pub(super) formatted: bool,
    /// True if a backslash is a character: `r"…"`.
    pub(super) raw: bool,
}

impl Prefix {
    /// Reads a word that may stand before a quote.
    pub(super) fn read(word: &str) -> Option<Self> {
        let mut prefix = Self::default();
        if word.len() > 2 {
            return None;
        }
        for letter in word.bytes() {
            match letter.to_ascii_lowercase() {
                b'f' => prefix.formatted = true,
                b'r' => prefix.raw = true,
                b'b' | b'u' => {}
                _ => return None,
            }
        }
        Some(prefix)
    }
}

/// Returns how many quotes open the string at `at`: 3, or 1.
pub(super) fn quotes(bytes: &[u8], at: usize) -> usize {
    let quote = bytes.get(at);
    let is_quote = |further: usize| bytes.get(at.saturating_add(further)) == quote;
    if is_quote(1) && is_quote(2) { 3 } else { 1 }
}

/// Returns the end of the string whose opening quote stands at `at`, its closing quote included.
pub(super) fn string_end(bytes: &[u8], at: usize, formatted: bool) -> usize {
    string(bytes, at, formatted, DEEPEST).0
}

/// Returns the end of a string, and whether it is closed there.
fn string(bytes: &[u8], at: usize, formatted: bool, levels: usize) -> (usize, bool) {
    let Some(quote) = bytes.get(at).copied() else { return (at, false) };
    let width = quotes(bytes, at);
    let mut at = at.saturating_add(width);
    let is_sign = |byte: &u8| {
        *byte == quote
            || *byte == b'\\'
            || (*byte == b'\n' && width == 1)
            || (*byte == b'{' && formatted)
    };
    while let Some(further) = bytes.get(at..).and_then(|rest| rest.iter().position(is_sign)) {
        at = at.saturating_add(further);
        let Some(byte) = bytes.get(at).copied() else { break };
        let next = at.saturating_add(1);
        at = match byte {
            b'\\' => at.saturating_add(2),
            _ if byte == quote && width == 1 => return (next, true),
            _ if byte == quote && quotes(bytes, at) == 3 => return (at.saturating_add(3), true),
            b'\n' if width == 1 => return (at, false),
            b'{' if formatted && bytes.get(next) == Some(&b'{') => at.saturating_add(2),
            b'{' if formatted && levels > 0 => hole(bytes, next, (quote, width), levels - 1),
            _ => next,
        };
    }
    (bytes.len(), false)
}

/// Returns the end of a placeholder that begins at `at`, after its `{`: past its `}`, or where the string around it,
/// with these quotes, ends before.
fn hole(bytes: &[u8], at: usize, (quote, width): (u8, usize), levels: usize) -> usize {
    let mut at = at;
    let mut open: usize = 0;
    let mut word = at;
    let mut is_form = false;
    while let Some(byte) = bytes.get(at).copied() {
        let next = at.saturating_add(1);
        match byte {
            b'}' if open == 0 => return next,
            b'\n' if width == 1 => return at,
            _ if byte == quote && width == 3 && quotes(bytes, at) == 3 => return at,
            _ if byte == quote && is_form => return at,
            b'\'' | b'"' if !is_form => {
                let prefix = bytes.get(word..at).and_then(|word| std::str::from_utf8(word).ok());
                let formatted = prefix.and_then(Prefix::read).is_some_and(|it| it.formatted);
                at = if levels > 0 { string(bytes, at, formatted, levels - 1).0 } else { next };
                word = at;
                continue;
            }
            b'(' | b'[' | b'{' => open = open.saturating_add(1),
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b':' if open == 0 => is_form = true,
            _ => {}
        }
        at = next;
        if !byte.is_ascii_alphanumeric() {
            word = at;
        }
    }
    bytes.len()
}

/// Returns the start of the line after the logical line in which `at` stands: brackets, strings of several lines and a
/// backslash at the end continue a line. False with it if the text ends before that: within a string, within brackets,
/// or after such a backslash.
pub(super) fn logical_end(bytes: &[u8], at: usize) -> (usize, bool) {
    let start = at;
    let mut at = at;
    let mut open: usize = 0;
    let mut is_closed = true;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(further) = rest.iter().position(|byte| is_sign(*byte)) else {
            return (bytes.len(), open == 0 && is_closed);
        };
        at = at.saturating_add(further);
        let next = at.saturating_add(1);
        at = match bytes.get(at) {
            Some(b'\n') if open == 0 => return (next, true),
            Some(b'\\') => {
                is_closed = at.saturating_add(2) < bytes.len();
                at.saturating_add(2)
            }
            Some(b'#') => line_end(bytes, at),
            Some(b'\'' | b'"') => {
                let (end, is_ended) = string(bytes, at, is_formatted(bytes, start, at), DEEPEST);
                is_closed = is_ended;
                end
            }
            Some(b'(' | b'[' | b'{') => {
                open = open.saturating_add(1);
                next
            }
            Some(b')' | b']' | b'}') => {
                open = open.saturating_sub(1);
                next
            }
            _ => next,
        };
    }
}

/// True if the letters before the quote at `at` make it that of a string with placeholders.
fn is_formatted(bytes: &[u8], start: usize, at: usize) -> bool {
    let before = bytes.get(start..at).unwrap_or_default();
    let letters = before.iter().rev().take_while(|byte| is_part(**byte)).take(3).count();
    let word = before.get(before.len().saturating_sub(letters)..).unwrap_or_default();
    let prefix = std::str::from_utf8(word).ok().and_then(Prefix::read);
    prefix.is_some_and(|prefix| prefix.formatted)
}

/// True for the bytes that part a text.
const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\\' | b'#' | b'\'' | b'"' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

/// Returns where the line of `at` ends, before its line feed.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()))
}

/// Returns the indentation at the start of a line in columns, and where its first character stands. A tab goes to the
/// next multiple of eight, as Python has it.
pub(super) fn indentation(bytes: &[u8], line: usize) -> (usize, usize) {
    let mut columns: usize = 0;
    let mut at = line;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' => columns = columns.saturating_add(1),
            b'\t' => columns = (columns / 8).saturating_add(1).saturating_mul(8),
            b'\x0c' => columns = 0,
            _ => break,
        }
        at = at.saturating_add(1);
    }
    (columns, at)
}

/// Levels of strings within placeholders of strings that are told apart.
const DEEPEST: usize = 8;
