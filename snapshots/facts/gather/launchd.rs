//! Plists on disk, and what launchd has loaded in the domains of the user who looks.

use std::collections::BTreeSet;

use crate::fact::{Fact, Why};
use crate::facts::definition::Definition;
use crate::facts::gateway::{FileStamp, Lane};
use crate::facts::home::{Home, join};
use crate::facts::job::{Job, Phase, launchd};
use crate::facts::manager::Manager;
use crate::facts::process::{Process, Scanned};
use crate::host::{Ask, Host, Part, Question, Scope};
use crate::observation::{CommandSeen, FileSeen, Trouble};
use crate::parse::cmdline::{self, Role};
use crate::parse::launchctl::disabled;
use crate::parse::launchctl::domain::{Domain, Row};
use crate::redact::holds_a_mark;
use crate::snapshot::About;

use super::look::{FEW, Look};
use super::services::{Answers, Found, Services};

/// What is asked before anything else is known.
pub(super) fn first(about: &About) -> Vec<Question> {
    let mut first: Vec<Question> = directories(about)
        .into_iter()
        .map(|(_, directory)| Question::Definitions(directory, ENDING.into()))
        .collect();
    first.push(Question::Command(Ask::LaunchctlManagername));
    for manager in domains(about) {
        first.push(Question::Command(Ask::LaunchctlPrint { target: manager.domain() }));
        first.push(Question::Command(Ask::LaunchctlPrintDisabled { domain: manager.domain() }));
    }
    first
}

/// What one domain says of all its services.
struct List {
    manager: Manager,
    /// The command that told.
    source: String,
    domain: Fact<Domain>,
}

/// The plists that run Hermes, and the labels that may.
pub(super) struct Files {
    found: Vec<Found>,
    plists: Vec<FileSeen>,
    lists: Vec<List>,
    /// Labels of loaded services that are called after Hermes, or hold one of its processes.
    loaded: BTreeSet<String>,
}

impl Files {
    /// Reads them.
    pub(super) fn read(look: &Look<'_>) -> Self {
        let mut files = Self {
            found: Vec::new(),
            plists: Vec::new(),
            lists: Vec::new(),
            loaded: BTreeSet::new(),
        };
        for (manager, directory) in directories(look.about) {
            for file in look.host.definitions(&directory, ENDING).list {
                let definition = Definition::of_plist(&file);
                let Some(label) = label_of(&file, &definition) else { continue };
                let is_ours =
                    manager != Manager::LaunchdSystem || may_serve(look.about, &definition);
                if is_ours && runs_hermes(&label, &definition) {
                    let home = home_of(look, &definition);
                    files.found.push(Found { manager, name: label, definition, home });
                    files.plists.push(file);
                }
            }
        }
        files.lists = domains(look.about).into_iter().map(|domain| list(look, domain)).collect();
        if files.needs_system(look) {
            let system = Manager::LaunchdSystem.domain();
            look.host.prepare(vec![
                Question::Command(Ask::LaunchctlPrint { target: system.clone() }),
                Question::Command(Ask::LaunchctlPrintDisabled { domain: system }),
            ]);
            files.lists.push(list(look, Manager::LaunchdSystem));
        }
        files.loaded = loaded(look, &files.lists);
        files
    }

    /// Whether a daemon of the system may serve a home of this user: its plist is there, or a child of launchd is in
    /// none of the user's own domains.
    fn needs_system(&self, look: &Look<'_>) -> bool {
        let rows = self.lists.iter().filter_map(|list| list.domain.known()?.services.as_ref());
        let own: BTreeSet<u32> = rows.flatten().filter_map(|row| row.pid).collect();
        self.found.iter().any(|found| found.manager == Manager::LaunchdSystem)
            || look.scan().list.iter().any(|scanned| {
                let process = &scanned.process;
                let is_child = process.seen.ppid == Some(1) && !own.contains(&process.pid);
                is_child && scanned.home.is_some()
            })
    }

