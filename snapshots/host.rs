//! The one seam: everything that is known of a host comes through [`Host`].
//!
//! Behind it stand a live Linux box, a live Mac, and a JSON file from a bug report. Nothing here can
//! change a host: the only programs that can be asked for are the [`Ask`]s, and none of them writes.

use jiff::Timestamp;

use crate::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen, Reach, Trouble,
};
use crate::snapshot::About;

/// A host that answers questions.
///
/// Every answer is an observation, a refusal included; no call fails, none blocks beyond the run's
/// deadline, and the same question gets the same answer for the length of a run.
pub trait Host {
    /// What the host is, and from where we look at it.
    fn about(&self) -> &About;

    /// The time of this look. Ages are measured against it, so that a recorded host does not grow older.
    fn now(&self) -> Timestamp;

    /// Says which answers will soon be wanted, so that they can be fetched side by side.
    fn prepare(&self, questions: Vec<Question>);

    /// Runs a program of the allow-list. A recorded host may hold several command lines that answer
    /// one question (a person ran `systemctl show` once a unit), so there may be several answers.
    fn command(&self, ask: &Ask) -> Vec<CommandSeen>;

    /// Reads a file, or a part of it.
    fn file(&self, path: &str, part: Part) -> FileSeen;

    /// Lists a directory.
    fn directory(&self, path: &str) -> DirectorySeen;

    /// The service definitions in a directory: its files with this ending whose text mentions Hermes.
    fn definitions(&self, directory: &str, ending: &str) -> Seen<FileSeen>;

    /// Every process that looks like Hermes, whoever owns it (see [`crate::parse::cmdline`]).
    fn processes(&self) -> Seen<ProcessSeen>;

    /// One process.
    fn process(&self, pid: u32) -> ProcessSeen;

    /// Every listening TCP socket that has one of these ports, and every one that a Hermes process holds.
    fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen>;

    /// Who holds the lock on a file.
    fn lock(&self, path: &str) -> LockSeen;

    /// The file system that holds a directory: its room, and how it is mounted.
    fn filesystem(&self, path: &str) -> FilesystemSeen;

    /// One GET without credentials, redirects or proxy, to a loopback address.
    fn http(&self, url: &str) -> HttpSeen;
}

/// How much of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// What `stat` says, and no content.
    Stat,
    /// All of it, up to this many bytes; a larger file is `TooLarge`.
    Whole(u64),
    /// Its last bytes, at most this many, from the start of a line.
    Tail(u64),
    /// Of Hermes's record of executions, a SQLite database, those that matter, as a JSON list: nobody could
    /// take the secrets out of its bytes. See [`crate::redact::executions`].
    Executions,
    /// Of the source text of Hermes's gateway, with the modules that it imports, what it writes into the definitions
    /// that this kind of host has, as JSON: a checkout may hold its owner's values. See [`crate::facts::reference`].
    Generators,
}

impl Part {
    /// All of a small file of state or configuration: 1 MiB.
    pub const SMALL: Self = Self::Whole(1 << 20);
    /// The end of a log: 256 KiB.
    pub const LOG: Self = Self::Tail(256 << 10);
}

/// The outcome of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// What was found.
    pub list: Vec<T>,
    /// Whether what is not in the list is not on the host. False for a list that a person wrote, or
    /// that a refusal cut short.
    pub complete: bool,
    /// Why the search could not be made, or not to its end.
    pub trouble: Option<Trouble>,
}

impl<T> Seen<T> {
    /// A search that saw everything there is to see.
    pub const fn complete(list: Vec<T>) -> Self {
        Self { list, complete: true, trouble: None }
    }

    /// How far it went.
    pub fn reach(&self) -> Reach {
        match &self.trouble {
            Some(trouble) => Reach::Trouble(trouble.clone()),
            None if self.complete => Reach::Complete,
            None => Reach::Partial,
        }
    }

    /// A search that went so far.
    pub fn as_far_as(list: Vec<T>, reach: &Reach) -> Self {
        let trouble = match reach {
            Reach::Trouble(trouble) => Some(trouble.clone()),
            Reach::Complete | Reach::Partial => None,
        };
        Self { list, complete: *reach == Reach::Complete, trouble }
    }

