//! The order in which a host is asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::{Fact, Why};
use crate::facts::cron::{self, Cron};
use crate::facts::definition::{Definition, Place};
use crate::facts::gateway::{
    Facts, Gateway, Health, Lane, Listener, Manager, Named, Supervision, place_of,
};
use crate::facts::health;
use crate::facts::home::{self, Home, join};
use crate::facts::install::Install;
use crate::facts::job::{Job, Units};
use crate::facts::journal::Journal;
use crate::facts::liveness::{Holder, Ladder, Liveness};
use crate::facts::process::Process;
use crate::facts::record::{PidRecord, Status};
use crate::facts::settings::{self, ApiServer, Assignment, Layer, Sources};
use crate::host::{Ask, Host, Part, Question, Scope, Seen};
use crate::observation::{FileSeen, ProcessSeen, Trouble};
use crate::parse::cgroup;
use crate::parse::cmdline::Role;
use crate::parse::{dotenv, show, yaml};
use crate::snapshot::About;

/// Which gateways to look at.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Profiles by name; none for all.
    pub profiles: Vec<String>,
    /// Further homes by path.
    pub homes: Vec<String>,
}

/// Asks a host, and says what its answers mean.
pub fn gather(host: &dyn Host, wanted: &Wanted) -> Facts {
    let look = Look::begin(host);
    let units = look.installed_units();
    let homes = look.homes(wanted, &units);
    look.ask_managers(&units, &homes);
    for home in &homes {
        look.prepare_home(home);
    }
    let known: Vec<Settled> = homes.iter().map(|home| look.settle(home, &units)).collect();
    let listeners = look.listeners(&known);
    let jobs = Jobs::read(&look, &units, &homes);
    let gateways =
        known.into_iter().map(|settled| look.gateway(settled, &units, &jobs, &listeners)).collect();
    Facts {
        about: host.about().clone(),
        now: host.now(),
        managers: jobs.managers(),
        linger: look.linger(),
        gateways,
        listeners,
    }
}

/// A host while it is being asked.
struct Look<'a> {
    host: &'a dyn Host,
    about: &'a About,
    root: Option<String>,
    sticky: Option<String>,
    scan: Seen<ProcessSeen>,
}

/// A unit file that runs Hermes.
struct UnitFile {
    scope: Scope,
    name: String,
    file: FileSeen,
    definition: Fact<Definition>,
}

/// A home whose settings are known.
struct Settled {
    home: Home,
    api: Fact<ApiServer>,
}

impl<'a> Look<'a> {
    fn begin(host: &'a dyn Host) -> Self {
        let about = host.about();
        let pinned = about.env.get("HERMES_HOME").map(String::as_str);
        let root = home::root(about.home.as_deref(), pinned);
        let mut first = vec![Question::Processes];
        first.extend(about.uid.map(|uid| Question::Command(Ask::LoginctlShowUser { uid })));
        first.extend(
            unit_directories(about).map(|(_, path)| Question::Definitions(path, ".service".into())),
        );
        if let Some(root) = &root {
            first.push(Question::Directory(join(root, "profiles")));
            first.push(Question::File(join(root, "active_profile"), Part::SMALL));
        }
        host.prepare(first);
        let sticky = root.as_ref().and_then(|root| {
            let file = host.file(&join(root, "active_profile"), Part::SMALL);
            file.content().known().map(|text| text.trim().to_string())
        });
        Self { host, about, root, sticky, scan: host.processes() }
    }

