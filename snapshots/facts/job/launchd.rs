//! What launchd has loaded under a label: the answer of `launchctl print DOMAIN/LABEL`, as a job.
//!
//! launchd keeps the definition that it read at `bootstrap`; what stands on disk may be another.

use std::time::Duration;

use crate::fact::{Fact, Why};
use crate::observation::CommandSeen;
use crate::parse::launchctl::refusal::Refusal;
use crate::parse::launchctl::service::{self, LastExit, Service, State};
use crate::parse::launchctl::{domain, list};

use super::{Enabled, Exit, Job, Phase};

/// What `launchctl print` says beyond what every manager knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launchd {
    /// `path`: the plist that was imported.
    pub path: Option<String>,
    /// Who brought it where it came from no file: `launchctl[58308]` for `(submitted by launchctl[58308])`.
    pub submitted_by: Option<String>,
    /// `arguments`, as they will be used. None where they could not be read without doubt.
    pub argv: Option<Vec<String>>,
    /// `environment`: what the plist sets, values redacted.
    pub environment: Vec<(String, String)>,
    /// `working directory`.
    pub working_directory: Option<String>,
    /// `stdout path`.
    pub stdout: Option<String>,
    /// `stderr path`.
    pub stderr: Option<String>,
    /// `runs`: how often it was started since it was loaded. Many are no fault by themselves.
    pub runs: Option<u64>,
    /// `minimum runtime`: `ThrottleInterval`.
    pub minimum_runtime: Option<Duration>,
    /// `exit timeout`: how long after SIGTERM launchd kills it.
    pub exit_timeout: Option<Duration>,
    /// `successive crashes`: how many runs in a row ended in a crash, where that was printed.
    pub successive_crashes: Option<u64>,
    /// Whether launchd started the present run by itself, and nobody demanded it. None where the answer does not say.
    pub is_by_itself: Option<bool>,
    /// `pended spawn` or `pended nondemand spawn`: why launchd holds back a start that is due.
    pub pended: Option<String>,
    /// `last exit reason`: the kernel's, where that ended the previous run.
    pub exit_reason: Option<String>,
    /// Why it cannot be told how the previous run ended, where the answer contradicts itself.
    pub exit_doubt: Option<Why>,
    /// `execs`: 0 after a run that never came to run its program.
    pub execs: Option<u64>,
    /// Whether launchd keeps it alive. None where the answer does not say.
    pub keep_alive: Option<KeepAlive>,
    /// `runatload`. None where the answer has no properties.
    pub run_at_load: Option<bool>,
    /// `penalty box`: its program was not there, and launchd waits until it is.
    pub penalty_box: bool,
    /// `needs LWCR update`: launchd still holds the program to the signature of an older one.
    pub stale_constraint: bool,
    /// `job state = spawn failed`: it could not be started at all.
    pub spawn_failed: bool,
}

impl Launchd {
    /// Tells whether its policy calls for another start after its last end. None where that is not known.
    pub fn starts_again(&self, last_exit: Option<Exit>) -> Option<bool> {
        match self.keep_alive? {
            KeepAlive::Always => Some(true),
            KeepAlive::No => Some(false),
            KeepAlive::Conditions => None,
            KeepAlive::AfterExit { successful } => {
                let is_success = match (last_exit, &self.exit_reason) {
                    (Some(exit), _) => exit == Exit::Code(0),
                    (None, Some(_)) => false,
                    (None, None) => return None,
                };
                Some(is_success == successful)
            }
        }
    }
}

/// When launchd starts a job again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAlive {
    /// `KeepAlive` is true.
    Always,
    /// By the conditions of a dictionary: after an exit that was a success, or was none.
    AfterExit {
        /// `SuccessfulExit`.
        successful: bool,
    },
    /// By other conditions.
    Conditions,
    /// Not by itself.
    No,
}

/// The job that an answer of `launchctl print DOMAIN/LABEL` speaks of. Absent only where launchctl says
/// that this domain has no such service.
pub fn job(seen: &CommandSeen) -> Fact<Job> {
    match service::read(&seen.stdout) {
        Some(service) => of_service(&service, seen.line()),
        None if seen.error.is_none() && seen.exit == Some(0) && !seen.stdout.trim().is_empty() => {
            Fact::Unknown(Why::Malformed(format!(
                "{} printed something of an unknown shape",
                seen.line()
            )))
        }
        None => absence(seen),
    }
}

