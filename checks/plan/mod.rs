//! What a person can run to put it right: ordered commands, each with its guard, its effect and its undo.
//!
//! gw-doctor never runs them. No plan beats a wrong plan: where the facts do not carry one, the plan is
//! the list of commands that would settle them, and those only read.

mod functions;
mod launchd;
mod recipes;
pub mod script;
mod systemd;

use gw_snapshot::facts::gateway::FileStamp;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::{Facts, Gateway};
use gw_snapshot::host::Scope;
use gw_snapshot::observation::Started;
use gw_snapshot::snapshot::Os;

use crate::Subject;
use crate::diagnosis::{Certainty, Diagnosis};
use crate::examine::Examined;
use crate::intent::Intent;

/// The plan for one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its profile.
    pub profile: String,
    /// Its home.
    pub home: String,
    /// The diagnosis that it answers.
    pub diagnosis: Option<&'static str>,
    /// What it is about, in a line.
    pub summary: String,
    /// What is to be done.
    pub course: Course,
    /// What must be so when all of it is done. None where no service is started.
    pub proof: Option<Proof>,
    /// What gives the gateway back if its service does not come up. None where nothing was taken away.
    pub fallback: Option<Fallback>,
}

/// The service that is to run in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// A unit of systemd's.
    Unit {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
    },
    /// A job of launchd's.
    Job {
        /// `DOMAIN/LABEL`.
        target: String,
    },
}

/// The evidence of a gateway that runs: the same that gw-doctor reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The service that has the process.
    pub service: Service,
    /// The status file, in which that process says that it runs.
    pub status: String,
    /// The lock that it holds.
    pub lock: String,
    /// The port of its API server, if it is to have one.
    pub port: Option<u16>,
    /// The URL at which that answers, if it can be asked from its own machine.
    pub health: Option<String>,
}

/// A gateway as it ran before its service was to take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The service, which must not try on beside it.
    pub service: Service,
    /// Whether the start of the service can be taken back: a job that was loaded before stays loaded.
    pub is_taken_back: bool,
    /// The lock that nobody may hold.
    pub lock: String,
    /// The home, which is also the directory to run in.
    pub home: String,
    /// Its arguments.
    pub argv: Vec<String>,
}

/// The steps of a plan that are wanted, by their numbers or names. Empty: all of them.
#[derive(Debug, Clone, Default)]
pub struct Chosen(pub Vec<String>);

impl Chosen {
    /// Whether a step is wanted.
    pub fn takes(&self, number: usize, name: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|wanted| wanted == name || wanted.parse() == Ok(number))
    }

    /// What is wanted and is no step of any plan, if there is such a thing.
    pub fn unknown(&self, plans: &[Plan]) -> Option<&str> {
        let is_known = |wanted: &&String| {
            plans
                .iter()
                .flat_map(Plan::steps)
                .any(|(number, step)| step.name == wanted.as_str() || wanted.parse() == Ok(number))
        };
        self.0.iter().find(|wanted| !is_known(wanted)).map(String::as_str)
    }
}

impl Plan {
    /// Its steps, each with its number.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        let steps = match &self.course {
            Course::Steps(steps) => steps.as_slice(),
            Course::Nothing | Course::Look { .. } => &[],
        };
        (1..).zip(steps)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// Nothing: all is well.
    Nothing,
    /// These steps, in order.
    Steps(Vec<Step>),
    /// There is no safe plan yet: these commands would tell more, and change nothing.
    Look {
        /// Why there is no plan.
        because: String,
        /// What only a person can do, a sentence each.
        by_hand: Vec<String>,
        /// Read-only commands.
        commands: Vec<Vec<String>>,
    },
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, by which it can be chosen: public API.
    pub name: &'static str,
    /// Why it is taken.
    pub why: String,
    /// What must still be so, just before it is taken.
    pub guards: Vec<Guard>,
    /// The command.
    pub action: Action,
    /// What it changes.
    pub changes: String,
    /// What is to be so afterwards, and for how long to wait for it, in seconds.
    pub expect: Expect,
    /// How to take it back.
    pub undo: String,
}

