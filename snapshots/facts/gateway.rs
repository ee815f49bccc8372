//! A gateway: one home, and all that claims to serve it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::fact::{Fact, Why};
use crate::facts::address::Address;
use crate::facts::credential::Credential;
use crate::facts::cron::Cron;
use crate::facts::definition::Definition;
use crate::facts::disk::Disk;
use crate::facts::endings::Endings;
use crate::facts::health::Answer;
use crate::facts::home::Home;
use crate::facts::install::{Install, Origin};
use crate::facts::job::systemd::Load;
use crate::facts::job::{Enabled, Job, Phase};
use crate::facts::journal::{Journal, Outcry};
use crate::facts::liveness::Liveness;
use crate::facts::manager::Manager;
use crate::facts::marks::Marks;
use crate::facts::place::Place;
use crate::facts::process::Process;
use crate::facts::record::{PidRecord, Status};
use crate::facts::reference::Reference;
use crate::facts::settings::{ApiServer, Layer};
use crate::host::Seen;
use crate::observation::{DirectorySeen, FileSeen, Kind};
use crate::parse::cgroup;
use crate::snapshot::About;
use crate::value::Value;

/// Everything that is known of a host.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the host is.
    pub about: About,
    /// The time of the look.
    pub now: Timestamp,
    /// Each service manager that was asked, and whether it answered.
    pub managers: Vec<(Manager, Fact<()>)>,
    /// Whether the user's own manager outlives the last session.
    pub linger: Fact<bool>,
    /// The type of the session from which we look, as `launchctl managername` says: `Aqua`, `Background`, …
    pub session: Fact<String>,
    /// How many clients hold each launchd domain to starts on demand.
    pub on_demand: Vec<(Manager, Fact<u64>)>,
    /// By root, the profile that its `active_profile` names, and so the one that commands without a profile mean.
    pub sticky: BTreeMap<String, String>,
    /// The gateways, the default profile first.
    pub gateways: Vec<Gateway>,
    /// Every listening socket that was found.
    pub listeners: Seen<Listener>,
    /// Whether the search for processes went to its end, so that what it did not find is not there.
    pub searched: Fact<()>,
    /// Gateways of which we cannot tell the home: another user's, mostly.
    pub strangers: Vec<Process>,
}

/// A listening socket and its owners.
#[derive(Debug, Clone)]
pub struct Listener {
    /// The address it is bound to.
    pub address: Address,
    /// Its port.
    pub port: u16,
    /// The processes that hold it. None: someone, not visible to us.
    pub owners: Option<Vec<Process>>,
    /// The user who made the socket, where the kernel tells.
    pub uid: Option<u32>,
    /// That user's name, where it was looked up.
    pub user: Option<String>,
}

impl Listener {
    /// The address as people write it.
    pub fn text(&self) -> String {
        self.address.with(self.port)
    }

    /// True if a socket on that host and port would be in its way, or it in that one's. None where that cannot be told.
    pub fn meets(&self, host: &Address, port: &Value<u16>) -> Option<bool> {
        match port.is(&self.port) {
            Some(true) => self.address.meets(host),
            // Where the port is another, the host does not matter.
            other => other,
        }
    }

    /// True if it is what these settings ask for, if it is the gateway's own. `localhost` is whatever the machine takes it
    /// for, which may be `::1` alone. None where that cannot be told.
    pub fn is_meant_by(&self, api: &ApiServer) -> Option<bool> {
        let is_port = api.port.value.is(&self.port) == Some(true);
        let host = &api.host.value;
        match self.meets(host, &api.port.value) {
            None if is_port && host.is_localhost() && self.is_loopback() => Some(true),
            meets => meets,
        }
    }

    /// True if only this machine itself reaches it.
    pub fn is_loopback(&self) -> bool {
        self.address.is_loopback() == Some(true)
    }

    /// The user who made it, for people: `user 1001 (alice)`. None where the kernel did not tell.
    pub fn maker(&self) -> Option<String> {
        let uid = self.uid?;
        Some(match &self.user {
            Some(name) => format!("user {uid} ({name})"),
            None => format!("user {uid}"),
        })
    }

    /// Whether this process holds it.
    pub fn is_held_by(&self, pid: u32) -> bool {
        self.owners.iter().flatten().any(|owner| owner.pid == pid)
    }
}

