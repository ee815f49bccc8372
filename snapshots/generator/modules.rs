//! Hermes's own modules, each read when a name of it is needed, and no more of them than any release needs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::parse::python::{Binding, Imported, Item, Kind, Source, Statement, statements};

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
    /// What its imports bind, in the order of its lines.
    imports: Vec<Import>,
    /// What may give a name its value, of the names that were asked for.
    known: RefCell<BTreeMap<String, Rc<[Bound]>>>,
}

/// A name that a module imports.
struct Import {
    /// Where in the text its statement begins.
    at: usize,
    is_conditional: bool,
    of: Imported,
}

/// How a module gives a name its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// By `def`.
    Function(Item),
    /// By `NAME = …`.
    Assignment(Item),
    /// By an import.
    Import(Imported),
    /// By one that brings all names of a module, of which this may be one.
    Whole(Imported),
    /// By something that is not followed: a class, a decorator, a loop, a function that declares it `global`.
    Otherwise,
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
        // Python would refuse it, and what is cut off says nothing of what is missing.
        if !source.is_whole() {
            return None;
        }
        let mut imports = Vec::new();
        for item in source.items().filter(|item| item.kind == Kind::Import) {
            let (at, is_conditional) = (item.span.start, item.is_conditional);
            let names =
                statements(source.text(item)).into_iter().filter_map(|statement| match statement {
                    Statement::Import(names) => Some(names),
                    _ => None,
                });
            imports.extend(names.flatten().map(|of| Import { at, is_conditional, of }));
        }
        Some(Module { source, is_package, imports, known: RefCell::default() })
    }
}

impl Module {
    /// Returns what may give this name its value in the end, in the order of its lines. What a later statement replaces in
    /// any case is left out.
    pub(super) fn bound(&self, name: &str) -> Rc<[Bound]> {
        if let Some(known) = self.known.borrow().get(name) {
            return Rc::clone(known);
        }
        let found: Rc<[Bound]> = self.binding(name).into();
        self.known.borrow_mut().insert(name.into(), Rc::clone(&found));
        found
    }

    fn binding(&self, name: &str) -> Vec<Bound> {
        let mut found: Vec<Bound> = Vec::new();
        let mut late: Vec<Bound> = Vec::new();
        for binding in self.source.bindings(name) {
            let Binding::Item(item) = binding else {
                found.push(Bound::Otherwise);
                continue;
            };
            let bound = match item.kind {
                Kind::Import => {
                    let imports = self.imports.iter().filter(|import| import.at == item.span.start);
                    for import in
                        imports.filter(|import| [name, "*"].contains(&import.of.name.as_str()))
                    {
                        let is_whole = import.of.name == "*";
                        if !is_whole && !import.is_conditional {
                            found.clear();
                        }
                        let of = import.of.clone();
                        found.push(if is_whole { Bound::Whole(of) } else { Bound::Import(of) });
                    }
                    continue;
                }
                Kind::Global => {
                    late.push(Bound::Otherwise);
                    continue;
                }
                Kind::Touch => {
                    found.push(Bound::Otherwise);
                    continue;
                }
                Kind::Function if item.decorators.iter().all(|known| self.keeps(known)) => {
                    Bound::Function(item.clone())
                }
                Kind::Function | Kind::Class => Bound::Otherwise,
                Kind::Assignment => Bound::Assignment(item.clone()),
            };
            if !item.is_conditional {
                found.clear();
            }
            found.push(bound);
        }
        found.append(&mut late);
        found
    }

    /// Returns the functions of this name that are within a class or another function.
    pub(super) fn methods(&self, name: &str) -> impl Iterator<Item = &Item> {
        let is_one = |item: &&Item| item.kind == Kind::Function && !item.is_of_module;
        self.source.items().filter(is_one).filter(move |item| item.name == name)
    }

    /// True if a decorator leaves it to the function what a call returns.
    fn keeps(&self, decorator: &str) -> bool {
        let (module, name) = decorator.rsplit_once('.').unwrap_or(("", decorator));
        let is_of = |import: &Import| match module {
            "" => import.of.module == KEEPER && import.of.of.as_deref() == Some(name),
            module => {
                import.of.module == KEEPER && import.of.name == module && import.of.of.is_none()
            }
        };
        KEEPING.contains(&name) && self.imports.iter().any(is_of)
    }

    /// Returns the modules that its imports name, by their full names.
    pub(super) fn named<'m>(&'m self, own: &'m str) -> impl Iterator<Item = String> + 'm {
        self.imports.iter().flat_map(move |import| {
            let imported = &import.of;
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

/// The module of Python's whose decorators in `KEEPING` remember what a function returns.
const KEEPER: &str = "functools";
const KEEPING: [&str; 2] = ["cache", "lru_cache"];
/// Hermes's packages.
const PACKAGES: [&str; 2] = ["gateway", "hermes_cli"];
/// Paths that are tried at most. Release 0.22.2 needs less than a dozen files.
const MOST_TRIED: usize = 48;
/// In bytes.
const LONGEST_NAME: usize = 128;
