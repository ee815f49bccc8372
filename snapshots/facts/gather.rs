//! The order in which a host is asked.
//!
//! What takes long is asked for as soon as its question is known, and waited for as late as possible: the
//! service managers as soon as the names of the units are, the health endpoint as soon as the settings are.

mod api;
mod choice;
mod cron;
mod launchd;
mod look;
mod services;
mod systemd;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use crate::fact::{Fact, Why};
use crate::facts::address::Address;
use crate::facts::credential::Credential;
use crate::facts::definition::Definition;
use crate::facts::disk::Disk;
use crate::facts::endings::{self, Endings};
use crate::facts::gateway::{
    Facts, Gateway, Health, Lane, Listener, Served, Server, Supervision, place_of,
};
use crate::facts::health::{self, Answer};
use crate::facts::home::{Home, join, trimmed};
use crate::facts::install::{Install, Loaded, Origin};
use crate::facts::job::{Job, Phase};
use crate::facts::journal::{Journal, Outcry};
use crate::facts::liveness::{Ladder, Liveness};
use crate::facts::marks::{self, Marks};
use crate::facts::process::{Identity, Process, Scanned, Witness};
use crate::facts::record::{API_SERVER, PidRecord, Status};
use crate::facts::reference;
use crate::facts::release::{Capability, Version};
use crate::facts::settings::{self, ApiServer};
use crate::host::{Ask, Host, Part, Question, Scope, Seen};
use crate::observation::Trouble;
use crate::parse::cgroup;
use crate::parse::cmdline;
use crate::parse::cmdline::Role;
use crate::value::Value;

use api::Settings;
pub use choice::Choice;
use look::{FEW, Look};
use services::{Answers, Found};

/// Which gateways to look at, and under what.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Profiles by name; none for all.
    pub profiles: Vec<String>,
    /// Further homes by path.
    pub homes: Vec<String>,
    /// Which service manager to ask.
    pub manager: Choice,
}

/// Asks a host, and says what its answers mean.
pub fn gather(host: &dyn Host, wanted: &Wanted) -> Facts {
    let first = choice::first(host.about(), wanted.manager).into_iter().chain(api::questions());
    let look = Look::begin(host, wanted, first.collect());
    let read_ahead = |homes: &[Home]| host.prepare(homes.iter().flat_map(questions).collect());
    let services = choice::services(&look, wanted.manager, || {
        read_ahead(&homes(&look, &paths(&look, wanted, &[], &[])));
    });
    // What is on disk nearly always names every service: so the managers are asked while the processes are
    // still searched, and again only where a process shows that there is more.
    let named = homes(&look, &paths(&look, wanted, services.found(), &[]));
    services.ask(&look, &named, &[]);
    // Before anybody waits for a home, which may be on a disk that does not answer.
    read_ahead(&named);
    let processes = &look.scan().list;
    let homes = real_homes(&look, &paths(&look, wanted, services.found(), processes));
    services.ask(&look, &homes, processes);
    // All at once: whoever posts little by little has the workers fall asleep in between.
    let definitions = services.found().iter().filter_map(|found| found.definition.known());
    let named = definitions.clone().flat_map(look::questions);
    host.prepare(homes.iter().flat_map(questions).chain(named).collect());
    let mut known: Vec<Settled> =
        homes.into_iter().map(|home| settle(&look, home, services.found())).collect();
    let recorded = known.iter().flat_map(Settled::recorded);
    let unseen = recorded.filter(|pid| look.scanned(*pid).is_none());
    host.prepare(unseen.map(Question::Process).collect());
    // Who holds a port is known before anybody connects to it: what systemd holds would start a service. A few are then
    // asked for their health wherever they may be; of many, only those that listen.
    let listeners = listeners(&look, &known);
    let are_many = known.len() > FEW;
    for settled in &mut known {
        settled.is_refused = are_many && settled.would_be_refused(&listeners);
        settled.would_start = settled.would_start_a_service(&listeners);
    }
    let urls = known.iter().filter(|settled| !settled.is_refused && !settled.would_start);
    host.prepare(urls.filter_map(Settled::url).map(Question::Http).collect());
    // The managers still think.
    let installs = definitions.filter_map(|definition| look.install(&definition.argv));
    let mut codes: Vec<String> =
        installs.filter_map(|install| install.code.known().cloned()).collect();
    codes.sort_unstable();
    codes.dedup();
    let generators = |code: &String| Question::File(reference::path(code), Part::Generators);
    host.prepare(codes.iter().map(generators).collect());
    let homes: Vec<Home> = known.iter().map(|settled| settled.home.clone()).collect();
    let answers = services.answers(&look, &homes);
    let serve_one: Vec<bool> =
        known.iter().map(|settled| settled.settings.serve_one_profile()).collect();
    let mut gateways: Vec<Gateway> = known
        .into_iter()
        .map(|settled| gateway(&look, settled, answers.as_ref(), &listeners))
        .collect();
    serve(&look, &mut gateways, &serve_one);
    for gateway in &mut gateways {
        gateway.is_asked = look.is_asked(&gateway.home);
    }
    Facts {
        strangers: strangers(&look, &gateways),
        searched: searched(look.scan()),
        about: host.about().clone(),
        now: host.now(),
        managers: answers.managers(),
        linger: answers.linger(),
        session: answers.session(),
        on_demand: answers.on_demand(),
        sticky: look.stickies(),
        gateways,
        listeners,
    }
}

