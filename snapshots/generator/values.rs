//! What a value that is written in a function can be.

use super::run::{Arguments, Context, Run, narrow, put};
use super::template::Text;
use super::value::{Count, Item, MOST_ITEMS, Pair, State, Value};
use crate::parse::python::{Call, Each, Element, Expression, Loop, Operator, Part};

impl Run<'_> {
    /// Returns what an expression can be. What its calls change is changed.
    pub(super) fn value(
        &mut self,
        expression: &Expression,
        state: &mut State,
        context: &mut Context,
    ) -> Value {
        if !self.step() {
            return Value::Any;
        }
        let value = self.followed(expression, state, context);
        // What is bound in a part that may be left out, or done several times, is not followed.
        let is_certain = !matches!(
            expression,
            Expression::Each(_)
                | Expression::Choice(_)
                | Expression::Binary(Operator::And | Operator::Or, _)
        );
        if !is_certain {
            for name in expression.binds() {
                state.set(name, Value::Any);
            }
        }
        value
    }

    fn followed(
        &mut self,
        expression: &Expression,
        state: &mut State,
        context: &mut Context,
    ) -> Value {
        match expression {
            Expression::Text(parts) => Value::Text(self.formatted(parts, state, context)),
            Expression::Number(number) => Value::Number(number.replace('_', "")),
            Expression::Truth(truth) => Value::Truth(*truth),
            Expression::Nothing => Value::Nothing,
            Expression::Name(name) => {
                let found = match state.name(name) {
                    Some(value) => value.clone(),
                    None => Value::Imported(context.module.clone(), Some(name.clone())),
                };
                self.looked_up(found, state)
            }
            Expression::Attribute(of, name) => {
                let of = self.value(of, state, context);
                self.attribute(&of, name, state)
            }
            Expression::Call(call) => self.call(call, state, context),
            Expression::Index(parts) => {
                let (of, key) = parts.as_ref();
                let of = self.value(of, state, context);
                let key = self.value(key, state, context);
                element(&of, &key, state)
            }
            Expression::List(elements) => self.listed(elements, state, context),
            Expression::Dictionary(pairs) => self.pairs(pairs, state, context),
            Expression::Each(each) => self.comprehension(each, state, context),
            Expression::Choice(parts) => {
                let (condition, one, other) = parts.as_ref();
                match self.truth(condition, state, context) {
                    Some(true) => self.value(one, state, context),
                    Some(false) => self.value(other, state, context),
                    None => {
                        let (mut way, mut other_way) = (state.clone(), state.clone());
                        narrow(condition, true, &mut way);
                        narrow(condition, false, &mut other_way);
                        let one = self.value(one, &mut way, context);
                        let other = self.value(other, &mut other_way, context);
                        // What is known of a name within one of them holds there alone.
                        let frames = std::mem::take(&mut state.frames);
                        *state = way.merged(other_way);
                        state.frames = frames;
                        Value::either(vec![one, other])
                    }
                }
            }
            Expression::Binary(operator, sides) => {
                let (one, other) = sides.as_ref();
                let one = self.value(one, state, context);
                match (operator, truth(&one, state)) {
                    (Operator::And, Some(false)) | (Operator::Or, Some(true)) => return one,
                    _ => {}
                }
                let other = self.value(other, state, context);
                self.combine(*operator, &one, &other, state)
            }
            Expression::Not(value) => {
                let known = self.truth(value, state, context);
                known.map_or(Value::Any, |truth| Value::Truth(!truth))
            }
            Expression::Bind(name, value) => {
                let value = self.value(value, state, context);
                state.set(name, value.clone());
                value
            }
            Expression::Yield { value, each } => {
                let value = self.value(value, state, context);
                Self::yielded(value, *each, state, context);
                Value::Any
            }
            Expression::Other(parts) => {
                for part in parts {
                    self.value(part, state, context);
                }
                Value::Any
            }
        }
    }

    /// Returns whether a condition holds, where that is known.
    pub(super) fn truth(
        &mut self,
        condition: &Expression,
        state: &mut State,
        context: &mut Context,
    ) -> Option<bool> {
        let value = self.value(condition, state, context);
        truth(&value, state)
    }

    fn formatted(&mut self, parts: &[Part], state: &mut State, context: &mut Context) -> Text {
        let mut text = Text::default();
        for part in parts {
            text.append(&match part {
                Part::Literal(literal) => Text::literal(literal),
                Part::Hole(Some(value)) => self.value(value, state, context).text(),
                Part::Hole(None) => Text::any(),
            });
        }
        text
    }

    fn attribute(&mut self, of: &Value, name: &str, state: &mut State) -> Value {
        let attribute = |run: &mut Self, of: &Value, state: &mut State| match of {
            Value::Module(module) => run.member(module, name, state),
            Value::Foreign(path) => run.known(format!("{path}.{name}")),
            of => Value::Method(Box::new(of.clone()), name.into()),
        };
        let found = of.alternatives().iter().map(|of| attribute(self, of, state)).collect();
        Value::either(found)
    }

    fn call(&mut self, call: &Call, state: &mut State, context: &mut Context) -> Value {
        let callee = self.value(&call.callee, state, context);
        let arguments = self.arguments(call, state, context);
        self.called(&callee, arguments, state)
    }

    /// Follows a call of which only matters what it changes: a function of a module can change what it is given.
    pub(super) fn effect(&mut self, call: &Call, state: &mut State, context: &mut Context) {
        let is_of_module = match &call.callee {
            Expression::Name(name) => state.name(name).is_none(),
            Expression::Attribute(of, _) => {
                let of = self.value(of, state, context);
                matches!(of, Value::Module(_) | Value::Foreign(_) | Value::Any)
            }
            _ => false,
        };
        let arguments = self.arguments(call, state, context);
        if is_of_module && !arguments.have_objects() {
            return;
        }
        let callee = self.value(&call.callee, state, context);
        self.called(&callee, arguments, state);
    }

    fn arguments(&mut self, call: &Call, state: &mut State, context: &mut Context) -> Arguments {
        let mut arguments = Arguments::default();
        for element in &call.arguments {
            let value = self.value(&element.value, state, context);
            if !element.each {
                arguments.plain.push(value);
                continue;
            }
            let items = Self::all_elements(&value, state);
            if items.iter().all(|item| item.count == Count::One) {
                arguments.plain.extend(items.into_iter().map(|item| item.value));
            } else {
                arguments.has_others = true;
            }
        }
        for (name, value) in &call.named {
            let value = self.value(value, state, context);
            match (name, &value) {
                (Some(name), _) => arguments.named.push((name.clone(), value)),
                (None, Value::Dictionary(id)) => {
                    let (pairs, is_open) = state.dictionary(*id);
                    let is_known = |pair: &&Pair| pair.key.is_some() && pair.is_certain;
                    arguments.has_others |= is_open || !pairs.iter().all(|pair| is_known(&pair));
                    let known = pairs.iter().filter(is_known);
                    let known =
                        known.filter_map(|pair| Some((pair.key.clone()?, pair.value.clone())));
                    arguments.named.extend(known);
                }
                (None, _) => arguments.has_others = true,
            }
        }
        arguments
    }

    /// Makes a list, or several where one of its parts is one list or another.
    fn listed(&mut self, elements: &[Element], state: &mut State, context: &mut Context) -> Value {
        let mut lists: Vec<Vec<Item>> = vec![Vec::new()];
        for element in elements {
            let value = self.value(&element.value, state, context);
            if !element.each {
                for list in &mut lists {
                    list.push(Item::one(value.clone()));
                }
                continue;
            }
            let mut parts = Self::elements(&value, state);
            if parts.len().saturating_mul(lists.len()) > MOST_LISTS {
                parts = vec![Self::all_elements(&value, state)];
            }
            let joined = lists.iter().flat_map(|list| {
                parts.iter().map(|part| list.iter().chain(part).cloned().collect())
            });
            lists = joined.collect();
        }
        let lists = lists.into_iter().map(|items| self.list(items, state)).collect();
        Value::either(lists)
    }

    fn pairs(
        &mut self,
        written: &[(Option<Expression>, Expression)],
        state: &mut State,
        context: &mut Context,
    ) -> Value {
        let made = self.dictionary(Vec::new(), false, state);
        for (key, value) in written {
            let key = key.as_ref().map(|key| self.value(key, state, context));
            let value = self.value(value, state, context);
            match key {
                Some(key) => put(&made, key.known(), &value, state),
                None => Self::update(&made, &value, state),
            }
        }
        made
    }

    /// Adds the pairs of one dictionary to another.
    pub(super) fn update(of: &Value, from: &Value, state: &mut State) {
        let is_one = from.alternatives().len() == 1;
        for from in from.alternatives() {
            let Value::Dictionary(id) = from else {
                state.loosen(of);
                continue;
            };
            let (pairs, is_open) = state.dictionary(*id);
            let pairs = pairs.to_vec();
            if is_open {
                state.loosen(of);
            }
            for pair in pairs {
                if pair.is_certain && is_one {
                    put(of, pair.key.as_deref(), &pair.value, state);
                } else {
                    let before = state.clone();
                    put(of, pair.key.as_deref(), &pair.value, state);
                    *state = before.merged(std::mem::take(state));
                }
            }
        }
    }

    fn comprehension(&mut self, each: &Each, state: &mut State, context: &mut Context) -> Value {
        // Its names are its own.
        let frames = state.frames.clone();
        let made = if each.key.is_some() {
            self.dictionary(Vec::new(), false, state)
        } else {
            self.list(Vec::new(), state)
        };
        let ends: Vec<(State, Value)> =
            self.looped(each, &each.loops, Count::One, &made, state, context);
        let (mut states, mut values) = (Vec::new(), Vec::new());
        for (end, value) in ends {
            states.push(end);
            values.push(value);
        }
        if let Some(met) = states.into_iter().reduce(State::merged) {
            *state = met;
        }
        state.frames = frames;
        Value::either(values)
    }

    /// Follows the loops of a comprehension, and returns what it makes where its outermost source is one or another list.
    fn looped(
        &mut self,
        each: &Each,
        loops: &[Loop],
        outer: Count,
        made: &Value,
        state: &mut State,
        context: &mut Context,
    ) -> Vec<(State, Value)> {
        let Some((first, inner)) = loops.split_first() else {
            self.add(each, outer, made, state, context);
            return vec![(std::mem::take(state), made.clone())];
        };
        let source = self.value(&first.source, state, context);
        let alternatives = Self::elements(&source, state);
        let is_outermost = inner.len().saturating_add(1) == each.loops.len();
        let mut ends: Vec<(State, Value)> = Vec::new();
        for elements in alternatives {
            let mut way = state.clone();
            // Of each list another one is made.
            let made = match made {
                _ if !is_outermost => made.clone(),
                Value::Dictionary(_) => self.dictionary(Vec::new(), false, &mut way),
                _ => self.list(Vec::new(), &mut way),
            };
            for Item { value, count } in elements {
                self.assign(&first.target, value, &mut way, context);
                let mut count = outer.max(count);
                let mut is_left_out = false;
                for condition in &first.conditions {
                    match self.truth(condition, &mut way, context) {
                        Some(true) => {}
                        Some(false) => is_left_out = true,
                        // A value that is not known is hardly the one word that is left out.
                        None if takes_out_one(condition) => {}
                        None => count = count.max(Count::Maybe),
                    }
                }
                if is_left_out {
                    continue;
                }
                let after = self.looped(each, inner, count, &made, &mut way, context);
                let met = after.into_iter().map(|(state, _)| state).reduce(State::merged);
                way = met.unwrap_or_default();
            }
            ends.push((way, made));
        }
        if !is_outermost {
            let met = ends.into_iter().map(|(state, _)| state).reduce(State::merged);
            return met.map(|state| (state, made.clone())).into_iter().collect();
        }
        ends
    }

    /// Adds one element to what a comprehension makes.
    fn add(
        &mut self,
        each: &Each,
        count: Count,
        made: &Value,
        state: &mut State,
        context: &mut Context,
    ) {
        let key = each.key.as_ref().map(|key| self.value(key, state, context));
        let value = self.value(&each.value, state, context);
        match (made, key) {
            (Value::List(id), _) => {
                if let Some(items) = state.list_mut(*id) {
                    items.push(Item { value, count });
                    if items.len() > MOST_ITEMS {
                        *items = vec![Item::unknown()];
                    }
                }
            }
            (made, Some(key)) => {
                let before = (count != Count::One).then(|| state.clone());
                put(made, key.known(), &value, state);
                if let Some(before) = before {
                    *state = before.merged(std::mem::take(state));
                }
            }
            (_, None) => {}
        }
    }

    /// Returns the elements of each list that a value may be.
    pub(super) fn elements(value: &Value, state: &State) -> Vec<Vec<Item>> {
        value.alternatives().iter().map(|value| elements(value, state)).collect()
    }

    /// Returns the elements of a list. Of one list or another those of both.
    pub(super) fn all_elements(value: &Value, state: &State) -> Vec<Item> {
        let mut lists = Self::elements(value, state);
        match lists.len() {
            1 => lists.pop().unwrap_or_default(),
            _ => lists.into_iter().flatten().map(|item| item.at_least(Count::Maybe)).collect(),
        }
    }

    /// Returns what an operator makes of two values.
    pub(super) fn combine(
        &mut self,
        operator: Operator,
        one: &Value,
        other: &Value,
        state: &mut State,
    ) -> Value {
        let pairs = one.alternatives().len().saturating_mul(other.alternatives().len());
        let is_of_values = !matches!(operator, Operator::And | Operator::Or);
        if is_of_values && pairs > 1 {
            if pairs > MOST_PAIRS {
                return Value::Any;
            }
            let mut values = Vec::new();
            for one in one.alternatives() {
                for other in other.alternatives() {
                    values.push(self.combine(operator, one, other, state));
                }
            }
            return Value::either(values);
        }
        match (operator, one, other) {
            (Operator::And, one, other) => {
                if truth(one, state) == Some(true) {
                    other.clone()
                } else {
                    Value::either(vec![one.clone(), other.clone()])
                }
            }
            (Operator::Or, one, other) => {
                let may_hold = |value: &&Value| truth(value, state) != Some(false);
                let kept = one.alternatives().iter().filter(may_hold).cloned();
                Value::either(kept.chain([other.clone()]).collect())
            }
            (Operator::Add, Value::Text(one), other) => {
                let mut text = one.clone();
                text.append(&other.text());
                Value::Text(text)
            }
            (Operator::Add, Value::Any, Value::Text(other)) => {
                let mut text = Text::any();
                text.append(other);
                Value::Text(text)
            }
            (Operator::Add, Value::List(_), _) | (Operator::Add, _, Value::List(_)) => {
                let mut items = Self::all_elements(one, state);
                items.extend(Self::all_elements(other, state));
                self.list(items, state)
            }
            (Operator::Percent, Value::Text(text), other) => {
                Value::Text(Self::percent(text, other, state))
            }
            (Operator::Times, Value::Text(text), _) => Value::Text(Text::many(text.clone())),
            (Operator::Times, Value::List(_), _) => {
                let items = Self::all_elements(one, state);
                let items = items.into_iter().map(|item| item.at_least(Count::Many)).collect();
                self.list(items, state)
            }
            (Operator::Pipe, Value::Dictionary(_), Value::Dictionary(_)) => {
                let made = self.dictionary(Vec::new(), false, state);
                Self::update(&made, one, state);
                Self::update(&made, other, state);
                made
            }
            (Operator::Same, one, other) => truth_value(are_same(one, other)),
            (Operator::Different, one, other) => {
                truth_value(are_same(one, other).map(|same| !same))
            }
            (Operator::In, one, other) => truth_value(is_in(one, other, state)),
            (Operator::NotIn, one, other) => {
                truth_value(is_in(one, other, state).map(|found| !found))
            }
            _ => Value::Any,
        }
    }
}