    /// The domains that can have a label: the user's own, and the system's if it is that of a daemon there.
    fn lists_of<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a List> {
        self.lists.iter().filter(move |list| {
            list.manager != Manager::LaunchdSystem
                || list.row(label).is_some()
                || self.is_found(Manager::LaunchdSystem, label)
        })
    }

    fn is_found(&self, manager: Manager, label: &str) -> bool {
        self.found.iter().any(|found| found.name == label && found.manager == manager)
    }

    fn labels(&self, look: &Look<'_>, homes: &[Home]) -> BTreeSet<String> {
        let expected = homes.iter().flat_map(|home| labels(look, home));
        let found = self.found.iter().map(|found| found.name.clone());
        expected.chain(found).chain(self.loaded.iter().cloned()).collect()
    }

    /// Which labels launchd is asked for one by one. Of many it is a few, those first that serve the homes that are
    /// wanted and of which the lists tell the least; of the others the lists tell alone, whatever their number.
    fn questions(&self, look: &Look<'_>, homes: &[Home]) -> Questions {
        let labels = self.labels(look, homes);
        let of = labels.len();
        let is_few = of <= FEW;
        let mut chosen: Vec<String> = labels.into_iter().collect();
        if !is_few {
            let wanted = self.wanted(look, homes);
            chosen.sort_by_cached_key(|label| (!wanted.contains(label), self.need(label)));
        }
        chosen.truncate(FEW);
        let targets = chosen.iter().flat_map(|label| {
            let lists = self.lists_of(label).filter(move |list| is_few || !list.is_without(label));
            lists.map(|list| (list.manager, label.clone()))
        });
        Questions { targets: targets.collect(), of }
    }

    /// The labels that may be those of the homes that somebody asks for.
    fn wanted(&self, look: &Look<'_>, homes: &[Home]) -> BTreeSet<String> {
        let homes: Vec<&Home> = homes.iter().filter(|home| look.is_asked(home)).collect();
        let paths: BTreeSet<&str> = homes.iter().map(|home| home.path.as_str()).collect();
        let of_home =
            |found: &&Found| found.home.as_ref().is_none_or(|path| paths.contains(path.as_str()));
        let found = self.found.iter().filter(of_home).map(|found| found.name.clone());
        let all: BTreeSet<&str> = self.found.iter().map(|found| found.name.as_str()).collect();
        let others = self.loaded.iter().filter(|label| !all.contains(label.as_str())).cloned();
        homes.iter().flat_map(|home| labels(look, home)).chain(found).chain(others).collect()
    }

    fn need(&self, label: &str) -> Need {
        let of = |list: &List| match list.row(label) {
            Some(row) if row.pid.is_some() => Need::Runs,
            Some(_) => Need::Stands,
            None if list.is_without(label) => Need::Nothing,
            None => Need::Everything,
        };
        self.lists_of(label).map(of).min().unwrap_or(Need::Everything)
    }
}

/// What the lists of the domains leave open about a label, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// It is loaded and has no process: why, and whether it is about to get one.
    Stands,
    /// Whether it is loaded.
    Everything,
    /// It has a process: what it was loaded with.
    Runs,
    /// No domain has it.
    Nothing,
}

/// What launchd is asked for label by label.
struct Questions {
    targets: BTreeSet<(Manager, String)>,
    /// How many labels there are in all.
    of: usize,
}

impl List {
    fn row(&self, label: &str) -> Option<&Row> {
        let rows = self.domain.known()?.services.as_ref()?;
        rows.iter().find(|row| row.label == label)
    }

    fn listed(&self, label: &str) -> Option<Fact<Job>> {
        Some(launchd::job_of_row(self.row(label)?, self.source.clone()))
    }

    /// A job whose print was cut off, as by a `head`: the list has its process, and how its last run ended.
    fn completed(&self, label: &str, job: Job) -> Job {
        let Some(Fact::Known(listed)) = self.listed(label) else { return job };
        let mut job = job;
        if job.phase == Phase::Running {
            job.main_pid = job.main_pid.or(listed.main_pid);
        }
        let is_cut_off = job.is_cut_off();
        if let (Some(launchd), true, Some(_)) = (&mut job.launchd, is_cut_off, listed.last_exit) {
            launchd.exit_doubt = None;
            job.last_exit = listed.last_exit;
        }
        job
    }