/// The same of an answer of `launchctl list LABEL`, which tells less.
pub fn job_of_list(seen: &CommandSeen) -> Fact<Job> {
    let Some(listed) = list::job(&seen.stdout) else { return absence(seen) };
    Fact::Known(brief(seen.line(), listed.pid, listed.last_exit.as_ref().and_then(exit)))
}

/// The same of a row in the answer of `launchctl print DOMAIN`, `source`. A row without a process does not tell whether
/// launchd is about to start one: of a run that ended in a way that it does not say either, nothing is known.
pub fn job_of_row(row: &domain::Row, source: String) -> Fact<Job> {
    let last = match (&row.last_exit, row.pid) {
        (Fact::Known(last), _) => exit(last),
        (Fact::Unknown(why), None) => return Fact::Unknown(why.clone()),
        (Fact::Absent | Fact::Unknown(_), _) => None,
    };
    Fact::Known(brief(source, row.pid, last))
}

/// What a list tells of a job.
fn brief(source: String, pid: Option<u32>, last_exit: Option<Exit>) -> Job {
    let (phase, words) = match pid {
        Some(_) => (Phase::Running, "running"),
        None => (Phase::Stopped, "not running"),
    };
    Job {
        source,
        phase,
        words: words.into(),
        main_pid: pid,
        last_exit,
        started_at: None,
        exited_at: None,
        restarts: None,
        enabled: Enabled::Unclear,
        systemd: None,
        launchd: Some(Launchd::default()),
    }
}

/// A domain, by `launchctl print DOMAIN`.
pub fn domain(seen: &CommandSeen) -> Fact<domain::Domain> {
    domain::read(&seen.stdout).map_or_else(|| absence(seen), Fact::Known)
}

/// What it means that nothing was printed.
pub fn absence<T>(seen: &CommandSeen) -> Fact<T> {
    Refusal::of(seen).why().map_or(Fact::Absent, Fact::Unknown)
}

fn of_service(service: &Service, source: String) -> Fact<Job> {
    let state = match &service.state {
        Fact::Known(state) => state,
        Fact::Absent => return Fact::Unknown(Why::NotObserved),
        Fact::Unknown(why) => return Fact::Unknown(why.clone()),
    };
    let launchd = Launchd::of(service);
    let enabled = match (launchd.run_at_load, launchd.keep_alive) {
        (Some(true), _) | (_, Some(KeepAlive::Always | KeepAlive::AfterExit { .. })) => {
            Enabled::Yes
        }
        (Some(false), Some(KeepAlive::No)) => Enabled::No,
        _ => Enabled::Unclear,
    };
    Fact::Known(Job {
        source,
        phase: phase(state),
        words: words(state).into(),
        main_pid: service.pid.known().copied(),
        last_exit: service.last_exit.known().and_then(exit),
        started_at: None,
        exited_at: None,
        // `runs` counts the starts by hand as well: it is no count of restarts (upstream #57739).
        restarts: None,
        enabled,
        systemd: None,
        launchd: Some(launchd),
    })
}

impl Launchd {
    fn of(service: &Service) -> Self {
        let has =
            |flag: &str| Some(service.properties.as_ref()?.iter().any(|property| property == flag));
        let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        Self {
            path: service.path.clone().filter(|path| path.starts_with('/')),
            submitted_by: service.path.as_deref().and_then(|path| {
                let by = path.strip_prefix("(submitted by ")?.strip_suffix(')')?;
                Some(by.into())
            }),
            argv: service.arguments.known().cloned(),
            environment: service.environment.clone(),
            working_directory: service.working_directory.clone(),
            stdout: service.stdout.clone(),
            stderr: service.stderr.clone(),
            runs: service.runs.known().copied(),
            minimum_runtime: seconds(service.minimum_runtime),
            exit_timeout: seconds(service.exit_timeout),
            successive_crashes: service.successive_crashes,
            is_by_itself: service
                .immediate_reason
                .as_deref()
                .map(|reason| matches!(reason, "inefficient" | "semaphore")),
            pended: service.pended.clone(),
            exit_reason: match service.last_exit.known() {
                Some(LastExit::Reason(reason)) => Some(reason.clone()),
                _ => None,
            },
            exit_doubt: match &service.last_exit {
                Fact::Unknown(why) => Some(why.clone()),
                Fact::Known(_) | Fact::Absent => None,
            },
            execs: service.execs,
            keep_alive: keep_alive(service, has("keepalive")),
            run_at_load: has("runatload"),
            penalty_box: has("penalty box") == Some(true),
            stale_constraint: has("needs LWCR update") == Some(true),
            spawn_failed: service.job_state.as_deref() == Some("spawn failed"),
        }
    }
}

