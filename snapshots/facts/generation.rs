//! Which release of Hermes writes which definition, and in what a definition differs from that.
//!
//! The shapes are those of recorded definitions, up to 0.22.2. A release between two that are recorded and differ may
//! write like either: nothing in which they differ is held against a definition of it. Of 0.23 the generator is known
//! to be the same, as far as it was seen. What a difference is worth is not said here.

use std::sync::LazyLock;

use crate::facts::reference::{Writing, fits};
use crate::facts::release::Version;
use crate::facts::shape::{self, Entry};
use crate::generator::When;
use crate::parse::plist::Plist;
use crate::parse::unit::{Effective, Unit};

/// Which of the definitions that Hermes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For the manager of a user.
    UserUnit,
    /// For the system manager, to run as a user.
    SystemUnit,
    /// For launchd.
    Plist,
}

/// Releases that write the same definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Which definition.
    pub form: Form,
    /// The first release of it.
    pub first: &'static [u32],
    /// The last release of it.
    pub last: &'static [u32],
    /// Its releases, for people.
    pub releases: &'static str,
    /// True if definitions of these releases are recorded.
    pub recorded: bool,
    shape: Vec<Expected>,
    /// What may be written that the shape does not tell.
    untold: Untold,
}

/// What a shape does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Untold {
    /// True if any entry may be written.
    all: bool,
    /// The first words of the names of which any entry may be written.
    names: Vec<String>,
    /// True if it is not known how the limit of a stop is reckoned.
    limit: bool,
}

/// An entry that a release writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    name: String,
    /// The values that it may have. None: any.
    values: Option<Vec<String>>,
    /// Whether it may be missing.
    optional: bool,
    /// What of it is certain.
    certain: Certain,
}

/// What is certain of an entry that a release or the installed code writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certain {
    /// That it is written, and with which value.
    All,
    /// That it is written. The value is that of the table, and the code may write another one.
    Name,
    /// Nothing: the table has it, and the code may write something else.
    Nothing,
}

/// One thing in which a definition differs from what a release writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The entry, as [`Entry::name`].
    pub name: String,
    /// How it differs.
    pub how: How,
    /// The value that is installed, in one spelling. None where there is none.
    pub installed: Option<String>,
    /// The value that the release would write. None where it would write none.
    pub written: Option<String>,
    /// The line of the installed one.
    pub line: Option<usize>,
}

/// How an entry differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The release writes it, and it is not there.
    Lacking,
    /// It is there, and the release does not write it.
    Extra,
    /// It has another value.
    Other,
    /// It stands twice.
    Twice,
    /// It cannot be told whether it differs: what the installed code writes is not all known.
    Unclear,
}

