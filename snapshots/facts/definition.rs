//! A service definition: the unit or plist on disk, with its drop-ins, in the terms that both managers share.

use crate::fact::{Fact, Why};
use crate::facts::home::{Choice, Home, join};
use crate::facts::limit::Limit;
use crate::facts::place::Place;
use crate::facts::shape::{self, Entry};
use crate::facts::terms::{self, Term};
use crate::host::Scope;
use crate::observation::FileSeen;
use crate::parse::cmdline::{self, GatewayArgs, Role};
use crate::parse::exec::{self, Exec};
use crate::parse::plist::Plist;
use crate::parse::specifier::Specifiers;
use crate::parse::unit::{Effective, Unit};
use crate::redact::holds_a_mark;
use crate::snapshot::About;
use crate::value::Value;

/// A definition, as the manager would understand it if it read the files now.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The main file.
    pub path: String,
    /// Drop-ins, in the order in which they apply.
    pub drop_ins: Vec<String>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where the arguments stand.
    pub argv_at: Option<Place>,
    /// What those arguments run.
    pub role: Role,
    /// What they tell the gateway, through a wrapper too.
    pub told: GatewayArgs,
    /// The environment that it sets, last assignment last.
    pub environment: Vec<Variable>,
    /// The files from which it reads more environment, each with whether it may be missing.
    pub environment_files: Vec<(String, bool)>,
    /// Its working directory.
    pub working_directory: Option<(String, Place)>,
    /// The user it runs as, if it says so.
    pub user: Option<String>,
    /// When the manager starts it again. None where it says nothing.
    pub restart: Option<(Restart, Place)>,
    /// How long the manager waits between asking it to stop and killing it. None where it says nothing.
    pub stop_timeout: Option<(Limit, Place)>,
    /// What only a plist says.
    pub agent: Option<Agent>,
    /// Where the main file leads, if it is a link.
    pub leads_to: Option<String>,
    /// The permission bits of the main file.
    pub mode: Option<u32>,
    /// The owner of the main file.
    pub owner: Option<u32>,
    /// What in the files makes no sense to the manager.
    pub problems: Vec<Problem>,
    /// What the main file alone says, entry by entry, in the order of its lines.
    pub entries: Vec<Entry>,
    /// What the drop-ins say beside it, but for one that Hermes takes away.
    pub dropped_in: Vec<Entry>,
    /// The drop-in by which an older Hermes had the service start with `--replace`: newer ones take it away.
    pub passing_drop_in: Option<String>,
    /// All that it says, in a form in which it can be compared.
    pub terms: Vec<Term>,
    /// The text of each file of it that is a text, by its path.
    pub texts: Vec<(String, String)>,
}

/// When a service is started again after it ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restart {
    /// Whatever the end: `Restart=always`, `KeepAlive` true.
    Always,
    /// After an end that was a failure: `on-failure`, `SuccessfulExit` false.
    OnFailure,
    /// After a success only: `on-success`, `SuccessfulExit` true, `Crashed` false.
    OnSuccess,
    /// After a signal only: `on-abnormal`, `on-abort`, `Crashed` true.
    OnCrash,
    /// Never: `no`, `KeepAlive` false or not there.
    Never,
    /// By a rule that this version does not know, in the manager's own words.
    Other(String),
}

impl Restart {
    /// What `Restart=` says.
    fn of_unit(value: &str) -> Self {
        match value {
            "always" => Self::Always,
            "on-failure" => Self::OnFailure,
            "on-success" => Self::OnSuccess,
            "on-abnormal" | "on-abort" | "on-watchdog" => Self::OnCrash,
            "no" => Self::Never,
            other => Self::Other(other.into()),
        }
    }
}

