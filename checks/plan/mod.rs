//! What a person can run to put it right: ordered commands, each with its guard, its effect and its undo.
//!
//! gw-doctor never runs them. No plan beats a wrong plan: where the facts do not carry one, the plan is
//! the list of commands that would settle them, and those only read.

mod launchd;
mod recipes;
pub mod script;

use gw_snapshot::facts::process::Process;
use gw_snapshot::host::Scope;
use gw_snapshot::observation::Started;
use gw_snapshot::snapshot::Os;

use crate::Subject;
use crate::diagnosis::Diagnosis;

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
        /// Read-only commands.
        commands: Vec<Vec<String>>,
    },
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Why it is taken.
    pub why: String,
    /// What must still be so, just before it is taken.
    pub guards: Vec<Guard>,
    /// The command.
    pub action: Action,
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
    /// The unit has no process.
    UnitIdle {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
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
    /// `systemctl`, with these words before the unit's name.
    Systemctl {
        /// Whose.
        scope: Scope,
        /// `start`, `restart`, …
        verb: &'static str,
        /// The unit.
        unit: String,
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
    /// The unit starts by itself from now on.
    Enabled {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
    },
    /// No override of the domain disables the label.
    NotDisabled {
        /// `gui/501`.
        domain: String,
        /// The label.
        label: String,
    },
    /// The job has a process, and a gateway that lives says in its status file that it runs.
    JobRuns {
        /// `DOMAIN/LABEL`.
        target: String,
        /// The status file of the home.
        status: String,
        /// For how long to wait, in seconds.
        within: u64,
    },
    /// The unit has a process, and that process says in its status file that it runs.
    Runs {
        /// Whose.
        scope: Scope,
        /// Its name.
        unit: String,
        /// The status file of the home.
        status: String,
        /// For how long to wait, in seconds.
        within: u64,
    },
}

/// The plan for a gateway with these diagnoses.
pub fn plan(at: &Subject<'_>, diagnoses: &[Diagnosis]) -> Plan {
    // What the operator accepts is not to be put right.
    let first = diagnoses.iter().find(|diagnosis| diagnosis.excused.is_none());
    let course = match first {
        None if !diagnoses.is_empty() => Course::Nothing,
        // A diagnosis that explains nothing says that nothing is wrong.
        Some(diagnosis) if diagnosis.explains.is_empty() => Course::Nothing,
        _ if is_inside(at) => Course::Look {
            because: "gw-doctor runs inside the gateway: what would restart it would end the plan half-way; run it from a terminal of your own".into(),
            commands: Vec::new(),
        },
        Some(diagnosis) => recipes::course(at, diagnosis.id),
        None => recipes::look(
            at,
            "no commands answer this: what to do about each finding stands in the report, and in `gw-doctor explain`",
        ),
    };
    Plan {
        profile: at.gateway.home.profile.clone(),
        home: at.gateway.home.path.clone(),
        diagnosis: first.map(|diagnosis| diagnosis.id),
        summary: first.map(|diagnosis| diagnosis.summary.clone()).unwrap_or_default(),
        course,
    }
}

/// Whether we run inside the gateway's own tree.
fn is_inside(at: &Subject<'_>) -> bool {
    let pid = at.gateway.process().map(|process| process.pid);
    pid.is_some_and(|pid| at.facts.about.ancestry.contains(&pid)) || at.facts.has_hint("in-gateway")
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
