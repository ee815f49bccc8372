//! Units on disk, and what the two systemd managers have loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::{Fact, Why};
use crate::facts::definition::Definition;
use crate::facts::gateway::{FileStamp, Lane, Manager};
use crate::facts::home::{Home, join};
use crate::facts::job::Job;
use crate::facts::job::systemd::Units;
use crate::facts::process::Process;
use crate::host::{Ask, Part, Question, Scope};
use crate::observation::{FileSeen, ProcessSeen};
use crate::parse::cgroup;
use crate::parse::cmdline::Role;
use crate::parse::show;
use crate::snapshot::About;

use super::FEW;
use super::look::Look;
use super::services::{Answers, Found, Services};

/// What is asked before anything else is known.
pub(super) fn first(about: &About) -> Vec<Question> {
    let linger = about.user.as_ref().map(|user| Question::File(join(LINGER, user), Part::Stat));
    let units = directories(about).map(|(_, path)| Question::Definitions(path, ENDING.into()));
    linger.into_iter().chain(units).collect()
}

/// The unit files that run Hermes.
pub(super) struct Files {
    found: Vec<Found>,
    units: Vec<UnitFile>,
}

/// A unit file, beside what was found in it.
struct UnitFile {
    scope: Scope,
    file: FileSeen,
}

impl Files {
    /// Reads them.
    pub(super) fn read(look: &Look<'_>) -> Self {
        let mut files = Self { found: Vec::new(), units: Vec::new() };
        for (scope, directory) in directories(look.about) {
            for file in look.host.definitions(&directory, ENDING).list {
                let Some(name) = file.path.rsplit('/').next().map(String::from) else { continue };
                // A unit of the same name in an earlier directory hides this one.
                let is_hidden = files.found.iter().any(|found| found.is(scope, &name));
                let definition =
                    definition(look, &file, &drop_ins(look, &format!("{}.d", file.path)));
                if !is_hidden && runs_hermes(&name, &definition) {
                    let home = home_of(look, scope, &definition);
                    files.found.push(Found { manager: scope.into(), name, definition, home });
                    files.units.push(UnitFile { scope, file });
                }
            }
        }
        files
    }

    fn asks(&self, look: &Look<'_>, processes: &[ProcessSeen]) -> [Ask; 2] {
        let mut names: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
        for (unit, found) in self.units.iter().zip(&self.found) {
            if self.units.len() <= FEW || !found.name.starts_with("hermes") {
                names.entry(unit.scope).or_default().insert(found.name.clone());
            }
        }
        for (scope, unit) in processes.iter().filter_map(|seen| service_of(look, seen)) {
            names.entry(scope).or_default().insert(unit);
        }
        [Scope::User, Scope::System].map(|scope| {
            let units = names.remove(&scope).unwrap_or_default().into_iter().collect();
            Ask::SystemctlShow { scope, units }
        })
    }
}

impl Services for Files {
    fn found(&self) -> &[Found] {
        &self.found
    }

    fn ask(&self, look: &Look<'_>, _homes: &[Home], processes: &[ProcessSeen]) {
        look.host.prepare(self.asks(look, processes).map(Question::Command).into());
    }

    fn answers(&self, look: &Look<'_>, _homes: &[Home]) -> Box<dyn Answers + '_> {
        let [user, system] = self.asks(look, &look.scan().list).map(|ask| look.host.command(&ask));
        let (user, system) = (Units::read(Scope::User, &user), Units::read(Scope::System, &system));
        let (user, system) = if is_without_systemd(look) {
            (user.or_none(), system.or_none())
        } else {
            (user, system)
        };
        Box::new(Managers { files: self, user, system, linger: linger(look) })
    }
}

/// What both managers said.
struct Managers<'a> {
    files: &'a Files,
    user: Units,
    system: Units,
    linger: Fact<bool>,
}

impl Answers for Managers<'_> {
    fn lanes(&self, look: &Look<'_>, home: &Home) -> Vec<Lane> {
        let expected = unit_names(look, home).into_iter().next().unwrap_or_default();
        let mut lanes: Vec<Lane> = Vec::new();
        for (unit, found) in self.files.units.iter().zip(&self.files.found) {
            let serves =
                found.home.as_ref().map_or(found.name == expected, |path| *path == home.path);
            if serves {
                lanes.push(self.lane(look, unit, found));
            }
        }
        // What runs this home's processes is one of its services, wherever its file is.
        for process in &look.scan().list {
            let Some((scope, unit)) = service_of(look, process) else { continue };
            let known = lanes.iter().any(|lane| lane.is(scope, &unit));
            if known || look.home_of_process(process).as_deref() != Some(&home.path) {
                continue;
            }
            let job = self.job(scope, &unit);
            if job.known().is_some_and(|job| is_main_or_wrapper(look, process, job)) {
                lanes.push(lane_without_file(look, scope, &unit, job));
            }
        }
        let taken = self.files.found.iter().any(|found| found.is(Scope::User, &expected));
        if !taken && !lanes.iter().any(|lane| lane.is(Scope::User, &expected)) {
            let job = self.job(Scope::User, &expected);
            lanes.push(lane_without_file(look, Scope::User, &expected, job));
        }
        lanes
    }

    fn managers(&self) -> Vec<(Manager, Fact<()>)> {
        vec![
            (Manager::SystemdUser, self.user.reachable()),
            (Manager::SystemdSystem, self.system.reachable()),
        ]
    }

    fn linger(&self) -> Fact<bool> {
        self.linger.clone()
    }
}

