//! The definition of a job, as launchd imports it at `bootstrap`. It is read once: what happens to the
//! file later changes nothing. Keys of launchd's that are not modelled are refused; keys that launchd does not
//! know are ignored, as it ignores them.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use plist::{Dictionary, Value};

use crate::domain::Domain;
use crate::exit::Exit;
use crate::job::Reason;
use crate::refusal::{NotLoaded, Refusal};

/// The longest time that a graphical session waits for a job to end, in seconds.
const GUI_EXIT_TIMEOUT: u32 = 60;

/// What a property list says about a job.
#[derive(Debug)]
pub(crate) struct Definition {
    /// `Label`.
    pub(crate) label: String,
    /// `Program`, if it is given.
    program: Option<String>,
    /// `ProgramArguments`; the program alone if there are none.
    pub(crate) arguments: Vec<String>,
    /// `WorkingDirectory`.
    pub(crate) working_directory: Option<String>,
    /// `EnvironmentVariables`, in the order of the file.
    pub(crate) environment: Vec<(String, String)>,
    /// `StandardInPath`.
    pub(crate) stdin: Option<String>,
    /// `StandardOutPath`.
    pub(crate) stdout: Option<String>,
    /// `StandardErrorPath`.
    pub(crate) stderr: Option<String>,
    /// `RunAtLoad`.
    pub(crate) run_at_load: bool,
    /// `KeepAlive`.
    pub(crate) keep_alive: KeepAlive,
    /// `ThrottleInterval`, in seconds.
    pub(crate) minimum_runtime: u32,
    /// `ExitTimeOut`, in seconds; 0 waits for ever, where nothing clamps it.
    exit_timeout: u32,
    /// `LimitLoadToSessionType`.
    session_types: Vec<String>,
    /// `AbandonProcessGroup`.
    pub(crate) abandon_process_group: bool,
    /// `Disabled`.
    pub(crate) disabled: bool,
    /// `ProcessType`.
    process_type: Option<String>,
    /// `Umask`.
    pub(crate) umask: Option<u32>,
    /// `NumberOfFiles` of `SoftResourceLimits`.
    pub(crate) number_of_files: Option<u64>,
}

/// When a job that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeepAlive {
    /// Absent or false.
    Never,
    /// True.
    Always,
    /// A dictionary: one condition that holds is enough.
    Conditions {
        /// `SuccessfulExit`.
        successful_exit: Option<bool>,
        /// `Crashed`.
        crashed: Option<bool>,
    },
}

impl KeepAlive {
    /// Why a job is started again after such an end, if it is.
    pub(crate) fn after(self, exit: Exit) -> Option<Reason> {
        match self {
            KeepAlive::Never => None,
            KeepAlive::Always => Some(Reason::Inefficient),
            KeepAlive::Conditions { successful_exit, crashed } => {
                let holds = successful_exit == Some(exit == Exit::Code(0))
                    || crashed == Some(exit.is_crash());
                holds.then_some(Reason::Semaphore)
            }
        }
    }
}