impl Restart {
    /// What `KeepAlive` says. None where it is not there.
    fn of_plist(plist: &Plist) -> Option<Self> {
        if let Some(always) = plist.truth("KeepAlive") {
            return Some(if always { Self::Always } else { Self::Never });
        }
        let conditions = plist.pairs("KeepAlive")?;
        let names: Vec<(&str, &str)> =
            conditions.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Some(match names.as_slice() {
            [("SuccessfulExit", "false")] => Self::OnFailure,
            [("SuccessfulExit", "true") | ("Crashed", "false")] => Self::OnSuccess,
            [("Crashed", "true")] => Self::OnCrash,
            [] => Self::Never,
            names => {
                let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                Self::Other(format!("KeepAlive by {}", names.join(", ")))
            }
        })
    }
}

/// What a plist says beyond what every definition does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// `Label`.
    pub label: Option<String>,
    /// `RunAtLoad`: it starts when it is loaded, and so at login.
    pub run_at_load: bool,
    /// `Disabled`: the override of the domain, where there is one, wins.
    pub disabled: bool,
    /// `StandardOutPath`.
    pub stdout: Option<(String, Place)>,
    /// `StandardErrorPath`.
    pub stderr: Option<(String, Place)>,
    /// `LimitLoadToSessionType`. Empty: `Aqua` alone.
    pub session_types: Vec<String>,
}

/// A variable that a definition sets.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value. One with a specifier is open, for only the manager resolves it.
    pub value: Value,
    /// Where it is set.
    pub at: Place,
}

/// Something in a file that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Place,
    /// What.
    pub what: String,
}

impl Definition {
    /// Reads a unit and its drop-ins. What cannot be read of a drop-in is a problem, not a silence. `specifiers` are those
    /// of which it is known what they stand for.
    pub fn of_unit(file: &FileSeen, drop_ins: &[FileSeen], specifiers: &Specifiers) -> Fact<Self> {
        file.content().map(|text| {
            let main = Unit::parse(&specifiers.resolve(text));
            let mut problems = problems_of(&file.path, &main);
            let mut read = Vec::new();
            let mut texts = vec![(file.path.clone(), text.to_string())];
            for drop_in in drop_ins {
                match drop_in.content() {
                    Fact::Known(text) => {
                        let unit = Unit::parse(&specifiers.resolve(text));
                        problems.extend(problems_of(&drop_in.path, &unit));
                        read.push((drop_in.path.clone(), unit));
                        texts.push((drop_in.path.clone(), text.to_string()));
                    }
                    Fact::Absent => {}
                    Fact::Unknown(why) => problems.push(Problem {
                        at: Place { file: drop_in.path.clone(), line: None },
                        what: format!("could not be read: {why}"),
                    }),
                }
            }
            let alone = Effective::of((&file.path, &main), &[]);
            let together = Effective::of((&file.path, &main), &read);
            let definition = Self::of_effective(&file.path, (&alone, &together), &read, problems);
            Self { texts, ..definition }.in_file(file)
        })
    }

    /// Reads a plist.
    pub fn of_plist(file: &FileSeen) -> Fact<Self> {
        file.bytes().parse(|bytes| Plist::read(&bytes)).map(|plist| {
            let texts = file.text.iter().map(|text| (file.path.clone(), text.clone())).collect();
            Self { texts, ..Self::of_list(&file.path, &plist) }.in_file(file)
        })
    }

    fn in_file(self, file: &FileSeen) -> Self {
        let mode = file.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        Self { leads_to: file.target.clone(), mode, owner: file.uid, ..self }
    }

