//! The reasons for which launchd refuses, with their numbers and words.

use std::fmt;

/// Why launchd refuses. The number is the exit status of `launchctl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The domain belongs to another user, or to root.
    NotPermitted,
    /// There is no job, or no process, to do it to.
    NoSuchProcess,
    /// What everybody but root is told about most troubles of `bootstrap`.
    InputOutput,
    /// The label is loaded already.
    FileExists,
    /// The job is being booted out, and its process still lives.
    NowInProgress,
    /// The same, told to whoever wants the job back, and whoever starts what runs.
    AlreadyInProgress,
    /// The property list is missing, malformed, or defines no job.
    InvalidPropertyList,
    /// There is no such domain.
    NoDomain,
    /// There is no such job in the domain.
    NoService,
    /// The label is disabled.
    Disabled,
    /// The property list is not the caller's, or others can write it.
    BadPermissions,
    /// There is no such domain, told to whoever wants to change something in it.
    Unsupported,
    /// `LimitLoadToSessionType` does not name the type of the domain.
    WrongSession,
}

impl Refusal {
    /// The number, as `launchctl error` counts.
    pub(crate) fn number(self) -> u8 {
        self.known().0
    }

    fn known(self) -> (u8, &'static str) {
        match self {
            Refusal::NotPermitted => (1, "Operation not permitted"),
            Refusal::NoSuchProcess => (3, "No such process"),
            Refusal::InputOutput => (5, "Input/output error"),
            Refusal::FileExists => (17, "File exists"),
            Refusal::NowInProgress => (36, "Operation now in progress"),
            Refusal::AlreadyInProgress => (37, "Operation already in progress"),
            Refusal::InvalidPropertyList => (109, "Invalid property list"),
            Refusal::NoDomain => (112, "Could not find specified domain"),
            Refusal::NoService => (113, "Could not find specified service"),
            Refusal::Disabled => (119, "Service is disabled"),
            Refusal::BadPermissions => (122, "Path had bad ownership/permissions"),
            Refusal::Unsupported => (125, "Domain does not support specified action"),
            Refusal::WrongSession => (134, "Service cannot load in requested session"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, words) = self.known();
        write!(out, "{number}: {words}")
    }
}

/// Why a property list was not loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotLoaded {
    /// launchd refuses it.
    Refused(Refusal),
    /// The stand-in does not know what launchd would do with this.
    NotModelled(String),
}

impl From<Refusal> for NotLoaded {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
