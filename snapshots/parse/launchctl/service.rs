//! `launchctl print DOMAIN/LABEL`: one service, in every layout from 10.10 to 26.
//!
//! `path` and `state` are printed before the arguments, so no argument can forge them. What is printed
//! after them is believed only as far as a forgery would show: a key that stands twice, a line where none
//! can be, a PID beside a state that has none.

use super::{Document, Twice, Value, pairs};
use crate::fact::{Fact, Why};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `gui/501/ai.hermes.gateway`, or the label alone (up to 10.15).
    pub target: String,
    /// What it does.
    pub state: Fact<State>,
    /// Its process. Absent where the state has none.
    pub pid: Fact<u32>,
    /// How often it was started since it was loaded.
    pub runs: Fact<u64>,
    /// How the previous run ended. Absent where none has.
    pub last_exit: Fact<LastExit>,
    /// The plist that was imported. A text in parentheses where it came from no file.
    pub path: Option<String>,
    /// `program`.
    pub program: Option<String>,
    /// `arguments`.
    pub arguments: Fact<Vec<String>>,
    /// `environment`, without what it inherits.
    pub environment: Vec<(String, String)>,
    /// `working directory`.
    pub working_directory: Option<String>,
    /// `stdout path`.
    pub stdout: Option<String>,
    /// `stderr path`.
    pub stderr: Option<String>,
    /// `minimum runtime`, in seconds.
    pub minimum_runtime: Option<u64>,
    /// `exit timeout`, in seconds.
    pub exit_timeout: Option<u64>,
    /// `successive crashes`: how many runs in a row ended in a crash. Printed when it is not 0, since macOS 11.
    pub successive_crashes: Option<u64>,
    /// `immediate reason`: why the present run was started, such as `inefficient` or `non-ipc demand`.
    pub immediate_reason: Option<String>,
    /// `pended spawn`, `pended nondemand spawn`: why a start that is due is held back.
    pub pended: Option<String>,
    /// `execs`.
    pub execs: Option<u64>,
    /// `job state`.
    pub job_state: Option<String>,
    /// `semaphores`: the conditions of a `KeepAlive` dictionary, such as `successful exit` with `0`.
    pub semaphores: Option<Vec<(String, String)>>,
    /// `properties`: `keepalive`, `runatload`, … None where there are none in the text.
    pub properties: Option<Vec<String>>,
}

/// What a service does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has a process.
    Running,
    /// It has none.
    NotRunning,
    /// It is to be started again when its minimum runtime is over.
    SpawnScheduled,
    /// It is being started: forked, and its program not yet run.
    Spawning,
    /// It was asked to end, or is being killed.
    Ending,
    /// Something that this version does not know.
    Other(String),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastExit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// For a reason of the kernel's, such as `OS_REASON_CODESIGNING`, or of launchd's.
    Reason(String),
}

/// Reads it. None where the text is no service.
pub fn read(text: &str) -> Option<Service> {
    let document = Document::read(text, &EXCERPT)?;
    let said = |key: &str| match document.text(key) {
        Ok(Some(value)) => Fact::Known(value),
        Ok(None) => Fact::Absent,
        Err(Twice) => Fact::Unknown(Why::Malformed(format!("{key} stands twice"))),
    };
    let after_arguments = |key: &str| match said(key) {
        Fact::Known(_) if document.is_broken => {
            Fact::Unknown(Why::Malformed("a line stands where none can be".into()))
        }
        fact => fact,
    };
    let text = |key: &str| said(key).known().map(ToString::to_string);
    let number = |key: &str| after_arguments(key).known().and_then(|text| leading_number(text));
    let state = match document.text_before_arguments("state") {
        Some(word) => Fact::Known(State::of(word)),
        None => Fact::Unknown(Why::Malformed("it has no state".into())),
    };
    let last_exit = last_exit(&after_arguments);
    Some(Service {
        target: document.target.into(),
        pid: pid(&state, after_arguments("pid")),
        state,
        runs: absent_is_unknown(after_arguments("runs")).and_then(|text| {
            leading_number(text).map_or_else(
                || Fact::Unknown(Why::Malformed(format!("runs = {text}"))),
                Fact::Known,
            )
        }),
        last_exit,
        path: document.text_before_arguments("path").map(String::from),
        program: document.text_before_arguments("program").map(String::from),
        arguments: arguments(&document),
        environment: environment(&document),
        working_directory: text("working directory"),
        stdout: text("stdout path"),
        stderr: text("stderr path"),
        minimum_runtime: number("minimum runtime"),
        exit_timeout: number("exit timeout"),
        successive_crashes: number("successive crashes"),
        immediate_reason: text("immediate reason"),
        pended: text("pended nondemand spawn").or_else(|| text("pended spawn")),
        execs: number("execs"),
        job_state: text("job state"),
        semaphores: semaphores(&document),
        properties: properties(&document),
    })
}

/// A line that every print has is only missing where somebody left it out.
fn absent_is_unknown<T>(fact: Fact<T>) -> Fact<T> {
    if fact.is_absent() { Fact::Unknown(Why::NotObserved) } else { fact }
}