    /// Whether this domain surely has no such service. A list that is cut short, or refused, does not say it.
    fn is_without(&self, label: &str) -> bool {
        self.domain.known().is_some_and(|domain| domain.is_complete) && self.row(label).is_none()
    }

    /// What the list alone tells of a label, one of so many.
    fn job(&self, label: &str, of: usize) -> Fact<Job> {
        if let Some(job) = self.listed(label) {
            return job;
        }
        match self.domain.why() {
            _ if self.is_without(label) => Fact::Absent,
            Some(Why::NotObserved) => Fact::Unknown(Why::NotObserved),
            why => {
                let why = why.map_or_else(|| "it is not whole".into(), ToString::to_string);
                let name = self.manager.domain();
                Fact::Unknown(Why::Failed(format!(
                    "it is one of {of} labels, of which launchd is asked for {FEW} one by one, and the list of \
                     {name} does not tell ({why}): look at this profile alone"
                )))
            }
        }
    }
}

impl Services for Files {
    fn found(&self) -> &[Found] {
        &self.found
    }

    fn ask(&self, look: &Look<'_>, homes: &[Home], _processes: &[Scanned]) {
        let ask = |(manager, label): (Manager, String)| {
            Question::Command(Ask::LaunchctlPrint { target: target(manager, &label) })
        };
        look.host.prepare(self.questions(look, homes).targets.into_iter().map(ask).collect());
    }

    fn answers(&self, look: &Look<'_>, homes: &[Home]) -> Box<dyn Answers + '_> {
        let overrides = self
            .lists
            .iter()
            .map(|list| list.manager)
            .map(|manager| {
                let domain = manager.domain();
                let seen = one(look.host, &Ask::LaunchctlPrintDisabled { domain });
                let read = match disabled::read(&seen.stdout) {
                    Some(overrides) => Fact::Known(overrides),
                    None => launchd::absence(&seen),
                };
                (manager, read)
            })
            .collect();
        let on_demand = |list: &List| {
            (list.manager, list.domain.as_ref().and_then(|domain| domain.on_demand.clone()))
        };
        Box::new(Domains {
            files: self,
            questions: self.questions(look, homes),
            overrides,
            on_demand: self.lists.iter().map(on_demand).collect(),
            session: session(look),
        })
    }
}

/// What launchd said.
struct Domains<'a> {
    files: &'a Files,
    questions: Questions,
    overrides: Vec<(Manager, Fact<disabled::Overrides>)>,
    on_demand: Vec<(Manager, Fact<u64>)>,
    session: Fact<String>,
}

