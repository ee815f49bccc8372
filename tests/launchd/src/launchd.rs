//! launchd: the jobs of all domains, and what may be done with them. Every refusal is the true one; what
//! a caller is told of it is decided in `answers`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, geteuid, getpid, kill_process, set_child_subreaper, wait, waitpid,
};

use crate::definition::Definition;
use crate::domain::Domain;
use crate::exit::Exit;
use crate::job::{Job, Next, Reason};
use crate::overrides::Overrides;
use crate::process::Process;
use crate::refusal::{NotLoaded, Refusal};
use crate::settings::{Gui, Release, Settings};
use crate::xpcproxy::Launch;

/// What launchd gives every job.
pub(crate) const DEFAULT_PATH: &str = "/usr/bin:/bin:/usr/sbin:/sbin";

/// How often to look for what does not announce itself: the ends of adopted processes, and programs
/// that appear.
const GLANCE: Duration = Duration::from_millis(50);

/// What a job takes over from whoever started the daemon.
const ACCOUNT: [&str; 5] = ["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR"];

/// launchd.
#[derive(Debug)]
pub(crate) struct Launchd {
    /// The host around it.
    pub(crate) settings: Settings,
    /// The disabled overrides.
    pub(crate) overrides: Overrides,
    jobs: BTreeMap<(Domain, String), Job>,
    environments: BTreeMap<Domain, Vec<(String, String)>>,
    coalitions: u32,
}

impl Launchd {
    /// A launchd with no jobs, and with the overrides that an earlier one left.
    pub(crate) fn new(settings: Settings, state: &Path) -> io::Result<Launchd> {
        // Processes that lose their parents become children of launchd, as they do on a Mac.
        set_child_subreaper(Some(getpid()))?;
        let overrides = Overrides::load(state)?;
        let (jobs, environments) = (BTreeMap::new(), BTreeMap::new());
        Ok(Launchd { settings, overrides, jobs, environments, coalitions: 11_219 })
    }