impl Managers<'_> {
    fn job(&self, scope: Scope, unit: &str) -> Fact<Job> {
        self.units(scope).job(unit)
    }

    const fn units(&self, scope: Scope) -> &Units {
        match scope {
            Scope::User => &self.user,
            Scope::System => &self.system,
        }
    }

    fn lane(&self, look: &Look<'_>, unit: &UnitFile, found: &Found) -> Lane {
        let job = self.units(unit.scope).job_on_disk(&found.name);
        // The manager knows of drop-ins elsewhere than beside the file.
        let loaded =
            job.known().and_then(|job| job.systemd.as_ref()).map(|systemd| &systemd.drop_in_paths);
        let read = found.definition.known().map(|definition| &definition.drop_ins);
        let definition = match (loaded, read) {
            (Some(loaded), Some(read)) if loaded.iter().any(|path| !read.contains(path)) => {
                let mut all = loaded.clone();
                all.extend(read.iter().filter(|path| !loaded.contains(path)).cloned());
                definition(look, &unit.file, &all)
            }
            _ => found.definition.clone(),
        };
        let paths = look.named(&definition);
        let files = stamps(look, &unit.file, &definition);
        Lane {
            manager: found.manager,
            name: found.name.clone(),
            path: unit.file.path.clone(),
            definition,
            job,
            disabled: Fact::Absent,
            paths,
            files,
        }
    }
}

impl Found {
    fn is(&self, scope: Scope, name: &str) -> bool {
        self.name == name && self.manager == scope.into()
    }
}

impl Lane {
    fn is(&self, scope: Scope, name: &str) -> bool {
        self.name == name && self.manager == scope.into()
    }
}

/// A service whose file is in none of the usual directories: where the manager says that it is.
fn lane_without_file(look: &Look<'_>, scope: Scope, name: &str, job: Fact<Job>) -> Lane {
    let loaded = job.known().and_then(|job| job.systemd.as_ref());
    let fragment = loaded.and_then(|systemd| systemd.fragment_path.clone());
    let drop_ins = loaded.map(|systemd| systemd.drop_in_paths.clone()).unwrap_or_default();
    let usual = directories(look.about)
        .find(|(directory_scope, _)| *directory_scope == scope)
        .map(|(_, directory)| join(&directory, name))
        .unwrap_or_default();
    let (definition, files, path) = match fragment {
        Some(path) => {
            let file = look.host.file(&path, Part::SMALL);
            let definition = definition(look, &file, &drop_ins);
            let files = stamps(look, &file, &definition);
            (definition, files, path)
        }
        None => (missing(look, scope, &usual, &job), Vec::new(), usual),
    };
    let paths = look.named(&definition);
    let disabled = Fact::Absent;
    Lane { manager: scope.into(), name: name.into(), path, definition, job, disabled, paths, files }
}

/// A unit file and its drop-ins, as they were.
fn stamps(look: &Look<'_>, file: &FileSeen, definition: &Fact<Definition>) -> Vec<FileStamp> {
    let drop_ins = definition.known().map(|definition| definition.drop_ins.as_slice());
    let drop_ins = drop_ins.unwrap_or_default().iter();
    let drop_ins = drop_ins.filter_map(|path| FileStamp::of(&look.host.file(path, Part::SMALL)));
    FileStamp::of(file).into_iter().chain(drop_ins).collect()
}

/// There is no unit file if the manager knows none, or if its directories were searched to the end.
fn missing(look: &Look<'_>, scope: Scope, usual: &str, job: &Fact<Job>) -> Fact<Definition> {
    let searched = directories(look.about)
        .filter(|(directory_scope, _)| *directory_scope == scope)
        .all(|(_, directory)| look.host.definitions(&directory, ENDING).complete);
    if searched || job.is_absent() {
        return Fact::Absent;
    }
    let file = look.host.file(usual, Part::SMALL);
    file.presence().and_then(|()| Fact::Unknown(Why::NotObserved))
}

/// Whether a service is there for this process: it is its main process, or a wrapper started it.
fn is_main_or_wrapper(look: &Look<'_>, process: &ProcessSeen, job: &Job) -> bool {
    let Some(main) = job.main_pid else { return false };
    let is_wrapper = |pid: u32| {
        let seen = look.scan().list.iter().find(|seen| seen.pid == pid);
        seen.is_some_and(|seen| Process::of(seen.clone(), look.about).role == Role::Wrapper)
    };
    main == process.pid || (is_wrapper(main) && look.ancestors(process).contains(&main))
}

fn definition(look: &Look<'_>, file: &FileSeen, drop_ins: &[String]) -> Fact<Definition> {
    let drop_ins: Vec<FileSeen> =
        drop_ins.iter().map(|path| look.host.file(path, Part::SMALL)).collect();
    Definition::of_unit(file, &drop_ins)
}