impl Answers for Domains<'_> {
    fn lanes(&self, look: &Look<'_>, home: &Home) -> Vec<Lane> {
        let expected = labels(look, home);
        let own = |label: &String| expected.contains(label);
        let mut lanes: Vec<Lane> = Vec::new();
        for (file, found) in self.files.plists.iter().zip(&self.files.found) {
            let serves =
                found.home.as_ref().map_or_else(|| own(&found.name), |path| home.is_at(path));
            if serves {
                let definition = found.definition.clone();
                lanes.extend(self.in_domains(
                    look,
                    &found.name,
                    found.manager,
                    &definition,
                    &file.path,
                ));
            }
        }
        for label in self.files.loaded.iter().chain(&expected) {
            for usual in [gui(look.about), Manager::LaunchdSystem] {
                let is_found = self
                    .files
                    .found
                    .iter()
                    .any(|found| found.is_beside(usual) && found.name == *label);
                let is_here = |lane: &Lane| lane.name == *label && is_beside(lane.manager, usual);
                if is_found || lanes.iter().any(is_here) {
                    continue;
                }
                let jobs = self.jobs(look, label, usual);
                let loaded = jobs.iter().find_map(|(_, job)| job.known());
                let is_it = |job: &&Job| {
                    let keeps = own(label)
                        || runs_gateway(look, job)
                        || lanes.is_empty() && may_keep_one(job);
                    keeps && serves(look, home, job, own(label))
                };
                let Some(job) = loaded.filter(is_it) else { continue };
                let path = job.launchd.as_ref().and_then(|launchd| launchd.path.clone());
                let path = path.unwrap_or_else(|| plist_path(look.about, label));
                let definition = Definition::of_plist(&look.host.file(&path, Part::SMALL));
                lanes.extend(self.in_domains(look, label, usual, &definition, &path));
            }
        }
        // What Hermes would install, where nothing is.
        let first = expected.iter().find(|label| !self.is_of_another(look, home, label));
        if let (true, Some(first)) = (lanes.is_empty(), first) {
            let path = plist_path(look.about, first);
            let definition = missing(look, &path);
            lanes.extend(self.in_domains(look, first, gui(look.about), &definition, &path));
        }
        lanes
    }

    fn managers(&self) -> Vec<(Manager, Fact<()>)> {
        // A print of the whole domain is long, and people leave it out; the overrides answer as well.
        self.on_demand
            .iter()
            .zip(&self.overrides)
            .map(|((domain, print), (_, overrides))| {
                let print = print.as_ref().map(|_| ());
                let answered = if overrides.known().is_some() { Fact::Known(()) } else { print };
                (*domain, answered)
            })
            .filter(|(_, answer)| !answer.why().is_some_and(Why::is_not_observed))
            .collect()
    }

    fn holder(&self, pids: &[u32], lanes: &[Lane]) -> Option<String> {
        self.files.lists.iter().find_map(|list| {
            let rows = list.domain.known()?.services.as_ref()?;
            let is_own = |row: &Row| lanes.iter().any(|lane| lane.name == row.label);
            let is_it = |row: &&Row| {
                row.pid.is_some_and(|pid| pids.contains(&pid))
                    && !row.is_application()
                    && !is_own(row)
            };
            Some(format!("{} ({})", rows.iter().find(is_it)?.label, list.manager))
        })
    }

    fn has_a_list(&self) -> bool {
        let services = |list: &List| list.domain.known().is_some_and(|it| it.services.is_some());
        self.files.lists.iter().any(services)
    }

    fn linger(&self) -> Fact<bool> {
        Fact::Absent
    }

    fn session(&self) -> Fact<String> {
        self.session.clone()
    }

    fn on_demand(&self) -> Vec<(Manager, Fact<u64>)> {
        self.on_demand.clone()
    }
}

