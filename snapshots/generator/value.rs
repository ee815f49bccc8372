//! The values that a function works with, as far as they are known, and what becomes of them where ways part and meet.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::template::Text;
use crate::parse::python::Function;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing is known of it.
    Any,
    /// `None`.
    Nothing,
    /// A truth value.
    Truth(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(Text),
    /// A list, a tuple or a set, by its place in the [`State`].
    List(usize),
    /// A dictionary, by its place in the [`State`].
    Dictionary(usize),
    /// A module of Hermes's.
    Module(String),
    /// Something of a module that is not Hermes's, or of Python itself: `textwrap.dedent`, `str`.
    Foreign(String),
    /// A name that an import binds: module and name. It is looked up when it is used.
    Imported(String, Option<String>),
    /// A function.
    Function(Rc<Callable>),
    /// A method of a value.
    Method(Box<Value>, String),
    /// One of these.
    Either(Vec<Value>),
}

/// A function that can be called.
#[derive(Debug)]
pub(super) struct Callable {
    /// The module in which it is.
    pub(super) module: String,
    /// What it does.
    pub(super) function: Rc<Function>,
    /// True if it is defined within another, whose names it sees.
    pub(super) is_inner: bool,
}

impl PartialEq for Callable {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.function, &other.function)
    }
}

/// What a list or a dictionary holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Object {
    /// Elements in their order.
    List(Vec<Item>),
    /// Pairs, and whether there may be others.
    Dictionary(Vec<Pair>, bool),
}

/// An element of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Its value.
    pub(super) value: Value,
    /// How many of it there are.
    pub(super) count: Count,
}

/// How many there are of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Count {
    /// One.
    One,
    /// One or none.
    Maybe,
    /// Any number, none included.
    Many,
}

/// A pair of a dictionary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    /// The key. None: it is not known.
    pub(super) key: Option<String>,
    /// The value.
    pub(super) value: Value,
    /// True if it is there in any case.
    pub(super) is_certain: bool,
}

impl Item {
    /// Returns an element that is there once.
    pub(super) const fn one(value: Value) -> Self {
        Self { value, count: Count::One }
    }

    /// Returns any number of unknown elements.
    pub(super) const fn unknown() -> Self {
        Self { value: Value::Any, count: Count::Many }
    }

    /// Returns the element with no smaller a number of it.
    pub(super) fn at_least(self, count: Count) -> Self {
        Self { count: self.count.max(count), ..self }
    }
}

impl Value {
    /// Returns a text that is known.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        Self::Text(Text::literal(text))
    }

    /// Returns one of these values.
    pub(super) fn either(values: Vec<Self>) -> Self {
        let mut different: Vec<Self> = Vec::new();
        let alternatives = values.into_iter().flat_map(|value| match value {
            Self::Either(values) => values,
            value => vec![value],
        });
        for value in alternatives {
            if !different.contains(&value) {
                different.push(value);
            }
        }
        match different.len() {
            0 => Self::Any,
            1 => different.pop().unwrap_or(Self::Any),
            2..=MOST_ALTERNATIVES => Self::Either(different),
            _ => Self::Any,
        }
    }

    /// Returns the values of which it is one.
    pub(super) fn alternatives(&self) -> &[Self] {
        match self {
            Self::Either(values) => values,
            value => std::slice::from_ref(value),
        }
    }

    /// Returns it as text, as `str` makes it one.
    pub(super) fn text(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => Text::literal(number),
            Self::Truth(true) => Text::literal("True"),
            Self::Truth(false) => Text::literal("False"),
            Self::Nothing => Text::literal("None"),
            Self::Either(values) => Text::either(values.iter().map(Self::text).collect()),
            _ => Text::any(),
        }
    }

    /// Returns the text where all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.known(),
            _ => None,
        }
    }
}

/// Names and objects at one point of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    /// The names of each function that is being run, the innermost last.
    pub(super) frames: Vec<Rc<Frame>>,
    /// Lists and dictionaries.
    pub(super) objects: BTreeMap<usize, Rc<Object>>,
}

