//! Follows a function statement by statement, without running it: which texts it can make.
//!
//! Where a condition is not known both ways are followed; a loop is followed once, and what it adds may be there any
//! number of times. What cannot be followed has any value, so that nothing is left out of what is made.

use std::rc::Rc;

use super::modules::{Bound, Load, Module, Modules, is_own};
use super::template::Text;
use super::value::{Callable, Count, Frame, Item, Object, Pair, State, Value};
use super::values::truth;
use crate::parse::python::{
    Expression, Function, Imported, Item as Outlined, Operator, Parameter, Statement, Takes,
    statements,
};

/// A run.
pub(super) struct Run<'a> {
    pub(super) modules: Modules<'a>,
    /// `sys.platform`, as it is where the definition is written.
    platform: &'static str,
    /// How many more statements and values may be followed.
    steps: usize,
    /// The number of the next list or dictionary.
    next: usize,
    /// The functions that are being followed, by module and name.
    calls: Vec<(String, String)>,
    /// The names of modules that are being looked up.
    lookups: Vec<(String, String)>,
    /// The functions of modules that were read, each with its place in the text.
    functions: Vec<(String, usize, Rc<Callable>)>,
    /// The names of modules that a function gives another value.
    replaced: Vec<(String, String)>,
}

/// What a name of a module that should write a definition turns out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Generator {
    /// A function that makes this text.
    Makes(Text),
    /// A function of which it cannot be told what it makes.
    Unknown,
    /// Something that may make anything: a function with a decorator, one of several, or none of Hermes's.
    Anything,
}

/// What is being followed.
pub(super) struct Context {
    /// The module whose names are seen.
    pub(super) module: String,
    /// What the function returns, each with what held then.
    returns: Vec<(Value, State)>,
    /// What held where a loop was left, or its next round begun.
    leaves: Vec<State>,
    /// The list of what it yields.
    yields: Option<usize>,
    /// True if a statement could not be read.
    is_unread: bool,
}

impl Context {
    fn of(module: &str) -> Self {
        Self {
            module: module.into(),
            returns: Vec::new(),
            leaves: Vec::new(),
            yields: None,
            is_unread: false,
        }
    }
}

/// Whether what stands after a statement is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Ended,
}

/// The arguments of a call.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments {
    /// Those without a name.
    pub(super) plain: Vec<Value>,
    /// Those with a name.
    pub(super) named: Vec<(String, Value)>,
    /// True if there may be others.
    pub(super) has_others: bool,
}

impl Arguments {
    /// Returns these arguments, without names.
    pub(super) fn of(plain: Vec<Value>) -> Self {
        Self { plain, ..Self::default() }
    }

