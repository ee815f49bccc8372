//! Which release of Hermes writes which definition, and in what a definition differs from that.
//!
//! The shapes up to 0.19.0 are those of recorded definitions; those of 0.20 and 0.21 are told by what
//! upstream changed since, and were never compared with a file that those releases wrote. What a
//! difference is worth is not said here.

use std::sync::LazyLock;

use crate::facts::release::Version;
use crate::facts::shape::{self, Entry};
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
    /// Its releases, for people.
    pub releases: &'static str,
    /// Whether definitions of one of these releases are recorded.
    pub recorded: bool,
    shape: Vec<Expected>,
}

/// An entry that a release writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    name: String,
    /// The values that it may have. None: any.
    values: Option<Vec<String>>,
    /// Whether it may be missing.
    optional: bool,
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
}

impl Generation {
    /// What the release of this version writes. None where that is not known: after 0.21.
    pub fn of(form: Form, version: &Version) -> Option<&'static Self> {
        let is_known = !version.is_from(&[0, FIRST_UNKNOWN]);
        let mut all = Self::all(form).filter(|generation| version.is_from(generation.first));
        all.next_back().filter(|_| is_known)
    }

    /// The generations of a definition, the oldest first.
    pub fn all(form: Form) -> impl DoubleEndedIterator<Item = &'static Self> {
        match form {
            Form::UserUnit => USER_UNITS.iter(),
            Form::SystemUnit => SYSTEM_UNITS.iter(),
            Form::Plist => PLISTS.iter(),
        }
    }

    /// The generations from which a definition differs in the fewest entries.
    pub fn nearest(form: Form, entries: &[Entry]) -> Vec<&'static Self> {
        let counted: Vec<(usize, &Self)> = Self::all(form)
            .map(|generation| (generation.differences(entries, None).len(), generation))
            .collect();
        let least = counted.iter().map(|(count, _)| *count).min();
        let is_nearest = |(count, _): &(usize, &Self)| Some(*count) == least;
        let mut nearest: Vec<&Self> =
            counted.into_iter().filter(is_nearest).map(|(_, generation)| generation).collect();
        // What is told of the oldest releases counts where nothing else is as near.
        if nearest.iter().any(|near| near.recorded) {
            nearest.retain(|near| near.first >= FIRST_RECORDED);
        }
        nearest
    }

    /// In what a definition differs from what these releases write, in the order of its lines, what is
    /// missing last. With the drain in seconds, the limit of a stop counts too.
    pub fn differences(&self, entries: &[Entry], drain: Option<u64>) -> Vec<Difference> {
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
                [_] if entry.name == "TimeoutStopSec" => {
                    if let Some(limit) = drain.and_then(|drain| self.other_limit(entry, drain)) {
                        add(How::Other, Some(limit.to_string()));
                    }
                }
                _ if expected.iter().any(|expected| expected.takes(&entry.value)) => {}
                [one] if !shape::is_list(&entry.name) => add(How::Other, one.first()),
                _ => add(How::Extra, None),
            }
        }
        differences.extend(self.lacking(entries));
        differences
    }

    /// The limit of a stop that these releases would write, where the entry has one that they never reckon: neither
    /// from this drain nor from their default.
    fn other_limit(&self, entry: &Entry, drain: u64) -> Option<u64> {
        let default = if self.first < [0, 18].as_slice() { 180 } else { 0 };
        let reckoned = [drain, default].map(|drain| self.stop_timeout(drain));
        let is_reckoned = reckoned.iter().flatten().any(|limit| limit.to_string() == entry.value);
        self.stop_timeout(drain).filter(|_| !is_reckoned)
    }

    /// `TimeoutStopSec=`, in seconds, which these releases reckon from the drain, in seconds. None for a plist.
    fn stop_timeout(&self, drain: u64) -> Option<u64> {
        let limit = match self.first {
            _ if self.form == Form::Plist => return None,
            first if first < [0, 19].as_slice() => drain.max(60).saturating_add(30),
            first if first < [0, 21].as_slice() => drain.saturating_add(30).max(60),
            _ => drain.max(40).saturating_add(30),
        };
        Some(limit)
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
            how: How::Lacking,
            installed: None,
            written: expected.first(),
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

impl Expected {
    fn takes(&self, value: &str) -> bool {
        self.values.as_ref().is_none_or(|values| values.iter().any(|known| known == value))
    }

    fn first(&self) -> Option<String> {
        self.values.as_ref().and_then(|values| values.first().cloned())
    }
}

/// One change of a shape.
enum Step {
    /// It is written, with one of these values.
    Write(&'static str, &'static [&'static str]),
    /// It is written on some machines or by some of the releases.
    May(&'static str),
    /// It is written no more.
    Drop(&'static str),
}
use Step::{Drop, May, Write};

// A host needs those of its own manager, and mostly of one scope.
static USER_UNITS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::UserUnit));
static SYSTEM_UNITS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::SystemUnit));
static PLISTS: LazyLock<Vec<Generation>> = LazyLock::new(|| generations(Form::Plist));

fn generations(of: Form) -> Vec<Generation> {
    let mut all = Vec::new();
    for (form, recordings) in RECORDED.iter().filter(|(form, _)| *form == of) {
        let is_plist = *form == Form::Plist;
        let (before, since) =
            if is_plist { (PLIST_BEFORE, PLISTS_SINCE) } else { (UNIT_BEFORE, UNITS_SINCE) };
        let recorded = recordings.iter().map(|(first, releases, text)| Generation {
            form: *form,
            first,
            releases,
            recorded: true,
            shape: read(*form, text),
        });
        let recorded: Vec<Generation> = recorded.collect();
        if let Some(oldest) = recorded.first() {
            all.push(changed(oldest, &[0], "a release before 0.13", before));
        }
        all.extend(recorded);
        for (first, releases, steps) in since {
            let next = all.last().map(|last| changed(last, first, releases, steps));
            all.extend(next);
        }
    }
    all
}

/// A generation told by how it differs from another.
fn changed(
    from: &Generation,
    first: &'static [u32],
    releases: &'static str,
    steps: &[Step],
) -> Generation {
    let mut shape = from.shape.clone();
    for step in steps {
        take(&mut shape, step);
    }
    Generation { form: from.form, first, releases, recorded: false, shape }
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
    };
    entries.into_iter().map(expected).collect()
}

