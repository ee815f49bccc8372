//! Plists on disk, and what launchd has loaded in the domains of the user who looks.

use std::collections::BTreeSet;

use crate::fact::{Fact, Why};
use crate::facts::definition::Definition;
use crate::facts::gateway::{FileStamp, Lane, Manager};
use crate::facts::home::{Home, join};
use crate::facts::job::{Job, launchd};
use crate::facts::process::{Process, Scanned};
use crate::host::{Ask, Host, Part, Question, Scope};
use crate::observation::{CommandSeen, FileSeen, Trouble};
use crate::parse::cmdline::Role;
use crate::parse::launchctl::{disabled, domain};
use crate::snapshot::About;

use super::look::Look;
use super::services::{Answers, Found, Services};

/// What is asked before anything else is known.
pub(super) fn first(about: &About) -> Vec<Question> {
    let mut first: Vec<Question> = directories(about)
        .into_iter()
        .map(|(_, directory)| Question::Definitions(directory, ENDING.into()))
        .collect();
    first.push(Question::Command(Ask::LaunchctlManagername));
    for domain in domains(about) {
        first.push(Question::Command(Ask::LaunchctlPrint { target: name_of(domain) }));
        first.push(Question::Command(Ask::LaunchctlPrintDisabled { domain: name_of(domain) }));
    }
    first
}

/// The plists that run Hermes, and the labels that may.
pub(super) struct Files {
    found: Vec<Found>,
    plists: Vec<FileSeen>,
    /// Labels of loaded services that are called after Hermes, or hold one of its processes.
    loaded: BTreeSet<String>,
}

impl Files {
    /// Reads them.
    pub(super) fn read(look: &Look<'_>) -> Self {
        let mut files = Self { found: Vec::new(), plists: Vec::new(), loaded: loaded(look) };
        for (manager, directory) in directories(look.about) {
            for file in look.host.definitions(&directory, ENDING).list {
                let definition = Definition::of_plist(&file);
                let Some(label) = label_of(&file, &definition) else { continue };
                if runs_hermes(&label, &definition) {
                    let home = home_of(look, &definition);
                    files.found.push(Found { manager, name: label, definition, home });
                    files.plists.push(file);
                }
            }
        }
        files
    }

    fn labels(&self, look: &Look<'_>, homes: &[Home]) -> BTreeSet<String> {
        let expected = homes.iter().flat_map(|home| labels(look, home));
        let found = self.found.iter().map(|found| found.name.clone());
        expected.chain(found).chain(self.loaded.iter().cloned()).collect()
    }
}

impl Services for Files {
    fn found(&self) -> &[Found] {
        &self.found
    }

    fn ask(&self, look: &Look<'_>, homes: &[Home], _processes: &[Scanned]) {
        let labels = self.labels(look, homes);
        let ask = |(domain, label): (Manager, &String)| {
            Question::Command(Ask::LaunchctlPrint { target: target(domain, label) })
        };
        let domains = domains(look.about);
        let each =
            labels.iter().flat_map(|label| domains.iter().map(move |domain| (*domain, label)));
        look.host.prepare(each.map(ask).collect());
    }