/// One profile's gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// Its home.
    pub home: Home,
    /// The home's directory.
    pub directory: DirectorySeen,
    /// The file systems under the home, its own first.
    pub disks: Vec<Disk>,
    /// The services that serve it, or are named as if they did.
    pub lanes: Vec<Lane>,
    /// Its process.
    pub liveness: Liveness,
    /// Under what that process runs.
    pub supervision: Supervision,
    /// What started it outside every service, where that is a script or a loop and may start it again.
    pub starter: Option<Process>,
    /// `gateway.pid`.
    pub pid_file: Fact<PidRecord>,
    /// `gateway_state.json`.
    pub status: Fact<Status>,
    /// What its settings make of the API server.
    pub api: Fact<ApiServer>,
    /// `agent.restart_drain_timeout`, or `HERMES_RESTART_DRAIN_TIMEOUT`, which wins: how long it waits for turns under
    /// way when it stops, in whole seconds. Absent: neither is set, and the default of the version holds.
    pub drain: Fact<u64>,
    /// `agent.cron_drain_timeout`, or `HERMES_CRON_DRAIN_TIMEOUT`, which wins: how long it waits for jobs under way when
    /// it stops, in whole seconds. Absent: neither is set.
    pub cron_drain: Fact<u64>,
    /// Why Hermes cannot read its `config.yaml`, where that is certain: then it passes over all of it.
    pub config_fault: Option<String>,
    /// The variables that its files set, the strongest last: `config.yaml`, the definition of its service, `.env`.
    pub assigned: Layer,
    /// The credentials of its platforms.
    pub credentials: Vec<Credential>,
    /// The answer of its health endpoint.
    pub health: Option<Health>,
    /// Its cron.
    pub cron: Cron,
    /// The code that its service starts next. Where no service runs its process, the code of that process, else the one to
    /// which its service or its records lead.
    pub install: Option<Install>,
    /// Where its process was started from, as far as that is known, and what is there now.
    pub origins: Vec<Origin>,
    /// The code from which its process runs, where its service starts that of another place next. Unknown where the two
    /// have two paths, and nobody saw where those lead.
    pub runs_from: Fact<Install>,
    /// What that code writes into definitions. Not looked for where there is none.
    pub reference: Fact<Reference>,
    /// Its logs.
    pub journal: Fact<Journal>,
    /// What the log of its service's errors says, where that has no process and launchd keeps such a log.
    pub outcry: Fact<Outcry>,
    /// Its marks.
    pub marks: Marks,
    /// How its lives ended.
    pub endings: Endings,
    /// `.env`, with its owner and mode.
    pub dotenv: FileSeen,
    /// The files by which a gateway is known and steered, each with its owner and mode.
    pub files: Vec<FileSeen>,
    /// The gateway that serves this profile beside its own, where that says so (0.17+).
    pub served_by: Option<Served>,
    /// Whether its configuration wants a gateway of its own for it (`gateway.standalone`, 0.21.5+).
    pub is_standalone: bool,
    /// The profile whose gateway served this one when it last ran, where that gateway does not live and this profile has no
    /// service of its own: it is down with that one.
    pub rests_with: Option<String>,
    /// Whether somebody asked for it, and it is to be spoken of.
    pub is_asked: bool,
    /// Processes of Hermes that are no gateway and may tick this home's cron: `serve` and `dashboard`.
    pub servers: Vec<Server>,
}

/// A `hermes serve` or dashboard process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The process.
    pub process: Process,
    /// The code on disk to which its command leads.
    pub install: Option<Install>,
}

/// Who serves a profile in its gateway's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The profile whose gateway does.
    pub profile: String,
    /// That gateway's process.
    pub pid: u32,
}

/// A health endpoint that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The URL.
    pub url: String,
    /// Its answer.
    pub answer: Answer,
    /// How long it took, in milliseconds. None where it was not asked, for no socket listens there.
    pub ms: Option<u64>,
}

/// A service: its definition on disk and the job that the manager made of it.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Whose it is.
    pub manager: Manager,
    /// The unit's name with `.service`, or the label.
    pub name: String,
    /// What stands on disk.
    pub definition: Fact<Definition>,
    /// Where the definition stands, or would stand.
    pub path: String,
    /// Where the link leads that stands there, if that does not exist.
    pub dangling: Option<String>,
    /// What is loaded.
    pub job: Fact<Job>,
    /// Whether an override keeps launchd from loading it: it outlives the plist, and no print of the job shows it.
    pub disabled: Fact<bool>,
    /// The domains whose overrides disable it: each keeps it out of the other domain of its user, too.
    pub disabled_in: Vec<Manager>,
    /// What the definition names on disk: its program, its directory, its files.
    pub paths: Vec<Named>,
    /// The definition's own files, as they were when they were read.
    pub files: Vec<FileStamp>,
}

/// A file as it was: one that differs now was written since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStamp {
    /// Its path.
    pub path: String,
    /// Its size, in bytes.
    pub size: u64,
    /// Its last modification.
    pub mtime: Timestamp,
}

