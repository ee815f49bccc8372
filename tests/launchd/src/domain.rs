//! Domains, and the targets that `launchctl` takes. `login/`, `session/` and `pid/` are not modelled.

use std::fmt;

/// A namespace of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Domain {
    /// The one of the system.
    System,
    /// The one that a user has without a login window, by uid.
    User(u32),
    /// The one of a user's graphical session, by uid.
    Gui(u32),
}

/// A domain, or a job in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The part before the label.
    pub(crate) domain: Domain,
    /// The label, if the target names a job.
    pub(crate) label: Option<String>,
}

impl Domain {
    /// The user that it belongs to.
    pub(crate) fn uid(self) -> u32 {
        match self {
            Domain::System => 0,
            Domain::User(uid) | Domain::Gui(uid) => uid,
        }
    }

    /// The words for it in "Could not find … for".
    pub(crate) fn in_words(self) -> String {
        match self {
            Domain::System => "system".to_owned(),
            Domain::User(uid) => format!("uid: {uid}"),
            Domain::Gui(uid) => format!("user gui: {uid}"),
        }
    }

    /// The session type whose jobs it takes.
    pub(crate) fn session_type(self) -> &'static str {
        match self {
            Domain::System => "System",
            Domain::User(_) => "Background",
            Domain::Gui(_) => "Aqua",
        }
    }

    /// The audit session, for domains that have one.
    pub(crate) fn audit_session(self) -> Option<u32> {
        match self {
            Domain::System => None,
            Domain::User(_) => Some(100_008),
            Domain::Gui(_) => Some(100_023),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::System => write!(out, "system"),
            Domain::User(uid) => write!(out, "user/{uid}"),
            Domain::Gui(uid) => write!(out, "gui/{uid}"),
        }
    }
}

impl Target {
    /// Reads `system`, `user/UID` or `gui/UID`, and what follows as a label.
    pub(crate) fn read(text: &str) -> Option<Target> {
        let (kind, rest) = text.split_once('/').unwrap_or((text, ""));
        let (domain, label) = match kind {
            "system" => (Domain::System, rest),
            "user" | "gui" => {
                let (uid, label) = rest.split_once('/').unwrap_or((rest, ""));
                let uid = uid.parse().ok()?;
                (if kind == "gui" { Domain::Gui(uid) } else { Domain::User(uid) }, label)
            }
            _ => return None,
        };
        Some(Target { domain, label: (!label.is_empty()).then(|| label.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_domain_and_perhaps_a_label() {
        for (text, domain, label) in [
            ("system", Domain::System, None),
            ("system/", Domain::System, None),
            ("system/a.b", Domain::System, Some("a.b")),
            ("gui/501", Domain::Gui(501), None),
            ("gui/501/", Domain::Gui(501), None),
            ("user/501/a/b", Domain::User(501), Some("a/b")),
        ] {
            let label = label.map(str::to_owned);
            assert_eq!(Target::read(text), Some(Target { domain, label }), "{text}");
        }
        for text in ["", "a.b", "gui", "gui/me", "gui/-1/x", "pid/1", "login/100023", "--wait"] {
            assert_eq!(Target::read(text), None, "{text}");
        }
    }
}