/// A home whose settings and records are known.
struct Settled {
    home: Home,
    settings: Settings,
    /// Whether its health endpoint need not be asked, for nothing listens there.
    is_refused: bool,
    /// Whether it may not be asked, for a connection would start a service.
    would_start: bool,
    pid_file: Fact<PidRecord>,
    lock_record: Fact<PidRecord>,
    status: Fact<Status>,
}

/// Every path that leads to a home, some perhaps to the same.
fn paths(
    look: &Look<'_>,
    wanted: &Wanted,
    found: &[Found],
    processes: &[Scanned],
) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = found.iter().filter_map(|found| found.home.clone()).collect();
    paths.extend(processes.iter().filter_map(|scanned| scanned.home.clone()));
    paths.extend(wanted.homes.iter().cloned());
    paths.extend(look.about.env.get("HERMES_HOME").filter(|home| !home.is_empty()).cloned());
    if let Some(root) = &look.root {
        paths.extend(look.profiles());
        // The default home is always spoken of, unless it is known not to be there, others are, and nobody names it.
        let is_named = wanted.profiles.iter().any(|name| name == "default");
        let absent = look.host.directory(root).error == Some(Trouble::NotFound);
        if !absent || is_named || paths.is_empty() {
            paths.insert(root.clone());
        }
    }
    paths
}

/// The homes to which these paths lead, each once, whatever symbolic links are between.
fn real_homes(look: &Look<'_>, paths: &BTreeSet<String>) -> Vec<Home> {
    look.host.prepare(paths.iter().cloned().map(Question::Directory).collect());
    let mut spelled: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        spelled.entry(look.known_as(path)).or_default().push(trimmed(path).into());
    }
    let also = |home: Home| {
        let mut also = spelled.get(&home.path).cloned().unwrap_or_default();
        also.extend(look.real(&home.path));
        also.retain(|path| *path != home.path);
        Home { also, ..home }
    };
    let paths = spelled.keys().cloned().collect();
    homes(look, &paths).into_iter().map(also).collect()
}

/// The homes at these paths, those that are asked for first, and of them the default one: of many gateways only the first
/// are looked at in every way.
fn homes(look: &Look<'_>, paths: &BTreeSet<String>) -> Vec<Home> {
    let mut homes: Vec<Home> =
        paths.iter().map(|path| Home::at(path, look.root.as_deref())).collect();
    homes.sort_by_key(|home| {
        (!look.is_asked(home), home.profile != "default", home.profile.clone())
    });
    homes.dedup_by(|a, b| a.path == b.path);
    homes
}

fn questions(home: &Home) -> Vec<Question> {
    let path = |name: &str| join(&home.path, name);
    let mut questions =
        vec![Question::Directory(home.path.clone()), Question::Filesystem(home.path.clone())];
    for name in SMALL_FILES.into_iter().chain(marks::FILES).chain([endings::LIFECYCLE]) {
        questions.push(Question::File(path(name), Part::SMALL));
    }
    questions.push(Question::File(marks::migration(&home.path), Part::SMALL));
    questions.extend(cron::questions(home));
    for name in LOGS.into_iter().chain([marks::RELOAD]).chain(endings::LOGS) {
        questions.push(Question::File(path(name), Part::LOG));
    }
    for name in LOCKS {
        questions.push(Question::Lock(path(name)));
    }
    questions
}

/// Reads what decides where the API server is to be, and whom the home's records name.
fn settle(look: &Look<'_>, home: Home, found: &[Found]) -> Settled {
    let file = |name: &str| look.host.file(&join(&home.path, name), Part::SMALL);
    let status = Status::in_file(&file("gateway_state.json"));
    let pid_file = PidRecord::in_file(&file("gateway.pid"));
    let lock_record = PidRecord::in_file(&file("gateway.lock"));
    let release = release(look, &home, found, (&status, &pid_file, &lock_record));
    Settled {
        settings: api::settings(look, &home, found, release),
        is_refused: false,
        would_start: false,
        pid_file,
        lock_record,
        status,
        home,
    }
}

/// The release by whose rules the settings of a home hold: the one that its gateway runs, else the installed one.
fn release(
    look: &Look<'_>,
    home: &Home,
    found: &[Found],
    (status, pid_file, lock_record): (&Fact<Status>, &Fact<PidRecord>, &Fact<PidRecord>),
) -> Option<Version> {
    let own = |scanned: &&Scanned| scanned.home.as_deref() == Some(&home.path);
    let process = look.scan().list.iter().find(own).map(|scanned| &scanned.process);
    let mut serving = found.iter().filter(|found| found.serves(look, home));
    let definition = serving.find_map(|found| found.definition.known());
    let writer = status.known().and_then(|status| status.writer.as_ref());
    let records = [pid_file.known(), lock_record.known(), writer];
    let leads = Leads { running: process, next: None, definition, records };
    let installed = || leads.codes(look).install?.version.known().cloned();
    running(look, home, status).or_else(installed)
}