fn drop_ins(look: &Look<'_>, directory: &str) -> Vec<String> {
    let listed = look.host.directory(directory);
    let names = listed.names();
    let names = names.known().copied().unwrap_or_default();
    // systemd takes the ending in lower case only.
    let is_drop_in = |name: &&String| name.strip_suffix(".conf").is_some();
    let mut paths: Vec<String> =
        names.iter().filter(is_drop_in).map(|name| join(directory, name)).collect();
    paths.sort();
    paths
}

fn home_of(look: &Look<'_>, scope: Scope, definition: &Fact<Definition>) -> Option<String> {
    let user_home = look.about.home.as_deref();
    definition.known()?.home(scope, user_home, look.sticky.as_deref()).known().cloned()
}

/// A unit that cannot be understood counts if it is called as Hermes calls its own.
fn runs_hermes(name: &str, definition: &Fact<Definition>) -> bool {
    let is_named = name == "hermes.service" || name.starts_with("hermes-gateway");
    match definition {
        Fact::Known(definition) => {
            matches!(definition.role, Role::Gateway(_) | Role::Wrapper)
                || (is_named && definition.argv.is_empty())
        }
        Fact::Absent => false,
        Fact::Unknown(_) => is_named,
    }
}

/// The names of a home's unit, that of the present rule first.
fn unit_names(look: &Look<'_>, home: &Home) -> Vec<String> {
    let names = home.service_names("hermes-gateway", look.about.home.as_deref());
    names.into_iter().map(|name| format!("{name}{ENDING}")).collect()
}

/// Whether no systemd runs here, so that it has loaded nothing: `sd_booted(3)` says so, and no process stands in a
/// service, as one does that is looked at from a sandbox.
fn is_without_systemd(look: &Look<'_>) -> bool {
    let in_service = |seen: &ProcessSeen| {
        let place = seen.cgroup.as_deref().map(cgroup::place);
        matches!(place, Some(cgroup::Place::Service { .. }))
    };
    look.about.hints.iter().any(|hint| hint == "no-systemd")
        && !look.scan().list.iter().any(in_service)
}

/// The service in whose cgroup a process is, if we can ask its manager.
fn service_of(look: &Look<'_>, process: &ProcessSeen) -> Option<(Scope, String)> {
    let place = cgroup::place(process.cgroup.as_deref()?);
    let (scope, unit) = place.service_for(look.about.uid)?;
    Some((scope, unit.into()))
}

/// By the file that logind keeps for a user who lingers, which is quick; else by logind's own word.
fn linger(look: &Look<'_>) -> Fact<bool> {
    if let Some(user) = &look.about.user {
        let mark = look.host.file(&join(LINGER, user), Part::Stat).what();
        let kept = || look.host.file(LINGER, Part::Stat).what().known().is_some();
        match mark {
            Fact::Known(_) => return Fact::Known(true),
            Fact::Absent if kept() => return Fact::Known(false),
            Fact::Absent | Fact::Unknown(_) => {}
        }
    }
    linger_by_logind(look)
}

fn linger_by_logind(look: &Look<'_>) -> Fact<bool> {
    let Some(uid) = look.about.uid else { return Fact::Unknown(Why::NotObserved) };
    let seen = look.host.command(&Ask::LoginctlShowUser { uid });
    let Some(answer) = seen.into_iter().next() else { return Fact::Unknown(Why::NotObserved) };
    if let Some(trouble) = answer.error {
        return Fact::Unknown(trouble.into_why());
    }
    let blocks = show::blocks(&answer.stdout);
    let linger = blocks.first().and_then(|block| block.get("Linger")).map(String::as_str);
    match linger {
        Some("yes" | "true" | "1") => Fact::Known(true),
        Some("no" | "false" | "0") => Fact::Known(false),
        _ => Fact::Unknown(Why::Failed(first_line(&answer.stderr))),
    }
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no answer").trim().into()
}

/// The directories in which units are looked for, those that hide others first.
fn directories(about: &About) -> impl Iterator<Item = (Scope, String)> + use<> {
    let config = about.env.get("XDG_CONFIG_HOME").filter(|path| path.starts_with('/')).cloned();
    let in_home = |path: &str| about.home.as_ref().map(|home| join(home, path));
    let user = [
        config.map(|config| join(&config, "systemd/user")),
        in_home(".config/systemd/user"),
        Some("/etc/systemd/user".to_string()),
        in_home(".local/share/systemd/user"),
    ];
    let mut directories: Vec<(Scope, String)> =
        user.into_iter().flatten().map(|path| (Scope::User, path)).collect();
    directories.push((Scope::System, "/etc/systemd/system".into()));
    let mut seen = BTreeSet::new();
    directories.retain(|directory| seen.insert(directory.clone()));
    directories.into_iter()
}

const ENDING: &str = ".service";
/// Where logind keeps an empty file for each user whose manager outlives the last session.
const LINGER: &str = "/var/lib/systemd/linger";
