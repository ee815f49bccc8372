//! The service managers that can have a gateway's service: the two of systemd, and the domains of launchd.
//!
//! Only which one it is stands here, with its name. What it said is with the one who was asked.

use std::fmt;

use crate::host::Scope;

/// A service manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    /// The systemd manager of the user who looks.
    SystemdUser,
    /// The systemd system manager.
    SystemdSystem,
    /// launchd's `gui/UID` domain, which a login at the screen makes.
    LaunchdGui(u32),
    /// launchd's `user/UID` domain, which is there without one.
    LaunchdUser(u32),
    /// launchd's `system` domain.
    LaunchdSystem,
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SystemdUser => f.write_str("systemd, user"),
            Self::SystemdSystem => f.write_str("systemd, system"),
            Self::LaunchdGui(uid) => write!(f, "launchd, gui/{uid}"),
            Self::LaunchdUser(uid) => write!(f, "launchd, user/{uid}"),
            Self::LaunchdSystem => f.write_str("launchd, system"),
        }
    }
}

impl Manager {
    /// Whether it is a domain of launchd.
    pub const fn is_launchd(self) -> bool {
        matches!(self, Self::LaunchdGui(_) | Self::LaunchdUser(_) | Self::LaunchdSystem)
    }

    /// Which of systemd's managers it is, if it is one.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::SystemdUser => Some(Scope::User),
            Self::SystemdSystem => Some(Scope::System),
            Self::LaunchdGui(_) | Self::LaunchdUser(_) | Self::LaunchdSystem => None,
        }
    }

    /// The domain of a manager of launchd's, as `launchctl` takes it: `gui/501`. What is no user's is `system`.
    pub fn domain(self) -> String {
        match self {
            Self::LaunchdGui(uid) => format!("gui/{uid}"),
            Self::LaunchdUser(uid) => format!("user/{uid}"),
            Self::LaunchdSystem | Self::SystemdUser | Self::SystemdSystem => "system".into(),
        }
    }
}

impl From<Scope> for Manager {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::User => Self::SystemdUser,
            Scope::System => Self::SystemdSystem,
        }
    }
}