/// The version of the code that the home's gateway runs, where a process of the home wrote that into the status file.
fn running(look: &Look<'_>, home: &Home, status: &Fact<Status>) -> Option<Version> {
    let status = status.known()?;
    let writer = status.writer.as_ref()?;
    let of_home =
        look.scan().list.iter().filter(|scanned| scanned.home.as_deref() == Some(&home.path));
    let mut processes = of_home.map(|scanned| &scanned.process);
    let is_its_own =
        processes.any(|process| process.identity(writer, look.about.os) == Identity::Same);
    Version::read(status.code_version.as_deref().filter(|_| is_its_own)?)
}

impl Settled {
    /// Where its API server is to answer, if it is to have one.
    fn url(&self) -> Option<String> {
        self.settings.api.known().filter(|api| api.enabled.value)?.health_url()
    }

    /// The processes that its records name.
    fn recorded(&self) -> impl Iterator<Item = u32> {
        let writer = self.status.known().and_then(|status| status.writer.as_ref());
        let records = [self.pid_file.known(), self.lock_record.known(), writer];
        records.into_iter().flatten().map(|record| record.pid)
    }

    /// Whether systemd, and nobody else, holds its address: for a socket unit, whose service a connection starts.
    fn would_start_a_service(&self, listeners: &Seen<Listener>) -> bool {
        let Some(api) = self.settings.api.known().filter(|api| api.health_url().is_some()) else {
            return false;
        };
        let may_be_meant = |listener: &&Listener| listener.is_meant_by(api) != Some(false);
        let mut meant = listeners.list.iter().filter(may_be_meant);
        meant.any(|listener| {
            let owners = listener.owners.as_deref().unwrap_or_default();
            !owners.is_empty() && owners.iter().all(Process::is_systemd)
        })
    }

    /// Whether every socket was seen, and none is there.
    fn would_be_refused(&self, listeners: &Seen<Listener>) -> bool {
        let is_there = |api: &ApiServer| {
            let may_serve = |listener: &Listener| listener.is_meant_by(api) != Some(false);
            listeners.list.iter().any(may_serve)
        };
        listeners.complete && self.settings.api.known().is_some_and(|api| !is_there(api))
    }
}

fn listeners(look: &Look<'_>, known: &[Settled]) -> Seen<Listener> {
    let port = |settled: &Settled| settled.settings.api.known()?.port.value.literal().copied();
    let ports: BTreeSet<u16> = known.iter().filter_map(port).collect();
    let ports: Vec<u16> = ports.into_iter().collect();
    let seen = look.host.listeners(&ports);
    let list = seen.list.into_iter().map(|socket| Listener {
        address: Address::of(socket.address),
        port: socket.port,
        owners: socket.pids.map(|pids| pids.into_iter().map(|pid| look.process(pid)).collect()),
        uid: socket.uid,
        user: socket.user,
    });
    Seen { list: list.collect(), complete: seen.complete, trouble: seen.trouble }
}

fn gateway(
    look: &Look<'_>,
    settled: Settled,
    answers: &dyn Answers,
    listeners: &Seen<Listener>,
) -> Gateway {
    let Settled { home, settings, is_refused, would_start, pid_file, lock_record, status } =
        settled;
    let file = |name: &str, part: Part| look.host.file(&join(&home.path, name), part);
    let lanes = answers.lanes(look, &home);
    let marks = Marks::of(look.host, &home.path);
    let cron = cron::cron(look, &home, settings.config.as_ref());
    let listening: Vec<u32> = listeners
        .list
        .iter()
        .flat_map(|listener| listener.owners.iter().flatten().map(|owner| owner.pid))
        .collect();
    let liveness = Ladder {
        host: look.host,
        home: &home,
        scan: look.scan(),
        pid_file: &pid_file,
        lock_record: &lock_record,
        status: &status,
        jobs: lanes.iter().map(|lane| &lane.job).collect(),
        silent: lanes
            .iter()
            .filter(|lane| lane.job.why().is_some())
            .map(|lane| (lane.manager, lane.name.as_str()))
            .collect(),
        listening: &listening,
        has_namespaces: !lanes.iter().any(|lane| lane.manager.is_launchd()),
        marks: [
            marks.heartbeat.known().map(|beat| (beat.pid, beat.at)),
            cron.heartbeat.known().and_then(|tick| Some((tick.pid?, tick.at))),
        ],
    }
    .climb();
    let supervision = supervision(look, &liveness, &lanes, answers);
    let starter = starter(look, &liveness, &supervision);
    let health = (!would_start)
        .then(|| health_of(look, &liveness, &status, &settings.api, listeners, is_refused))
        .flatten();
    let writer = status.known().and_then(|status| status.writer.as_ref());
    let records = [pid_file.known(), lock_record.known(), writer];
    let definition = lanes.iter().find_map(|lane| lane.definition.known());
    let known: Vec<&PidRecord> = records.into_iter().flatten().collect();
    let running = liveness.process.known();
    let origins = running.map(|process| Origin::of(process, &known, look.host));
    let next = starts_next(&supervision, &lanes);
    let Codes { install, runs_from } = Leads { running, next, definition, records }.codes(look);
    let is_written = lanes.iter().any(|lane| lane.definition.known().is_some());
    let written_by = install.as_ref().filter(|_| is_written);
    let reference =
        written_by.map_or(Fact::Unknown(Why::NotObserved), |install| look.reference(install));
    let journal = Journal::read(&file(LOGS[0], Part::LOG), &file(LOGS[1], Part::LOG));
    let outcry = outcry(look, &liveness, &lanes);
    let config = join(&home.path, "config.yaml");
    let is_standalone = settings.is_standalone();
    let credentials = Credential::all(&settings.assigned, settings.config.as_ref(), &config);
    Gateway {
        directory: look.host.directory(&home.path),
        disks: Disk::of(look.host, &home.path),
        dotenv: file(".env", Part::SMALL),
        files: SMALL_FILES
            .iter()
            .map(|name| file(name, Part::SMALL))
            // Its text is long, and is not wanted a second time.
            .chain([file("cron/jobs.json", Part::Stat)])
            .collect(),
        marks,
        endings: Endings::of(look.host, &home.path),
        servers: servers(look, &home),
        served_by: None,
        is_standalone,
        rests_with: None,
        is_asked: true,
        home,
        lanes,
        liveness,
        supervision,
        starter,
        pid_file,
        status,
        api: settings.api,
        drain: settings.drain,
        cron_drain: settings.cron_drain,
        config_fault: settings.config_fault,
        credentials,
        assigned: settings.assigned,
        health,
        cron,
        install,
        origins: origins.unwrap_or_default(),
        runs_from,
        reference,
        journal,
        outcry,
    }
}

