//! What the installed code can write as a service definition, as its own source text tells: the measure for a
//! definition of which no table knows the release, and for every one before it is called edited by hand.
//!
//! What stands in a snapshot is no source text but what [`crate::generator`] made of it: each directive or key with its
//! values, in which a mark stands for what depends on the machine.

use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::facts::generation::Form;
use crate::facts::home::join;
use crate::facts::shape::{self, Entry};
use crate::generator::{self, Document, Generators, Kind, Load, Setting, Wanted, When};
use crate::host::{Host, Part};
use crate::parse::exec::{Escapes, split};
use crate::parse::plist::Plist;
use crate::parse::unit::{Effective, Unit};
use crate::redact::Salt;
use crate::redact::generator as redacted;
use crate::redact::shape::{holds_a_mark, is_mark};

/// What the installed code can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    user_unit: Option<Writing>,
    system_unit: Option<Writing>,
    plist: Option<Writing>,
}

/// What one generator can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writing {
    /// The entries that it can write.
    pub(super) entries: Vec<Written>,
    /// True if it may write any other entry as well.
    pub(super) is_open: bool,
    /// What stands before a blank in the names of the entries of which it may write any: `Environment`, `ExecStart`.
    pub(super) open: Vec<String>,
}

/// An entry that a generator can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// The entry, as [`Entry::name`].
    pub(super) name: String,
    /// Its value in one spelling. None: any.
    pub(super) value: Option<String>,
    /// When it is written.
    pub(super) when: When,
}

/// The file that bears the name of the answer, whichever file the generators are in.
pub const FILE: &str = "hermes_cli/gateway.py";

/// Returns the path by which a host is asked for what the code in a directory writes.
pub fn path(code: &str) -> String {
    join(code, FILE)
}

impl Reference {
    /// Reads what a host says of the code in a directory.
    pub fn of(code: &str, host: &dyn Host) -> Fact<Self> {
        let file = host.file(&path(code), Part::Generators);
        let read = |text: &str| Evidence::read(text).map(|evidence| evidence.reference());
        file.content().parse(read)
    }

    /// Returns what it can write in this form. None where that cannot be told.
    pub fn writing(&self, form: Form) -> Option<&Writing> {
        match form {
            Form::UserUnit => self.user_unit.as_ref(),
            Form::SystemUnit => self.system_unit.as_ref(),
            Form::Plist => self.plist.as_ref(),
        }
    }
}

/// What a writing says of an entry of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It can write it so.
    Writes,
    /// It can write it, and with what value cannot be told.
    WritesSome,
    /// It cannot write it so.
    No,
    /// It cannot be told.
    Unclear,
}

impl Writing {
    /// Returns whether it can write this entry.
    pub fn answers(&self, entry: &Entry) -> Answer {
        let mut named = self.entries.iter().filter(|written| written.name == entry.name).peekable();
        let is_named = named.peek().is_some();
        let mut answer = Answer::No;
        for written in named {
            match &written.value {
                Some(value) if fits(value, &entry.value) => return Answer::Writes,
                Some(_) => {}
                None => answer = Answer::WritesSome,
            }
        }
        if answer == Answer::No && !is_named && self.may_write(&entry.name) {
            return Answer::Unclear;
        }
        answer
    }

    /// True if it may write an entry of this name that it does not tell of.
    pub(super) fn may_write(&self, name: &str) -> bool {
        let first = name.split_once(' ').map(|(first, _)| first);
        self.is_open || first.is_some_and(|first| self.open.iter().any(|open| open == first))
    }
}

/// True if a value is the one that is written, in which a mark may stand for any part.
pub(super) fn fits(written: &str, value: &str) -> bool {
    let mut parts = written.split(redacted::ANY);
    let Some(rest) = parts.next().and_then(|first| value.strip_prefix(first)) else { return false };
    let mut rest = Some(rest);
    let mut last = None;
    for part in parts {
        if let Some(part) = last {
            rest = rest.and_then(|rest: &str| rest.split_once(part).map(|(_, after)| after));
        }
        last = Some(part);
    }
    match last {
        Some(last) => rest.is_some_and(|rest| rest.ends_with(last)),
        None => rest == Some(""),
    }
}

/// What stands in a snapshot of the generators of the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Evidence {
    /// The files that were read.
    from: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_unit: Option<Told>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system_unit: Option<Told>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plist: Option<Told>,
}

/// What stands in a snapshot of one generator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// Whether it may write other things as well.
    open: bool,
    /// What it writes.
    writes: Vec<Setting>,
}

