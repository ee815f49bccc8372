//! Why `launchctl` printed nothing: by its exit code, and by its words where a transcript lacks the code.

use crate::fact::Why;
use crate::observation::{CommandSeen, Trouble};

/// What a refusal says of the thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// This domain has no such service (113). It says nothing of other domains.
    NoService,
    /// There is no such domain (112), or none that can be asked (125): of its services nothing is known.
    NoDomain(String),
    /// We may not ask (1, 159), and what is there is not known.
    Denied(String),
    /// The program could not be run.
    NotRun(Trouble),
    /// Anything else, in launchctl's words.
    Other(String),
}

impl Refusal {
    /// Reads it.
    pub fn of(seen: &CommandSeen) -> Self {
        if let Some(trouble) = &seen.error {
            return Self::NotRun(trouble.clone());
        }
        let said = [seen.stderr.as_str(), seen.stdout.as_str()].join("\n");
        let has = |words: &str| said.contains(words);
        // The words first: a pipe replaces the exit code by its own.
        let line = words(seen);
        if has("Could not find service") || has("Could not find specified service") {
            return Self::NoService;
        }
        if has("Could not find domain")
            || has("Could not find specified domain")
            || has("Domain does not support specified action")
        {
            return Self::NoDomain(line);
        }
        if has("Operation not permitted") || has("Not privileged") || has("Sandbox restriction") {
            return Self::Denied(line);
        }
        match seen.exit {
            Some(113) => Self::NoService,
            Some(112 | 125) => Self::NoDomain(line),
            Some(1 | 159) => Self::Denied(line),
            _ => Self::Other(line),
        }
    }

    /// Why what was asked for is not known. None where it is known not to be there.
    pub fn why(self) -> Option<Why> {
        match self {
            Self::NoService => None,
            Self::NoDomain(words) | Self::Other(words) => Some(Why::Failed(words)),
            Self::Denied(_) => Some(Why::Denied { mode: None, uid: None }),
            Self::NotRun(Trouble::NotFound) => Some(Why::NoProgram("launchctl".into())),
            Self::NotRun(trouble) => Some(trouble.into_why()),
        }
    }
}

/// The line that says most: not the bare "Bad request." before it.
fn words(seen: &CommandSeen) -> String {
    let lines = seen.stderr.lines().chain(seen.stdout.lines());
    let mut lines = lines.map(str::trim).filter(|line| !line.is_empty() && *line != "Bad request.");
    match (lines.next(), seen.exit) {
        (Some(line), _) => line.into(),
        (None, Some(code)) => format!("launchctl ended with exit {code} and no output"),
        (None, None) => "launchctl printed nothing".into(),
    }
}
