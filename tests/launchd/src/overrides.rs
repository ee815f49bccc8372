//! The disabled overrides. They are launchd's own, kept in one file a user, and outlive the job, its property
//! list, and the daemon (`disabled.json` in the state directory).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Domain;

/// For each domain by name, for each label whether it is disabled.
type Rows = BTreeMap<String, BTreeMap<String, bool>>;

/// The disabled overrides of all domains.
#[derive(Debug)]
pub(crate) struct Overrides {
    path: PathBuf,
    rows: Rows,
}

impl Overrides {
    /// Those that were left in the state directory.
    pub(crate) fn load(state: &Path) -> io::Result<Overrides> {
        let path = state.join("disabled.json");
        let rows = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Rows::new(),
            Err(error) => return Err(error),
        };
        Ok(Overrides { path, rows })
    }

    /// Sets one, and writes all down. The two domains of a user share their rows, unless they are kept apart.
    pub(crate) fn set(
        &mut self,
        domain: Domain,
        label: &str,
        disabled: bool,
        apart: bool,
    ) -> io::Result<()> {
        for domain in if apart { vec![domain] } else { of_user(domain) } {
            let rows = self.rows.entry(domain.to_string()).or_default();
            rows.insert(label.to_owned(), disabled);
        }
        fs::write(&self.path, serde_json::to_vec_pretty(&self.rows)?)
    }

    /// The rows of one domain: label, and whether it is disabled.
    pub(crate) fn rows(&self, domain: Domain) -> impl Iterator<Item = (&str, bool)> {
        let rows = self.rows.get(&domain.to_string());
        rows.into_iter().flatten().map(|(label, disabled)| (label.as_str(), *disabled))
    }

    /// Whether a label may not be loaded. The two domains of a user block each other; a row beats the
    /// `Disabled` of the property list.
    pub(crate) fn block(&self, domain: Domain, label: &str, by_definition: bool) -> bool {
        let row = |domain: Domain| self.rows.get(&domain.to_string())?.get(label).copied();
        let rows: Vec<bool> = of_user(domain).into_iter().filter_map(row).collect();
        if rows.is_empty() { by_definition } else { rows.contains(&true) }
    }
}

/// A domain, and the other one of its user.
fn of_user(domain: Domain) -> Vec<Domain> {
    match domain {
        Domain::System => vec![domain],
        Domain::User(uid) | Domain::Gui(uid) => vec![Domain::User(uid), Domain::Gui(uid)],
    }
}