    fn installed_units(&self) -> Vec<UnitFile> {
        let mut units = Vec::new();
        for (scope, directory) in unit_directories(self.about) {
            let found = self.host.definitions(&directory, ".service");
            for file in found.list {
                let Some(name) = file.path.rsplit('/').next().map(String::from) else { continue };
                // A unit of the same name in an earlier directory hides this one.
                let is_hidden =
                    units.iter().any(|unit: &UnitFile| unit.scope == scope && unit.name == name);
                if !is_hidden {
                    let definition =
                        self.definition(&file, &self.drop_ins(&format!("{}.d", file.path)));
                    units.push(UnitFile { scope, name, file, definition });
                }
            }
        }
        units.retain(|unit| match &unit.definition {
            Fact::Known(definition) => {
                matches!(definition.role, Role::Gateway(_) | Role::Wrapper)
                // One that cannot be understood counts if it is called as Hermes calls them.
                || (is_gateway_name(&unit.name) && definition.argv.is_empty())
            }
            Fact::Absent => false,
            Fact::Unknown(_) => is_gateway_name(&unit.name),
        });
        units
    }

    fn drop_ins(&self, directory: &str) -> Vec<String> {
        let listed = self.host.directory(directory);
        let names = listed.names();
        let names = names.known().copied().unwrap_or_default();
        // systemd takes the ending in lower case only.
        let is_drop_in = |name: &&String| name.strip_suffix(".conf").is_some();
        let mut paths: Vec<String> =
            names.iter().filter(is_drop_in).map(|name| join(directory, name)).collect();
        paths.sort();
        paths
    }

    fn definition(&self, file: &FileSeen, drop_ins: &[String]) -> Fact<Definition> {
        let drop_ins: Vec<FileSeen> =
            drop_ins.iter().map(|path| self.host.file(path, Part::SMALL)).collect();
        Definition::of_unit(file, &drop_ins)
    }

    fn home_of(&self, unit: &UnitFile) -> Option<String> {
        let definition = unit.definition.known()?;
        definition
            .home(unit.scope, self.about.home.as_deref(), self.sticky.as_deref())
            .known()
            .cloned()
    }

    fn homes(&self, wanted: &Wanted, units: &[UnitFile]) -> Vec<Home> {
        let mut paths: BTreeSet<String> =
            units.iter().filter_map(|unit| self.home_of(unit)).collect();
        paths.extend(self.scan.list.iter().filter_map(|seen| self.home_of_process(seen)));
        paths.extend(wanted.homes.iter().cloned());
        paths.extend(self.about.env.get("HERMES_HOME").filter(|home| !home.is_empty()).cloned());
        if let Some(root) = &self.root {
            let profiles = join(root, "profiles");
            let listed = self.host.directory(&profiles);
            let names = listed.names();
            let names = names.known().copied().unwrap_or_default();
            paths.extend(
                names
                    .iter()
                    .filter(|name| home::is_profile_name(name))
                    .map(|name| join(&profiles, name)),
            );
            // The default home is always spoken of, unless it is known not to be there and others are.
            let absent = self.host.directory(root).error == Some(Trouble::NotFound);
            if !absent || paths.is_empty() {
                paths.insert(root.clone());
            }
        }
        let mut homes: Vec<Home> =
            paths.iter().map(|path| Home::at(path, self.root.as_deref())).collect();
        homes.retain(|home| {
            let by_name = wanted.profiles.is_empty() || wanted.profiles.contains(&home.profile);
            by_name || wanted.homes.contains(&home.path)
        });
        homes.sort_by_key(|home| (home.profile != "default", home.profile.clone()));
        homes.dedup_by(|a, b| a.path == b.path);
        homes
    }

    /// The home whose `gateway.lock` a process holds, else the one to which its arguments lead.
    fn home_of_process(&self, seen: &ProcessSeen) -> Option<String> {
        let process = Process::of(seen.clone(), self.about);
        let by_lock = process.open_gateway_locks().next().map(|(path, _)| path);
        let by_lock = by_lock.and_then(|path| path.strip_suffix("/gateway.lock")).map(String::from);
        by_lock.or_else(|| {
            matches!(process.role, Role::Gateway(_))
                .then(|| process.chosen_home(self.about, self.sticky.as_deref()))
                .flatten()
        })
    }

