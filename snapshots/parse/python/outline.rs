//! What a module of Python defines, by name, without reading any of it further: one pass over the text.

use std::ops::Range;

use super::scan::{indentation, line_end, logical_end, word_end};

/// A module's text with the places of what it defines.
#[derive(Debug, Clone)]
pub struct Source {
    text: String,
    items: Vec<Item>,
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
        let mut blocks: Vec<Open> = Vec::new();
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
            let end = logical_end(bytes, at);
            let is_of_module = blocks.is_empty();
            let may_count = is_of_module || begins_a_block(bytes.get(at..).unwrap_or_default());
            if let Some((kind, name)) = may_count.then(|| head(&text, at)).flatten()
                && (is_of_module || matches!(kind, Kind::Function | Kind::Class))
            {
                if matches!(kind, Kind::Function | Kind::Class) {
                    blocks.push(Open { indentation: columns, item: items.len() });
                }
                items.push(Item { kind, name: name.into(), span: line..end, is_of_module });
            }
            line = end;
        }
        for block in blocks {
            if let Some(item) = items.get_mut(block.item) {
                item.span.end = bytes.len();
            }
        }
        Self { text, items }
    }

    /// Returns the text of an item.
    pub fn text(&self, item: &Item) -> &str {
        self.text.get(item.span.clone()).unwrap_or_default()
    }

    /// Returns what the module defines, in the order of its lines.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter()
    }

    /// Returns the last function of this name, and rather one of the module than one within something else.
    pub fn function(&self, name: &str) -> Option<&Item> {
        let named = |item: &&Item| item.kind == Kind::Function && item.name == name;
        let of_module = self.items().rev().find(|item| item.is_of_module && named(item));
        of_module.or_else(|| self.items().rev().find(named))
    }
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
/// No module has nearly as many definitions; Hermes's largest has less than a thousand.
const MOST_ITEMS: usize = 20_000;