impl State {
    fn of(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "not running" | "exited" | "waiting" => Self::NotRunning,
            "spawn scheduled" => Self::SpawnScheduled,
            "spawning" | "xpcproxy" => Self::Spawning,
            "SIGTERMed" | "SIGKILLed" => Self::Ending,
            other => Self::Other(other.into()),
        }
    }

    /// Whether a service in it has a process.
    pub const fn has_process(&self) -> Option<bool> {
        match self {
            Self::Running | Self::Ending | Self::Spawning => Some(true),
            Self::NotRunning | Self::SpawnScheduled => Some(false),
            Self::Other(_) => None,
        }
    }
}

/// A PID is printed only beside a state that has one; the other way round somebody's argument says it.
fn pid(state: &Fact<State>, said: Fact<&str>) -> Fact<u32> {
    let has_process = state.known().and_then(State::has_process);
    match (has_process, said) {
        (None, _) if state.why().is_some() => state.as_ref().and_then(|_| Fact::Absent),
        (Some(false), Fact::Absent) => Fact::Absent,
        (Some(false), Fact::Known(_)) => {
            Fact::Unknown(Why::Malformed("a PID beside a state that has none".into()))
        }
        (_, Fact::Known(text)) => match text.parse().ok().filter(|pid| *pid > 0) {
            Some(pid) => Fact::Known(pid),
            None => Fact::Unknown(Why::Malformed(format!("pid = {text}"))),
        },
        (_, Fact::Absent) => Fact::Unknown(Why::NotObserved),
        (_, Fact::Unknown(why)) => Fact::Unknown(why),
    }
}

/// One of three lines tells it; where a copy has two, the signal or the reason.
fn last_exit<'a>(said: &impl Fn(&str) -> Fact<&'a str>) -> Fact<LastExit> {
    match (said("last terminating signal"), said("last exit reason"), said("last exit code")) {
        (Fact::Unknown(why), ..) | (_, Fact::Unknown(why), _) | (_, _, Fact::Unknown(why)) => {
            Fact::Unknown(why)
        }
        (Fact::Known(signal), ..) => match signal.rsplit(':').next().and_then(leading_number) {
            Some(number) => i32::try_from(number)
                .map_or(Fact::Unknown(Why::NotObserved), |number| {
                    Fact::Known(LastExit::Signal(number))
                }),
            None => Fact::Unknown(Why::Malformed(format!("last terminating signal = {signal}"))),
        },
        (_, Fact::Known(reason), _) => Fact::Known(LastExit::Reason(reason.into())),
        (_, _, Fact::Known("(never exited)")) => Fact::Absent,
        (_, _, Fact::Known(code)) => match leading_number(code).map(i32::try_from) {
            Some(Ok(code)) => Fact::Known(LastExit::Code(code)),
            _ => Fact::Known(LastExit::Reason(code.into())),
        },
        (Fact::Absent, Fact::Absent, Fact::Absent) => Fact::Unknown(Why::NotObserved),
    }
}

/// The arguments, one a line. A line break inside one shows as a line that is indented less.
fn arguments(document: &Document<'_>) -> Fact<Vec<String>> {
    let is_even = |key| document.entries.iter().all(|entry| entry.key != key || entry.is_even);
    match document.block("arguments") {
        _ if document.is_broken || !is_even("arguments") => {
            Fact::Unknown(Why::Malformed("an argument holds a line break".into()))
        }
        Some(lines) => Fact::Known(lines.iter().map(ToString::to_string).collect()),
        None => Fact::Unknown(Why::NotObserved),
    }
}

fn environment(document: &Document<'_>) -> Vec<(String, String)> {
    let lines = document.block("environment").unwrap_or_default();
    pairs(lines).into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// `semaphores = {` with a line each, or in one line, as some authors copy it.
fn semaphores(document: &Document<'_>) -> Option<Vec<(String, String)>> {
    let inline =
        document.text("semaphores").ok().flatten().map(|text| {
            vec![text.trim_matches(|c: char| matches!(c, '{' | '}') || c.is_whitespace())]
        });
    let lines = document.block("semaphores").map(<[&str]>::to_vec).or(inline)?;
    Some(pairs(&lines).into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}

/// Joined by bars since 11; a block of `name = 0` and `name = 1` before.
fn properties(document: &Document<'_>) -> Option<Vec<String>> {
    let entry = document.entries.iter().find(|entry| entry.key == "properties")?;
    Some(match &entry.value {
        Value::Text(text) => text
            .split('|')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(String::from)
            .collect(),
        Value::Block(lines) => lines
            .iter()
            .filter_map(|line| line.trim().strip_suffix(" = 1"))
            .map(String::from)
            .collect(),
    })
}

/// What a service's lines begin with, and a domain's do not.
const EXCERPT: [&str; 7] = [
    "state = ",
    "runs = ",
    "pid = ",
    "last exit code = ",
    "last exit reason = ",
    "last terminating signal = ",
    "pended ",
];

/// `78: EX_CONFIG`, `30 seconds`.
fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(digits)?.0.parse().ok()
}

#[cfg(test)]
mod tests;