    fn asks(&self, units: &[UnitFile], homes: &[Home]) -> [Ask; 2] {
        let mut names: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
        for unit in units {
            names.entry(unit.scope).or_default().insert(unit.name.clone());
        }
        for home in homes {
            for name in home.service_names("hermes-gateway", self.about.home.as_deref()) {
                for scope in [Scope::User, Scope::System] {
                    names.entry(scope).or_default().insert(format!("{name}.service"));
                }
            }
        }
        for process in &self.scan.list {
            if let Some(cgroup::Place::Service { scope, unit, .. }) =
                process.cgroup.as_deref().map(cgroup::place)
            {
                names.entry(scope).or_default().insert(unit);
            }
        }
        [Scope::User, Scope::System].map(|scope| {
            let units = names.remove(&scope).unwrap_or_default().into_iter().collect();
            Ask::SystemctlShow { scope, units }
        })
    }

    fn ask_managers(&self, units: &[UnitFile], homes: &[Home]) {
        self.host.prepare(self.asks(units, homes).map(Question::Command).into());
    }

    fn prepare_home(&self, home: &Home) {
        let path = |name: &str| join(&home.path, name);
        let mut questions = vec![Question::Directory(home.path.clone())];
        for name in SMALL_FILES {
            questions.push(Question::File(path(name), Part::SMALL));
        }
        questions.push(Question::File(path("cron/jobs.json"), JOBS));
        for name in LOGS {
            questions.push(Question::File(path(name), Part::LOG));
        }
        for name in LOCKS {
            questions.push(Question::Lock(path(name)));
        }
        self.host.prepare(questions);
    }

    /// Reads what decides where the API server is to be, and asks there.
    fn settle(&self, home: &Home, units: &[UnitFile]) -> Settled {
        let api = self.api(home, units);
        if let Fact::Known(api) = &api {
            let url =
                settings::health_url(&api.host.value, api.port.value).filter(|_| api.enabled.value);
            self.host.prepare(url.map(Question::Http).into_iter().collect());
        }
        Settled { home: home.clone(), api }
    }

    fn api(&self, home: &Home, units: &[UnitFile]) -> Fact<ApiServer> {
        let file = |name: &str| self.host.file(&join(&home.path, name), Part::SMALL);
        let dotenv = match layer_of(&file(".env")) {
            Fact::Known(layer) => layer,
            Fact::Absent => Layer::default(),
            Fact::Unknown(why) => return Fact::Unknown(why),
        };
        let config_file = file("config.yaml");
        let root = match config_file.content() {
            Fact::Known(text) => match yaml::parse(text) {
                Ok(root) => Some(root),
                Err(error) if error.is_certain() => None,
                Err(error) => return Fact::Unknown(Why::Malformed(error.to_string())),
            },
            // Hermes itself goes on without a configuration that it cannot parse.
            Fact::Unknown(Why::Malformed(detail)) if !detail.starts_with(yaml::PERHAPS) => None,
            Fact::Absent => None,
            Fact::Unknown(why) => return Fact::Unknown(why),
        };
        let config = root.iter().map(|root| (config_file.path.as_str(), root)).collect();
        let environment = vec![dotenv, self.service_environment(home, units)];
        Sources { environment, config }.api_server()
    }

    /// The environment under the one that Hermes loads itself: that of the running process, else that
    /// which its service would give it.
    fn service_environment(&self, home: &Home, units: &[UnitFile]) -> Layer {
        let running = self
            .scan
            .list
            .iter()
            .find(|seen| self.home_of_process(seen).as_deref() == Some(&home.path));
        if let Some((pid, env)) = running.and_then(|seen| Some((seen.pid, seen.env.as_ref()?))) {
            let at = Place { file: format!("/proc/{pid}/environ"), line: None };
            let set = |(name, value): (&String, &String)| Assignment {
                name: name.clone(),
                value: value.clone(),
                at: at.clone(),
                unresolved: false,
            };
            return Layer(env.iter().map(set).collect());
        }
        let unit = units.iter().find(|unit| self.home_of(unit).as_deref() == Some(&home.path));
        let Some(definition) = unit.and_then(|unit| unit.definition.known()) else {
            return Layer::default();
        };
        let set = definition.environment.iter().cloned().map(|set| Assignment {
            name: set.name,
            value: set.value,
            at: set.at,
            unresolved: set.unresolved,
        });
        let mut layer = Layer(set.collect());
        // Files come after the unit's own assignments, and win.
        for (path, _) in &definition.environment_files {
            if let Fact::Known(more) = layer_of(&self.host.file(path, Part::SMALL)) {
                layer.0.extend(more.0);
            }
        }
        layer
    }