impl FileStamp {
    /// The stamp of a file that was seen. None where its size or its time was not.
    pub fn of(file: &FileSeen) -> Option<Self> {
        Some(Self { path: file.path.clone(), size: file.size?, mtime: file.mtime? })
    }
}

/// A path that a definition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is to the service.
    pub what: &'static str,
    /// The path.
    pub path: String,
    /// Where it is named.
    pub at: Place,
    /// What the service does with it.
    pub purpose: Purpose,
    /// What is there.
    pub seen: FileSeen,
}

/// What a service does with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Reads it.
    Read,
    /// Runs it.
    Run,
    /// Enters it as a directory.
    Enter,
    /// Writes to it, or makes files in it.
    Write,
}

/// Whether a path serves its purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Usable {
    /// It is there.
    Yes,
    /// It is not.
    Missing,
    /// It is there, and the user in question may not run or enter it, or not write to it.
    Refused {
        /// Its permission bits, octal.
        mode: String,
        /// Its owner.
        uid: u32,
    },
    /// It cannot be told.
    Unknown(Why),
}

impl Named {
    /// Says that it is not there, for people. A link that leads nowhere is there, and its target is what is missing: a disk that
    /// is not mounted, a directory that was moved.
    pub fn missing(&self) -> String {
        let (what, path) = (self.what, &self.path);
        match self.seen.target.as_deref().filter(|_| self.seen.kind == Some(Kind::Symlink)) {
            Some(target) => format!(
                "the {what} {path} is a link that leads nowhere: {target} does not exist, or is not mounted"
            ),
            None => format!("the {what} {path} does not exist"),
        }
    }

    /// Whether it serves the service when that runs as this user.
    pub fn state(&self, user: Option<u32>) -> Usable {
        match self.seen.what() {
            Fact::Known(_) => {}
            Fact::Absent => return Usable::Missing,
            Fact::Unknown(why) => return Usable::Unknown(why),
        }
        match (self.seen.mode.as_deref(), self.seen.uid, user) {
            (Some(mode), Some(uid), Some(user)) if !may(self.purpose, mode, uid, user) => {
                Usable::Refused { mode: mode.into(), uid }
            }
            _ => Usable::Yes,
        }
    }
}

/// Whether a user may do so. The groups of the user are not known, so what a group may do counts as
/// allowed, and what is only read is not judged at all.
fn may(purpose: Purpose, mode: &str, owner: u32, user: u32) -> bool {
    let Ok(bits) = u32::from_str_radix(mode, 8) else { return true };
    let (own, others) = match purpose {
        Purpose::Read => return true,
        // Root runs what anybody may run, and nothing else.
        Purpose::Run if user == 0 => return bits & 0o111 != 0,
        Purpose::Run | Purpose::Enter => (0o100, 0o011),
        Purpose::Write => (0o200, 0o022),
    };
    let wanted = if user == owner { own } else { others };
    user == 0 || bits & wanted != 0
}

/// Under what a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supervision {
    /// Under this service of the gateway (an index into its lanes).
    Lane(usize),
    /// Under none: in a login session, a terminal, or nowhere.
    None {
        /// Where it stands instead: `in session-3.scope`, `outside launchd`.
        place: String,
    },
    /// Under a unit, or a job of launchd's, that is not known to serve its home, and may start it again.
    Other {
        /// The unit, or the label with its domain.
        unit: String,
        /// The user whose manager has it, where that is not the one who looks: only that user can ask it.
        of: Option<u32>,
    },
    /// There is no process.
    NoProcess,
    /// It cannot be told.
    Unknown(Why),
}

impl Gateway {
    /// The gateway's process, where one is known.
    pub fn process(&self) -> Option<&Process> {
        self.liveness.process.known()
    }

    /// Returns the code from which its process runs, where that is known.
    pub fn running_code(&self) -> Option<&Install> {
        self.runs_from.known().or(self.install.as_ref())
    }

    /// The service to speak of: the one that supervises, else one with a process, else one that its manager is
    /// at work on, else one that is installed, else the one that Hermes would install.
    pub fn lane(&self) -> Option<&Lane> {
        if let Supervision::Lane(at) = self.supervision {
            return self.lanes.get(at);
        }
        let has_process = |lane: &&Lane| lane.job.known().is_some_and(|job| job.main_pid.is_some());
        let is_installed = |lane: &&Lane| lane.is_installed();
        let may_start = |lane: &&Lane| lane.is_installed() && !lane.is_masked();
        self.lanes
            .iter()
            .find(has_process)
            .or_else(|| self.lanes.iter().find(|lane| lane.is_active()))
            .or_else(|| self.lanes.iter().find(may_start))
            .or_else(|| self.lanes.iter().find(is_installed))
            .or_else(|| self.lanes.first())
    }

