//! Hermes's own modules, each read when a name of it is needed, and no more of them than any release needs.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::parse::python::{Imported, Kind, Source, Statement, statements};

/// Reads the text of a file of the code by its path below the directory with the packages.
pub type Load<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// The modules that were read.
pub(super) struct Modules<'a> {
    load: &'a mut Load<'a>,
    /// By name. None: it is not there, or cannot be read.
    known: BTreeMap<String, Option<Rc<Module>>>,
    /// The paths of the files that were read.
    files: Vec<String>,
    /// How many paths were tried.
    tried: usize,
}

/// A module.
pub(super) struct Module {
    /// Its text.
    pub(super) source: Source,
    /// True if it is the `__init__.py` of a package.
    is_package: bool,
    /// What its imports bind.
    imports: Vec<Imported>,
}

impl<'a> Modules<'a> {
    pub(super) fn new(load: &'a mut Load<'a>) -> Self {
        Self { load, known: BTreeMap::new(), files: Vec::new(), tried: 0 }
    }

    /// Returns the paths of the files that were read, in that order.
    pub(super) fn files(self) -> Vec<String> {
        self.files
    }

    /// Returns a module by its name. None where it is not Hermes's, is not there or cannot be read.
    pub(super) fn get(&mut self, name: &str) -> Option<Rc<Module>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let path = name.replace('.', "/");
        let found = is_own(name).then(|| {
            self.read(&format!("{path}.py"), false)
                .or_else(|| self.read(&format!("{path}/__init__.py"), true))
        });
        let found = found.flatten().map(Rc::new);
        self.known.insert(name.into(), found.clone());
        found
    }

    fn read(&mut self, path: &str, is_package: bool) -> Option<Module> {
        self.tried = self.tried.saturating_add(1);
        if self.tried > MOST_TRIED {
            return None;
        }
        let source = Source::read((self.load)(path)?);
        self.files.push(path.into());
        let imports = source.items().filter(|item| item.kind == Kind::Import);
        let statements = imports.flat_map(|item| statements(source.text(item)));
        let imports = statements.filter_map(|statement| match statement {
            Statement::Import(names) => Some(names),
            _ => None,
        });
        let imports = imports.flatten().collect();
        Some(Module { source, is_package, imports })
    }
}

impl Module {
    /// Returns what binds this name by an import, the last one first.
    pub(super) fn imports(&self, name: &str) -> impl Iterator<Item = &Imported> {
        self.imports.iter().rev().filter(move |imported| imported.name == name)
    }

    /// Returns the modules that its imports name, by their full names.
    pub(super) fn named<'m>(&'m self, own: &'m str) -> impl Iterator<Item = String> + 'm {
        self.imports.iter().flat_map(move |imported| {
            let module = self.absolute(own, &imported.module);
            let inner = imported.of.as_ref().map(|of| format!("{module}.{of}"));
            [Some(module), inner].into_iter().flatten()
        })
    }

    /// Returns the full name of a module that this one, of this name, names with leading dots.
    pub(super) fn absolute(&self, own: &str, named: &str) -> String {
        let inner = named.trim_start_matches('.');
        let dots = named.len().saturating_sub(inner.len());
        if dots == 0 {
            return named.into();
        }
        let mut parts: Vec<&str> = own.split('.').collect();
        let up = dots.saturating_sub(usize::from(self.is_package));
        parts.truncate(parts.len().saturating_sub(up));
        parts.extend(Some(inner).filter(|inner| !inner.is_empty()));
        parts.join(".")
    }
}

/// True if a module is one of Hermes's that service definitions are made by.
pub(super) fn is_own(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    PACKAGES.contains(&first) && is_name && !name.contains("..") && name.len() < LONGEST_NAME
}

/// Hermes's packages.
const PACKAGES: [&str; 2] = ["gateway", "hermes_cli"];
/// Paths that are tried at most. Release 0.22.2 needs less than a dozen files.
const MOST_TRIED: usize = 48;
/// In bytes.
const LONGEST_NAME: usize = 128;
