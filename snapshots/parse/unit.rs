//! systemd unit files and their drop-ins: sections, directives, what holds in the end, and the line
//! that says so. The grammar is that of systemd 252.
//!
//! Nothing here knows what a directive means, but for those that set the environment.

use std::collections::BTreeMap;
use std::ops::Range;

use super::exec::{Escapes, is_separator, resolved, split};

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its assignments, in order, those of unknown sections included.
    pub directives: Vec<Directive>,
    /// What in it makes no sense to systemd.
    pub problems: Vec<Problem>,
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The section, without brackets.
    pub section: String,
    /// The name before `=`.
    pub key: String,
    /// What follows `=`, with continued lines joined, quotes and escapes as they are.
    pub value: String,
    /// Its first line, 1-based.
    pub line: usize,
}

/// A line that systemd warns of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// 1-based.
    pub line: usize,
    /// What is wrong. Never a word of the file.
    pub what: &'static str,
}

/// The sections that a service may have. systemd passes over all others, in silence if they begin with `X-`.
const SECTIONS: [&str; 3] = ["Unit", "Service", "Install"];

impl Unit {
    /// Reads a file. After a malformed section header systemd reads no further, and refuses the unit.
    pub fn parse(text: &str) -> Self {
        let mut unit = Self::default();
        let mut section = None;
        for logical in logical_lines(text) {
            let Some(content) = &logical.content else { continue };
            let line = logical.line;
            let mut problem = |what| unit.problems.push(Problem { line, what });
            match line_of(content) {
                Line::Blank => {}
                Line::Section(name) => {
                    if !SECTIONS.contains(&name) && !name.starts_with("X-") {
                        problem("an unknown section");
                    }
                    section = Some(name.to_string());
                }
                Line::BrokenSection => {
                    problem("a section header that does not end; nothing after it is read");
                    break;
                }
                Line::NoKey => problem("there is no name before \"=\""),
                Line::NoValue => problem("there is no \"=\""),
                Line::Assignment(key, value) => match &section {
                    Some(section) => unit.directives.push(Directive {
                        section: section.clone(),
                        key: key.into(),
                        value: value.into(),
                        line,
                    }),
                    None => problem("an assignment before the first section"),
                },
            }
        }
        unit
    }
}

/// What one logical line says.
pub(crate) enum Line<'a> {
    Blank,
    Section(&'a str),
    BrokenSection,
    NoKey,
    NoValue,
    Assignment(&'a str, &'a str),
}

pub(crate) fn line_of(content: &str) -> Line<'_> {
    let content = content.trim_matches(is_separator);
    if content.is_empty() {
        return Line::Blank;
    }
    if let Some(rest) = content.strip_prefix('[') {
        let is_safe =
            |name: &&str| !name.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'));
        return rest.strip_suffix(']').filter(is_safe).map_or(Line::BrokenSection, Line::Section);
    }
    match content.split_once('=') {
        None => Line::NoValue,
        Some(("", _)) => Line::NoKey,
        Some((key, value)) => Line::Assignment(
            key.trim_end_matches(is_separator),
            value.trim_start_matches(is_separator),
        ),
    }
}

/// A line as systemd reads it: with the lines that continue it, without the comments in between.
pub(crate) struct Logical {
    /// The first physical line, 1-based.
    pub(crate) line: usize,
    /// Every physical line of it: where it stands, line end included, and whether it is a comment.
    pub(crate) pieces: Vec<(Range<usize>, bool)>,
    /// What it says. None: it is a comment.
    pub(crate) content: Option<String>,
}

/// The logical lines of a text, a byte order mark at its start left out.
pub(crate) fn logical_lines(text: &str) -> Vec<Logical> {
    let mut logical = Vec::new();
    let mut open: Option<Logical> = None;
    for (number, physical) in physical_lines(text).into_iter().enumerate() {
        let line = number.saturating_add(1);
        let content =
            text.get(physical.clone()).unwrap_or_default().trim_matches(['\n', '\r', '\0']);
        let content =
            if number == 0 { content.strip_prefix('\u{feff}').unwrap_or(content) } else { content };
        let content = content.trim_start_matches(is_separator);
        let is_comment = content.starts_with(['#', ';']);
        let mut current =
            open.take().unwrap_or(Logical { line, pieces: Vec::new(), content: None });
        current.pieces.push((physical, is_comment));
        if is_comment {
            match current.content {
                Some(_) => open = Some(current),
                None => logical.push(current),
            }
            continue;
        }
        let joined = current.content.get_or_insert_default();
        let backslashes = content.len().saturating_sub(content.trim_end_matches('\\').len());
        if backslashes % 2 == 1 {
            joined.push_str(content.get(..content.len().saturating_sub(1)).unwrap_or_default());
            joined.push(' ');
            open = Some(current);
        } else {
            joined.push_str(content);
            logical.push(current);
        }
    }
    logical.extend(open);
    logical
}

/// Where the lines of a text stand, line ends included. A line ends at a newline, a carriage return or
/// a zero, or at a sequence of those in which none stands twice.
fn physical_lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut ends: Vec<u8> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        let is_end = matches!(byte, b'\n' | b'\r' | 0);
        if !ends.is_empty() && (!is_end || ends.contains(&byte) || ends.contains(&0)) {
            lines.push(start..at);
            start = at;
            ends.clear();
        }
        if is_end {
            ends.push(byte);
        }
    }
    if start < text.len() {
        lines.push(start..text.len());
    }
    lines
}

