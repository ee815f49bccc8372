//! What stands between the quotes of a string.

use super::grammar;
use super::scan::Prefix;
use super::tree::{Expression, Part};

/// Returns the literal texts and placeholders of a string.
pub(super) fn parts(prefix: Prefix, inner: &str, levels: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = inner;
    while let Some(at) = rest.find(['\\', '{', '}', '\r']) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        literal.push_str(before);
        let mut characters = after.chars();
        let first = characters.next();
        rest = characters.as_str();
        match first {
            Some('\\') if !prefix.raw => rest = escaped(rest, &mut literal),
            Some(brace @ ('{' | '}')) if prefix.formatted && rest.starts_with(brace) => {
                literal.push(brace);
                rest = rest.get(1..).unwrap_or_default();
            }
            Some('{') if prefix.formatted => {
                let (hole, further) = placeholder(rest, levels);
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::Hole(hole));
                rest = further;
            }
            // Python reads every line end as a line feed.
            Some('\r') if rest.starts_with('\n') => {}
            Some('\r') => literal.push('\n'),
            Some(other) => literal.push(other),
            None => {}
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    parts
}

/// Reads what follows a backslash, and returns what follows that.
fn escaped<'a>(rest: &'a str, literal: &mut String) -> &'a str {
    let mut characters = rest.chars();
    let Some(first) = characters.next() else {
        literal.push('\\');
        return rest;
    };
    let after = characters.as_str();
    let mut coded = |digits: usize, radix: u32, from: &'a str| {
        let is_digit = |c: &char| c.is_digit(radix);
        let found: String = from.chars().take(digits).take_while(is_digit).collect();
        let code = u32::from_str_radix(&found, radix).ok().and_then(char::from_u32);
        literal.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
        from.get(found.len()..).unwrap_or_default()
    };
    match first {
        'x' => return coded(2, 16, after),
        'u' => return coded(4, 16, after),
        'U' => return coded(8, 16, after),
        '0'..='7' => return coded(3, 8, rest),
        'N' if after.starts_with('{') => {
            literal.push(char::REPLACEMENT_CHARACTER);
            return after.split_once('}').map_or("", |(_, rest)| rest);
        }
        '\r' => return after.strip_prefix('\n').unwrap_or(after),
        '\n' => {}
        'n' => literal.push('\n'),
        't' => literal.push('\t'),
        'r' => literal.push('\r'),
        'a' | 'b' | 'f' | 'v' => literal.push(' '),
        '\\' | '\'' | '"' => literal.push(first),
        other => literal.extend(['\\', other]),
    }
    after
}

/// Reads a placeholder after its `{`, and returns what follows its `}`. One with a format or a conversion of its own may be
/// written otherwise than its value.
fn placeholder(rest: &str, levels: usize) -> (Option<Expression>, &str) {
    let mut open: usize = 0;
    let mut quote = None;
    let mut form = None;
    let mut end = rest.len();
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (Some(closing), c) if closing == c => quote = None,
            (None, '\'' | '"') if form.is_none() => quote = Some(c),
            (None, '(' | '[' | '{') => open = open.saturating_add(1),
            (None, '}') if open == 0 => {
                end = at;
                break;
            }
            (None, ')' | ']' | '}') => open = open.saturating_sub(1),
            (None, ':' | '!') if open == 0 && form.is_none() => {
                let after = rest.get(at..).unwrap_or_default();
                if !after.starts_with("!=") {
                    form = Some(at);
                }
            }
            _ => {}
        }
    }
    let written = rest.get(..form.unwrap_or(end)).unwrap_or_default();
    let form = form.and_then(|at| rest.get(at..end)).unwrap_or_default();
    let is_plain = matches!(form, "" | ":" | "!s" | ":s");
    let hole = levels
        .checked_sub(1)
        .filter(|_| is_plain)
        .and_then(|levels| grammar::value(written.trim().trim_end_matches('='), levels));
    (hole, rest.get(end.saturating_add(1)..).unwrap_or_default())
}
