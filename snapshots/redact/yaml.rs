//! `config.yaml` without its secrets: keys, layout, line numbers, nulls, and the values of a short list
//! of settings stay. Comments, tags and all other values go.
//!
//! What comes out is read again and checked, scalar by scalar. A text that cannot be read, or whose
//! redaction is not beyond doubt, is refused as a whole.

use saphyr_parser::ScalarStyle;

use super::Salt;
use super::shape::{is_clean, is_mark, is_name, marked, names_a_secret};
use crate::parse::pytext;
use crate::parse::yaml::{
    DOUBT, Error, Event, Events, Kind, Piece, gap, is_block, is_boolean, is_null, is_number, parse,
};

/// What may stay at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Any scalar.
    Scalar,
    /// A number.
    Number,
}

/// The paths at which values may be seen. A `*` stands for any key.
const CLEAR: [(&str, Keep); 38] = [
    ("API_SERVER_ENABLED", Keep::Scalar),
    ("API_SERVER_HOST", Keep::Scalar),
    ("API_SERVER_PORT", Keep::Scalar),
    ("agent.cron_drain_timeout", Keep::Scalar),
    ("agent.restart_drain_timeout", Keep::Scalar),
    ("api_server.enabled", Keep::Scalar),
    ("api_server.extra.host", Keep::Scalar),
    ("api_server.extra.port", Keep::Scalar),
    ("api_server.host", Keep::Scalar),
    ("api_server.port", Keep::Scalar),
    ("cron.*", Keep::Number),
    ("cron.provider", Keep::Scalar),
    ("gateway.api_server.enabled", Keep::Scalar),
    ("gateway.api_server.extra.host", Keep::Scalar),
    ("gateway.api_server.extra.port", Keep::Scalar),
    ("gateway.api_server.host", Keep::Scalar),
    ("gateway.api_server.port", Keep::Scalar),
    ("gateway.multiplex_profiles", Keep::Scalar),
    ("gateway.platform_connect_timeout", Keep::Scalar),
    ("gateway.platforms.*.enabled", Keep::Scalar),
    ("gateway.platforms.api_server.extra.host", Keep::Scalar),
    ("gateway.platforms.api_server.extra.port", Keep::Scalar),
    ("gateway.platforms.api_server.host", Keep::Scalar),
    ("gateway.platforms.api_server.port", Keep::Scalar),
    ("gateway.respawn_storm.*", Keep::Number),
    ("gateway.restart_loop_guard.*", Keep::Number),
    ("gateway.standalone", Keep::Scalar),
    ("gateway.systemd_watchdog_seconds", Keep::Scalar),
    ("logging.*", Keep::Number),
    ("multiplex_profiles", Keep::Scalar),
    ("platforms.*.enabled", Keep::Scalar),
    ("platforms.api_server.extra.host", Keep::Scalar),
    ("platforms.api_server.extra.port", Keep::Scalar),
    ("platforms.api_server.host", Keep::Scalar),
    ("platforms.api_server.port", Keep::Scalar),
    ("runtime.nofile_soft_limit", Keep::Scalar),
    ("systemd_watchdog_seconds", Keep::Scalar),
    ("timezone", Keep::Scalar),
];

/// The same document without its secrets. Line numbers stay.
///
/// # Errors
/// If `PyYAML` would refuse it, or its redaction cannot be vouched for. Its text must then be withheld.
pub fn text(text: &str, salt: &Salt) -> Result<String, Error> {
    parse(text)?;
    let mut out = Redaction { text, salt, read: 0, out: String::with_capacity(text.len()) };
    let mut place = Place::default();
    let mut shape = Vec::new();
    for event in Events::of(text)? {
        let event = event?;
        shape.push(Shape::of(&event));
        if let Kind::Scalar { .. } = event.kind {
            out.scalar(&event, &place)?;
        }
        place.step(&event.kind);
    }
    out.gap(text.len(), None, &doubt(1, 1))?;
    check(&out.out, &shape)?;
    Ok(out.out)
}

