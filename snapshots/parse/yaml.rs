//! YAML as `PyYAML`'s `safe_load` reads it, which is how Hermes reads `config.yaml`: one document of
//! YAML 1.1, in which `on` is true, `1:30` is ninety, and the last of two equal keys wins.
//!
//! Every node knows where it stands. Aliases share their nodes, and what they would multiply to is
//! bounded. No error quotes the text, which may hold secrets.

mod scalar;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::{Event as Raw, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use scalar::Scalar;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Where it stands in the text, in bytes: a scalar with its quotes, without its tag and anchor; of a
    /// list or mapping, where it begins and ends.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `~`, `null`, or nothing at all.
    Null,
    /// `yes`, `Off`, `TRUE`, …
    Bool(bool),
    /// A whole number, decimal, octal (`017`), hexadecimal, binary or sexagesimal.
    Int(i64),
    /// A number with a point, and a whole number too large for [`Value::Int`].
    Float(f64),
    /// Text. Also a date, which Python makes an object of its own.
    Text(String),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A mapping.
    Map(Map),
}

/// A mapping, with `<<` resolved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map {
    /// Keys and values, each key once, in the order in which the keys first appear.
    pub pairs: Vec<(Rc<Node>, Rc<Node>)>,
    /// The pairs that a later pair with the same key takes the place of.
    pub overridden: Vec<(Rc<Node>, Rc<Node>)>,
}