    /// A search that could not be made.
    pub const fn failed(trouble: Trouble) -> Self {
        Self { list: Vec::new(), complete: false, trouble: Some(trouble) }
    }
}

/// A question for [`Host::prepare`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// See [`Host::command`].
    Command(Ask),
    /// See [`Host::file`].
    File(String, Part),
    /// See [`Host::directory`].
    Directory(String),
    /// See [`Host::definitions`].
    Definitions(String, String),
    /// See [`Host::processes`].
    Processes,
    /// See [`Host::process`].
    Process(u32),
    /// See [`Host::listeners`].
    Listeners(Vec<u16>),
    /// See [`Host::lock`].
    Lock(String),
    /// See [`Host::filesystem`].
    Filesystem(String),
    /// See [`Host::http`].
    Http(String),
}

/// The allow-list of programs: there is no other way to run one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    /// `systemctl show` for all units at once: for every one that is loaded and called after Hermes, and for these. To
    /// name a unit that is not loaded makes systemd load it, which takes milliseconds each.
    SystemctlShow {
        /// Which manager.
        scope: Scope,
        /// Unit names, with their `.service`.
        units: Vec<String>,
    },
    /// `systemctl show` for how other units stand, which one of ours requires, or which start one of ours: no more of them
    /// than that.
    SystemctlShowState {
        /// Which manager.
        scope: Scope,
        /// Unit names, with their endings.
        units: Vec<String>,
    },
    /// `loginctl show-user`: whether the user's manager outlives the last session.
    LoginctlShowUser {
        /// Numeric user.
        uid: u32,
    },
    /// `journalctl` for the last lines of a unit that failed or loops. It opens the journal's files for reading, and asks
    /// nobody.
    Journal {
        /// Which manager the unit is of.
        scope: Scope,
        /// Its name, with its `.service`.
        unit: String,
    },
    /// `launchctl print DOMAIN/LABEL`, or `launchctl print DOMAIN`.
    LaunchctlPrint {
        /// `gui/501/ai.hermes.gateway`, `gui/501`, …
        target: String,
    },
    /// `launchctl print-disabled DOMAIN`.
    LaunchctlPrintDisabled {
        /// `gui/501`, `user/501`, `system`.
        domain: String,
    },
    /// `launchctl managername`: the type of the session from which we look.
    LaunchctlManagername,
    /// `launchctl list LABEL`, which sees the caller's own domain only. Never asked of a live host; people
    /// paste it.
    LaunchctlList {
        /// The label.
        label: String,
    },
}

/// Which systemd manager a unit belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The user's own: `systemctl --user`.
    User,
    /// The system's: `systemctl`.
    System,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::System => "system",
        })
    }
}

/// The properties that are asked of a unit, and so the ones that a snapshot holds.
const UNIT_PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,MainPID,ExecMainPID,ExecMainCode,\
ExecMainStatus,ExecMainStartTimestamp,ExecMainExitTimestamp,NRestarts,UnitFileState,NeedDaemonReload,\
FragmentPath,DropInPaths,Restart,RestartUSec,RestartPreventExitStatus,RestartForceExitStatus,\
SuccessExitStatus,StartLimitIntervalUSec,StartLimitBurst,TimeoutStartUSec,TimeoutStopUSec,Type,User,\
ExecStart,WorkingDirectory,Environment,EnvironmentFiles,KillMode,ControlGroup,Job,StateChangeTimestamp,\
WatchdogUSec,ConditionResult,ConditionTimestamp,AssertResult,AssertTimestamp,RuntimeMaxUSec,FreezerState,\
Requires,Requisite,BindsTo,After,WantedBy,RequiredBy,TriggeredBy";

/// The properties that are asked of a unit that one of ours requires, or that starts one of ours.
const STATE_PROPERTIES: &str = "Id,Names,LoadState,ActiveState,SubState,Result,UnitFileState";