/// The names of a function that is being run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Frame {
    /// The values by name.
    pub(super) names: BTreeMap<String, Value>,
    /// True if it sees the names of the frame below.
    pub(super) is_inner: bool,
    /// The names of which nothing is known from now on, whatever they are given: other functions give them values as well.
    given_up: BTreeSet<String>,
}

impl Frame {
    /// Returns the names of a function that begins.
    pub(super) fn of(is_inner: bool) -> Self {
        Self { is_inner, ..Self::default() }
    }
}

impl State {
    /// Returns the value of a name of the functions that are being run.
    pub(super) fn name(&self, name: &str) -> Option<&Value> {
        for frame in self.frames.iter().rev() {
            if let Some(value) = frame.names.get(name) {
                return Some(value);
            }
            if !frame.is_inner {
                break;
            }
        }
        None
    }

    /// Gives a name a value.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(frame) = self.frames.last_mut() {
            let frame = Rc::make_mut(frame);
            let value = if frame.given_up.contains(name) { Value::Any } else { value };
            frame.names.insert(name.into(), value);
        }
    }

    /// Lets a name have any value from now on, in the function that is being run and in those around it. What it stood for
    /// may be changed.
    pub(super) fn give_up(&mut self, name: &str) {
        if let Some(value) = self.name(name).cloned() {
            self.loosen(&value);
        }
        for frame in self.frames.iter_mut().rev() {
            let is_inner = frame.is_inner;
            let frame = Rc::make_mut(frame);
            frame.given_up.insert(name.into());
            frame.names.insert(name.into(), Value::Any);
            if !is_inner {
                break;
            }
        }
    }

    /// Returns the elements of a list.
    pub(super) fn list(&self, id: usize) -> &[Item] {
        match self.objects.get(&id).map(AsRef::as_ref) {
            Some(Object::List(items)) => items,
            _ => &[],
        }
    }

    /// Returns the elements of a list, to be changed.
    pub(super) fn list_mut(&mut self, id: usize) -> Option<&mut Vec<Item>> {
        match Rc::make_mut(self.objects.get_mut(&id)?) {
            Object::List(items) => Some(items),
            Object::Dictionary(..) => None,
        }
    }

    /// Returns the pairs of a dictionary, and whether there may be others.
    pub(super) fn dictionary(&self, id: usize) -> (&[Pair], bool) {
        match self.objects.get(&id).map(AsRef::as_ref) {
            Some(Object::Dictionary(pairs, is_open)) => (pairs, *is_open),
            _ => (&[], true),
        }
    }

    /// Returns the pairs of a dictionary and whether there may be others, to be changed.
    pub(super) fn dictionary_mut(&mut self, id: usize) -> Option<(&mut Vec<Pair>, &mut bool)> {
        match Rc::make_mut(self.objects.get_mut(&id)?) {
            Object::Dictionary(pairs, is_open) => Some((pairs, is_open)),
            Object::List(_) => None,
        }
    }

    /// Lets a list or dictionary have further elements, and what is in it as well: somebody unknown may change it.
    pub(super) fn loosen(&mut self, value: &Value) {
        self.loosen_to(value, DEEPEST);
    }

    fn loosen_to(&mut self, value: &Value, levels: usize) {
        let Some(levels) = levels.checked_sub(1) else { return };
        let mut inner = Vec::new();
        match value {
            Value::List(id) => {
                if let Some(items) = self.list_mut(*id) {
                    inner = items.iter().map(|item| item.value.clone()).collect();
                    if items.last() != Some(&Item::unknown()) {
                        items.push(Item::unknown());
                    }
                }
            }
            Value::Dictionary(id) => {
                if let Some((pairs, is_open)) = self.dictionary_mut(*id) {
                    inner = pairs.iter().map(|pair| pair.value.clone()).collect();
                    *is_open = true;
                }
            }
            Value::Either(values) => inner.clone_from(values),
            Value::Method(of, _) => inner.push(of.as_ref().clone()),
            _ => {}
        }
        for value in &inner {
            self.loosen_to(value, levels);
        }
    }

    /// Returns what holds where one of two ways was taken.
    pub(super) fn merged(self, other: Self) -> Self {
        self.joined(other, Count::Maybe)
    }

    /// Returns what holds after any number of rounds, of which the first led from this state to the other.
    pub(super) fn repeated(self, after: Self) -> Self {
        self.joined(after, Count::Many)
    }

    fn joined(self, other: Self, count: Count) -> Self {
        let mut objects = self.objects;
        for (id, found) in other.objects {
            let joined = match objects.get(&id) {
                Some(known) if are_one(known, &found) => continue,
                Some(known) => Rc::new(object(known, &found, count)),
                None => found,
            };
            objects.insert(id, joined);
        }
        let frames = self.frames.into_iter().zip(other.frames);
        let frames = frames.map(|(one, other)| {
            if are_one(&one, &other) { one } else { Rc::new(frame(&one, &other, count)) }
        });
        Self { frames: frames.collect(), objects }
    }
}