/// What must still be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The process is the one that was seen: same PID, start time and command line.
    SameProcess {
        /// Its PID.
        pid: u32,
        /// Its start time in clock ticks since boot.
        ticks: u64,
        /// Its arguments.
        argv: Vec<String>,
    },
    /// The unit is loaded, has no process, and is not about to get one.
    UnitIdle {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
    },
    /// The unit is active, with this main process.
    UnitRuns {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
        /// The PID.
        pid: u32,
    },
    /// A property of a unit still has the value that it had.
    UnitIs {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
        /// `ActiveState`, `UnitFileState`, …
        property: &'static str,
        /// Its value.
        value: &'static str,
    },
    /// The user's manager ends with the user's last session.
    NotLingering {
        /// The user.
        uid: u32,
    },
    /// A file was not written since.
    SameFile(FileStamp),
    /// A file is there and can be read.
    Readable {
        /// Its path.
        path: String,
    },
    /// The gateway says in its status file that no turn is under way.
    NoTurns {
        /// The status file.
        status: String,
    },
    /// This process holds the lock of the home.
    LockedBy {
        /// The lock file.
        lock: String,
        /// The PID.
        pid: u32,
    },
    /// The process is still stopped, by a signal or by who traces it.
    StillStopped {
        /// Its PID.
        pid: u32,
    },
    /// The health endpoint still answers nothing.
    StillSilent {
        /// Its URL.
        url: String,
    },
    /// The gateway leaves no mark while it is watched. A machine that has just woken up has old ones, and leaves new ones soon.
    NoMarks {
        /// The files of the marks.
        marks: Vec<String>,
        /// For how long to watch, in seconds.
        within: u64,
    },
    /// Nobody listens on the port.
    FreePort {
        /// The port.
        port: u16,
    },
    /// The one who runs the script says yes.
    Agreed {
        /// The question, whose answer nobody else knows.
        question: String,
    },
    /// The process is the one that was seen, on a system without /proc: same PID, start and command line.
    SameByPs {
        /// Its PID.
        pid: u32,
        /// Its start, as `ps -o lstart` prints it in UTC.
        started: String,
        /// Its arguments.
        argv: Vec<String>,
    },
    /// The job is loaded, and has this process.
    JobRuns {
        /// `DOMAIN/LABEL`.
        target: String,
        /// The PID.
        pid: u32,
    },
    /// The job has no process, loaded or not.
    JobIdle {
        /// `DOMAIN/LABEL`.
        target: String,
    },
    /// The domain has the job.
    Loaded {
        /// `DOMAIN/LABEL`.
        target: String,
    },
    /// The domain does not have the job.
    NotLoaded {
        /// `DOMAIN/LABEL`.
        target: String,
    },
    /// No override of the domain disables the label.
    NotDisabled {
        /// `gui/501`.
        domain: String,
        /// The label.
        label: String,
    },
    /// No process holds the lock of this home.
    NoGateway {
        /// The lock file.
        lock: String,
    },
}

/// A command of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Asks a process to end, as its own user.
    Terminate {
        /// Its PID.
        pid: u32,
    },
    /// `launchctl`, with these words.
    Launchctl {
        /// `kickstart gui/501/ai.hermes.gateway`, …
        words: Vec<String>,
    },
    /// Bootout, a wait for the end, and bootstrap, in one piece that no hang-up cuts in two.
    Reload {
        /// `DOMAIN/LABEL`.
        target: String,
        /// The domain.
        domain: String,
        /// The plist.
        plist: String,
        /// The process that must end in between.
        pid: u32,
        /// For how long to wait for that, in seconds.
        within: u64,
    },
    /// `systemctl`, with these words.
    Systemctl {
        /// Whose.
        scope: Scope,
        /// `start hermes-gateway.service`, `daemon-reload`, …
        words: Vec<String>,
    },
    /// Lets the user's manager outlive the user's last session. Only root may.
    Linger {
        /// The user.
        uid: u32,
    },
}

/// What a step is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The process is gone.
    Gone {
        /// Its PID.
        pid: u32,
        /// For how long to wait, in seconds.
        within: u64,
    },
    /// A property of a unit gets this value.
    UnitIs {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
        /// `NeedDaemonReload`, `UnitFileState`, …
        property: &'static str,
        /// Its value.
        value: &'static str,
    },
    /// The user's manager outlives the user's last session.
    Lingers {
        /// The user.
        uid: u32,
    },
    /// No override of the domain disables the label.
    NotDisabled {
        /// `gui/501`.
        domain: String,
        /// The label.
        label: String,
    },
    /// The domain does not have the job.
    NotLoaded {
        /// `DOMAIN/LABEL`.
        target: String,
        /// For how long to wait, in seconds.
        within: u64,
    },
    /// The job has a process, and a gateway that lives says in its status file that it runs.
    JobRuns {
        /// `DOMAIN/LABEL`.
        target: String,
        /// The process of before, if it must be another one now.
        old: Option<u32>,
        /// The status file of the home.
        status: String,
        /// For how long to wait, in seconds.
        within: u64,
    },
    /// The unit has a process, and a process of it says in its status file that it runs.
    Runs {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
        /// The main process of before, if it must be another one now.
        old: Option<u32>,
        /// The status file of the home.
        status: String,
        /// For how long to wait, in seconds.
        within: u64,
    },
}