    /// The jobs of a domain, by label.
    pub(crate) fn jobs(&self, domain: Domain) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(move |job| job.domain == domain)
    }

    /// A job.
    pub(crate) fn job(&self, domain: Domain, label: &str) -> Result<&Job, Refusal> {
        self.jobs.get(&(domain, label.to_owned())).ok_or(Refusal::NoService)
    }

    fn job_mut(&mut self, domain: Domain, label: &str) -> Result<&mut Job, Refusal> {
        self.jobs.get_mut(&(domain, label.to_owned())).ok_or(Refusal::NoService)
    }

    /// The variables that every job of a domain inherits.
    pub(crate) fn environment(&self, domain: Domain) -> Vec<(String, String)> {
        let mut variables = self.environments.get(&domain).cloned().unwrap_or_default();
        if matches!(domain, Domain::Gui(_)) {
            let socket = "/private/tmp/com.apple.launchd.StandIn000/Listeners";
            variables.push(("SSH_AUTH_SOCK".to_owned(), socket.to_owned()));
        }
        variables
    }

    /// `setenv`: gives a variable to all jobs of a domain that are started from now on.
    pub(crate) fn set_environment(&mut self, domain: Domain, name: &str, value: &str) {
        let variables = self.environments.entry(domain).or_default();
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_owned(), value.to_owned()));
    }

    /// Whether the caller may look into a domain.
    pub(crate) fn readable(&self, domain: Domain) -> Result<(), Refusal> {
        let caller = self.settings.caller;
        match domain {
            Domain::System => return Ok(()),
            Domain::User(uid) | Domain::Gui(uid) if uid != self.settings.uid => {
                return Err(Refusal::NoDomain);
            }
            _ if caller != 0 && caller != domain.uid() => return Err(Refusal::NotPermitted),
            Domain::User(_) => return Ok(()),
            Domain::Gui(_) => {}
        }
        match self.settings.gui {
            Gui::Present => Ok(()),
            Gui::Absent => Err(Refusal::NoDomain),
            Gui::Unsupported => Err(Refusal::Unsupported),
        }
    }

    /// Whether the caller may change something in a domain.
    pub(crate) fn changeable(&self, domain: Domain) -> Result<(), Refusal> {
        match self.readable(domain) {
            Ok(()) if domain == Domain::System && self.settings.caller != 0 => {
                Err(Refusal::NotPermitted)
            }
            Err(Refusal::NoDomain) => Err(Refusal::Unsupported),
            told => told,
        }
    }

    /// `bootstrap`: imports a property list, and loads what it defines.
    pub(crate) fn bootstrap(
        &mut self,
        domain: Domain,
        path: &Path,
        now: Instant,
    ) -> Result<(), NotLoaded> {
        self.changeable(domain)?;
        let definition = self.import(path)?;
        let label = definition.label.clone();
        match self.job(domain, &label) {
            Ok(job) if job.leaving => return Err(Refusal::AlreadyInProgress.into()),
            Ok(_) => return Err(Refusal::FileExists.into()),
            Err(_) => {}
        }
        if self.overrides.block(domain, &label, definition.disabled) {
            return Err(Refusal::Disabled.into());
        }
        if !definition.loads_in(domain) {
            return Err(Refusal::WrongSession.into());
        }
        let job = Job::loaded(domain, path.to_owned(), definition, self.coalitions, now);
        self.coalitions = self.coalitions.saturating_add(2);
        self.jobs.insert((domain, label), job);
        Ok(())
    }

    /// Reads a property list, which has to be the caller's or root's. Whoever runs the stand-in is the caller.
    pub(crate) fn import(&self, path: &Path) -> Result<Definition, NotLoaded> {
        Definition::import(path, &[0, self.settings.caller, geteuid().as_raw()])
    }

    /// `bootout`: removes a job, at once or when its process has ended.
    pub(crate) fn bootout(
        &mut self,
        domain: Domain,
        label: &str,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.changeable(domain)?;
        if self.job(domain, label).map_err(|_| Refusal::NoSuchProcess)?.leaving {
            return Err(Refusal::NowInProgress);
        }
        self.remove(domain, label, now);
        Ok(())
    }

    /// The end of a graphical session takes its jobs with it.
    pub(crate) fn log_out(&mut self, now: Instant) {
        let gui = Domain::Gui(self.settings.uid);
        let labels: Vec<String> = self.jobs(gui).map(|job| job.definition.label.clone()).collect();
        for label in labels {
            self.remove(gui, &label, now);
        }
    }

    fn remove(&mut self, domain: Domain, label: &str, now: Instant) {
        let key = (domain, label.to_owned());
        match self.jobs.get_mut(&key) {
            Some(job) if job.process.is_some() => {
                job.leaving = true;
                job.terminate(&self.settings, now);
            }
            _ => drop(self.jobs.remove(&key)),
        }
    }

    /// `kickstart`: starts a job whatever its domain thinks of it, from the definition that is loaded. If
    /// it runs, `kill` ends that run first. Gives the process that was started.
    pub(crate) fn kickstart(
        &mut self,
        domain: Domain,
        label: &str,
        kill: bool,
        now: Instant,
    ) -> Result<Option<Pid>, Refusal> {
        self.changeable(domain)?;
        let job = self.jobs.get_mut(&(domain, label.to_owned())).ok_or(Refusal::NoService)?;
        let running = job.process.as_ref().filter(|_| !kill);
        let is_half_done = running.is_some_and(Process::is_xpcproxy);
        match running {
            _ if job.leaving || is_half_done => return Err(Refusal::AlreadyInProgress),
            Some(_) if self.settings.kickstart_refuses => return Err(Refusal::AlreadyInProgress),
            Some(process) => return Ok(Some(process.pid)),
            None => {}
        }
        job.terminate(&self.settings, now);
        if let Some(process) = &mut job.process {
            process.again = true;
            return Ok(None);
        }
        self.spawn(domain, label, Reason::NonIpcDemand, now);
        Ok(self.job(domain, label)?.process.as_ref().map(|process| process.pid))
    }

    /// `kill`: signals the process that launchd started, and no other.
    pub(crate) fn kill(
        &mut self,
        domain: Domain,
        label: &str,
        signal: Signal,
    ) -> Result<(), Refusal> {
        self.changeable(domain)?;
        let job = self.job_mut(domain, label)?;
        job.process.as_ref().ok_or(Refusal::NoSuchProcess)?.signal(signal);
        Ok(())
    }

    /// `stop`: asks the process of a job to end, and leaves the job loaded.
    pub(crate) fn stop(
        &mut self,
        domain: Domain,
        label: &str,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.changeable(domain)?;
        let job = self.jobs.get_mut(&(domain, label.to_owned())).ok_or(Refusal::NoService)?;
        job.terminate(&self.settings, now);
        Ok(())
    }

    /// Ends the process of a job as the kernel does, for a reason of its own.
    pub(crate) fn end_process(
        &mut self,
        domain: Domain,
        label: &str,
        told: Exit,
    ) -> Result<(), Refusal> {
        let job = self.job_mut(domain, label)?;
        job.process.as_mut().ok_or(Refusal::NoSuchProcess)?.end(told);
        Ok(())
    }

    /// What to wait for: ends, and xpcproxies that become jobs.
    pub(crate) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.jobs.values().filter_map(|job| job.process.as_ref()).flat_map(Process::watched)
    }

    /// How long nothing can happen by itself; None is for ever.
    pub(crate) fn quiet_for(&self, now: Instant) -> Option<Duration> {
        let alarm = self.jobs.values().filter_map(Job::alarm).min();
        let alarm = alarm.map(|at| at.saturating_duration_since(now));
        let hidden = self.jobs.values().any(|job| job.next == Next::PenaltyBox);
        let glance = (hidden || !children().is_empty()).then_some(GLANCE);
        alarm.into_iter().chain(glance).min()
    }

    /// Does what is due: takes note of what happened to processes, ends what must end, starts what must
    /// start.
    pub(crate) fn advance(&mut self, now: Instant) {
        let keys: Vec<(Domain, String)> = self.jobs.keys().cloned().collect();
        for (domain, label) in keys {
            self.advance_job(domain, &label, now);
        }
        self.reap_adopted();
    }

    fn advance_job(&mut self, domain: Domain, label: &str, now: Instant) {
        let Some(job) = self.jobs.get_mut(&(domain, label.to_owned())) else { return };
        let abandon = job.definition.abandon_process_group;
        let ended = job.process.as_mut().and_then(|process| {
            process.listen();
            process.reap(abandon)
        });
        let again = ended.is_some_and(|ended| job.ended(&ended, &self.settings, now));
        if job.leaving && job.process.is_none() {
            return self.remove(domain, label, now);
        }
        job.lose_patience(now);
        let reason = if again { Some(Reason::NonIpcDemand) } else { job.due(&self.settings, now) };
        if let Some(reason) = reason {
            self.spawn(domain, label, reason, now);
        }
    }

    fn spawn(&mut self, domain: Domain, label: &str, reason: Reason, now: Instant) {
        let inherited = self.environment(domain);
        let Some(job) = self.jobs.get_mut(&(domain, label.to_owned())) else { return };
        if let Some(exit) = self.settings.refused_spawn(domain, label) {
            return job.refused(exit, &self.settings, now);
        }
        match Process::start(&launch(&self.settings, inherited, &job.definition), reason) {
            Ok(process) => job.started(process, now),
            Err(error) => {
                // Not the fault of the job, and so not for its history.
                job.next = Next::Rest;
                let _ =
                    writeln!(io::stderr(), "launchd stand-in: could not start {label}: {error}");
            }
        }
    }

    /// Reaps the children that nobody waits for. The processes of jobs are left alone: they are reaped
    /// with their jobs.
    fn reap_adopted(&self) {
        let ours: Vec<Pid> =
            self.jobs.values().filter_map(|job| Some(job.process.as_ref()?.pid)).collect();
        for child in children().into_iter().filter(|child| !ours.contains(child)) {
            let _ = waitpid(Some(child), WaitOptions::NOHANG);
        }
    }

    /// Ends everything that a job started and that is still there, for good.
    pub(crate) fn end(&mut self) {
        for process in self.jobs.values().filter_map(|job| job.process.as_ref()) {
            process.signal_group(Signal::KILL);
        }
        // Children of the dead become ours, until there are none.
        loop {
            let left = children();
            for child in &left {
                let _ = kill_process(*child, Signal::KILL);
            }
            if left.is_empty() || wait(WaitOptions::empty()).is_err() {
                return;
            }
        }
    }
}

