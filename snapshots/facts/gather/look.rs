//! A host while it is being asked: what everything else is found by.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;

use super::Wanted;
use crate::fact::Fact;
use crate::facts::definition::Definition;
use crate::facts::gateway::{Named, Purpose};
use crate::facts::home::{self, Home, join};
use crate::facts::install::{self, Install, Loaded};
use crate::facts::place::Place;
use crate::facts::process::{Process, Scanned};
use crate::facts::reference::Reference;
use crate::facts::release::Capability;
use crate::host::{Host, Part, Question, Seen};
use crate::observation::{ProcessSeen, Trouble};
use crate::parse::cmdline::{self, Role};
use crate::redact::holds_a_mark;
use crate::snapshot::About;

/// So many gateways are looked at as one is. What costs a program or a connection each is saved beyond.
pub(super) const FEW: usize = 8;

/// The words of a command, and the code that a process is known to have loaded.
type Lead = (Vec<String>, Option<Loaded>);

/// A look at a host.
pub(super) struct Look<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) about: &'a About,
    /// The gateways that somebody asks for.
    wanted: &'a Wanted,
    /// The directory above `profiles/`.
    pub(super) root: Option<String>,
    /// Every process that looks like Hermes. Waited for as late as possible.
    scan: OnceCell<Seen<Scanned>>,
    /// What is installed beside each interpreter that was looked at. A hundred profiles have one.
    installs: RefCell<BTreeMap<Lead, Option<Install>>>,
    /// What the code in each directory that was looked at writes into definitions.
    references: RefCell<BTreeMap<String, Fact<Reference>>>,
    /// How many units were looked up in the journal.
    journals: Cell<usize>,
    /// The homes below the root by their real paths.
    homes: OnceCell<BTreeMap<String, String>>,
    /// The sticky profile of each root that was asked for.
    stickies: RefCell<BTreeMap<String, Option<String>>>,
}

impl<'a> Look<'a> {
    /// Begins it. `first` are the questions for which nothing need be known.
    pub(super) fn begin(host: &'a dyn Host, wanted: &'a Wanted, mut first: Vec<Question>) -> Self {
        let about = host.about();
        let pinned = about.env.get("HERMES_HOME").map(String::as_str);
        let root = home::root(about.home.as_deref(), pinned);
        first.push(Question::Processes);
        if let Some(root) = &root {
            first.push(Question::Directory(root.clone()));
            first.push(Question::Directory(join(root, "profiles")));
            first.push(Question::File(join(root, STICKY), Part::SMALL));
        }
        host.prepare(first);
        Self {
            host,
            about,
            wanted,
            root,
            scan: OnceCell::new(),
            installs: RefCell::default(),
            references: RefCell::default(),
            journals: Cell::default(),
            homes: OnceCell::new(),
            stickies: RefCell::default(),
        }
    }

    /// True if somebody asks for the gateway of this home: by its name, by its path, or for all of them.
    pub(super) fn is_asked(&self, home: &Home) -> bool {
        let is_at = |path: &String| *path == home.path || self.known_as(path) == home.path;
        self.wanted.profiles.is_empty()
            || self.wanted.profiles.contains(&home.profile)
            || self.wanted.homes.iter().any(is_at)
    }

    /// The profiles below the root, by their paths.
    pub(super) fn profiles(&self) -> Vec<String> {
        let Some(root) = &self.root else { return Vec::new() };
        let profiles = join(root, "profiles");
        let listed = self.host.directory(&profiles);
        let names = listed.names();
        let names = names.known().copied().unwrap_or_default().iter();
        names.filter(|name| home::is_profile_name(name)).map(|name| join(&profiles, name)).collect()
    }

    /// The one path under which a home is looked at, of all that lead there: below the root as the user spells it,
    /// elsewhere the one without symbolic links.
    pub(super) fn known_as(&self, path: &str) -> String {
        let homes = self.homes.get_or_init(|| self.homes_by_real_path());
        let path = home::trimmed(path);
        if let Some(home) = homes.get(path) {
            return home.clone();
        }
        let real = self.real(path).unwrap_or_else(|| path.into());
        let below_root = || {
            let root = self.root.as_ref()?;
            let rest = real.strip_prefix(&self.real(root)?)?;
            rest.starts_with('/').then(|| format!("{root}{rest}"))
        };
        homes.get(&real).cloned().or_else(below_root).unwrap_or(real)
    }

    /// Where a link leads of which nothing is at the other end.
    pub(super) fn dangling(&self, path: &str) -> Option<String> {
        let file = self.host.file(path, Part::SMALL);
        file.target.filter(|_| file.error == Some(Trouble::NotFound))
    }

    /// The path of a directory without symbolic links, if it is another one.
    pub(super) fn real(&self, path: &str) -> Option<String> {
        self.host.directory(path).target
    }