/// Reads the generators of the code through `load`, and returns what a snapshot may hold of them. None where nothing of
/// them can be told.
pub fn evidence(load: &mut Load<'_>, wanted: Wanted, salt: &Salt) -> Option<String> {
    let Generators { user_unit, system_unit, plist, files } = generator::read(load, wanted);
    if user_unit.is_none() && system_unit.is_none() && plist.is_none() {
        return None;
    }
    let of_unit = |document: Option<Document>| document.map(|found| Told::of(found, false, salt));
    let evidence = Evidence {
        from: files.iter().map(|file| redacted::file(file, salt)).collect(),
        user_unit: of_unit(user_unit),
        system_unit: of_unit(system_unit),
        plist: plist.map(|found| Told::of(found, true, salt)),
    };
    serde_json::to_string(&evidence).ok()
}

impl Told {
    /// Takes the secrets out of what a generator writes, and leaves out what says the same as something before it.
    fn of(document: Document, is_plist: bool, salt: &Salt) -> Self {
        let mut told = Self { open: document.is_open, writes: Vec::new() };
        let paths: Vec<Vec<String>> =
            document.settings.iter().map(|setting| setting.path.clone()).collect();
        let mut known: Vec<(Vec<String>, Vec<Meaning>)> = Vec::new();
        for setting in document.settings {
            let path = setting.path.clone();
            let Some(setting) = redacted::setting(setting, is_plist, salt) else {
                // Something is written whose name nobody may see.
                told.open = true;
                continue;
            };
            // Only what stands several times can say the same.
            if paths.iter().filter(|other| **other == path).count() > 1 {
                let meaning = (path, meanings(&setting, is_plist));
                if known.contains(&meaning) {
                    continue;
                }
                known.push(meaning);
            }
            told.writes.push(setting);
        }
        told
    }

    fn writing(&self, is_plist: bool) -> Writing {
        let mut writing = Writing { is_open: self.open, ..Writing::default() };
        let all: Vec<(&Setting, Vec<Meaning>)> =
            self.writes.iter().map(|setting| (setting, meanings(setting, is_plist))).collect();
        for (setting, meanings) in &all {
            for meaning in meanings {
                let Meaning::Value(name, value) = meaning else {
                    writing.open.extend(meaning.open());
                    continue;
                };
                // A flag is there in any case only if each of several commands has it.
                let mut others = all.iter().filter(|(other, _)| other.path == setting.path);
                let is_in_all = others.all(|(_, other)| other.contains(meaning));
                let when = if is_flag(name) && !is_in_all { When::Sometimes } else { setting.when };
                let written = Written { name: name.clone(), value: value.clone(), when };
                let is_it = |known: &&mut Written| {
                    known.name == written.name && known.value == written.value
                };
                match writing.entries.iter_mut().find(is_it) {
                    Some(known) => known.when = known.when.max(written.when),
                    None => writing.entries.push(written),
                }
            }
        }
        writing
    }
}

impl Evidence {
    fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn reference(&self) -> Reference {
        Reference {
            user_unit: self.user_unit.as_ref().map(|told| told.writing(false)),
            system_unit: self.system_unit.as_ref().map(|told| told.writing(false)),
            plist: self.plist.as_ref().map(|told| told.writing(true)),
        }
    }
}

/// What a setting means for a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// An entry with its value. None: any.
    Value(String, Option<String>),
    /// Any entry whose name begins so.
    Open(String),
}

impl Meaning {
    fn open(&self) -> Option<String> {
        match self {
            Self::Open(first) => Some(first.clone()),
            Self::Value(..) => None,
        }
    }
}

/// True for an entry that is a flag or another argument of a command.
fn is_flag(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(_, flag)| flag.starts_with('-') || flag == "argument")
}

/// Returns the entries that a setting makes.
fn meanings(setting: &Setting, is_plist: bool) -> Vec<Meaning> {
    let key = setting.path.last().map(String::as_str).unwrap_or_default();
    let first = setting.path.first().map(String::as_str).unwrap_or_default();
    let is_command = if is_plist { key == "ProgramArguments" } else { shape::is_command(key) };
    match setting.path.as_slice() {
        [_, environment] if !is_plist && environment == "Environment" => {
            vec![Meaning::Open(environment.clone())]
        }
        [_, environment, name] if !is_plist => {
            vec![Meaning::Value(format!("{environment} {name}"), None)]
        }
        // The pairs of a dictionary that counts as a whole.
        [_, _] if is_plist && !generator::is_told_one_by_one(&setting.path) => Vec::new(),
        [outer, name] if is_plist && outer == "EnvironmentVariables" => {
            vec![Meaning::Value(format!("{outer} {name}"), None)]
        }
        _ if is_command => command(setting, key, is_plist),
        _ => value(setting, if is_plist { first } else { key }, is_plist),
    }
}