/// Where a text stops being YAML. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not YAML at line {line} column {column}: {what}")]
pub struct Error {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Error {
    /// Whether `PyYAML` refuses the text as well. It takes less indentation within brackets and quotes
    /// than YAML 1.2 asks for, it knows no limits, and it lets a list contain itself.
    pub fn is_certain(&self) -> bool {
        ![INDENTATION, TOO_DEEP, TOO_MANY, ITSELF].contains(&self.what)
    }
}

const INDENTATION: &str = "wrong indentation";
const TOO_DEEP: &str = "nested too deeply";
const TOO_MANY: &str = "too many nodes";
const TAB: &str = "a tab where only blanks may stand";
const ITSELF: &str = "an alias within what it stands for";

/// How many nodes a text may have, those counted that aliases and merges repeat.
const NODE_LIMIT: usize = 100_000;

/// How deeply lists and mappings may be nested.
const DEPTH_LIMIT: usize = 100;

/// Reads a text. An empty one is null.
///
/// # Errors
/// If `PyYAML` would refuse the text, and if it is larger or nested more deeply than any configuration.
pub fn parse(text: &str) -> Result<Node, Error> {
    let mut tree = Tree::default();
    let mut root = None;
    for event in Events::of(text)? {
        if let Some(done) = tree.take(event?)? {
            root = Some(done);
        }
    }
    let empty = Node { value: Value::Null, line: 1, column: 1, span: 0..0 };
    Ok(root.map_or(empty, Rc::unwrap_or_clone))
}

impl Node {
    /// The value of a key that is a text. None if there is none, or if this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(map) = &self.value else { return None };
        map.pairs.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| &**value)
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What Python's `str()` makes of a scalar: `True` of `yes`. None for null, lists and mappings.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Bool(true) => Some("True".into()),
            Value::Bool(false) => Some("False".into()),
            Value::Int(number) => Some(number.to_string().into()),
            Value::Float(number) => Some(format!("{number:?}").into()),
            Value::Text(text) => Some(text.into()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Yes or no, where it is a boolean, or a text or number that Hermes takes for one.
    pub fn as_flag(&self) -> Option<bool> {
        match self.to_text()?.trim().to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

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
    fn error(&self, what: &'static str) -> Error {
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

/// Whether a scalar without quotes is null.
pub(crate) fn is_null(plain: &str) -> bool {
    matches!(scalar::resolve(plain, true, None), Ok(Scalar::Value(Value::Null)))
}

/// Whether a scalar without quotes is a boolean.
pub(crate) fn is_boolean(plain: &str) -> bool {
    matches!(scalar::resolve(plain, true, None), Ok(Scalar::Value(Value::Bool(_))))
}

/// Whether a scalar without quotes is a number.
pub(crate) fn is_number(plain: &str) -> bool {
    matches!(scalar::resolve(plain, true, None), Ok(Scalar::Value(Value::Int(_) | Value::Float(_))))
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

/// A tree that is being built.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Rc<Node>, usize)>,
    nodes: usize,
}

/// A list or mapping whose end is still to come.
struct Open {
    node: Node,
    anchor: usize,
    nodes_before: usize,
    entries: Entries,
}

enum Entries {
    List(Vec<Rc<Node>>),
    Map { pairs: Vec<(Key, Rc<Node>)>, key: Option<Key> },
}

enum Key {
    Name(Rc<Node>),
    Merge,
}

impl Tree {
    /// Takes one event. The outermost node comes back when it is complete.
    fn take(&mut self, event: Event<'_>) -> Result<Option<Rc<Node>>, Error> {
        let (node, anchor, nodes_before) = match event.kind {
            Kind::List { ref tag, anchor } => {
                scalar::check_list_tag(tag.as_deref()).map_err(|what| event.error(what))?;
                self.open(event, anchor, Entries::List(Vec::new()));
                return Ok(None);
            }
            Kind::Map { ref tag, anchor } => {
                scalar::check_map_tag(tag.as_deref()).map_err(|what| event.error(what))?;
                self.open(event, anchor, Entries::Map { pairs: Vec::new(), key: None });
                return Ok(None);
            }
            Kind::Alias(anchor) => {
                let (node, size) = self.anchors.get(&anchor).ok_or(event.error(ITSELF))?;
                let (node, size) = (Rc::clone(node), *size);
                self.count(size, &event)?;
                return self.place(Key::Name(node), &event);
            }
            Kind::Scalar { ref text, style, ref tag, anchor } => {
                let scalar = scalar::resolve(text, style == ScalarStyle::Plain, tag.as_deref())
                    .map_err(|what| event.error(what))?;
                self.count(1, &event)?;
                let is_key = event.is_key;
                let value = match scalar {
                    Scalar::Value(value) => value,
                    Scalar::Merge if is_key => return self.place(Key::Merge, &event),
                    Scalar::Default if is_key => Value::Text("=".into()),
                    Scalar::Merge | Scalar::Default => {
                        return Err(event.error("\"<<\" or \"=\" as a value"));
                    }
                };
                let node = Node {
                    value,
                    line: event.line,
                    column: event.column,
                    span: event.span.clone(),
                };
                (node, anchor, self.nodes.saturating_sub(1))
            }
            Kind::End => {
                let Some(open) = self.open.pop() else { return Ok(None) };
                (self.close(open.node, open.entries, &event)?, open.anchor, open.nodes_before)
            }
        };
        let node = Rc::new(node);
        if anchor != 0 {
            let size = self.nodes.saturating_sub(nodes_before);
            self.anchors.insert(anchor, (Rc::clone(&node), size));
        }
        self.place(Key::Name(node), &event)
    }

    fn open(&mut self, event: Event<'_>, anchor: usize, entries: Entries) {
        let nodes_before = self.nodes;
        self.nodes = self.nodes.saturating_add(1);
        let node =
            Node { value: Value::Null, line: event.line, column: event.column, span: event.span };
        self.open.push(Open { node, anchor, nodes_before, entries });
    }

    fn count(&mut self, more: usize, event: &Event<'_>) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > NODE_LIMIT { Err(event.error(TOO_MANY)) } else { Ok(()) }
    }

    fn close(
        &mut self,
        mut node: Node,
        entries: Entries,
        event: &Event<'_>,
    ) -> Result<Node, Error> {
        node.span.end = event.span.end.max(node.span.end);
        node.value = match entries {
            Entries::List(list) => Value::List(list),
            Entries::Map { pairs, .. } => Value::Map(self.merged(pairs, event)?),
        };
        Ok(node)
    }

    /// Puts a complete node where it belongs. The outermost comes back.
    fn place(&mut self, item: Key, event: &Event<'_>) -> Result<Option<Rc<Node>>, Error> {
        match (self.open.last_mut().map(|open| &mut open.entries), item) {
            (Some(Entries::List(list)), Key::Name(node)) => list.push(node),
            (Some(Entries::Map { pairs, key }), item) => match (key.take(), item) {
                (Some(name), Key::Name(value)) => pairs.push((name, value)),
                (None, Key::Name(name)) if matches!(name.value, Value::List(_) | Value::Map(_)) => {
                    return Err(event.error("a list or mapping as a key"));
                }
                (None, name) => *key = Some(name),
                (Some(_), Key::Merge) => return Err(event.error("\"<<\" as a value")),
            },
            (None, Key::Name(node)) => return Ok(Some(node)),
            (Some(Entries::List(_)) | None, Key::Merge) => {
                return Err(event.error("\"<<\" as a value"));
            }
        }
        Ok(None)
    }

    /// The pairs of a mapping. Those that `<<` brings come first, and yield to all others.
    fn merged(&mut self, pairs: Vec<(Key, Rc<Node>)>, event: &Event<'_>) -> Result<Map, Error> {
        let mut map = Map::default();
        let mut index: BTreeMap<Identity, (usize, bool)> = BTreeMap::new();
        for value in
            pairs.iter().filter(|(key, _)| matches!(key, Key::Merge)).map(|(_, value)| value)
        {
            for source in merge_sources(value)? {
                self.count(source.pairs.len(), event)?;
                for (key, value) in &source.pairs {
                    map.insert(&mut index, Rc::clone(key), Rc::clone(value), false);
                }
            }
        }
        for (key, value) in pairs {
            if let Key::Name(key) = key {
                map.insert(&mut index, key, value, true);
            }
        }
        Ok(map)
    }
}

impl Map {
    fn insert(
        &mut self,
        index: &mut BTreeMap<Identity, (usize, bool)>,
        key: Rc<Node>,
        value: Rc<Node>,
        is_own: bool,
    ) {
        let known = index.entry(Identity::of(&key.value)).or_insert((self.pairs.len(), is_own));
        match self.pairs.get_mut(known.0) {
            None => self.pairs.push((key, value)),
            Some(pair) => {
                // Of two equal keys Python keeps the first: `1` before `true`.
                let key = if pair.0.value == key.value { key } else { Rc::clone(&pair.0) };
                let before = std::mem::replace(pair, (key, value));
                if known.1 {
                    self.overridden.push(before);
                }
                known.1 = is_own;
            }
        }
    }
}

/// The mappings that the value of `<<` names. Of a list, the first is the strongest.
fn merge_sources(value: &Node) -> Result<Vec<&Map>, Error> {
    let error = |node: &Node| Error {
        line: node.line,
        column: node.column,
        what: "\"<<\" with something else than mappings",
    };
    let as_map = |node: &'_ Rc<Node>| match &node.value {
        Value::Map(_) => Ok(()),
        _ => Err(error(node)),
    };
    match &value.value {
        Value::Map(map) => Ok(vec![map]),
        Value::List(list) => {
            list.iter().try_for_each(as_map)?;
            let maps = list.iter().rev().filter_map(|node| match &node.value {
                Value::Map(map) => Some(map),
                _ => None,
            });
            Ok(maps.collect())
        }
        _ => Err(error(value)),
    }
}

/// What makes two keys equal in Python: `1`, `1.0` and `true` are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Null,
    Int(i64),
    Float(u64),
    Text(String),
}

impl Identity {
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(value) => Self::Int((*value).into()),
            Value::Int(value) => Self::Int(*value),
            #[expect(clippy::cast_possible_truncation, reason = "only where nothing is lost")]
            #[expect(
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "only where nothing is lost"
            )]
            Value::Float(value) if (*value as i64) as f64 == *value => Self::Int(*value as i64),
            Value::Float(value) => Self::Float(value.to_bits()),
            Value::Text(text) => Self::Text(text.clone()),
            // No list or mapping gets here.
            Value::Null | Value::List(_) | Value::Map(_) => Self::Null,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
