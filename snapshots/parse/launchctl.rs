//! What `launchctl` prints. Apple calls none of it an interface, so an unknown line is passed over, and
//! an unknown shape is unknown: never absent, never healthy.
//!
//! The text is indented by tabs in the real thing and by anything in a copy. Arguments and values are
//! printed raw, line breaks included, so that an argument can imitate any line after it.

pub mod disabled;
pub mod domain;
pub mod list;
pub mod refusal;
pub mod service;

use std::collections::BTreeMap;

/// The body of a `target = { … }` document, by its first level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    /// What stands before `= {`: the target, or the label alone up to 10.15.
    pub(crate) target: &'a str,
    /// The entries in order.
    pub(crate) entries: Vec<Entry<'a>>,
    /// Whether a line stands where none can: in a genuine print this does not happen.
    pub(crate) is_broken: bool,
}

/// One entry of the first level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: Value<'a>,
    /// Whether each line of a block is indented as its content is: a value with a line break is not.
    pub(crate) is_even: bool,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// To the end of the line.
    Text(&'a str),
    /// The lines between the braces, without the indentation of the block's content.
    Block(Vec<&'a str>),
}

impl<'a> Document<'a> {
    /// Reads a document. None where there is no header, and no line of `excerpt` either: people paste
    /// the few lines that they find telling.
    pub(crate) fn read(text: &'a str, excerpt: &[&str]) -> Option<Self> {
        let has_header = text.lines().any(|line| header(line).is_some());
        let is_telling = |line: &&str| excerpt.iter().any(|key| line.trim().starts_with(key));
        let mut lines: Vec<&str> = text.lines().collect();
        let mut target = "";
        if has_header {
            let at = lines.iter().position(|line| header(line).is_some())?;
            target = header(lines.get(at)?)?;
            lines.drain(..=at);
        } else {
            let at = lines.iter().position(is_telling)?;
            lines.drain(..at);
        }
        let unit =
            lines.iter().find(|line| !line.trim().is_empty()).map_or("", |line| indent(line));
        let mut document = Self { target, ..Self::default() };
        let mut rest = lines.into_iter();
        while let Some(line) = rest.next() {
            if line.trim().is_empty() {
                continue;
            }
            if line.trim_end() == "}" && !unit.is_empty() {
                // Behind the end of a genuine document nothing of it can follow.
                document.is_broken |=
                    rest.any(|line| !indent(line).is_empty() && !line.trim().is_empty());
                break;
            }
            if indent(line) != unit {
                document.is_broken = true;
                continue;
            }
            let line = line.trim();
            if line == "}" {
                // A copy without any indentation ends so.
                document.is_broken |= !unit.is_empty();
                continue;
            }
            if let Some(key) = opening(line) {
                let block = block(&mut rest, unit);
                document.is_broken |= !block.is_closed;
                let is_even = block.is_even;
                document.entries.push(Entry { key, value: Value::Block(block.lines), is_even });
            } else if let Some((key, value)) = line
                .split_once(" =")
                .filter(|(_, value)| value.is_empty() || value.starts_with(' '))
            {
                document.entries.push(Entry {
                    key,
                    value: Value::Text(value.trim()),
                    is_even: true,
                });
            }
        }
        Some(document)
    }

    /// The only text of this key. An error where it stands more than once: then one of them is forged.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, Twice> {
        let mut found = self.entries.iter().filter(|entry| entry.key == key);
        let first = found.next();
        if found.next().is_some() {
            return Err(Twice);
        }
        Ok(first.and_then(|entry| match entry.value {
            Value::Text(text) => Some(text),
            Value::Block(_) => None,
        }))
    }

    /// The text of this key that is printed before any argument, and so can be forged by none.
    pub(crate) fn text_before_arguments(&self, key: &str) -> Option<&'a str> {
        let genuine = self.entries.iter().take_while(|entry| entry.key != "arguments");
        genuine.filter(|entry| entry.key == key).find_map(|entry| match entry.value {
            Value::Text(text) => Some(text),
            Value::Block(_) => None,
        })
    }

    /// The lines of the only block of this key.
    pub(crate) fn block(&self, key: &str) -> Option<&[&'a str]> {
        let mut found = self.entries.iter().filter(|entry| entry.key == key);
        let first = found.next()?;
        match (&first.value, found.next()) {
            (Value::Block(lines), None) => Some(lines),
            _ => None,
        }
    }
}

/// A key that stands twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Twice;

struct Block<'a> {
    lines: Vec<&'a str>,
    is_closed: bool,
    is_even: bool,
}

/// The lines up to the brace that closes a block of the first level.
fn block<'a>(rest: &mut impl Iterator<Item = &'a str>, unit: &str) -> Block<'a> {
    let (mut lines, mut is_even) = (Vec::new(), true);
    // Without indentation only the braces tell where a block ends.
    let mut depth = 0_usize;
    for line in rest {
        let said = line.trim();
        let closes = said == "}" || said == "]";
        if unit.is_empty() {
            match (closes, depth) {
                (true, 0) => return Block { lines, is_closed: true, is_even },
                (true, _) => depth -= 1,
                _ if said.ends_with("= {") || said.ends_with("=> {") => depth += 1,
                _ => {}
            }
        } else if closes && indent(line) == unit {
            return Block { lines, is_closed: true, is_even };
        }
        let inner = line.strip_prefix(unit).and_then(|line| line.strip_prefix(unit));
        is_even &= inner.is_some();
        lines.push(inner.unwrap_or(said));
    }
    Block { lines, is_closed: false, is_even }
}

/// `target = {`: the first line of a document.
fn header(line: &str) -> Option<&str> {
    let target = line.trim().strip_suffix(" = {")?;
    (indent(line).is_empty() && !target.is_empty() && !target.contains(' ')).then_some(target)
}

/// `key = {` or `key => {`.
fn opening(line: &str) -> Option<&str> {
    ["= {", "=> {", "=> ["]
        .iter()
        .find_map(|end| line.strip_suffix(end))
        .map(|key| key.trim_end_matches('=').trim())
}

fn indent(line: &str) -> &str {
    line.split_at(line.len() - line.trim_start().len()).0
}

/// `NAME => VALUE` of an environment, or of the semaphores.
fn pairs<'a>(lines: &[&'a str]) -> BTreeMap<&'a str, &'a str> {
    lines.iter().filter_map(|line| line.trim().split_once(" => ")).collect()
}