/// What the errors of a service say where that does not come to run: the log to which launchd leads them, or the journal.
fn outcry(look: &Look<'_>, liveness: &Liveness, lanes: &[Lane]) -> Fact<Outcry> {
    match lanes.iter().find_map(|lane| Some((lane.manager.scope()?, lane, lane.job.known()?))) {
        Some((scope, lane, job)) => outcry_in_journal(look, scope, &lane.name, job),
        None => outcry_in_log(look, liveness, lanes),
    }
}

/// Asks the journal for the last lines of a unit that failed, or that has been started again and again until now.
fn outcry_in_journal(look: &Look<'_>, scope: Scope, unit: &str, job: &Job) -> Fact<Outcry> {
    let is_young = job
        .started_at
        .is_some_and(|at| look.host.now().duration_since(at).as_secs() < YOUNG_SECONDS);
    let loops = job.restarts.is_some_and(|restarts| restarts > 0) && is_young;
    let is_meant = matches!(job.phase, Phase::Failed | Phase::Restarting) || loops;
    if !is_meant || !look.may_ask_journal() {
        return Fact::Unknown(Why::NotObserved);
    }
    let ask = Ask::Journal { scope, unit: unit.into() };
    let of = if scope == Scope::User { "--user-unit" } else { "-u" };
    let source = format!("journalctl {of} {unit}");
    let seen = look.host.command(&ask).into_iter().next();
    seen.map_or(Fact::Unknown(Why::NotObserved), |seen| Outcry::of_journal(&seen, source))
}

/// The log to which launchd leads the errors of a service. By its name it is one: of any other file nothing is read.
fn outcry_in_log(look: &Look<'_>, liveness: &Liveness, lanes: &[Lane]) -> Fact<Outcry> {
    let log = |lane: &Lane| {
        let loaded = lane.job.known().and_then(|job| job.launchd.as_ref()?.stderr.clone());
        let agent = || lane.definition.known()?.agent.as_ref();
        loaded.or_else(|| Some(agent()?.stderr.as_ref()?.0.clone()))
    };
    match lanes.iter().find_map(log) {
        Some(path)
            if !liveness.has_its_lock()
                && path.rsplit_once('.').is_some_and(|(_, ending)| ending == "log") =>
        {
            Outcry::read(&look.host.file(&path, Part::LOG))
        }
        _ => Fact::Absent,
    }
}

fn supervision(
    look: &Look<'_>,
    liveness: &Liveness,
    lanes: &[Lane],
    answers: &dyn Answers,
) -> Supervision {
    let process = match &liveness.process {
        Fact::Known(process) => process,
        Fact::Absent => return Supervision::NoProcess,
        Fact::Unknown(why) => return Supervision::Unknown(why.clone()),
    };
    // Seen from outside, only a container's runtime knows whether it starts again what it runs.
    let container = process.seen.cgroup.as_deref().and_then(cgroup::container);
    if let Some(group) = container.filter(|_| !look.is_in_container()) {
        let why = format!("it runs in a container, {group}, whose runtime may start it again");
        return Supervision::Unknown(Why::Failed(why));
    }
    // launchd knows nothing of cgroups, wherever it is asked.
    let place =
        process.place.as_ref().filter(|_| !lanes.iter().any(|lane| lane.manager.is_launchd()));
    match place {
        Some(place @ cgroup::Place::Service { uid, unit, .. }) => {
            let ours = place.service_for(look.about.uid);
            let is_it = |lane: &Lane| {
                ours.is_some_and(|(scope, unit)| lane.name == unit && lane.manager == scope.into())
            };
            // In a user namespace of our own we have another number than our manager's directory.
            let is_renumbered = look.about.hints.iter().any(|hint| hint == "user-namespace");
            let is_renumbered = ours.is_none() && is_renumbered;
            let is_its_main = |lane: &Lane| lane.name == *unit && is_main(look, process, lane);
            match lanes.iter().position(is_it) {
                Some(at) => Supervision::Lane(at),
                None if is_renumbered => {
                    let why = || {
                        Why::Failed(format!(
                            "it runs in {unit}, and gw-doctor in a user namespace of its own, where users have other numbers"
                        ))
                    };
                    let own = lanes.iter().position(is_its_main);
                    own.map_or_else(|| Supervision::Unknown(why()), Supervision::Lane)
                }
                // Whose lane it is, only a manager knows.
                None if answers.managers().is_empty() => {
                    let why = format!("it runs in {unit}, and gw-doctor asked no service manager");
                    Supervision::Unknown(Why::Failed(why))
                }
                None => {
                    Supervision::Other { unit: unit.clone(), of: uid.filter(|_| ours.is_none()) }
                }
            }
        }
        // In a namespace of its own, a container's every process seems to stand nowhere.
        Some(cgroup::Place::Nowhere) | None => {
            supervision_by_manager(look, process, lanes, answers)
        }
        Some(place) => Supervision::None { place: place_of(place) },
    }
}