/// True if a condition takes out one word: `part != "word"`.
fn takes_out_one(condition: &Expression) -> bool {
    match condition {
        Expression::Binary(Operator::Different, sides) => {
            matches!(sides.as_ref(), (Expression::Name(_), Expression::Text(_)))
        }
        _ => false,
    }
}

fn truth_value(truth: Option<bool>) -> Value {
    truth.map_or(Value::Any, Value::Truth)
}

/// Returns the elements of a list, or the keys of a dictionary.
fn elements(value: &Value, state: &State) -> Vec<Item> {
    match value {
        Value::List(id) => state.list(*id).to_vec(),
        Value::Dictionary(id) => {
            let (pairs, is_open) = state.dictionary(*id);
            let item = |pair: &Pair| Item {
                value: pair.key.as_ref().map_or(Value::Any, Value::literal),
                count: if pair.is_certain { Count::One } else { Count::Maybe },
            };
            let mut items: Vec<Item> = pairs.iter().map(item).collect();
            items.extend(is_open.then(Item::unknown));
            items
        }
        _ => vec![Item::unknown()],
    }
}

/// Returns what stands at a key.
fn element(of: &Value, key: &Value, state: &State) -> Value {
    let one = |of: &Value| match (of, key) {
        (Value::Dictionary(id), _) => {
            let (pairs, _) = state.dictionary(*id);
            let found = key.known().and_then(|key| {
                pairs.iter().find(|pair| pair.key.as_deref() == Some(key) && pair.is_certain)
            });
            found.map_or(Value::Any, |pair| pair.value.clone())
        }
        (Value::List(id), Value::Number(number)) => {
            let items = state.list(*id);
            let is_whole = items.iter().all(|item| item.count == Count::One);
            let at = match number.parse::<isize>() {
                Ok(at) if at < 0 => items.len().checked_sub(at.unsigned_abs()),
                Ok(at) => Some(at.unsigned_abs()),
                Err(_) => None,
            };
            let found = at.filter(|_| is_whole).and_then(|at| items.get(at));
            found.map_or(Value::Any, |item| item.value.clone())
        }
        _ => Value::Any,
    };
    Value::either(of.alternatives().iter().map(one).collect())
}

