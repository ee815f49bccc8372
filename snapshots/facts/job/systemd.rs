//! What a systemd manager has loaded: the answers of `systemctl show`, as jobs.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::fact::{Fact, Why};
use crate::facts::limit::Limit;
use crate::host::{Ask, LOADED, Scope};
use crate::observation::{CommandSeen, Trouble};
use crate::parse::show::{self, Properties};
use crate::parse::time;

use super::{Enabled, Exit, Job, Phase};

/// What `systemctl show` says beyond what every manager knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Systemd {
    /// `Result`: how the last run ended, in systemd's classes.
    pub result: String,
    /// `NeedDaemonReload`: the file changed after it was loaded.
    pub need_daemon_reload: bool,
    /// `LoadState`: what systemd made of its file.
    pub load: Load,
    /// What of the unit kept it from its last start.
    pub held_by: Option<Held>,
    /// `Type`: what systemd waits for before it takes the unit for started.
    pub kind: String,
    /// `TimeoutStartUSec`: for how long it waits.
    pub start_timeout: Option<Limit>,
    /// `RuntimeMaxUSec`: after how long it ends what runs.
    pub longest_run: Option<Limit>,
    /// `WantedBy` and `RequiredBy`: the loaded units that start it when they start. None where nobody asked.
    pub wanted_by: Option<Vec<String>>,
    /// `UnitFileState`, where the unit does not start by itself: a link alone makes it known, and what lies in /run is gone after
    /// the next boot.
    pub file_state: Option<&'static str>,
    /// `TriggeredBy`: the timers, sockets and paths that start it.
    pub triggers: Vec<Trigger>,
    /// `StateChangeTimestamp`: since when it is in its state.
    pub since: Option<Timestamp>,
    /// `ExecMainPID`: the process of the last run, be it over or not.
    pub ran_as: Option<u32>,
    /// `FragmentPath`: the file that was loaded.
    pub fragment_path: Option<String>,
    /// `DropInPaths`.
    pub drop_in_paths: Vec<String>,
    /// `Restart`: when it is started again.
    pub restart: String,
    /// `RestartUSec`: how long after an end it starts it again.
    pub restart_delay: Option<Limit>,
    /// `RestartPreventExitStatus`, as systemd prints it.
    pub restart_prevent: String,
    /// `StartLimitIntervalUSec`: within what time it counts starts.
    pub start_limit_interval: Option<Limit>,
    /// `StartLimitBurst`.
    pub start_limit_burst: Option<u64>,
    /// `TimeoutStopUSec`: after how long it kills what does not stop.
    pub stop_timeout: Option<Limit>,
    /// Whether a job (a start, a stop) is queued.
    pub queued: bool,
    /// `FreezerState`: whether its processes are held still.
    pub freezer: Freezer,
    /// What keeps it from a start among the units that it requires, where it has no process.
    pub lacks: Option<Required>,
}

/// A unit that starts another one: at a time, on a connection, when a file is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub unit: String,
    /// Whether it is itself there after a boot.
    pub enabled: Enabled,
}

/// A unit that another one requires (`Requires=`, `Requisite=`, `BindsTo=`), and that keeps it from a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// Its name.
    pub unit: String,
    /// The command that told how it stands, for evidence.
    pub source: String,
    /// How it stands.
    pub standing: Standing,
}

/// How a unit stands that keeps another one from a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is no such unit: every start is refused.
    NotFound,
    /// It is masked: every start is refused.
    Masked,
    /// Its file is not understood: every start is refused.
    Refused,
    /// It failed, in systemd's classes, and the other one is ordered after it: a start tries it again.
    Failed(String),
    /// A device that is not there, or a unit of `Requisite=` that nobody has started.
    Inactive,
}

/// Whether systemd holds the processes of a unit still (`systemctl freeze`, from 246 on).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Freezer {
    /// It does not, or does not say.
    #[default]
    Thawed,
    /// The unit was frozen.
    Frozen,
    /// A slice above it was (from 256 on).
    ByParent,
}

/// What keeps a unit from a start before anything of it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// `ConditionPathExists=` and the like: the start then counts as a success.
    Condition,
    /// `AssertPathExists=` and the like: the start fails, and leaves no trace in `Result`.
    Assertion,
}

