//! What a module of Python defines, by name, without reading any of it further: one pass over the text.

use std::ops::Range;

use super::grammar::statements;
use super::scan::{indentation, line_end, logical_end, word_end};
use super::tree::{Expression, Statement};

/// A module's text with the places of what it defines.
#[derive(Debug, Clone)]
pub struct Source {
    text: String,
    items: Vec<Item>,
    /// The statements of the module itself that are no items.
    others: Vec<Range<usize>>,
    is_whole: bool,
}

/// Something that a module defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name. Of an import none.
    pub name: String,
    /// Where its text stands: from the first line to the last, decorators left out.
    pub span: Range<usize>,
    /// True if no function and no class is around it.
    pub is_of_module: bool,
    /// True if the module does it only under a condition: within `if`, `try` or a loop.
    pub is_conditional: bool,
    /// What it is decorated with, each without its `@` and its arguments.
    pub decorators: Vec<String>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `def` or `async def`.
    Function,
    /// `class`.
    Class,
    /// `NAME = …`.
    Assignment,
    /// Anything else that is done to a name: `NAME += …`, `NAME.append(…)`, `NAME[…] = …`.
    Touch,
    /// `import …` or `from … import …`.
    Import,
    /// `global NAME` within a function, which gives a name of the module another value whenever it is called.
    Global,
}

/// How a module gives a name its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding<'a> {
    /// By an item of this name, or by an import.
    Item(&'a Item),
    /// By a statement of another form, which begins there.
    Other(usize),
}

impl Binding<'_> {
    /// Returns where in the text it stands.
    pub fn at(&self) -> usize {
        match self {
            Self::Item(item) => item.span.start,
            Self::Other(at) => *at,
        }
    }
}

/// A block that is still open while the text is read.
struct Open {
    indentation: usize,
    item: usize,
}

impl Source {
    /// Reads a module. Of assignments and imports only those of the module itself count.
    pub fn read(text: String) -> Self {
        let bytes = text.as_bytes();
        let mut items: Vec<Item> = Vec::new();
        let mut others = Vec::new();
        let mut blocks: Vec<Open> = Vec::new();
        let mut decorators: Vec<String> = Vec::new();
        let mut is_whole = true;
        let mut line = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        while line < bytes.len() && items.len() < MOST_ITEMS {
            let (columns, at) = indentation(bytes, line);
            if matches!(bytes.get(at), None | Some(b'\n' | b'\r' | b'#')) {
                line = line_end(bytes, at).saturating_add(1);
                continue;
            }
            while let Some(block) = blocks.pop_if(|block| block.indentation >= columns) {
                if let Some(item) = items.get_mut(block.item) {
                    item.span.end = line;
                }
            }
            let (end, is_closed) = logical_end(bytes, at);
            is_whole &= is_closed;
            let is_of_module = blocks.is_empty();
            let span = line..end;
            let rest = bytes.get(at..).unwrap_or_default();
            line = end;
            if rest.starts_with(b"@") {
                decorators.push(decorator(&text, at).into());
                continue;
            }
            let decorators = std::mem::take(&mut decorators);
            if rest.starts_with(b"global") && !is_of_module {
                items.extend(globals(text.get(at..end).unwrap_or_default(), &span));
                continue;
            }
            let may_count = is_of_module || begins_a_block(rest);
            let found = may_count.then(|| head(&text, at)).flatten();
            let is_block = |kind: Kind| matches!(kind, Kind::Function | Kind::Class);
            match found.filter(|(kind, _)| is_of_module || is_block(*kind)) {
                Some((kind, name)) => {
                    if is_block(kind) {
                        blocks.push(Open { indentation: columns, item: items.len() });
                    }
                    items.push(Item {
                        kind,
                        name: name.into(),
                        span,
                        is_of_module,
                        is_conditional: columns > 0,
                        decorators,
                    });
                }
                None if is_of_module && others.len() < MOST_ITEMS => others.push(span),
                None => {}
            }
        }
        for block in blocks {
            if let Some(item) = items.get_mut(block.item) {
                item.span.end = bytes.len();
            }
        }
        Self { text, items, others, is_whole }
    }

    /// True if nothing in it is left open at its end: no string and no bracket. One that is cut off tells nothing.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns the text of an item.
    pub fn text(&self, item: &Item) -> &str {
        self.text.get(item.span.clone()).unwrap_or_default()
    }

    /// Returns what the module defines, in the order of its lines.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter()
    }

    /// Returns all that gives a name of the module a value or changes it, in the order of its lines. Of imports every one
    /// is returned.
    pub fn bindings(&self, name: &str) -> Vec<Binding<'_>> {
        let mut found: Vec<Binding<'_>> = Vec::new();
        for item in &self.items {
            let is_it = match item.kind {
                Kind::Import => item.is_of_module,
                Kind::Global => item.name == name,
                Kind::Function | Kind::Class => item.is_of_module && item.name == name,
                Kind::Assignment | Kind::Touch if item.name == name => true,
                Kind::Assignment | Kind::Touch => {
                    if self.may_bind(&item.span, name) {
                        found.push(Binding::Other(item.span.start));
                    }
                    false
                }
            };
            found.extend(is_it.then_some(Binding::Item(item)));
        }
        let others = self.others.iter().filter(|span| self.may_bind(span, name));
        found.extend(others.map(|span| Binding::Other(span.start)));
        found.sort_by_key(Binding::at);
        found
    }

    /// True if a statement of the module may give this name a value, whatever its form.
    fn may_bind(&self, span: &Range<usize>, name: &str) -> bool {
        let text = self.text.get(span.clone()).unwrap_or_default();
        if !has_word(text, name) {
            return false;
        }
        // What is under a name of its own in the module is under that of the variable as well.
        if text.contains(":=") || BACK_DOORS.iter().any(|door| text.contains(door)) {
            return true;
        }
        let first = text.trim_start().split(|c: char| !c.is_alphanumeric()).next();
        if first.is_some_and(|first| BINDERS.contains(&first)) {
            return true;
        }
        statements(text).iter().any(|statement| binds(statement, text, name))
    }
}