/// The process that started a gateway outside every service, if it may start it again. A `nohup` or an `env` between the two
/// has become the gateway; a `timeout` or a `sudo` has not. What stands above an `su` has opened a session, and no more.
fn starter(look: &Look<'_>, liveness: &Liveness, supervision: &Supervision) -> Option<Process> {
    let process = liveness.process.known()?;
    if !matches!(supervision, Supervision::None { .. } | Supervision::Other { .. }) {
        return None;
    }
    let above = |process: &Process| {
        let parent = process.seen.ppid.filter(|pid| *pid > 1)?;
        Some(look.process(parent))
    };
    let parent = above(process)?;
    let is_it =
        |process: &Process| process.seen.argv.as_deref().is_some_and(cmdline::may_start_again);
    if is_it(&parent) {
        return Some(parent);
    }
    let passes_on = |process: &Process| {
        let program = process.seen.argv.as_ref().and_then(|argv| argv.first());
        let name = program.map(|program| program.rsplit('/').next().unwrap_or(program));
        matches!(name, Some("timeout" | "sudo" | "doas"))
    };
    above(&parent).filter(|_| passes_on(&parent)).filter(is_it)
}

/// True if the manager of a service calls the process, or an ancestor of it, its main process.
fn is_main(look: &Look<'_>, process: &Process, lane: &Lane) -> bool {
    let main = lane.job.known().and_then(|job| job.main_pid);
    main.is_some_and(|main| main == process.pid || look.ancestors(process).contains(&main))
}

/// Without a cgroup, the managers' own word: one calls it, or an ancestor of it, its main process;
/// or all of them say that they have none.
fn supervision_by_manager(
    look: &Look<'_>,
    process: &Process,
    lanes: &[Lane],
    answers: &dyn Answers,
) -> Supervision {
    if let Some(at) = lanes.iter().position(|lane| is_main(look, process, lane)) {
        return Supervision::Lane(at);
    }
    // A job that launchd starts again and again has a process in one moment and none in the next: what launchd said and the
    // process are of two moments.
    let about_to_start = |lane: &Lane| {
        let job = lane.job.known().filter(|_| lane.manager.is_launchd());
        job.is_some_and(|job| {
            job.phase == Phase::Restarting && is_a_run_of(look, lane, job, process)
        })
    };
    if let Some(at) = lanes.iter().position(about_to_start) {
        return Supervision::Lane(at);
    }
    let ancestors = look.ancestors(process);
    // Another home's service may run it, or one of which nothing else is known. Who sits at a terminal runs it by hand.
    let pids: Vec<u32> = [process.pid].into_iter().chain(ancestors).collect();
    if let Some(unit) = answers.holder(&pids, lanes).filter(|_| process.seen.tty.is_none()) {
        return Supervision::Other { unit, of: None };
    }
    let unknown = lanes.iter().find_map(|lane| lane.job.why());
    if let Some(why) = unknown.filter(|why| !why.is_not_observed()) {
        return Supervision::Unknown(why.clone());
    }
    // Where neither was seen, a job's process may be the parent of this one.
    let parent = |lane: &Lane| {
        let pid = lane.job.known().filter(|_| lane.manager.is_launchd())?.main_pid?;
        (pid != process.pid && process.seen.ppid.is_none() && look.scanned(pid).is_none())
            .then_some(pid)
    };
    if let Some(pid) = lanes.iter().find_map(parent) {
        let why = format!("whether PID {} is a child of PID {pid} was not seen", process.pid);
        return Supervision::Unknown(Why::Failed(why));
    }
    // A job that runs has a process: where its print was cut off before that, it may be this one.
    let cut_off = |lane: &&Lane| {
        lane.manager.is_launchd()
            && lane
                .job
                .known()
                .is_some_and(|job| job.phase == Phase::Running && job.main_pid.is_none())
    };
    if let Some(lane) = lanes.iter().find(cut_off) {
        let why = format!("which process {} runs in was not seen", lane.name);
        return Supervision::Unknown(Why::Failed(why));
    }
    // A child of launchd's is a job's process, or one that its parent left behind: a list of all jobs tells.
    let is_launchd = lanes.iter().any(|lane| lane.manager.is_launchd());
    let is_child = process.seen.ppid == Some(1) && process.seen.tty.is_none();
    if is_launchd && is_child && !answers.has_a_list() {
        let why = "it is a child of launchd's, and no list of its jobs was seen";
        return Supervision::Unknown(Why::Failed(why.into()));
    }
    match unknown {
        Some(why) => Supervision::Unknown(why.clone()),
        None if lanes.is_empty() => Supervision::Unknown(Why::NotObserved),
        None => Supervision::None {
            place: outside(process, lanes.iter().any(|lane| lane.manager.is_launchd())),
        },
    }
}