    fn answers(&self, look: &Look<'_>) -> Box<dyn Answers + '_> {
        let overrides = domains(look.about)
            .into_iter()
            .map(|domain| {
                let seen = one(look.host, &Ask::LaunchctlPrintDisabled { domain: name_of(domain) });
                let read = match disabled::read(&seen.stdout) {
                    Some(overrides) => Fact::Known(overrides),
                    None => launchd::absence(&seen),
                };
                (domain, read)
            })
            .collect();
        let on_demand = domains(look.about)
            .into_iter()
            .map(|domain| (domain, launchd::on_demand(&printed(look, &name_of(domain)))))
            .collect();
        Box::new(Domains { files: self, overrides, on_demand, session: session(look) })
    }
}

/// What launchd said.
struct Domains<'a> {
    files: &'a Files,
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
            if lanes.iter().any(|lane| lane.name == *label) {
                continue;
            }
            let is_found = self.files.found.iter().any(|found| found.name == *label);
            let jobs = jobs(look, label);
            let loaded = jobs.iter().find_map(|(_, job)| job.known());
            let serves = match loaded {
                Some(job) => serves(look, home, job, own(label)),
                None => false,
            };
            if serves && !is_found {
                let path = loaded.and_then(|job| job.launchd.as_ref()?.path.clone());
                let path = path.unwrap_or_else(|| plist_path(look.about, label));
                let definition = Definition::of_plist(&look.host.file(&path, Part::SMALL));
                lanes.extend(self.in_domains(look, label, gui(look.about), &definition, &path));
            }
        }
        // What Hermes would install, where nothing is.
        let first = expected.first().cloned().unwrap_or_default();
        if lanes.is_empty() {
            let path = plist_path(look.about, &first);
            let definition = missing(look, &path);
            lanes.extend(self.in_domains(look, &first, gui(look.about), &definition, &path));
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
    /// A label as a lane for each domain that has it; as one alone where none has.
    fn in_domains(
        &self,
        look: &Look<'_>,
        label: &str,
        usual: Manager,
        definition: &Fact<Definition>,
        path: &str,
    ) -> Vec<Lane> {
        let jobs = jobs(look, label);
        let paths = look.named(definition);
        let file = definition.known().map(|_| look.host.file(path, Part::SMALL));
        let files: Vec<FileStamp> = file.as_ref().and_then(FileStamp::of).into_iter().collect();
        let lane = |manager, job| Lane {
            manager,
            name: label.into(),
            definition: definition.clone(),
            path: path.into(),
            job,
            disabled: self.disabled(label),
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

    /// Whether an override in either domain keeps a label from being loaded.
    fn disabled(&self, label: &str) -> Fact<bool> {
        let each = self.overrides.iter().map(|(_, overrides)| {
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

/// What each domain says of a label. Where nobody printed it, as only a recorded host can have it, what
/// `launchctl list` said of it.
fn jobs(look: &Look<'_>, label: &str) -> Vec<(Manager, Fact<Job>)> {
    let mut jobs: Vec<(Manager, Fact<Job>)> = domains(look.about)
        .into_iter()
        .map(|domain| (domain, launchd::job(&printed(look, &target(domain, label)))))
        .collect();
    let unseen = |job: &Fact<Job>| job.why().is_some_and(Why::is_not_observed);
    if !jobs.is_empty() && jobs.iter().all(|(_, job)| unseen(job)) {
        let seen = one(look.host, &Ask::LaunchctlList { label: label.into() });
        if let (Some((_, job)), None) = (jobs.first_mut(), &seen.error) {
            *job = launchd::job_of_list(&seen);
        }
    }
    jobs
}

/// Whether a loaded job serves a home: by the environment and the arguments that it was loaded with, else
/// by its name.
fn serves(look: &Look<'_>, home: &Home, job: &Job, is_named_so: bool) -> bool {
    let Some(loaded) = &job.launchd else { return is_named_so };
    let told = loaded.environment.iter().find(|(name, _)| name == "HERMES_HOME");
    if let Some((_, path)) = told {
        return look.known_as(path) == home.path;
    }
    let pids: Vec<u32> = job.main_pid.into_iter().collect();
    let runs_it = |process: &Process| {
        pids.iter().any(|pid| *pid == process.pid || look.ancestors(process).contains(pid))
    };
    let mut serving =
        look.scan().list.iter().filter(|scanned| scanned.home.as_deref() == Some(&home.path));
    is_named_so || serving.any(|scanned| runs_it(&scanned.process))
}

/// Labels of services of these domains that are called after Hermes, or hold one of its processes.
fn loaded(look: &Look<'_>) -> BTreeSet<String> {
    let hermes: BTreeSet<u32> = look
        .scan()
        .list
        .iter()
        .map(|scanned| &scanned.process)
        .flat_map(|process| look.ancestors(process).into_iter().chain([process.pid]))
        .collect();
    let rows = domains(look.about)
        .into_iter()
        .filter_map(|domain| domain::read(&printed(look, &name_of(domain)).stdout)?.services);
    rows.flatten()
        .filter(|row| {
            row.pid.is_some_and(|pid| hermes.contains(&pid))
                || row.label.to_lowercase().contains("hermes")
        })
        .map(|row| row.label)
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
            matches!(definition.role, Role::Gateway(_) | Role::Wrapper)
                || (is_named && definition.argv.is_empty())
        }
        Fact::Absent => false,
        Fact::Unknown(_) => is_named,
    }
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

fn target(domain: Manager, label: &str) -> String {
    format!("{}/{label}", name_of(domain))
}

fn name_of(domain: Manager) -> String {
    match domain {
        Manager::LaunchdGui(uid) => format!("gui/{uid}"),
        Manager::LaunchdUser(uid) => format!("user/{uid}"),
        _ => "system".into(),
    }
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
