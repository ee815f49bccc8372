//! Units on disk, and what the two systemd managers have loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::{Fact, Why};
use crate::facts::definition::Definition;
use crate::facts::gateway::{FileStamp, Lane};
use crate::facts::home::{Home, join};
use crate::facts::job::Job;
use crate::facts::job::systemd::Units;
use crate::facts::manager::Manager;
use crate::facts::process::{Process, Scanned};
use crate::host::{Ask, Host, Part, Question, Scope};
use crate::observation::FileSeen;
use crate::parse::cgroup;
use crate::parse::cmdline::Role;
use crate::parse::show;
use crate::parse::specifier::{Specifiers, is_template, template_of};
use crate::snapshot::About;

use super::look::{FEW, Look};
use super::services::{Answers, Found, Services};

/// What is asked before anything else is known.
pub(super) fn first(about: &About) -> Vec<Question> {
    let mark = about.user.as_ref().map(|user| join(LINGER, user));
    let linger = mark.into_iter().chain([LINGER.into()]);
    let linger = linger.map(|path| Question::File(path, Part::Stat));
    let units = directories(about).chain(wanted(about)).map(|(_, path)| path);
    linger.chain(units.map(|path| Question::Definitions(path, ENDING.into()))).collect()
}

/// The unit files that run Hermes.
#[derive(Default)]
pub(super) struct Files {
    found: Vec<Found>,
    units: Vec<UnitFile>,
    /// Those that only their instances are started by: `hermes@.service`.
    templates: Vec<UnitFile>,
    /// The scopes of which a directory could not be searched to the end.
    unsearched: Vec<Scope>,
}

/// A unit file, beside what was found in it.
struct UnitFile {
    scope: Scope,
    file: FileSeen,
}

impl Files {
    /// Reads them.
    pub(super) fn read(look: &Look<'_>, ahead: impl FnOnce()) -> Self {
        let mut files = Self::default();
        let listed: Vec<_> = directories(look.about)
            .map(|(scope, directory)| (scope, look.host.definitions(&directory, ENDING)))
            .collect();
        let all = listed.iter().flat_map(|(_, listed)| &listed.list);
        if all.clone().filter(|file| is_called_after_hermes(&file.path)).count() > FEW {
            // All of them are asked for by one word, so nothing need be read before.
            look.host.prepare(files.asks(look, &[]).map(Question::Command).into());
        }
        let beside = |file: &FileSeen| Question::Directory(drop_in_directory(&file.path));
        look.host.prepare(all.map(beside).collect());
        ahead();
        for (scope, listed) in listed {
            files.unsearched.extend((!listed.complete).then_some(scope));
            listed.list.into_iter().for_each(|file| files.add(look, scope, file));
        }
        for (scope, file) in enabled_elsewhere(look) {
            files.add(look, scope, file);
        }
        files
    }

    /// Takes a unit file if it runs Hermes and none of this name stands in an earlier directory.
    fn add(&mut self, look: &Look<'_>, scope: Scope, file: FileSeen) {
        let Some(name) = file.path.rsplit('/').next().map(String::from) else { return };
        let is_hidden = self.found.iter().any(|found| found.is(scope, &name));
        let drop_ins = drop_ins(look, &drop_in_directory(&file.path));
        let definition = definition(look, (scope, &name), &file, &drop_ins);
        if is_hidden || is_alias(look, &file) || !runs_hermes(&name, &definition) {
            return;
        }
        if is_template(&name) {
            self.templates.push(UnitFile { scope, file });
        } else {
            let home = home_of(look, scope, &definition);
            self.found.push(Found { manager: scope.into(), name, definition, home });
            self.units.push(UnitFile { scope, file });
        }
    }