/// True if a young child of launchd's is a run of this job by the label that launchd gives to what it starts, or where that was
/// not seen by its arguments: what an earlier run left behind is older.
fn is_a_run_of(look: &Look<'_>, lane: &Lane, job: &Job, process: &Process) -> bool {
    let label = process.seen.env.as_ref().and_then(|env| env.get("XPC_SERVICE_NAME"));
    let argv = job.launchd.as_ref().and_then(|launchd| launchd.argv.as_ref());
    let is_named = match label {
        Some(label) => *label == lane.name,
        None => argv.is_some() && argv == process.seen.argv.as_ref(),
    };
    let locks = [Witness::Lock, Witness::OpenLock];
    let has_lock = locks.iter().any(|lock| process.witnesses.contains(lock));
    let age = process.age(look.host.now()).map(|age| age.as_secs());
    let is_child = process.seen.ppid == Some(1);
    is_named && is_child && !has_lock && age.is_some_and(|age| age < A_LOOK_SECONDS)
}

/// A look is not longer, as a rule. In seconds.
const A_LOOK_SECONDS: i64 = 10;

/// Where a process stands that no manager calls its own.
fn outside(process: &Process, is_launchd: bool) -> String {
    match (is_launchd, process.seen.tty.as_deref(), process.seen.ppid) {
        (_, Some(tty), _) => format!("on terminal {tty}"),
        (true, None, Some(parent)) => format!("outside launchd (child of PID {parent})"),
        (true, None, None) => "outside launchd".into(),
        (false, None, _) => "in no unit".into(),
    }
}

/// Asks the gateway's API server how it is. Its own listener decides where to ask, the settings only where it has none, or
/// where it surely listens elsewhere than they say.
fn health_of(
    look: &Look<'_>,
    liveness: &Liveness,
    status: &Fact<Status>,
    api: &Fact<ApiServer>,
    listeners: &Seen<Listener>,
    is_refused: bool,
) -> Option<Health> {
    let process = liveness.process.known();
    let is_own = |listener: &&Listener| process.is_some_and(|own| listener.is_held_by(own.pid));
    let own: Vec<&Listener> = listeners.list.iter().filter(is_own).collect();
    let bound = process.zip(status.known()).map(|(process, status)| {
        let named = |listener: &&&Listener| status.binder_of(listener, process, look.about.os);
        let is_api = |listener: &&&Listener| named(listener) == Some(API_SERVER);
        let may_be = |listener: &&&Listener| named(listener).is_none_or(|name| name == API_SERVER);
        (own.iter().find(is_api), own.iter().filter(may_be).copied().collect::<Vec<_>>())
    });
    let (api_s_own, candidates) = bound.unwrap_or_else(|| (None, own.clone()));
    let url_of = |listener: &Listener| settings::health_url(&listener.address, listener.port);
    let expected = api.known().filter(|api| api.enabled.value);
    let urls: Vec<String> = match (api_s_own, expected) {
        (Some(listener), _) => url_of(listener).into_iter().collect(),
        (None, Some(api)) => {
            let meets = |listener: &&&Listener| {
                listener.meets(&api.host.value, &api.port.value) == Some(true)
            };
            let is_meant = |listener: &&&Listener| listener.is_meant_by(api) == Some(true);
            let may_be_meant = |listener: &&&Listener| listener.is_meant_by(api).is_none();
            let first = |url: Option<String>| url.into_iter().collect();
            if own.iter().any(|listener| meets(&listener)) {
                first(api.health_url())
            } else if let Some(listener) = own.iter().find(is_meant) {
                first(url_of(listener))
            } else if candidates.iter().any(|listener| may_be_meant(&listener)) {
                let open = candidates.iter().filter(may_be_meant);
                open.filter_map(|listener| url_of(listener)).collect()
            } else {
                let elsewhere = || candidates.first().and_then(|listener| url_of(listener));
                first(api.health_url().or_else(elsewhere))
            }
        }
        (None, None) => candidates.iter().filter_map(|listener| url_of(listener)).collect(),
    };
    let first = urls.first()?.clone();
    if is_refused && own.is_empty() {
        return Some(Health { answer: Answer::Refused, ms: None, url: first });
    }
    let mut asked = urls.into_iter().take(MOST_ASKED).map(|url| {
        let seen = look.host.http(&url);
        Health { answer: health::answer(&seen), ms: seen.ms, url }
    });
    // Where the gateway has several listeners, another of them may be the API server's.
    let mut found = asked.next()?;
    for other in asked {
        if !found.answer.is_of_another_server() {
            break;
        }
        if !other.answer.is_of_another_server() {
            found = other;
        }
    }
    Some(found)
}