/// What systemd made of a unit's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Load {
    /// It read it.
    #[default]
    Read,
    /// `not-found`, of a unit that runs: its file was gone when systemd last looked for it.
    FileGone,
    /// `bad-setting` or `error`: nothing can be started by it.
    Refused,
}

/// The jobs of one systemd manager, or why it could not be asked.
#[derive(Debug, Clone)]
pub struct Units {
    answers: Fact<Vec<(String, Properties)>>,
    /// Whether every loaded unit that is called after Hermes is among the answers.
    is_complete: bool,
    /// How the units stand that those require.
    required: Vec<Properties>,
    scope: Scope,
}

impl Units {
    /// Reads the answers of `systemctl show`.
    pub fn read(scope: Scope, seen: &[CommandSeen]) -> Self {
        let mut blocks = Vec::new();
        let mut why = Why::NotObserved;
        let mut is_complete = false;
        for command in seen {
            let found = show::blocks(&command.stdout);
            // Nothing is printed, without an error, where nothing is loaded.
            let asked_for_all = command.argv.iter().any(|word| word == LOADED);
            let answered = command.exit == Some(0) && command.error.is_none();
            is_complete |= asked_for_all && answered;
            if found.is_empty() {
                why = refusal(command);
            }
            blocks.extend(found);
        }
        let answers = if blocks.is_empty() && !is_complete {
            Fact::Unknown(why)
        } else {
            let id = |block: &Properties| block.get("Id").cloned().unwrap_or_default();
            Fact::Known(blocks.into_iter().map(|block| (id(&block), block)).collect())
        };
        Self { answers, is_complete, required: Vec::new(), scope }
    }

    /// The question how the units stand without which systemd does not start those that rest, and those that start one of
    /// ours. None where they require no others than every unit does, and nothing triggers them, as is usual.
    pub fn ask_for_required(&self) -> Option<Ask> {
        let all = || self.answers.known().into_iter().flatten().map(|(_, block)| block);
        let required =
            all().filter(|block| is_at_rest(block)).flat_map(required).map(|(_, unit)| unit);
        // Those that are called after Hermes are told of already.
        let is_told = |unit: &&str| self.names().any(|name| name == *unit);
        let triggers = all().flat_map(|block| words(block, "TriggeredBy"));
        let triggers = triggers.filter(|unit| !is_told(unit));
        let units: BTreeSet<String> =
            required.chain(triggers).map(String::from).take(MOST_REQUIRED).collect();
        (!units.is_empty()).then(|| Ask::SystemctlShowState {
            scope: self.scope,
            units: units.into_iter().collect(),
        })
    }

    /// With the answers to that.
    #[must_use]
    pub fn with_required(self, seen: &[CommandSeen]) -> Self {
        let required = seen.iter().flat_map(|command| show::blocks(&command.stdout)).collect();
        Self { required, ..self }
    }

    /// The units of a manager that there is not: it has loaded none.
    #[must_use]
    pub fn or_none(self) -> Self {
        match self.answers {
            Fact::Unknown(_) => Self { answers: Fact::Absent, ..self },
            Fact::Known(_) | Fact::Absent => self,
        }
    }

    /// Whether the manager answered. Absent: there is none.
    pub fn reachable(&self) -> Fact<()> {
        self.answers.as_ref().map(|_| ())
    }

    /// The command a person would type to see the same.
    pub fn command(&self, unit: &str) -> String {
        match self.scope {
            Scope::User => format!("systemctl --user show {unit}"),
            Scope::System => format!("systemctl show {unit}"),
        }
    }

