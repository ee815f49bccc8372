//! `.env` files, as python-dotenv 1.2.1 and 1.2.2 read them: those are the versions that Hermes 0.13 to
//! 0.19 pin. Version 1.2.4 differs in two corners, after `KEY= #` and after `\\"`.
//!
//! What a reference `${NAME}` to the environment of the process stands for cannot be known from the
//! file. Such a value says so, and is not guessed.

use std::collections::BTreeMap;
use std::ops::Range;

/// The content of a `.env` file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dotenv {
    /// Every assignment, in the order of the file, duplicates included.
    pub entries: Vec<Entry>,
    /// Every statement that python-dotenv warns of and passes over.
    pub problems: Vec<Problem>,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// What it is set to, with quotes, escapes and references resolved. None for a name without `=`,
    /// which sets nothing. A reference that could not be resolved stands as it is written.
    pub value: Option<String>,
    /// The line of the name, 1-based.
    pub line: usize,
    /// Where the value is written, in bytes, with its quotes.
    pub value_span: Range<usize>,
    /// The variables on which the value depends and which only the process knows.
    pub unresolved: Vec<String>,
}

/// A statement that is no assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Its line, 1-based.
    pub line: usize,
    /// What is wrong. Never a word of the file.
    pub what: &'static str,
}

/// Reads a file. A byte order mark is passed over, since Hermes removes it before it reads.
pub fn parse(text: &str) -> Dotenv {
    let mut read = Dotenv::default();
    let mut file = Resolver::default();
    for statement in Statements::of(text) {
        match statement.body {
            Body::Nothing => {}
            Body::Malformed(what) => read.problems.push(Problem { line: statement.line, what }),
            Body::Assignment(assignment) => {
                let Assignment { key, value, value_span, .. } = assignment;
                let resolved = value.map(|value| file.resolve(&value)).unwrap_or_default();
                let entry = Entry {
                    key,
                    value: resolved.value,
                    line: statement.line,
                    value_span,
                    unresolved: resolved.unresolved,
                };
                file.remember(&entry);
                read.entries.push(entry);
            }
        }
    }
    read
}

impl Dotenv {
    /// The assignment of a name that counts: the last one.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }
}

/// How much text references may add to a file, in bytes. A few lines can ask for terabytes; a
/// reference beyond the limit counts as one that cannot be resolved.
const EXPANSION_LIMIT: usize = 1 << 20;

/// What the names of the lines above stand for.
#[derive(Default)]
struct Resolver {
    known: BTreeMap<String, (Option<String>, Vec<String>)>,
    added: usize,
}

#[derive(Default)]
struct Resolved {
    value: Option<String>,
    unresolved: Vec<String>,
}

impl Resolver {
    fn remember(&mut self, entry: &Entry) {
        self.known.insert(entry.key.clone(), (entry.value.clone(), entry.unresolved.clone()));
    }

    fn resolve(&mut self, raw: &str) -> Resolved {
        let mut value = String::with_capacity(raw.len());
        let mut resolved = Resolved::default();
        let mut at = 0;
        for reference in references(raw) {
            value.push_str(raw.get(at..reference.span.start).unwrap_or_default());
            at = reference.span.end;
            self.expand(&reference, raw, &mut value, &mut resolved.unresolved);
        }
        value.push_str(raw.get(at..).unwrap_or_default());
        resolved.value = Some(value);
        resolved
    }

    fn expand(
        &mut self,
        reference: &Reference<'_>,
        raw: &str,
        value: &mut String,
        unresolved: &mut Vec<String>,
    ) {
        let name = reference.name;
        match self.known.get(name) {
            Some((text, depends)) => {
                let text = text.as_deref().unwrap_or_default();
                let cost = depends.iter().fold(text.len(), |sum, name| {
                    sum.saturating_add(name.len()).saturating_add(24)
                });
                if self.added.saturating_add(cost) <= EXPANSION_LIMIT {
                    self.added = self.added.saturating_add(cost);
                    value.push_str(text);
                    for name in depends {
                        add(unresolved, name);
                    }
                    return;
                }
            }
            // No environment can hold such a name.
            None if name.is_empty() || name.contains(['=', '\0']) => {
                return value.push_str(reference.default);
            }
            None => {}
        }
        value.push_str(raw.get(reference.span.clone()).unwrap_or_default());
        add(unresolved, name);
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    // A long list is searched in vain often enough to hang; its duplicates do no harm.
    if names.len() > 64 || !names.iter().any(|known| known == name) {
        names.push(name.into());
    }
}

/// `${NAME}` or `${NAME:-default}`. The default is taken where the name is not set at all; an empty
/// value counts as set.
pub(crate) struct Reference<'a> {
    pub(crate) name: &'a str,
    pub(crate) default: &'a str,
    pub(crate) span: Range<usize>,
}