impl Domains<'_> {
    /// Whether another home has a label: by the plist of that name, or by the job that is loaded under it.
    fn is_of_another(&self, look: &Look<'_>, home: &Home, label: &str) -> bool {
        let mut found = self.files.found.iter().filter(|found| found.name == label);
        let by_file = found.any(|found| found.home.as_ref().is_some_and(|path| *path != home.path));
        let jobs = self.jobs(look, label, gui(look.about));
        by_file
            || jobs
                .iter()
                .any(|(_, job)| job.known().is_some_and(|job| !serves(look, home, job, true)))
    }

    /// A label as a lane for each domain that has it; as one alone where none has.
    fn in_domains(
        &self,
        look: &Look<'_>,
        label: &str,
        usual: Manager,
        definition: &Fact<Definition>,
        path: &str,
    ) -> Vec<Lane> {
        let jobs = self.jobs(look, label, usual);
        let paths = look.named(definition);
        let file = definition.known().map(|_| look.host.file(path, Part::SMALL));
        let files: Vec<FileStamp> = file.as_ref().and_then(FileStamp::of).into_iter().collect();
        let dangling = definition.is_absent().then(|| look.dangling(path)).flatten();
        let lane = |manager, job| Lane {
            manager,
            name: label.into(),
            definition: definition.clone(),
            path: path.into(),
            dangling: dangling.clone(),
            job,
            disabled: self.disabled(label, usual),
            disabled_in: self.disabled_in(label, usual),
            paths: paths.clone(),
            files: files.clone(),
        };
        let loaded: Vec<Lane> = jobs
            .iter()
            .filter(|(_, job)| job.known().is_some())
            .map(|(domain, job)| lane(*domain, job.clone()))
            .collect();
        if !loaded.is_empty() {
            return loaded;
        }
        let of_usual = jobs.iter().find(|(domain, _)| *domain == usual).map(|(_, job)| job.clone());
        let job = match of_usual.unwrap_or(Fact::Unknown(Why::NotObserved)) {
            // A refusal in another domain leaves open whether it is loaded there.
            Fact::Absent => jobs
                .into_iter()
                .map(|(_, job)| job)
                .find(|job| job.why().is_some_and(|why| !why.is_not_observed()))
                .unwrap_or(Fact::Absent),
            job => job,
        };
        vec![lane(usual, job)]
    }

    /// What each domain that can have it says of a label, those of the user or that of the system. Where nobody
    /// printed it, as only a recorded host can have it, what `launchctl list` said of it.
    fn jobs(&self, look: &Look<'_>, label: &str, usual: Manager) -> Vec<(Manager, Fact<Job>)> {
        let is_few = self.questions.of <= FEW;
        let job = |list: &List| {
            let is_asked = self.questions.targets.contains(&(list.manager, label.to_string()));
            let job = if is_few || is_asked {
                match launchd::job(&printed(look, &target(list.manager, label))) {
                    // Where launchd does not print the service, the list of its domain may still have it.
                    Fact::Unknown(why) => list.listed(label).unwrap_or(Fact::Unknown(why)),
                    Fact::Known(job) => Fact::Known(list.completed(label, job)),
                    Fact::Absent => Fact::Absent,
                }
            } else {
                list.job(label, self.questions.of)
            };
            (list.manager, job)
        };
        let lists = self.files.lists_of(label).filter(|list| is_beside(list.manager, usual));
        let mut jobs: Vec<(Manager, Fact<Job>)> = lists.map(job).collect();
        let unseen = |job: &Fact<Job>| job.why().is_some_and(Why::is_not_observed);
        if usual != Manager::LaunchdSystem
            && !jobs.is_empty()
            && jobs.iter().all(|(_, job)| unseen(job))
        {
            let seen = one(look.host, &Ask::LaunchctlList { label: label.into() });
            if let (Some((_, job)), None) = (jobs.first_mut(), &seen.error) {
                *job = launchd::job_of_list(&seen);
            }
        }
        jobs
    }

    /// The domains whose overrides disable a label, of those that can have it.
    fn disabled_in(&self, label: &str, usual: Manager) -> Vec<Manager> {
        let overrides = self.overrides.iter().filter(|(domain, _)| is_beside(*domain, usual));
        let disables = |overrides: &Fact<disabled::Overrides>| {
            overrides
                .known()
                .is_some_and(|overrides| overrides.is_disabled(label) == Fact::Known(true))
        };
        overrides.filter(|(_, overrides)| disables(overrides)).map(|(domain, _)| *domain).collect()
    }

    /// Whether an override in any domain that can have it keeps a label from being loaded.
    fn disabled(&self, label: &str, usual: Manager) -> Fact<bool> {
        let overrides = self.overrides.iter().filter(|(domain, _)| is_beside(*domain, usual));
        let each = overrides.map(|(_, overrides)| {
            overrides.as_ref().and_then(|overrides| overrides.is_disabled(label))
        });
        let each: Vec<Fact<bool>> = each.collect();
        if each.contains(&Fact::Known(true)) {
            return Fact::Known(true);
        }
        let why = each.iter().find_map(Fact::why).cloned();
        match (each.contains(&Fact::Known(false)), why) {
            (true, None | Some(Why::NotObserved)) => Fact::Known(false),
            (_, Some(why)) => Fact::Unknown(why),
            (_, None) => Fact::Unknown(Why::NotObserved),
        }
    }
}

