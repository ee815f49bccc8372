//! What a text that can be made says: its directives or keys, each with its values and whether it is there in any case.
//!
//! The text is read from left to right in all the forms that it can have at once. Forms that differ no more, as they do
//! not after the end of a line, are one again.

use serde::{Deserialize, Serialize};

use super::template::{Piece, Text};
use crate::parse::exec::{Escapes, split};

/// What a generator can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// True if it may also write what is not known here.
    pub is_open: bool,
    /// What it writes.
    pub settings: Vec<Setting>,
}

/// Something that a generator can write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The section and the directive of a unit, with the name of a variable after it, or the keys of a property list
    /// from the outermost on.
    pub path: Vec<String>,
    /// The value, or each of several. [`ANY`] stands in it for what is not known.
    pub value: Vec<String>,
    /// What the value is.
    #[serde(default, skip_serializing_if = "Kind::is_plain")]
    pub kind: Kind,
    /// When it is written.
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
}

/// What a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One value.
    #[default]
    Plain,
    /// An array.
    Array,
    /// A dictionary, each pair as its key, a blank and its value.
    Pairs,
}

/// When a setting is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Under some conditions.
    Sometimes,
    /// Always one of those with this path.
    OneOf,
    /// Always.
    #[default]
    Always,
}

impl Kind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

impl When {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    fn is_always(&self) -> bool {
        *self == Self::Always
    }
}

/// The character that stands for a part of a value that is not known.
pub const ANY: char = '\u{fffc}';

impl Document {
    /// Returns what says nothing, and leaves everything open.
    pub(super) fn anything() -> Self {
        Self { is_open: true, settings: Vec::new() }
    }

    /// Reads what a unit says. None where nothing of it can be told.
    pub(super) fn of_unit(text: &Text) -> Option<Self> {
        Self::of(text, &Line::default())
    }

    /// Reads what a property list in XML says. None where nothing of it can be told.
    pub(super) fn of_list(text: &Text) -> Option<Self> {
        Self::of(text, &Element::default())
    }

    fn of<F: Form>(text: &Text, first: &F) -> Option<Self> {
        let mut found = Found::default();
        let mut ways = vec![Way { form: first.clone(), told: Told::default() }];
        expand(text, &mut ways, &mut found)?;
        let mut of_all: Option<Told> = None;
        for way in &mut ways {
            way.go(&mut found, F::end);
            of_all = Some(of_all.map_or(way.told, |of_all| of_all.and(way.told)));
        }
        let of_all = of_all.unwrap_or_default();
        let Found { settings, paths, is_open } = found;
        if settings.is_empty() {
            return None;
        }
        let settings = settings.into_iter().enumerate().map(|(at, setting)| {
            let path = paths.iter().position(|path| *path == setting.path);
            let when = match path {
                _ if of_all.settings.has(at) => When::Always,
                Some(path) if of_all.paths.has(path) => When::OneOf,
                _ => When::Sometimes,
            };
            Setting { when, ..setting }
        });
        Some(Self { is_open, settings: settings.collect() })
    }
}

/// One form that a text has up to some point.
trait Form: Clone + PartialEq + Default {
    /// Goes on with a known text.
    fn literal(&mut self, text: &str, events: &mut Vec<Event>);
    /// Goes on with something that is not known.
    fn any(&mut self, events: &mut Vec<Event>);
    /// Returns the form without what is known of the value in which it is.
    fn loosened(&self) -> Self;
    /// Ends.
    fn end(&mut self, events: &mut Vec<Event>);
}

/// What a form turns out to say.
enum Event {
    /// A setting.
    Says(Vec<String>, Vec<String>, Kind),
    /// Something that is not known.
    Open,
}

/// What all forms together say.
#[derive(Default)]
struct Found {
    settings: Vec<Setting>,
    /// The path of each setting, once.
    paths: Vec<Vec<String>>,
    is_open: bool,
}

/// What one form says, by the numbers that its settings and their paths have in [`Found`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Told {
    settings: Numbers,
    paths: Numbers,
}

impl Told {
    /// Returns what both say.
    fn and(self, other: Self) -> Self {
        Self { settings: self.settings.and(other.settings), paths: self.paths.and(other.paths) }
    }
}

/// A set of numbers below [`MOST_SETTINGS`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Numbers([u64; MOST_SETTINGS / 64]);

