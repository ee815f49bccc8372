//! The words of a Python text.

use super::scan::{Prefix, indentation, line_end, quotes, string_end, word_end};

/// A word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or keyword.
    Name(&'a str),
    /// A number.
    Number(&'a str),
    /// A string without its prefix and quotes.
    Text(Prefix, &'a str),
    /// A sign, of up to three characters.
    Sign(&'a str),
    /// The end of a logical line.
    Line,
    /// A block begins.
    Indent,
    /// A block ends.
    Dedent,
}

/// Returns the words of a text that begins with a line of its own. Of more than so many words the rest is left out.
pub(super) fn tokens(text: &str, most: usize) -> Vec<Token<'_>> {
    let mut reader = Reader { text, tokens: Vec::new(), blocks: Vec::new(), open: 0 };
    reader.read(most);
    reader.tokens
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    /// The indentations of the blocks that are open, the outermost first.
    blocks: Vec<usize>,
    /// How many brackets are open.
    open: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self, most: usize) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        let mut starts = true;
        while at < bytes.len() && self.tokens.len() < most {
            if starts && self.open == 0 {
                let (columns, first) = indentation(bytes, at);
                if matches!(bytes.get(first), None | Some(b'\n' | b'\r' | b'#')) {
                    at = line_end(bytes, first).saturating_add(1);
                    continue;
                }
                self.block(columns);
                at = first;
            }
            starts = bytes.get(at) == Some(&b'\n');
            at = self.token(bytes, at);
        }
        if self.tokens.last().is_some_and(|last| *last != Token::Line) {
            self.tokens.push(Token::Line);
        }
        let ends = self.blocks.len().saturating_sub(1);
        self.tokens.extend(std::iter::repeat_n(Token::Dedent, ends));
    }

    /// Begins and ends blocks by the indentation of a line.
    fn block(&mut self, columns: usize) {
        match self.blocks.last() {
            None => self.blocks.push(columns),
            Some(block) if columns > *block => {
                self.blocks.push(columns);
                self.tokens.push(Token::Indent);
            }
            Some(_) => {
                while self.blocks.len() > 1 && self.blocks.last().is_some_and(|it| *it > columns) {
                    self.blocks.pop();
                    self.tokens.push(Token::Dedent);
                }
            }
        }
    }

    /// Reads the word at `at`, and returns where the next one may begin.
    fn token(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(byte) = bytes.get(at).copied() else { return at };
        let next = at.saturating_add(1);
        match byte {
            b'\n' => {
                if self.open == 0 {
                    self.tokens.push(Token::Line);
                }
                next
            }
            b' ' | b'\t' | b'\r' | b'\x0c' => next,
            // A backslash at the end of a line.
            b'\\' => line_end(bytes, at).saturating_add(1),
            b'#' => line_end(bytes, at),
            b'\'' | b'"' => self.string(bytes, at, Prefix::default()),
            b'0'..=b'9' => {
                let mut end = word_end(bytes, at);
                if bytes.get(end) == Some(&b'.') {
                    end = word_end(bytes, end.saturating_add(1));
                }
                self.push(at, end, Token::Number)
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii() => {
                let end = word_end(bytes, at);
                let word = self.text.get(at..end).unwrap_or_default();
                let is_string = matches!(bytes.get(end), Some(b'\'' | b'"'));
                match Prefix::read(word).filter(|_| is_string) {
                    Some(prefix) => self.string(bytes, end, prefix),
                    None => self.push(at, end, Token::Name),
                }
            }
            _ => {
                let width = SIGNS.iter().find(|sign| {
                    bytes.get(at..).is_some_and(|rest| rest.starts_with(sign.as_bytes()))
                });
                match byte {
                    b'(' | b'[' | b'{' => self.open = self.open.saturating_add(1),
                    b')' | b']' | b'}' => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
                self.push(at, at.saturating_add(width.map_or(1, |sign| sign.len())), Token::Sign)
            }
        }
    }

    fn push(&mut self, at: usize, end: usize, token: impl Fn(&'a str) -> Token<'a>) -> usize {
        self.tokens.extend(self.text.get(at..end).map(token));
        end
    }

    fn string(&mut self, bytes: &[u8], at: usize, prefix: Prefix) -> usize {
        let end = string_end(bytes, at, prefix.formatted);
        let width = quotes(bytes, at);
        let from = at.saturating_add(width);
        // One that is never closed has no closing quotes to leave out.
        let whole = self.text.get(from..end).unwrap_or_default();
        let closing = self.text.get(at..from).unwrap_or_default();
        let inner = whole.strip_suffix(closing).unwrap_or(whole);
        self.tokens.push(Token::Text(prefix, inner));
        end
    }
}

/// Signs of more than one character, the longest first.
const SIGNS: [&str; 21] = [
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
    "%=", "|=", "&=", "**", "//", "@=",
];
