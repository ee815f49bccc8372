//! Command lines as systemd reads them: `ExecStart=` and its kin in a unit, and what `systemctl show`
//! prints of them. Also the splitting into words that all of systemd's directives share.
//!
//! Specifiers such as `%h` and variables such as `$MAINPID` are systemd's to resolve: they stay as
//! they are, and the result says that they are there.

use std::ops::Range;

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exec {
    /// The characters before the program, of `-@:+!`, as they are written.
    pub prefixes: String,
    /// The program.
    pub path: String,
    /// The arguments, the name of the program first. After the prefix `@` that name is not the path.
    pub argv: Vec<String>,
    /// Whether a specifier or variable is in it, which stands as it is written.
    pub unresolved: bool,
}

/// Why a command line makes no sense to systemd. Continues "`ExecStart=` …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// Nothing is to be run.
    #[error("names no program")]
    NoProgram,
    /// A quote is opened and not closed.
    #[error("has a quote that does not end")]
    Unbalanced,
    /// Neither an absolute path nor a bare file name.
    #[error("names its program by a relative path")]
    Relative,
    /// The path ends in a slash.
    #[error("names a directory instead of a program")]
    Directory,
    /// Not what `systemctl show` prints.
    #[error("is not in the form that systemctl prints")]
    NotShown,
}

impl Exec {
    /// Reads the value of an Exec directive, specifiers and `$$` included. Of several commands, parted by
    /// ` ; `, which only a oneshot service may have, it is the first.
    ///
    /// # Errors
    /// If systemd would refuse the unit for this line, or ignore the line (252).
    pub fn parse(line: &str) -> Result<Self, ExecError> {
        let mut words =
            split(line, Escapes::Relaxed).map(|word| word.map_err(|_| ExecError::Unbalanced));
        let first = loop {
            let first = words.next().ok_or(ExecError::NoProgram)??;
            // A separator on its own is passed over.
            if first.text != ";" {
                break first;
            }
        };
        let program = after_prefixes(&first.text);
        let prefixes = first.text.strip_suffix(program).unwrap_or_default().to_string();
        let mut exec = Self { path: without_percent(program), prefixes, ..Self::default() };
        exec.unresolved = has_specifier(program);
        check_program(program)?;
        if !exec.prefixes.contains('@') {
            exec.argv.push(exec.path.clone());
        }
        let keeps_dollars = exec.prefixes.contains(':');
        for word in words {
            let word = word?;
            match line.get(word.span.clone()) {
                Some(";") => break,
                Some("\\;") => exec.argv.push(";".into()),
                _ => {
                    exec.unresolved |=
                        has_specifier(&word.text) || (!keeps_dollars && has_variable(&word.text));
                    let text = without_percent(&word.text);
                    exec.argv.push(if keeps_dollars { text } else { text.replace("$$", "$") });
                }
            }
        }
        if exec.argv.is_empty() { Err(ExecError::NoProgram) } else { Ok(exec) }
    }

    /// Reads `{ path=… ; argv[]=… ; ignore_errors=no ; … }`, as `systemctl show` prints a command. It quotes nothing, so
    /// that an argument with blanks in it looks like several.
    ///
    /// # Errors
    /// If the value has another form.
    pub fn shown(value: &str) -> Result<Self, ExecError> {
        let body = value.trim().strip_prefix("{ path=").ok_or(ExecError::NotShown)?;
        let (path, rest) = body.split_once(" ; argv[]=").ok_or(ExecError::NotShown)?;
        let (words, rest) = rest
            .rsplit_once(" ; ignore_errors=")
            .or_else(|| rest.rsplit_once(" ; flags="))
            .ok_or(ExecError::NotShown)?;
        let (failure, _) = rest.split_once(" ;").ok_or(ExecError::NotShown)?;
        let ignores_failure = failure == "yes" || failure.contains("ignore-failure");
        let argv = words.split_whitespace().map(String::from).collect();
        let prefixes = if ignores_failure { "-".into() } else { String::new() };
        Ok(Self { prefixes, path: path.into(), argv, unresolved: false })
    }
}