    fn listeners(&self, known: &[Settled]) -> Seen<Listener> {
        let ports: BTreeSet<u16> =
            known.iter().filter_map(|settled| Some(settled.api.known()?.port.value)).collect();
        let ports: Vec<u16> = ports.into_iter().collect();
        let seen = self.host.listeners(&ports);
        let owner = |pid: u32| {
            let scanned = self.scan.list.iter().find(|seen| seen.pid == pid).cloned();
            let seen = scanned.unwrap_or_else(|| self.host.process(pid));
            Process::of(seen, self.about)
        };
        let list = seen.list.into_iter().map(|socket| Listener {
            address: socket.address,
            port: socket.port,
            owners: socket.pids.map(|pids| pids.into_iter().map(owner).collect()),
            uid: socket.uid,
        });
        Seen { list: list.collect(), complete: seen.complete, trouble: seen.trouble }
    }

    fn linger(&self) -> Fact<bool> {
        let Some(uid) = self.about.uid else { return Fact::Unknown(Why::NotObserved) };
        let seen = self.host.command(&Ask::LoginctlShowUser { uid });
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

    fn gateway(
        &self,
        settled: Settled,
        units: &[UnitFile],
        jobs: &Jobs,
        listeners: &Seen<Listener>,
    ) -> Gateway {
        let Settled { home, api } = settled;
        let file = |name: &str, part: Part| self.host.file(&join(&home.path, name), part);
        let lanes = self.lanes(&home, units, jobs);
        let pid_file = PidRecord::in_file(&file("gateway.pid", Part::SMALL));
        let status = Status::in_file(&file("gateway_state.json", Part::SMALL));
        let listening: Vec<u32> = listeners
            .list
            .iter()
            .flat_map(|listener| listener.owners.iter().flatten().map(|owner| owner.pid))
            .collect();
        let liveness = Ladder {
            host: self.host,
            home: &home.path,
            scan: &self.scan,
            sticky: self.sticky.as_deref(),
            pid_file: &pid_file,
            lock_record: &PidRecord::in_file(&file("gateway.lock", Part::SMALL)),
            status: &status,
            jobs: lanes.iter().map(|lane| &lane.job).collect(),
            listening: &listening,
        }
        .climb();
        let supervision = self.supervision(&liveness, &lanes);
        let health = self.health(&liveness, &api, listeners);
        let cron = self.cron(&home);
        let install = self.install(&liveness, &lanes);
        let journal = Journal::read(
            &file("logs/gateway.log", Part::LOG),
            &file("logs/errors.log", Part::LOG),
        );
        Gateway {
            directory: self.host.directory(&home.path),
            dotenv: file(".env", Part::SMALL),
            home,
            lanes,
            liveness,
            supervision,
            pid_file,
            status,
            api,
            health,
            cron,
            install,
            journal,
        }
    }

    /// The services that serve a home, and the one that Hermes would install for it.
    fn lanes(&self, home: &Home, units: &[UnitFile], jobs: &Jobs) -> Vec<Lane> {
        let names = home.service_names("hermes-gateway", self.about.home.as_deref());
        let expected = names.first().map(|name| format!("{name}.service")).unwrap_or_default();
        let mut lanes: Vec<Lane> = Vec::new();
        for unit in units {
            let serves = match self.home_of(unit) {
                Some(path) => path == home.path,
                None => unit.name == expected,
            };
            if serves {
                lanes.push(self.lane(unit, jobs));
            }
        }
        // What runs this home's processes is one of its services, wherever its file is.
        for process in &self.scan.list {
            let Some(cgroup::Place::Service { scope, unit, .. }) =
                process.cgroup.as_deref().map(cgroup::place)
            else {
                continue;
            };
            let known = lanes.iter().any(|lane| lane.name == unit && lane.manager == scope.into());
            if known || self.home_of_process(process).as_deref() != Some(&home.path) {
                continue;
            }
            let job = jobs.job(scope, &unit);
            if job.known().is_some_and(|job| self.is_main_or_wrapper(process, job)) {
                lanes.push(self.lane_without_file(scope, &unit, job));
            }
        }
        if !lanes.iter().any(|lane| lane.name == expected && lane.manager == Manager::SystemdUser) {
            let job = jobs.job(Scope::User, &expected);
            let taken = units.iter().any(|unit| unit.scope == Scope::User && unit.name == expected);
            if !taken {
                lanes.push(self.lane_without_file(Scope::User, &expected, job));
            }
        }
        lanes
    }

    fn lane(&self, unit: &UnitFile, jobs: &Jobs) -> Lane {
        let job = jobs.job(unit.scope, &unit.name);
        // The manager knows of drop-ins elsewhere than beside the file.
        let drop_ins =
            job.known().and_then(|job| job.systemd.as_ref()).map(|systemd| &systemd.drop_in_paths);
        let read = unit.definition.known().map(|definition| &definition.drop_ins);
        let definition = match (drop_ins, read) {
            (Some(loaded), Some(read)) if loaded.iter().any(|path| !read.contains(path)) => {
                let mut all = loaded.clone();
                all.extend(read.iter().filter(|path| !loaded.contains(path)).cloned());
                self.definition(&unit.file, &all)
            }
            _ => unit.definition.clone(),
        };
        let paths = self.named(&definition);
        Lane {
            manager: unit.scope.into(),
            name: unit.name.clone(),
            path: unit.file.path.clone(),
            definition,
            job,
            paths,
        }
    }

    /// What a definition names on disk, looked at.
    fn named(&self, definition: &Fact<Definition>) -> Vec<Named> {
        let Some(definition) = definition.known() else { return Vec::new() };
        let mut named = Vec::new();
        let mut add = |what: &'static str, path: &str, at: Place, is_directory: bool| {
            if path.starts_with('/') {
                let seen = self.host.file(path, Part::Stat);
                named.push(Named { what, path: path.into(), at, is_directory, seen });
            }
        };
        if let (Some(program), Some(at)) = (definition.argv.first(), &definition.argv_at) {
            add("program", program, at.clone(), false);
        }
        if let Some((directory, at)) = &definition.working_directory {
            // A leading `-` says that it may be missing.
            add("working directory", directory, at.clone(), true);
        }
        for (file, _) in
            definition.environment_files.iter().filter(|(_, may_be_missing)| !may_be_missing)
        {
            add(
                "environment file",
                file,
                Place { file: definition.path.clone(), line: None },
                false,
            );
        }
        if let Some(home) = definition.variable("HERMES_HOME") {
            add("HERMES_HOME", &home.value, home.at.clone(), true);
        }
        named
    }