impl Generation {
    /// Returns what the release of this version writes. A checkout that is ahead of its release may write like any later
    /// one. None where it is not known: after 0.23.
    pub fn of(form: Form, version: &Version) -> Option<&'static Self> {
        let (known, ahead) = (Self::known(form), Self::ahead(form));
        let at = known.iter().rposition(|generation| version.is_from(generation.first))?;
        let found = if version.checkout().is_some() { ahead.get(at) } else { known.get(at) };
        found.filter(|found| version.is_until(found.last))
    }

    /// Returns what the installed code writes, as its own text tells. What that leaves open is taken from the table, where
    /// that has recorded the release.
    pub fn of_code(form: Form, code: &Writing, table: Option<&Self>) -> Option<Self> {
        let table = table.filter(|table| table.recorded);
        let mut shape: Vec<Expected> = Vec::new();
        for written in &code.entries {
            let optional = match written.when {
                When::Always => false,
                When::OneOf => shape::is_list(&written.name),
                When::Sometimes => true,
            };
            let values = written.value.clone().map(|value| vec![value]);
            let certain = Certain::All;
            let found = Expected { name: written.name.clone(), values, optional, certain };
            match shape.iter_mut().find(|known| known.is_of(&found)) {
                Some(known) => {
                    // One of several is there in any case.
                    let optional = known.optional && found.optional;
                    known.join(&found);
                    known.optional = optional;
                }
                None => shape.push(found),
            }
        }
        for recorded in table.iter().flat_map(|table| &table.shape) {
            let known = shape.iter_mut().find(|known| known.is_of(recorded));
            match known {
                Some(known) => {
                    if known.values.is_none() && recorded.values.is_some() {
                        (known.values, known.certain) = (recorded.values.clone(), Certain::Name);
                    }
                    known.optional &= recorded.optional;
                }
                None if code.may_write(&recorded.name) => {
                    shape.push(Expected { certain: Certain::Nothing, ..recorded.clone() });
                }
                None => {}
            }
        }
        let limit = table.is_none();
        let untold = Untold { all: code.is_open, names: code.open.clone(), limit };
        let like = table.or_else(|| Self::known(form).last())?;
        let recorded = table.is_some();
        Some(Self { shape, untold, recorded, releases: BY_CODE, ..like.clone() })
    }

    /// True if it may write anything besides what it tells, and no table says what that is. Of one directive of which it may
    /// write any word it is not asked here: such a word in a definition is unclear by itself.
    pub fn is_open(&self) -> bool {
        !self.recorded && self.untold.all
    }

    /// True if it is what the installed code's own text tells, and no table.
    pub fn is_of_code(&self) -> bool {
        self.releases == BY_CODE
    }

    fn known(form: Form) -> &'static [Self] {
        match form {
            Form::UserUnit => &USER_UNITS,
            Form::SystemUnit => &SYSTEM_UNITS,
            Form::Plist => &PLISTS,
        }
    }

    /// Of each known generation, that of a checkout ahead of its releases.
    fn ahead(form: Form) -> &'static [Self] {
        match form {
            Form::UserUnit => &USER_UNITS_AHEAD,
            Form::SystemUnit => &SYSTEM_UNITS_AHEAD,
            Form::Plist => &PLISTS_AHEAD,
        }
    }

    /// The generations of a definition, the oldest first, and at last what no release wrote but a checkout.
    pub fn all(form: Form) -> impl Iterator<Item = &'static Self> {
        let aside = match form {
            Form::UserUnit => &USER_UNITS_ASIDE,
            Form::SystemUnit => &SYSTEM_UNITS_ASIDE,
            Form::Plist => &PLISTS_ASIDE,
        };
        Self::known(form).iter().chain(aside.iter())
    }

    /// True if nothing that these releases write is a difference from the others.
    pub fn is_within(&self, other: &Self) -> bool {
        let is_taken = |expected: &Expected| {
            other.shape.iter().any(|known| known.is_of(expected) && known.takes_all(expected))
        };
        let is_written = |known: &Expected| {
            let mut written = self.shape.iter().filter(|expected| !expected.optional);
            known.optional || written.any(|expected| expected.is_of(known))
        };
        self.shape.iter().all(is_taken) && other.shape.iter().all(is_written)
    }

    /// The generations from which a definition differs in the fewest entries. One that is told counts only where no
    /// recorded one is as near.
    pub fn nearest(form: Form, entries: &[Entry]) -> Vec<&'static Self> {
        let counted: Vec<(usize, &Self)> = Self::all(form)
            .map(|generation| (generation.differences(entries, None).len(), generation))
            .collect();
        let least = counted.iter().map(|(count, _)| *count).min();
        let is_nearest = |(count, _): &(usize, &Self)| Some(*count) == least;
        let mut nearest: Vec<&Self> =
            counted.into_iter().filter(is_nearest).map(|(_, generation)| generation).collect();
        if nearest.iter().any(|near| near.recorded) {
            nearest.retain(|near| near.recorded);
        }
        nearest
    }

    /// In what a definition differs from what these releases write, in the order of its lines, what is
    /// missing last. With the time that a stop waits for what is under way, in seconds, its limit counts too.
    pub fn differences(&self, entries: &[Entry], waits: Option<u64>) -> Vec<Difference> {
        let mut differences: Vec<Difference> = Vec::new();
        let watched = self.is_watched(entries);
        for entry in entries {
            let mut add = |how, written| {
                let is_known = |known: &Difference| known.name == entry.name && known.how == how;
                if how != How::Twice || !differences.iter().any(is_known) {
                    differences.push(Difference {
                        name: entry.name.clone(),
                        how,
                        installed: Some(entry.value.clone()),
                        written,
                        line: entry.line,
                    });
                }
            };
            if entry.again {
                add(How::Twice, None);
            }
            // Of what has one value, the last one holds.
            if !is_last(entry, entries) || (watched && WATCHDOG.contains(&entry.name.as_str())) {
                continue;
            }
            let expected: Vec<&Expected> =
                self.shape.iter().filter(|expected| expected.name == entry.name).collect();
            match expected.as_slice() {
                [one] if entry.name == "TimeoutStopSec" && one.values.is_none() => {
                    if let Some(limit) = waits.and_then(|waits| self.other_limit(entry, waits)) {
                        add(How::Other, Some(limit.to_string()));
                    }
                }
                _ if expected.iter().any(|expected| expected.takes(&entry.value)) => {}
                [one] if !shape::is_list(&entry.name) => {
                    let is_certain = one.certain == Certain::All;
                    add(if is_certain { How::Other } else { How::Unclear }, one.only());
                }
                _ if self.untold.holds(&entry.name) => add(How::Unclear, None),
                _ => add(How::Extra, None),
            }
        }
        differences.extend(self.lacking(entries));
        differences
    }

    /// The limit of a stop that these releases would write, where the entry has one that they never reckon: neither
    /// from this wait, in seconds, nor from that of their default settings.
    fn other_limit(&self, entry: &Entry, waits: u64) -> Option<u64> {
        let default = match self.first {
            first if first < [0, 18].as_slice() => 180,
            first if first < [0, 21].as_slice() => 0,
            _ => CRON_WAIT,
        };
        let reckoned = [waits, default].map(|waits| self.stop_timeout(waits));
        let is_reckoned = reckoned.iter().flatten().any(|limit| limit.to_string() == entry.value);
        self.stop_timeout(waits).filter(|_| !is_reckoned)
    }

    /// Returns `TimeoutStopSec=`, in seconds, which these releases reckon from the time that a stop waits. None for a
    /// plist.
    fn stop_timeout(&self, waits: u64) -> Option<u64> {
        match self.first {
            _ if self.form == Form::Plist || self.untold.limit => None,
            first if first < [0, 19].as_slice() => Some(waits.max(60).saturating_add(30)),
            _ => Some(waits.saturating_add(30).max(60)),
        }
    }

    /// Returns the limit of a stop that these releases write, in seconds, where it is known. `waits`: the wait from which
    /// they reckon that of a unit.
    pub fn limit(&self, waits: Option<u64>) -> Option<u64> {
        let is_limit = |expected: &&Expected| {
            matches!(expected.name.as_str(), "TimeoutStopSec" | "ExitTimeOut")
        };
        let written = self.shape.iter().find(is_limit)?;
        match written.only() {
            Some(value) => value.parse().ok(),
            None => self.stop_timeout(waits?),
        }
    }

    fn lacking(&self, entries: &[Entry]) -> impl Iterator<Item = Difference> {
        let is_there = |expected: &Expected| {
            let is_list = shape::is_list(&expected.name);
            entries.iter().any(|entry| {
                entry.name == expected.name && (!is_list || expected.takes(&entry.value))
            })
        };
        let is_lacking = move |expected: &&Expected| !expected.optional && !is_there(expected);
        self.shape.iter().filter(is_lacking).map(|expected| Difference {
            name: expected.name.clone(),
            how: if expected.certain == Certain::Nothing { How::Unclear } else { How::Lacking },
            installed: None,
            written: expected.only(),
            line: None,
        })
    }

    /// Whether it is a unit with a watchdog, as 0.19 and later write it where the settings ask for one.
    fn is_watched(&self, entries: &[Entry]) -> bool {
        let says = |name: &str, value: Option<&str>| {
            entries
                .iter()
                .any(|entry| entry.name == name && value.is_none_or(|value| entry.value == value))
        };
        self.form != Form::Plist
            && self.first >= WATCHDOG_SINCE
            && says("Type", Some("notify"))
            && says("NotifyAccess", Some("main"))
            && says("WatchdogSec", None)
    }
}