fn doubt(line: usize, column: usize) -> Error {
    Error { line, column, what: DOUBT }
}

/// What two documents have in common that differ in their values only.
#[derive(PartialEq, Eq)]
enum Shape {
    /// A scalar, by its line. A block scalar begins below the line of its mark.
    Scalar(Option<usize>),
    Alias,
    List,
    Map,
    End,
}

impl Shape {
    fn of(event: &Event<'_>) -> Self {
        match event.kind {
            Kind::Scalar { style, .. } => {
                Self::Scalar(Some(event.line).filter(|_| !is_block(style)))
            }
            Kind::Alias(_) => Self::Alias,
            Kind::List { .. } => Self::List,
            Kind::Map { .. } => Self::Map,
            Kind::End => Self::End,
        }
    }

    fn fits(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Scalar(None), Self::Scalar(_))) || self == other
    }
}

/// Reads a redacted document again: same shape, and nothing in it that may not be seen.
fn check(text: &str, shape: &[Shape]) -> Result<(), Error> {
    parse(text)?;
    let mut place = Place::default();
    let mut read = 0;
    let mut expected = shape.iter();
    for event in Events::of(text)? {
        let event = event?;
        let is_harmless = match &event.kind {
            Kind::Scalar { text: value, .. } if is_mark(value) => true,
            Kind::Scalar { .. } => {
                place.keeps(&event, text.get(event.span.clone()).unwrap_or_default())
            }
            _ => true,
        };
        let fits = expected.next().is_some_and(|expected| expected.fits(&Shape::of(&event)));
        if !is_harmless || !fits || !is_bare(text, read, event.span.start.max(read)) {
            return Err(doubt(event.line, event.column));
        }
        if let Kind::Scalar { .. } = event.kind {
            read = read.max(event.span.end);
        }
        place.step(&event.kind);
    }
    let ends_well = expected.next().is_none() && is_bare(text, read, text.len());
    if ends_well { Ok(()) } else { Err(doubt(1, 1)) }
}

/// Whether nothing is between two scalars but indicators, names of anchors, and empty comments.
fn is_bare(text: &str, start: usize, end: usize) -> bool {
    gap(text, start..end).all(|(piece, span)| {
        let written = text.get(span).unwrap_or_default();
        match piece {
            Piece::Blank | Piece::Indicator => true,
            Piece::Comment => written == "#",
            Piece::Anchor | Piece::Alias => written.get(1..).is_some_and(is_name),
            Piece::Tag | Piece::Header | Piece::Directive | Piece::Other => false,
        }
    })
}

/// Where in the document a walk is.
#[derive(Default)]
struct Place {
    open: Vec<Level>,
}

enum Level {
    List,
    /// A mapping, with the key whose value is next.
    Map(Option<String>),
}

impl Place {
    fn step(&mut self, kind: &Kind<'_>) {
        match kind {
            // A list or mapping takes its key with it when it ends.
            Kind::List { .. } => self.open.push(Level::List),
            Kind::Map { .. } => self.open.push(Level::Map(None)),
            Kind::End => {
                self.open.pop();
                self.complete(String::new());
            }
            Kind::Scalar { text, .. } => self.complete(text.to_string()),
            Kind::Alias(_) => self.complete(String::new()),
        }
    }

    fn complete(&mut self, text: String) {
        if let Some(Level::Map(key)) = self.open.last_mut() {
            *key = if key.is_none() { Some(text) } else { None };
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|level| match level {
            Level::Map(Some(key)) => key.as_str(),
            // No pattern has such a key.
            Level::Map(None) | Level::List => "[]",
        })
    }

