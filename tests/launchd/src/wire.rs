//! What client and daemon say to each other over the socket: one line of JSON each way, then the end.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The name of the socket in the state directory.
pub(crate) const SOCKET: &str = "socket";

/// What `launchctl` was asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The words after the program's name.
    pub(crate) words: Vec<String>,
    /// Where the client stands, for relative paths.
    pub(crate) directory: PathBuf,
}

/// What `launchctl` does about it. The same form is read from `answers/VERB`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Answer {
    /// The exit status of the client.
    pub(crate) exit: u8,
    /// Printed to standard output.
    pub(crate) stdout: String,
    /// Printed to standard error.
    pub(crate) stderr: String,
    /// How long the client keeps silent before it prints, in milliseconds of the clock on the wall.
    pub(crate) delay_ms: u64,
}

impl Answer {
    /// Exit status 0.
    pub(crate) fn printed(stdout: String) -> Answer {
        Answer { stdout, ..Answer::default() }
    }

    /// Another exit status, with a line (or more) on standard error.
    pub(crate) fn failed(exit: u8, stderr: impl Into<String>) -> Answer {
        let mut stderr = stderr.into();
        if !stderr.is_empty() {
            stderr.push('\n');
        }
        Answer { exit, stderr, ..Answer::default() }
    }
}