/// True if a statement gives a name a value. One that cannot be read may be the head of a block, which gives none, or have
/// its block on its line.
fn binds(statement: &Statement, text: &str, name: &str) -> bool {
    let in_all = |all: &[Statement]| all.iter().any(|inner| binds(inner, text, name));
    match statement {
        Statement::Assign(targets, _) => targets.iter().any(|target| is_of(target, name)),
        Statement::Change(target, ..) | Statement::Delete(target) => is_of(target, name),
        Statement::If(branches, last) => {
            branches.iter().any(|(_, body)| in_all(body)) || in_all(last)
        }
        Statement::While(_, body, after) => in_all(body) || in_all(after),
        Statement::Unread => {
            let after = text.rsplit_once(':').map_or(text, |(_, after)| after);
            has_word(after, name)
        }
        Statement::Try { .. } | Statement::For { .. } | Statement::With(..) => true,
        _ => false,
    }
}

/// True if a target is a name, has it among others, or is something of it.
fn is_of(target: &Expression, name: &str) -> bool {
    match target {
        Expression::Name(known) => known == name,
        Expression::List(targets) => targets.iter().any(|target| is_of(&target.value, name)),
        Expression::Attribute(of, _) => is_of(of, name),
        Expression::Index(parts) => is_of(&parts.0, name),
        Expression::Other(parts) => parts.iter().any(|part| is_of(part, name)),
        _ => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after =
            text.get(at.saturating_add(word.len())..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Returns what stands after the `@` at `at`, without its arguments.
fn decorator(text: &str, at: usize) -> &str {
    let line = text.get(at.saturating_add(1)..).unwrap_or_default();
    let end = line.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | ' '));
    line.get(..end.unwrap_or(line.len())).unwrap_or_default().trim()
}

/// Returns the names of a `global` statement.
fn globals(statement: &str, span: &Range<usize>) -> Vec<Item> {
    let names = statement.strip_prefix("global").unwrap_or_default();
    let end = names.find(['#', ';', '\n']).unwrap_or(names.len());
    let names = names.get(..end).unwrap_or_default().split(',').map(str::trim);
    names
        .filter(|name| !name.is_empty() && names_begin(statement))
        .map(|name| Item {
            kind: Kind::Global,
            name: name.into(),
            span: span.clone(),
            is_of_module: true,
            is_conditional: true,
            decorators: Vec::new(),
        })
        .collect()
}

/// True if a statement is `global` with names, and not something whose name begins so.
fn names_begin(statement: &str) -> bool {
    statement.strip_prefix("global").is_some_and(|rest| rest.starts_with([' ', '\t', '\\']))
}

/// True if a statement may define a function or a class.
fn begins_a_block(statement: &[u8]) -> bool {
    statement.starts_with(b"def")
        || statement.starts_with(b"class")
        || statement.starts_with(b"async")
}

/// Returns what the statement at `at` does by its first words, and to what name.
fn head(text: &str, at: usize) -> Option<(Kind, &str)> {
    let bytes = text.as_bytes();
    let end = word_end(bytes, at);
    let first = text.get(at..end).filter(|word| !word.is_empty())?;
    let after = past_blanks(bytes, end);
    let name_at = |at: usize| {
        let name = text.get(at..word_end(bytes, at))?;
        (!name.is_empty()).then_some(name)
    };
    match first {
        "def" => Some((Kind::Function, name_at(after)?)),
        "class" => Some((Kind::Class, name_at(after)?)),
        "async" => {
            let second = word_end(bytes, after);
            let is_function = text.get(after..second) == Some("def");
            let name = name_at(past_blanks(bytes, second)).filter(|_| is_function)?;
            Some((Kind::Function, name))
        }
        "import" | "from" => Some((Kind::Import, "")),
        _ if KEYWORDS.contains(&first) => None,
        _ => {
            let two = (bytes.get(after), bytes.get(after.saturating_add(1)));
            let kind = match two {
                (Some(b'='), Some(b'=')) | (None, _) => return None,
                (Some(b'=' | b':'), _) => Kind::Assignment,
                (Some(b'.' | b'[' | b'+' | b'-' | b'*' | b'/' | b'|' | b'&' | b'%'), _) => {
                    Kind::Touch
                }
                _ => return None,
            };
            Some((kind, first))
        }
    }
}

fn past_blanks(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count())
}

/// Words that begin a statement, and are no names.
const KEYWORDS: [&str; 22] = [
    "assert", "await", "break", "continue", "del", "elif", "else", "except", "finally", "for",
    "global", "if", "lambda", "nonlocal", "not", "pass", "raise", "return", "try", "while", "with",
    "yield",
];
/// Words that begin a statement which may give names a value that are not at its start.
const BINDERS: [&str; 7] = ["async", "case", "del", "except", "for", "match", "with"];
/// How a module reaches its own names by their text.
const BACK_DOORS: [&str; 4] = ["globals(", "setattr(", "vars(", "exec("];
/// No module has nearly as many definitions; Hermes's largest has less than a thousand.
const MOST_ITEMS: usize = 20_000;
