//! A value that can be compared, and one that cannot: what was redacted, and what only another process can resolve.
//!
//! A [`Value`] has no `==`. Whoever compares one asks [`Value::is`] or [`Value::same`], and gets no answer where there is
//! no value: a mark is neither equal to anything nor different from it.

use std::fmt;

use crate::fact::Why;
use crate::redact::{Mark, holds_a_mark, is_empty};

/// What a setting, a variable or an argument says.
#[derive(Debug, Clone)]
pub enum Value<T = String> {
    /// It says this.
    Literal(T),
    /// It says something that cannot be told from here.
    Open(Open),
}

/// A value that cannot be told from here.
#[derive(Debug, Clone)]
pub struct Open {
    /// What stands in its place, for people: a mark, or a reference to a variable.
    pub written: String,
    /// Why it cannot be told.
    pub why: Why,
}

impl Value {
    /// Reads what stands in a file, a command line or a record: a mark anywhere in it leaves it open, but for the mark of
    /// the empty text, which says all that there was.
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        if is_empty(&text) {
            return Self::Literal(String::new());
        }
        if holds_a_mark(&text) {
            let why = Why::Failed("it was redacted".into());
            return Self::Open(Open { written: text, why });
        }
        Self::Literal(text)
    }

    /// Reads a text that depends on what only the gateway's own process, or its service manager, can resolve.
    pub fn unresolved(text: impl Into<String>) -> Self {
        let why = Why::Failed("it depends on another variable".into());
        Self::Open(Open { written: text.into(), why })
    }

    /// True if both are one value, false if they are two, where both are of one host: then two marks tell as much of two
    /// values as they hold. None where that cannot be told.
    pub fn same_on_one_host(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Open(one), Self::Open(other)) => {
                Mark::read(&one.written)?.same(&Mark::read(&other.written)?)
            }
            _ => self.same(other),
        }
    }

    /// Returns what stands there, be it a value or not. For people, never for a comparison.
    pub fn written(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Open(open) => &open.written,
        }
    }
}

impl<T> Value<T> {
    /// Returns the value, if there is one.
    pub const fn literal(&self) -> Option<&T> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Open(_) => None,
        }
    }

    /// Returns why there is none.
    pub const fn why(&self) -> Option<&Why> {
        match self {
            Self::Literal(_) => None,
            Self::Open(open) => Some(&open.why),
        }
    }

    /// Returns a value of which nothing was seen.
    pub fn hidden(why: &Why) -> Self {
        Self::Open(Open { written: String::new(), why: why.clone() })
    }

    /// Returns what follows from the value. What is open stays open.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Value<U> {
        self.and_then(|value| Value::Literal(of(value)))
    }

    /// Returns the value that follows from this one. What is open stays open.
    pub fn and_then<U>(self, of: impl FnOnce(T) -> Value<U>) -> Value<U> {
        match self {
            Self::Literal(value) => of(value),
            Self::Open(open) => Value::Open(open),
        }
    }
}

impl<T: PartialEq> Value<T> {
    /// True if it is this value, false if it is another. None if there is no value to compare.
    pub fn is<U: ?Sized>(&self, other: &U) -> Option<bool>
    where
        T: PartialEq<U>,
    {
        self.literal().map(|own| own == other)
    }

    /// True if both are one value, false if they are two. None if either is no value to compare.
    pub fn same(&self, other: &Self) -> Option<bool> {
        self.is(other.literal()?)
    }
}

impl<T: fmt::Display> fmt::Display for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => value.fmt(f),
            Self::Open(open) => f.write_str(&open.written),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::Salt;

    fn mark_of(secret: &str) -> String {
        Mark::of(secret, &Salt(b"test".to_vec())).to_string()
    }

    #[test]
    fn two_marks_of_one_host_tell_what_they_hold() {
        let of = |secret: &str| Value::of(mark_of(secret));
        for (one, other, expected) in [
            ("0123456789abcdef", "0123456789abcdef", Some(true)),
            ("0123456789abcdef", "0123456789abcdeg", Some(false)),
            ("0123456789abcdef", "short", Some(false)),
            ("short", "other", None),
            ("changeme", "password", Some(false)),
        ] {
            assert_eq!(of(one).same_on_one_host(&of(other)), expected, "{one} {other}");
        }
        assert_eq!(of("short").same_on_one_host(&Value::of("short")), None);
        assert_eq!(Value::of("a").same_on_one_host(&Value::of("b")), Some(false));
    }

    proptest! {
        #[test]
        fn a_mark_anywhere_in_a_text_leaves_it_without_a_value(
            before in ".{0,8}", secret in ".{1,24}", after in ".{0,8}", other in ".{0,24}"
        ) {
            let text = format!("{before}{}{after}", mark_of(&secret));
            let open = Value::of(text.clone());
            prop_assert!(open.literal().is_none() && open.why().is_some());
            prop_assert_eq!(open.is(other.as_str()), None);
            prop_assert_eq!(open.is(text.as_str()), None);
            prop_assert_eq!(open.same(&Value::of(text)), None);
            prop_assert_eq!(Value::of(other).same(&open), None);
        }

        #[test]
        fn what_is_unresolved_equals_nothing_and_differs_from_nothing(text in ".{0,24}", other in ".{0,24}") {
            let open = Value::unresolved(text.clone());
            prop_assert_eq!(open.is(text.as_str()), None);
            prop_assert_eq!(Value::of(other).same(&open), None);
            prop_assert_eq!(open.same(&open), None);
        }

        #[test]
        fn literals_compare_as_what_they_are(text in "[^‹]{0,24}", other in "[^‹]{0,24}") {
            let is_same = text == other;
            prop_assert_eq!(Value::of(text.clone()).is(other.as_str()), Some(is_same));
            prop_assert_eq!(Value::of(text.clone()).same(&Value::of(text)), Some(true));
        }
    }
}