/// Whether the entry holds: of what is no list, the last one does.
fn is_last(entry: &Entry, entries: &[Entry]) -> bool {
    let last = entries.iter().rev().find(|other| other.name == entry.name);
    shape::is_list(&entry.name) || last.is_none_or(|last| std::ptr::eq(last, entry))
}

impl Untold {
    /// True if an entry of this name may be written.
    fn holds(&self, name: &str) -> bool {
        let first = name.split_once(' ').map(|(first, _)| first);
        self.all || first.is_some_and(|first| self.names.iter().any(|name| name == first))
    }
}

impl Expected {
    /// Lets it have what the other may have, too.
    fn join(&mut self, other: &Self) {
        self.optional |= other.optional;
        match (&mut self.values, &other.values) {
            (Some(values), Some(others)) => {
                let more: Vec<String> =
                    others.iter().filter(|other| !values.contains(other)).cloned().collect();
                values.extend(more);
            }
            (values, None) => *values = None,
            (None, Some(_)) => {}
        }
    }

    /// True if both are the same entry: of a list, the same word.
    fn is_of(&self, other: &Self) -> bool {
        self.name == other.name && (!shape::is_list(&self.name) || self.values == other.values)
    }

    /// True if it takes each value that the other may have.
    fn takes_all(&self, other: &Self) -> bool {
        match (&self.values, &other.values) {
            (None, _) => true,
            (Some(known), Some(values)) => values.iter().all(|value| known.contains(value)),
            (Some(_), None) => false,
        }
    }

    fn takes(&self, value: &str) -> bool {
        self.values.as_ref().is_none_or(|values| values.iter().any(|known| fits(known, value)))
    }

    /// The value that is written, if it is known which of several that is.
    fn only(&self) -> Option<String> {
        match self.values.as_deref() {
            Some([value]) => Some(value.clone()),
            _ => None,
        }
    }
}

/// One change of a shape.
enum Step {
    /// It is written, with one of these values.
    Write(&'static str, &'static [&'static str]),
    /// It is written on some machines.
    May(&'static str),
    /// It may have this value, too.
    Or(&'static str, &'static str),
    /// It is not written.
    Drop(&'static str),
}
use Step::{Drop, May, Or, Write};

// A host needs those of its own manager, and mostly of one scope.
static USER_UNITS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::UserUnit));
static SYSTEM_UNITS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::SystemUnit));
static PLISTS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::Plist));
static USER_UNITS_AHEAD: LazyLock<Vec<Generation>> = LazyLock::new(|| ahead(&USER_UNITS));
static SYSTEM_UNITS_AHEAD: LazyLock<Vec<Generation>> = LazyLock::new(|| ahead(&SYSTEM_UNITS));
static PLISTS_AHEAD: LazyLock<Vec<Generation>> = LazyLock::new(|| ahead(&PLISTS));

static USER_UNITS_ASIDE: LazyLock<Option<Generation>> = LazyLock::new(|| aside(&USER_UNITS));
static SYSTEM_UNITS_ASIDE: LazyLock<Option<Generation>> = LazyLock::new(|| aside(&SYSTEM_UNITS));
static PLISTS_ASIDE: LazyLock<Option<Generation>> = LazyLock::new(|| aside(&PLISTS));

fn generations(form: Form) -> Vec<Generation> {
    let mut all: Vec<Generation> = Vec::new();
    let eras = match form {
        Form::UserUnit => USER_UNIT_ERAS,
        Form::SystemUnit => SYSTEM_UNIT_ERAS,
        Form::Plist => PLIST_ERAS,
    };
    for (at, era) in eras.iter().enumerate() {
        let before = all.last().map(|before| before.shape.as_slice()).unwrap_or_default();
        let next = eras.get(at.saturating_add(1)).map(|next| next.shape(form)).unwrap_or_default();
        let mut shape = match &era.source {
            Source::Recorded(..) => era.shape(form),
            Source::Otherwise(steps) => steps.iter().fold(next, take),
            Source::Changed(steps) => steps.iter().fold(before.to_vec(), take),
            Source::Between => either(&[before, &next]),
            Source::AsBefore => before.to_vec(),
        };
        // Where an installation needs it, and in no recording.
        if form != Form::Plist && era.first >= LIBRARIES_SINCE {
            shape = take(shape, &May("Environment LD_LIBRARY_PATH"));
        }
        // The value is a setting, and so is whether it is written.
        if form == Form::Plist && era.first >= FILE_LIMIT_SINCE {
            shape = take(shape, &May("SoftResourceLimits NumberOfFiles"));
        }
        let recorded = matches!(era.source, Source::Recorded(..));
        let Era { first, last, releases, .. } = *era;
        let untold = Untold::default();
        all.push(Generation { form, first, last, releases, recorded, shape, untold });
    }
    all
}