    /// A service whose file is in none of the usual directories: where the manager says that it is.
    fn lane_without_file(&self, scope: Scope, name: &str, job: Fact<Job>) -> Lane {
        let loaded = job.known().and_then(|job| job.systemd.as_ref());
        let fragment = loaded.and_then(|systemd| systemd.fragment_path.clone());
        let drop_ins = loaded.map(|systemd| systemd.drop_in_paths.clone()).unwrap_or_default();
        let usual = unit_directories(self.about)
            .find(|(directory_scope, _)| *directory_scope == scope)
            .map(|(_, directory)| join(&directory, name))
            .unwrap_or_default();
        let (definition, path) = match fragment {
            Some(path) => (self.definition(&self.host.file(&path, Part::SMALL), &drop_ins), path),
            None => (self.is_missing(scope, &usual, &job), usual),
        };
        let paths = self.named(&definition);
        Lane { manager: scope.into(), name: name.into(), path, definition, job, paths }
    }

    /// There is no unit file if the manager knows none, or if its directory was searched to the end.
    fn is_missing(&self, scope: Scope, usual: &str, job: &Fact<Job>) -> Fact<Definition> {
        let searched = unit_directories(self.about)
            .filter(|(directory_scope, _)| *directory_scope == scope)
            .all(|(_, directory)| self.host.definitions(&directory, ".service").complete);
        if searched || job.is_absent() {
            return Fact::Absent;
        }
        self.host.file(usual, Part::SMALL).presence().and_then(|()| Fact::Unknown(Why::NotObserved))
    }

