//! What the calls of Python's own functions and methods make.

use std::rc::Rc;

use super::run::{Arguments, Run, put, remove, unknown_call};
use super::template::Text;
use super::value::{Callable, Count, Item, Pair, State, Value};
use super::values::truth;

impl Run<'_> {
    /// Returns what a call makes.
    pub(super) fn called(
        &mut self,
        callee: &Value,
        arguments: Arguments,
        state: &mut State,
    ) -> Value {
        match callee {
            Value::Function(callable) => {
                let callable: Rc<Callable> = Rc::clone(callable);
                self.call_function(&callable, arguments, state)
            }
            Value::Foreign(path) => self.foreign(path, &arguments, state),
            Value::Method(of, name) => self.method(of, name, &arguments, state),
            Value::Either(callees) => {
                let mut values = Vec::new();
                let before = state.clone();
                for (at, callee) in callees.iter().enumerate() {
                    let mut way = before.clone();
                    values.push(self.called(callee, arguments.clone(), &mut way));
                    let known = std::mem::take(state);
                    *state = if at == 0 { way } else { known.merged(way) };
                }
                Value::either(values)
            }
            _ => unknown_call(&arguments, state),
        }
    }

    /// Calls a function that is not Hermes's. None of those that are known here changes what it is given.
    fn foreign(&mut self, path: &str, arguments: &Arguments, state: &mut State) -> Value {
        let first = arguments.plain.first().cloned().unwrap_or(Value::Any);
        match path {
            "str" | "os.fspath" | "textwrap.dedent" | "textwrap.indent" | "inspect.cleandoc" => {
                Value::Text(first.text())
            }
            "repr" => Value::Text(match first {
                Value::Text(text) => surrounded("'", &text),
                _ => Text::any(),
            }),
            "bool" => truth(&first, state).map_or(Value::Any, Value::Truth),
            "list" | "tuple" | "set" | "frozenset" if arguments.plain.is_empty() => {
                self.list(Vec::new(), state)
            }
            "list" | "tuple" | "sorted" | "set" | "frozenset" | "reversed" | "iter"
            | "dict.fromkeys" | "copy.copy" | "copy.deepcopy"
                if first.alternatives().iter().all(|value| matches!(value, Value::List(_))) =>
            {
                let lists = Self::elements(&first, state).into_iter();
                Value::either(lists.map(|items| self.list(items, state)).collect())
            }
            "dict" | "copy.copy" | "copy.deepcopy" => {
                let made = self.dictionary(Vec::new(), arguments.has_others, state);
                if !arguments.plain.is_empty() {
                    Self::update(&made, &first, state);
                }
                for (name, value) in &arguments.named {
                    put(&made, Some(name), value, state);
                }
                made
            }
            "collections.OrderedDict" if arguments.plain.is_empty() => {
                self.dictionary(Vec::new(), false, state)
            }
            "filter" => {
                let list = arguments.plain.get(1).cloned().unwrap_or(Value::Any);
                let items = Self::all_elements(&list, state);
                let items = items.into_iter().filter_map(|item| match truth(&item.value, state) {
                    Some(true) if first == Value::Nothing => Some(item),
                    Some(false) if first == Value::Nothing => None,
                    _ => Some(item.at_least(Count::Maybe)),
                });
                let items = items.collect();
                self.list(items, state)
            }
            "map" => {
                let list = arguments.plain.get(1).cloned().unwrap_or(Value::Any);
                let mut made = Vec::new();
                for item in Self::all_elements(&list, state) {
                    let value = self.called(&first, Arguments::of(vec![item.value]), state);
                    made.push(Item { value, count: item.count });
                }
                self.list(made, state)
            }
            "enumerate" => {
                let mut made = Vec::new();
                for item in Self::all_elements(&first, state) {
                    let pair = vec![Item::one(Value::Any), Item::one(item.value)];
                    made.push(Item { value: self.list(pair, state), count: item.count });
                }
                self.list(made, state)
            }
            "html.escape" | "xml.sax.saxutils.escape" | "cgi.escape" => {
                Value::Text(first.text().each_literal(&|text| Text::literal(escaped(text))))
            }
            "shlex.quote" | "pipes.quote" => Value::Text(quoted(&first.text())),
            "shlex.join" => {
                let word = |item: Item| Item {
                    value: Value::Text(quoted(&item.value.text())),
                    count: item.count,
                };
                let lists = Self::elements(&first, state).into_iter();
                let lines =
                    lists.map(|items| joined(&Text::literal(" "), items.into_iter().map(word)));
                Value::Text(Text::either(lines.collect()))
            }
            "shlex.split" => self.split(&first, state),
            "json.dumps" => match first {
                Value::Text(text) => Value::Text(in_json(&text)),
                _ => Value::Text(Text::any()),
            },
            "plistlib.dumps" => Value::Text(Self::property_list(&first, state)),
            "io.StringIO" | "io.BytesIO" => {
                let start = arguments.plain.iter().cloned().map(Item::one).collect();
                self.list(start, state)
            }
            "typing.cast" => arguments.plain.get(1).cloned().unwrap_or(Value::Any),
            _ => Value::Any,
        }
    }

    fn method(
        &mut self,
        of: &Value,
        name: &str,
        arguments: &Arguments,
        state: &mut State,
    ) -> Value {
        let values = of.alternatives().iter().map(|of| match of {
            Value::Text(text) => self.text_method(text, name, arguments, state),
            Value::List(id) => self.list_method(*id, name, arguments, state),
            Value::Dictionary(id) => self.dictionary_method(*id, name, arguments, state),
            _ => unknown_call(arguments, state),
        });
        let values = values.collect();
        Value::either(values)
    }

    fn text_method(
        &mut self,
        text: &Text,
        name: &str,
        arguments: &Arguments,
        state: &mut State,
    ) -> Value {
        let first = arguments.plain.first();
        match (name, first) {
            ("join", Some(list)) => {
                let list = list.clone();
                let joins = Self::elements(&list, state).into_iter();
                let joins = joins.map(|items| joined(text, items.into_iter()));
                Value::Text(Text::either(joins.collect()))
            }
            ("format", _) => Value::Text(Self::braces(text, arguments, state)),
            ("format_map", Some(Value::Dictionary(id))) => {
                let (pairs, is_open) = state.dictionary(*id);
                let pair = |pair: &Pair| Some((pair.key.clone()?, pair.value.clone()));
                let named = pairs.iter().filter_map(pair).collect();
                let arguments = Arguments { named, has_others: is_open, ..Arguments::default() };
                Value::Text(Self::braces(text, &arguments, state))
            }
            ("replace", Some(word)) => {
                let by = arguments.plain.get(1).map_or_else(Text::any, Value::text);
                match word.known() {
                    Some(word) => Value::Text(text.replaced(word, &by)),
                    None => Value::Text(Text::any()),
                }
            }
            // What they take away is nothing that a definition says.
            ("strip" | "lstrip" | "rstrip" | "encode" | "decode" | "expandtabs", _) => {
                Value::Text(text.clone())
            }
            ("splitlines", _) => self.lines(text, state),
            ("split", Some(by)) if by.known() == Some("\n") => self.lines(text, state),
            ("split", None) => self.split(&Value::Text(text.clone()), state),
            ("startswith", Some(start)) if text.known().is_some() && start.known().is_some() => {
                let found = text.known().zip(start.known());
                Value::Truth(found.is_some_and(|(text, start)| text.starts_with(start)))
            }
            ("lower" | "upper" | "title" | "capitalize", _) => match (text.known(), name) {
                (Some(known), "lower") => Value::literal(known.to_lowercase()),
                (Some(known), "upper") => Value::literal(known.to_uppercase()),
                _ => Value::Text(Text::any()),
            },
            _ => Value::Any,
        }
    }

    /// Returns the lines of a text: each of them may be any of it.
    fn lines(&mut self, text: &Text, state: &mut State) -> Value {
        let items = match text.known() {
            Some(known) => known.lines().map(|line| Item::one(Value::literal(line))).collect(),
            None => vec![Item { value: Value::Text(text.clone()), count: Count::Many }],
        };
        self.list(items, state)
    }

    /// Returns the words of a text, as far as it is known where they end.
    fn split(&mut self, of: &Value, state: &mut State) -> Value {
        let mut made = Vec::new();
        for of in of.alternatives() {
            let items = match of {
                Value::Text(text) if !text.pieces().contains(&super::template::Piece::Any) => {
                    text.words().into_iter().map(|word| Item::one(Value::Text(word))).collect()
                }
                // A part that is not known and stands alone is a word.
                Value::Text(text) => words_with_holes(text),
                _ => vec![Item::unknown()],
            };
            made.push(self.list(items, state));
        }
        Value::either(made)
    }

    fn list_method(
        &mut self,
        id: usize,
        name: &str,
        arguments: &Arguments,
        state: &mut State,
    ) -> Value {
        let first = arguments.plain.first().cloned().unwrap_or(Value::Any);
        match name {
            "append" | "add" | "write" => {
                if let Some(items) = state.list_mut(id) {
                    items.push(Item::one(first));
                }
                Value::Nothing
            }
            "extend" | "update" | "writelines" => {
                let more = Self::all_elements(&first, state);
                if let Some(items) = state.list_mut(id) {
                    items.extend(more);
                }
                Value::Nothing
            }
            "insert" => {
                let value = arguments.plain.get(1).cloned().unwrap_or(Value::Any);
                let start = matches!(&first, Value::Number(number) if number == "0");
                if let Some(items) = state.list_mut(id) {
                    let at = if start { 0 } else { items.len() };
                    items.insert(at, Item::one(value));
                }
                Value::Nothing
            }
            "remove" | "pop" | "discard" | "clear" => {
                remove(&Value::List(id), None, state);
                Value::Any
            }
            "sort" | "reverse" | "index" | "count" | "close" | "flush" | "seek" => Value::Any,
            "copy" => {
                let items = state.list(id).to_vec();
                self.list(items, state)
            }
            "getvalue" => {
                let items = state.list(id).to_vec();
                Value::Text(joined(&Text::default(), items.into_iter()))
            }
            _ => unknown_method(&Value::List(id), arguments, state),
        }
    }

    fn dictionary_method(
        &mut self,
        id: usize,
        name: &str,
        arguments: &Arguments,
        state: &mut State,
    ) -> Value {
        let of = Value::Dictionary(id);
        let key = arguments.plain.first().and_then(Value::known).map(String::from);
        let (pairs, is_open) = state.dictionary(id);
        let pairs = pairs.to_vec();
        let found = pairs.iter().find(|pair| pair.key.is_some() && pair.key == key).cloned();
        let default = arguments.plain.get(1).cloned().unwrap_or(Value::Nothing);
        match name {
            "get" | "pop" => {
                if name == "pop" {
                    remove(&of, key.as_deref(), state);
                }
                match found {
                    Some(pair) if pair.is_certain => pair.value,
                    Some(pair) => Value::either(vec![pair.value, default]),
                    None if is_open || key.is_none() => Value::Any,
                    None => default,
                }
            }
            "setdefault" => match found {
                Some(pair) if pair.is_certain => pair.value,
                _ => {
                    put(&of, key.as_deref(), &default, state);
                    default
                }
            },
            "update" => {
                if let Some(other) = arguments.plain.first() {
                    Self::update(&of, other, state);
                }
                for (name, value) in &arguments.named {
                    put(&of, Some(name), value, state);
                }
                if arguments.has_others {
                    state.loosen(&of);
                }
                Value::Nothing
            }
            "items" | "values" | "keys" => {
                let mut made = Vec::new();
                for pair in pairs {
                    let key = pair.key.map_or(Value::Any, Value::literal);
                    let value = match name {
                        "keys" => key,
                        "values" => pair.value,
                        _ => self.list(vec![Item::one(key), Item::one(pair.value)], state),
                    };
                    let count = if pair.is_certain { Count::One } else { Count::Maybe };
                    made.push(Item { value, count });
                }
                made.extend(is_open.then(Item::unknown));
                self.list(made, state)
            }
            "copy" => self.dictionary(pairs, is_open, state),
            _ => unknown_method(&of, arguments, state),
        }
    }
}