/// Returns the entries that a setting makes which is no command.
fn value(setting: &Setting, key: &str, is_plist: bool) -> Vec<Meaning> {
    let is_unknown = setting.value.iter().any(|value| value.contains(redacted::ANY));
    let is_marked = setting.value.iter().any(|value| holds_a_mark(value));
    // What is not known stands for two values. What is the same with both is the same with any.
    let (one, other) = (filled(setting, "1", is_plist), filled(setting, "2", is_plist));
    one.iter()
        .zip(&other)
        .map(|(entry, other)| {
            let is_of_machine = matches!(entry.name.as_str(), "WorkingDirectory");
            let value = match () {
                () if is_marked || (is_unknown && is_of_machine) => None,
                () if entry.value == other.value => Some(entry.value.clone()),
                // Of a word part may be known.
                () if shape::is_list(key) => {
                    let words = setting.value.iter().flat_map(|value| value.split_whitespace());
                    let mut words = words.filter(|word| {
                        word.replace(redacted::ANY, "1") == entry.value
                            && word.replace(redacted::ANY, "2") == other.value
                    });
                    words.next().filter(|word| *word != redacted::ANY).map(String::from)
                }
                () => None,
            };
            Meaning::Value(entry.name.clone(), value)
        })
        .collect()
}

/// Returns the entries that a command makes: its form, with the program that a placeholder stands for, and its flags.
fn command(setting: &Setting, key: &str, is_plist: bool) -> Vec<Meaning> {
    let mut all: Vec<Meaning> = Vec::new();
    let mut add = |meaning: Meaning| {
        if !all.contains(&meaning) {
            all.push(meaning);
        }
    };
    let words: Vec<String> = if is_plist {
        setting.value.clone()
    } else {
        let line = setting.value.first().map(String::as_str).unwrap_or_default();
        split(line, Escapes::Relaxed).map_while(Result::ok).map(|word| word.text).collect()
    };
    let is_unknown = setting.value.iter().any(|value| value.contains(redacted::ANY));
    // A word that is not known, and not the value of an option before it, may be any flag.
    let mut before = "";
    let mut has_free_word = false;
    for word in words.iter().skip(1) {
        has_free_word |= (word == redacted::ANY || is_mark(word)) && !before.starts_with('-');
        before = word;
    }
    let mut is_known = false;
    for program in if is_unknown { PROGRAMS } else { &[""] } {
        let entries = filled(setting, program, is_plist);
        let form = entries.iter().find(|entry| entry.name == key);
        let is_of_hermes = form.is_some_and(|form| !form.value.ends_with("another command"));
        if is_of_hermes || !is_unknown {
            is_known = true;
            for entry in entries {
                add(Meaning::Value(entry.name, Some(entry.value)));
            }
            break;
        }
    }
    if !is_known {
        add(Meaning::Value(key.into(), None));
    }
    if !is_known || has_free_word {
        add(Meaning::Open(key.into()));
    }
    all
}

/// Returns the entries of a setting with this text in the place of all that is not known.
fn filled(setting: &Setting, text: &str, is_plist: bool) -> Vec<Entry> {
    let fill = |value: &String| value.replace(redacted::ANY, text);
    if !is_plist {
        let [section, key, ..] = setting.path.as_slice() else { return Vec::new() };
        let value = setting.value.first().map(fill).unwrap_or_default();
        let unit = Unit::parse(&format!("[{section}]\n{key}={value}\n"));
        return shape::of_unit(&Effective::of(("", &unit), &[]));
    }
    let string = |value: &String| format!("<string>{}</string>", escaped(&fill(value)));
    let pair = |pair: &String| {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        format!("<key>{}</key>{}", escaped(name), string(&value.into()))
    };
    let all = |make: &dyn Fn(&String) -> String| setting.value.iter().map(make).collect::<String>();
    let mut xml = match setting.kind {
        Kind::Plain => all(&string),
        Kind::Array => format!("<array>{}</array>", all(&string)),
        Kind::Pairs => format!("<dict>{}</dict>", all(&pair)),
    };
    for key in setting.path.iter().rev() {
        xml = format!("<dict><key>{}</key>{xml}</dict>", escaped(key));
    }
    let plist = Plist::read(format!("<plist>{xml}</plist>").as_bytes());
    let mut entries = plist.as_ref().map(shape::of_plist).unwrap_or_default();
    // What launchd takes by default is not written.
    let key = setting.path.first().map(String::as_str).unwrap_or_default();
    entries.retain(|entry| entry.name.split(' ').next() == Some(key));
    entries
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What may stand in the place of a program: Hermes's launcher, or a Python.
const PROGRAMS: &[&str] = &["/x/bin/python", "/x/bin/hermes"];
