//! What a person can run to put it right: ordered commands, each with its guard, its effect and its undo.
//!
//! gw-doctor never runs them. No plan beats a wrong plan: where the facts do not carry one, the plan is
//! the list of commands that would settle them, and those only read.

mod recipes;
pub mod script;

use gw_snapshot::facts::process::Process;
use gw_snapshot::host::Scope;
use gw_snapshot::observation::Started;

use crate::Subject;
use crate::diagnosis::{Diagnosis, HEALTHY};

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
    let first = diagnoses.first();
    let course = match first {
        Some(diagnosis) if diagnosis.id == HEALTHY => Course::Nothing,
        _ if is_inside(at) => Course::Look {
            because: "gw-doctor runs inside the gateway: what would restart it would end the plan half-way; run it from a terminal of your own".into(),
            commands: Vec::new(),
        },
        Some(diagnosis) => recipes::course(at, diagnosis.id),
        None => recipes::look(at, "what is wrong has no name yet"),
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
    fn same(process: &Process) -> Option<Self> {
        let Some(Started::Units(ticks)) = process.seen.started else { return None };
        let argv = process.seen.argv.clone().filter(|argv| !argv.is_empty())?;
        Some(Self::SameProcess { pid: process.pid, ticks, argv })
    }
}