    fn homes_by_real_path(&self) -> BTreeMap<String, String> {
        let below = self.root.iter().cloned().chain(self.profiles());
        let below: Vec<String> = below.collect();
        self.host.prepare(below.iter().cloned().map(Question::Directory).collect());
        let mut homes = BTreeMap::new();
        for home in below {
            let real = self.real(&home).unwrap_or_else(|| home.clone());
            homes.entry(real).or_insert(home);
        }
        homes
    }

    /// The profile that `ROOT/active_profile` names, if it names one: a root's own file decides, and no other's.
    pub(super) fn sticky(&self, root: &str) -> Option<String> {
        if let Some(known) = self.stickies.borrow().get(root) {
            return known.clone();
        }
        let file = self.host.file(&join(root, STICKY), Part::SMALL);
        let text = file.content().known().map(|text| text.trim().to_string());
        let sticky = text.filter(|name| !matches!(name.as_str(), "" | "default"));
        self.stickies.borrow_mut().insert(root.into(), sticky.clone());
        sticky
    }

    /// The same for a command that systemd starts, which some releases keep from it.
    pub(super) fn sticky_under_systemd(&self, root: &str, argv: &[String]) -> Option<String> {
        let ignores = || {
            let version = self.install(argv)?.version.known().cloned();
            version?.has(Capability::ServicesIgnoreSticky)
        };
        self.sticky(root).filter(|_| ignores() != Some(true))
    }

    /// The sticky profile of each root that has one, of those that anything here led to.
    pub(super) fn stickies(&self) -> BTreeMap<String, String> {
        self.root.iter().for_each(|root| drop(self.sticky(root)));
        let known = self.stickies.borrow();
        known.iter().filter_map(|(root, name)| Some((root.clone(), name.clone()?))).collect()
    }

    /// Every process that looks like Hermes.
    pub(super) fn scan(&self) -> &Seen<Scanned> {
        self.scan.get_or_init(|| {
            let Seen { list, complete, trouble } = self.host.processes();
            let understood = |seen: ProcessSeen| {
                let argv = seen.argv.clone().unwrap_or_default();
                let is_in_unit =
                    seen.env.as_ref().is_some_and(|env| env.contains_key("INVOCATION_ID"));
                let is_service = is_in_unit && matches!(cmdline::role(&argv), Role::Gateway(_));
                let mut scanned = Scanned::of(seen, self.about, |root| {
                    if is_service {
                        self.sticky_under_systemd(root, &argv)
                    } else {
                        self.sticky(root)
                    }
                });
                scanned.home = scanned.home.map(|home| self.known_as(&home));
                scanned
            };
            Seen { list: list.into_iter().map(understood).collect(), complete, trouble }
        })
    }

    /// A process that the search for all of them found.
    pub(super) fn scanned(&self, pid: u32) -> Option<&Process> {
        let scanned = self.scan().list.iter().find(|scanned| scanned.process.pid == pid);
        scanned.map(|scanned| &scanned.process)
    }

    /// A process, out of the search for all of them if it was in it.
    pub(super) fn process(&self, pid: u32) -> Process {
        let scanned = self.scanned(pid).cloned();
        scanned.unwrap_or_else(|| Process::of(self.host.process(pid), self.about))
    }

    /// Returns the installed code to which the words of a command lead, or the link that its program is.
    pub(super) fn install(&self, argv: &[String]) -> Option<Install> {
        self.install_beside(argv, None)
    }

    /// The same, where a process is known to have loaded its code from somewhere.
    pub(super) fn install_beside(
        &self,
        argv: &[String],
        loaded: Option<&Loaded>,
    ) -> Option<Install> {
        let key = (argv.to_vec(), loaded.cloned());
        if let Some(known) = self.installs.borrow().get(&key) {
            return known.clone();
        }
        let install = Install::first_of(&self.places(argv), loaded, self.host);
        self.installs.borrow_mut().insert(key, install.clone());
        install
    }

    /// Returns the places to which the words of a command lead, or the link that its program is.
    fn places(&self, argv: &[String]) -> Vec<install::Place> {
        let mut places = install::places(argv);
        let link =
            argv.first().filter(|program| program.starts_with('/') && program.ends_with("/hermes"));
        let target = link.and_then(|link| self.host.file(link, Part::Stat).target);
        places.extend(target.into_iter().flat_map(|target| install::places(&[target])));
        places
    }

    /// Returns the code that a command starts, beside a process that runs from some code: that of the process, if any of the
    /// places to which the command leads holds it.
    pub(super) fn install_next(
        &self,
        argv: &[String],
        running: &Install,
        loaded: Option<&Loaded>,
    ) -> Option<Install> {
        let mut found = self
            .places(argv)
            .into_iter()
            .map(|place| Install::at(&place, loaded, self.host))
            .filter(|found| found.code.known().is_some());
        let is_its = |found: &Install| self.is_elsewhere(running, found) == Some(false);
        found.find(is_its).or_else(|| self.install_beside(argv, loaded))
    }