    /// Whether any service for it is on disk or loaded.
    pub fn is_installed(&self) -> bool {
        self.lanes.iter().any(Lane::is_installed)
    }

    /// The status file, if the live process wrote it (or may have): else it belongs to an earlier life.
    pub fn own_status(&self, os: crate::snapshot::Os) -> Option<&Status> {
        use crate::facts::process::Identity;
        let (process, status) = (self.process()?, self.status.known()?);
        let writer = status.writer.as_ref()?;
        (process.identity(writer, os) != Identity::Reused).then_some(status)
    }
}

impl Lane {
    /// Whether there is something to it: a file, or a job.
    pub fn is_installed(&self) -> bool {
        !self.definition.is_absent()
            && !matches!(&self.definition, Fact::Unknown(why) if why.is_not_observed())
            || self.job.known().is_some()
    }

    /// Whether its manager runs it, or is about to.
    pub fn is_active(&self) -> bool {
        let phase = self.job.known().map(|job| job.phase);
        matches!(phase, Some(Phase::Running | Phase::Starting | Phase::Restarting))
    }

    /// Whether somebody made sure that it cannot be started: then its file is the mask, a link to `/dev/null`.
    pub fn is_masked(&self) -> bool {
        self.job.known().is_some_and(|job| job.enabled == Enabled::Masked)
    }

    /// Whether its file has no byte, which masks it as a link to `/dev/null` does (systemd.unit(5)): so an editor or a full
    /// disk may leave it.
    pub fn has_an_empty_file(&self) -> bool {
        let text = self.definition.known().and_then(|definition| definition.texts.first());
        text.is_some_and(|(_, text)| text.is_empty())
    }

    /// Whether it is loaded, and its file is gone: so we see, and systemd too, or launchd names the path where it was.
    pub fn has_lost_its_file(&self) -> bool {
        let loaded = self.job.known().and_then(|job| job.systemd.as_ref());
        let systemd_says_so =
            loaded.is_some_and(|loaded| loaded.need_daemon_reload || loaded.load == Load::FileGone);
        (systemd_says_so || self.is_loaded_from(&self.path)) && self.definition.is_absent()
    }

    /// Whether launchd loaded it from a file that it does not look for by itself, at login or boot.
    pub fn is_loaded_by_hand(&self) -> bool {
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let is_searched = ["/Library/LaunchAgents", "/Library/LaunchDaemons"]
            .iter()
            .any(|searched| directory.ends_with(searched));
        !is_searched && self.is_loaded_from(&self.path)
    }

    /// Whether it is there by `launchctl submit` alone, without a file that a login or a boot would load.
    pub fn is_submitted(&self) -> bool {
        let launchd = self.job.known().and_then(|job| job.launchd.as_ref());
        let by = launchd.and_then(|launchd| launchd.submitted_by.as_deref());
        by.is_some_and(|by| by.starts_with("launchctl")) && self.definition.known().is_none()
    }

    /// Why launchd refuses to load the plist, whatever it says: it is to belong to root or, for an agent, to the user
    /// who loads it, and nobody else may write it (`launchctl(1)`, `load`; since 10.10 it ends with 122, or with 5).
    pub fn refused_plist(&self) -> Option<String> {
        let definition = self.definition.known().filter(|found| found.agent.is_some())?;
        let may_own = |owner: u32| match self.manager {
            // As root we look at another user's agents, in a domain that is not theirs.
            Manager::LaunchdGui(0) | Manager::LaunchdUser(0) => true,
            Manager::LaunchdGui(uid) | Manager::LaunchdUser(uid) => owner == 0 || owner == uid,
            _ => owner == 0,
        };
        let owner = definition.owner.filter(|owner| !may_own(*owner));
        let mode = definition.mode.filter(|mode| mode & 0o022 != 0);
        match (owner, mode) {
            (Some(owner), _) => Some(format!("it belongs to uid {owner}")),
            (None, Some(mode)) => Some(format!("others may write it (mode {mode:04o})")),
            (None, None) => None,
        }
    }