/// Whether a loaded job serves a home: by the environment and the arguments that it was loaded with, else
/// by its name.
fn serves(look: &Look<'_>, home: &Home, job: &Job, is_named_so: bool) -> bool {
    let Some(loaded) = &job.launchd else { return is_named_so };
    let told = loaded.environment.iter().find(|(name, _)| name == "HERMES_HOME");
    if let Some(path) = told.map(|(_, path)| path).filter(|path| !holds_a_mark(path)) {
        return look.known_as(path) == home.path;
    }
    let mut serving =
        look.scan().list.iter().filter(|scanned| scanned.home.as_deref() == Some(&home.path));
    is_named_so || serving.any(|scanned| has(look, job, &scanned.process))
}

/// Whether a loaded job runs a gateway. Beside them are watchdogs, dashboards and proxies, called after Hermes and
/// with its home in their environment (upstream #39808, #57739), of which none keeps a gateway.
fn runs_gateway(look: &Look<'_>, job: &Job) -> bool {
    let argv = job.launchd.as_ref().and_then(|loaded| loaded.argv.as_deref());
    let role = argv.map(cmdline::role);
    match (role, argv) {
        (Some(Role::Gateway(_) | Role::Wrapper), Some(argv)) => !cmdline::only_restarts(argv),
        (Some(Role::Server | Role::CronTick | Role::Lifecycle(_) | Role::OtherHermes), _) => false,
        // A script says nothing of what it runs.
        _ => look
            .scan()
            .list
            .iter()
            .any(|scanned| scanned.home.is_some() && has(look, job, &scanned.process)),
    }
}

/// Whether a job that has no process might keep a gateway all the same: a script that launchd starts again when it ends.
fn may_keep_one(job: &Job) -> bool {
    let Some(loaded) = &job.launchd else { return false };
    let is_script = loaded.argv.as_deref().is_some_and(|argv| cmdline::role(argv) == Role::Foreign);
    let is_kept = loaded.keep_alive.is_some_and(|kept| kept != launchd::KeepAlive::No);
    job.main_pid.is_none() && is_script && is_kept
}

/// Whether a process is a job's own, or below it.
fn has(look: &Look<'_>, job: &Job, process: &Process) -> bool {
    job.main_pid.is_some_and(|pid| pid == process.pid || look.ancestors(process).contains(&pid))
}

/// Whether both are domains of the user, or both that of the system: a label in one kind says nothing of the other.
fn is_beside(one: Manager, other: Manager) -> bool {
    (one == Manager::LaunchdSystem) == (other == Manager::LaunchdSystem)
}

impl Found {
    fn is_beside(&self, manager: Manager) -> bool {
        is_beside(self.manager, manager)
    }
}

/// What a domain says of all its services.
fn list(look: &Look<'_>, manager: Manager) -> List {
    let seen = printed(look, &manager.domain());
    List { manager, source: seen.line(), domain: launchd::domain(&seen) }
}

/// Labels of services of these domains that are called after Hermes, or hold one of its processes. A process on a
/// terminal was started there, whatever runs the terminal.
fn loaded(look: &Look<'_>, lists: &[List]) -> BTreeSet<String> {
    let hermes: BTreeSet<u32> = look
        .scan()
        .list
        .iter()
        .map(|scanned| &scanned.process)
        .filter(|process| process.seen.tty.is_none())
        .flat_map(|process| look.ancestors(process).into_iter().chain([process.pid]))
        .collect();
    lists
        .iter()
        .filter_map(|list| list.domain.known()?.services.as_ref())
        .flatten()
        .filter(|row| !row.is_application())
        .filter(|row| {
            row.pid.is_some_and(|pid| hermes.contains(&pid))
                || row.label.to_lowercase().contains("hermes")
        })
        .map(|row| row.label.clone())
        .collect()
}

fn session(look: &Look<'_>) -> Fact<String> {
    let seen = one(look.host, &Ask::LaunchctlManagername);
    match seen.stdout.split_whitespace().next() {
        Some(name) => Fact::Known(name.into()),
        None => launchd::absence(&seen),
    }
}