impl Numbers {
    fn add(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has(self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn and(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        self
    }
}

/// A form that a text has up to some point, and what it has said.
#[derive(Debug, Clone)]
struct Way<F> {
    form: F,
    told: Told,
}

impl<F: Form> Way<F> {
    /// Goes on, and takes what the form says by that.
    fn go(&mut self, found: &mut Found, further: impl FnOnce(&mut F, &mut Vec<Event>)) {
        let mut events = Vec::new();
        further(&mut self.form, &mut events);
        for event in events {
            let Event::Says(path, value, kind) = event else {
                found.is_open = true;
                continue;
            };
            let known = found
                .settings
                .iter()
                .position(|known| known.path == path && known.value == value && known.kind == kind);
            let at_path = found.paths.iter().position(|known| *known == path);
            if known.is_none() && found.settings.len() >= MOST_SETTINGS {
                found.is_open = true;
                continue;
            }
            self.told.paths.add(at_path.unwrap_or(found.paths.len()));
            self.told.settings.add(known.unwrap_or(found.settings.len()));
            if at_path.is_none() {
                found.paths.push(path.clone());
            }
            if known.is_none() {
                found.settings.push(Setting { path, value, kind, when: When::Sometimes });
            }
        }
    }
}

/// Reads a text in each of these forms, which then are those that it can have at its end. None where they are too many.
fn expand<F: Form>(text: &Text, ways: &mut Vec<Way<F>>, found: &mut Found) -> Option<()> {
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text) => {
                for way in ways.iter_mut() {
                    way.go(found, |form, all| form.literal(text, all));
                }
            }
            Piece::Any => {
                for way in ways.iter_mut() {
                    way.go(found, F::any);
                }
            }
            Piece::Either(texts) => {
                let mut ends = Vec::new();
                for text in texts {
                    let mut of_this = ways.clone();
                    expand(text, &mut of_this, found)?;
                    ends.extend(of_this);
                }
                *ways = ends;
            }
            Piece::Many(text) => {
                let mut further = ways.clone();
                expand(text, &mut further, found)?;
                // Once more, for what one round begins and the next one ends.
                let mut twice = further.clone();
                expand(text, &mut twice, found)?;
                ways.extend(further);
                ways.extend(twice);
            }
        }
        different(ways)?;
    }
    Some(())
}

/// Leaves one of each form, which has said what all of them have. Of many the values in which they are count no more.
/// None where they are too many even then.
fn different<F: Form>(ways: &mut Vec<Way<F>>) -> Option<()> {
    let once = |ways: &mut Vec<Way<F>>| {
        let mut kept: Vec<Way<F>> = Vec::new();
        for way in ways.drain(..) {
            match kept.iter_mut().find(|known| known.form == way.form) {
                Some(known) => known.told = known.told.and(way.told),
                None => kept.push(way),
            }
        }
        *ways = kept;
    };
    once(ways);
    if ways.len() > MANY_FORMS {
        for way in ways.iter_mut() {
            way.form = way.form.loosened();
        }
        once(ways);
    }
    (ways.len() <= MOST_FORMS).then_some(())
}

/// A unit up to some point: the section, and the line so far.
#[derive(Debug, Clone, Default, PartialEq)]
struct Line {
    section: String,
    line: String,
}

impl Form for Line {
    fn literal(&mut self, text: &str, events: &mut Vec<Event>) {
        let mut parts = text.split('\n');
        self.line.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.end(events);
            self.line.push_str(part);
        }
    }

    fn any(&mut self, _events: &mut Vec<Event>) {
        if !self.line.ends_with(ANY) {
            self.line.push(ANY);
        }
    }

    fn loosened(&self) -> Self {
        let line = match self.line.split_once('=') {
            Some((ENVIRONMENT, value)) => match value.split_once('=') {
                Some((name, _)) => format!("{ENVIRONMENT}={name}={ANY}"),
                None => self.line.clone(),
            },
            Some((key, _)) => format!("{key}={ANY}"),
            None => self.line.clone(),
        };
        Self { line, ..self.clone() }
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        let line = std::mem::take(&mut self.line);
        // A line that goes on is none that Hermes writes.
        if line.ends_with('\\') {
            events.push(Event::Open);
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            if section.contains(ANY) {
                events.push(Event::Open);
            }
            self.section = section.into();
            return;
        }
        let Some((key, value)) = line.split_once('=') else {
            if line.contains(ANY) {
                events.push(Event::Open);
            }
            return;
        };
        // Whole lines may stand where something unknown does.
        let key = match key.rsplit_once(ANY) {
            Some((_, key)) => {
                events.push(Event::Open);
                key
            }
            None => key,
        };
        let key = key.trim();
        let path = vec![self.section.clone(), key.to_string()];
        match key {
            "" => {}
            ENVIRONMENT => variables(value.trim(), &path, events),
            _ => events.push(Event::Says(path, vec![value.trim().into()], Kind::Plain)),
        }
    }
}