    /// True if a list or a dictionary is among them, which the call may change.
    pub(super) fn have_objects(&self) -> bool {
        let is_object = |value: &Value| {
            let is_one = |value: &Value| matches!(value, Value::List(_) | Value::Dictionary(_));
            value.alternatives().iter().any(is_one)
        };
        let mut named = self.named.iter().map(|(_, value)| value);
        self.plain.iter().any(is_object) || named.any(is_object)
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(load: &'a mut Load<'a>) -> Self {
        Self {
            modules: Modules::new(load),
            platform: "linux",
            steps: MOST_STEPS,
            next: 0,
            calls: Vec::new(),
            lookups: Vec::new(),
            functions: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Follows what a name of a module stands for, with these arguments by name and any others.
    pub(super) fn generator(
        &mut self,
        module: &str,
        name: &str,
        given: &[(&str, Value)],
        platform: &'static str,
    ) -> Generator {
        self.platform = platform;
        self.steps = MOST_STEPS;
        let mut state = State::default();
        let Some(callable) = self.only(module, name, &mut state) else {
            return Generator::Anything;
        };
        let of = |parameter: &Parameter| {
            given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone())
        };
        let named = callable
            .function
            .parameters
            .iter()
            .filter(|parameter| matches!(parameter.takes, Takes::One | Takes::Named));
        let named = named
            .map(|parameter| (parameter.name.clone(), of(parameter).unwrap_or(Value::Any)))
            .collect();
        let arguments = Arguments { named, ..Arguments::default() };
        let value = self.call_function(&callable, arguments, &mut state);
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        let is_whole = self.steps > 0 && value.alternatives().iter().all(is_text);
        if is_whole { Generator::Makes(value.text()) } else { Generator::Unknown }
    }

    /// Returns the function for which a name of a module stands, where it can be no other: where the module has no such name,
    /// the only method that has it.
    fn only(&mut self, module: &str, name: &str, state: &mut State) -> Option<Rc<Callable>> {
        let found = self.modules.get(module)?;
        if !found.bound(name).is_empty() {
            return match self.member(module, name, state) {
                Value::Function(callable) => Some(callable),
                _ => None,
            };
        }
        let methods: Vec<&Outlined> = found.methods(name).collect();
        match methods.as_slice() {
            [one] if one.decorators.is_empty() => self.function(module, &found, one),
            _ => None,
        }
    }

    /// Returns a function of a module.
    fn function(&mut self, module: &str, found: &Module, item: &Outlined) -> Option<Rc<Callable>> {
        let at = item.span.start;
        let known = self.functions.iter().find(|(of, known, _)| of == module && *known == at);
        if let Some((.., callable)) = known {
            return Some(Rc::clone(callable));
        }
        let mut read = statements(found.source.text(item)).into_iter();
        let Some(Statement::Define(function)) = read.next() else { return None };
        let callable = Rc::new(Callable {
            module: module.into(),
            function: Rc::new(function),
            is_inner: false,
        });
        self.functions.push((module.into(), at, Rc::clone(&callable)));
        Some(callable)
    }

    /// Counts a step. False where no more may be taken.
    pub(super) fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }

    /// Makes a list.
    pub(super) fn list(&mut self, items: Vec<Item>, state: &mut State) -> Value {
        Value::List(self.object(Object::List(items), state))
    }

    /// Makes a dictionary.
    pub(super) fn dictionary(&mut self, pairs: Vec<Pair>, open: bool, state: &mut State) -> Value {
        Value::Dictionary(self.object(Object::Dictionary(pairs, open), state))
    }

    fn object(&mut self, object: Object, state: &mut State) -> usize {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        state.objects.insert(id, Rc::new(object));
        id
    }

    /// Follows a call of a function. What it may change of its arguments is changed.
    pub(super) fn call_function(
        &mut self,
        callable: &Callable,
        arguments: Arguments,
        state: &mut State,
    ) -> Value {
        let function = &callable.function;
        let call = (callable.module.clone(), function.name.clone());
        let is_too_deep = self.calls.len() >= MOST_CALLS || self.calls.contains(&call);
        if is_too_deep || !may_matter(callable, &arguments) || !self.step() {
            return unknown_call(&arguments, state);
        }
        self.calls.push(call);
        // What takes too long within a function is not known, and the rest goes on.
        let left = self.steps;
        if self.calls.len() > 1 {
            self.steps = left.min(MOST_STEPS_OF_A_CALL);
        }
        let granted = self.steps;
        let mut context = Context::of(&callable.module);
        let given: Vec<Value> = arguments
            .plain
            .iter()
            .chain(arguments.named.iter().map(|(_, value)| value))
            .cloned()
            .collect();
        let is_inner = callable.is_inner;
        state.frames.push(Rc::new(Frame::of(is_inner)));
        self.bind(function, arguments, state, &mut context);
        if function.yields {
            context.yields = Some(self.object(Object::List(Vec::new()), state));
        }
        let mut last = state.clone();
        if self.block(&function.body, &mut last, &mut context) == Flow::On {
            context.returns.push((Value::Nothing, last));
        }
        let used = granted.saturating_sub(self.steps);
        let is_cut = self.steps == 0;
        self.steps = left.saturating_sub(used);
        self.calls.pop();
        let mut values = Vec::new();
        let mut merged: Option<State> = None;
        for (value, after) in context.returns {
            values.push(value);
            merged = Some(match merged {
                Some(known) => known.merged(after),
                None => after,
            });
        }
        if let Some(merged) = merged {
            *state = merged;
        }
        state.frames.pop();
        if context.is_unread || is_cut {
            for value in &given {
                state.loosen(value);
            }
            return Value::Any;
        }
        match context.yields {
            Some(list) => Value::List(list),
            None => Value::either(values),
        }
    }

    /// Gives the parameters of a function their arguments.
    fn bind(
        &mut self,
        function: &Function,
        arguments: Arguments,
        state: &mut State,
        context: &mut Context,
    ) {
        let Arguments { plain, mut named, has_others } = arguments;
        let mut plain = plain.into_iter();
        for parameter in &function.parameters {
            let by_name = named.iter().position(|(name, _)| *name == parameter.name);
            let value = match parameter.takes {
                Takes::Rest => {
                    let mut rest: Vec<Item> = plain.by_ref().map(Item::one).collect();
                    rest.extend(has_others.then(Item::unknown));
                    self.list(rest, state)
                }
                Takes::RestNamed => {
                    let pair = |(name, value)| Pair { key: Some(name), value, is_certain: true };
                    let pairs = std::mem::take(&mut named).into_iter().map(pair).collect();
                    self.dictionary(pairs, has_others, state)
                }
                Takes::One | Takes::Named => {
                    let next = match by_name {
                        Some(at) => Some(named.remove(at).1),
                        None if parameter.takes == Takes::One => plain.next(),
                        None => None,
                    };
                    match (next, &parameter.default) {
                        (Some(value), _) => value,
                        (None, Some(default)) if !has_others => self.value(default, state, context),
                        (None, _) => Value::Any,
                    }
                }
            };
            state.set(&parameter.name, value);
        }
    }

    fn block(&mut self, all: &[Statement], state: &mut State, context: &mut Context) -> Flow {
        for statement in all {
            if !self.step() || self.statement(statement, state, context) == Flow::Ended {
                return Flow::Ended;
            }
        }
        Flow::On
    }

    fn statement(
        &mut self,
        statement: &Statement,
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        match statement {
            Statement::Assign(targets, value) => {
                let value = self.value(value, state, context);
                for target in targets {
                    self.assign(target, value.clone(), state, context);
                }
            }
            Statement::Change(target, operator, value) => {
                let value = self.value(value, state, context);
                self.change(target, *operator, &value, state, context);
            }
            Statement::Value(Expression::Call(call)) => self.effect(call, state, context),
            Statement::Value(value) => drop(self.value(value, state, context)),
            Statement::Delete(target) => self.delete(target, state, context),
            Statement::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value, state, context),
                    None => Value::Nothing,
                };
                context.returns.push((value, state.clone()));
                return Flow::Ended;
            }
            Statement::Raise => return Flow::Ended,
            Statement::Leave => {
                context.leaves.push(state.clone());
                return Flow::Ended;
            }
            Statement::If(branches, last) => return self.choice(branches, last, state, context),
            Statement::For { target, source, body, after } => {
                if self.rounds(target, source, body, state, context) == Flow::Ended {
                    return Flow::Ended;
                }
                return self.block(after, state, context);
            }
            Statement::While(condition, body, after) => {
                let condition = self.truth(condition, state, context);
                if condition != Some(false) {
                    self.round(body, None, Count::Many, state, context);
                }
                return self.block(after, state, context);
            }
            Statement::Try { body, handlers, after, last } => {
                return self.tried(body, handlers, after, last, state, context);
            }
            Statement::With(items, body) => return self.within(items, body, state, context),
            Statement::Match(subject, cases) => {
                self.value(subject, state, context);
                let mut ends = vec![state.clone()];
                for case in cases {
                    let mut way = state.clone();
                    if self.block(case, &mut way, context) == Flow::On {
                        ends.push(way);
                    }
                }
                return met(ends, state);
            }
            Statement::Outer(names) => names.iter().for_each(|name| state.give_up(name)),
            Statement::Define(function) => {
                // Whenever it is called, it may give these names of the functions around it another value.
                for name in outer_names(&function.body) {
                    state.give_up(&name);
                }
                let callable = Callable {
                    module: context.module.clone(),
                    function: Rc::new(function.clone()),
                    is_inner: true,
                };
                state.set(&function.name, Value::Function(Rc::new(callable)));
            }
            Statement::Import(names) => {
                for imported in names {
                    let value = self.imported(imported, &context.module);
                    state.set(&imported.name, value);
                }
            }
            Statement::Pass => {}
            Statement::Unread => context.is_unread = true,
        }
        Flow::On
    }

    fn choice(
        &mut self,
        branches: &[(Expression, Vec<Statement>)],
        last: &[Statement],
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        let mut ends = Vec::new();
        for (condition, body) in branches {
            let truth = self.truth(condition, state, context);
            if truth == Some(false) {
                continue;
            }
            let mut way = state.clone();
            narrow(condition, true, &mut way);
            if self.block(body, &mut way, context) == Flow::On {
                ends.push(way);
            }
            if truth == Some(true) {
                return met(ends, state);
            }
            narrow(condition, false, state);
        }
        let mut way = state.clone();
        if self.block(last, &mut way, context) == Flow::On {
            ends.push(way);
        }
        met(ends, state)
    }

    fn rounds(
        &mut self,
        target: &Expression,
        source: &Expression,
        body: &[Statement],
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        let source = self.value(source, state, context);
        let mut ends = Vec::new();
        for elements in Self::elements(&source, state) {
            let mut way = state.clone();
            let mut flow = Flow::On;
            for Item { value, count } in elements {
                flow = self.round(body, Some((target, value)), count, &mut way, context);
                if flow == Flow::Ended {
                    break;
                }
            }
            if flow == Flow::On {
                ends.push(way);
            }
        }
        met(ends, state)
    }

    /// Follows one round of a loop, which may be taken so many times.
    fn round(
        &mut self,
        body: &[Statement],
        bound: Option<(&Expression, Value)>,
        count: Count,
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        let before = (count != Count::One).then(|| state.clone());
        if let Some((target, value)) = bound {
            self.assign(target, value, state, context);
        }
        let outer = std::mem::take(&mut context.leaves);
        let mut ends = Vec::new();
        if self.block(body, state, context) == Flow::On {
            ends.push(state.clone());
        }
        ends.append(&mut context.leaves);
        context.leaves = outer;
        let flow = met(ends, state);
        match (before, flow) {
            (None, flow) => return flow,
            (Some(before), Flow::Ended) => *state = before,
            (Some(before), Flow::On) if count == Count::Maybe => {
                *state = before.merged(std::mem::take(state));
            }
            (Some(before), Flow::On) => *state = before.repeated(std::mem::take(state)),
        }
        Flow::On
    }

    fn tried(
        &mut self,
        body: &[Statement],
        handlers: &[Vec<Statement>],
        after: &[Statement],
        last: &[Statement],
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        let mut ends = Vec::new();
        let mut way = state.clone();
        let mut flow = self.block(body, &mut way, context);
        // Any statement of the body may be the last that was taken.
        let broken = state.clone().merged(way.clone());
        if flow == Flow::On {
            flow = self.block(after, &mut way, context);
        }
        if flow == Flow::On {
            ends.push(way);
        }
        for handler in handlers {
            let mut way = broken.clone();
            if self.block(handler, &mut way, context) == Flow::On {
                ends.push(way);
            }
        }
        if met(ends, state) == Flow::Ended {
            return Flow::Ended;
        }
        self.block(last, state, context)
    }

    fn within(
        &mut self,
        items: &[(Expression, Option<Expression>)],
        body: &[Statement],
        state: &mut State,
        context: &mut Context,
    ) -> Flow {
        let mut suppresses = false;
        for (value, target) in items {
            let found = self.value(value, state, context);
            suppresses |= names_suppress(value);
            if let Some(target) = target {
                let found = if matches!(found, Value::List(_)) { found } else { Value::Any };
                self.assign(target, found, state, context);
            }
        }
        let before = suppresses.then(|| state.clone());
        let flow = self.block(body, state, context);
        match before {
            Some(before) if flow == Flow::Ended => *state = before,
            Some(before) => *state = before.merged(std::mem::take(state)),
            None => return flow,
        }
        Flow::On
    }

    /// Gives a target its value.
    pub(super) fn assign(
        &mut self,
        target: &Expression,
        value: Value,
        state: &mut State,
        context: &mut Context,
    ) {
        match target {
            Expression::Name(name) => state.set(name, value),
            Expression::List(targets) => {
                let parts = taken_apart(&value, targets.len(), state);
                for (at, target) in targets.iter().enumerate() {
                    let each = |part: &Vec<Value>| part.get(at).cloned().unwrap_or(Value::Any);
                    let of_target = match &parts {
                        Some(parts) if !targets.iter().any(|target| target.each) => {
                            Value::either(parts.iter().map(each).collect())
                        }
                        _ => Value::Any,
                    };
                    self.assign(&target.value, of_target, state, context);
                }
            }
            Expression::Index(parts) => {
                let (of, key) = parts.as_ref();
                let of = self.value(of, state, context);
                let key = self.value(key, state, context);
                put(&of, key.known(), &value, state);
            }
            other => self.scatter(other, state, context),
        }
    }

    /// Gives a target any value that is none of those which are understood: a slice, or an attribute.
    fn scatter(&mut self, target: &Expression, state: &mut State, context: &mut Context) {
        match target {
            Expression::Attribute(of, name) => {
                let of = self.value(of, state, context);
                for of in of.alternatives() {
                    match of {
                        Value::Module(module) => self.replaced.push((module.clone(), name.clone())),
                        other => loosen_all(other, state),
                    }
                }
            }
            Expression::Other(parts) => {
                for part in parts {
                    let reached = self.value(part, state, context);
                    loosen_all(&reached, state);
                }
            }
            other => {
                let reached = self.value(other, state, context);
                loosen_all(&reached, state);
            }
        }
    }

    /// Does what `target += value` does.
    fn change(
        &mut self,
        target: &Expression,
        operator: Operator,
        value: &Value,
        state: &mut State,
        context: &mut Context,
    ) {
        let known = self.value(target, state, context);
        match (&known, operator) {
            (Value::List(id), Operator::Add) => {
                let more = Self::all_elements(value, state);
                if let Some(items) = state.list_mut(*id) {
                    items.extend(more);
                }
            }
            (Value::Dictionary(_), Operator::Pipe) => Self::update(&known, value, state),
            _ => {
                // Of one list or another either is changed in its place.
                loosen_all(&known, state);
                let changed = self.combine(operator, &known, value, state);
                self.assign(target, changed, state, context);
            }
        }
    }

    fn delete(&mut self, target: &Expression, state: &mut State, context: &mut Context) {
        match target {
            Expression::Name(name) => state.set(name, Value::Any),
            Expression::List(targets) => {
                for target in targets {
                    self.delete(&target.value, state, context);
                }
            }
            Expression::Index(parts) => {
                let (of, key) = parts.as_ref();
                let of = self.value(of, state, context);
                let key = self.value(key, state, context);
                remove(&of, key.known(), state);
            }
            other => self.scatter(other, state, context),
        }
    }

    /// Returns the value that an import gives a name.
    fn imported(&mut self, imported: &Imported, own: &str) -> Value {
        let module = match self.modules.get(own) {
            Some(found) => found.absolute(own, &imported.module),
            None => imported.module.clone(),
        };
        Value::Imported(module, imported.of.clone())
    }

    /// Looks up what an import gave a name.
    pub(super) fn looked_up(&mut self, value: Value, state: &mut State) -> Value {
        match value {
            Value::Imported(module, None) if is_own(&module) => Value::Module(module),
            Value::Imported(module, None) => Value::Foreign(module),
            Value::Imported(module, Some(name)) => self.member(&module, &name, state),
            value => value,
        }
    }

    /// Returns what a name of a module is.
    pub(super) fn member(&mut self, module: &str, name: &str, state: &mut State) -> Value {
        if !is_own(module) {
            return self.known(format!("{module}.{name}"));
        }
        let lookup = (module.to_string(), name.to_string());
        if self.lookups.contains(&lookup) || self.lookups.len() >= MOST_CALLS || !self.step() {
            return Value::Any;
        }
        self.lookups.push(lookup);
        let found = self.modules.get(module);
        let value = found.as_ref().and_then(|found| self.defined(found, module, name, state));
        self.lookups.pop();
        if let Some(value) = value {
            return value;
        }
        let inner = format!("{module}.{name}");
        match found {
            // A module of a package.
            _ if self.modules.get(&inner).is_some() => Value::Module(inner),
            Some(_) if BUILTINS.contains(&name) => Value::Foreign(name.into()),
            _ => Value::Any,
        }
    }

    /// Returns what a path into Python's own modules leads to: neither launchd nor systemd is on Windows.
    pub(super) fn known(&self, path: String) -> Value {
        match path.as_str() {
            "os.name" => Value::literal("posix"),
            "sys.platform" => Value::literal(self.platform),
            _ => Value::Foreign(path),
        }
    }

    /// Returns what a module makes of a name, if anything.
    fn defined(
        &mut self,
        found: &Rc<Module>,
        module: &str,
        name: &str,
        state: &mut State,
    ) -> Option<Value> {
        let mut values = Vec::new();
        for bound in found.bound(name).iter() {
            match bound {
                Bound::Function(item) => {
                    values.push(
                        self.function(module, found, item).map_or(Value::Any, Value::Function),
                    );
                    // Under a condition it may be another one.
                    values.extend(item.is_conditional.then_some(Value::Any));
                }
                Bound::Assignment(item) => {
                    let read = statements(found.source.text(item));
                    values.push(self.assigned(&read, module, state).unwrap_or(Value::Any));
                }
                Bound::Import(imported) => {
                    let value = self.imported(imported, module);
                    values.push(self.looked_up(value, state));
                }
                Bound::Whole(imported) => {
                    let other = found.absolute(module, &imported.module);
                    if is_own(&other) {
                        let brought = self.modules.get(&other);
                        let brought =
                            brought.and_then(|found| self.brought(&found, &other, name, state));
                        values.extend(brought);
                    } else {
                        // Where nothing else has the name, Python's own has it.
                        values.extend((!values.is_empty()).then_some(Value::Any));
                    }
                }
                Bound::Otherwise => values.push(Value::Any),
            }
        }
        if self.replaced.iter().any(|(of, known)| of == module && known == name) {
            values.push(Value::Any);
        }
        (!values.is_empty()).then(|| Value::either(values))
    }

    /// Returns what a module brings of a name to one that imports all of its names.
    fn brought(
        &mut self,
        found: &Rc<Module>,
        module: &str,
        name: &str,
        state: &mut State,
    ) -> Option<Value> {
        let lookup = (module.to_string(), name.to_string());
        if self.lookups.contains(&lookup) || self.lookups.len() >= MOST_CALLS || !self.step() {
            return None;
        }
        self.lookups.push(lookup);
        let value = self.defined(found, module, name, state);
        self.lookups.pop();
        value
    }

    /// Returns the value of an assignment of a module, where it is a plain one.
    fn assigned(&mut self, read: &[Statement], module: &str, state: &mut State) -> Option<Value> {
        let [Statement::Assign(targets, value)] = read else { return None };
        if !targets.iter().all(|target| matches!(target, Expression::Name(_))) {
            return None;
        }
        // The names of the functions that are being followed are not seen there.
        state.frames.push(Rc::default());
        let value = self.value(value, state, &mut Context::of(module));
        state.frames.pop();
        Some(value)
    }

    /// Adds to what the function yields.
    pub(super) fn yielded(value: Value, each: bool, state: &mut State, context: &Context) {
        let more = if each { Self::all_elements(&value, state) } else { vec![Item::one(value)] };
        if let Some(items) = context.yields.and_then(|list| state.list_mut(list)) {
            items.extend(more);
        }
    }
}

