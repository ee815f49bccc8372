//! What the installed code can write as a service definition, told from its source text alone.
//!
//! The functions `generate_systemd_unit` and `generate_launchd_plist` are looked for by their names, and followed with
//! the functions of Hermes's that they call (`run`). What comes of it is a text with placeholders and choices
//! (`template`), and of that what it says (`document`). Nothing is ever run. Where the text cannot be followed, the
//! answer is that it cannot be told.

mod calls;
mod document;
mod forms;
mod modules;
mod run;
mod template;
mod value;
mod values;

pub(crate) use document::is_told_one_by_one;
pub use document::{ANY, Document, Kind, Setting, When};
pub use modules::Load;

use modules::{Bound, is_own};
use run::{Generator, Run};
use template::Text;
use value::Value;

/// What the installed code can write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generators {
    /// For the manager of a user. None: it cannot be told.
    pub user_unit: Option<Document>,
    /// For the system manager.
    pub system_unit: Option<Document>,
    /// For launchd.
    pub plist: Option<Document>,
    /// The files that were read, by their paths below the directory of the code.
    pub files: Vec<String>,
}

/// Which generators are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those of units.
    Units,
    /// That of plists.
    Plist,
}

/// Reads the code.
pub fn read(load: &mut Load<'_>, wanted: Wanted) -> Generators {
    let mut run = Run::new(load);
    let mut found = Generators::default();
    let document = |generator: Generator, read: fn(&Text) -> Option<Document>| match generator {
        Generator::Makes(text) => read(&text),
        Generator::Anything => Some(Document::anything()),
        Generator::Unknown => None,
    };
    match wanted {
        Wanted::Units => {
            if let Some(module) = place(&mut run, UNIT) {
                let mut of = |system: bool| {
                    let given = [("system", Value::Truth(system))];
                    document(run.generator(&module, UNIT, &given, "linux"), Document::of_unit)
                };
                found.user_unit = of(false);
                found.system_unit = of(true);
            }
        }
        Wanted::Plist => {
            let module = place(&mut run, PLIST);
            let generator = module.map(|module| run.generator(&module, PLIST, &[], "darwin"));
            found.plist = generator.and_then(|found| document(found, Document::of_list));
        }
    }
    found.files = run.modules.files();
    found
}

/// Returns the module in which a generator gets its name: one of those in which releases have it, or one that they import.
fn place(run: &mut Run<'_>, name: &str) -> Option<String> {
    let mut candidates: Vec<String> = PLACES.map(String::from).to_vec();
    let mut at = 0;
    while let Some(candidate) = candidates.get(at).cloned() {
        at += 1;
        let Some(found) = run.modules.get(&candidate) else { continue };
        let bound = found.bound(name);
        if bound.is_empty() && found.methods(name).next().is_some() {
            return Some(candidate);
        }
        let mut passed_on = Vec::new();
        for bound in bound.iter() {
            let imported = match bound {
                // The module from which it comes is the one to ask, as far as it can be read.
                Bound::Import(imported) if imported.of.as_deref() == Some(name) => imported,
                Bound::Whole(imported) => imported,
                _ => return Some(candidate),
            };
            let module = found.absolute(&candidate, &imported.module);
            let is_whole = matches!(bound, Bound::Whole(_));
            if is_own(&module) && (is_whole || passed_on.is_empty()) {
                passed_on.push(module);
            } else if !is_whole {
                return Some(candidate);
            }
        }
        passed_on.retain(|module| !candidates.iter().take(at).any(|known| known == module));
        candidates.splice(at..at, passed_on);
        for named in found.named(&candidate).filter(|named| named.starts_with(BESIDE)) {
            if !candidates.contains(&named) && candidates.len() < MOST_CANDIDATES {
                candidates.push(named);
            }
        }
    }
    None
}

const UNIT: &str = "generate_systemd_unit";
const PLIST: &str = "generate_launchd_plist";
/// Where releases 0.13 to 0.22 have them.
const PLACES: [&str; 3] =
    ["hermes_cli.gateway", "hermes_cli.gateway_service_unit", "hermes_cli.gateway_launchd"];
/// Where else they may be.
const BESIDE: &str = "hermes_cli.gateway";
/// Modules that are looked into for one function.
const MOST_CANDIDATES: usize = 24;

#[cfg(test)]
mod tests;