    fn of_list(path: &str, plist: &Plist) -> Self {
        let at = |key: &str| Place { file: path.into(), line: plist.line(key) };
        let text = |key: &str| Some((plist.text(key)?.to_string(), at(key)));
        let mut problems: Vec<Problem> = plist
            .twice(&LAUNCHD_KEYS)
            .map(|(key, line)| Problem {
                at: Place { file: path.into(), line: Some(line) },
                what: format!("{key} stands twice, and which of them holds is not defined"),
            })
            .collect();
        let argv = match (plist.texts("ProgramArguments"), text("Program")) {
            (Some(argv), _) if !argv.is_empty() => argv,
            (_, Some((program, _))) => vec![program],
            _ => {
                let what = "it names no program: neither ProgramArguments nor Program is a text";
                problems.push(Problem { at: at("ProgramArguments"), what: what.into() });
                Vec::new()
            }
        };
        if plist.text("Label").is_none() {
            problems.push(Problem { at: at("Label"), what: "it has no Label".into() });
        }
        let variables = plist.pairs("EnvironmentVariables").unwrap_or_default();
        let variable = |(name, value): (String, String)| Variable {
            at: Place { file: path.into(), line: plist.line_in("EnvironmentVariables", &name) },
            name,
            value: Value::of(value),
        };
        let restart = Restart::of_plist(plist).map(|restart| (restart, at("KeepAlive")));
        let stop_timeout = plist.number("ExitTimeOut").map(Limit::of_exit_timeout);
        Self {
            path: path.into(),
            drop_ins: Vec::new(),
            role: cmdline::role(&argv),
            told: cmdline::gateway_args(&argv),
            argv,
            argv_at: Some(at("ProgramArguments")),
            environment: variables.into_iter().map(variable).collect(),
            environment_files: Vec::new(),
            working_directory: text("WorkingDirectory"),
            user: text("UserName").map(|(user, _)| user),
            restart,
            stop_timeout: stop_timeout.map(|limit| (limit, at("ExitTimeOut"))),
            agent: Some(Agent {
                label: plist.text("Label").map(String::from),
                run_at_load: plist.truth("RunAtLoad").unwrap_or(false),
                disabled: plist.truth("Disabled").unwrap_or(false),
                stdout: text("StandardOutPath"),
                stderr: text("StandardErrorPath"),
                session_types: plist.texts("LimitLoadToSessionType").unwrap_or_default(),
            }),
            leads_to: None,
            mode: None,
            owner: None,
            problems,
            entries: shape::of_plist(plist),
            dropped_in: Vec::new(),
            passing_drop_in: None,
            terms: terms::of_plist(path, plist),
            texts: Vec::new(),
        }
    }

    fn of_effective(
        path: &str,
        (main, unit): (&Effective, &Effective),
        drop_ins: &[(String, Unit)],
        mut problems: Vec<Problem>,
    ) -> Self {
        let last = |key: &str| {
            let found = unit.last("Service", key)?;
            let at = Place { file: found.file.clone(), line: Some(found.line) };
            Some((found.value.clone(), at)).filter(|(value, _)| !value.is_empty())
        };
        let exec = last("ExecStart");
        let argv_at = exec.as_ref().map(|(_, at)| at.clone());
        let argv = match exec.map(|(line, at)| (Exec::parse(&line), at)) {
            Some((Ok(exec), _)) => exec.argv,
            Some((Err(error), at)) => {
                problems.push(Problem { at, what: format!("ExecStart= {error}") });
                Vec::new()
            }
            None => {
                let at = Place { file: path.into(), line: None };
                problems.push(Problem { at, what: "it has no ExecStart=".into() });
                Vec::new()
            }
        };
        let variable = |found: crate::parse::unit::Variable| Variable {
            name: found.name,
            value: if found.unresolved {
                Value::unresolved(found.value)
            } else {
                Value::of(found.value)
            },
            at: Place { file: found.file, line: Some(found.line) },
        };
        Self {
            path: path.into(),
            drop_ins: drop_ins.iter().map(|(path, _)| path.clone()).collect(),
            role: cmdline::role(&argv),
            told: cmdline::gateway_args(&argv),
            argv,
            argv_at,
            environment: unit.environment().into_iter().map(variable).collect(),
            environment_files: unit.environment_files(),
            working_directory: last("WorkingDirectory")
                .map(|(directory, at)| (exec::resolved(&directory).0, at)),
            user: last("User").map(|(user, _)| user),
            restart: last("Restart").map(|(value, at)| (Restart::of_unit(&value), at)),
            stop_timeout: stop_timeout(path, unit, drop_ins),
            agent: None,
            leads_to: None,
            mode: None,
            owner: None,
            problems,
            entries: shape::of_unit(main),
            passing_drop_in: drop_ins
                .iter()
                .find(|(path, unit)| is_passing(path, unit))
                .map(|(path, _)| path.clone()),
            dropped_in: drop_ins
                .iter()
                .filter(|(path, unit)| !is_passing(path, unit))
                .flat_map(|(path, unit)| shape::of_unit(&Effective::of((path, unit), &[])))
                .collect(),
            terms: terms::of_unit(unit),
            texts: Vec::new(),
        }
    }