/// True if a function may have a part in a text: it makes a text or a list, or is given a list to add to. What only makes a
/// number, a truth value or a path does not, nor what stands outside of the package that writes definitions.
fn may_matter(callable: &Callable, arguments: &Arguments) -> bool {
    let makes_text = callable.function.returns.as_ref().is_none_or(may_be_text);
    callable.module.starts_with(WRITERS) && (makes_text || arguments.have_objects())
}

/// True if what a function says of its value leaves it open that it is a text, or holds some.
fn may_be_text(annotation: &Expression) -> bool {
    match annotation {
        Expression::Name(name) | Expression::Attribute(_, name) => {
            !PLAIN_TYPES.contains(&name.as_str())
        }
        Expression::Nothing => false,
        Expression::Binary(_, sides) => may_be_text(&sides.0) || may_be_text(&sides.1),
        Expression::Index(parts) => may_be_text(&parts.0) || may_be_text(&parts.1),
        _ => true,
    }
}

/// Leaves of the alternatives of a name those with which a condition holds, or does not.
pub(super) fn narrow(condition: &Expression, holds: bool, state: &mut State) {
    let mut keep = |name: &str, is_kept: &dyn Fn(&Value, &State) -> bool| {
        let Some(Value::Either(values)) = state.name(name) else { return };
        let kept: Vec<Value> =
            values.iter().filter(|value| is_kept(value, state)).cloned().collect();
        if !kept.is_empty() && kept.len() < values.len() {
            state.set(name, Value::either(kept));
        }
    };
    match condition {
        Expression::Name(name) => keep(name, &|value, state| truth(value, state) != Some(!holds)),
        Expression::Not(inner) => narrow(inner, !holds, state),
        Expression::Binary(operator @ (Operator::Same | Operator::Different), sides) => {
            if let (Expression::Name(name), Expression::Nothing) = sides.as_ref() {
                let is_nothing = (*operator == Operator::Same) == holds;
                keep(name, &|value, _| match value {
                    Value::Nothing => is_nothing,
                    Value::Any => true,
                    _ => !is_nothing,
                });
            }
        }
        Expression::Binary(Operator::And, sides) if holds => {
            narrow(&sides.0, true, state);
            narrow(&sides.1, true, state);
        }
        Expression::Binary(Operator::Or, sides) if !holds => {
            narrow(&sides.0, false, state);
            narrow(&sides.1, false, state);
        }
        _ => {}
    }
}