    /// The names of the units of which the manager told.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.answers.known().into_iter().flatten().map(|(id, _)| id.as_str())
    }

    /// The job of this name. Absent if the manager says that it knows no such unit.
    pub fn job(&self, unit: &str) -> Fact<Job> {
        self.answers.as_ref().and_then(|blocks| {
            let block = blocks.iter().find(|(id, _)| id == unit).map(|(_, block)| block);
            match (block, blocks.as_slice()) {
                (Some(block), _) => self.job_of(block, unit),
                // `systemctl show UNIT` typed without `-p Id` by a person names no unit.
                (None, [(id, block)]) if id.is_empty() => self.job_of(block, unit),
                (None, _) if self.is_complete && unit.starts_with("hermes") => Fact::Absent,
                (None, _) => Fact::Unknown(Why::NotObserved),
            }
        })
    }

    fn job_of(&self, block: &Properties, unit: &str) -> Fact<Job> {
        job(block, self.command(unit)).map(|mut job| {
            if let Some(systemd) = &mut job.systemd {
                systemd.lacks = self.lacking(block);
                systemd.triggers = self.triggers(block);
            }
            job
        })
    }

    /// The units that start one, each with whether it is there after a boot.
    fn triggers(&self, block: &Properties) -> Vec<Trigger> {
        let trigger = |unit: &str| {
            let among = self.answers.known().into_iter().flatten().map(|(_, block)| block);
            let mut told = among.chain(&self.required);
            let told = told.find(|other| get(other, "Id") == unit);
            Trigger { unit: unit.into(), enabled: told.map_or(Enabled::Unclear, enabled) }
        };
        words(block, "TriggeredBy").map(trigger).collect()
    }

    /// The first of the units that one requires that keeps it from a start.
    fn lacking(&self, block: &Properties) -> Option<Required> {
        let after: Vec<&str> = words(block, "After").collect();
        required(block).filter(|_| is_at_rest(block)).find_map(|(how, unit)| {
            let is_it = |other: &&Properties| {
                get(other, "Id") == unit || words(other, "Names").any(|name| name == unit)
            };
            let other = self.required.iter().find(is_it)?;
            let standing = standing(other, how, after.contains(&unit))?;
            Some(Required { unit: unit.into(), source: self.command(unit), standing })
        })
    }

    /// The job of a unit that is on disk. Where the manager was asked for what is loaded alone, one that it does not
    /// list is at rest: it would be loaded if it were started or enabled.
    pub fn job_on_disk(&self, unit: &str) -> Fact<Job> {
        let is_unlisted =
            |blocks: &Vec<(String, Properties)>| blocks.iter().all(|(id, _)| id != unit);
        match self.job(unit) {
            Fact::Absent if self.answers.known().is_some_and(is_unlisted) => Fact::Known(Job {
                source: self.command(LOADED),
                phase: Phase::Stopped,
                words: "inactive (not loaded)".into(),
                main_pid: None,
                last_exit: None,
                started_at: None,
                exited_at: None,
                restarts: None,
                enabled: Enabled::Unclear,
                systemd: None,
                launchd: None,
            }),
            job => job,
        }
    }
}

/// Why a manager gave no answer, in its own words.
fn refusal(command: &CommandSeen) -> Why {
    match (&command.error, command.stderr.lines().find(|line| !line.trim().is_empty())) {
        (Some(Trouble::NotFound), _) => {
            Why::NoProgram(command.argv.first().cloned().unwrap_or_default())
        }
        (Some(trouble), _) => trouble.clone().into_why(),
        (None, Some(line)) => Why::Failed(line.trim().into()),
        (None, None) => Why::Failed(match command.exit {
            Some(code) => format!("{} ended with exit {code} and no output", command.line()),
            None => format!("{} printed nothing", command.line()),
        }),
    }
}

fn get<'a>(block: &'a Properties, key: &str) -> &'a str {
    block.get(key).map(String::as_str).unwrap_or_default()
}

fn words<'a>(block: &'a Properties, key: &str) -> impl Iterator<Item = &'a str> {
    get(block, key).split_whitespace()
}

fn is_at_rest(block: &Properties) -> bool {
    matches!(get(block, "ActiveState"), "inactive" | "failed")
}

/// The units without which systemd does not start one, each with the setting that says so. Left out is what every
/// unit requires and what is never missing: slices, the root of the file system, the targets of the boot.
fn required(block: &Properties) -> impl Iterator<Item = (&'static str, &str)> {
    let is_told = |unit: &&str| {
        unit.strip_suffix(".slice").is_none()
            && !["-.mount", "basic.target", "sysinit.target"].contains(unit)
    };
    ["Requires", "Requisite", "BindsTo"]
        .into_iter()
        .flat_map(move |how| words(block, how).filter(is_told).map(move |unit| (how, unit)))
}