/// Tells of each variable that a line assigns. Its value is of the machine.
fn variables(value: &str, path: &[String], events: &mut Vec<Event>) {
    for word in split(value, Escapes::Strict) {
        let name =
            word.as_ref().ok().and_then(|word| word.text.split_once('=')).map(|(name, _)| name);
        match name {
            Some(name) if !name.contains(ANY) => {
                let path = [path, &[name.to_string()]].concat();
                events.push(Event::Says(path, vec![ANY.into()], Kind::Plain));
            }
            // What follows is part of a value that is not known, as blanks in a quote may be.
            _ if word.as_ref().is_ok_and(|word| word.text.starts_with(ANY)) => {
                events.push(Event::Says(path.to_vec(), vec![ANY.into()], Kind::Plain));
            }
            _ => events.push(Event::Open),
        }
    }
}

/// A property list up to some point: the elements that are open, and the text or tag so far.
#[derive(Debug, Clone, Default, PartialEq)]
struct Element {
    open: Vec<Open>,
    /// A tag or comment that has begun, after its `<`.
    tag: Option<String>,
}

/// An element that is open.
#[derive(Debug, Clone, PartialEq)]
enum Open {
    /// A dictionary: the last key, if it has no value yet, and the pairs so far.
    Dictionary(Option<String>, Vec<String>),
    /// An array: its elements so far.
    Array(Vec<String>),
    /// Any other element: its tag and its text.
    Leaf(String, String),
}

impl Form for Element {
    fn literal(&mut self, text: &str, events: &mut Vec<Event>) {
        let mut rest = text;
        while !rest.is_empty() {
            match &mut self.tag {
                None => {
                    let (before, after) = rest
                        .split_once('<')
                        .map_or((rest, None), |(before, after)| (before, Some(after)));
                    if let Some(Open::Leaf(_, text)) = self.open.last_mut() {
                        text.push_str(before);
                    }
                    self.tag = after.map(|_| String::new());
                    rest = after.unwrap_or_default();
                }
                Some(tag) => {
                    let Some((before, after)) = rest.split_once('>') else {
                        tag.push_str(rest);
                        return;
                    };
                    tag.push_str(before);
                    rest = after;
                    if tag.starts_with("!--") && !tag.ends_with("--") {
                        tag.push('>');
                        continue;
                    }
                    let tag = std::mem::take(tag);
                    self.tag = None;
                    self.tagged(&tag, events);
                }
            }
        }
    }

    fn any(&mut self, events: &mut Vec<Event>) {
        if let Some(tag) = &mut self.tag {
            tag.push(ANY);
            return;
        }
        match self.open.last_mut() {
            Some(Open::Leaf(_, text)) if text.ends_with(ANY) => {}
            Some(Open::Leaf(_, text)) => text.push(ANY),
            Some(Open::Array(items)) => items.push(ANY.into()),
            Some(Open::Dictionary(Some(_), _)) => self.value(ANY.into(), true, events),
            Some(Open::Dictionary(None, _)) | None => events.push(Event::Open),
        }
    }

    fn loosened(&self) -> Self {
        let mut loose = self.clone();
        for open in &mut loose.open {
            match open {
                Open::Leaf(tag, text) if tag != "key" => *text = ANY.into(),
                Open::Array(items) => {
                    let unknown = items.iter_mut().filter(|item| item.contains(ANY));
                    unknown.for_each(|item| *item = ANY.into());
                }
                Open::Leaf(..) | Open::Dictionary(..) => {}
            }
        }
        loose
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        if !self.open.is_empty() {
            events.push(Event::Open);
        }
    }
}