/// Returns the names that statements declare to be of what is around the function, those of functions within it too.
fn outer_names(all: &[Statement]) -> Vec<String> {
    let mut names = Vec::new();
    for statement in all {
        match statement {
            Statement::Outer(of_this) => names.extend(of_this.iter().cloned()),
            other => other.blocks().for_each(|block| names.extend(outer_names(block))),
        }
    }
    names
}

/// Lets the ways that go on meet.
fn met(ends: Vec<State>, state: &mut State) -> Flow {
    match ends.into_iter().reduce(State::merged) {
        Some(merged) => {
            *state = merged;
            Flow::On
        }
        None => Flow::Ended,
    }
}

/// Returns what a call of something unknown returns. It may change what it is given.
pub(super) fn unknown_call(arguments: &Arguments, state: &mut State) -> Value {
    arguments.plain.iter().for_each(|value| state.loosen(value));
    arguments.named.iter().for_each(|(_, value)| state.loosen(value));
    Value::Any
}

/// Lets a list or dictionary have other elements, and none of those that it has for sure.
fn loosen_all(value: &Value, state: &mut State) {
    remove(value, None, state);
    state.loosen(value);
}

/// Puts a value into a dictionary or list.
pub(super) fn put(of: &Value, key: Option<&str>, value: &Value, state: &mut State) {
    let is_one = of.alternatives().len() == 1;
    for of in of.alternatives() {
        match of {
            Value::Dictionary(id) => {
                let Some((pairs, is_open)) = state.dictionary_mut(*id) else { continue };
                let known =
                    pairs.iter_mut().find(|pair| pair.key.is_some() && pair.key.as_deref() == key);
                match known {
                    Some(pair) if is_one => {
                        *pair = Pair { value: value.clone(), is_certain: true, ..pair.clone() };
                    }
                    Some(pair) => {
                        pair.value = Value::either(vec![pair.value.clone(), value.clone()]);
                    }
                    None => {
                        *is_open |= key.is_none();
                        let key = key.map(String::from);
                        pairs.push(Pair { key, value: value.clone(), is_certain: is_one });
                    }
                }
            }
            Value::List(id) => {
                // It is not asked which of them it replaces.
                if let Some(items) = state.list_mut(*id) {
                    for item in items.iter_mut() {
                        item.count = item.count.max(Count::Maybe);
                    }
                    items.push(Item { value: value.clone(), count: Count::Maybe });
                }
            }
            other => state.loosen(other),
        }
    }
}