/// How a unit stands if it keeps one from a start that requires it (`systemd.unit(5)`).
fn standing(other: &Properties, how: &str, is_after: bool) -> Option<Standing> {
    match (get(other, "LoadState"), get(other, "ActiveState")) {
        // Whatever runs is no obstacle, though its file be gone.
        (_, "active" | "activating" | "reloading" | "refreshing") => None,
        ("not-found", _) => Some(Standing::NotFound),
        ("masked", _) => Some(Standing::Masked),
        ("bad-setting" | "error", _) => Some(Standing::Refused),
        // Without an order between them, both are started, whatever becomes of the other.
        _ if !is_after => None,
        (_, "failed") => Some(Standing::Failed(get(other, "Result").into())),
        (_, "inactive") if how == "Requisite" => Some(Standing::Inactive),
        (_, "inactive") if get(other, "Id").ends_with(".device") => Some(Standing::Inactive),
        _ => None,
    }
}

/// The states of a unit file with which a unit does not start at a boot: a link to a file elsewhere makes the unit known and
/// nothing want it, and what lies in /run is gone after the next boot (systemctl(1), is-enabled).
const NOT_ENABLED: [&str; 4] = ["disabled", "enabled-runtime", "linked", "linked-runtime"];

fn enabled(block: &Properties) -> Enabled {
    match (get(block, "LoadState"), get(block, "UnitFileState")) {
        ("masked", _) | (_, "masked" | "masked-runtime") => Enabled::Masked,
        (_, "enabled") => Enabled::Yes,
        (_, state) if NOT_ENABLED.contains(&state) => Enabled::No,
        _ => Enabled::Unclear,
    }
}

fn job(block: &Properties, source: String) -> Fact<Job> {
    let get = |key: &str| get(block, key);
    let number = |key: &str| get(key).parse::<u64>().ok();
    let (active, sub) = (get("ActiveState"), get("SubState"));
    if active.is_empty() {
        return Fact::Unknown(Why::Malformed("no ActiveState in the answer".into()));
    }
    let runs = active != "inactive" && active != "failed";
    if get("LoadState") == "not-found" && !runs {
        return Fact::Absent;
    }
    let limit = |key: &str| Limit::of_property(key, get(key));
    let pid = |key: &str| u32::try_from(number(key)?).ok().filter(|pid| *pid > 0);
    Fact::Known(Job {
        source,
        phase: phase(active, sub),
        words: format!("{active} ({sub})"),
        main_pid: pid("MainPID"),
        last_exit: number("ExecMainStatus").and_then(|status| i32::try_from(status).ok()).and_then(
            |status| {
                let has_ended = !get("ExecMainExitTimestamp").is_empty();
                exit(get("ExecMainCode"), status, get("Result"), has_ended)
            },
        ),
        started_at: time::systemd(get("ExecMainStartTimestamp")),
        exited_at: time::systemd(get("ExecMainExitTimestamp")),
        restarts: number("NRestarts"),
        enabled: enabled(block),
        systemd: Some(Systemd {
            result: get("Result").into(),
            need_daemon_reload: get("NeedDaemonReload") == "yes",
            load: match get("LoadState") {
                "not-found" => Load::FileGone,
                "bad-setting" | "error" => Load::Refused,
                _ => Load::Read,
            },
            held_by: held_by(&get),
            kind: get("Type").into(),
            start_timeout: limit("TimeoutStartUSec"),
            longest_run: limit("RuntimeMaxUSec"),
            wanted_by: block.get("WantedBy").map(|wanted| {
                let all = wanted.split_whitespace().chain(get("RequiredBy").split_whitespace());
                all.map(String::from).collect()
            }),
            file_state: NOT_ENABLED.into_iter().find(|state| *state == get("UnitFileState")),
            since: time::systemd(get("StateChangeTimestamp")),
            ran_as: pid("ExecMainPID"),
            fragment_path: Some(get("FragmentPath"))
                .filter(|path| !path.is_empty())
                .map(String::from),
            drop_in_paths: get("DropInPaths").split_whitespace().map(String::from).collect(),
            restart: get("Restart").into(),
            restart_delay: limit("RestartUSec"),
            restart_prevent: get("RestartPreventExitStatus").into(),
            start_limit_interval: limit("StartLimitIntervalUSec"),
            start_limit_burst: number("StartLimitBurst"),
            stop_timeout: limit("TimeoutStopUSec"),
            queued: !get("Job").is_empty(),
            freezer: match get("FreezerState") {
                "freezing" | "frozen" => Freezer::Frozen,
                "freezing-by-parent" | "frozen-by-parent" => Freezer::ByParent,
                _ => Freezer::Thawed,
            },
            lacks: None,
            triggers: Vec::new(),
        }),
        launchd: None,
    })
}