fn take(shape: &mut Vec<Expected>, step: &Step) {
    let (Write(name, _) | May(name) | Drop(name)) = step;
    let at = shape.iter().position(|expected| expected.name == *name);
    let found = match step {
        Drop(_) => {
            shape.retain(|expected| expected.name != *name);
            return;
        }
        May(_) => Expected { name: (*name).into(), values: None, optional: true },
        Write(_, values) => {
            let values = values.iter().map(|value| (*value).to_string()).collect();
            Expected { name: (*name).into(), values: Some(values), optional: false }
        }
    };
    match at.and_then(|at| shape.get_mut(at)) {
        Some(known) => *known = found,
        None => shape.push(found),
    }
}

type Recording = (&'static [u32], &'static str, &'static str);
type Since = (&'static [u32], &'static str, &'static [Step]);

macro_rules! recording {
    ($first:expr, $releases:literal, $file:literal) => {
        ($first, $releases, include_str!(concat!("../definitions/", $file)))
    };
}

/// What the releases were seen to write.
const RECORDED: &[(Form, &[Recording])] = &[
    (
        Form::UserUnit,
        &[
            recording!(&[0, 13], "0.13.0 to 0.15.2", "0.15.2/default.service"),
            recording!(&[0, 16], "0.16.0", "0.16.0/default.service"),
            recording!(&[0, 17], "0.17.0", "0.17.0/default.service"),
            recording!(&[0, 18], "0.18.2", "0.18.2/default.service"),
            recording!(&[0, 19], "0.19.0", "0.19.0/default.service"),
        ],
    ),
    (
        Form::SystemUnit,
        &[
            recording!(&[0, 13], "0.13.0 to 0.15.2", "0.15.2/system.service"),
            recording!(&[0, 16], "0.16.0", "0.16.0/system.service"),
            recording!(&[0, 17], "0.17.0", "0.17.0/system.service"),
            recording!(&[0, 18], "0.18.2", "0.18.2/system.service"),
            recording!(&[0, 19], "0.19.0", "0.19.0/system.service"),
        ],
    ),
    (
        Form::Plist,
        &[
            recording!(&[0, 13], "0.13.0 to 0.15.2", "0.15.2/default.plist"),
            recording!(&[0, 16], "0.16.0", "0.16.0/default.plist"),
            recording!(&[0, 17], "0.17.0 to 0.18.2", "0.18.2/default.plist"),
            recording!(&[0, 19], "0.19.0", "0.19.0/default.plist"),
        ],
    ),
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

/// What changed in units after 0.19.0. Much of it came within 0.21, so that it may be there or not
/// (upstream #99678, #104893, #104946).
const UNITS_SINCE: &[Since] = &[
    (&[0, 20], "0.20", &[]),
    (
        &[0, 21],
        "0.21",
        &[
            Write(
                "ExecStart",
                &[
                    "PYTHON -m hermes_cli.main gateway run",
                    "hermes gateway run",
                    "PYTHON -I -c … gateway run",
                ],
            ),
            Write(
                "ExecStopPost",
                &[
                    "-PYTHON -m gateway.cgroup_cleanup",
                    "-hermes --run-module gateway.cgroup_cleanup",
                    "-another command",
                ],
            ),
            May("Environment HERMES_SUPERVISED_CHILD"),
            May("Environment VIRTUAL_ENV"),
            May("SuccessExitStatus"),
        ],
    ),
];

/// What changed in plists after 0.19.0 (upstream #86893, #87005, #96427, #99678, #112079, #118128).
const PLISTS_SINCE: &[Since] = &[
    (&[0, 20], "0.20.0", &[]),
    (
        &[0, 20, 1],
        "0.20.1 to 0.20.4",
        &[
            Write(
                "ProgramArguments",
                &["PYTHON -m hermes_cli.stderr_timestamp -- PYTHON -m hermes_cli.main gateway run"],
            ),
            May("SoftResourceLimits NumberOfFiles"),
        ],
    ),
    (&[0, 20, 5], "0.20.5 and 0.20.6", &[Write("ProgramArguments --external-supervisor", &[""])]),
    (
        &[0, 21],
        "0.21.0 to 0.21.3",
        &[
            Write(
                "ProgramArguments",
                &[
                    "PYTHON -m hermes_cli.stderr_timestamp -- PYTHON -m hermes_cli.main gateway run",
                    "hermes --run-module hermes_cli.stderr_timestamp -- hermes gateway run",
                ],
            ),
            Drop("ProgramArguments --replace"),
            May("EnvironmentVariables HERMES_SUPERVISED_CHILD"),
            May("EnvironmentVariables VIRTUAL_ENV"),
        ],
    ),
    (
        &[0, 21, 4],
        "0.21.4 and later",
        &[
            Write("ProgramArguments", &["osascript"]),
            Drop("ProgramArguments --external-supervisor"),
            Write("KeepAlive", &["SuccessfulExit false"]),
            Write("ExitTimeOut", &["60"]),
        ],
    ),
];

/// The oldest release of which definitions are recorded.
const FIRST_RECORDED: &[u32] = &[0, 13];
/// The minor release of which nothing is known, nor of any after it.
const FIRST_UNKNOWN: u32 = 22;
/// What a watchdog brings (`gateway.systemd_watchdog_seconds`, 0.19+).
const WATCHDOG: [&str; 3] = ["Type", "NotifyAccess", "WatchdogSec"];
const WATCHDOG_SINCE: &[u32] = &[0, 19];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_writes_what_its_generation_does() {
        let of = |form, version: &str| {
            let version = Version::read(version).expect("a version");
            Generation::of(form, &version).map(|generation| generation.releases)
        };
        for (version, unit, plist) in [
            ("0.12.3", Some("a release before 0.13"), Some("a release before 0.13")),
            ("0.13.0", Some("0.13.0 to 0.15.2"), Some("0.13.0 to 0.15.2")),
            ("0.15.2", Some("0.13.0 to 0.15.2"), Some("0.13.0 to 0.15.2")),
            ("0.16.0", Some("0.16.0"), Some("0.16.0")),
            ("0.17.0", Some("0.17.0"), Some("0.17.0 to 0.18.2")),
            ("0.18.2", Some("0.18.2"), Some("0.17.0 to 0.18.2")),
            ("0.19.0", Some("0.19.0"), Some("0.19.0")),
            ("0.20", Some("0.20"), Some("0.20.0")),
            ("0.20.4", Some("0.20"), Some("0.20.1 to 0.20.4")),
            ("0.20.6", Some("0.20"), Some("0.20.5 and 0.20.6")),
            ("0.21.3", Some("0.21"), Some("0.21.0 to 0.21.3")),
            ("0.21.9", Some("0.21"), Some("0.21.4 and later")),
            ("0.22.0", None, None),
            ("1.0", None, None),
        ] {
            assert_eq!(of(Form::UserUnit, version), unit, "{version}");
            assert_eq!(of(Form::SystemUnit, version), unit, "{version}");
            assert_eq!(of(Form::Plist, version), plist, "{version}");
        }
    }

    /// What the releases were seen to write, and upstream's formula after them.
    #[test]
    fn the_limit_of_a_stop_is_reckoned_as_each_release_does() {
        for (version, drain, limit) in [
            ("0.13.0", 180, 210),
            ("0.17.0", 45, 90),
            ("0.18.2", 0, 90),
            ("0.19.0", 0, 60),
            ("0.19.0", 45, 75),
            ("0.20", 300, 330),
            ("0.21", 0, 70),
        ] {
            let version = Version::read(version).expect("a version");
            let generation = Generation::of(Form::UserUnit, &version).expect("a generation");
            assert_eq!(generation.stop_timeout(drain), Some(limit), "{version} {drain}");
        }
    }

    #[test]
    fn the_plists_of_0_20_and_0_21_are_told_apart_by_their_arguments() {
        let plist = include_str!("../definitions/0.19.0/default.plist");
        let wrapped = plist.replace(
            "<string>-m</string>\n        <string>hermes_cli.main</string>",
            "<string>-m</string><string>hermes_cli.stderr_timestamp</string><string>--error-log</string>\
             <string>/l</string><string>--</string><string>/v/bin/python</string><string>-m</string>\
             <string>hermes_cli.main</string>",
        );
        let marked = wrapped.replace(
            "<string>--replace</string>",
            "<string>--replace</string><string>--external-supervisor</string>",
        );
        let alone = marked.replace("<string>--replace</string>", "");
        for (text, releases) in [
            (&wrapped, "0.20.1 to 0.20.4"),
            (&marked, "0.20.5 and 0.20.6"),
            (&alone, "0.21.0 to 0.21.3"),
        ] {
            let entries = shape::of_plist(&Plist::read(text.as_bytes()).expect("a list"));
            let nearest: Vec<&str> = Generation::nearest(Form::Plist, &entries)
                .iter()
                .map(|generation| generation.releases)
                .collect();
            assert_eq!(nearest, [releases]);
        }
    }
}
