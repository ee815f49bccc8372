//! A host while it is being asked: what everything else is found by.

use std::cell::OnceCell;

use crate::fact::Fact;
use crate::facts::definition::Definition;
use crate::facts::definition::Place;
use crate::facts::gateway::{Named, Purpose};
use crate::facts::home::{self, join};
use crate::facts::process::Process;
use crate::host::{Host, Part, Question, Seen};
use crate::observation::ProcessSeen;
use crate::parse::cmdline::Role;
use crate::snapshot::About;

/// A look at a host.
pub(super) struct Look<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) about: &'a About,
    /// The directory above `profiles/`.
    pub(super) root: Option<String>,
    /// `ROOT/active_profile`.
    pub(super) sticky: Option<String>,
    /// Every process that looks like Hermes. Waited for as late as possible.
    scan: OnceCell<Seen<ProcessSeen>>,
}

impl<'a> Look<'a> {
    /// Begins it. `first` are the questions that the service managers' files need.
    pub(super) fn begin(host: &'a dyn Host, mut first: Vec<Question>) -> Self {
        let about = host.about();
        let pinned = about.env.get("HERMES_HOME").map(String::as_str);
        let root = home::root(about.home.as_deref(), pinned);
        first.push(Question::Processes);
        if let Some(root) = &root {
            first.push(Question::Directory(join(root, "profiles")));
            first.push(Question::File(join(root, "active_profile"), Part::SMALL));
        }
        host.prepare(first);
        let sticky = root.as_ref().and_then(|root| {
            let file = host.file(&join(root, "active_profile"), Part::SMALL);
            file.content().known().map(|text| text.trim().to_string())
        });
        Self { host, about, root, sticky, scan: OnceCell::new() }
    }

    /// Every process that looks like Hermes.
    pub(super) fn scan(&self) -> &Seen<ProcessSeen> {
        self.scan.get_or_init(|| self.host.processes())
    }

    /// The home whose `gateway.lock` a process holds, else the one to which its arguments lead. Where these are one
    /// directory by two names, it goes by the name that it was given.
    pub(super) fn home_of_process(&self, seen: &ProcessSeen) -> Option<String> {
        let process = Process::of(seen.clone(), self.about);
        let by_lock = process.open_gateway_locks().next().map(|(path, _)| path);
        let by_lock = by_lock.and_then(|path| path.strip_suffix("/gateway.lock")).map(String::from);
        let named = matches!(process.role, Role::Gateway(_))
            .then(|| process.chosen_home(self.about, self.sticky.as_deref()))
            .flatten();
        match (by_lock, named) {
            (Some(lock), Some(named)) if lock != named && self.resolved(&named) == lock => {
                Some(named)
            }
            (by_lock, named) => by_lock.or(named),
        }
    }

    /// Where a path leads, as far as its links can be seen: an open file is known by where it is in the end.
    fn resolved(&self, path: &str) -> String {
        let (mut done, mut links) = (String::new(), 0_u8);
        let mut rest: Vec<String> = path.rsplit('/').map(String::from).collect();
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => {}
                ".." => done.truncate(done.rfind('/').unwrap_or(0)),
                name => {
                    let next = format!("{done}/{name}");
                    let seen = self.host.file(&next, Part::Stat);
                    match seen.target.filter(|_| links < MOST_LINKS) {
                        Some(target) => {
                            links += 1;
                            if target.starts_with('/') {
                                done.clear();
                            }
                            rest.extend(target.rsplit('/').map(String::from));
                        }
                        None => done = next,
                    }
                }
            }
        }
        done
    }

    /// A process, out of the search for all of them if it was in it.
    pub(super) fn process(&self, pid: u32) -> Process {
        let scanned = self.scan().list.iter().find(|seen| seen.pid == pid).cloned();
        Process::of(scanned.unwrap_or_else(|| self.host.process(pid)), self.about)
    }

    /// Whether we look from within a container.
    pub(super) fn is_in_container(&self) -> bool {
        self.about.hints.iter().any(|hint| hint == "container")
    }

    /// The processes above one, nearest first. At most sixteen, and never in a circle.
    pub(super) fn ancestors(&self, process: &ProcessSeen) -> Vec<u32> {
        let mut above = Vec::new();
        let mut next = process.ppid;
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
        let mut named = Vec::new();
        let mut add = |what: &'static str, path: &str, at: &Place, purpose: Purpose| {
            if path.starts_with('/') {
                let seen = self.host.file(path, Part::Stat);
                named.push(Named { what, path: path.into(), at: at.clone(), purpose, seen });
            }
        };
        if let (Some(program), Some(at)) = (definition.argv.first(), &definition.argv_at) {
            add("program", program, at, Purpose::Read);
        }
        if let Some((directory, at)) = &definition.working_directory {
            // A leading `-` says that it may be missing.
            add("working directory", directory, at, Purpose::Enter);
        }
        let whole = Place { file: definition.path.clone(), line: None };
        for (file, _) in
            definition.environment_files.iter().filter(|(_, may_be_missing)| !may_be_missing)
        {
            add("environment file", file, &whole, Purpose::Read);
        }
        if let Some(home) = definition.variable("HERMES_HOME") {
            add("HERMES_HOME", &home.value, &home.at, Purpose::Enter);
        }
        let logs = definition.agent.iter().flat_map(|agent| [&agent.stdout, &agent.stderr]);
        for (log, at) in logs.flatten() {
            // launchd makes a log that is not there, and not the directory of it.
            match (self.host.file(log, Part::Stat).what(), log.rsplit_once('/')) {
                (Fact::Absent, Some((directory, _))) => {
                    add("log's directory", directory, at, Purpose::Write);
                }
                _ => add("log", log, at, Purpose::Write),
            }
        }
        named
    }
}

/// So many links a kernel follows on one path, and no fewer (Darwin's `MAXSYMLINKS`).
const MOST_LINKS: u8 = 32;