impl Definition {
    /// Reads a property list, XML or binary, of one of these owners, and that nobody else can write.
    pub(crate) fn import(path: &Path, owners: &[u32]) -> Result<Definition, NotLoaded> {
        let invalid = |_: io::Error| Refusal::InvalidPropertyList;
        let mut file = File::open(path).map_err(invalid)?;
        let about = file.metadata().map_err(invalid)?;
        if !owners.contains(&about.uid()) || about.mode() & WRITABLE_BY_OTHERS != 0 {
            return Err(Refusal::BadPermissions.into());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(invalid)?;
        let value = Value::from_reader(io::Cursor::new(bytes));
        let value = value.map_err(|_| Refusal::InvalidPropertyList)?;
        let keys = value.as_dictionary().ok_or(Refusal::InvalidPropertyList)?;
        if let Some(what) = not_modelled(keys) {
            return Err(NotLoaded::NotModelled(what));
        }
        Ok(Definition::of(keys).ok_or(Refusal::InvalidPropertyList)?)
    }

    /// Reads the keys. None if they define no job.
    fn of(keys: &Dictionary) -> Option<Definition> {
        let text = |key: &str| keys.get(key)?.as_string().map(str::to_owned);
        let flag = |key: &str| keys.get(key).and_then(Value::as_boolean).unwrap_or_default();
        let number = |key: &str| u32::try_from(keys.get(key)?.as_unsigned_integer()?).ok();
        let program = text("Program");
        let arguments = texts(keys, "ProgramArguments");
        let arguments = if arguments.is_empty() { vec![program.clone()?] } else { arguments };
        let limits = keys.get("SoftResourceLimits").and_then(Value::as_dictionary);
        Some(Definition {
            label: text("Label").filter(|label| !label.is_empty())?,
            program,
            arguments,
            working_directory: text("WorkingDirectory"),
            environment: environment(keys),
            stdin: text("StandardInPath"),
            stdout: text("StandardOutPath"),
            stderr: text("StandardErrorPath"),
            run_at_load: flag("RunAtLoad"),
            keep_alive: keep_alive(keys),
            minimum_runtime: number("ThrottleInterval").unwrap_or(10),
            exit_timeout: number("ExitTimeOut").unwrap_or(5),
            session_types: session_types(keys),
            abandon_process_group: flag("AbandonProcessGroup"),
            disabled: flag("Disabled"),
            process_type: text("ProcessType"),
            umask: number("Umask"),
            number_of_files: limits
                .and_then(|limits| limits.get("NumberOfFiles")?.as_unsigned_integer()),
        })
    }

    /// What is executed.
    pub(crate) fn program(&self) -> &str {
        self.program.as_deref().or(self.arguments.first().map(String::as_str)).unwrap_or_default()
    }

    /// Whether the program is the first of the arguments, for want of a `Program`.
    pub(crate) fn program_is_inferred(&self) -> bool {
        self.program.is_none()
    }

    /// How long a domain waits after SIGTERM, in seconds; 0 is for ever.
    pub(crate) fn exit_timeout(&self, domain: Domain) -> u32 {
        match (domain, self.exit_timeout) {
            (Domain::Gui(_), 0) => GUI_EXIT_TIMEOUT,
            (Domain::Gui(_), seconds) => seconds.min(GUI_EXIT_TIMEOUT),
            (_, seconds) => seconds,
        }
    }

    /// Why the job is started when it is loaded, if it is. `SuccessfulExit` needs an exit to look at,
    /// so it implies `RunAtLoad`.
    pub(crate) fn reason_at_load(&self) -> Option<Reason> {
        match self.keep_alive {
            _ if self.run_at_load => Some(Reason::Speculative),
            KeepAlive::Always => Some(Reason::Inefficient),
            KeepAlive::Conditions { successful_exit: Some(_), .. } => Some(Reason::Semaphore),
            _ => None,
        }
    }

    /// Whether the job may be loaded into such a domain. Without `LimitLoadToSessionType` an agent is
    /// for graphical sessions.
    pub(crate) fn loads_in(&self, domain: Domain) -> bool {
        domain == Domain::System
            || self.session_types.iter().any(|kind| kind == domain.session_type())
    }

    /// The words for `spawn type`.
    pub(crate) fn spawn_type(&self) -> &'static str {
        match self.process_type.as_deref() {
            Some("Interactive") => "interactive (4)",
            Some("Background") => "background (5)",
            Some("Adaptive") => "adaptive (6)",
            _ => "daemon (3)",
        }
    }
}

/// A key of launchd's, or a condition of one, that the stand-in would have to pass over in silence.
fn not_modelled(keys: &Dictionary) -> Option<String> {
    let inside = |key: &str, modelled: &[&str]| {
        let inner = keys.get(key).and_then(Value::as_dictionary)?;
        let other = inner.keys().find(|inner| !modelled.contains(&inner.as_str()))?;
        Some(format!("{key} {other}"))
    };
    let whole = keys.keys().find(|key| NOT_MODELLED.contains(&key.as_str()));
    whole
        .cloned()
        .or_else(|| inside("KeepAlive", &["SuccessfulExit", "Crashed"]))
        .or_else(|| inside("SoftResourceLimits", &["NumberOfFiles"]))
}