impl Ask {
    /// The command line, program name first.
    pub fn argv(&self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        match self {
            Self::SystemctlShow { scope, units } => {
                let mut argv = words(show(*scope));
                argv.extend(words(&["--no-pager", "-p", UNIT_PROPERTIES, "--", LOADED]));
                argv.extend(units.iter().cloned());
                argv
            }
            Self::SystemctlShowState { scope, units } => {
                let mut argv = words(show(*scope));
                argv.extend(words(&["--no-pager", "-p", STATE_PROPERTIES, "--"]));
                argv.extend(units.iter().cloned());
                argv
            }
            Self::LoginctlShowUser { uid } => {
                // Unlike `systemctl`, it takes no list (systemd 252 prints nothing for one).
                let mut argv = words(&["loginctl", "show-user", "-p", "Linger", "-p", "State"]);
                argv.extend(words(&["-p", "Sessions", "-p", "Name"]));
                argv.push(uid.to_string());
                argv
            }
            Self::Journal { scope, unit } => {
                // `--user` reads the user's own files alone, which there are only where the journal is kept on disk.
                let of = if *scope == Scope::User { "--user-unit" } else { "-u" };
                words(&["journalctl", of, unit, "-n", "40", "-o", "json", "-q", "--no-pager"])
            }
            Self::LaunchctlPrint { target } => words(&["launchctl", "print", target]),
            Self::LaunchctlPrintDisabled { domain } => {
                words(&["launchctl", "print-disabled", domain])
            }
            Self::LaunchctlManagername => words(&["launchctl", "managername"]),
            Self::LaunchctlList { label } => words(&["launchctl", "list", label]),
        }
    }

    /// Whether a recorded command line answers this question, though it may have been typed by a
    /// person, or by a version that asked for other properties.
    pub fn is_answered_by(&self, argv: &[String]) -> bool {
        let mut words = argv.iter().map(String::as_str);
        let program = words.next().and_then(|word| word.rsplit('/').next()).unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        let is_shown = |scope: Scope| {
            program == "systemctl"
                && rest.contains(&"show")
                && rest.contains(&"--user") == (scope == Scope::User)
        };
        let is_named = |units: &[String]| {
            rest.iter().any(|word| units.iter().any(|unit| names_unit(word, unit)))
        };
        match self {
            Self::SystemctlShow { scope, units } => {
                let is_ours = rest.iter().any(|word| word.starts_with("hermes"));
                is_shown(*scope) && (is_ours || is_named(units))
            }
            Self::SystemctlShowState { scope, units } => is_shown(*scope) && is_named(units),
            Self::LoginctlShowUser { uid } => {
                let of_another =
                    |word: &&str| word.parse::<u32>().is_ok_and(|number| number != *uid);
                program == "loginctl"
                    && rest.first() == Some(&"show-user")
                    && !rest.iter().any(of_another)
            }
            Self::Journal { scope, unit } => {
                let is_json = rest.iter().any(|word| word.contains("json"));
                let is_user = rest.contains(&"--user") || rest.contains(&"--user-unit");
                program == "journalctl"
                    && is_json
                    && is_user == (*scope == Scope::User)
                    && rest.iter().any(|word| names_unit(word, unit))
            }
            Self::LaunchctlPrint { .. }
            | Self::LaunchctlPrintDisabled { .. }
            | Self::LaunchctlManagername
            | Self::LaunchctlList { .. } => {
                program == "launchctl" && self.argv().iter().skip(1).eq(rest.iter())
            }
        }
    }
}

const fn show(scope: Scope) -> &'static [&'static str] {
    match scope {
        Scope::User => &["systemctl", "--user", "show"],
        Scope::System => &["systemctl", "show"],
    }
}

/// `systemctl` takes `hermes-gateway` for `hermes-gateway.service`.
fn names_unit(word: &str, unit: &str) -> bool {
    word == unit || unit.strip_suffix(".service") == Some(word)
}

/// What `systemctl` takes for every loaded unit that is called after Hermes.
pub const LOADED: &str = "hermes*";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_of_one_user_is_no_answer_for_another() {
        let ask = Ask::LoginctlShowUser { uid: 1000 };
        for (typed, expected) in [
            ("loginctl show-user -p Linger 1000", true),
            ("loginctl show-user 1000 --property=Linger", true),
            ("/usr/bin/loginctl show-user a", true),
            ("loginctl show-user", true),
            ("loginctl show-user -p Linger 1001", false),
            ("loginctl list-users 1000", false),
        ] {
            let argv: Vec<String> = typed.split(' ').map(String::from).collect();
            assert_eq!(ask.is_answered_by(&argv), expected, "{typed}");
        }
        assert!(ask.is_answered_by(&ask.argv()));
    }
}