/// A unit with its drop-ins: what systemd would load from these files now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    assignments: BTreeMap<(String, String), Vec<Located>>,
}

/// A value and the line that sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// What follows `=`.
    pub value: String,
    /// The file.
    pub file: String,
    /// 1-based.
    pub line: usize,
}

/// A variable of the environment and the line that sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The file.
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// Whether a specifier that is not resolved here, such as `%i`, is in the value, where it stands as it is written.
    pub unresolved: bool,
}

/// Directives for which systemd 252 passes over an empty assignment, so that an earlier one still
/// holds (tried with `systemd-analyze verify`). For all others an empty assignment takes the earlier
/// ones back.
const NEVER_EMPTY: [&str; 27] = [
    "BusName",
    "GuessMainPID",
    "KillSignal",
    "LimitCORE",
    "LimitNOFILE",
    "LimitNPROC",
    "NoNewPrivileges",
    "NotifyAccess",
    "OOMPolicy",
    "PrivateTmp",
    "ProtectHome",
    "ProtectSystem",
    "RemainAfterExit",
    "Restart",
    "RestartSec",
    "RuntimeMaxSec",
    "SendSIGKILL",
    "Slice",
    "StandardError",
    "StandardOutput",
    "StartLimitBurst",
    "StartLimitIntervalSec",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "Type",
    "WatchdogSec",
];

impl Effective {
    /// Lays drop-ins over a unit, in the order in which they are given. Each comes with its path.
    pub fn of(main: (&str, &Unit), drop_ins: &[(String, Unit)]) -> Self {
        let mut effective = Self::default();
        effective.add(main.0, main.1);
        for (path, unit) in drop_ins {
            effective.add(path, unit);
        }
        effective
    }

    fn add(&mut self, file: &str, unit: &Unit) {
        for Directive { section, key, value, line } in &unit.directives {
            let list = self.assignments.entry((section.clone(), key.clone())).or_default();
            if !value.is_empty() {
                list.push(Located { value: value.clone(), file: file.into(), line: *line });
            } else if !NEVER_EMPTY.contains(&key.as_str()) {
                list.clear();
            }
        }
    }

    /// The assignment that holds, for a directive that has one value. None where it is not set, or
    /// where an empty assignment takes it back.
    pub fn last(&self, section: &str, key: &str) -> Option<Located> {
        self.list(section, key).last().cloned()
    }

    /// The assignments that hold, for a directive that is a list: those after the last empty one.
    pub fn all(&self, section: &str, key: &str) -> Vec<Located> {
        self.list(section, key).to_vec()
    }

    fn list(&self, section: &str, key: &str) -> &[Located] {
        self.assignments.get(&(section.to_string(), key.to_string())).map_or(&[], Vec::as_slice)
    }

    /// The section and the name of each directive, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assignments.keys().map(|(section, key)| (section.as_str(), key.as_str()))
    }

    /// What `Environment=` sets, in the order in which the names first appear. A word that is no
    /// assignment is passed over; of a line with a malformed word, what stands before it holds. `home` is
    /// that of the user who runs the manager, which is what `%h` stands for.
    pub fn environment(&self) -> Vec<Variable> {
        let mut variables: Vec<Variable> = Vec::new();
        let mut index: BTreeMap<String, usize> = BTreeMap::new();
        for variable in self.assignments() {
            let at = *index.entry(variable.name.clone()).or_insert(variables.len());
            match variables.get_mut(at) {
                Some(known) => *known = variable,
                None => variables.push(variable),
            }
        }
        variables
    }

    /// Every assignment of `Environment=`, those included that a later one of the same name beats.
    pub fn assignments(&self) -> impl Iterator<Item = Variable> {
        self.list("Service", "Environment").iter().flat_map(move |Located { value, file, line }| {
            let words = split(value, Escapes::Strict).map_while(Result::ok);
            words.filter_map(|word| assignment(&word.text)).map(move |(name, value)| {
                let (value, unresolved) = resolved(&value);
                Variable { name, value, file: file.clone(), line: *line, unresolved }
            })
        })
    }

    /// Every directive that is set, with its section and the assignments that hold.
    pub fn directives(&self) -> impl Iterator<Item = (&str, &str, &[Located])> {
        self.assignments
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|((section, key), list)| (section.as_str(), key.as_str(), list.as_slice()))
    }

    /// The files of `EnvironmentFile=`, each with whether it may be missing. What they set beats `Environment=`.
    pub fn environment_files(&self) -> Vec<(String, bool)> {
        let file = |found: &Located| match found.value.strip_prefix('-') {
            Some(path) => (resolved(path).0, true),
            None => (resolved(&found.value).0, false),
        };
        self.list("Service", "EnvironmentFile").iter().map(file).collect()
    }
}

/// Reads the value of `systemctl show -p Environment`: assignments parted by blanks, quoted as for a shell.
pub fn parse_assignments(text: &str) -> Vec<(String, String)> {
    split(text, Escapes::Shell)
        .map_while(Result::ok)
        .filter_map(|word| assignment(&word.text))
        .collect()
}

/// `NAME=value`, if systemd takes it for one.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_value = !value.contains(|c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n'));
    (is_name && is_value).then(|| (name.into(), value.into()))
}

#[cfg(test)]
pub(crate) mod tests;