/// What a checkout writes that may be ahead of each of these.
fn ahead(known: &[Generation]) -> Vec<Generation> {
    let ahead_of = |(at, generation): (usize, &Generation)| {
        let later: Vec<&[Expected]> =
            known.iter().skip(at).map(|later| later.shape.as_slice()).collect();
        let last = known.last().map_or(generation.last, |last| last.last);
        let shape = either(&later);
        Generation { last, recorded: false, shape, ..generation.clone() }
    };
    known.iter().enumerate().map(ahead_of).collect()
}

/// What a checkout writes of the branch on which Hermes got a store of Pythons: it called itself 0.21.3 (commit 00067189),
/// and was merged after 0.21.5.
fn aside(known: &[Generation]) -> Option<Generation> {
    let is_plist = known.first()?.form == Form::Plist;
    let (like, steps) = if is_plist {
        (&[0, 21][..], PLIST_OF_THE_BRANCH)
    } else {
        (&[0, 22, 2][..], UNIT_OF_THE_BRANCH)
    };
    let like = known.iter().find(|generation| generation.first == like)?;
    Some(Generation {
        first: &[0, 21, 3],
        last: &[0, 22, 1],
        releases: "a checkout between 0.21.3 and 0.22",
        recorded: false,
        shape: steps.iter().fold(like.shape.clone(), take),
        ..like.clone()
    })
}

/// What has one of these shapes, entry by entry.
fn either(shapes: &[&[Expected]]) -> Vec<Expected> {
    let mut all: Vec<Expected> = Vec::new();
    for expected in shapes.iter().copied().flatten() {
        match all.iter_mut().find(|known| known.is_of(expected)) {
            Some(known) => known.join(expected),
            None => all.push(expected.clone()),
        }
    }
    for known in &mut all {
        let is_in = |shape: &&[Expected]| shape.iter().any(|expected| expected.is_of(known));
        known.optional |= !shapes.iter().all(is_in);
    }
    all
}

fn read(form: Form, text: &str) -> Vec<Expected> {
    let entries = match form {
        Form::Plist => {
            Plist::read(text.as_bytes()).as_ref().map(shape::of_plist).unwrap_or_default()
        }
        _ => shape::of_unit(&Effective::of(("", &Unit::parse(text)), &[])),
    };
    // The limit of a stop is reckoned from the settings.
    let values = |name: &str, value: String| (name != "TimeoutStopSec").then(|| vec![value]);
    let expected = |entry: Entry| Expected {
        values: values(&entry.name, entry.value),
        name: entry.name,
        optional: false,
        certain: Certain::All,
    };
    entries.into_iter().map(expected).collect()
}

fn take(mut shape: Vec<Expected>, step: &Step) -> Vec<Expected> {
    let (Write(name, _) | May(name) | Or(name, _) | Drop(name)) = step;
    let of = |values: &[&str]| Some(values.iter().map(|value| (*value).to_string()).collect());
    let (values, optional) = match step {
        Write(_, values) => (of(values), false),
        May(_) => (None, true),
        Or(_, value) => (of(&[value]), false),
        Drop(_) => {
            shape.retain(|expected| expected.name != *name);
            return shape;
        }
    };
    let found = Expected { name: (*name).into(), values, optional, certain: Certain::All };
    match shape.iter_mut().find(|expected| expected.name == *name) {
        Some(known) if matches!(step, Or(..)) => known.join(&found),
        Some(known) => *known = found,
        None => shape.push(found),
    }
    shape
}

/// Releases that write the same, and whence that is known.
struct Era {
    first: &'static [u32],
    last: &'static [u32],
    releases: &'static str,
    source: Source,
}