/// Before the first start both results say no as well.
fn held_by<'a>(get: &impl Fn(&str) -> &'a str) -> Option<Held> {
    let failed =
        |result: &str, when: &str| get(result) == "no" && time::systemd(get(when)).is_some();
    if failed("ConditionResult", "ConditionTimestamp") {
        return Some(Held::Condition);
    }
    failed("AssertResult", "AssertTimestamp").then_some(Held::Assertion)
}

fn phase(active: &str, sub: &str) -> Phase {
    match (active, sub) {
        ("active" | "reloading" | "refreshing", _) => Phase::Running,
        ("activating", "auto-restart" | "auto-restart-queued") => Phase::Restarting,
        ("activating", _) => Phase::Starting,
        ("deactivating", _) => Phase::Stopping,
        ("inactive", _) => Phase::Stopped,
        ("failed", _) => Phase::Failed,
        _ => Phase::Other,
    }
}

/// `ExecMainCode` is the kernel's `si_code`: 1 exited, 2 killed, 3 dumped core; 0 while none has ended.
fn exit(code: &str, status: i32, result: &str, has_ended: bool) -> Option<Exit> {
    // A transcript without ExecMainCode has a status alone, which may be of either kind.
    match (code, result) {
        ("1" | "exited", _) | ("", "exit-code") => Some(Exit::Code(status)),
        ("2" | "3" | "killed" | "dumped", _) | ("", "signal" | "core-dump") => {
            Some(Exit::Signal(status))
        }
        // No signal has such a number.
        ("", _) if status > LAST_SIGNAL || (status == 0 && has_ended) => Some(Exit::Code(status)),
        _ => None,
    }
}

/// As many units one can require before one looks at some of them only.
const MOST_REQUIRED: usize = 64;

