//! What launchd has loaded under a label: the answer of `launchctl print DOMAIN/LABEL`, as a job.
//!
//! launchd keeps the definition that it read at `bootstrap`; what stands on disk may be another.

use std::time::Duration;

/// What `launchctl print` says beyond what every manager knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launchd {
    /// `path`: the plist that was imported.
    pub path: Option<String>,
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
    /// `pended spawn` or `pended nondemand spawn`: why launchd holds back a start that is due.
    pub pended: Option<String>,
    /// `last exit reason`: the kernel's, where that ended the previous run.
    pub exit_reason: Option<String>,
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