    /// A path as its process takes it: below its working directory, where it is none from the root on. systemd expands
    /// neither `~` nor `$HOME` in `Environment=`, and Hermes takes both for names of directories.
    fn below_its_directory(&self, path: &str) -> String {
        match &self.working_directory {
            Some((directory, _))
                if !path.is_empty() && !path.starts_with('/') && directory.starts_with('/') =>
            {
                join(directory, path)
            }
            _ => path.into(),
        }
    }

    /// Where it names its program, or the file as a whole.
    pub fn program_at(&self) -> Place {
        let whole = || Place { file: self.path.clone(), line: None };
        self.argv_at.clone().unwrap_or_else(whole)
    }

    /// The value of a variable that it sets itself.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.environment.iter().rev().find(|variable| variable.name == name)
    }

    /// The value of a variable for what it runs: what a wrapper sets on its command line, as `env -i HERMES_HOME=…` does
    /// (upstream #64778), else what it sets itself.
    pub fn given(&self, name: &str) -> Option<Value> {
        let words = self.argv.iter().filter(|_| self.role == Role::Wrapper);
        let by_wrapper = words.rev().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let by_itself = || self.variable(name).map(|variable| variable.value.clone());
        by_wrapper.map(Value::of).or_else(by_itself)
    }

    /// Whether it leads to this home only by the sticky profile: it names none, and another home or nothing.
    pub fn serves_only_by_sticky(&self, home: &Home) -> bool {
        let pinned = self.variable("HERMES_HOME");
        self.told.profile.is_none()
            && self.variable("HERMES_SUPERVISED_CHILD").is_none()
            && !pinned.is_some_and(|pinned| home.may_be_at(&pinned.value))
    }

    /// Why a process of this user cannot write to its main file, where that is certain. root can write to any file but
    /// those of a store, which is mounted read-only.
    pub fn closed_to(&self, uid: u32) -> Option<String> {
        let leads_to = self.leads_to.as_deref().unwrap_or(&self.path);
        if let Some(store) = STORES.iter().find(|store| leads_to.starts_with(**store)) {
            return Some(format!("it is a file of {store}, which nothing but a rebuild changes"));
        }
        let (mode, owner) = (self.mode?, self.owner?);
        // Of which group the user is a member is not known.
        let bits = if owner == uid { 0o200 } else { 0o022 };
        (uid != 0 && mode & bits == 0)
            .then(|| format!("it belongs to uid {owner}, with mode {mode:04o}"))
    }

    /// Whether it runs as the user who looks, by its `User=`, a name or a number. None where it names nobody, or
    /// where nobody knows who looks.
    pub fn is_of(&self, about: &About) -> Option<bool> {
        let user = self.user.as_deref()?;
        let name = about.user.as_deref()?;
        Some(name == user || about.uid.is_some_and(|uid| uid.to_string() == user))
    }

    /// The home that a gateway started by it would serve. Known even where `HERMES_HOME` is missing,
    /// since Hermes then has a rule; unknown where the user's home is, and where a value is not told.
    /// `sticky` is as in [`Choice::home`].
    pub fn home(
        &self,
        scope: Scope,
        about: &About,
        sticky: impl FnOnce(&str) -> Option<String>,
    ) -> Fact<String> {
        let given = |name: &'static str| match self.given(name) {
            None => Ok(None),
            Some(Value::Literal(value)) => Ok(Some(value)),
            Some(Value::Open(open)) => {
                let what = format!("{name} is {}, of which the value is not told", open.written);
                Err(Why::Failed(what))
            }
        };
        let (pinned, own_home) = match (given("HERMES_HOME"), given("HOME")) {
            (Ok(pinned), Ok(own_home)) => (pinned, own_home),
            (Err(why), _) | (_, Err(why)) => return Fact::Unknown(why),
        };
        let profile = self.told.profile.clone();
        if profile.as_deref().is_some_and(holds_a_mark) {
            return Fact::Unknown(Why::Failed("the profile that it names was redacted".into()));
        }
        let is_ours = scope == Scope::User || self.is_of(about) == Some(true);
        let user_home = own_home.as_deref().or(about.home.as_deref().filter(|_| is_ours));
        let exempt = self.variable("HERMES_SUPERVISED_CHILD").is_some();
        let pinned = pinned.map(|home| self.below_its_directory(&home));
        let choice =
            Choice { profile: profile.as_deref(), hermes_home: pinned.as_deref(), user_home };
        match choice.home(|root| sticky(root).filter(|_| !exempt)) {
            Some(home) => Fact::Known(home),
            None => Fact::Unknown(Why::NotObserved),
        }
    }
}

