//! YAML as `PyYAML`'s `safe_load` reads it, which is how Hermes reads `config.yaml`: one document of
//! YAML 1.1, in which `on` is true, `1:30` is ninety, and the last of two equal keys wins.
//!
//! Every node knows where it stands. Aliases share their nodes, and what they would multiply to is
//! bounded. No error quotes the text, which may hold secrets.

mod events;
mod scalar;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use saphyr_parser::ScalarStyle;

pub(crate) use events::{Event, Events, Kind, Piece, gap, is_block};
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
#[error("{}not YAML at line {line} column {column}: {what}", if self.is_certain() { "" } else { PERHAPS })]
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
    /// than YAML 1.2 asks for, it knows no limits, it lets a list contain itself, and it redacts nothing.
    pub fn is_certain(&self) -> bool {
        ![INDENTATION, TOO_DEEP, TOO_MANY, ITSELF, DOUBT].contains(&self.what)
    }
}

/// How an error begins that `PyYAML` may not share.
pub const PERHAPS: &str = "perhaps ";

/// Of a text that is withheld because of what is in it, and not of its form.
pub(crate) const DOUBT: &str = "it cannot be redacted with certainty";

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
