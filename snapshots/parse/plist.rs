//! Property lists, XML and binary: the few keys that make a service, each with its line in XML.
//!
//! What launchd would refuse is an error or a problem here, never a guess. The depth and the size are
//! bounded before anything is built, for a list can be nested deeper than any stack.

use std::collections::BTreeMap;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plist::{Dictionary, Value};
use thiserror::Error;

use crate::redact::{Mark, Salt};
use outline::{Key, Outline};

mod outline;

/// A property list whose top is a dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Plist {
    top: Dictionary,
    /// The keys of each dictionary as they stand in the text. None for a binary list.
    keys: Vec<Key>,
}

/// Why a text is no property list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlistError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is larger than any definition.
    #[error("it is larger than any service definition ({0} bytes)")]
    TooLarge(usize),
    /// It has more arrays and dictionaries than any definition, and may be nested deeper than any stack.
    #[error("it is nested too deep")]
    TooDeep,
    /// It is neither XML nor binary, or is broken.
    #[error("no property list: {0}")]
    Form(String),
    /// Its top is an array or a plain value.
    #[error("a property list whose top is no dictionary")]
    Top,
}

impl Plist {
    /// Reads one.
    ///
    /// # Errors
    /// If launchd would refuse it, or could not be asked to read it with a bounded stack.
    pub fn read(bytes: &[u8]) -> Result<Self, PlistError> {
        let is_binary = bytes.starts_with(b"bplist");
        let limit = if is_binary { LARGEST_BINARY } else { LARGEST_XML };
        if bytes.len() > limit {
            return Err(PlistError::TooLarge(bytes.len()));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(PlistError::Empty);
        }
        let xml = match std::str::from_utf8(bytes) {
            _ if is_binary => None,
            Ok(xml) => Some(xml),
            Err(_) => return Err(PlistError::Form("it is not UTF-8".into())),
        };
        if xml.is_some_and(|xml| lists(xml) > MOST_LISTS) {
            return Err(PlistError::TooDeep);
        }
        // The older text form, which the crate reads and launchd does not.
        if !is_binary
            && !bytes.trim_ascii_start().starts_with(b"<")
            && !bytes.starts_with(b"\xef\xbb\xbf<")
        {
            return Err(PlistError::Form("it is neither XML nor binary".into()));
        }
        // The crate passes over literals.
        let Outline { keys, plain } = xml.map(Outline::read).unwrap_or_default();
        let value =
            Value::from_reader(Cursor::new(if is_binary { bytes } else { plain.as_bytes() }))
                .map_err(|error| PlistError::Form(first_line(&error.to_string())))?;
        match value {
            Value::Dictionary(top) => Ok(Self { top, keys }),
            _ => Err(PlistError::Top),
        }
    }

    /// A text at the top.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.top.get(key)?.as_string()
    }

    /// A truth value at the top.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.top.get(key)?.as_boolean()
    }

    /// A whole number at the top.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.top.get(key)?.as_unsigned_integer()
    }

    /// An array of texts at the top; a text alone counts as one. None where anything in it is no text.
    pub fn texts(&self, key: &str) -> Option<Vec<String>> {
        match self.top.get(key)? {
            Value::Array(items) => {
                items.iter().map(|item| item.as_string().map(String::from)).collect()
            }
            Value::String(text) => Some(vec![text.clone()]),
            _ => None,
        }
    }

    /// The names in a dictionary at the top, each with its value as text.
    pub fn pairs(&self, key: &str) -> Option<Vec<(String, String)>> {
        let inner = self.top.get(key)?.as_dictionary()?;
        Some(inner.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
    }

    /// Every key at the top with its value, the items of an array one by one. The order of a dictionary says nothing,
    /// nor whether a number is written as a real one.
    pub fn values(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.top.iter().map(|(key, value)| match value {
            Value::Array(items) => {
                (key.as_str(), items.iter().map(|item| plain(item, DEEPEST)).collect())
            }
            value => (key.as_str(), vec![plain(value, DEEPEST)]),
        })
    }

    /// Whether there is such a key at the top.
    pub fn has(&self, key: &str) -> bool {
        self.top.contains_key(key)
    }

    /// The keys at the top, each with its value as text: arrays and dictionaries by what is in them.
    pub fn keys(&self) -> impl Iterator<Item = (&str, String)> {
        self.top.iter().map(|(key, value)| (key.as_str(), shown(value)))
    }

    /// The line of a key at the top, 1-based. None in a binary list.
    pub fn line(&self, key: &str) -> Option<usize> {
        self.at_top(key).next()
    }

    /// The line of a second key of this name at the top.
    pub fn second_line(&self, key: &str) -> Option<usize> {
        self.at_top(key).nth(1)
    }

    /// The line of a name within the dictionary of a key at the top.
    pub fn line_in(&self, outer: &str, name: &str) -> Option<usize> {
        self.within(outer, name).next().map(|(_, line)| line)
    }

    /// The line of a second such name within the same dictionary.
    pub fn second_line_in(&self, outer: &str, name: &str) -> Option<usize> {
        let mut all = self.within(outer, name);
        let (dictionary, _) = all.next()?;
        all.find(|(other, _)| *other == dictionary).map(|(_, line)| line)
    }

    /// Keys of launchd's at the top that stand there more than once. Which of them holds is not defined.
    pub fn twice<'a>(&'a self, keys: &'a [&'a str]) -> impl Iterator<Item = (&'a str, usize)> {
        keys.iter().filter_map(|key| Some((*key, self.second_line(key)?)))
    }

    fn at_top(&self, name: &str) -> impl Iterator<Item = usize> {
        let keys = self.keys.iter().filter(|key| key.dictionary == TOP);
        keys.filter(move |key| key.name == name).map(|key| key.line)
    }

    /// The dictionary and the line of each name within dictionaries of this key.
    fn within(&self, outer: &str, name: &str) -> impl Iterator<Item = (usize, usize)> {
        let keys = self.keys.iter().filter(move |key| key.outer.as_deref() == Some(outer));
        keys.filter(move |key| key.name == name).map(|key| (key.dictionary, key.line))
    }
}