    /// Whether a service is there for this process: it is its main process, or a wrapper started it.
    fn is_main_or_wrapper(&self, process: &ProcessSeen, job: &Job) -> bool {
        let Some(main) = job.main_pid else { return false };
        if main == process.pid {
            return true;
        }
        let is_wrapper = |pid: u32| {
            let seen = self.scan.list.iter().find(|seen| seen.pid == pid);
            seen.is_some_and(|seen| Process::of(seen.clone(), self.about).role == Role::Wrapper)
        };
        is_wrapper(main) && self.ancestors(process).contains(&main)
    }

    /// The processes above one, nearest first. At most sixteen, and never in a circle.
    fn ancestors(&self, process: &ProcessSeen) -> Vec<u32> {
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

    fn supervision(&self, liveness: &Liveness, lanes: &[Lane]) -> Supervision {
        let process = match &liveness.process {
            Fact::Known(process) => process,
            Fact::Absent => return Supervision::NoProcess,
            Fact::Unknown(why) => return Supervision::Unknown(why.clone()),
        };
        match &process.place {
            Some(cgroup::Place::Service { scope, unit, .. }) => {
                let lane = lanes
                    .iter()
                    .position(|lane| lane.name == *unit && lane.manager == (*scope).into());
                match lane {
                    Some(at) => Supervision::Lane(at),
                    None => Supervision::None { place: unit.clone() },
                }
            }
            Some(place) => Supervision::None { place: place_of(place) },
            None => self.supervision_by_manager(process, lanes),
        }
    }

    /// Without a cgroup, the managers' own word: one calls it, or an ancestor of it, its main process;
    /// or all of them say that they have none.
    fn supervision_by_manager(&self, process: &Process, lanes: &[Lane]) -> Supervision {
        let ancestors = self.ancestors(&process.seen);
        let is_ours = |lane: &Lane| {
            let main = lane.job.known().and_then(|job| job.main_pid);
            main.is_some_and(|main| main == process.pid || ancestors.contains(&main))
        };
        if let Some(at) = lanes.iter().position(is_ours) {
            return Supervision::Lane(at);
        }
        let unknown = lanes.iter().find_map(|lane| lane.job.why());
        match unknown {
            Some(why) => Supervision::Unknown(why.clone()),
            None if lanes.is_empty() => Supervision::Unknown(Why::NotObserved),
            None => Supervision::None { place: "no service".into() },
        }
    }

    fn health(
        &self,
        liveness: &Liveness,
        api: &Fact<ApiServer>,
        listeners: &Seen<Listener>,
    ) -> Option<Health> {
        let pid = liveness.process.known().map(|process| process.pid);
        let expected = api.known().filter(|api| api.enabled.value);
        let on_expected = |listener: &&Listener| {
            expected.is_some_and(|api| listener.serves(&api.host.value, api.port.value))
        };
        // The gateway's own listener decides where to ask; the settings only where it has none.
        let mut own = listeners
            .list
            .iter()
            .filter(|listener| pid.is_some_and(|pid| listener.is_held_by(pid)));
        let own_url = own
            .clone()
            .find(on_expected)
            .or_else(|| own.next())
            .and_then(|listener| settings::health_url(&listener.address, listener.port));
        let expected_url =
            expected.and_then(|api| settings::health_url(&api.host.value, api.port.value));
        let url = match expected {
            Some(_) if own.clone().any(|listener| on_expected(&listener)) => expected_url,
            Some(_) => expected_url.or(own_url),
            None => own_url,
        }?;
        let seen = self.host.http(&url);
        Some(Health { answer: health::answer(&seen), ms: seen.ms, url })
    }

    fn cron(&self, home: &Home) -> Cron {
        let file = |name: &str, part: Part| self.host.file(&join(&home.path, name), part);
        let config = file("config.yaml", Part::SMALL);
        let root = config.content().known().and_then(|text| yaml::parse(text).ok());
        let provider =
            root.as_ref().and_then(|root| match &root.at(&["cron", "provider"])?.value {
                yaml::Value::Text(name) => Some(name.trim().to_lowercase()),
                _ => None,
            });
        let builtin =
            |name: &String| matches!(name.as_str(), "" | "builtin" | "in-process" | "inprocess");
        Cron {
            store: cron::Store::in_file(&file("cron/jobs.json", JOBS)),
            heartbeat: cron::mark(&file("cron/ticker_heartbeat", Part::SMALL)),
            last_success: cron::mark(&file("cron/ticker_last_success", Part::SMALL)),
            tick_lock: Holder::of(&self.host.lock(&join(&home.path, "cron/.tick.lock"))),
            external_provider: provider.filter(|name| !builtin(name)),
        }
    }

    fn install(&self, liveness: &Liveness, lanes: &[Lane]) -> Option<Install> {
        let running = liveness.process.known().and_then(|process| process.seen.argv.clone());
        let defined = lanes.iter().find_map(|lane| Some(lane.definition.known()?.argv.clone()));
        [running, defined].into_iter().flatten().find_map(|argv| Install::beside(&argv, self.host))
    }
}

/// The jobs of both managers.
struct Jobs {
    user: Units,
    system: Units,
}

impl Jobs {
    fn read(look: &Look<'_>, units: &[UnitFile], homes: &[Home]) -> Self {
        let [user, system] = look.asks(units, homes).map(|ask| look.host.command(&ask));
        Self { user: Units::read(Scope::User, &user), system: Units::read(Scope::System, &system) }
    }