    /// True if two codes are in two places, whatever links lead there. None where that was not seen. A code that is gone is
    /// in no place where another is.
    pub(super) fn is_elsewhere(&self, running: &Install, next: &Install) -> Option<bool> {
        next.code.known()?;
        if running.place() == next.place() {
            return Some(false);
        }
        let real = |place: &str| {
            let seen = self.host.directory(place);
            match seen.error {
                None if seen.entries.is_some() => Some(seen.target.unwrap_or_else(|| place.into())),
                Some(Trouble::NotFound) => Some(String::new()),
                _ => None,
            }
        };
        Some(real(running.place())? != real(next.place())?)
    }

    /// Returns what an installed code writes into definitions.
    pub(super) fn reference(&self, install: &Install) -> Fact<Reference> {
        install.code.clone().and_then(|code| {
            if let Some(known) = self.references.borrow().get(&code) {
                return known.clone();
            }
            let reference = Reference::of(&code, self.host);
            self.references.borrow_mut().insert(code, reference.clone());
            reference
        })
    }

    /// True if one more unit may be looked up in the journal: a program each, so of many that fail only the first are.
    pub(super) fn may_ask_journal(&self) -> bool {
        let asked = self.journals.get();
        self.journals.set(asked.saturating_add(1));
        asked < FEW
    }

    /// Whether we look from within a container.
    pub(super) fn is_in_container(&self) -> bool {
        self.about.hints.iter().any(|hint| hint == "container")
    }

    /// The processes above one, nearest first. At most sixteen, and never in a circle.
    pub(super) fn ancestors(&self, process: &Process) -> Vec<u32> {
        let mut above = Vec::new();
        let mut next = process.seen.ppid;
        while let Some(pid) =
            next.filter(|pid| *pid > 1 && !above.contains(pid) && above.len() < 16)
        {
            above.push(pid);
            next = self.host.process(pid).ppid;
        }
        above
    }

    /// What a definition names on disk, looked at.
    pub(super) fn named(&self, definition: &Fact<Definition>) -> Vec<Named> {
        let Some(definition) = definition.known() else { return Vec::new() };
        let seen = |name: Name| {
            let seen = self.host.file(&name.path, Part::Stat);
            // launchd makes a log that is not there, and not the directory of it.
            match (seen.what(), name.path.rsplit_once('/')) {
                (Fact::Absent, Some((directory, _))) if name.what == LOG => {
                    let name = Name { what: "log's directory", path: directory.into(), ..name };
                    let seen = self.host.file(directory, Part::Stat);
                    (name, seen)
                }
                _ => (name, seen),
            }
        };
        let named =
            |(Name { what, path, at, purpose }, seen)| Named { what, path, at, purpose, seen };
        names(definition).into_iter().map(seen).map(named).collect()
    }
}

/// What will be asked of what a definition names on disk.
pub(super) fn questions(definition: &Definition) -> impl Iterator<Item = Question> + use<> {
    names(definition).into_iter().map(|name| Question::File(name.path, Part::Stat))
}

/// What a definition names on disk.
struct Name {
    what: &'static str,
    path: String,
    at: Place,
    purpose: Purpose,
}

const LOG: &str = "log";
/// Wrappers in each other that are looked through: osascript, Hermes's own, and one more.
const MOST_WRAPPERS: usize = 4;
/// Beside `profiles`, what `hermes profile use` writes.
const STICKY: &str = "active_profile";

/// What a definition names by an absolute path.
fn names(definition: &Definition) -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |what: &'static str, path: &str, at: &Place, purpose: Purpose| {
        if path.starts_with('/') && !holds_a_mark(path) {
            names.push(Name { what, path: path.into(), at: at.clone(), purpose });
        }
    };
    if let Some(at) = &definition.argv_at {
        let mut programs: Vec<String> = Vec::new();
        let mut command = Some(definition.argv.clone());
        // What a wrapper hands on is as needed as the wrapper.
        while let Some(argv) = command.filter(|_| programs.len() < MOST_WRAPPERS) {
            programs.extend(argv.first().cloned().filter(|program| !programs.contains(program)));
            command = cmdline::handed_on(&argv);
        }
        for program in &programs {
            add("program", program, at, Purpose::Run);
        }
        if let Some(code) = cmdline::bootstrap(&definition.argv) {
            add("directory of its code", &code.project_root, at, Purpose::Enter);
        }
    }
    if let Some((directory, at)) = &definition.working_directory {
        // A leading `-` says that it may be missing.
        add("working directory", directory, at, Purpose::Enter);
    }
    let whole = Place { file: definition.path.clone(), line: None };
    let needed = definition.environment_files.iter().filter(|(_, may_be_missing)| !may_be_missing);
    for (file, _) in needed {
        add("environment file", file, &whole, Purpose::Read);
    }
    let home = definition.variable("HERMES_HOME");
    if let Some((path, at)) = home.and_then(|home| Some((home.value.literal()?, &home.at))) {
        add("HERMES_HOME", path, at, Purpose::Enter);
    }
    let logs = definition.agent.iter().flat_map(|agent| [&agent.stdout, &agent.stderr]);
    for (log, at) in logs.flatten() {
        add(LOG, log, at, Purpose::Write);
    }
    names
}