/// The references in a value, from left to right.
pub(crate) fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    // Where the next `}` or `:` is known to be, so that a text full of `${` is read once.
    let mut stop = 0;
    while let Some(dollar) =
        text.get(at..).and_then(|rest| rest.find("${")).and_then(|to| at.checked_add(to))
    {
        let name_at = dollar.saturating_add("${".len());
        at = dollar.saturating_add(1);
        if stop < name_at {
            match text.get(name_at..).and_then(|rest| rest.find(['}', ':'])) {
                Some(length) => stop = name_at.saturating_add(length),
                None => break,
            }
        }
        let name = text.get(name_at..stop).unwrap_or_default();
        let after = text.get(stop..).unwrap_or_default();
        let (default, end) = match after.strip_prefix(":-") {
            None if after.starts_with('}') => ("", stop.saturating_add(1)),
            None => continue,
            // Where there is no `}` any more, there is no reference either.
            Some(rest) => match rest.split_once('}') {
                Some((default, _)) => {
                    (default, stop.saturating_add(default.len()).saturating_add(":-}".len()))
                }
                None => break,
            },
        };
        found.push(Reference { name, default, span: dollar..end });
        at = end;
    }
    found
}

/// A piece of the file: an assignment, a comment, blank lines, or what makes no sense.
pub(crate) struct Statement {
    /// Where it stands in the text, with the blank lines before it and its own line's end.
    pub(crate) span: Range<usize>,
    /// Where it begins after the blank lines.
    pub(crate) start: usize,
    /// The line of `start`, 1-based.
    pub(crate) line: usize,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    /// A comment, or blank lines at the end of the file.
    Nothing,
    Assignment(Assignment),
    Malformed(&'static str),
}

pub(crate) struct Assignment {
    pub(crate) key: String,
    /// Where the key is written, with its quotes.
    pub(crate) key_span: Range<usize>,
    /// With escapes resolved, and references as they are written.
    pub(crate) value: Option<String>,
    pub(crate) value_span: Range<usize>,
}

/// A walk over the statements of a file.
pub(crate) struct Statements<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

/// Why a statement is none. The position is where python-dotenv goes on, at the next line's start.
struct Broken(&'static str);

impl Iterator for Statements<'_> {
    type Item = Statement;

    fn next(&mut self) -> Option<Statement> {
        let begin = self.at;
        if self.rest().is_empty() {
            return None;
        }
        self.skip(is_space);
        let (start, line) = (self.at, self.line);
        let body = if self.rest().is_empty() {
            Body::Nothing
        } else {
            self.statement().unwrap_or_else(|Broken(what)| {
                self.skip(|c| !is_newline(c));
                self.newline();
                Body::Malformed(what)
            })
        };
        Some(Statement { span: begin..self.at, start, line, body })
    }
}

impl<'a> Statements<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: 1 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self, length: usize) -> &'a str {
        let (taken, _) = self.rest().split_at_checked(length).unwrap_or((self.rest(), ""));
        self.at = self.at.saturating_add(taken.len());
        self.line = self.line.saturating_add(newlines(taken));
        taken
    }

    fn skip(&mut self, of: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.advance(rest.find(|c| !of(c)).unwrap_or(rest.len()))
    }

    fn newline(&mut self) {
        let length = match self.rest().as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        self.advance(length);
    }