/// True if two are the same. Nearly all are not only alike, but one.
fn are_one<T: PartialEq>(one: &Rc<T>, other: &Rc<T>) -> bool {
    Rc::ptr_eq(one, other) || one == other
}

fn frame(one: &Frame, other: &Frame, count: Count) -> Frame {
    let mut names = one.names.clone();
    for (name, value) in &other.names {
        let joined = match (names.get(name), value) {
            (Some(known), value) if known == value => continue,
            (Some(Value::Text(known)), Value::Text(grown)) if count == Count::Many => {
                match grown.after(known) {
                    Some(more) => {
                        let mut text = known.clone();
                        text.append(&Text::many(more));
                        Value::Text(text)
                    }
                    None => Value::either(vec![Value::Text(known.clone()), value.clone()]),
                }
            }
            (Some(known), value) => Value::either(vec![known.clone(), value.clone()]),
            (None, value) => value.clone(),
        };
        names.insert(name.clone(), joined);
    }
    let given_up = one.given_up.union(&other.given_up).cloned().collect();
    Frame { names, is_inner: one.is_inner, given_up }
}

fn object(one: &Object, other: &Object, count: Count) -> Object {
    match (one, other) {
        (Object::List(one), Object::List(other)) => {
            let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
            let mut items: Vec<Item> = one.iter().take(same).cloned().collect();
            items.extend(one.iter().skip(same).cloned().map(|item| item.at_least(Count::Maybe)));
            items.extend(other.iter().skip(same).cloned().map(|item| item.at_least(count)));
            if items.len() > MOST_ITEMS {
                items = vec![Item::unknown()];
            }
            Object::List(items)
        }
        (Object::Dictionary(one, is_open), Object::Dictionary(other, is_other_open)) => {
            let mut pairs: Vec<Pair> = Vec::new();
            for pair in one {
                let twin = other.iter().find(|twin| twin.key.is_some() && twin.key == pair.key);
                pairs.push(Pair {
                    key: pair.key.clone(),
                    value: match twin {
                        Some(twin) => Value::either(vec![pair.value.clone(), twin.value.clone()]),
                        None => pair.value.clone(),
                    },
                    is_certain: pair.is_certain && twin.is_some_and(|twin| twin.is_certain),
                });
            }
            for pair in other {
                let is_known = |known: &Pair| match &pair.key {
                    Some(_) => known.key == pair.key,
                    None => known == pair,
                };
                if !one.iter().any(is_known) {
                    pairs.push(Pair { is_certain: false, ..pair.clone() });
                }
            }
            let is_full = pairs.len() > MOST_ITEMS;
            pairs.truncate(MOST_ITEMS);
            Object::Dictionary(pairs, *is_open || *is_other_open || is_full)
        }
        // An object never changes its kind.
        (one, _) => one.clone(),
    }
}

/// Values of which one may be meant, at most.
const MOST_ALTERNATIVES: usize = 24;
/// Elements of a list that are told apart.
pub(super) const MOST_ITEMS: usize = 512;
/// Levels of lists within lists.
const DEEPEST: usize = 8;