enum Source {
    /// What one of them wrote, in each form that an installation may have, and what it may have besides.
    Recorded(&'static [&'static str], &'static [Step]),
    /// As the next era, but for these.
    Otherwise(&'static [Step]),
    /// As the era before, but for these.
    Changed(&'static [Step]),
    /// As the era before or as the next one.
    Between,
    /// As the era before, as far as is known.
    AsBefore,
}

impl Era {
    fn shape(&self, form: Form) -> Vec<Expected> {
        let Source::Recorded(texts, steps) = &self.source else { return Vec::new() };
        let shapes: Vec<Vec<Expected>> = texts.iter().map(|text| read(form, text)).collect();
        let shapes: Vec<&[Expected]> = shapes.iter().map(Vec::as_slice).collect();
        steps.iter().fold(either(&shapes), take)
    }
}

const fn era(
    first: &'static [u32],
    last: &'static [u32],
    releases: &'static str,
    source: Source,
) -> Era {
    Era { first, last, releases, source }
}

macro_rules! recorded {
    ($($file:literal),+ $(; $steps:expr)?) => {
        Source::Recorded(
            &[$(include_str!(concat!("../definitions/", $file)),)+],
            recorded!(@ $($steps)?),
        )
    };
    (@) => { &[] };
    (@ $steps:expr) => { $steps };
}

/// How what the installed code writes is called, for people.
const BY_CODE: &str = "the installed code";
/// Any patch release of the minor one before it.
const ANY: u32 = u32::MAX;

/// What the releases were seen to write. The package in which 0.20.4 was recorded is of later commits than the release.
const USER_UNIT_ERAS: &[Era] = &[
    era(&[0], &[0, 12, ANY], "a release before 0.13", Source::Otherwise(UNIT_BEFORE)),
    era(&[0, 13], &[0, 15, ANY], "0.13.0 to 0.15.2", recorded!("0.15.2/default.service")),
    era(&[0, 16], &[0, 16, ANY], "0.16.0", recorded!("0.16.0/default.service")),
    era(&[0, 17], &[0, 17, ANY], "0.17.0", recorded!("0.17.0/default.service")),
    era(&[0, 18], &[0, 18, ANY], "0.18.2", recorded!("0.18.2/default.service")),
    era(&[0, 19], &[0, 20, ANY], "0.19.0 to 0.20.6", recorded!("0.19.0/default.service")),
    era(&[0, 21], &[0, 21, 0], "0.21.0", recorded!("0.21.0/default.service")),
    era(&[0, 21, 1], &[0, 21, 2], "0.21.1 or 0.21.2", Source::Between),
    era(&[0, 21, 3], &[0, 21, 3], "0.21.3", recorded!("0.21.3/default.service")),
    era(&[0, 21, 4], &[0, 21, 5], "0.21.4 to 0.21.5", recorded!("0.21.5/default.service")),
    era(&[0, 21, 6], &[0, 22, 1], "a release between 0.21.5 and 0.22.2", Source::Between),
    era(
        &[0, 22, 2],
        &[0, 22, 2],
        "0.22.2",
        recorded!("0.22.2/default.service", "0.22.2/store.service"),
    ),
    era(&[0, 22, 3], &[0, 23, ANY], "0.22.3 to 0.23", Source::AsBefore),
];

const SYSTEM_UNIT_ERAS: &[Era] = &[
    era(&[0], &[0, 12, ANY], "a release before 0.13", Source::Otherwise(UNIT_BEFORE)),
    era(&[0, 13], &[0, 15, ANY], "0.13.0 to 0.15.2", recorded!("0.15.2/system.service")),
    era(&[0, 16], &[0, 16, ANY], "0.16.0", recorded!("0.16.0/system.service")),
    era(&[0, 17], &[0, 17, ANY], "0.17.0", recorded!("0.17.0/system.service")),
    era(&[0, 18], &[0, 18, ANY], "0.18.2", recorded!("0.18.2/system.service")),
    era(&[0, 19], &[0, 20, ANY], "0.19.0 to 0.20.6", recorded!("0.19.0/system.service")),
    era(&[0, 21], &[0, 21, 0], "0.21.0", recorded!("0.21.0/system.service")),
    era(&[0, 21, 1], &[0, 21, 2], "0.21.1 or 0.21.2", Source::Between),
    era(&[0, 21, 3], &[0, 21, 3], "0.21.3", recorded!("0.21.3/system.service")),
    era(&[0, 21, 4], &[0, 21, 5], "0.21.4 to 0.21.5", recorded!("0.21.5/system.service")),
    era(&[0, 21, 6], &[0, 22, 1], "a release between 0.21.5 and 0.22.2", Source::Between),
    era(&[0, 22, 2], &[0, 22, 2], "0.22.2", recorded!("0.22.2/system.service"; OF_A_STORE)),
    era(&[0, 22, 3], &[0, 23, ANY], "0.22.3 to 0.23", Source::AsBefore),
];

const PLIST_ERAS: &[Era] = &[
    era(&[0], &[0, 12, ANY], "a release before 0.13", Source::Otherwise(PLIST_BEFORE)),
    era(&[0, 13], &[0, 15, ANY], "0.13.0 to 0.15.2", recorded!("0.15.2/default.plist")),
    era(&[0, 16], &[0, 16, ANY], "0.16.0", recorded!("0.16.0/default.plist")),
    era(&[0, 17], &[0, 18, ANY], "0.17.0 to 0.18.2", recorded!("0.18.2/default.plist")),
    era(&[0, 19], &[0, 20, 0], "0.19.0 to 0.20.0", recorded!("0.19.0/default.plist")),
    era(&[0, 20, 1], &[0, 20, 4], "0.20.1 to 0.20.4", Source::Changed(PLIST_SINCE_0_20_1)),
    era(&[0, 20, 5], &[0, 20, ANY], "0.20.5 to 0.20.6", recorded!("0.20.6/default.plist")),
    era(&[0, 21], &[0, 21, 3], "0.21.0 to 0.21.3", recorded!("0.21.3/default.plist")),
    era(&[0, 21, 4], &[0, 21, 5], "0.21.4 to 0.21.5", recorded!("0.21.5/default.plist")),
    era(&[0, 21, 6], &[0, 22, 1], "a release between 0.21.5 and 0.22.2", Source::Between),
    era(
        &[0, 22, 2],
        &[0, 22, 2],
        "0.22.2",
        recorded!("0.22.2/default.plist", "0.22.2/store.plist"),
    ),
    era(&[0, 22, 3], &[0, 23, ANY], "0.22.3 to 0.23", Source::AsBefore),
];

/// The commands of a system unit where whoever installs it has a store of Pythons.
const OF_A_STORE: &[Step] = &[
    Or("ExecStart", "hermes gateway run"),
    Or("ExecStop", "-hermes --run-module gateway.systemd_stop_mark"),
    Or("ExecStopPost", "-hermes --run-module gateway.cgroup_cleanup"),
];

/// What was otherwise before 0.13, as units that people published show it.
const UNIT_BEFORE: &[Step] = &[
    Write("After", &["network.target", "network-online.target"]),
    May("Wants"),
    Write("StartLimitIntervalSec", &["600"]),
    May("StartLimitBurst"),
    Write("Restart", &["on-failure"]),
    Write("RestartSec", &["30", "10"]),
    May("RestartMaxDelaySec"),
    May("RestartSteps"),
    May("RestartForceExitStatus"),
    May("Environment PATH"),
    May("Environment VIRTUAL_ENV"),
    May("Environment HERMES_HOME"),
];

/// The same of plists.
const PLIST_BEFORE: &[Step] = &[
    May("EnvironmentVariables PATH"),
    May("EnvironmentVariables VIRTUAL_ENV"),
    May("EnvironmentVariables HERMES_HOME"),
];

/// What 0.20.1 changed in plists (upstream #86893), and what came before 0.20.5 (#87005).
const PLIST_SINCE_0_20_1: &[Step] = &[
    Write(
        "ProgramArguments",
        &["PYTHON -m hermes_cli.stderr_timestamp -- PYTHON -m hermes_cli.main gateway run"],
    ),
    May("ProgramArguments --external-supervisor"),
];

/// How the units of the branch with the store differ from those of 0.22.2.
const UNIT_OF_THE_BRANCH: &[Step] = &[Drop("ExecStop")];

/// How its plists differ from those of 0.21.3.
const PLIST_OF_THE_BRANCH: &[Step] = &[
    Write(
        "ProgramArguments",
        &["hermes --run-module hermes_cli.stderr_timestamp -- hermes gateway run"],
    ),
    Drop("EnvironmentVariables VIRTUAL_ENV"),
];

/// The first release whose units may set `LD_LIBRARY_PATH`: that of the shell that installs them, or of the unit that is
/// there.
const LIBRARIES_SINCE: &[u32] = &[0, 21, 4];
/// The first release that may be one whose plists set the limit of open files from the settings.
const FILE_LIMIT_SINCE: &[u32] = &[0, 20, 1];
/// In seconds: what a stop waits for jobs by default (0.21+), with the ten seconds that are added to it.
const CRON_WAIT: u64 = 40;
/// What a watchdog brings (`gateway.systemd_watchdog_seconds`, 0.19+).
const WATCHDOG: [&str; 3] = ["Type", "NotifyAccess", "WatchdogSec"];
const WATCHDOG_SINCE: &[u32] = &[0, 19];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::release::Checkout;

    fn version(text: &str) -> Version {
        Version::read(text).expect("a version")
    }

    #[test]
    fn a_release_writes_what_its_generation_does() {
        let of = |form, text: &str| {
            Generation::of(form, &version(text)).map(|generation| generation.releases)
        };
        let early = Some("a release before 0.13");
        for (version, unit, plist) in [
            ("0.12.3", early, early),
            ("0.13.0", Some("0.13.0 to 0.15.2"), Some("0.13.0 to 0.15.2")),
            ("0.15.2", Some("0.13.0 to 0.15.2"), Some("0.13.0 to 0.15.2")),
            ("0.16.0", Some("0.16.0"), Some("0.16.0")),
            ("0.17.0", Some("0.17.0"), Some("0.17.0 to 0.18.2")),
            ("0.18.2", Some("0.18.2"), Some("0.17.0 to 0.18.2")),
            ("0.19.0", Some("0.19.0 to 0.20.6"), Some("0.19.0 to 0.20.0")),
            ("0.20", Some("0.19.0 to 0.20.6"), Some("0.19.0 to 0.20.0")),
            ("0.20.2", Some("0.19.0 to 0.20.6"), Some("0.20.1 to 0.20.4")),
            ("0.20.6", Some("0.19.0 to 0.20.6"), Some("0.20.5 to 0.20.6")),
            ("0.21.0", Some("0.21.0"), Some("0.21.0 to 0.21.3")),
            ("0.21.1", Some("0.21.1 or 0.21.2"), Some("0.21.0 to 0.21.3")),
            ("0.21.3", Some("0.21.3"), Some("0.21.0 to 0.21.3")),
            ("0.21.5", Some("0.21.4 to 0.21.5"), Some("0.21.4 to 0.21.5")),
            (
                "0.22.0",
                Some("a release between 0.21.5 and 0.22.2"),
                Some("a release between 0.21.5 and 0.22.2"),
            ),
            ("0.22.2.post1", Some("0.22.2"), Some("0.22.2")),
            ("0.23.5", Some("0.22.3 to 0.23"), Some("0.22.3 to 0.23")),
            ("0.24.0", None, None),
            ("1.0", None, None),
        ] {
            assert_eq!(of(Form::UserUnit, version), unit, "{version}");
            assert_eq!(of(Form::SystemUnit, version), unit, "{version}");
            assert_eq!(of(Form::Plist, version), plist, "{version}");
        }
    }

    #[test]
    fn no_release_is_of_two_generations_and_none_is_left_out() {
        for eras in [USER_UNIT_ERAS, SYSTEM_UNIT_ERAS, PLIST_ERAS] {
            for (one, next) in eras.iter().zip(eras.iter().skip(1)) {
                let (last, first) = (one.last, next.first);
                let after = match last {
                    [major, minor, patch] if *patch < ANY => vec![*major, *minor, patch + 1],
                    [major, minor, _] => vec![*major, minor + 1],
                    other => panic!("{other:?}"),
                };
                assert_eq!(first, after, "after {}", one.releases);
            }
        }
    }

    fn entries(form: Form, text: &str) -> Vec<Entry> {
        match form {
            Form::Plist => shape::of_plist(&Plist::read(text.as_bytes()).expect("a list")),
            _ => shape::of_unit(&Effective::of(("u", &Unit::parse(text)), &[])),
        }
    }

    #[test]
    fn between_two_releases_neither_shape_is_held_against_a_definition() {
        let unit = include_str!("../definitions/0.21.3/system.service");
        let without = unit.replace("SuccessExitStatus=75\n", "");
        let wrapped = include_str!("../definitions/0.20.5/default.plist");
        let unmarked = wrapped.replace("<string>--external-supervisor</string>", "");
        for (form, release, text) in [
            (Form::SystemUnit, "0.21.2", unit),
            (Form::SystemUnit, "0.21.2", &without),
            (Form::SystemUnit, "0.21.1", include_str!("../definitions/0.21.0/system.service")),
            (Form::SystemUnit, "0.22.0", include_str!("../definitions/0.21.5/system.service")),
            (Form::SystemUnit, "0.22.0", include_str!("../definitions/0.22.2/system.service")),
            (Form::Plist, "0.20.4", wrapped),
            (Form::Plist, "0.20.4", &unmarked),
            (Form::Plist, "0.22.1", include_str!("../definitions/0.22.2/store.plist")),
        ] {
            let generation = Generation::of(form, &version(release)).expect("a generation");
            assert_eq!(generation.differences(&entries(form, text), None), [], "{release} {text}");
        }
        let generation = Generation::of(Form::SystemUnit, &version("0.21.2")).expect("known");
        let edited = unit.replace("RestartSec=5", "RestartSec=5\nNice=5");
        let names: Vec<String> = generation
            .differences(&entries(Form::SystemUnit, &edited), None)
            .into_iter()
            .map(|found| found.name)
            .collect();
        assert_eq!(names, ["Nice"], "what neither writes is one");
    }

    /// What the code may write and does not tell is no difference for sure, and no agreement either.
    #[test]
    fn what_the_code_leaves_open_is_unclear() {
        use crate::facts::reference::Written;
        let written = |name: &str, value: Option<&str>| Written {
            name: name.into(),
            value: value.map(String::from),
            when: When::Always,
        };
        let code = |is_open: bool, open: &[&str]| Writing {
            entries: vec![written("Restart", Some("always")), written("RestartSec", None)],
            is_open,
            open: open.iter().map(|name| (*name).to_string()).collect(),
        };
        let text = "[Service]\nRestart=no\nRestartSec=9\nNice=5\nKillMode=none\nEnvironment=A=1\n";
        let recorded = Generation::of(Form::UserUnit, &version("0.22.2"));
        let of = |code: &Writing, table: Option<&Generation>| -> Vec<String> {
            let generation = Generation::of_code(Form::UserUnit, code, table).expect("known");
            let found = generation.differences(&entries(Form::UserUnit, text), None);
            let ours = ["Restart", "RestartSec", "Nice", "KillMode", "Environment A", "KillSignal"];
            let found = found.into_iter().filter(|found| ours.contains(&found.name.as_str()));
            found.map(|found| format!("{:?} {}", found.how, found.name)).collect()
        };
        let closed = ["Other Restart", "Extra Nice", "Extra KillMode", "Extra Environment A"];
        assert_eq!(of(&code(false, &[]), None), closed);
        let in_part = ["Other Restart", "Extra Nice", "Extra KillMode", "Unclear Environment A"];
        assert_eq!(of(&code(false, &["Environment"]), None), in_part);
        let open = ["Other Restart", "Unclear Nice", "Unclear KillMode", "Unclear Environment A"];
        assert_eq!(of(&code(true, &[]), None), open);
        // The table says what its release writes, and not that the code writes it.
        let with_table = [
            "Other Restart",
            "Unclear RestartSec",
            "Unclear Nice",
            "Unclear KillMode",
            "Unclear Environment A",
            "Unclear KillSignal",
        ];
        assert_eq!(of(&code(true, &[]), recorded), with_table);
        let is_open = |code: &Writing, table| {
            Generation::of_code(Form::UserUnit, code, table).expect("known").is_open()
        };
        assert!(is_open(&code(true, &[]), None) && !is_open(&code(true, &[]), recorded));
        assert!(!is_open(&code(false, &[]), None) && !is_open(&code(false, &["ExecStart"]), None));
    }

    #[test]
    fn a_generation_is_within_one_that_may_write_all_that_it_writes() {
        let of = |text: &str| Generation::of(Form::UserUnit, &version(text)).expect("a generation");
        for (one, other, expected) in [
            ("0.22.2", "0.23.0", true),
            ("0.23.0", "0.22.2", true),
            ("0.21.5", "0.22.0", true),
            ("0.22.2", "0.22.1", true),
            ("0.21.3", "0.22.0", false),
            ("0.22.0", "0.22.2", false),
            ("0.21.3", "0.21.5", false),
        ] {
            assert_eq!(of(one).is_within(of(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_checkout_may_write_like_a_later_release_and_not_like_an_earlier_one() {
        let ahead = Checkout { commit: Some("0a1b2c3".into()), date: None };
        let checkout = version("0.21.3").with(ahead.clone());
        let of = |version: &Version, text: &str| -> Vec<String> {
            let generation = Generation::of(Form::UserUnit, version).expect("a generation");
            let found = generation.differences(&entries(Form::UserUnit, text), None);
            found.into_iter().map(|found| format!("{:?} {}", found.how, found.name)).collect()
        };
        for text in [
            include_str!("../definitions/0.21.3/default.service"),
            include_str!("../definitions/0.21.5/default.service"),
            include_str!("../definitions/0.22.2/store.service"),
        ] {
            assert_eq!(of(&checkout, text), [""; 0], "{text}");
        }
        let older = of(&checkout, include_str!("../definitions/0.21.0/default.service"));
        assert_eq!(older, ["Lacking SuccessExitStatus"]);
        let newest = version("0.23.1").with(ahead.clone());
        assert_eq!(of(&newest, include_str!("../definitions/0.22.2/default.service")), [""; 0]);
        assert!(Generation::of(Form::UserUnit, &version("0.24").with(ahead)).is_none());
    }

    /// What the releases were seen to write.
    #[test]
    fn the_limit_of_a_stop_is_reckoned_as_each_release_does() {
        for (text, waits, limit) in [
            ("0.13.0", 180, 210),
            ("0.17.0", 45, 90),
            ("0.18.2", 0, 90),
            ("0.19.0", 0, 60),
            ("0.19.0", 45, 75),
            ("0.20", 300, 330),
            ("0.21", 40, 70),
            ("0.22.2", 0, 60),
        ] {
            let generation = Generation::of(Form::UserUnit, &version(text)).expect("a generation");
            assert_eq!(generation.stop_timeout(waits), Some(limit), "{text} {waits}");
        }
    }

    #[test]
    fn the_library_path_and_the_limit_of_files_are_of_the_machine() {
        let unit = include_str!("../definitions/0.21.5/default.service");
        let unit = unit.replace(
            "Environment=\"PATH=",
            "Environment=\"LD_LIBRARY_PATH=/l\"\nEnvironment=\"PATH=",
        );
        let plist = include_str!("../definitions/0.21.5/default.plist").replace("4096", "65536");
        for (form, text, release, is_of_the_machine) in [
            (Form::UserUnit, &unit, "0.21.5", true),
            (Form::UserUnit, &unit, "0.22.2", true),
            (Form::UserUnit, &unit, "0.21.3", false),
            (Form::Plist, &plist, "0.21.5", true),
            (Form::Plist, &plist, "0.20.6", true),
            (Form::Plist, &plist, "0.19.0", false),
        ] {
            let generation = Generation::of(form, &version(release)).expect("a generation");
            let found = generation.differences(&entries(form, text), None);
            let is_held_against = found.iter().any(|found| {
                found.name.ends_with("LD_LIBRARY_PATH") || found.name.ends_with("NumberOfFiles")
            });
            assert_eq!(is_held_against, !is_of_the_machine, "{release}: {found:#?}");
        }
    }

    #[test]
    fn a_definition_of_the_branch_with_the_store_is_known() {
        let unit = include_str!("../definitions/0.22.2/store.service");
        let lines: Vec<&str> = unit.lines().filter(|line| !line.starts_with("ExecStop=")).collect();
        let unit = lines.join("\n");
        let python = "<string>/Users/lab/.hermes/hermes-agent/venv/bin/python</string>\n        <string>-m</string>";
        let launcher =
            "<string>/c/.hermes/bin/hermes</string>\n        <string>--run-module</string>";
        let virtual_env =
            "<key>VIRTUAL_ENV</key>\n        <string>/Users/lab/.hermes/hermes-agent/venv</string>";
        let plist = include_str!("../definitions/0.21.3/default.plist")
            .replacen(python, launcher, 1)
            .replacen(python, "<string>/c/.hermes/bin/hermes</string>", 1)
            .replace("<string>hermes_cli.main</string>", "")
            .replace(virtual_env, "");
        for (form, text) in [(Form::UserUnit, &unit), (Form::Plist, &plist)] {
            let nearest: Vec<&str> = Generation::nearest(form, &entries(form, text))
                .iter()
                .map(|generation| generation.releases)
                .collect();
            assert_eq!(nearest, ["a checkout between 0.21.3 and 0.22"], "{text}");
        }
    }

    #[test]
    fn a_plist_between_two_recorded_ones_is_named_so() {
        let marked = include_str!("../definitions/0.20.5/default.plist");
        let unmarked = marked.replace("<string>--external-supervisor</string>", "");
        for (text, releases) in [
            (include_str!("../definitions/0.20.0/default.plist"), "0.19.0 to 0.20.0"),
            (unmarked.as_str(), "0.20.1 to 0.20.4"),
            (marked, "0.20.5 to 0.20.6"),
            (include_str!("../definitions/0.21.0/default.plist"), "0.21.0 to 0.21.3"),
            (include_str!("../definitions/0.21.4/coder.plist"), "0.21.4 to 0.21.5"),
            (include_str!("../definitions/0.22.2/store-coder.plist"), "0.22.2"),
        ] {
            let nearest: Vec<&str> = Generation::nearest(Form::Plist, &entries(Form::Plist, text))
                .iter()
                .map(|generation| generation.releases)
                .collect();
            assert_eq!(nearest, [releases]);
        }
    }
}