    fn statement(&mut self) -> Result<Body, Broken> {
        self.export();
        let key_at = self.at;
        let key = match self.peek() {
            Some('#') => None,
            Some('\'') => Some(self.quoted_key()?),
            _ => Some(self.plain_key()?),
        };
        let key_span = key_at..self.at;
        self.skip(is_blank);
        let mut value_span = self.at..self.at;
        let mut value = None;
        if self.peek() == Some('=') {
            self.advance(1);
            self.skip(is_blank);
            let value_at = self.at;
            let (written, end) = self.value()?;
            value_span = value_at..end;
            value = Some(written);
        }
        self.comment();
        self.skip(is_blank);
        if self.peek().is_some_and(|c| !is_newline(c)) {
            return Err(Broken(if value.is_some() {
                "text follows the closing quote"
            } else {
                "there is no \"=\""
            }));
        }
        self.newline();
        Ok(match key {
            Some(key) => Body::Assignment(Assignment { key, key_span, value, value_span }),
            None => Body::Nothing,
        })
    }

    fn export(&mut self) {
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with(is_blank)
        {
            self.advance("export".len());
            self.skip(is_blank);
        }
    }

    /// Single quotes around a key may hold anything, newlines included.
    fn quoted_key(&mut self) -> Result<String, Broken> {
        let key = self.rest().strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let Some((key, _)) = key.filter(|(key, _)| !key.is_empty()) else {
            return Err(Broken("a quoted name does not end"));
        };
        self.advance(key.len().saturating_add(2));
        Ok(with_newlines(key))
    }

    fn plain_key(&mut self) -> Result<String, Broken> {
        let key = self.skip(|c| !matches!(c, '=' | '#') && !is_space(c));
        if key.is_empty() { Err(Broken("there is no name")) } else { Ok(key.into()) }
    }

    /// The value, and where it ends.
    fn value(&mut self) -> Result<(String, usize), Broken> {
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            let inner = quoted(self.rest(), quote).ok_or(Broken("a quoted value does not end"))?;
            self.advance(inner.len().saturating_add(2));
            return Ok((unescaped(&with_newlines(inner), quote), self.at));
        }
        let start = self.at;
        let line = self.skip(|c| !is_newline(c));
        let value = without_comment(line).trim_end_matches(is_space);
        Ok((value.into(), start.saturating_add(value.len())))
    }

    fn comment(&mut self) {
        if self.rest().trim_start_matches(is_blank).starts_with('#') {
            self.skip(|c| !is_newline(c));
        }
    }
}

/// What stands between the quotes with which a text begins. A quote after a backslash is part of the
/// value, unless the file has no other quote to end it with: then its last one does.
fn quoted(text: &str, quote: char) -> Option<&str> {
    let inner = text.strip_prefix(quote)?;
    let mut last = None;
    let mut before = None;
    for (at, c) in inner.char_indices() {
        if c == quote {
            last = Some(at);
            if before != Some('\\') {
                break;
            }
        }
        before = Some(c);
    }
    inner.get(..last?)
}

/// A comment begins at a `#` after a blank. A `#` with which the value begins is part of it.
fn without_comment(line: &str) -> &str {
    let mut before = None;
    let comment = line.char_indices().find(|(_, c)| {
        let found = *c == '#' && before.is_some_and(is_space);
        before = Some(*c);
        found
    });
    comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

fn unescaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = (c == '\\').then(|| escape(chars.clone().next()?, quote)).flatten();
        if escaped.is_some() {
            chars.next();
        }
        out.push(escaped.unwrap_or(c));
    }
    out
}

/// What a backslash and this character stand for. None: for themselves.
const fn escape(c: char, quote: char) -> Option<char> {
    match (c, quote) {
        ('\\' | '\'', _) | ('"', '"') => Some(c),
        ('a', '"') => Some('\u{7}'),
        ('b', '"') => Some('\u{8}'),
        ('f', '"') => Some('\u{c}'),
        ('n', '"') => Some('\n'),
        ('r', '"') => Some('\r'),
        ('t', '"') => Some('\t'),
        ('v', '"') => Some('\u{b}'),
        _ => None,
    }
}

/// Python opens text files with every kind of line end translated.
fn with_newlines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into() }
}

/// How many lines end in a text.
pub(crate) fn newlines(text: &str) -> usize {
    let mut before = None;
    let ends = text.bytes().filter(|&b| {
        let ends = b == b'\r' || (b == b'\n' && before != Some(b'\r'));
        before = Some(b);
        ends
    });
    ends.count()
}

const fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// What Python's `\s` matches.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn is_blank(c: char) -> bool {
    is_space(c) && !is_newline(c)
}

#[cfg(test)]
pub(crate) mod tests;
