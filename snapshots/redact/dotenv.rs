//! `.env` files without their secrets: names, places and clear values stay, comments and everything
//! else go. What python-dotenv would make of the lines that are left is the same, mark for value.

use std::collections::BTreeSet;

use super::shape::{is_clean, is_mark, is_name, leading_mark, marked};
use super::{Mark, Salt, is_clear_variable};
use crate::parse::dotenv::{
    self, Assignment, Body, Entry, Statement, Statements, newlines, references,
};

/// The same file without its secrets. Line numbers stay: a value of several lines leaves comments behind.
pub fn text(text: &str, salt: &Salt) -> String {
    let read = dotenv::parse(text);
    let mut entries = read.entries.iter();
    let mut out =
        Redaction { text, salt, marked: BTreeSet::new(), out: String::with_capacity(text.len()) };
    for statement in Statements::of(text) {
        let entry = matches!(statement.body, Body::Assignment(_)).then(|| entries.next()).flatten();
        out.statement(&statement, entry);
    }
    out.out
}

struct Redaction<'a> {
    text: &'a str,
    salt: &'a Salt,
    /// The names that became marks, or whose values did.
    marked: BTreeSet<&'a str>,
    out: String,
}

impl<'a> Redaction<'a> {
    fn statement(&mut self, statement: &Statement, entry: Option<&'a Entry>) {
        let blank = self.slice(statement.span.start, statement.start);
        let all = self.slice(statement.start, statement.span.end);
        let written = all.trim_end_matches(['\n', '\r']);
        let ending = all.get(written.len()..).unwrap_or_default();
        let redacted = match (&statement.body, entry) {
            (Body::Assignment(assignment), Some(entry)) => {
                self.assignment(statement.start, assignment, entry)
            }
            (Body::Malformed(_), _) => self.malformed(written),
            _ if written.is_empty() => String::new(),
            _ => "#".into(),
        };
        self.out.extend([blank, &redacted, ending]);
        if !ending.is_empty() {
            // What was written in several lines and now stands in one.
            let missing = newlines(written).saturating_sub(newlines(&redacted));
            self.out.push_str(&format!("#{ending}").repeat(missing));
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn assignment(&mut self, start: usize, assignment: &Assignment, entry: &'a Entry) -> String {
        let mut out = String::new();
        if assignment.key_span.start > start {
            out.push_str("export ");
        }
        let is_kept = match entry.value {
            Some(_) => is_name(&entry.key),
            None => is_name(&entry.key) && is_told_from_a_secret(&entry.key),
        };
        if is_kept {
            out.push_str(&entry.key);
        } else {
            self.marked.insert(&entry.key);
            out.push_str(&marked(&entry.key, self.salt));
        }
        if let Some(value) = &entry.value {
            out.push('=');
            let written = self.slice(entry.value_span.start, entry.value_span.end);
            if self.is_clear(entry, value, written) {
                out.push_str(written);
            } else {
                self.marked.insert(&entry.key);
                out.push_str(&self.mark(value, written, entry));
            }
        }
        let after = self.slice(entry.value_span.end, self.text.len());
        let line = after.split(['\n', '\r']).next().unwrap_or_default();
        if line.trim_start().starts_with('#') {
            out.push_str(" #");
        }
        out
    }

    /// Whether a value may stay as it is written.
    fn is_clear(&self, entry: &Entry, value: &str, written: &str) -> bool {
        // A reference can bring in a value that became a mark.
        let brings_a_mark =
            || references(written).iter().any(|reference| self.marked.contains(reference.name));
        is_mark(value)
            || (is_clear_variable(&entry.key)
                && is_clean(value)
                && is_clean(written)
                && !brings_a_mark())
    }

    /// The mark of a value, and the names on which it depends: what a variable of the process adds to
    /// it cannot be known from the file, and whoever reads this must not think that it can.
    fn mark(&self, value: &str, written: &str, entry: &Entry) -> String {
        if entry.unresolved.is_empty() {
            return marked(value, self.salt);
        }
        let mut named = BTreeSet::new();
        let mut names = String::new();
        for name in entry.unresolved.iter().map(|name| conventional(name)) {
            if named.insert(name) {
                names.extend(["${", name, "}"]);
            }
        }
        let inner = written.trim_matches(['"', '\'']);
        let (mark, rest) = leading_mark(inner).unwrap_or(("", inner));
        let in_names: usize = references(rest).iter().map(|reference| reference.span.len()).sum();
        if in_names == rest.len() {
            format!("{mark}{names}")
        } else {
            format!("{}{names}", Mark::of(value, self.salt))
        }
    }

    /// A line that begins with `=` is as malformed as the one whose place it takes.
    fn malformed(&self, statement: &str) -> String {
        format!("={}", marked(statement.trim().trim_start_matches('='), self.salt))
    }
}

/// The name of a variable of the process, if it looks like one.
fn conventional(name: &str) -> &str {
    let is_shouted = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_shouted && is_name(name) { name } else { "REDACTED" }
}

/// A line without `=` is a name, or a secret that lost its name. Names have words.
fn is_told_from_a_secret(key: &str) -> bool {
    is_clear_variable(key)
        || (key.contains('_')
            && !key.contains(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
