//! Texts as Python's own functions take them: `str.strip()`, `str.lower()` and `int()` (verified on `CPython` 3.11).

/// Returns the text without the blanks around it, as `str.strip()` gives it.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns the text as Hermes compares names: `text.strip().lower()`.
pub fn lowered(text: &str) -> String {
    strip(text).to_lowercase()
}

/// True if `str.isspace()` says so: the separators U+001C to U+001F are blanks as well.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// What `int()` makes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Int {
    /// This number.
    Is(i64),
    /// A number that is larger than this type holds, or written in the digits of another script.
    Other,
    /// An error: it is no number.
    None,
}

/// Reads a whole number: blanks around it, one sign, zeros in front, and single underscores between digits are allowed.
pub fn int(text: &str) -> Int {
    // Only a text with a character beyond ASCII has its blanks and digits translated first.
    let is_blank = |c: char| {
        matches!(c, '\t'..='\r' | ' ') || !text.is_ascii() && !c.is_ascii() && c.is_whitespace()
    };
    let text = text.trim_matches(is_blank);
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.get(..1).unwrap_or_default(), digits),
        None => ("", text),
    };
    let is_digit = |c: char| c.is_ascii_digit() || !c.is_ascii() && c.is_numeric();
    if !digits.split('_').all(|group| !group.is_empty() && group.chars().all(is_digit)) {
        return Int::None;
    }
    let digits = digits.replace('_', "");
    format!("{sign}{digits}").parse().map_or(Int::Other, Int::Is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_pythons_int_takes() {
        for (text, expected) in [
            ("9001", Int::Is(9001)),
            ("9_001", Int::Is(9001)),
            (" 9001\t", Int::Is(9001)),
            ("\u{b}9001", Int::Is(9001)),
            ("\u{a0}9001", Int::Is(9001)),
            ("+9001", Int::Is(9001)),
            ("-1", Int::Is(-1)),
            ("09001", Int::Is(9001)),
            ("99999999999999999999", Int::Other),
            ("９００１", Int::Other),
            ("", Int::None),
            (" ", Int::None),
            ("9__001", Int::None),
            ("_9001", Int::None),
            ("9001_", Int::None),
            ("+_9001", Int::None),
            ("+-9001", Int::None),
            ("- 9001", Int::None),
            ("0x2329", Int::None),
            ("9001.0", Int::None),
            ("1e4", Int::None),
            ("true", Int::None),
            ("\u{1f}9001", Int::None),
        ] {
            assert_eq!(int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn blanks_around_a_text_are_those_of_python() {
        assert_eq!(strip("\u{1c}\t a b\u{a0}\n"), "a b");
        assert_eq!(strip("\u{200b}a"), "\u{200b}a");
        assert_eq!(strip(" \u{85}"), "");
    }
}
