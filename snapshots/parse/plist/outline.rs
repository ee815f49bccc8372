//! Where the keys of a property list in XML stand, each with the dictionary in which it is. What stands in a comment is
//! no key, and a literal (`<![CDATA[…]]>`) is text like any other.

/// The keys of a list, in the order of its lines, and its text without literals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// The keys.
    pub(super) keys: Vec<Key>,
    /// The same list, with the text of each literal escaped instead.
    pub(super) plain: String,
}

/// A key of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The number of its dictionary. The first one is at the top.
    pub(super) dictionary: usize,
    /// The key of that dictionary itself, where it is the value of one at the top.
    pub(super) outer: Option<String>,
    /// The key.
    pub(super) name: String,
    /// Its line, 1-based.
    pub(super) line: usize,
}

/// An array or dictionary that is open.
enum Open {
    Array,
    /// With its number, the key under which it stands at the top, and its last key.
    Dictionary(usize, Option<String>, Option<String>),
}

/// A value without others in it that is open.
struct Leaf {
    is_key: bool,
    text: String,
    line: usize,
}

impl Outline {
    /// Reads a list. What is no list is read as far as it makes sense.
    pub(super) fn read(xml: &str) -> Self {
        let mut walk = Walk::default();
        let mut rest = xml;
        while !rest.is_empty() {
            let (piece, after) = next(rest);
            walk.step(&piece);
            let taken = rest.len().saturating_sub(after.len());
            let taken = rest.get(..taken).unwrap_or_default();
            if !(matches!(piece, Piece::Literal(_)) && walk.leaf.is_some()) {
                walk.found.plain.push_str(taken);
            }
            walk.line = walk.line.saturating_add(taken.matches('\n').count());
            rest = after;
        }
        walk.found
    }
}

/// A part of the text.
enum Piece<'a> {
    Text(&'a str),
    Literal(&'a str),
    /// A comment, an instruction or a declaration.
    Remark,
    /// A tag that opens an element, by its name. True: it is its end as well.
    Start(&'a str, bool),
    End,
}

/// Returns the first piece of a text, and what follows it.
fn next(text: &str) -> (Piece<'_>, &str) {
    let until = |begin: &str, end: &str| {
        let inner = text.strip_prefix(begin)?;
        Some(inner.split_once(end).unwrap_or((inner, "")))
    };
    if let Some((_, after)) = until("<!--", "-->").or_else(|| until("<?", "?>")) {
        return (Piece::Remark, after);
    }
    if let Some((inner, after)) = until("<![CDATA[", "]]>") {
        return (Piece::Literal(inner), after);
    }
    if let Some((_, after)) = until("<!", ">") {
        return (Piece::Remark, after);
    }
    if let Some((_, after)) = until("</", ">") {
        return (Piece::End, after);
    }
    if let Some((inner, after)) = until("<", ">") {
        let name = inner.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
        return (Piece::Start(local, inner.ends_with('/')), after);
    }
    let (inner, after) =
        text.find('<').and_then(|end| text.split_at_checked(end)).unwrap_or((text, ""));
    (Piece::Text(inner), after)
}

struct Walk {
    found: Outline,
    open: Vec<Open>,
    leaf: Option<Leaf>,
    dictionaries: usize,
    line: usize,
}

impl Default for Walk {
    fn default() -> Self {
        let (found, open) = (Outline::default(), Vec::new());
        Self { found, open, leaf: None, dictionaries: 0, line: 1 }
    }
}

impl Walk {
    fn step(&mut self, piece: &Piece<'_>) {
        match (piece, &mut self.leaf) {
            (Piece::Text(text), Some(leaf)) => leaf.text.push_str(&unescaped(text)),
            (Piece::Literal(text), Some(leaf)) => {
                leaf.text.push_str(text);
                self.found.plain.push_str(&escaped(text));
            }
            (Piece::Start(name, is_end), None) => {
                self.start(name);
                if *is_end {
                    self.end();
                }
            }
            (Piece::End, _) => self.end(),
            _ => {}
        }
    }

    fn start(&mut self, name: &str) {
        match name {
            "plist" => {}
            "array" => self.open.push(Open::Array),
            "dict" => {
                let outer = match self.open.as_slice() {
                    [Open::Dictionary(_, _, key)] => key.clone(),
                    _ => None,
                };
                self.open.push(Open::Dictionary(self.dictionaries, outer, None));
                self.dictionaries = self.dictionaries.saturating_add(1);
            }
            name => {
                let is_key = name == "key";
                self.leaf = Some(Leaf { is_key, text: String::new(), line: self.line });
            }
        }
    }

    fn end(&mut self) {
        let Some(leaf) = self.leaf.take() else {
            self.open.pop();
            return;
        };
        if let Some(Open::Dictionary(dictionary, outer, last)) =
            self.open.last_mut().filter(|_| leaf.is_key)
        {
            let (dictionary, outer) = (*dictionary, outer.clone());
            *last = Some(leaf.text.clone());
            self.found.keys.push(Key { dictionary, outer, name: leaf.text, line: leaf.line });
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns what a text means in which characters are escaped. An escape that XML does not know stays as it stands.
fn unescaped(text: &str) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        made.push_str(before);
        let known = after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = known.unwrap_or(('&', after));
        made.push(c);
        rest = after;
    }
    made.push_str(rest);
    made
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix('x') {
                Some(code) => u32::from_str_radix(code, 16),
                None => code.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
