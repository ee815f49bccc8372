//! Which process is the gateway of a home: the ladder.
//!
//! The lock comes first, since a gateway holds it for life; then the records, each checked against the
//! process that now has the PID; then the service manager; then the arguments of every process. A
//! negative needs all of them, or a complete look at the processes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::fact::{Fact, Why};
use crate::facts::home::{Home, join};
use crate::facts::job::{Job, Phase};
use crate::facts::manager::Manager;
use crate::facts::process::{self, Identity, Process, Scanned, Witness};
use crate::facts::record::{PidRecord, Status};
use crate::host::{Host, Seen};
use crate::observation::{LockSeen, ProcessSeen, Started, Trouble};
use crate::parse::cmdline::{self, Lifecycle, Role};

/// What is known of the life of one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liveness {
    /// The gateway's process. Absent: there is none, for sure.
    pub process: Fact<Process>,
    /// Further live gateways of the same home, each by a hard witness.
    pub others: Vec<Process>,
    /// Processes that look like a gateway of this home and are none beside the one that holds its lock: starts that it
    /// refuses, or that wait for it to end.
    pub attempts: Vec<Process>,
    /// Processes that look like a further gateway of this home, of which nothing tells whether they are one.
    pub unclear: Vec<Process>,
    /// The wrapper or the shell that a service runs in place of a gateway.
    pub wrapper: Option<Process>,
    /// Commands at work on gateways, this home's or all of their user's.
    pub commands: Vec<(Process, Lifecycle)>,
    /// Records whose process is gone.
    pub dead: Vec<Stale>,
    /// Records whose process nobody looked for.
    pub unseen: Vec<Stale>,
    /// Records whose PID now belongs to another process.
    pub reused: Vec<(Stale, Process)>,
    /// Who holds the lock on `gateway.lock`. Absent: there is no such file.
    pub lock: Fact<Holder>,
    /// The PID that writes the home's records from another machine.
    pub elsewhere: Option<u32>,
}

impl Liveness {
    /// Returns the wrapper of a service where no gateway lives below it: it has not started one yet, or lives on without it.
    pub fn lone_wrapper(&self) -> Option<&Process> {
        self.wrapper.as_ref().filter(|_| self.process.is_absent())
    }

    /// True if a process is known that has come as far as to take the home's lock.
    pub fn has_its_lock(&self) -> bool {
        let locks = [Witness::Lock, Witness::OpenLock];
        let process = self.process.known();
        process.is_some_and(|process| locks.iter().any(|lock| process.witnesses.contains(lock)))
    }
}

/// A ticker and an event loop leave a mark every 60 s at the latest; two in a row may be late. In seconds.
const FRESH_SECONDS: i64 = 150;
/// How far the clocks of two machines may be apart. In seconds.
const CLOCK_SECONDS: i64 = 5;

/// Who holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This process.
    Process(u32),
    /// A process that is not visible to us.
    Hidden,
}

/// A record that names a process which is not a gateway any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Which record.
    pub witness: Witness,
    /// Its file.
    pub path: String,
    /// The PID that it names.
    pub pid: u32,
}

/// Where the ladder looks, for one home.
pub struct Ladder<'a> {
    /// The host.
    pub host: &'a dyn Host,
    /// The home.
    pub home: &'a Home,
    /// Every process that looks like Hermes.
    pub scan: &'a Seen<Scanned>,
    /// `gateway.pid`.
    pub pid_file: &'a Fact<PidRecord>,
    /// The text in `gateway.lock`.
    pub lock_record: &'a Fact<PidRecord>,
    /// `gateway_state.json`.
    pub status: &'a Fact<Status>,
    /// The jobs that serve this home.
    pub jobs: Vec<&'a Fact<Job>>,
    /// The services whose managers do not say what they have loaded.
    pub silent: Vec<(Manager, &'a str)>,
    /// PIDs that hold a listening socket, and so exist.
    pub listening: &'a [u32],
    /// Whether a process can be where we cannot look: where launchd is, there are no PID namespaces.
    pub has_namespaces: bool,
    /// Who left the last marks of an event loop and of a ticker in the home, and when.
    pub marks: [Option<(u32, Timestamp)>; 2],
}

