//! What the operator says ought to be, beside what the host says is.
//!
//! It is given on the command line, and read where files are read; here it is only a value. It is no evidence: it never
//! makes a fact, and never hides one. What it excuses stays in the report, with the reason.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::terms::{About, Term};
use gw_snapshot::observation::FileSeen;
use gw_snapshot::parse::plist;
use gw_snapshot::parse::specifier::Specifiers;
use jiff::civil::Date;
use thiserror::Error;

/// All that the operator gave.
#[derive(Debug, Clone, Default)]
pub struct Intent {
    /// The definition that is meant to be installed (`--reference`).
    pub reference: Option<Reference>,
    /// What this host's gateways are to be, and which findings are accepted (`--policy`).
    pub policy: Policy,
}

/// What the operator decided about the gateways of a host.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// What is expected, of all gateways or of one.
    pub expected: Vec<Expected>,
    /// Profiles whose gateways are meant to be off.
    pub off: Vec<Entry<String>>,
    /// Findings that are accepted for a while.
    pub ignored: Vec<Ignored>,
    /// Numbers in the place of gw-doctor's own.
    pub thresholds: Thresholds,
}

/// What is expected of gateways.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The profile. None: every one that has a gateway.
    pub profile: Option<String>,
    /// The address on which the API server is to listen.
    pub address: Option<Entry<String>>,
    /// Its port.
    pub port: Option<Entry<u16>>,
    /// Variables that some file must set.
    pub required: Vec<Entry<String>>,
    /// Variables that no file may set.
    pub forbidden: Vec<Entry<String>>,
}

/// A value, and where in the policy it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: Place,
}

/// A finding that is accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// What is ignored.
    pub what: Accepted,
    /// The profile. None: every one.
    pub profile: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it is, in UTC.
    pub until: Date,
    /// Where in the policy it stands.
    pub at: Place,
}

/// What can be ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// What a check finds.
    Check(String),
    /// A cause, and with it all findings that nothing else explains.
    Diagnosis(String),
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Check(id) | Self::Diagnosis(id)) = self;
        f.write_str(id)
    }
}

/// Numbers in the place of gw-doctor's own. None: its own holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// How old the ticker's mark may be, in seconds.
    pub ticker_late: Option<u32>,
    /// How long a job may be overdue before that is a failure, in seconds.
    pub overdue: Option<u32>,
}

impl Policy {
    /// What is expected of this profile.
    pub fn expected_of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a Expected> {
        let is_of = move |expected: &&Expected| {
            expected.profile.as_deref().is_none_or(|named| named == profile)
        };
        self.expected.iter().filter(is_of)
    }

    /// Where it says that this profile's gateway is meant to be off, if it does.
    pub fn off(&self, profile: &str) -> Option<&Place> {
        self.off.iter().find(|off| off.value == profile).map(|off| &off.at)
    }
}

impl Ignored {
    /// Whether it is about this profile.
    pub fn is_of(&self, profile: &str) -> bool {
        self.profile.as_deref().is_none_or(|named| named == profile)
    }

    /// Whether it holds on this day.
    pub fn holds(&self, today: Date) -> bool {
        today <= self.until
    }
}

/// A plist or a unit of the operator's own.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The label, or the unit's name: for which service it is meant. None where it does not say.
    pub name: Option<String>,
    /// What it says, without its secrets.
    pub definition: Definition,
    /// Whether its marks were made as those of the host were, so that two that differ stand for two values.
    pub same_host: bool,
}

/// Why a file is no reference. Continues the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing in it is a service.
    #[error("is neither a plist nor a unit with a [Service]")]
    NoDefinition,
    /// It cannot be understood.
    #[error("cannot be understood: {0}")]
    Unreadable(Why),
    /// A line of it makes no sense.
    #[error("makes no sense: {what} ({at})")]
    Problem {
        /// Where.
        at: Place,
        /// What. Never a word of the file.
        what: String,
    },
}

impl Reference {
    /// Reads a plist or a unit that holds no secret any more: its content says which it is.
    ///
    /// # Errors
    /// If it is neither, or if a manager would not take it as it stands.
    pub fn read(file: &FileSeen, same_host: bool) -> Result<Self, ReferenceError> {
        let is_plist = match file.bytes() {
            Fact::Known(bytes) => plist::is_plist(&bytes),
            Fact::Absent => return Err(ReferenceError::NoDefinition),
            Fact::Unknown(why) => return Err(ReferenceError::Unreadable(why)),
        };
        let read = if is_plist {
            Definition::of_plist(file)
        } else {
            Definition::of_unit(file, &[], &Specifiers::default())
        };
        let definition = match read {
            Fact::Known(definition) => definition,
            Fact::Absent => return Err(ReferenceError::NoDefinition),
            Fact::Unknown(why) => return Err(ReferenceError::Unreadable(why)),
        };
        let is_service =
            |term: &Term| matches!(&term.about, About::Setting(section, _) if section == "Service");
        if !is_plist && !definition.terms.iter().any(is_service) {
            return Err(ReferenceError::NoDefinition);
        }
        if let Some(problem) = definition.problems.first() {
            let (at, what) = (problem.at.clone(), problem.what.clone());
            return Err(ReferenceError::Problem { at, what });
        }
        let name = match &definition.agent {
            Some(agent) => agent.label.clone(),
            None => file
                .path
                .rsplit('/')
                .next()
                .filter(|name| name.ends_with(".service"))
                .map(String::from),
        };
        Ok(Self { name, definition, same_host })
    }

    /// Whether it is a plist.
    pub const fn is_plist(&self) -> bool {
        self.definition.agent.is_some()
    }
}