    /// What in the plist itself keeps launchd from loading it into this domain, unless somebody overrides it.
    pub fn barred_by_plist(&self) -> Option<String> {
        let agent = self.definition.known()?.agent.as_ref()?;
        let types = &agent.session_types;
        let is_elsewhere = !types.is_empty() && types.iter().all(|kind| kind != "Aqua");
        match self.manager {
            _ if agent.disabled => Some(
                "its plist says Disabled, which holds until `launchctl enable` overrides it".into(),
            ),
            // Homebrew's own reports, with homes on such volumes: homebrew-services #321, #528, #861.
            Manager::LaunchdGui(uid) if self.path.starts_with("/Volumes/") => Some(format!(
                "its plist is on another volume than the system, from which launchd loads none into gui/{uid}: it says Input/output error"
            )),
            Manager::LaunchdGui(uid) if is_elsewhere => Some(format!(
                "its plist is for sessions of type {}, and gui/{uid} is of type Aqua",
                types.join(", ")
            )),
            _ => None,
        }
    }

    fn is_loaded_from(&self, path: &str) -> bool {
        let launchd = self.job.known().and_then(|job| job.launchd.as_ref());
        launchd.is_some_and(|launchd| launchd.path.as_deref() == Some(path))
    }

    /// Whether it starts without anybody asking, as far as is known.
    pub fn starts_by_itself(&self) -> bool {
        if self.disabled == Fact::Known(true) {
            return false;
        }
        match (self.job.known().map(|job| job.enabled), self.definition.known()) {
            (Some(Enabled::Yes), _) => true,
            (Some(Enabled::No), _) => {
                let trigger = self.job.known().and_then(Job::trigger);
                trigger.is_some_and(|trigger| trigger.enabled == Enabled::Yes)
            }
            (Some(Enabled::Unclear) | None, Some(definition)) => {
                definition.agent.as_ref().is_some_and(|agent| agent.run_at_load)
            }
            _ => false,
        }
    }

    /// The unit's or job's name with its manager, for people.
    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.manager)
    }
}

impl Facts {
    /// The gateways that somebody asked for. The others were looked at as well, for what is so of one does not depend on
    /// which of them are shown.
    pub fn asked(&self) -> impl Iterator<Item = &Gateway> {
        self.gateways.iter().filter(|gateway| gateway.is_asked)
    }

    /// Returns the processes on whose life a verdict rests that a look of many moments may have torn: the gateways that did
    /// not answer.
    pub fn rests_on(&self) -> Vec<&Process> {
        let answers = |gateway: &Gateway| {
            let health = gateway.health.as_ref();
            health.is_some_and(|health| matches!(health.answer, Answer::Hermes { .. }))
        };
        let silent = self.gateways.iter().filter(|gateway| !answers(gateway));
        silent.filter_map(Gateway::process).collect()
    }

    /// The gateway whose process this is.
    pub fn gateway_of(&self, pid: u32) -> Option<&Gateway> {
        self.gateways
            .iter()
            .find(|gateway| gateway.process().is_some_and(|process| process.pid == pid))
    }

    /// The listeners on which a server for this address would sit, or be shut out, for certain.
    pub fn on<'a>(&'a self, api: &'a ApiServer) -> impl Iterator<Item = &'a Listener> {
        self.listeners
            .list
            .iter()
            .filter(move |listener| listener.meets(&api.host.value, &api.port.value) == Some(true))
    }

    /// The listeners of which cannot be told whether they are on this address.
    pub fn perhaps_on<'a>(&'a self, api: &'a ApiServer) -> impl Iterator<Item = &'a Listener> {
        self.listeners
            .list
            .iter()
            .filter(move |listener| listener.meets(&api.host.value, &api.port.value).is_none())
    }

    /// Whether the host is special in this way (see [`About::hints`]).
    pub fn has_hint(&self, hint: &str) -> bool {
        self.about.hints.iter().any(|known| known == hint)
    }

    /// The listeners that this process holds.
    pub fn held_by(&self, pid: u32) -> impl Iterator<Item = &Listener> {
        self.listeners.list.iter().filter(move |listener| listener.is_held_by(pid))
    }
}

/// Where a process stands, for people.
pub(super) fn place_of(place: &cgroup::Place) -> String {
    match place {
        cgroup::Place::Service { unit, .. } | cgroup::Place::Session { unit } => {
            format!("in {unit}")
        }
        cgroup::Place::Nowhere => "in no unit".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_run_by_whom_its_mode_lets_run_it() {
        for (mode, owner, user, expected) in [
            ("0755", 0, 501, true),
            ("0644", 501, 501, false),
            ("0644", 501, 0, false),
            ("0100", 501, 0, true),
            ("0100", 501, 502, false),
            // What a group may do counts as allowed.
            ("0750", 0, 501, true),
            ("garbled", 0, 501, true),
        ] {
            assert_eq!(may(Purpose::Run, mode, owner, user), expected, "{mode} {owner} {user}");
        }
    }
}