impl Ladder<'_> {
    /// Climbs it.
    pub fn climb(&self) -> Liveness {
        let mut climb = Climb {
            ladder: self,
            found: BTreeMap::new(),
            dead: Vec::new(),
            unseen: Vec::new(),
            reused: Vec::new(),
            unclear: Vec::new(),
            holder: None,
            hidden: None,
            wrapper: None,
        };
        climb.scan();
        let lock = climb.lock();
        climb.records(&lock);
        climb.jobs();
        climb.conclude(lock)
    }

    /// Whether the kernel's name of a lock is that of this home's.
    fn is_lock(&self, path: &str) -> bool {
        path.strip_suffix("/gateway.lock").is_some_and(|home| self.home.is_at(home))
    }

    fn path(&self, name: &str) -> String {
        join(&self.home.path, name)
    }
}

struct Climb<'a> {
    ladder: &'a Ladder<'a>,
    found: BTreeMap<u32, Process>,
    dead: Vec<Stale>,
    unseen: Vec<Stale>,
    reused: Vec<(Stale, Process)>,
    /// Reasons for which a process that somebody named could not be looked at.
    unclear: Vec<Why>,
    /// Who holds this home's lock, as far as is known.
    holder: Option<Holder>,
    /// Why one that exists could not be told from a gateway: no search through the others settles that.
    hidden: Option<Why>,
    /// What a service runs in place of a gateway.
    wrapper: Option<Process>,
}