/// The highest number of a signal on Linux.
const LAST_SIGNAL: i32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn units(stdout: &str) -> Units {
        let seen = CommandSeen { stdout: stdout.into(), exit: Some(0), ..CommandSeen::default() };
        Units::read(Scope::User, &[seen])
    }

    #[test]
    fn a_running_unit_is_a_running_job() {
        let units = units(
            "Id=hermes-gateway.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=384\n\
             NRestarts=0\nUnitFileState=enabled\nExecMainCode=0\nExecMainStatus=0\n\
             ExecMainStartTimestamp=Sat 2026-11-21 01:21:40 UTC\nStartLimitIntervalUSec=0\nTimeoutStopUSec=1min\n",
        );
        let job = units.job("hermes-gateway.service");
        let job = job.known().expect("a job");
        assert_eq!(
            (job.phase, job.main_pid, job.enabled),
            (Phase::Running, Some(384), Enabled::Yes)
        );
        assert_eq!((job.last_exit, job.restarts), (None, Some(0)));
        let systemd = job.systemd.as_ref().expect("systemd");
        assert_eq!(systemd.start_limit_interval, Some(Limit::Never));
        assert_eq!(systemd.stop_timeout, Some(Limit::After(std::time::Duration::from_secs(60))));
    }

    #[test]
    fn a_loop_a_refusal_and_a_kill_are_told_apart() {
        let of = |lines: &str| {
            let units = units(&format!("Id=u.service\nLoadState=loaded\n{lines}"));
            let job = units.job("u.service");
            let job = job.known().expect("a job").clone();
            (job.phase, job.last_exit)
        };
        assert_eq!(
            of(
                "ActiveState=activating\nSubState=auto-restart\nExecMainCode=1\nExecMainStatus=203\n"
            ),
            (Phase::Restarting, Some(Exit::Code(203)))
        );
        assert_eq!(
            of("ActiveState=failed\nSubState=failed\nExecMainCode=1\nExecMainStatus=78\n"),
            (Phase::Failed, Some(Exit::Code(78)))
        );
        assert_eq!(
            of("ActiveState=inactive\nSubState=dead\nExecMainCode=2\nExecMainStatus=9\n"),
            (Phase::Stopped, Some(Exit::Signal(9)))
        );
    }

    #[test]
    fn without_its_code_an_exit_is_what_the_result_says_it_is() {
        for (result, status, expected) in [
            ("signal", 9, Some(Exit::Signal(9))),
            ("core-dump", 11, Some(Exit::Signal(11))),
            ("exit-code", 1, Some(Exit::Code(1))),
            // SIGTERM is a success as well, and so may exit 15 be.
            ("success", 15, None),
            ("timeout", 9, None),
            ("", 9, None),
            ("", 78, Some(Exit::Code(78))),
            ("success", 0, Some(Exit::Code(0))),
        ] {
            assert_eq!(exit("", status, result, true), expected, "{result} {status}");
        }
        assert_eq!(exit("", 0, "success", false), None, "it runs for the first time");
    }

    #[test]
    fn only_what_the_next_boot_starts_is_enabled() {
        for (state, enabled) in [
            ("enabled", Enabled::Yes),
            ("enabled-runtime", Enabled::No),
            ("linked", Enabled::No),
            ("linked-runtime", Enabled::No),
            ("disabled", Enabled::No),
            ("masked-runtime", Enabled::Masked),
            ("alias", Enabled::Unclear),
            ("static", Enabled::Unclear),
            ("", Enabled::Unclear),
        ] {
            let units = units(&format!(
                "Id=u.service\nLoadState=loaded\nActiveState=active\nUnitFileState={state}\n"
            ));
            let job = units.job("u.service");
            assert_eq!(job.known().map(|job| job.enabled), Some(enabled), "{state}");
        }
    }

    #[test]
    fn a_unit_is_frozen_by_itself_or_with_a_slice_above_it_or_not_at_all() {
        for (state, freezer) in [
            ("frozen", Freezer::Frozen),
            ("freezing", Freezer::Frozen),
            ("frozen-by-parent", Freezer::ByParent),
            ("freezing-by-parent", Freezer::ByParent),
            ("running", Freezer::Thawed),
            ("thawing", Freezer::Thawed),
            ("", Freezer::Thawed),
        ] {
            let units = units(&format!("Id=u.service\nActiveState=active\nFreezerState={state}\n"));
            let job = units.job("u.service");
            let systemd = job.known().and_then(|job| job.systemd.as_ref());
            assert_eq!(systemd.map(|systemd| systemd.freezer), Some(freezer), "{state}");
        }
    }

    #[test]
    fn not_found_is_absence_and_a_silent_bus_is_not() {
        let missing =
            units("Id=u.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n");
        assert_eq!(missing.job("u.service"), Fact::Absent);
        assert!(missing.job("other.service").why().is_some());

        let refused = CommandSeen {
            stderr: "Failed to connect to bus: No medium found\n".into(),
            exit: Some(1),
            ..CommandSeen::default()
        };
        let silent = Units::read(Scope::User, &[refused]);
        assert_eq!(
            silent.job("u.service").why(),
            Some(&Why::Failed("Failed to connect to bus: No medium found".into()))
        );
    }

    #[test]
    fn a_required_unit_keeps_one_from_a_start_only_where_systemd_says_so() {
        let at_rest = "ActiveState=inactive";
        for (own, other, expected) in [
            (
                "Requires=v.service",
                "LoadState=not-found\nActiveState=inactive",
                Some(Standing::NotFound),
            ),
            ("BindsTo=v.service", "LoadState=masked\nActiveState=inactive", Some(Standing::Masked)),
            (
                "Requires=v.service",
                "LoadState=bad-setting\nActiveState=inactive",
                Some(Standing::Refused),
            ),
            (
                "Requires=v.service\nAfter=v.service",
                "ActiveState=failed\nResult=exit-code",
                Some(Standing::Failed("exit-code".into())),
            ),
            ("Requires=v.service", "ActiveState=failed\nResult=exit-code", None),
            ("Requires=v.service\nAfter=v.service", at_rest, None),
            ("Requisite=v.service\nAfter=v.service", at_rest, Some(Standing::Inactive)),
            ("Requires=v.service\nAfter=v.service", "ActiveState=active", None),
            ("BindsTo=v.service", "LoadState=not-found\nActiveState=active", None),
            ("Wants=v.service\nAfter=v.service", "ActiveState=failed", None),
            ("Requires=v.service app.slice", "LoadState=loaded\nActiveState=active", None),
        ] {
            let state = format!("Id=v.service\n{other}\n");
            let required = lacks(&format!("{at_rest}\n{own}"), &state);
            assert_eq!(required.map(|required| required.standing), expected, "{own}, {other}");
            assert_eq!(lacks(&format!("ActiveState=active\n{own}"), &state), None, "it runs");
        }
    }

    #[test]
    fn a_required_unit_is_known_by_any_of_its_names_and_a_device_has_to_be_there() {
        let state =
            "Id=dbus-broker.service\nNames=dbus-broker.service dbus.service\nLoadState=masked\n";
        let required = lacks("ActiveState=inactive\nRequires=dbus.service", state).expect("a unit");
        assert_eq!(required.unit, "dbus.service");
        let state = "Id=dev-sdb1.device\nLoadState=loaded\nActiveState=inactive\n";
        let own = "ActiveState=inactive\nBindsTo=dev-sdb1.device\nAfter=dev-sdb1.device";
        assert_eq!(lacks(own, state).map(|required| required.standing), Some(Standing::Inactive));
    }

    #[test]
    fn what_starts_a_unit_is_asked_for_whether_it_rests_or_not() {
        let unit = |state: &str| {
            format!("Id=u.service\nActiveState={state}\nTriggeredBy=u.timer u.socket\n")
        };
        for state in ["active", "inactive"] {
            let Some(Ask::SystemctlShowState { units, .. }) =
                units(&unit(state)).ask_for_required()
            else {
                panic!("a question")
            };
            assert_eq!(units, ["u.socket", "u.timer"]);
        }
        let told = CommandSeen {
            stdout: "Id=u.timer\nLoadState=loaded\nUnitFileState=enabled\n".into(),
            exit: Some(0),
            ..CommandSeen::default()
        };
        let job = units(&unit("active")).with_required(&[told]).job("u.service");
        let triggers = job.known().and_then(|job| job.systemd.clone()).expect("a unit").triggers;
        let told = |unit: &str, enabled| Trigger { unit: unit.into(), enabled };
        assert_eq!(triggers, [told("u.timer", Enabled::Yes), told("u.socket", Enabled::Unclear)]);
    }

    #[test]
    fn nothing_is_asked_of_what_every_unit_requires_nor_for_a_unit_that_runs() {
        let asked = |lines: &str| units(&format!("Id=u.service\n{lines}\n")).ask_for_required();
        let usual = "Requires=basic.target app.slice\nBindsTo=";
        assert_eq!(asked(&format!("ActiveState=inactive\n{usual}")), None);
        assert_eq!(asked("ActiveState=active\nRequires=v.service"), None);
        let many: Vec<String> = (0..200).map(|at| format!("v{at}.service")).collect();
        let asked = asked(&format!("ActiveState=failed\nRequires={}", many.join(" ")));
        let Some(Ask::SystemctlShowState { units, .. }) = asked else { panic!("a question") };
        assert_eq!(units.len(), MOST_REQUIRED);
    }

    /// What keeps a unit with these properties from a start, where the manager says so of another one.
    fn lacks(own: &str, other: &str) -> Option<Required> {
        let state = CommandSeen { stdout: other.into(), exit: Some(0), ..CommandSeen::default() };
        let units = units(&format!("Id=u.service\n{own}\n")).with_required(&[state]);
        units.job("u.service").known().and_then(|job| job.systemd.clone())?.lacks
    }

    #[test]
    fn a_manager_that_there_is_not_has_loaded_nothing() {
        let missing = CommandSeen {
            argv: vec!["systemctl".into()],
            error: Some(Trouble::NotFound),
            ..CommandSeen::default()
        };
        let units = Units::read(Scope::User, &[missing]);
        assert!(units.job("u.service").why().is_some());
        assert_eq!(units.or_none().job("u.service"), Fact::Absent);
        let answered = units_that_run().or_none();
        assert!(answered.job("u.service").known().is_some());
    }

    fn units_that_run() -> Units {
        units("Id=u.service\nLoadState=loaded\nActiveState=active\nSubState=running\n")
    }

    #[test]
    fn a_unit_whose_file_is_gone_but_that_still_runs_is_a_job() {
        let units = units(
            "Id=u.service\nLoadState=not-found\nActiveState=active\nSubState=running\nMainPID=7\n",
        );
        assert_eq!(units.job("u.service").known().and_then(|job| job.main_pid), Some(7));
    }
}