/// Returns whether a value counts as true, where that is known.
pub(super) fn truth(value: &Value, state: &State) -> Option<bool> {
    match value {
        Value::Any | Value::Imported(..) | Value::Foreign(_) | Value::Method(..) => None,
        Value::Nothing => Some(false),
        Value::Truth(truth) => Some(*truth),
        Value::Number(number) => number.parse::<f64>().ok().map(|number| number != 0.0),
        Value::Text(text) if text.is_something() => Some(true),
        Value::Text(text) => text.known().map(|_| false),
        Value::List(id) => {
            let items = state.list(*id);
            let is_there = items.iter().any(|item| item.count == Count::One);
            if is_there { Some(true) } else { items.is_empty().then_some(false) }
        }
        Value::Dictionary(id) => {
            let (pairs, is_open) = state.dictionary(*id);
            let is_there = pairs.iter().any(|pair| pair.is_certain);
            if is_there { Some(true) } else { (pairs.is_empty() && !is_open).then_some(false) }
        }
        Value::Module(_) | Value::Function(_) => Some(true),
        Value::Either(values) => {
            let mut truths = values.iter().map(|value| truth(value, state));
            let first = truths.next()??;
            truths.all(|truth| truth == Some(first)).then_some(first)
        }
    }
}

/// Returns whether two values are the same, where that is known.
fn are_same(one: &Value, other: &Value) -> Option<bool> {
    let kind = |value: &Value| match value {
        Value::Nothing => Some(0),
        Value::Truth(_) => Some(1),
        Value::Number(_) => Some(2),
        Value::Text(_) => Some(3),
        Value::List(_) | Value::Dictionary(_) | Value::Function(_) | Value::Module(_) => Some(4),
        _ => None,
    };
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => match (one.known(), other.known()) {
            (Some(one), Some(other)) => Some(one == other),
            // What is put in for a machine is no option.
            (Some(known), None) | (None, Some(known)) => known.starts_with("--").then_some(false),
            (None, None) => None,
        },
        (Value::Number(one), Value::Number(other)) => {
            Some(one.parse::<f64>().ok()?.total_cmp(&other.parse::<f64>().ok()?).is_eq())
        }
        (Value::Truth(one), Value::Truth(other)) => Some(one == other),
        (Value::Nothing, Value::Nothing) => Some(true),
        (Value::Truth(_), Value::Number(_)) | (Value::Number(_), Value::Truth(_)) => None,
        _ => (kind(one)? != kind(other)?).then_some(false),
    }
}

/// Returns whether a value is in a list, a dictionary or a text, where that is known.
fn is_in(one: &Value, other: &Value, state: &State) -> Option<bool> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(other.known()?.contains(one.known()?)),
        (_, Value::List(_) | Value::Dictionary(_)) => {
            if let Value::Dictionary(id) = other
                && state.dictionary(*id).1
            {
                return None;
            }
            let mut is_open = false;
            for item in elements(other, state) {
                match are_same(one, &item.value) {
                    Some(true) if item.count == Count::One => return Some(true),
                    Some(false) => {}
                    _ => is_open = true,
                }
            }
            (!is_open).then_some(false)
        }
        _ => None,
    }
}

/// Lists that one list may be, where its parts may be several.
const MOST_LISTS: usize = 8;
/// Pairs of alternatives that are told apart.
const MOST_PAIRS: usize = 64;
