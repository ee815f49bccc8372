//! The services of a host, whatever manages them: what is asked of each kind of service manager.

use crate::fact::Fact;
use crate::facts::definition::Definition;
use crate::facts::gateway::Lane;
use crate::facts::home::Home;
use crate::facts::manager::Manager;
use crate::facts::process::Scanned;

use super::look::Look;

/// A definition on disk that runs Hermes.
pub(super) struct Found {
    /// Who would load it.
    pub(super) manager: Manager,
    /// The unit's name with its ending, or the label.
    pub(super) name: String,
    /// What it says.
    pub(super) definition: Fact<Definition>,
    /// The home that a gateway started by it would serve.
    pub(super) home: Option<String>,
}

impl Found {
    /// Whether it serves a home: where nobody can tell which one it does, whether it is called so, and does not run
    /// as a user whose home is another.
    pub(super) fn serves(&self, look: &Look<'_>, home: &Home) -> bool {
        if let Some(path) = &self.home {
            return home.is_at(path);
        }
        let definition = self.definition.known();
        let is_of_another = self.manager == Manager::SystemdSystem
            && definition.and_then(|definition| definition.is_of(look.about)) == Some(false);
        let stem = if self.manager.is_launchd() { "ai.hermes.gateway" } else { "hermes-gateway" };
        let name = self.name.strip_suffix(".service").unwrap_or(&self.name);
        let names = home.service_names(stem, look.about.home.as_deref());
        !is_of_another && names.iter().any(|own| own == name)
    }
}

/// The files of one kind of service manager.
pub(super) trait Services {
    /// The definitions that were found.
    fn found(&self) -> &[Found];

    /// Begins to ask the managers for what serves these homes, and for what runs these processes.
    fn ask(&self, look: &Look<'_>, homes: &[Home], processes: &[Scanned]);

    /// What the managers said, having been asked for what serves these homes. Waits for them.
    fn answers(&self, look: &Look<'_>, homes: &[Home]) -> Box<dyn Answers + '_>;
}

/// What the managers said.
pub(super) trait Answers {
    /// The services that serve a home, and the one that Hermes would install for it.
    fn lanes(&self, look: &Look<'_>, home: &Home) -> Vec<Lane>;

    /// Each manager that was asked, and whether it answered.
    fn managers(&self) -> Vec<(Manager, Fact<()>)>;

    /// The service that has one of these processes, whomever it serves, other than these of a home's own.
    fn holder(&self, _pids: &[u32], _lanes: &[Lane]) -> Option<String> {
        None
    }

    /// Whether a list of all services of any manager was seen, so that one under another name would have been.
    fn has_a_list(&self) -> bool {
        true
    }

    /// Whether the user's own manager outlives the last session.
    fn linger(&self) -> Fact<bool>;

    /// The type of the session from which we look.
    fn session(&self) -> Fact<String> {
        Fact::Absent
    }

    /// How many clients hold each launchd domain to starts on demand.
    fn on_demand(&self) -> Vec<(Manager, Fact<u64>)> {
        Vec::new()
    }
}
