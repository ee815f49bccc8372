//! What the forms of texts make: `.format`, `%`, and the dictionaries of property lists.

use super::calls::escaped;
use super::run::{Arguments, Run};
use super::template::Text;
use super::value::{Count, Pair, State, Value};

impl Run<'_> {
    /// Returns what `text.format(…)` makes.
    pub(super) fn braces(text: &Text, arguments: &Arguments, state: &State) -> Text {
        let mut next = 0;
        let Some(form) = text.known() else {
            // Where it is not known which placeholders there are, their order tells nothing.
            return text.each_literal(&|literal| {
                braces(literal, &mut usize::MAX.clone(), arguments, state)
            });
        };
        braces(form, &mut next, arguments, state)
    }

    /// Returns what `text % value` makes.
    pub(super) fn percent(text: &Text, value: &Value, state: &State) -> Text {
        let values: Vec<Value> = match value {
            Value::List(id) => {
                let items = state.list(*id);
                let is_whole = items.iter().all(|item| item.count == Count::One);
                if is_whole {
                    items.iter().map(|item| item.value.clone()).collect()
                } else {
                    Vec::new()
                }
            }
            Value::Dictionary(_) => Vec::new(),
            other => vec![other.clone()],
        };
        let pairs: &[Pair] = match value {
            Value::Dictionary(id) => state.dictionary(*id).0,
            _ => &[],
        };
        match text.known() {
            Some(form) => percent(form, &values, pairs),
            None => text.each_literal(&|literal| percent(literal, &[], pairs)),
        }
    }

    /// Returns a dictionary as a property list in XML.
    pub(super) fn property_list(value: &Value, state: &State) -> Text {
        let mut made = Text::literal("<plist version=\"1.0\">");
        made.append(&property(value, state, DEEPEST));
        made.append(&Text::literal("</plist>"));
        made
    }
}

fn braces(form: &str, next: &mut usize, arguments: &Arguments, state: &State) -> Text {
    let mut made = Text::default();
    let mut rest = form;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        made.append(&Text::literal(before));
        if after.starts_with("{{") || after.starts_with("}}") {
            made.append(&Text::literal(after.get(..1).unwrap_or_default()));
            rest = after.get(2..).unwrap_or_default();
            continue;
        }
        let Some((hole, further)) = after.strip_prefix('{').and_then(|hole| hole.split_once('}'))
        else {
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        rest = further;
        let (name, form) =
            hole.find(['!', ':']).and_then(|at| hole.split_at_checked(at)).unwrap_or((hole, ""));
        let value = match name {
            "" => {
                let value = arguments.plain.get(*next);
                *next = next.saturating_add(1);
                value.cloned()
            }
            name => match name.parse::<usize>() {
                Ok(at) => arguments.plain.get(at).cloned(),
                Err(_) => field(name, arguments, state),
            },
        };
        let is_plain = matches!(form, "" | ":" | "!s" | ":s");
        let value = value.filter(|_| is_plain);
        made.append(&value.map_or_else(Text::any, |value| value.text()));
    }
    made.append(&Text::literal(rest));
    made
}

/// Returns what `{name}` or `{name[key]}` stands for.
fn field(name: &str, arguments: &Arguments, state: &State) -> Option<Value> {
    let named = |name: &str| arguments.named.iter().find(|(known, _)| known == name);
    if let Some((_, value)) = named(name) {
        return Some(value.clone());
    }
    let (of, key) = name.strip_suffix(']')?.split_once('[')?;
    let (_, of) = named(of)?;
    let Value::Dictionary(id) = of else { return None };
    let (pairs, _) = state.dictionary(*id);
    let found = pairs.iter().find(|pair| pair.key.as_deref() == Some(key) && pair.is_certain);
    found.map(|pair| pair.value.clone())
}

fn percent(form: &str, values: &[Value], pairs: &[Pair]) -> Text {
    let mut made = Text::default();
    let mut values = values.iter();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('%') {
        made.append(&Text::literal(before));
        if let Some(further) = after.strip_prefix('%') {
            made.append(&Text::literal("%"));
            rest = further;
            continue;
        }
        let named = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        let (name, after) = named.map_or((None, after), |(name, after)| (Some(name), after));
        let is_of_form = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.');
        let kind = after.trim_start_matches(is_of_form);
        let is_plain = kind.len() == after.len();
        let mut letters = kind.chars();
        let letter = letters.next();
        rest = letters.as_str();
        let value = match name {
            Some(name) => {
                let found = pairs.iter().find(|pair| pair.key.as_deref() == Some(name));
                found.map(|pair| &pair.value)
            }
            None => values.next(),
        };
        let value = value.filter(|_| is_plain && matches!(letter, Some('s' | 'd' | 'i')));
        made.append(&value.map_or_else(Text::any, Value::text));
    }
    made.append(&Text::literal(rest));
    made
}

fn property(value: &Value, state: &State, levels: usize) -> Text {
    let Some(levels) = levels.checked_sub(1) else { return Text::any() };
    let tagged = |tag: &str, inner: &Text| {
        let mut made = Text::literal(format!("<{tag}>"));
        made.append(inner);
        made.append(&Text::literal(format!("</{tag}>")));
        made
    };
    let escape = |text: &Text| text.each_literal(&|text| Text::literal(escaped(text)));
    match value {
        Value::Text(text) => tagged("string", &escape(text)),
        Value::Truth(truth) => Text::literal(format!("<{truth}/>")),
        Value::Number(number) if number.contains('.') => tagged("real", &Text::literal(number)),
        Value::Number(number) => tagged("integer", &Text::literal(number)),
        Value::List(id) => {
            let mut inner = Text::default();
            for item in state.list(*id) {
                let element = property(&item.value, state, levels);
                inner.append(&match item.count {
                    Count::One => element,
                    Count::Maybe => element.maybe(),
                    Count::Many => Text::many(element),
                });
            }
            tagged("array", &inner)
        }
        Value::Dictionary(id) => {
            let (pairs, is_open) = state.dictionary(*id);
            let mut inner = Text::default();
            for pair in pairs {
                let mut part = match &pair.key {
                    Some(key) => tagged("key", &Text::literal(escaped(key))),
                    None => tagged("key", &Text::any()),
                };
                part.append(&property(&pair.value, state, levels));
                inner.append(&if pair.is_certain { part } else { part.maybe() });
            }
            if is_open {
                inner.append(&Text::any());
            }
            tagged("dict", &inner)
        }
        Value::Either(values) => {
            Text::either(values.iter().map(|value| property(value, state, levels)).collect())
        }
        _ => Text::any(),
    }
}

/// Levels of a property list.
const DEEPEST: usize = 8;