impl Element {
    /// Takes a whole tag.
    fn tagged(&mut self, tag: &str, events: &mut Vec<Event>) {
        if tag.starts_with(['?', '!']) {
            return;
        }
        let name = tag.trim_matches('/').split_whitespace().next().unwrap_or_default();
        if name.contains(ANY) {
            events.push(Event::Open);
            return;
        }
        if name == "plist" {
            return;
        }
        if tag.starts_with('/') {
            self.close(events);
            return;
        }
        if self.open.len() >= DEEPEST {
            events.push(Event::Open);
            return;
        }
        self.open.push(match name {
            "dict" => Open::Dictionary(None, Vec::new()),
            "array" => Open::Array(Vec::new()),
            _ => Open::Leaf(name.into(), String::new()),
        });
        if tag.ends_with('/') {
            self.close(events);
        }
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        match self.open.pop() {
            None => events.push(Event::Open),
            Some(Open::Leaf(tag, text)) if tag == "key" => {
                let key = unescaped(text.trim());
                if key.contains(ANY) {
                    events.push(Event::Open);
                }
                if let Some(Open::Dictionary(last, _)) = self.open.last_mut() {
                    *last = Some(key);
                }
            }
            Some(Open::Leaf(tag, _)) if matches!(tag.as_str(), "true" | "false") => {
                self.value(tag, true, events);
            }
            Some(Open::Leaf(_, text)) => self.value(unescaped(&text), true, events),
            Some(Open::Array(items)) => {
                if let Some(path) = self.path() {
                    events.push(Event::Says(path, items, Kind::Array));
                }
                self.value("…".into(), false, events);
            }
            Some(Open::Dictionary(_, pairs)) => {
                let path = self.path();
                // Of variables and limits each one counts, and of conditions all together.
                if let Some(path) = path.filter(|path| !is_told_one_by_one(path)) {
                    events.push(Event::Says(path, pairs, Kind::Pairs));
                }
                self.value("…".into(), false, events);
            }
        }
    }

    /// Takes a value. An array and a dictionary have told what is in them.
    fn value(&mut self, value: String, is_to_be_told: bool, events: &mut Vec<Event>) {
        let path = self.path();
        let is_inner =
            path.as_ref().is_some_and(|path| path.len() > 1 && !is_told_one_by_one(path));
        match self.open.last_mut() {
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Dictionary(key, pairs)) => {
                let Some(key) = key.take() else {
                    events.push(Event::Open);
                    return;
                };
                if is_inner {
                    pairs.push(format!("{key} {value}"));
                }
                if let Some(path) = path.filter(|_| is_to_be_told) {
                    // The value of a variable is of the machine.
                    let is_variable = path.first().is_some_and(|first| first == VARIABLES);
                    let value = if is_variable { ANY.into() } else { value };
                    events.push(Event::Says(path, vec![value], Kind::Plain));
                }
            }
            _ => {}
        }
    }

    /// Returns the keys that lead to the value that comes next. None within an array, and where a key is not known.
    fn path(&self) -> Option<Vec<String>> {
        let key = |open: &Open| match open {
            Open::Dictionary(Some(key), _) if !key.contains(ANY) => Some(key.clone()),
            _ => None,
        };
        let path: Option<Vec<String>> = self.open.iter().map(key).collect();
        path.filter(|path| !path.is_empty())
    }
}

/// True for the keys whose dictionaries are told pair by pair.
pub(crate) fn is_told_one_by_one(path: &[String]) -> bool {
    const KEYS: [&str; 3] = [VARIABLES, "HardResourceLimits", "SoftResourceLimits"];
    path.first().is_none_or(|first| KEYS.contains(&first.as_str()))
}

fn unescaped(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#x27;", "'")];
    let text = known.iter().fold(text.to_string(), |text, (name, c)| text.replace(name, c));
    text.replace("&amp;", "&")
}

const ENVIRONMENT: &str = "Environment";
const VARIABLES: &str = "EnvironmentVariables";
/// Forms whose values are told apart.
const MANY_FORMS: usize = 24;
/// Forms that are told apart.
const MOST_FORMS: usize = 48;
/// Settings of one definition. Hermes's own have less than sixty.
const MOST_SETTINGS: usize = 512;
/// Levels of a property list.
const DEEPEST: usize = 8;
