//! The walk over a YAML text: what the parser beneath says of it, with positions that can be trusted
//! and in the dialect of `PyYAML`. Also what may stand between two scalars, which the parser keeps to itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use saphyr_parser::{Event as Raw, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::{DEPTH_LIMIT, Error, INDENTATION, NODE_LIMIT, TAB, TOO_DEEP, TOO_MANY};

/// What the parser beneath says, one step at a time, with positions in bytes.
pub(crate) struct Event<'a> {
    pub(crate) kind: Kind<'a>,
    /// Of a scalar, where its content stands, without tag, anchor and header. Empty for one that is not written.
    pub(crate) span: Range<usize>,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// Whether it stands where a key is expected.
    pub(crate) is_key: bool,
}

pub(crate) enum Kind<'a> {
    Scalar { text: Cow<'a, str>, style: ScalarStyle, tag: Option<String>, anchor: usize },
    List { tag: Option<String>, anchor: usize },
    Map { tag: Option<String>, anchor: usize },
    End,
    Alias(usize),
}

impl Event<'_> {
    pub(super) fn error(&self, what: &'static str) -> Error {
        Error { line: self.line, column: self.column, what }
    }
}

/// A walk over the events of the one document in a text.
pub(crate) struct Events<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    offsets: Offsets<'a>,
    documents: usize,
    /// Of every list and mapping that is open, whether a key is next.
    open: Vec<Option<bool>>,
    count: usize,
    anchors: BTreeSet<&'a str>,
    /// Where the last content ends: from there on stand indicators and comments.
    gap: usize,
    over: bool,
}

impl<'a> Events<'a> {
    pub(crate) fn of(text: &'a str) -> Result<Self, Error> {
        if let Some(at) = text.find(|c| !is_printable(c)) {
            return Err(error_at(text, at, "a control character"));
        }
        Ok(Self {
            text,
            parser: Parser::new_from_str(text),
            offsets: Offsets { text, chars: 0, bytes: 0 },
            documents: 0,
            open: Vec::new(),
            count: 0,
            anchors: BTreeSet::new(),
            gap: 0,
            over: false,
        })
    }

    fn event(&mut self) -> Option<Result<Event<'a>, Error>> {
        loop {
            let (raw, span) = match self.parser.next_event()? {
                Ok(event) => event,
                Err(error) => return Some(Err(described(&error))),
            };
            let (start, end) = (self.offsets.byte(&span.start), self.offsets.byte(&span.end));
            let mut event = Event {
                kind: Kind::End,
                span: start..end.max(start),
                line: span.start.line(),
                column: span.start.col().saturating_add(1),
                is_key: self.open.last() == Some(&Some(true)),
            };
            event.kind = match raw {
                Raw::DocumentStart(_) => {
                    self.documents = self.documents.saturating_add(1);
                    if self.documents > 1 {
                        return Some(Err(event.error("a second document")));
                    }
                    continue;
                }
                Raw::StreamEnd => return self.check_gap(self.text.len()).err().map(Err),
                Raw::Nothing | Raw::StreamStart | Raw::DocumentEnd => continue,
                Raw::Alias(anchor) => Kind::Alias(anchor),
                Raw::SequenceStart(anchor, tag) => {
                    Kind::List { tag: whole(tag.as_deref()), anchor }
                }
                Raw::MappingStart(anchor, tag) => Kind::Map { tag: whole(tag.as_deref()), anchor },
                Raw::SequenceEnd | Raw::MappingEnd => Kind::End,
                Raw::Scalar(text, style, anchor, tag) => {
                    let tag = whole(tag.as_deref());
                    match self.scalar(&mut event, text, style, anchor, tag) {
                        Ok(scalar) => scalar,
                        Err(error) => return Some(Err(error)),
                    }
                }
            };
            return Some(self.enter(event));
        }
    }

    /// Finds where a scalar stands, and looks at what stands before it.
    fn scalar(
        &mut self,
        event: &mut Event<'a>,
        mut text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<String>,
    ) -> Result<Kind<'a>, Error> {
        let is_bare = anchor == 0 && tag.is_none();
        let is_empty = text.is_empty() || (is_block(style) && text.chars().all(|c| c == '\n'));
        event.span = content(self.text, event.span.clone(), style, is_empty, !is_bare);
        let has_question_mark = self.check_gap(event.span.start)?;
        self.gap = self.gap.max(event.span.end);
        let written = self.text.get(event.span.clone()).unwrap_or_default();
        if style == ScalarStyle::Plain {
            if let Some(at) = written.find('\t') {
                return Err(error_at(self.text, event.span.start.saturating_add(at), TAB));
            }
            if event.is_key && written.is_empty() && is_bare && !has_question_mark {
                return Err(event.error("a value without a key"));
            }
        } else if is_block(style)
            && event.span.end == self.text.len()
            && !self.text.ends_with(['\n', '\r'])
        {
            // YAML 1.2 adds the line end that the text lacks, 1.1 does not.
            if text.ends_with('\n') {
                text.to_mut().pop();
            }
        }
        Ok(Kind::Scalar { text, style, tag, anchor })
    }

    /// Keeps track of what is open, and of the limits.
    fn enter(&mut self, event: Event<'a>) -> Result<Event<'a>, Error> {
        self.count = self.count.saturating_add(1);
        let is_end = matches!(event.kind, Kind::End);
        if is_end {
            self.open.pop();
        }
        let opens = match event.kind {
            Kind::List { .. } => Some(None),
            Kind::Map { .. } => Some(Some(true)),
            Kind::Scalar { .. } | Kind::Alias(_) | Kind::End => None,
        };
        // Whatever is complete now was a key or a value.
        if opens.is_none()
            && let Some(Some(is_key)) = self.open.last_mut()
        {
            *is_key = !*is_key;
        }
        self.open.extend(opens);
        if self.open.len() > DEPTH_LIMIT {
            return Err(event.error(TOO_DEEP));
        }
        // A list or mapping has two events.
        if self.count > NODE_LIMIT.saturating_mul(2) {
            return Err(event.error(TOO_MANY));
        }
        Ok(event)
    }

    /// Looks at what stands between two scalars for what YAML 1.2 allows and `PyYAML` does not. Says
    /// whether there is a `?`.
    fn check_gap(&mut self, end: usize) -> Result<bool, Error> {
        let mut has_question_mark = false;
        for (piece, span) in gap(self.text, self.gap..end) {
            let written = self.text.get(span.clone()).unwrap_or_default();
            has_question_mark |= piece == Piece::Indicator && written == "?";
            if piece == Piece::Blank
                && let Some(at) = written.find('\t')
            {
                return Err(error_at(self.text, span.start.saturating_add(at), TAB));
            }
            if piece == Piece::Anchor && !self.anchors.insert(written) {
                return Err(error_at(self.text, span.start, "an anchor for the second time"));
            }
        }
        Ok(has_question_mark)
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let event = self.event();
        self.over = !matches!(event, Some(Ok(_)));
        event
    }
}