/// Whether a content is meant for a property list, binary or XML. A unit begins like neither.
pub fn is_plist(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.starts_with(b"bplist") || text.trim_ascii_start().starts_with(b"<")
}

/// How many arrays and dictionaries an XML list opens, which is as deep as they can be nested. Where one ends is not
/// asked: `</array>` may stand in a comment, and `<array >` and `<x:array>` begin one as well.
fn lists(xml: &str) -> usize {
    let opens = |tag: &&str| {
        let name = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next();
        let local = name.map(|name| name.rsplit_once(':').map_or(name, |(_, local)| local));
        matches!(local, Some("dict" | "array"))
    };
    xml.split('<').filter(opens).count()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        _ => "…".into(),
    }
}

/// A value as text: the same for two values that are the same to launchd, so many levels down.
fn plain(value: &Value, levels: usize) -> String {
    let Some(levels) = levels.checked_sub(1) else { return "…".into() };
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Dictionary(inner) => {
            let sorted: BTreeMap<&String, &Value> = inner.iter().collect();
            let pair = |(key, value)| format!("{key}: {}", plain(value, levels));
            format!("{{{}}}", list(sorted.into_iter().map(pair).collect()))
        }
        Value::Array(items) => {
            format!("[{}]", list(items.iter().map(|item| plain(item, levels)).collect()))
        }
        // Nothing that is no text is ever shown: it has no name by which to judge it.
        Value::Data(bytes) => Mark::of(&STANDARD.encode(bytes), &Salt(Vec::new())).to_string(),
        Value::Date(date) => date.to_xml_format(),
        value => shown(value),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().into()
}