fn unknown_method(of: &Value, arguments: &Arguments, state: &mut State) -> Value {
    state.loosen(of);
    unknown_call(arguments, state)
}

fn surrounded(quote: &str, text: &Text) -> Text {
    let mut made = Text::literal(quote);
    made.append(text);
    made.append(&Text::literal(quote));
    made
}

/// Joins elements by a text.
pub(super) fn joined(by: &Text, items: impl Iterator<Item = Item>) -> Text {
    let mut made = Text::default();
    for (at, item) in items.enumerate() {
        let mut part =
            if at == 0 && item.count == Count::One { Text::default() } else { by.clone() };
        part.append(&item.value.text());
        made.append(&match item.count {
            Count::One => part,
            Count::Maybe => part.maybe(),
            Count::Many => Text::many(part),
        });
    }
    made
}

/// Returns the words of a text with parts that are not known: a word that has such a part within it may be several.
fn words_with_holes(text: &Text) -> Vec<Item> {
    text.words()
        .into_iter()
        .map(|word| {
            let is_known = word.known().is_some();
            let is_alone = word == Text::any();
            if is_known || is_alone {
                Item::one(Value::Text(word))
            } else {
                Item { value: Value::Any, count: Count::Many }
            }
        })
        .collect()
}

/// Returns a text as XML has it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns a word as a shell takes it for one. What is not known of it may be quoted or not.
fn quoted(text: &Text) -> Text {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if text.literals().all(|literal| literal.chars().all(is_plain)) && *text != Text::default() {
        return text.clone();
    }
    surrounded("'", &text.replaced("'", &Text::literal("'\"'\"'")))
}

/// Returns a text as JSON has it.
fn in_json(text: &Text) -> Text {
    let escaped = text.each_literal(&|text| {
        Text::literal(text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
    });
    surrounded("\"", &escaped)
}