/// Takes a value out of a dictionary or list. What else was there may be there no more either, where it is not known
/// which it was.
pub(super) fn remove(of: &Value, key: Option<&str>, state: &mut State) {
    for of in of.alternatives() {
        match of {
            Value::Dictionary(id) => {
                let Some((pairs, _)) = state.dictionary_mut(*id) else { continue };
                for pair in pairs.iter_mut() {
                    if key.is_none() || pair.key.is_none() || pair.key.as_deref() == key {
                        pair.is_certain = false;
                    }
                }
            }
            Value::List(id) => {
                let Some(items) = state.list_mut(*id) else { continue };
                for item in items.iter_mut() {
                    item.count = item.count.max(Count::Maybe);
                }
            }
            _ => {}
        }
    }
}

/// Returns the parts of each value that it may be, where each has so many.
fn taken_apart(value: &Value, parts: usize, state: &State) -> Option<Vec<Vec<Value>>> {
    let apart = |value: &Value| match value {
        Value::List(id) => {
            let items = state.list(*id);
            let is_whole = items.iter().all(|item| item.count == Count::One);
            let values = items.iter().map(|item| item.value.clone()).collect();
            (is_whole && items.len() == parts).then_some(values)
        }
        _ => None,
    };
    value.alternatives().iter().map(apart).collect()
}

/// True if an error within `with` this value does not leave the function: `contextlib.suppress(…)`.
fn names_suppress(value: &Expression) -> bool {
    let Expression::Call(call) = value else { return false };
    match &call.callee {
        Expression::Name(name) | Expression::Attribute(_, name) => name == "suppress",
        _ => false,
    }
}

/// Python's own functions that are known here.
const BUILTINS: [&str; 24] = [
    "bool",
    "bytes",
    "dict",
    "enumerate",
    "filter",
    "frozenset",
    "getattr",
    "int",
    "isinstance",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "open",
    "print",
    "repr",
    "reversed",
    "set",
    "sorted",
    "str",
    "tuple",
];
/// Types of values that are no texts and hold none.
const PLAIN_TYPES: [&str; 6] = ["Optional", "Path", "bool", "float", "int", "timedelta"];
/// Statements and values that are followed for one definition. Release 0.22.2 takes about a tenth.
const MOST_STEPS: usize = 30_000;
/// The same for one function that another calls.
const MOST_STEPS_OF_A_CALL: usize = 4_000;
/// The package whose functions write definitions.
const WRITERS: &str = "hermes_cli";
/// Functions within functions that are followed.
const MOST_CALLS: usize = 24;