/// The limit that holds: the last that systemd can read, in the order in which it reads the files. `TimeoutSec=` sets that
/// of a start as well.
fn stop_timeout(
    path: &str,
    unit: &Effective,
    drop_ins: &[(String, Unit)],
) -> Option<(Limit, Place)> {
    let files: Vec<&str> =
        std::iter::once(path).chain(drop_ins.iter().map(|(path, _)| path.as_str())).collect();
    let set = ["TimeoutStopSec", "TimeoutSec"].into_iter().flat_map(|directive| {
        let all = unit.all("Service", directive).into_iter();
        all.filter_map(move |found| Some((Limit::of_unit(directive, &found.value)?, found)))
    });
    let order = |file: &str| files.iter().position(|known| *known == file);
    let (limit, found) = set.max_by_key(|(_, found)| (order(&found.file), found.line))?;
    Some((limit, Place { file: found.file, line: Some(found.line) }))
}

/// Where package managers keep what they make, for reading only.
const STORES: [&str; 2] = ["/nix/store/", "/gnu/store/"];

/// The keys of which a second one would change what launchd does.
const LAUNCHD_KEYS: [&str; 11] = [
    "Label",
    "ProgramArguments",
    "Program",
    "EnvironmentVariables",
    "KeepAlive",
    "RunAtLoad",
    "WorkingDirectory",
    "ExitTimeOut",
    "ThrottleInterval",
    "StandardOutPath",
    "StandardErrorPath",
];

/// True if the drop-in is the one that Hermes once wrote to end a storm of starts. It knows it by a comment, too, which a
/// snapshot does not hold.
fn is_passing(path: &str, drop_in: &Unit) -> bool {
    let effective = Effective::of((path, drop_in), &[]);
    let start = effective.last("Service", "ExecStart");
    path.ends_with("/20-replace.conf")
        && start.is_some_and(|found| found.value.contains("--replace"))
}

