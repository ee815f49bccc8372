//! What the operator says ought to be, beside what the host says is.
//!
//! It is given on the command line, and read where files are read; here it is only a value. It is no evidence: it never
//! makes a fact, and never hides one. What it excuses stays in the report, with the reason.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::definition::{Definition, Place};
use gw_snapshot::facts::terms::{About, Term};
use gw_snapshot::observation::FileSeen;
use gw_snapshot::parse::plist;
use thiserror::Error;

/// All that the operator gave.
#[derive(Debug, Clone, Default)]
pub struct Intent {
    /// The definition that is meant to be installed (`--reference`).
    pub reference: Option<Reference>,
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
        let read =
            if is_plist { Definition::of_plist(file) } else { Definition::of_unit(file, &[]) };
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