    fn job(&self, scope: Scope, unit: &str) -> Fact<Job> {
        match scope {
            Scope::User => self.user.job(unit),
            Scope::System => self.system.job(unit),
        }
    }

    fn managers(&self) -> Vec<(Manager, Fact<()>)> {
        vec![
            (Manager::SystemdUser, self.user.reachable()),
            (Manager::SystemdSystem, self.system.reachable()),
        ]
    }
}

/// The directories in which units are looked for, those that hide others first.
fn unit_directories(about: &About) -> impl Iterator<Item = (Scope, String)> + use<> {
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

fn is_gateway_name(unit: &str) -> bool {
    unit == "hermes.service" || unit.starts_with("hermes-gateway")
}

/// The variables of a `.env`, or of a file of that form.
fn layer_of(file: &FileSeen) -> Fact<Layer> {
    file.latin1_content().map(|text| {
        let entries = dotenv::parse(&text).entries.into_iter();
        let place = |line| Place { file: file.path.clone(), line: Some(line) };
        let set = |entry: dotenv::Entry| {
            let unresolved = !entry.unresolved.is_empty();
            Some(Assignment {
                name: entry.key,
                value: entry.value?,
                at: place(entry.line),
                unresolved,
            })
        };
        Layer(entries.filter_map(set).collect())
    })
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no answer").trim().into()
}

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
/// Ten thousand jobs have about 10 MB.
const JOBS: Part = Part::Whole(32 << 20);
const LOGS: [&str; 2] = ["logs/gateway.log", "logs/errors.log"];
const LOCKS: [&str; 2] = ["gateway.lock", "cron/.tick.lock"];
