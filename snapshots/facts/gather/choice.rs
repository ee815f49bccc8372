//! Which kind of service manager is asked: the one of the operating system, another that somebody names, or none.

use crate::fact::Fact;
use crate::facts::gateway::Lane;
use crate::facts::home::Home;
use crate::facts::manager::Manager;
use crate::facts::process::Scanned;
use crate::host::Question;
use crate::snapshot::{About, Os};

use super::look::Look;
use super::services::{Answers, Found, Services};
use super::{launchd, systemd};

/// Which kind of service manager to ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// The one that the operating system has.
    #[default]
    Auto,
    /// systemd.
    Systemd,
    /// launchd.
    Launchd,
    /// None: gateways here run by hand, or under something else.
    None,
}

/// What is asked first, before anything else is known.
pub(super) fn first(about: &About, choice: Choice) -> Vec<Question> {
    match kind(about, choice) {
        Some(Os::Linux) => systemd::first(about),
        Some(Os::Macos) => launchd::first(about),
        None => Vec::new(),
    }
}

/// The files of the manager that this host has. `ahead` asks for what can be read while they are taken apart.
pub(super) fn services(look: &Look<'_>, choice: Choice, ahead: impl FnOnce()) -> Box<dyn Services> {
    match kind(look.about, choice) {
        Some(Os::Linux) => Box::new(systemd::Files::read(look, ahead)),
        Some(Os::Macos) => {
            ahead();
            Box::new(launchd::Files::read(look))
        }
        None => Box::new(Nobody),
    }
}

/// Whose kind of manager to look for.
fn kind(about: &About, choice: Choice) -> Option<Os> {
    match choice {
        Choice::Auto => Some(about.os),
        Choice::Systemd => Some(Os::Linux),
        Choice::Launchd => Some(Os::Macos),
        Choice::None => None,
    }
}

/// No manager at all: whoever runs a gateway here runs it by hand.
struct Nobody;

impl Services for Nobody {
    fn found(&self) -> &[Found] {
        &[]
    }

    fn ask(&self, _look: &Look<'_>, _homes: &[Home], _processes: &[Scanned]) {}

    fn answers(&self, _look: &Look<'_>, _homes: &[Home]) -> Box<dyn Answers + '_> {
        Box::new(Self)
    }
}

impl Answers for Nobody {
    fn lanes(&self, _look: &Look<'_>, _home: &Home) -> Vec<Lane> {
        Vec::new()
    }

    fn managers(&self) -> Vec<(Manager, Fact<()>)> {
        Vec::new()
    }

    fn linger(&self) -> Fact<bool> {
        Fact::Absent
    }
}