impl Climb<'_> {
    fn scan(&mut self) {
        let about = self.ladder.host.about();
        let ours = self.ladder.scan.list.iter().filter(|it| !it.process.is_elsewhere(about));
        for Scanned { process, home, .. } in ours {
            let mut locks = process.open_gateway_locks().peekable();
            let has_none = locks.peek().is_none();
            let witness = match locks.find(|(path, _)| self.ladder.is_lock(path)) {
                Some((_, false)) => Some(Witness::OpenLock),
                Some((_, true)) => Some(Witness::GhostLock),
                None => {
                    // It serves the home whose lock it holds, whatever its arguments say.
                    let is_told = has_none && home.as_deref() == Some(&self.ladder.home.path);
                    (is_told && !process.is_zombie()).then_some(Witness::Arguments)
                }
            };
            if let Some(witness) = witness {
                self.add(process.clone(), witness);
            }
        }
    }

    fn lock(&mut self) -> Fact<Holder> {
        let lock = Holder::of(&self.ladder.host.lock(&self.ladder.path("gateway.lock")));
        if let Fact::Known(Holder::Process(pid)) = lock {
            match self.look(pid) {
                Ok(process) => self.add(process, Witness::Lock),
                Err(why) => self.unclear.extend(why),
            }
        }
        lock
    }

    fn records(&mut self, lock: &Fact<Holder>) {
        let ladder = self.ladder;
        self.holder = match lock {
            Fact::Known(holder) => Some(*holder),
            Fact::Absent => Some(Holder::Nobody),
            Fact::Unknown(_) => None,
        };
        if let Fact::Known(record) = ladder.pid_file {
            self.record(record, Witness::PidFile, "gateway.pid");
        }
        if let Fact::Known(record) = ladder.lock_record {
            self.record(record, Witness::LockRecord, "gateway.lock");
        }
        if let Fact::Known(status) = ladder.status {
            // The PID of one that says that it ended is expected to be gone.
            if let (true, Some(record)) = (status.claims_life(), &status.writer) {
                self.record(record, Witness::StatusFile, "gateway_state.json");
            }
        }
    }

    fn record(&mut self, record: &PidRecord, witness: Witness, file: &str) {
        let stale = Stale { witness, path: self.ladder.path(file), pid: record.pid };
        // gateway.lock outlives its owner by design; a text that names a dead one says nothing.
        let expires = witness != Witness::LockRecord;
        if let Some(process) = self.within(record) {
            self.add(process, witness);
            return;
        }
        match self.look(record.pid) {
            Ok(process) if process.is_zombie() => self.add(process, witness),
            Ok(process) => match process.identity(record, self.ladder.host.about().os) {
                // Records are copied with a home; the process serves the home whose lock it has open.
                Identity::Same if self.serves_another(&process) && expires => {
                    self.reused.push((stale, process));
                }
                Identity::Same if self.serves_another(&process) => {}
                Identity::Same => self.add(process, witness),
                Identity::Reused if expires => self.reused.push((stale, process)),
                Identity::Reused => {}
                Identity::Unclear if self.holds_a_socket(record.pid) => self.add(process, witness),
                Identity::Unclear => {
                    let why =
                        process.seen.error.clone().map_or(Why::NotObserved, Trouble::into_why);
                    if process.seen.argv.is_none() {
                        self.hidden.get_or_insert_with(|| why.clone());
                    }
                    self.unclear.push(why);
                }
            },
            Err(None) if expires => self.dead.push(stale),
            Err(None) => {}
            Err(Some(why)) => {
                if expires && why.is_not_observed() {
                    self.unseen.push(stale);
                }
                self.unclear.push(why);
            }
        }
    }

    /// The process of a PID namespace below ours that wrote this record, by its number there.
    fn within(&self, record: &PidRecord) -> Option<Process> {
        let start = Started::Units(record.start_time?);
        let is_writer = |process: &&Process| {
            process.seen.inner_pid == Some(record.pid) && process.seen.started == Some(start)
        };
        let mut scanned = self.ladder.scan.list.iter().map(|scanned| &scanned.process);
        scanned.find(is_writer).cloned()
    }

    fn jobs(&mut self) {
        let jobs = self.ladder.jobs.clone();
        for job in jobs.into_iter().filter_map(Fact::known) {
            let (Some(pid), true) = (job.main_pid, job.phase != Phase::Restarting) else {
                continue;
            };
            match self.look(pid) {
                // A wrapper waits for the gateway; it is not the gateway. Nor is a shell, whatever it runs.
                Ok(process) if is_wrapper(&process) => self.wrapper = Some(process),
                // Nor is the parent of a gateway, whatever it is called, or what has another home's lock open.
                Ok(process) if process.role == Role::Foreign && self.is_parent(pid) => {}
                Ok(process) if self.serves_another(&process) => {}
                Ok(process) => self.add(process, Witness::Manager),
                // The manager's word is evidence enough that the process exists.
                Err(Some(Why::NotObserved)) => {
                    let seen = ProcessSeen { pid, ..ProcessSeen::default() };
                    self.add(Process::of(seen, self.ladder.host.about()), Witness::Manager);
                }
                Err(why) => self.unclear.extend(why),
            }
        }
    }

    /// One process: itself, `Err(None)` if it is gone, or why it could not be looked at.
    fn look(&self, pid: u32) -> Result<Process, Option<Why>> {
        let about = self.ladder.host.about();
        let scanned = self.ladder.scan.list.iter().find(|scanned| scanned.process.pid == pid);
        let seen = match scanned {
            Some(scanned) => scanned.process.seen.clone(),
            None => self.ladder.host.process(pid),
        };
        match process::exists(&seen) {
            Some(true) => Ok(Process::of(seen, about)),
            Some(false) => Err(None),
            None if self.holds_a_socket(pid) => {
                Ok(Process::of(ProcessSeen { pid, ..ProcessSeen::default() }, about))
            }
            None => Err(Some(seen.error.map_or(Why::NotObserved, Trouble::into_why))),
        }
    }

    /// Whether it has the lock of another home open, and does not hold this one's: nobody does (upstream #97360),
    /// or another process (#29092). A path alone would not do: a home can have two.
    fn serves_another(&self, process: &Process) -> bool {
        let mut open = process.open_gateway_locks().filter(|(_, deleted)| !deleted).peekable();
        let is_elsewhere = match self.holder {
            Some(Holder::Nobody) => true,
            Some(Holder::Process(pid)) => pid != process.pid,
            Some(Holder::Hidden) | None => false,
        };
        is_elsewhere && open.peek().is_some() && open.all(|(path, _)| !self.ladder.is_lock(path))
    }

    /// Whether a gateway, of whatever home, is a child of this process.
    fn is_parent(&self, pid: u32) -> bool {
        let scanned = self.ladder.scan.list.iter().map(|scanned| &scanned.process);
        let mut children = scanned.filter(|process| process.seen.ppid == Some(pid));
        children.any(|process| matches!(process.role, Role::Gateway(_)))
    }

    fn holds_a_socket(&self, pid: u32) -> bool {
        self.ladder.listening.contains(&pid)
    }

    fn add(&mut self, process: Process, witness: Witness) {
        let entry = self.found.entry(process.pid).or_insert(process);
        entry.witnesses.insert(witness);
    }

    fn conclude(mut self, lock: Fact<Holder>) -> Liveness {
        let mut live: Vec<Process> = std::mem::take(&mut self.found).into_values().collect();
        // Its words make it a command, until something else makes it the gateway.
        live.retain(|process| self.is_hard(process) || process.lifecycle().is_none());
        step_back(&mut live);
        // The strongest first; among equals the one that more witnesses name, then the older.
        live.sort_by_key(|process| {
            let strongest = process.witnesses.first().copied();
            (process.is_zombie(), strongest, usize::MAX - process.witnesses.len(), process.pid)
        });
        let mut live = live.into_iter();
        let first = live.next();
        let holds_lock = first.as_ref().is_some_and(|first| {
            self.holder == Some(Holder::Process(first.pid))
                || first.witnesses.contains(&Witness::Lock)
        });
        let (others, attempts, unclear) = self.beside(live.collect(), holds_lock);
        let commands = self.commands(first.as_ref());
        let elsewhere = if first.is_none() { self.elsewhere() } else { None };
        let process = match first {
            Some(first) => Fact::Known(first),
            None if self.may_live_elsewhere() => {
                // What the records name is not gone for being out of sight.
                self.unseen.append(&mut self.dead);
                self.unseen.extend(self.reused.drain(..).map(|(stale, _)| stale));
                let why = "it may live in another PID namespace, where we cannot look";
                Fact::Unknown(Why::Failed(why.into()))
            }
            None => match elsewhere {
                Some(pid) => {
                    self.unseen.append(&mut self.dead);
                    Fact::Unknown(Why::Failed(format!(
                        "PID {pid} of another machine or container writes its records: look there"
                    )))
                }
                None => self.in_a_silent_service().map_or_else(|| self.none(&lock), Fact::Known),
            },
        };
        // Where it has started the gateway of another home, it is none of this one's.
        let is_parent = self.wrapper.as_ref().is_some_and(|wrapper| self.is_parent(wrapper.pid));
        let wrapper = self.wrapper.filter(|_| !(process.is_absent() && is_parent));
        Liveness {
            process,
            others,
            attempts,
            unclear,
            wrapper,
            commands,
            dead: self.dead,
            unseen: self.unseen,
            reused: self.reused,
            lock,
            elsewhere,
        }
    }

    /// True if something else than words says that this process is a gateway: it holds the home's lock or a removed one, a
    /// record with its start time names it, it is a service's process, or it holds a listening socket.
    fn is_hard(&self, process: &Process) -> bool {
        let by_record = [
            (Witness::PidFile, self.ladder.pid_file.known()),
            (Witness::LockRecord, self.ladder.lock_record.known()),
        ];
        let is_recorded = by_record.iter().any(|(witness, record)| {
            process.witnesses.contains(witness)
                && record.is_some_and(|record| record.start_time.is_some())
        });
        let by_itself = [Witness::Lock, Witness::OpenLock, Witness::GhostLock, Witness::Manager];
        by_itself.iter().any(|witness| process.witnesses.contains(witness))
            || is_recorded
            || self.holds_a_socket(process.pid)
    }

    /// Tells what stands beside the gateway: further gateways, refused or waiting starts, and what is not clear. Where the
    /// gateway holds the home's lock, another one has a removed lock, or the socket that this one lacks.
    fn beside(
        &self,
        live: Vec<Process>,
        is_locked: bool,
    ) -> (Vec<Process>, Vec<Process>, Vec<Process>) {
        let (mut others, mut attempts, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
        for process in live {
            let is_another = if is_locked {
                process.witnesses.contains(&Witness::GhostLock) || self.holds_a_socket(process.pid)
            } else {
                self.is_hard(&process)
            };
            match () {
                () if is_another || process.is_zombie() => others.push(process),
                () if is_locked => attempts.push(process),
                () => unclear.push(process),
            }
        }
        (others, attempts, unclear)
    }

    /// Returns the lifecycle commands that are at work on this home, or on every gateway of its user.
    fn commands(&self, gateway: Option<&Process>) -> Vec<(Process, Lifecycle)> {
        let about = self.ladder.host.about();
        let is_of_home = |scanned: &&Scanned| match &scanned.target {
            Some(home) => {
                let is_for_all = matches!(
                    scanned.process.lifecycle(),
                    Some(Lifecycle::Update | Lifecycle::Migrate)
                );
                is_for_all || self.ladder.home.is_at(home)
            }
            // Of whom the environment is not seen: it may be this home that one of our own user means.
            None => scanned.process.seen.uid == about.uid && !scanned.process.is_elsewhere(about),
        };
        let scanned = self.ladder.scan.list.iter().filter(is_of_home);
        scanned
            .map(|scanned| &scanned.process)
            .filter(|process| !process.is_zombie() && !process.is_stopped())
            .filter(|process| gateway.is_none_or(|gateway| gateway.pid != process.pid))
            .filter_map(|process| Some((process.clone(), process.lifecycle()?)))
            .collect()
    }

    /// The oldest process in the group of a service whose manager does not answer: that its arguments say
    /// nothing does not make it a stranger (upstream #61981).
    fn in_a_silent_service(&self) -> Option<Process> {
        let asker = self.ladder.host.about().uid;
        let is_in_one = |process: &Process| {
            let service = process.place.as_ref().and_then(|place| place.service_for(asker));
            service.is_some_and(|(scope, unit)| {
                self.ladder.silent.contains(&(Manager::from(scope), unit))
            })
        };
        // One that has another home is that home's, whatever its unit is called.
        let home = Some(self.ladder.home.path.as_str());
        let is_another_s = |pid: &u32| {
            let mut scanned = self.ladder.scan.list.iter();
            let of = scanned.find(|scanned| scanned.process.pid == *pid);
            of.and_then(|scanned| scanned.home.as_deref()).is_some_and(|of| Some(of) != home)
        };
        let scanned = self.ladder.scan.list.iter().map(|scanned| scanned.process.pid);
        let pids: BTreeSet<u32> = scanned.chain(self.ladder.listening.iter().copied()).collect();
        let pids = pids.into_iter().filter(|pid| !is_another_s(pid));
        let mut found = pids.filter_map(|pid| self.look(pid).ok()).find(is_in_one)?;
        found.witnesses.insert(Witness::Group);
        Some(found)
    }

    /// Nobody was found: is there nobody?
    fn none(&self, lock: &Fact<Holder>) -> Fact<Process> {
        let free = match lock {
            Fact::Known(Holder::Nobody) | Fact::Absent => true,
            Fact::Known(Holder::Hidden) => {
                return Fact::Unknown(Why::Failed(
                    "its lock is held by a process that is not visible".into(),
                ));
            }
            Fact::Known(Holder::Process(_)) | Fact::Unknown(_) => false,
        };
        if let Some(why) = &self.hidden {
            return Fact::Unknown(why.clone());
        }
        if self.ladder.scan.complete
            || (free && self.unclear.is_empty() && self.managers_know_of_none())
        {
            return Fact::Absent;
        }
        let lock = lock.why().filter(|why| !why.is_not_observed()).cloned();
        let trouble = self.ladder.scan.trouble.clone().map(Trouble::into_why);
        let why = self.unclear.first().cloned().or(lock).or(trouble);
        Fact::Unknown(why.unwrap_or(Why::NotObserved))
    }

    /// Whether records speak of a life that may go on where we cannot look: seen from within a PID
    /// namespace, the processes outside it do not exist, and hold no locks (upstream #73796, #21706). A
    /// manager in here that has the service loaded would know of it.
    fn may_live_elsewhere(&self) -> bool {
        let hints = &self.ladder.host.about().hints;
        let is_loaded = self.ladder.jobs.iter().any(|job| job.known().is_some());
        self.ladder.has_namespaces
            && hints.iter().any(|hint| hint == "pid-namespace")
            && !(is_loaded && self.managers_know_of_none())
            && !(self.dead.is_empty() && self.reused.is_empty())
            && !self.is_a_machine()
    }

    /// Returns the PID that writes this home's records from another machine: its start, as recorded, is no time of this
    /// boot of this host, and a mark was left a moment ago. A home can be shared with a virtual machine, by a mount or by a
    /// network.
    fn elsewhere(&self) -> Option<u32> {
        let host = self.ladder.host;
        let (about, now) = (host.about(), host.now());
        let booted = about.boot_time?;
        let is_marked = |record: &&PidRecord| {
            let of_record = |(pid, at): &(u32, Timestamp)| {
                let age = now.duration_since(*at).as_secs();
                *pid == record.pid && *at > booted && (-CLOCK_SECONDS..FRESH_SECONDS).contains(&age)
            };
            self.ladder.marks.iter().flatten().any(of_record)
        };
        let slack = SignedDuration::from_secs(CLOCK_SECONDS);
        let is_foreign = |record: &&PidRecord| {
            let Some(units) = record.start_time else { return false };
            let started = process::started_at(Some(Started::Units(units)), about);
            started.is_some_and(|started| {
                started.checked_add(slack).is_ok_and(|started| started < booted)
                    || started.checked_sub(slack).is_ok_and(|started| started > now)
            })
        };
        let status = self.ladder.status.known().and_then(|status| status.writer.as_ref());
        let records = [self.ladder.pid_file.known(), self.ladder.lock_record.known(), status];
        let mut records = records.into_iter().flatten().filter(is_marked);
        let record = records.find(is_foreign)?;
        let mut gone = self.dead.iter().chain(&self.unseen);
        gone.any(|stale| stale.pid == record.pid).then_some(record.pid)
    }

    /// Whether a systemd booted this PID namespace. Such a container is a machine of its own (nspawn, LXC, WSL), and
    /// nobody outside shares a home with it.
    fn is_a_machine(&self) -> bool {
        self.look(1).is_ok_and(|first| first.seen.comm.as_deref() == Some("systemd"))
    }

    fn managers_know_of_none(&self) -> bool {
        !self.ladder.jobs.is_empty()
            && self.ladder.jobs.iter().all(|job| match job {
                // One that runs has a process, whether its manager tells the PID or not.
                Fact::Known(job) => {
                    let has_none =
                        matches!(job.phase, Phase::Stopped | Phase::Failed | Phase::Restarting);
                    job.main_pid.is_none() && (has_none || job.has_exited())
                }
                Fact::Absent => true,
                Fact::Unknown(_) => false,
            })
    }
}