/// Our children, and those that we adopted. None where the kernel does not tell.
fn children() -> Vec<Pid> {
    let text = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    text.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Everything that makes a process a job: what all have, what its domain gives, what it asks for.
fn launch(
    settings: &Settings,
    inherited: Vec<(String, String)>,
    definition: &Definition,
) -> Launch {
    let own = |name: &&str| Some(((*name).to_owned(), env::var(name).ok()?));
    let mut environment: BTreeMap<String, String> = ACCOUNT.iter().filter_map(own).collect();
    environment.insert("PATH".to_owned(), DEFAULT_PATH.to_owned());
    environment.extend(inherited);
    environment.extend(shown_environment(settings, definition));
    Launch {
        program: definition.program().to_owned(),
        arguments: definition.arguments.clone(),
        environment,
        directory: definition.working_directory.clone().unwrap_or_else(|| "/".to_owned()),
        stdin: definition.stdin.clone(),
        stdout: definition.stdout.clone(),
        stderr: definition.stderr.clone(),
        umask: definition.umask,
        number_of_files: definition.number_of_files,
        hold_ms: settings.xpcproxy_hold_ms,
    }
}

/// The variables of the job's own, in the order in which `print` shows them.
pub(crate) fn shown_environment(
    settings: &Settings,
    definition: &Definition,
) -> Vec<(String, String)> {
    let limit = ("OSLogRateLimit".to_owned(), "64".to_owned());
    let limit = (settings.macos == Release::Tahoe).then_some(limit);
    let name = ("XPC_SERVICE_NAME".to_owned(), definition.label.clone());
    limit.into_iter().chain(definition.environment.iter().cloned()).chain([name]).collect()
}