fn problems_of(path: &str, unit: &Unit) -> Vec<Problem> {
    let problem = |problem: &crate::parse::unit::Problem| Problem {
        at: Place { file: path.into(), line: Some(problem.line) },
        what: problem.what.to_string(),
    };
    unit.problems.iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(argv: &str, environment: &str) -> Definition {
        let words = argv.replace(' ', "</string><string>");
        let text = format!(
            "<plist><dict><key>Label</key><string>a</string><key>ProgramArguments</key><array><string>{words}</string></array>\
             <key>EnvironmentVariables</key><dict>{environment}</dict></dict></plist>"
        );
        let file = FileSeen { path: "/p.plist".into(), text: Some(text), ..FileSeen::default() };
        Definition::of_plist(&file).known().cloned().expect("a plist")
    }

    #[test]
    fn the_last_limit_that_systemd_can_read_holds_and_zero_is_none() {
        let file = |path: &str, text: &str| FileSeen {
            path: path.into(),
            text: Some(format!("[Service]\n{text}\n")),
            ..FileSeen::default()
        };
        let after = |seconds| Limit::After(std::time::Duration::from_secs(seconds));
        for (unit, drop_in, expected) in [
            ("TimeoutStopSec=70", "", Some((after(70), "/u", 2))),
            ("TimeoutStopSec=0", "", Some((Limit::Never, "/u", 2))),
            ("TimeoutStopSec=70", "TimeoutStopSec=15", Some((after(15), "/d", 2))),
            ("TimeoutStopSec=70", "TimeoutSec=15", Some((after(15), "/d", 2))),
            ("TimeoutStopSec=70\nTimeoutSec=15", "", Some((after(15), "/u", 3))),
            ("TimeoutSec=15\nTimeoutStopSec=70", "", Some((after(70), "/u", 3))),
            ("TimeoutStopSec=70", "TimeoutStopSec=infinity", Some((Limit::Never, "/d", 2))),
            ("TimeoutStopSec=70", "TimeoutStopSec=soon", Some((after(70), "/u", 2))),
            ("TimeoutStartSec=70", "", None),
        ] {
            let read = Definition::of_unit(
                &file("/u", unit),
                &[file("/d", drop_in)],
                &Specifiers::default(),
            );
            let place = |file: &str, line| Place { file: file.into(), line: Some(line) };
            let expected = expected.map(|(limit, file, line)| (limit, place(file, line)));
            let found = read.known().map(|definition| definition.stop_timeout.clone());
            assert_eq!(found, Some(expected), "{unit} {drop_in}");
        }
    }

    #[test]
    fn a_file_is_closed_to_whoever_can_certainly_not_write_to_it() {
        let of = |target: Option<&str>, mode: &str, uid: Option<u32>| {
            let file = FileSeen {
                path: "/Users/a/Library/LaunchAgents/ai.hermes.gateway.plist".into(),
                text: Some("<plist><dict><key>Label</key><string>a</string></dict></plist>".into()),
                target: target.map(String::from),
                mode: (!mode.is_empty()).then(|| mode.into()),
                uid,
                ..FileSeen::default()
            };
            Definition::of_plist(&file).known().cloned().expect("a plist")
        };
        let store = "/nix/store/0q2k-home-manager-files/ai.hermes.gateway.plist";
        for (definition, user, closed) in [
            (of(Some(store), "0444", Some(0)), 501, true),
            (of(Some(store), "", None), 0, true),
            (of(Some("/Users/a/dotfiles/gateway.plist"), "0644", Some(501)), 501, false),
            (of(None, "0444", Some(501)), 501, true),
            (of(None, "0644", Some(0)), 501, true),
            (of(None, "0664", Some(0)), 501, false),
            (of(None, "0444", Some(501)), 0, false),
            (of(None, "", None), 501, false),
        ] {
            assert_eq!(definition.closed_to(user).is_some(), closed, "{definition:?}");
        }
    }

    #[test]
    fn what_a_wrapper_sets_on_its_command_line_wins_and_another_program_sets_nothing() {
        let home = "<key>HERMES_HOME</key><string>/b</string>";
        let wrapped = "/usr/bin/sudo -u a env -i HERMES_HOME=/a hermes gateway run";
        let given = |definition: Definition, name: &str| {
            definition.given(name).map(|value| value.literal().cloned().expect("a value"))
        };
        assert_eq!(given(definition(wrapped, home), "HERMES_HOME").as_deref(), Some("/a"));
        assert_eq!(given(definition(wrapped, ""), "HOME"), None);
        let bare = "/v/bin/hermes gateway run";
        assert_eq!(given(definition(bare, home), "HERMES_HOME").as_deref(), Some("/b"));
        let told = "/v/bin/hermes gateway run HERMES_HOME=/a";
        assert_eq!(given(definition(told, ""), "HERMES_HOME"), None);
    }
}