/// What follows the prefixes of a program. Each stands at most once, but `!!` is one of its own.
fn after_prefixes(word: &str) -> &str {
    let mut rest = word;
    while let Some(next) = rest.chars().next() {
        let taken = word.strip_suffix(rest).unwrap_or_default();
        let is_prefix = match next {
            '-' | '@' | ':' => !taken.contains(next),
            '+' => !taken.contains(['+', '!']),
            '!' => !taken.contains('+') && taken.matches('!').count() < 2,
            _ => false,
        };
        if !is_prefix {
            break;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    rest
}

fn check_program(path: &str) -> Result<(), ExecError> {
    if path.is_empty() {
        Err(ExecError::NoProgram)
    } else if path.ends_with('/') {
        Err(ExecError::Directory)
    } else if path.contains('/') && !path.starts_with(['/', '%']) {
        Err(ExecError::Relative)
    } else {
        Ok(())
    }
}

/// `%%` is a percent sign.
pub(crate) fn without_percent(text: &str) -> String {
    text.replace("%%", "%")
}

/// A text as systemd reads it, and whether a specifier is left in it, as it is written.
pub(crate) fn resolved(text: &str) -> (String, bool) {
    let (mut read, mut is_open) = (String::with_capacity(text.len()), false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            read.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => read.push('%'),
            next => {
                is_open |= next.is_some_and(|c| c.is_ascii_alphanumeric());
                read.push('%');
                read.extend(next);
            }
        }
    }
    (read, is_open)
}

/// Whether there is a specifier such as `%h` in a text.
pub(crate) fn has_specifier(text: &str) -> bool {
    let mut chars = text.chars();
    while chars.any(|c| c == '%') {
        if chars.next().is_some_and(|c| c.is_ascii_alphanumeric()) {
            return true;
        }
    }
    false
}

/// `$NAME` counts as a word of its own only, `${NAME}` everywhere.
fn has_variable(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.strip_prefix('$').is_some_and(|rest| rest.starts_with(is_name))
        || text.replace("$$", "").contains("${")
}

/// What to make of a backslash that begins no known escape.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// It is an error, as in `Environment=`.
    Strict,
    /// It stands for itself, as in Exec lines.
    Relaxed,
    /// It goes away, and `$'` is a quote: how `systemctl show` quotes for a shell.
    Shell,
}

/// A word and where it stands, with its quotes and escapes.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A quote that does not end, or an escape that is none.
#[derive(Debug)]
pub(crate) struct Malformed;

/// The words of a value, up to the first that is malformed.
pub(crate) fn split(text: &str, escapes: Escapes) -> Words<'_> {
    Words { text, at: 0, escapes }
}

pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
    escapes: Escapes,
}

impl Iterator for Words<'_> {
    type Item = Result<Word, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..)?;
        let start = self.at.saturating_add(rest.find(|c| !is_separator(c))?);
        self.at = start;
        let Some(bytes) = self.word() else {
            self.at = self.text.len();
            return Some(Err(Malformed));
        };
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Some(Ok(Word { text, span: start..self.at }))
    }
}

impl Words<'_> {
    fn word(&mut self) -> Option<Vec<u8>> {
        let mut word = Vec::new();
        let mut quote = None;
        while let Some(c) = self.peek() {
            match quote {
                _ if c == '\\' => {
                    self.at = self.at.saturating_add(1);
                    self.escape(quote.is_some(), &mut word)?;
                    continue;
                }
                Some(open) if c == open => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                None if c == '$' && self.escapes == Escapes::Shell && self.follows("$'") => {}
                None if is_separator(c) => return Some(word),
                _ => word.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
            self.at = self.at.saturating_add(c.len_utf8());
        }
        quote.is_none().then_some(word)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn follows(&self, text: &str) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    /// What a backslash and what follows it stand for.
    fn escape(&mut self, in_quotes: bool, word: &mut Vec<u8>) -> Option<()> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(next) = rest.chars().next() else {
            let stands_for_itself = self.escapes != Escapes::Strict && !in_quotes;
            return stands_for_itself.then(|| word.push(b'\\'));
        };
        let length = if let Some(length) = unescape(rest, word) {
            length
        } else {
            match self.escapes {
                Escapes::Strict => return None,
                Escapes::Relaxed => word.push(b'\\'),
                Escapes::Shell => {}
            }
            word.extend(next.encode_utf8(&mut [0; 4]).bytes());
            next.len_utf8()
        };
        self.at = self.at.saturating_add(length);
        Some(())
    }
}

/// Appends what an escape stands for, and gives its length without the backslash. C's escapes, `\s` for
/// a blank, `\xHH` and `\OOO` for bytes, `\uHHHH` and `\UHHHHHHHH` for characters; never a zero.
fn unescape(text: &str, word: &mut Vec<u8>) -> Option<usize> {
    let byte = |byte: u8, word: &mut Vec<u8>| {
        word.push(byte);
        Some(1)
    };
    match text.chars().next()? {
        'a' => byte(7, word),
        'b' => byte(8, word),
        'f' => byte(12, word),
        'n' => byte(b'\n', word),
        'r' => byte(b'\r', word),
        't' => byte(b'\t', word),
        'v' => byte(11, word),
        's' => byte(b' ', word),
        '\\' => byte(b'\\', word),
        '"' => byte(b'"', word),
        '\'' => byte(b'\'', word),
        'x' => {
            word.push(u8::try_from(number(text.get(1..3)?, 16)?).ok()?);
            Some(3)
        }
        'u' => character(text.get(1..5)?, word).map(|()| 5),
        'U' => character(text.get(1..9)?, word).map(|()| 9),
        '0'..='7' => {
            word.push(u8::try_from(number(text.get(..3)?, 8)?).ok()?);
            Some(3)
        }
        _ => None,
    }
}

/// Digits only, and not zero.
fn number(digits: &str, radix: u32) -> Option<u32> {
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    is_number.then(|| u32::from_str_radix(digits, radix).ok())?.filter(|number| *number > 0)
}

fn character(digits: &str, word: &mut Vec<u8>) -> Option<()> {
    let c = char::from_u32(number(digits, 16)?)?;
    word.extend(c.encode_utf8(&mut [0; 4]).bytes());
    Some(())
}

/// What systemd takes for a blank.
pub(crate) const fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
pub(crate) mod tests;