/// Whether a scalar is written below a `|` or `>`.
pub(crate) const fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

/// The characters that `PyYAML` takes.
const fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

fn error_at(text: &str, at: usize, what: &'static str) -> Error {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Error {
        line: before.matches('\n').count().saturating_add(1),
        column: line.chars().count().saturating_add(1),
        what,
    }
}

/// An error in words of our own: those of the parser may quote the text.
fn described(error: &ScanError) -> Error {
    const WORDS: [(&str, &str); 16] = [
        ("invalid indentation", INDENTATION),
        ("indent", "a line that is not indented as it must be"),
        ("tab", TAB),
        ("unknown anchor", "an alias without its anchor"),
        ("duplicated anchor", "an anchor for the second time"),
        ("recursion limit", TOO_DEEP),
        ("mapping values", "a value where no key stands before it"),
        ("escape", "an unknown escape in a quoted text"),
        ("quoted scalar", "a quoted text that does not end"),
        ("flow sequence", "a list that \"]\" does not end"),
        ("flow mapping", "a mapping that \"}\" does not end"),
        ("block mapping", "no key where one must stand"),
        ("block collection", "no \"-\" where one must stand"),
        ("simple key", "a key without its \":\""),
        ("directive", "a malformed directive"),
        ("tag", "a malformed tag"),
    ];
    let what = WORDS.iter().find(|(theirs, _)| error.info().contains(theirs));
    Error {
        line: error.marker().line(),
        column: error.marker().col().saturating_add(1),
        what: what.map_or("unexpected text", |(_, ours)| ours),
    }
}

/// Positions of the parser are in characters, ours in bytes.
struct Offsets<'a> {
    text: &'a str,
    chars: usize,
    bytes: usize,
}

impl Offsets<'_> {
    /// Walks from the last position asked for, which is never far.
    fn byte(&mut self, mark: &Marker) -> usize {
        let wanted = mark.index();
        let (before, after) = self.text.split_at_checked(self.bytes).unwrap_or((self.text, ""));
        self.bytes = if let Some(back) = self.chars.checked_sub(wanted) {
            let back = back.checked_sub(1).and_then(|back| before.char_indices().rev().nth(back));
            back.map_or(self.bytes, |(at, _)| at)
        } else {
            let step = wanted.saturating_sub(self.chars);
            let step = after.char_indices().nth(step).map_or(after.len(), |(at, _)| at);
            self.bytes.saturating_add(step)
        };
        self.chars = wanted;
        self.bytes
    }
}

/// A tag in full, `!!str` as `tag:yaml.org,2002:str`.
fn whole(tag: Option<&Tag>) -> Option<String> {
    tag.map(|tag| format!("{}{}", tag.handle, tag.suffix))
}

