//! Whether two texts say the same where parts of them are marks.
//!
//! A mark says how long a value was, and of a long one a digest that is the same on the same host. What two marks
//! leave open stays open: they are never said to differ, nor to agree, because they look alike.

use super::{CLOSE, Length, Mark, OPEN};

/// How two texts relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// They say the same.
    Same,
    /// They do not.
    Other,
    /// The marks in them do not tell.
    Untold,
}

impl Likeness {
    /// What follows for a whole of two parts.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Other, _) | (_, Self::Other) => Self::Other,
            (Self::Untold, _) | (_, Self::Untold) => Self::Untold,
            (Self::Same, Self::Same) => Self::Same,
        }
    }
}

/// Compares two texts. `same_host`: both were redacted with the same salt, so that two digests that differ stand for
/// two values.
pub fn likeness(one: &str, other: &str, same_host: bool) -> Likeness {
    let (one_parts, other_parts) = (parts(one), parts(other));
    let is_marked = |parts: &[Part<'_>]| parts.iter().any(|part| matches!(part, Part::Mark(_)));
    match (is_marked(&one_parts), is_marked(&other_parts)) {
        (false, false) if one == other => Likeness::Same,
        (false, false) => Likeness::Other,
        (true, false) => with_plain(&one_parts, other),
        (false, true) => with_plain(&other_parts, one),
        (true, true) if one_parts.len() == other_parts.len() => one_parts
            .iter()
            .zip(&other_parts)
            .map(|(one, other)| of_parts(one, other, same_host))
            .fold(Likeness::Same, Likeness::and),
        // A mark in the one may hide what stands openly in the other.
        (true, true) => Likeness::Untold,
    }
}

/// The same text, its marks without their digests: where nothing is to be compared any more.
pub fn without_digests(text: &str) -> String {
    let shown = |part: Part<'_>| match part {
        Part::Plain(text) => text.to_string(),
        Part::Mark(mark) => Mark { digest: None, ..mark }.to_string(),
    };
    parts(text).into_iter().map(shown).collect()
}

enum Part<'a> {
    Plain(&'a str),
    Mark(Mark),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let Some((before, marked)) = rest.split_at_checked(start) else { break };
        let Some(end) = marked.find(CLOSE).map(|end| end.saturating_add(CLOSE.len())) else {
            break;
        };
        let Some((mark, after)) = marked.split_at_checked(end) else { break };
        let Some(mark) = Mark::read(mark) else { break };
        if !before.is_empty() {
            parts.push(Part::Plain(before));
        }
        parts.push(Part::Mark(mark));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

fn of_parts(one: &Part<'_>, other: &Part<'_>, same_host: bool) -> Likeness {
    match (one, other) {
        (Part::Plain(one), Part::Plain(other)) if one == other => Likeness::Same,
        (Part::Plain(_), Part::Plain(_)) => Likeness::Other,
        (Part::Mark(one), Part::Mark(other)) => of_marks(one, other, same_host),
        _ => Likeness::Untold,
    }
}

fn of_marks(one: &Mark, other: &Mark, same_host: bool) -> Likeness {
    if one.length != other.length || one.placeholder != other.placeholder {
        return Likeness::Other;
    }
    match (&one.digest, &other.digest) {
        (Some(one), Some(other)) if one == other => Likeness::Same,
        (Some(_), Some(_)) if same_host => Likeness::Other,
        _ if one.length == Length::Empty => Likeness::Same,
        _ => Likeness::Untold,
    }
}

/// A text with marks, and one that nobody redacted: only the length can tell.
fn with_plain(marked: &[Part<'_>], plain: &str) -> Likeness {
    match marked {
        [Part::Mark(mark)] if mark.length != Length::of(plain) => Likeness::Other,
        _ => Likeness::Untold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Salt;
    use proptest::prelude::*;

    fn mark(value: &str, salt: &str) -> String {
        Mark::of(value, &Salt(salt.into())).to_string()
    }

    #[test]
    fn marks_are_said_to_differ_only_where_they_prove_it() {
        let long = "0123456789abcdef";
        for (one, other, same_host, expected) in [
            ("a", "a", true, Likeness::Same),
            ("a", "b", true, Likeness::Other),
            (&mark(long, "x"), &mark(long, "x"), false, Likeness::Same),
            (&mark(long, "x"), &mark("another value of it", "x"), true, Likeness::Other),
            (&mark(long, "x"), &mark(long, "y"), false, Likeness::Untold),
            (&mark("short", "x"), &mark("short", "x"), true, Likeness::Untold),
            (&mark("short", "x"), &mark(long, "x"), true, Likeness::Other),
            (&mark("", "x"), &mark("", "y"), false, Likeness::Same),
            (&mark("dummy", "x"), &mark("short", "x"), true, Likeness::Other),
            (&mark("short", "x"), "words", true, Likeness::Untold),
            (&mark("short", "x"), "words of more", true, Likeness::Other),
            (
                &format!("a={}", mark(long, "x")),
                &format!("b={}", mark(long, "x")),
                true,
                Likeness::Other,
            ),
            ("‹redacted:", "‹redacted:", true, Likeness::Same),
        ] {
            assert_eq!(likeness(one, other, same_host), expected, "{one} {other}");
            assert_eq!(likeness(other, one, same_host), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_mark_can_lose_its_digest_and_nothing_else_is_lost() {
        let text = "A=‹redacted:16+:placeholder:0123abcd› ‹redacted:1-7› ‹x›";
        let expected = "A=‹redacted:16+:placeholder› ‹redacted:1-7› ‹x›";
        assert_eq!(without_digests(text), expected);
    }

    proptest! {
        #[test]
        fn a_text_is_never_another_than_itself(text in "(\\PC|‹redacted:(0|1-7|16\\+:ab|x)›){0,9}") {
            prop_assert_ne!(likeness(&text, &text, true), Likeness::Other);
        }
    }
}
