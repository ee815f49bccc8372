//! The XML of a property list, taken apart and put together again: of its tags only the known ones stay, without
//! attributes, and of what stands between them only what its place allows. Every line stays where it was.

use super::{CommandLine, Salt, WithheldError, keeps_numbers, shown};

/// A part of the text.
enum Piece<'a> {
    Text(&'a str),
    /// `<![CDATA[…]]>`, which is text without escapes.
    Literal(&'a str),
    /// A comment or a processing instruction.
    Remark(&'a str),
    Declaration(&'a str),
    Doctype(&'a str),
    /// With its attributes. True: it has no end of its own (`<true/>`).
    Open(&'a str, bool),
    Close(&'a str),
}

/// How Apple's own tools begin a list, without the `<!` and the `>`.
const DOCTYPE: &str = r#"DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd""#;

/// A declaration as it is mostly written, without its `<?` and `?>`.
const SHORTEST: &str = r#"xml version="1.0""#;
const DECLARATIONS: [&str; 3] =
    [SHORTEST, r#"xml version="1.0" encoding="UTF-8""#, r#"xml version="1.0" encoding="utf-8""#];

/// A tag that stands for a value, or for several.
const CONTAINERS: [&str; 3] = ["plist", "dict", "array"];
const SCALARS: [&str; 6] = ["key", "string", "integer", "real", "date", "data"];
const TRUTHS: [&str; 2] = ["true", "false"];

/// The text without secrets.
pub(super) fn rewritten(xml: &str, salt: &Salt) -> Result<String, WithheldError> {
    let mut walk = Walk {
        salt,
        path: Vec::new(),
        open: Vec::new(),
        scalar: None,
        line: CommandLine::default(),
        out: String::with_capacity(xml.len()),
    };
    let mut rest = xml;
    while let Some((piece, after)) = next(rest)? {
        walk.step(&piece)?;
        rest = after;
    }
    Ok(walk.out)
}

/// The first piece of a text, and what follows it.
fn next(text: &str) -> Result<Option<(Piece<'_>, &str)>, WithheldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let found = |begin: &str, end: &str, what: &'static str| {
        let inner = text.strip_prefix(begin)?;
        Some(inner.split_once(end).ok_or(WithheldError::Part(what)))
    };
    let piece = if let Some(comment) = found("<!--", "-->", "a comment without an end") {
        let (inner, after) = comment?;
        (Piece::Remark(inner), after)
    } else if let Some(literal) = found("<![CDATA[", "]]>", "a literal without an end") {
        let (inner, after) = literal?;
        (Piece::Literal(inner), after)
    } else if let Some(instruction) = found("<?", "?>", "an instruction without an end") {
        let (inner, after) = instruction?;
        let is_declaration = inner.split_ascii_whitespace().next() == Some("xml");
        let piece = if is_declaration { Piece::Declaration(inner) } else { Piece::Remark(inner) };
        (piece, after)
    } else if let Some(doctype) = found("<!", ">", "a declaration without an end") {
        let (inner, after) = doctype?;
        (Piece::Doctype(inner), after)
    } else if let Some(close) = found("</", ">", "a tag without an end") {
        let (inner, after) = close?;
        (Piece::Close(inner), after)
    } else if let Some(open) = found("<", ">", "a tag without an end") {
        let (inner, after) = open?;
        let (inner, is_empty) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        (Piece::Open(inner, is_empty), after)
    } else {
        let end = text.find('<').unwrap_or(text.len());
        let (inner, after) = text.split_at_checked(end).unwrap_or((text, ""));
        (Piece::Text(inner), after)
    };
    Ok(Some(piece))
}

/// A walk over the pieces.
struct Walk<'a> {
    salt: &'a Salt,
    /// The keys under which the walk is. Of each open dictionary, the last that was read.
    path: Vec<String>,
    /// The open tags that hold others, and whether each is a dictionary.
    open: Vec<bool>,
    scalar: Option<Scalar>,
    line: CommandLine,
    out: String,
}

/// A value that is being read.
struct Scalar {
    tag: &'static str,
    /// As it is written, if it is plain text.
    written: String,
    /// What it means.
    text: String,
    /// Whether it is written without comments and literals.
    is_plain: bool,
    lines: usize,
}

impl Walk<'_> {
    fn step(&mut self, piece: &Piece<'_>) -> Result<(), WithheldError> {
        match (piece, &mut self.scalar) {
            (Piece::Text(text), Some(scalar)) => scalar.add(text, &unescaped(text)),
            (Piece::Literal(text), Some(scalar)) => {
                scalar.is_plain = false;
                scalar.add(text, text);
            }
            (Piece::Remark(text), Some(scalar)) => {
                scalar.is_plain = false;
                scalar.lines = scalar.lines.saturating_add(newlines(text));
            }
            (Piece::Close(name), Some(scalar)) if name.trim() == scalar.tag => {
                scalar.lines = scalar.lines.saturating_add(newlines(name));
                self.close_scalar();
            }
            (_, Some(_)) => return Err(WithheldError::Part("a tag within a value")),
            // A byte order mark stands before all else.
            (Piece::Text(text), None) => {
                self.out.extend(text.chars().filter(|c| c.is_whitespace() || *c == '\u{feff}'));
            }
            (Piece::Literal(text) | Piece::Remark(text), None) => self.blank(text),
            (Piece::Declaration(text), None) => {
                let known = DECLARATIONS.iter().find(|known| **known == text.trim());
                self.out.extend(["<?", known.unwrap_or(&SHORTEST), "?>"]);
                self.blank(text);
            }
            (Piece::Doctype(text), None) if text.contains('[') => {
                return Err(WithheldError::Part("entities of its own"));
            }
            (Piece::Doctype(text), None) => {
                if *text == DOCTYPE {
                    self.out.extend(["<!", text, ">"]);
                } else {
                    self.blank(text);
                }
            }
            (Piece::Open(text, is_empty), None) => self.open(text, *is_empty)?,
            (Piece::Close(text), None) => self.close(text)?,
        }
        Ok(())
    }

    /// As many lines as this has.
    fn blank(&mut self, text: &str) {
        self.out.push_str(&"\n".repeat(newlines(text)));
    }

    fn open(&mut self, text: &str, is_empty: bool) -> Result<(), WithheldError> {
        let name = text.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let known = |names: &[&'static str]| names.iter().find(|known| **known == name).copied();
        if let Some(tag) = known(&SCALARS) {
            let lines = newlines(text);
            let (written, text) = (String::new(), String::new());
            self.scalar = Some(Scalar { tag, written, text, is_plain: true, lines });
            if is_empty {
                self.close_scalar();
            }
            return Ok(());
        }
        let tag = known(&CONTAINERS).or_else(|| known(&TRUTHS));
        let tag = tag.ok_or(WithheldError::Part("an unknown tag"))?;
        let version = if tag == "plist" { " version=\"1.0\"" } else { "" };
        self.out.extend(["<", tag, version, if is_empty { "/>" } else { ">" }]);
        self.blank(text);
        if !is_empty && CONTAINERS.contains(&tag) {
            self.begin(tag == "dict");
        } else if is_empty {
            self.complete();
        }
        Ok(())
    }

    fn begin(&mut self, is_dictionary: bool) {
        self.open.push(is_dictionary);
        self.line = CommandLine::default();
    }

    fn close(&mut self, text: &str) -> Result<(), WithheldError> {
        let name = text.trim();
        let known = CONTAINERS.iter().chain(&TRUTHS).find(|known| **known == name);
        let tag = known.ok_or(WithheldError::Part("an unknown tag"))?;
        self.out.extend(["</", tag, ">"]);
        self.blank(text);
        if CONTAINERS.contains(tag) {
            self.open.pop();
        }
        self.complete();
        Ok(())
    }

    /// A value is over, and its key with it.
    fn complete(&mut self) {
        if self.open.last() == Some(&true) {
            self.path.pop();
        }
    }

    fn close_scalar(&mut self) {
        let Some(scalar) = self.scalar.take() else { return };
        let shown = match scalar.tag {
            "key" | "date" => scalar.text.clone(),
            "string" => shown(&scalar.text, &self.path, &mut self.line, self.salt),
            "integer" | "real" if keeps_numbers(&self.path) => scalar.text.clone(),
            "integer" | "real" => "0".into(),
            _ => String::new(),
        };
        let is_as_written = scalar.is_plain && shown == scalar.text;
        let shown = if is_as_written { scalar.written } else { escaped(&shown) };
        // A value of several lines leaves as many behind.
        let lines = scalar.lines.saturating_sub(newlines(&shown));
        let blank = "\n".repeat(lines);
        self.out.extend(["<", scalar.tag, ">", &shown, "</", scalar.tag, ">", &blank]);
        if scalar.tag == "key" {
            self.path.push(scalar.text);
        } else {
            self.complete();
        }
    }
}

impl Scalar {
    fn add(&mut self, written: &str, meant: &str) {
        self.written.push_str(written);
        self.text.push_str(meant);
        self.lines = self.lines.saturating_add(newlines(written));
    }
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

/// What a text with references to characters means. Those of XML itself, and numbers.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let known = part.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        match known {
            Some((character, after)) => {
                out.push(character);
                out.push_str(after);
            }
            None => out.extend(["&", part]),
        }
    }
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        _ => {
            let number = name.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = match hexadecimal {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