impl Holder {
    /// What one look at a lock tells.
    pub fn of(seen: &LockSeen) -> Fact<Self> {
        match (&seen.error, seen.held, seen.pid) {
            (Some(trouble), ..) => trouble.clone().into_fact(),
            (None, Some(false), _) => Fact::Known(Self::Nobody),
            (None, _, Some(pid)) => Fact::Known(Self::Process(pid)),
            (None, _, None) => Fact::Known(Self::Hidden),
        }
    }
}

/// True if this process of a service is a wrapper, or a shell that says nothing of what it runs: whatever it starts, it is no
/// gateway.
fn is_wrapper(process: &Process) -> bool {
    let is_shell = || process.seen.argv.as_deref().is_some_and(cmdline::is_shell);
    process.role == Role::Wrapper || process.role == Role::Foreign && is_shell()
}

/// Leaves out what only stands beside a gateway: its wrapper, the unseen process of its job, and a copy of itself.
fn step_back(live: &mut Vec<Process>) {
    let by_manager = |process: &Process| process.witnesses.iter().eq([&Witness::Manager]);
    let has_gateway =
        live.iter().any(|process| process.witnesses.first() < Some(&Witness::Manager));
    // Of a job's process nothing may have been seen: where the records name another, it may be the wrapper of that.
    let has_recorded = live
        .iter()
        .any(|process| process.witnesses.iter().any(|witness| *witness != Witness::Manager));
    let is_shadow = |process: &Process| {
        let seen = &process.seen;
        by_manager(process) && seen.argv.is_none() && seen.ppid.is_none() && seen.comm.is_none()
    };
    // A child is one between fork and exec, and as long as it lives where it never execs: it has its parent's arguments.
    let holders: Vec<(u32, Option<Vec<String>>)> = live
        .iter()
        .filter(|process| process.witnesses.contains(&Witness::Lock))
        .map(|process| (process.pid, process.seen.argv.clone()))
        .collect();
    let is_copy = |process: &Process| {
        let copied = |(pid, argv): &(u32, Option<Vec<String>>)| {
            process.seen.ppid == Some(*pid) && process.seen.argv == *argv
        };
        let is_inherited =
            |witness: &Witness| matches!(witness, Witness::OpenLock | Witness::Arguments);
        process.witnesses.iter().all(is_inherited) && holders.iter().any(copied)
    };
    live.retain(|process| {
        // A wrapper steps back behind the gateway that it started, under whatever name it runs.
        let is_wrapper = process.role == Role::Wrapper
            || (has_gateway && by_manager(process) && process.role == Role::Foreign);
        !(is_wrapper || is_copy(process) || has_recorded && is_shadow(process))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::job::Enabled;
    use crate::recorded::Recorded;
    use crate::snapshot::Snapshot;

    fn host(observations: &str) -> Recorded {
        let text = format!(
            r#"{{"schema": "{}", "taken_at": "2026-11-21T00:00:00Z", "host": {{"os": "linux"}},
                "observations": {observations}}}"#,
            Snapshot::SCHEMA
        );
        Recorded::new(Snapshot::read(&text).expect("a test's own snapshot"))
    }

    fn record(pid: u32) -> Fact<PidRecord> {
        Fact::Known(PidRecord { pid, start_time: None, program: None })
    }

    /// Climbs where the records name two processes, and a job may be loaded.
    fn climb(
        host: &Recorded,
        records: [&Fact<PidRecord>; 2],
        complete: bool,
        job: Option<&Fact<Job>>,
    ) -> Liveness {
        let [pid_file, lock_record] = records;
        Ladder {
            host,
            home: &Home::at("/home/a/.hermes", None),
            scan: &Seen { list: Vec::new(), complete, trouble: None },
            pid_file,
            lock_record,
            status: &Fact::Absent,
            jobs: job.into_iter().collect(),
            silent: Vec::new(),
            listening: &[],
            has_namespaces: true,
            marks: [None, None],
        }
        .climb()
    }

    #[test]
    fn a_process_that_could_not_be_told_from_a_gateway_stays_so_whatever_the_next_record_names() {
        let host = host(
            r#"{"processes": [{"pid": 5, "error": "permission-denied"}, {"pid": 6, "argv": [], "comm": "hermes"}]}"#,
        );
        for records in [[&record(5), &record(6)], [&record(6), &record(5)]] {
            let found = climb(&host, records, true, None).process;
            assert!(found.why().is_some(), "{found:?}");
        }
    }

    #[test]
    fn what_a_service_runs_in_place_of_a_gateway_is_no_gateway() {
        for (argv, is_wrapper) in [
            (r#"["/bin/sh", "/Users/a/bin/w.sh"]"#, true),
            (r#"["/usr/bin/osascript", "-e", "do shell script \"hermes gateway run\""]"#, true),
            (r#"["/opt/gateway-as-one-program"]"#, false),
        ] {
            let host = host(&format!(r#"{{"processes": [{{"pid": 5, "argv": {argv}}}]}}"#));
            let job = Fact::Known(Job { main_pid: Some(5), ..job(Phase::Running) });
            let found = climb(&host, [&Fact::Absent, &Fact::Absent], true, Some(&job));
            assert_eq!(found.process.is_absent(), is_wrapper, "{argv}: {found:?}");
            assert_eq!(found.wrapper.map(|wrapper| wrapper.pid), is_wrapper.then_some(5), "{argv}");
        }
    }

    #[test]
    fn a_wrapper_of_another_homes_gateway_is_no_wrapper_of_this_one() {
        let host = host(r#"{"processes": [{"pid": 5, "argv": ["/bin/sh", "/Users/a/bin/w.sh"]}]}"#);
        let child = r#"{"pid": 6, "ppid": 5, "argv": ["/v/bin/python", "-m", "hermes_cli.main", "gateway", "run"]}"#;
        let child: ProcessSeen = serde_json::from_str(child).expect("a process");
        let job = Fact::Known(Job { main_pid: Some(5), ..job(Phase::Running) });
        for (list, is_wrapper) in [(vec![child], false), (Vec::new(), true)] {
            let scanned = |seen| Scanned {
                process: Process::of(seen, host.about()),
                home: Some("/home/b/.hermes".into()),
                target: None,
            };
            let list: Vec<Scanned> = list.into_iter().map(scanned).collect();
            let found = Ladder {
                host: &host,
                home: &Home::at("/home/a/.hermes", None),
                scan: &Seen { list, complete: true, trouble: None },
                pid_file: &Fact::Absent,
                lock_record: &Fact::Absent,
                status: &Fact::Absent,
                jobs: vec![&job],
                silent: Vec::new(),
                listening: &[],
                has_namespaces: false,
                marks: [None, None],
            }
            .climb();
            assert_eq!(found.lone_wrapper().is_some(), is_wrapper, "{found:?}");
        }
    }

    fn job(phase: Phase) -> Job {
        Job {
            source: String::new(),
            phase,
            words: String::new(),
            main_pid: None,
            last_exit: None,
            started_at: None,
            exited_at: None,
            restarts: None,
            enabled: Enabled::Unclear,
            systemd: None,
            launchd: None,
        }
    }

    #[test]
    fn a_job_that_runs_has_a_process_even_where_its_manager_tells_no_pid() {
        let host = host(r#"{"locks": [{"path": "/home/a/.hermes/gateway.lock", "held": false}]}"#);
        for (phase, has_none) in [
            (Phase::Stopped, true),
            (Phase::Failed, true),
            (Phase::Restarting, true),
            (Phase::Running, false),
            (Phase::Starting, false),
            (Phase::Stopping, false),
            (Phase::Other, false),
        ] {
            let job = Fact::Known(job(phase));
            let found = climb(&host, [&Fact::Absent, &Fact::Absent], false, Some(&job)).process;
            assert_eq!(found.is_absent(), has_none, "{phase:?}: {found:?}");
        }
    }
}