    fn keep(&self) -> Option<Keep> {
        let fits = |pattern: &str| {
            let mut parts = pattern.split('.');
            self.keys().all(|key| parts.next().is_some_and(|part| is_named(part, key)))
                && parts.next().is_none()
        };
        // Several patterns may fit: the most liberal counts.
        let found = CLEAR.iter().filter(|(pattern, _)| fits(pattern)).map(|(_, keep)| *keep);
        found.reduce(|one, other| if other == Keep::Scalar { other } else { one })
    }

    /// Whether a scalar may stay as it is written.
    fn keeps(&self, event: &Event<'_>, written: &str) -> bool {
        let Kind::Scalar { text, style, tag, .. } = &event.kind else { return true };
        if tag.is_some() || is_block(*style) || written.contains(['\n', '\r']) {
            return false;
        }
        let is_plain = *style == ScalarStyle::Plain;
        if event.is_key {
            return is_key_clear(text, is_plain);
        }
        if is_plain && is_null(text) {
            return true;
        }
        let keep = self.keep();
        let is_at_clear_path = keep == Some(Keep::Scalar) && text.len() <= 256 && is_clean(text);
        let is_clear_number = keep.is_some() && is_plain && is_number(text);
        let is_clear_boolean = || is_plain && is_boolean(text) && !self.keys().any(names_a_secret);
        is_at_clear_path || is_clear_number || is_clear_boolean()
    }
}

/// True if a part of a pattern stands for a key. Hermes compares the names of platforms in lower case.
fn is_named(part: &str, key: &str) -> bool {
    part == "*" || part == key || part == "api_server" && pytext::lowered(key) == part
}

/// Whether a key may be seen. A long number is more likely the id of a chat than a setting.
fn is_key_clear(key: &str, is_plain: bool) -> bool {
    let is_long_number =
        key.len() > 5 && key.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    (is_plain && (key == "<<" || is_null(key)))
        || (key.len() <= 64
            && !is_long_number
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' '))
            && is_clean(key))
}

struct Redaction<'a> {
    text: &'a str,
    salt: &'a Salt,
    /// How far the text is copied.
    read: usize,
    out: String,
}

impl Redaction<'_> {
    fn scalar(&mut self, event: &Event<'_>, place: &Place) -> Result<(), Error> {
        let Kind::Scalar { text, style, tag, .. } = &event.kind else { return Ok(()) };
        let written = self.text.get(event.span.clone()).unwrap_or_default();
        let mark = format!("\"{}\"", marked(text, self.salt));
        let header = is_block(*style).then_some(mark.as_str());
        self.gap(event.span.start, header, &doubt(event.line, event.column))?;
        self.read = self.read.max(event.span.end);
        let is_missing = written.is_empty() && tag.is_none();
        // A null that is not written has no place for a mark.
        if header.is_none() && (is_missing || place.keeps(event, written)) {
            self.out.push_str(written);
            return Ok(());
        }
        if header.is_none() {
            self.out.push_str(&mark);
        }
        // Later lines keep their numbers, and what follows on the last one its indentation.
        self.out.extend(written.chars().filter(|c| matches!(c, '\n' | '\r')));
        if let Some((_, last)) = written.rsplit_once('\n') {
            self.out.extend(last.chars().take_while(|c| *c == ' '));
        }
        Ok(())
    }

    /// Copies what stands before a scalar. The header of a block scalar becomes the scalar's mark.
    fn gap(&mut self, end: usize, mut mark: Option<&str>, doubt: &Error) -> Result<(), Error> {
        for (piece, span) in gap(self.text, self.read..end.max(self.read)) {
            let written = self.text.get(span).unwrap_or_default();
            match piece {
                Piece::Blank | Piece::Indicator | Piece::Anchor | Piece::Alias => {
                    self.out.push_str(written);
                }
                Piece::Comment | Piece::Directive => self.out.push('#'),
                Piece::Tag => {}
                Piece::Header => self.out.push_str(mark.take().ok_or(*doubt)?),
                Piece::Other => return Err(*doubt),
            }
        }
        self.read = end.max(self.read);
        if mark.is_some() { Err(*doubt) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