/// A dictionary shows as semaphores, `KeepAlive` true as a property, and none as neither.
fn keep_alive(service: &Service, is_always: Option<bool>) -> Option<KeepAlive> {
    if is_always == Some(true) {
        return Some(KeepAlive::Always);
    }
    let Some(semaphores) = &service.semaphores else { return is_always.map(|_| KeepAlive::No) };
    Some(match semaphores.as_slice() {
        [(name, value)] if name == "successful exit" => {
            KeepAlive::AfterExit { successful: value == "1" }
        }
        _ => KeepAlive::Conditions,
    })
}

fn phase(state: &State) -> Phase {
    match state {
        State::Running => Phase::Running,
        State::NotRunning => Phase::Stopped,
        State::SpawnScheduled => Phase::Restarting,
        State::Spawning => Phase::Starting,
        State::Ending => Phase::Stopping,
        State::Other(_) => Phase::Other,
    }
}

fn words(state: &State) -> &str {
    match state {
        State::Running => "running",
        State::NotRunning => "not running",
        State::SpawnScheduled => "spawn scheduled",
        State::Spawning => "spawning",
        State::Ending => "ending",
        State::Other(word) => word,
    }
}

fn exit(last: &LastExit) -> Option<Exit> {
    match last {
        LastExit::Code(code) => Some(Exit::Code(*code)),
        LastExit::Signal(signal) => Some(Exit::Signal(*signal)),
        LastExit::Reason(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(exit: i32, stdout: &str, stderr: &str) -> CommandSeen {
        CommandSeen {
            exit: Some(exit),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..CommandSeen::default()
        }
    }

    #[test]
    fn only_launchctls_own_word_is_absence() {
        let not_found = "Bad request.\nCould not find service \"L\" in domain for user gui: 501\n";
        assert_eq!(job(&seen(113, "", not_found)), Fact::Absent);
        // A pipe replaced the exit code by its own.
        assert_eq!(job(&seen(0, "", not_found)), Fact::Absent);
        for (exit, stderr) in [
            (112, "Could not find domain for user gui: 501\n"),
            (125, "Domain does not support specified action\n"),
            (1, "Could not print domain: 1: Operation not permitted\n"),
            (5, "Input/output error\n"),
            (0, ""),
        ] {
            assert!(job(&seen(exit, "", stderr)).why().is_some(), "{exit} {stderr}");
        }
        assert!(job(&seen(0, "a shape of macOS 40\n", "")).why().is_some());
    }

    #[test]
    fn a_job_at_rest_has_no_process_and_says_how_it_ended() {
        let text = "gui/501/L = {\n\tstate = not running\n\truns = 2\n\tlast exit code = 75: EX_TEMPFAIL\n\tpended nondemand spawn = inefficient\n\tproperties = keepalive | runatload\n}\n";
        let read = job(&seen(0, text, ""));
        let job = read.known().expect("a job");
        assert_eq!(
            (job.phase, job.main_pid, job.last_exit),
            (Phase::Stopped, None, Some(Exit::Code(75)))
        );
        assert_eq!(job.enabled, Enabled::Yes);
        let launchd = job.launchd.as_ref().expect("launchd");
        assert_eq!(launchd.keep_alive, Some(KeepAlive::Always));
        assert_eq!(launchd.pended.as_deref(), Some("inefficient"));
    }

    #[test]
    fn a_policy_calls_for_a_start_after_the_ends_that_it_names_and_a_reason_is_no_success() {
        let reason = Some("OS_REASON_DYLD".to_string());
        let (clean, failed) = (Some(Exit::Code(0)), Some(Exit::Code(1)));
        for (keep_alive, exit, reason, again) in [
            (Some(KeepAlive::Always), clean, None, Some(true)),
            (Some(KeepAlive::No), failed, None, Some(false)),
            (Some(KeepAlive::AfterExit { successful: false }), failed, None, Some(true)),
            (Some(KeepAlive::AfterExit { successful: false }), clean, None, Some(false)),
            (Some(KeepAlive::AfterExit { successful: false }), None, reason.clone(), Some(true)),
            (Some(KeepAlive::AfterExit { successful: true }), None, reason, Some(false)),
            (Some(KeepAlive::AfterExit { successful: true }), None, None, None),
            (Some(KeepAlive::Conditions), failed, None, None),
            (None, failed, None, None),
        ] {
            let launchd = Launchd { keep_alive, exit_reason: reason, ..Launchd::default() };
            assert_eq!(launchd.starts_again(exit), again, "{keep_alive:?} {exit:?}");
        }
    }
}