fn printed(look: &Look<'_>, target: &str) -> CommandSeen {
    one(look.host, &Ask::LaunchctlPrint { target: target.into() })
}

/// The answer to a question that has one.
fn one(host: &dyn Host, ask: &Ask) -> CommandSeen {
    host.command(ask).pop().unwrap_or_else(|| CommandSeen {
        argv: ask.argv(),
        error: Some(Trouble::NotObserved),
        ..CommandSeen::default()
    })
}

/// There is no plist if its directory was searched to the end, or its own path was looked at.
fn missing(look: &Look<'_>, path: &str) -> Fact<Definition> {
    let file = look.host.file(path, Part::SMALL);
    if file.error != Some(Trouble::NotObserved) {
        return Definition::of_plist(&file);
    }
    let directory = path.rsplit_once('/').map_or("/", |(directory, _)| directory);
    if look.host.definitions(directory, ENDING).complete {
        Fact::Absent
    } else {
        Fact::Unknown(Why::NotObserved)
    }
}

fn label_of(file: &FileSeen, definition: &Fact<Definition>) -> Option<String> {
    let said = definition.known().and_then(|definition| definition.agent.as_ref()?.label.clone());
    let name = file.path.rsplit('/').next()?;
    said.or_else(|| name.strip_suffix(ENDING).map(String::from))
}

/// A plist that cannot be understood counts if it is called as Hermes calls its own.
fn runs_hermes(label: &str, definition: &Fact<Definition>) -> bool {
    let is_named = label.starts_with("ai.hermes.gateway");
    match definition {
        Fact::Known(definition) => {
            let runs = matches!(definition.role, Role::Gateway(_) | Role::Wrapper)
                && !cmdline::only_restarts(&definition.argv);
            runs || (is_named && definition.argv.is_empty())
        }
        Fact::Absent => false,
        Fact::Unknown(_) => is_named,
    }
}

/// Whether a daemon of the system may serve a home of this user: it names one, or runs as this user. Any other user's
/// own home is not for us to guess.
fn may_serve(about: &About, definition: &Fact<Definition>) -> bool {
    let Fact::Known(definition) = definition else { return true };
    let names_home = ["HERMES_HOME", "HOME"].iter().any(|name| definition.given(name).is_some());
    let runs_as_asker = match &definition.user {
        Some(user) => about.user.as_ref() == Some(user),
        None => about.uid == Some(0),
    };
    names_home || runs_as_asker
}

fn home_of(look: &Look<'_>, definition: &Fact<Definition>) -> Option<String> {
    definition.known()?.home(Scope::User, look.about, |root| look.sticky(root)).known().cloned()
}

/// The labels of a home's job, that of the present rule first.
fn labels(look: &Look<'_>, home: &Home) -> Vec<String> {
    home.service_names("ai.hermes.gateway", look.about.home.as_deref())
}

fn plist_path(about: &About, label: &str) -> String {
    let home = about.home.as_deref().unwrap_or("/");
    join(&join(home, "Library/LaunchAgents"), &format!("{label}{ENDING}"))
}

fn target(manager: Manager, label: &str) -> String {
    format!("{}/{label}", manager.domain())
}

/// The domain into which a login loads a user's agents.
fn gui(about: &About) -> Manager {
    Manager::LaunchdGui(about.uid.unwrap_or_default())
}

/// The domains in which a user's job can be, that of the login first.
fn domains(about: &About) -> Vec<Manager> {
    let Some(uid) = about.uid else { return Vec::new() };
    vec![Manager::LaunchdGui(uid), Manager::LaunchdUser(uid)]
}

/// Where plists are looked for, each with the domain that loads it.
fn directories(about: &About) -> Vec<(Manager, String)> {
    let own = about.home.as_ref().map(|home| (gui(about), join(home, "Library/LaunchAgents")));
    own.into_iter()
        .chain([
            (gui(about), "/Library/LaunchAgents".into()),
            (Manager::LaunchdSystem, "/Library/LaunchDaemons".into()),
        ])
        .collect()
}

const ENDING: &str = ".plist";

#[cfg(test)]
mod tests;