/// Listeners of one gateway that are asked at the most.
const MOST_ASKED: usize = 4;

/// What leads to the code of a gateway.
struct Leads<'a> {
    /// Its process.
    running: Option<&'a Process>,
    /// The command that its service starts next, where that runs the process.
    next: Option<Vec<String>>,
    /// What its service is by its file.
    definition: Option<&'a Definition>,
    /// Its records.
    records: [Option<&'a PidRecord>; 3],
}

/// The code of a gateway.
struct Codes {
    /// See [`Gateway::install`].
    install: Option<Install>,
    /// See [`Gateway::runs_from`].
    runs_from: Fact<Install>,
}

impl Leads<'_> {
    /// Returns where the process has its code by its own records.
    fn loaded(&self, look: &Look<'_>) -> Option<Loaded> {
        let process = self.running.filter(|process| !process.is_elsewhere(look.about))?;
        let mut own = self.records.iter().flatten().filter(|record| {
            let is_started_so = record.start_time.is_some();
            is_started_so && process.identity(record, look.about.os) == Identity::Same
        });
        let argv = process.seen.argv.as_deref().unwrap_or_default();
        own.find_map(|record| Loaded::of(record.program.as_deref()?, argv))
    }

    /// Finds the code in the two places where it may be: where the process has it, and where its service starts it next.
    fn codes(&self, look: &Look<'_>) -> Codes {
        let loaded = self.loaded(look);
        let recorded = loaded.as_ref().map(|loaded| Install::of_loaded(loaded, look.host));
        let is_there = |install: &Install| install.code.known().is_some();
        let argv = self.running.and_then(|process| process.seen.argv.as_deref());
        let running = recorded.clone().filter(is_there).or_else(|| look.install(argv?));
        // Only the records say that the code of a process is gone: words may lead to where it never was.
        let is_seen = |install: &Install| install.code.why().is_none();
        let from = recorded.filter(is_seen).or_else(|| running.clone().filter(is_there));
        let mut hidden = Fact::Absent;
        if let (Some(next), Some(from)) = (&self.next, from) {
            let next = look.install_next(next, &from, loaded.as_ref());
            let next = next.filter(|next| next.code.known().is_some());
            match next.map(|next| (look.is_elsewhere(&from, &next), next)) {
                Some((Some(true), next)) => {
                    return Codes { install: Some(next), runs_from: Fact::Known(from) };
                }
                Some((None, _)) => hidden = Fact::Unknown(Why::NotObserved),
                Some((Some(false), _)) | None => {}
            }
        }
        Codes { install: self.first(look, running, loaded.as_ref()), runs_from: hidden }
    }

    /// Returns the first of these that leads to a version: the process, its service, what its records say of its program, and
    /// the environment that its service names.
    fn first(
        &self,
        look: &Look<'_>,
        running: Option<Install>,
        loaded: Option<&Loaded>,
    ) -> Option<Install> {
        let defined = self.definition.map(|definition| definition.argv.clone());
        let mut records = self.records.iter().flatten();
        let recorded = records.find_map(|record| Some(vec![record.program.clone()?]));
        let environment = self.definition.and_then(|definition| definition.given("VIRTUAL_ENV"));
        let environment = environment.as_ref().and_then(Value::literal);
        let environment = environment.map(|path| vec![join(path, "bin/python")]);
        let led = [defined, recorded, environment].into_iter().flatten();
        let led = led.map(|argv| look.install_beside(&argv, loaded));
        let mut first = None;
        for found in std::iter::once(running).chain(led) {
            match found {
                Some(found) if found.version.known().is_some() => return Some(found),
                found => first = first.or(found),
            }
        }
        first
    }
}

/// Returns the command that the service of a process starts next: what launchd has loaded, else what its file says. None
/// where systemd still has another file, and where it runs under no service of the gateway.
fn starts_next(supervision: &Supervision, lanes: &[Lane]) -> Option<Vec<String>> {
    let Supervision::Lane(at) = supervision else { return None };
    let lane = lanes.get(*at)?;
    let job = lane.job.known()?;
    if let Some(argv) = job.launchd.as_ref().and_then(|launchd| launchd.argv.clone()) {
        return Some(argv);
    }
    let is_read = job.systemd.as_ref().is_none_or(|systemd| !systemd.need_daemon_reload);
    lane.definition.known().filter(|_| is_read).map(|definition| definition.argv.clone())
}