/// In bytes. What Hermes writes has 3 KB, most of it a PATH.
const LARGEST_XML: usize = 256 << 10;
/// In bytes. A binary list can nest once in each six of them.
const LARGEST_BINARY: usize = 32 << 10;
/// What Hermes writes has four.
const MOST_LISTS: usize = 2_000;
/// The number of the dictionary at the top.
const TOP: usize = 0;
/// launchd's own keys are nested four deep.
const DEEPEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n    <key>Label</key>\n    <string>ai.hermes.gateway</string>\n    <key>EnvironmentVariables</key>\n    <dict>\n        <key>HERMES_HOME</key>\n        <string>/Users/a/.hermes</string>\n    </dict>\n    <key>KeepAlive</key>\n    <true/>\n    <key>ExitTimeOut</key>\n    <integer>25</integer>\n</dict>\n</plist>\n";

    #[test]
    fn keys_are_read_with_their_lines() {
        let plist = Plist::read(XML.as_bytes()).expect("a list");
        assert_eq!(plist.text("Label"), Some("ai.hermes.gateway"));
        assert_eq!(plist.line("Label"), Some(5));
        assert_eq!(plist.line_in("EnvironmentVariables", "HERMES_HOME"), Some(9));
        assert_eq!((plist.truth("KeepAlive"), plist.number("ExitTimeOut")), (Some(true), Some(25)));
    }

    #[test]
    fn a_binary_list_reads_the_same_without_lines() {
        let mut bytes = Vec::new();
        let value = Value::from_reader(Cursor::new(XML.as_bytes())).expect("a list");
        value.to_writer_binary(&mut bytes).expect("bytes");
        let plist = Plist::read(&bytes).expect("a list");
        assert_eq!(plist.text("Label"), Some("ai.hermes.gateway"));
        assert_eq!(plist.line("Label"), None);
    }

    #[test]
    fn what_is_no_list_says_why() {
        let of = |bytes: &[u8]| Plist::read(bytes).expect_err("no list");
        assert_eq!(of(b" \n"), PlistError::Empty);
        assert_eq!(of(b"<plist><array/></plist>"), PlistError::Top);
        assert_eq!(of(&vec![b'x'; LARGEST_XML + 1]), PlistError::TooLarge(LARGEST_XML + 1));
        for (opens, closes) in [
            ("<array>", ""),
            ("<array >", "</array >"),
            ("<array\tx='>'>", "</array>"),
            ("<x:dict>", "</x:dict>"),
            ("<array><!--</array>-->", "</array>"),
        ] {
            let (opens, closes) = (opens.repeat(8_000), closes.repeat(8_000));
            let deep = ["<plist>", &opens, &closes, "</plist>"].concat();
            assert_eq!(of(deep.as_bytes()), PlistError::TooDeep);
        }
        assert!(matches!(of(b"<plist>\xff</plist>"), PlistError::Form(_)));
        assert!(matches!(of(&XML.as_bytes()[..300]), PlistError::Form(_)));
        assert!(matches!(of(b"[Service]\nExecStart=x\n"), PlistError::Form(_)));
        // A PATH with a bare ampersand, as Hermes up to 0.20 writes it.
        let bare = XML.replace("/Users/a/.hermes", "/a&b/c");
        assert!(
            matches!(of(bare.as_bytes()), PlistError::Form(_)),
            "{:?}",
            Plist::read(bare.as_bytes())
        );
    }

    #[test]
    fn a_binary_list_that_is_nested_deep_is_read_to_a_bounded_depth() {
        let nested = (0..1_000).fold(Value::Boolean(true), |inner, _| Value::Array(vec![inner]));
        let top = Value::Dictionary([("KeepAlive".to_string(), nested)].into_iter().collect());
        let mut bytes = Vec::new();
        top.to_writer_binary(&mut bytes).expect("bytes");
        let plist = Plist::read(&bytes).expect("a list");
        let values: Vec<_> = plist.values().collect();
        assert!(values[0].1[0].len() < 4 * DEEPEST, "{values:?}");
    }

    #[test]
    fn a_key_that_stands_twice_is_found() {
        let twice = XML.replace(
            "<key>ExitTimeOut</key>\n    <integer>25</integer>",
            "<key>KeepAlive</key>\n    <false/>",
        );
        let plist = Plist::read(twice.as_bytes()).expect("a list");
        assert_eq!(plist.twice(&["Label", "KeepAlive"]).collect::<Vec<_>>(), [("KeepAlive", 14)]);
    }

    /// A key is one of its own dictionary, and nothing else is one.
    #[test]
    fn a_key_stands_twice_only_where_one_dictionary_has_it_twice() {
        let variable = |text: &str| XML.replace("<key>HERMES_HOME</key>", text);
        let before = |text: &str| XML.replace("<key>KeepAlive</key>", text);
        for (xml, line, second) in [
            (before("<!-- <key>KeepAlive</key> -->\n<key>KeepAlive</key>"), Some(13), None),
            (
                before("<!--\n<key>KeepAlive</key>\n<true/>\n-->\n<key>KeepAlive</key>"),
                Some(16),
                None,
            ),
            (before("<!-- > --><key>KeepAlive</key>"), Some(12), None),
            (before("<?x <key>KeepAlive</key>?><key>KeepAlive</key>"), Some(12), None),
            (
                before(
                    "<key>A</key><string><![CDATA[<key>KeepAlive</key>]]></string><key>KeepAlive</key>",
                ),
                Some(12),
                None,
            ),
            (
                before(
                    "<key>A</key><string>&lt;key>KeepAlive&lt;/key></string><key>KeepAlive</key>",
                ),
                Some(12),
                None,
            ),
            (
                variable("<key>KeepAlive</key><string>x</string><key>HERMES_HOME</key>"),
                Some(12),
                None,
            ),
            (
                before(
                    "<key>A</key><array><dict><key>KeepAlive</key><true/></dict></array><key>KeepAlive</key>",
                ),
                Some(12),
                None,
            ),
            (before("<key>A</key><dict/><key>KeepAlive</key>"), Some(12), None),
            (before("<key>KeepAlive</key><false/><key >KeepAlive</key >"), Some(12), Some(12)),
            (
                before("<key>Keep<!-- -->Alive</key><false/>\n<key><![CDATA[KeepAlive]]></key>"),
                Some(12),
                Some(13),
            ),
            (before("<key>&#75;eepAlive</key><false/>\n<key>KeepAlive</key>"), Some(12), Some(13)),
        ] {
            let plist = Plist::read(xml.as_bytes()).expect(&xml);
            assert_eq!(
                (plist.line("KeepAlive"), plist.second_line("KeepAlive")),
                (line, second),
                "{xml}"
            );
            assert_eq!(plist.truth("KeepAlive"), Some(true), "{xml}");
        }
        let limits = before(
            "<key>HardResourceLimits</key><dict><key>NumberOfFiles</key><integer>2</integer></dict>\n\
             <key>SoftResourceLimits</key>\n<dict><key>NumberOfFiles</key><integer>1</integer></dict>\n<key>KeepAlive</key>",
        );
        let plist = Plist::read(limits.as_bytes()).expect("a list");
        assert_eq!(plist.line("NumberOfFiles"), None);
        assert_eq!(plist.line_in("HardResourceLimits", "NumberOfFiles"), Some(12));
        assert_eq!(plist.line_in("SoftResourceLimits", "NumberOfFiles"), Some(14));
        assert_eq!(plist.second_line_in("HardResourceLimits", "NumberOfFiles"), None);
        let twice = limits.replace(
            "<integer>2</integer>",
            "<integer>2</integer><key>NumberOfFiles</key><integer>3</integer>",
        );
        let plist = Plist::read(twice.as_bytes()).expect("a list");
        assert_eq!(plist.second_line_in("HardResourceLimits", "NumberOfFiles"), Some(12));
        assert_eq!(plist.second_line_in("SoftResourceLimits", "NumberOfFiles"), None);
    }

    #[test]
    fn a_literal_is_text() {
        let home = "<string>/Users/a/.hermes</string>";
        for written in [
            "<string><![CDATA[/Users/a/.hermes]]></string>",
            "<string>/Users<![CDATA[/a/]]>.hermes</string>",
            "<string><!-- <![CDATA[ -->/Users/a/.hermes</string>",
            "<string><![CDATA[/Users/a/]]><![CDATA[.hermes]]></string>",
        ] {
            let plist = Plist::read(XML.replace(home, written).as_bytes()).expect(written);
            let pairs = plist.pairs("EnvironmentVariables").expect(written);
            assert_eq!(
                pairs,
                [("HERMES_HOME".to_string(), "/Users/a/.hermes".to_string())],
                "{written}"
            );
        }
        let odd = XML.replace(home, "<string><![CDATA[<a> & </string> &amp;]]></string>");
        let plist = Plist::read(odd.as_bytes()).expect("a list");
        let pairs = plist.pairs("EnvironmentVariables").expect("variables");
        assert_eq!(pairs, [("HERMES_HOME".to_string(), "<a> & </string> &amp;".to_string())]);
    }

    proptest! {
        /// The keys that are counted are those of the tree, whatever comments and literals stand between them.
        #[test]
        fn the_keys_are_those_of_the_tree(names in prop::collection::vec("[A-Za-z<>&]{1,6}", 0..6), inner in prop::collection::vec("[A-Z]{1,3}", 0..4), how in prop::collection::vec(0_usize..5, 6)) {
            let key = |name: &str, how: usize| match how {
                0 => format!("<key>{}</key>", name.replace('&', "&amp;").replace('<', "&lt;")),
                1 => format!("<key><![CDATA[{name}]]></key>"),
                2 => format!("<!-- <key>x</key> --><key >{}</key>", name.replace('&', "&#38;").replace('<', "&#x3c;")),
                3 => format!("\n<key><!--y-->{}</key>\n", name.replace('&', "&amp;").replace('<', "&lt;")),
                _ => format!("<key>{}<![CDATA[]]></key>", name.replace('&', "&amp;").replace('<', "&lt;")),
            };
            let pairs: Vec<String> = inner.iter().map(|name| format!("<key>{name}</key><true/>")).collect();
            let pairs = pairs.concat();
            let top: Vec<String> = names.iter().zip(&how).map(|(name, how)| format!("{}<dict>{pairs}</dict>", key(name, *how))).collect();
            let top = top.concat();
            let plist = Plist::read(format!("<plist><dict>{top}</dict></plist>").as_bytes()).expect("a list");
            for name in names.iter().chain(["x".to_string()].iter()) {
                let count = names.iter().filter(|other| *other == name).count();
                prop_assert_eq!(plist.at_top(name).count(), count);
                prop_assert_eq!(plist.has(name), count > 0);
                let found = plist.within(name, "A").count();
                prop_assert_eq!(found, count * inner.iter().filter(|inner| *inner == "A").count());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..900) {
            let _ = Plist::read(&bytes);
            let _ = Plist::read(&[b"bplist00".as_slice(), &bytes].concat());
            let _ = Plist::read(XML.as_bytes().get(..cut).unwrap_or_default());
        }
    }
}