/// The plan for each gateway, by what was found of it.
pub fn plans(facts: &Facts, intent: &Intent, examined: &[Examined]) -> Vec<Plan> {
    let plan = |(gateway, found): (&Gateway, &Examined)| {
        plan(&Subject::new(facts, gateway, intent), &found.diagnoses)
    };
    facts.asked().zip(examined).map(plan).collect()
}

/// The plan for a gateway with these diagnoses.
fn plan(at: &Subject<'_>, diagnoses: &[Diagnosis]) -> Plan {
    // What the operator accepts is not to be put right.
    let first = diagnoses.iter().find(|diagnosis| diagnosis.excused.is_none());
    let course = match first {
        None if !diagnoses.is_empty() => Course::Nothing,
        // A diagnosis that explains nothing says that nothing is wrong.
        Some(diagnosis) if diagnosis.explains.is_empty() => Course::Nothing,
        _ if at.is_inside() => Course::Look {
            because: "gw-doctor runs inside the gateway: what would restart it would end the plan half-way; run it from a terminal of your own".into(),
            by_hand: Vec::new(),
            commands: Vec::new(),
        },
        Some(diagnosis) => course(at, diagnosis),
        None => recipes::look(
            at,
            "no commands answer this: what to do about each finding stands in the report, and in `gw-doctor explain`",
        ),
    };
    let service = started(&course);
    Plan {
        proof: service.clone().map(|service| recipes::proof(at, service)),
        fallback: service.and_then(|service| recipes::fallback(at, &course, service)),
        profile: at.gateway.home.profile.clone(),
        home: at.gateway.home.path.clone(),
        diagnosis: first.map(|diagnosis| diagnosis.id),
        summary: first.map(|diagnosis| diagnosis.summary.clone()).unwrap_or_default(),
        course,
    }
}

/// The service that runs when all steps are done.
fn started(course: &Course) -> Option<Service> {
    let Course::Steps(steps) = course else { return None };
    steps.iter().rev().find_map(|step| step.expect.service())
}

impl Expect {
    /// The service that is to run then.
    pub fn service(&self) -> Option<Service> {
        match self {
            Self::Runs { scope, unit, .. } => {
                Some(Service::Unit { scope: *scope, unit: unit.clone() })
            }
            Self::JobRuns { target, .. } => Some(Service::Job { target: target.clone() }),
            _ => None,
        }
    }
}

impl Guard {
    /// The guard that a process is still itself. None where too little of it was seen to recognise it.
    fn same(process: &Process, os: Os) -> Option<Self> {
        let argv = process.seen.argv.clone().filter(|argv| !argv.is_empty())?;
        match (os, process.seen.started?) {
            (Os::Linux, Started::Units(ticks)) => {
                Some(Self::SameProcess { pid: process.pid, ticks, argv })
            }
            (Os::Linux, Started::At(_)) => None,
            (Os::Macos, _) => {
                let started = process.started_at?.strftime("%a %b %e %H:%M:%S %Y").to_string();
                Some(Self::SameByPs { pid: process.pid, started, argv })
            }
        }
    }
}

/// The course for a diagnosis.
fn course(at: &Subject<'_>, diagnosis: &Diagnosis) -> Course {
    let certainty = diagnosis.certainty;
    let diagnosis = diagnosis.id;
    match diagnosis {
        "wedged" if certainty == Certainty::Possible => {
            return recipes::look(
                at,
                "only one sign says that it hangs, which a restart is not worth: look again in a minute",
            );
        }
        "fatal-config" if !recipes::is_mended(at) => return recipes::config(at),
        "foreign-port-owner" | "sibling-port-owner" => return recipes::port(at),
        _ => {}
    }
    match at.gateway.lane() {
        Some(lane) if lane.manager.is_launchd() => launchd::course(at, lane, diagnosis),
        _ if at.is_without_systemd() => recipes::look(
            at,
            "there is no systemd on this host: what starts its gateway is not seen from here",
        ),
        _ => systemd::course(at, diagnosis),
    }
}