    fn asks(&self, look: &Look<'_>, processes: &[Scanned]) -> [Ask; 2] {
        let mut names: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
        for (unit, found) in self.units.iter().zip(&self.found) {
            if self.units.len() <= FEW || !is_called_after_hermes(&found.name) {
                names.entry(unit.scope).or_default().insert(found.name.clone());
            }
        }
        for template in &self.templates {
            names.entry(template.scope).or_default().extend(enabled_instances(look, template));
        }
        let services = processes.iter().filter_map(|scanned| service_of(look, &scanned.process));
        for (scope, unit) in services {
            // Whatever runs is loaded.
            if self.units.len() <= FEW || !is_called_after_hermes(&unit) {
                names.entry(scope).or_default().insert(unit);
            }
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

    fn ask(&self, look: &Look<'_>, _homes: &[Home], processes: &[Scanned]) {
        look.host.prepare(self.asks(look, processes).map(Question::Command).into());
    }

    fn answers(&self, look: &Look<'_>, _homes: &[Home]) -> Box<dyn Answers + '_> {
        let [user, system] = self.asks(look, &look.scan().list).map(|ask| look.host.command(&ask));
        let (user, system) = (Units::read(Scope::User, &user), Units::read(Scope::System, &system));
        let (user, system) = if is_without_systemd(look) {
            (user.or_none(), system.or_none())
        } else {
            with_required(look, user, system)
        };
        Box::new(Managers { files: self, user, system, linger: linger(look) })
    }
}

/// Asks how the units stand that ours require: a program more for each manager of which one of ours rests and requires
/// others, however many there are.
fn with_required(look: &Look<'_>, user: Units, system: Units) -> (Units, Units) {
    let asks = [user.ask_for_required(), system.ask_for_required()];
    look.host.prepare(asks.iter().flatten().cloned().map(Question::Command).collect());
    let [user_s, system_s] =
        asks.map(|ask| ask.map(|ask| look.host.command(&ask)).unwrap_or_default());
    (user.with_required(&user_s), system.with_required(&system_s))
}

/// Whether a unit, or its file, is one of those that are asked for by `hermes*`, if it is loaded.
fn is_called_after_hermes(unit: &str) -> bool {
    unit.rsplit('/').next().is_some_and(|name| name.starts_with("hermes"))
}

/// The instances of a template that are to start by themselves: they may not be loaded before they are asked for.
fn enabled_instances(look: &Look<'_>, template: &UnitFile) -> Vec<String> {
    let Some((directory, name)) = template.file.path.rsplit_once('/') else { return Vec::new() };
    let target = match template.scope {
        Scope::User => "default.target.wants",
        Scope::System => "multi-user.target.wants",
    };
    let wants = look.host.directory(&join(directory, target));
    let names = wants.names();
    let names = names.known().copied().unwrap_or_default();
    names.iter().filter(|unit| template_of(unit).as_deref() == Some(name)).cloned().collect()
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
            if found.serves(look, home) {
                lanes.push(self.lane(look, unit, found));
            }
        }
        for template in &self.files.templates {
            lanes.extend(self.instances(look, template, home));
        }
        // What runs this home's processes is one of its services, wherever its file is.
        let serving = look.scan().list.iter();
        for scanned in serving.filter(|scanned| scanned.home.as_deref() == Some(&home.path)) {
            let Some((scope, unit)) = service_of(look, &scanned.process) else { continue };
            if lanes.iter().any(|lane| lane.is(scope, &unit)) {
                continue;
            }
            let job = self.job(scope, &unit);
            if job.known().is_some_and(|job| is_main_or_wrapper(look, &scanned.process, job)) {
                lanes.push(lane_without_file(look, self.files, (scope, &unit), job));
            }
        }
        if let Some(owner) = owner_elsewhere(look, home) {
            if lanes.is_empty() {
                lanes.push(lane_of_another(&expected, owner));
            }
            return lanes;
        }
        let taken = self.files.found.iter().any(|found| found.is(Scope::User, &expected));
        if !taken && !lanes.iter().any(|lane| lane.is(Scope::User, &expected)) {
            let job = self.job(Scope::User, &expected);
            let unit = (Scope::User, expected.as_str());
            lanes.push(lane_without_file(look, self.files, unit, job));
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

    /// The instances of a template that the manager has loaded, and that serve a home.
    fn instances(&self, look: &Look<'_>, template: &UnitFile, home: &Home) -> Vec<Lane> {
        let scope = template.scope;
        let is_of_it = |unit: &&str| {
            template_of(unit).is_some_and(|of| template.file.path.ends_with(&format!("/{of}")))
        };
        let directory = template.file.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let units = self.units(scope).names().filter(is_of_it);
        units
            .filter_map(|unit| {
                let beside =
                    [format!("{}.d", template.file.path), join(directory, &format!("{unit}.d"))];
                let drop_ins: Vec<String> =
                    beside.iter().flat_map(|directory| drop_ins(look, directory)).collect();
                let definition = definition(look, (scope, unit), &template.file, &drop_ins);
                let serves = home_of(look, scope, &definition)?;
                let found = Found {
                    manager: scope.into(),
                    name: unit.into(),
                    definition,
                    home: Some(serves).filter(|serves| look.known_as(serves) == home.path),
                };
                found.home.is_some().then(|| self.lane(look, template, &found))
            })
            .collect()
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
                definition(look, (unit.scope, &found.name), &unit.file, &all)
            }
            _ => found.definition.clone(),
        };
        let paths = look.named(&definition);
        let files = stamps(look, &unit.file, &definition);
        Lane {
            manager: found.manager,
            name: found.name.clone(),
            dangling: None,
            path: unit.file.path.clone(),
            definition,
            job,
            disabled: Fact::Absent,
            disabled_in: Vec::new(),
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
fn lane_without_file(
    look: &Look<'_>,
    files: &Files,
    (scope, name): (Scope, &str),
    job: Fact<Job>,
) -> Lane {
    let loaded = job.known().and_then(|job| job.systemd.as_ref());
    let fragment = loaded.and_then(|systemd| systemd.fragment_path.clone());
    let drop_ins = loaded.map(|systemd| systemd.drop_in_paths.clone()).unwrap_or_default();
    let usual = directories(look.about)
        .find(|(directory_scope, _)| *directory_scope == scope)
        .map(|(_, directory)| join(&directory, name))
        .unwrap_or_default();
    let is_searched = !files.unsearched.contains(&scope);
    let (definition, files, path) = match fragment {
        Some(path) => {
            let file = look.host.file(&path, Part::SMALL);
            let definition = definition(look, (scope, name), &file, &drop_ins);
            let files = stamps(look, &file, &definition);
            (definition, files, path)
        }
        None => (missing(look.host, &usual, is_searched, &job), Vec::new(), usual),
    };
    let paths = look.named(&definition);
    let dangling = definition.is_absent().then(|| look.dangling(&path)).flatten();
    let disabled = Fact::Absent;
    let disabled_in = Vec::new();
    Lane {
        manager: scope.into(),
        name: name.into(),
        path,
        dangling,
        definition,
        job,
        disabled,
        disabled_in,
        paths,
        files,
    }
}

/// The user to whom a home belongs, where that is not the one who looks. What such a home would have is a unit of its
/// owner's, and neither that user's directories nor that user's manager were asked (upstream #10669, #42685).
fn owner_elsewhere(look: &Look<'_>, home: &Home) -> Option<u32> {
    let directory = look.host.directory(&home.path);
    let owner = directory.uid?;
    // A directory of root's in which Hermes has left nothing, such as /etc, is nobody's home.
    let is_of_hermes = |name: &String| SIGNS.contains(&name.as_str());
    if directory.entries.as_ref().is_some_and(|names| !names.iter().any(is_of_hermes)) {
        return None;
    }
    let own = look.about.home.as_deref().map(|own| join(own, ""));
    let is_ours = own.is_some_and(|own| home.path.starts_with(&own));
    (look.about.uid? != owner && !is_ours).then_some(owner)
}

/// What Hermes and its gateway leave in a home.
const SIGNS: [&str; 8] = [
    ".env",
    "SOUL.md",
    "config.yaml",
    "gateway-starts.log",
    "gateway.lock",
    "gateway.pid",
    "gateway_state.json",
    "state.db",
];

/// The service that another user may have.
fn lane_of_another(name: &str, owner: u32) -> Lane {
    let units = format!("the units of uid {owner} were not looked at");
    let manager = format!("that of uid {owner} answers that user only, and was not asked");
    Lane {
        manager: Manager::SystemdUser,
        name: name.into(),
        path: String::new(),
        dangling: None,
        definition: Fact::Unknown(Why::Failed(units)),
        job: Fact::Unknown(Why::Failed(manager)),
        disabled: Fact::Absent,
        disabled_in: Vec::new(),
        paths: Vec::new(),
        files: Vec::new(),
    }
}

/// A unit file and its drop-ins, as they were.
fn stamps(look: &Look<'_>, file: &FileSeen, definition: &Fact<Definition>) -> Vec<FileStamp> {
    let drop_ins = definition.known().map(|definition| definition.drop_ins.as_slice());
    let drop_ins = drop_ins.unwrap_or_default().iter();
    let drop_ins = drop_ins.filter_map(|path| FileStamp::of(&look.host.file(path, Part::SMALL)));
    FileStamp::of(file).into_iter().chain(drop_ins).collect()
}

/// There is no unit file if the manager knows none, or if its directories were searched to the end.
fn missing(host: &dyn Host, usual: &str, is_searched: bool, job: &Fact<Job>) -> Fact<Definition> {
    if is_searched || job.is_absent() {
        return Fact::Absent;
    }
    let file = host.file(usual, Part::SMALL);
    file.presence().and_then(|()| Fact::Unknown(Why::NotObserved))
}

/// Whether a service is there for this process: it is its main process, or a wrapper started it.
fn is_main_or_wrapper(look: &Look<'_>, process: &Process, job: &Job) -> bool {
    let Some(main) = job.main_pid else { return false };
    let is_wrapper = |pid| look.scanned(pid).is_some_and(|found| found.role == Role::Wrapper);
    main == process.pid || (is_wrapper(main) && look.ancestors(process).contains(&main))
}

fn definition(
    look: &Look<'_>,
    (scope, unit): (Scope, &str),
    file: &FileSeen,
    drop_ins: &[String],
) -> Fact<Definition> {
    let drop_ins: Vec<FileSeen> =
        drop_ins.iter().map(|path| look.host.file(path, Part::SMALL)).collect();
    // Of the system's manager they mean root, whatever `User=` says.
    let (home, user) = match scope {
        Scope::User => (look.about.home.as_deref(), look.about.user.as_deref()),
        Scope::System => (Some(HOME_OF_ROOT), Some("root")),
    };
    Definition::of_unit(file, &drop_ins, &Specifiers::of(unit, home, user))
}

/// The directory beside a unit file whose files add to it.
fn drop_in_directory(unit: &str) -> String {
    format!("{unit}.d")
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
    let definition = definition.known()?;
    let sticky = |root: &str| look.sticky_under_systemd(root, &definition.argv);
    definition.home(scope, look.about, sticky).known().cloned()
}

/// A link to a unit of another name beside it, as `Alias=` makes one: another name of that unit, and no second one.
fn is_alias(look: &Look<'_>, file: &FileSeen) -> bool {
    let Some(target) = &file.target else { return false };
    let Some((directory, name)) = file.path.rsplit_once('/') else { return false };
    let (of, unit) = target.rsplit_once('/').unwrap_or((directory, target));
    unit != name
        && unit.ends_with(ENDING)
        && directories(look.about).any(|(_, searched)| searched == of)
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

/// The unit files that a start of the system or a login of the user wants, and that stand where a package put them. To
/// open all that are there, hundreds, would be slow; what is enabled are a few links.
fn enabled_elsewhere(look: &Look<'_>) -> Vec<(Scope, FileSeen)> {
    let links = wanted(look.about).flat_map(|(scope, directory)| {
        let found = look.host.definitions(&directory, ENDING).list;
        found.into_iter().map(move |link| (scope, link))
    });
    links.filter_map(|(scope, link)| Some((scope, led_elsewhere(look, link)?))).collect()
}

/// The file to which a link leads, if it is no other name, no template of an instance, and none that is found anyway.
fn led_elsewhere(look: &Look<'_>, link: FileSeen) -> Option<FileSeen> {
    let (directory, name) = link.path.rsplit_once('/')?;
    let path = led_to(directory, link.target.as_deref()?);
    let (of, unit) = path.rsplit_once('/')?;
    let is_searched = directories(look.about).any(|(_, searched)| searched == of);
    let is_it = unit == name && !is_searched;
    is_it.then_some(FileSeen { path, target: None, ..link })
}

/// Where a symbolic link in a directory leads.
fn led_to(directory: &str, target: &str) -> String {
    if target.starts_with('/') {
        return target.into();
    }
    let mut parts: Vec<&str> = directory.split('/').collect();
    for part in target.split('/') {
        match part {
            // Above the root is the root.
            ".." => parts.truncate(parts.len().saturating_sub(1).max(1)),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The names of a home's unit, that of the present rule first.
fn unit_names(look: &Look<'_>, home: &Home) -> Vec<String> {
    let names = home.service_names("hermes-gateway", look.about.home.as_deref());
    names.into_iter().map(|name| format!("{name}{ENDING}")).collect()
}

/// Whether no systemd runs here, so that it has loaded nothing: `sd_booted(3)` says so, and no process stands in a
/// service, as one does that is looked at from a sandbox.
fn is_without_systemd(look: &Look<'_>) -> bool {
    let in_service =
        |scanned: &Scanned| matches!(scanned.process.place, Some(cgroup::Place::Service { .. }));
    look.about.hints.iter().any(|hint| hint == "no-systemd")
        && !look.scan().list.iter().any(in_service)
}

/// The service in whose cgroup a process is, if we can ask its manager.
fn service_of(look: &Look<'_>, process: &Process) -> Option<(Scope, String)> {
    let (scope, unit) = process.place.as_ref()?.service_for(look.about.uid)?;
    Some((scope, unit.into()))
}

/// By the file that logind keeps for a user who lingers, which is quick; else by logind's own word.
fn linger(look: &Look<'_>) -> Fact<bool> {
    if look.about.hints.iter().any(|hint| hint == "user-namespace") {
        let why = "gw-doctor runs in a user namespace of its own, where users have other numbers";
        return Fact::Unknown(Why::Failed(why.into()));
    }
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

/// The directories of links to what is enabled, beside the units.
fn wanted(about: &About) -> impl Iterator<Item = (Scope, String)> + use<> {
    directories(about).flat_map(|(scope, directory)| {
        let targets: &[&str] = match scope {
            Scope::User => &["default.target.wants", "graphical-session.target.wants"],
            Scope::System => &["multi-user.target.wants", "graphical.target.wants"],
        };
        targets.iter().map(move |target| (scope, join(&directory, target)))
    })
}

const ENDING: &str = ".service";
/// What `%h` stands for in a system unit, whatever its `User=` (`systemd.unit(5)`).
const HOME_OF_ROOT: &str = "/root";
/// Where logind keeps an empty file for each user whose manager outlives the last session.
const LINGER: &str = "/var/lib/systemd/linger";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_it_says_from_where_it_stands() {
        let wants = "/etc/systemd/user/default.target.wants";
        for (target, expected) in [
            ("/usr/lib/systemd/user/a.service", "/usr/lib/systemd/user/a.service"),
            ("../a.service", "/etc/systemd/user/a.service"),
            ("../../../../usr/lib/systemd/user/a.service", "/usr/lib/systemd/user/a.service"),
            ("./a.service", "/etc/systemd/user/default.target.wants/a.service"),
            ("../../../../../../../a.service", "/a.service"),
            ("", wants),
        ] {
            assert_eq!(led_to(wants, target), expected, "{target}");
        }
    }
}