/// Says of each profile that another gateway serves it, where that gateway's own status does, and its settings do
/// not deny it: the list in the status outlives a restart.
fn serve(look: &Look<'_>, gateways: &mut [Gateway], serve_one: &[bool]) {
    let serving: Vec<(Served, Vec<String>)> = gateways
        .iter()
        .zip(serve_one)
        .filter(|(gateway, serves_one)| !**serves_one || ignores_off(gateway))
        .filter_map(|(gateway, _)| {
            let status = gateway.own_status(look.about.os)?;
            let served =
                Served { profile: gateway.home.profile.clone(), pid: gateway.process()?.pid };
            Some((served, status.served_profiles.clone()))
        })
        .collect();
    for gateway in gateways.iter_mut() {
        let profile = &gateway.home.profile;
        let by = serving
            .iter()
            .find(|(served, profiles)| served.profile != *profile && profiles.contains(profile));
        let Some((served, _)) = by else { continue };
        // A start of its own finds that it is served, and ends. It never takes the home's lock (0.21.4+).
        let has_lock = |process: &Process| {
            [Witness::Lock, Witness::OpenLock].iter().any(|lock| process.witnesses.contains(lock))
        };
        match &gateway.liveness.process {
            Fact::Known(process) if has_lock(process) => continue,
            Fact::Known(process) => {
                gateway.liveness.attempts.push(process.clone());
                gateway.liveness.process = Fact::Absent;
            }
            Fact::Absent | Fact::Unknown(_) => {}
        }
        gateway.served_by = Some(served.clone());
    }
    rest_with(look, gateways);
    read_as_served(look, gateways);
}

/// Says of each profile without a service that it is down with the gateway that served it: the list in a status file outlives
/// the gateway that wrote it, and until the next one writes its own it says whom that will serve.
fn rest_with(look: &Look<'_>, gateways: &mut [Gateway]) {
    let down: Vec<(String, Vec<String>)> = gateways
        .iter()
        .filter(|gateway| gateway.own_status(look.about.os).is_none())
        .filter_map(|gateway| {
            let status = gateway.status.known()?;
            Some((gateway.home.profile.clone(), status.served_profiles.clone()))
        })
        .collect();
    for gateway in gateways.iter_mut() {
        let profile = &gateway.home.profile;
        let is_alone = gateway.served_by.is_none()
            && gateway.liveness.process.is_absent()
            && gateway.marks.parked.is_absent()
            && !gateway.is_installed();
        let mut hosts =
            down.iter().filter(|(host, served)| host != profile && served.contains(profile));
        gateway.rests_with = hosts.next().filter(|_| is_alone).map(|(host, _)| host.clone());
    }
}

/// True if its installed code serves every profile though its settings say that it serves one.
fn ignores_off(gateway: &Gateway) -> bool {
    let version = gateway.running_code().and_then(|install| install.version.known());
    version.and_then(|version| version.has(Capability::IgnoresMultiplexOff)) == Some(true)
}

/// Reads the logs of served profiles anew: what they hold of this life is what is not older than the gateway that serves.
fn read_as_served(look: &Look<'_>, gateways: &mut [Gateway]) {
    let since = |gateway: &Gateway| {
        let pid = gateway.process()?.pid;
        Some((pid, gateway.journal.known()?.since?))
    };
    let starts: BTreeMap<u32, DateTime> = gateways.iter().filter_map(since).collect();
    for gateway in gateways {
        let start = gateway.served_by.as_ref().and_then(|served| starts.get(&served.pid));
        let Some(start) = start else { continue };
        let log = |name: &str| look.host.file(&join(&gateway.home.path, name), Part::LOG);
        gateway.journal = Journal::read_served(&log(LOGS[0]), &log(LOGS[1]), *start);
    }
}

fn searched(scan: &Seen<Scanned>) -> Fact<()> {
    if scan.complete {
        return Fact::Known(());
    }
    Fact::Unknown(scan.trouble.clone().map_or(Why::NotObserved, Trouble::into_why))
}

/// Gateways among the processes that belong to no home we know.
fn strangers(look: &Look<'_>, gateways: &[Gateway]) -> Vec<Process> {
    let is_known = |pid: u32| {
        gateways.iter().any(|gateway| {
            let own = gateway.process().into_iter().chain(&gateway.liveness.others);
            own.map(|process| process.pid).any(|known| known == pid)
        })
    };
    let homeless = look.scan().list.iter().filter(|scanned| scanned.home.is_none());
    homeless
        .map(|scanned| &scanned.process)
        .filter(|process| matches!(process.role, Role::Gateway(_)) && !process.is_zombie())
        .filter(|process| !is_known(process.pid))
        .cloned()
        .collect()
}

/// Returns the processes that may tick a home's cron beside its gateway.
fn servers(look: &Look<'_>, home: &Home) -> Vec<Server> {
    let processes = look.scan().list.iter().map(|scanned| &scanned.process);
    processes
        .filter(|process| process.role == Role::Server && !process.is_zombie())
        .filter(|process| {
            let chosen = process.chosen_home(look.about, |root| look.sticky(root));
            chosen.is_some_and(|chosen| look.known_as(&chosen) == home.path)
        })
        .map(|process| Server {
            process: process.clone(),
            install: look.install(process.seen.argv.as_deref().unwrap_or_default()),
        })
        .collect()
}

/// A start that is older than this is none of a loop. In seconds.
const YOUNG_SECONDS: i64 = 600;
/// Files of a home that are small by their nature.
const SMALL_FILES: [&str; 7] = [
    ".env",
    "config.yaml",
    "cron/ticker_heartbeat",
    "cron/ticker_last_success",
    "gateway.lock",
    "gateway.pid",
    "gateway_state.json",
];
const LOGS: [&str; 2] = ["logs/gateway.log", "logs/errors.log"];
const LOCKS: [&str; 2] = ["gateway.lock", "cron/.tick.lock"];