/// The keys of `man launchd.plist` that start or end jobs, or change what they run as, and are not modelled.
const NOT_MODELLED: [&str; 37] = [
    "AssociatedBundleIdentifiers",
    "BundleProgram",
    "Debug",
    "EnableGlobbing",
    "EnablePressuredExit",
    "EnableTransactions",
    "GroupName",
    "HardResourceLimits",
    "HopefullyExitsFirst",
    "HopefullyExitsLast",
    "InitGroups",
    "LaunchEvents",
    "LaunchOnlyOnce",
    "LegacyTimers",
    "LimitLoadFromHosts",
    "LimitLoadToHardware",
    "LimitLoadToHosts",
    "LowPriorityBackgroundIO",
    "LowPriorityIO",
    "MachServices",
    "MaterializeDatalessFiles",
    "Nice",
    "OnDemand",
    "QueueDirectories",
    "RootDirectory",
    "ServiceIPC",
    "SessionCreate",
    "Sockets",
    "SpawnConstraint",
    "StartCalendarInterval",
    "StartInterval",
    "StartOnMount",
    "TimeOut",
    "UserName",
    "WaitForDebugger",
    "WatchPaths",
    "inetdCompatibility",
];

/// The permission to write, of the group and of everybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;

fn texts(keys: &Dictionary, key: &str) -> Vec<String> {
    let items = keys.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_string).map(str::to_owned).collect()
}

fn environment(keys: &Dictionary) -> Vec<(String, String)> {
    let variables = keys.get("EnvironmentVariables").and_then(Value::as_dictionary);
    let pair = |(name, value): (&String, &Value)| {
        value.as_string().map(|value| (name.clone(), value.to_owned()))
    };
    variables.into_iter().flatten().filter_map(pair).collect()
}

fn keep_alive(keys: &Dictionary) -> KeepAlive {
    match keys.get("KeepAlive") {
        Some(Value::Boolean(true)) => KeepAlive::Always,
        Some(Value::Dictionary(conditions)) => {
            let condition = |key: &str| conditions.get(key).and_then(Value::as_boolean);
            KeepAlive::Conditions {
                successful_exit: condition("SuccessfulExit"),
                crashed: condition("Crashed"),
            }
        }
        _ => KeepAlive::Never,
    }
}

fn session_types(keys: &Dictionary) -> Vec<String> {
    match keys.get("LimitLoadToSessionType") {
        Some(Value::String(kind)) => vec![kind.clone()],
        Some(Value::Array(_)) => texts(keys, "LimitLoadToSessionType"),
        _ => vec!["Aqua".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_of_keep_alive_that_holds_is_enough() {
        let conditions =
            |successful_exit, crashed| KeepAlive::Conditions { successful_exit, crashed };
        let (clean, failed, killed, crash) =
            (Exit::Code(0), Exit::Code(1), Exit::Signal(9), Exit::Signal(11));
        for (keep_alive, again, at_rest) in [
            (KeepAlive::Always, vec![clean, failed, killed, crash], vec![]),
            (KeepAlive::Never, vec![], vec![clean, failed, killed, crash]),
            (conditions(Some(false), None), vec![failed, killed, crash], vec![clean]),
            (conditions(Some(true), None), vec![clean], vec![failed, killed, crash]),
            (conditions(None, Some(true)), vec![crash], vec![clean, failed, killed]),
            (conditions(None, Some(false)), vec![clean, failed, killed], vec![crash]),
            (conditions(Some(false), Some(false)), vec![clean, failed, killed, crash], vec![]),
            (conditions(None, None), vec![], vec![clean, failed, killed, crash]),
        ] {
            for exit in again {
                assert!(keep_alive.after(exit).is_some(), "{keep_alive:?} {exit:?}");
            }
            for exit in at_rest {
                assert_eq!(keep_alive.after(exit), None, "{keep_alive:?} {exit:?}");
            }
        }
    }
}