/// Where the content of a scalar stands, given where the parser saw it: that includes tag and anchor
/// always, and sometimes what follows a quote.
fn content(
    text: &str,
    span: Range<usize>,
    style: ScalarStyle,
    is_empty: bool,
    has_properties: bool,
) -> Range<usize> {
    let seen = text.get(span.clone()).unwrap_or_default();
    let properties = if has_properties { properties(seen) } else { 0 };
    let start = span.start.saturating_add(properties);
    let rest = seen.get(properties..).unwrap_or_default();
    match style {
        ScalarStyle::Plain if is_empty => start..start,
        ScalarStyle::Plain => start..start.saturating_add(rest.trim_end().len()),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            start..start.saturating_add(quoted(rest))
        }
        ScalarStyle::Literal | ScalarStyle::Folded => {
            // Where there is no content, the parser sees the header instead.
            let header = if has_properties || is_empty { header(rest) } else { 0 };
            let block = rest.get(header..).unwrap_or_default();
            // The indentation of whatever follows belongs to that.
            let lines = block.trim_end_matches(' ');
            let length = if lines.is_empty() || lines.ends_with(['\n', '\r']) {
                lines.len()
            } else {
                block.len()
            };
            let start = start.saturating_add(header);
            start..start.saturating_add(length)
        }
    }
}

/// The length of the tag and anchor with which a node begins, blanks and comments after them included.
fn properties(seen: &str) -> usize {
    let mut rest = seen;
    loop {
        let taken = match rest.chars().next() {
            Some('!' | '&') => {
                rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}'))
            }
            Some('#') => rest.find(['\n', '\r']),
            Some(c) if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()),
            _ => return seen.len().saturating_sub(rest.len()),
        };
        rest = taken.and_then(|taken| rest.get(taken..)).unwrap_or_default();
    }
}

/// The length of the line with which a block scalar begins: `|`, `>-`, `|2 # comment`.
fn header(rest: &str) -> usize {
    if !rest.starts_with(['|', '>']) {
        return 0;
    }
    let line = rest
        .find('\n')
        .map(|at| at.saturating_add(1))
        .or_else(|| rest.find('\r').map(|at| at.saturating_add(1)));
    line.unwrap_or(rest.len())
}

/// The length of the quoted scalar with which a text begins.
fn quoted(rest: &str) -> usize {
    let mut chars = rest.char_indices().peekable();
    let quote = chars.next().map(|(_, quote)| quote);
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == Some('"') {
            chars.next();
        } else if Some(c) == quote
            && (c == '"' || chars.next_if(|(_, next)| *next == '\'').is_none())
        {
            return at.saturating_add(1);
        }
    }
    rest.len()
}

/// What may stand outside of scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Blanks, tabs and line ends.
    Blank,
    /// From `#` to the end of the line.
    Comment,
    /// One of `-?:,[]{}`, or `---`, or `...`.
    Indicator,
    /// `&name`.
    Anchor,
    /// `*name`.
    Alias,
    /// `!name`.
    Tag,
    /// `|` or `>` with what follows up to the first blank.
    Header,
    /// A line that begins with `%`.
    Directive,
    /// Something that should not be there.
    Other,
}

/// The pieces between two scalars.
pub(crate) fn gap(text: &str, span: Range<usize>) -> impl Iterator<Item = (Piece, Range<usize>)> {
    let mut at = span.start;
    std::iter::from_fn(move || {
        let rest = text.get(at..span.end).filter(|rest| !rest.is_empty())?;
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let (piece, length) = piece(rest, before);
        let start = at;
        at = at.saturating_add(length.max(1));
        Some((piece, start..at))
    })
}

fn piece(rest: &str, before: Option<char>) -> (Piece, usize) {
    let until = |end: fn(char) -> bool| rest.find(end).unwrap_or(rest.len());
    let line = until(|c| matches!(c, '\n' | '\r'));
    let word = until(|c| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}'));
    let is_line_start = before.is_none_or(|c| matches!(c, '\n' | '\r' | '\u{feff}'));
    match rest.chars().next() {
        Some(c) if c.is_whitespace() || c == '\u{feff}' => {
            (Piece::Blank, until(|c| !c.is_whitespace() && c != '\u{feff}'))
        }
        Some('#') if is_line_start || before.is_some_and(char::is_whitespace) => {
            (Piece::Comment, line)
        }
        Some('%') if is_line_start => (Piece::Directive, line),
        Some('.') if is_line_start && rest.starts_with("...") => (Piece::Indicator, 3),
        Some('-' | '?' | ':' | ',' | '[' | ']' | '{' | '}') => (Piece::Indicator, 1),
        Some('&') => (Piece::Anchor, word),
        Some('*') => (Piece::Alias, word),
        Some('!') => (Piece::Tag, word),
        Some('|' | '>') => (Piece::Header, word),
        other => (Piece::Other, other.map_or(1, char::len_utf8)),
    }
}
