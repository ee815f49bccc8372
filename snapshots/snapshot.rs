//! A recorded host: the JSON document, its version, and how it is read and written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen, Reach,
};

/// A host as it was seen at one time. Raw evidence, not conclusions, so that a newer gw-doctor reads
/// an old bug report better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`Snapshot::SCHEMA`].
    pub schema: String,
    /// What wrote it.
    #[serde(default)]
    pub tool: Tool,
    /// The time of the look.
    pub taken_at: Timestamp,
    /// Whether secrets were taken out at capture. Always so for what gw-doctor writes.
    #[serde(default)]
    pub redacted: bool,
    /// What the host is.
    pub host: About,
    /// What was seen on it.
    #[serde(default)]
    pub observations: Observations,
}

/// What wrote a snapshot or a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

impl Tool {
    /// This very program.
    pub fn this() -> Self {
        Self { name: "gw-doctor".into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// What a host is, and from where we look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its operating system.
    pub os: Os,
    /// Its version, as the system names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// The processor: `x86_64`, `aarch64`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// The effective numeric user who looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// That user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// That user's home directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// When the host booted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_time: Option<Timestamp>,
    /// Clock ticks a second, the unit of a Linux process's start time. Almost always 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticks_per_second: Option<u64>,
    /// Process ids of gw-doctor itself and of its ancestors, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestry: Vec<u32>,
    /// What is special about it: `wsl`, `container`, `ssh`, `sandbox`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Allow-listed variables of the environment of the one who looks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Linux, with systemd where it has one.
    Linux,
    /// macOS, with launchd.
    Macos,
}

impl Os {
    /// Its name, as it stands in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
        }
    }
}

/// Everything that was read. A list that is missing was never asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observations {
    /// How far each search went. Only what a complete one does not list is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub searches: BTreeMap<Search, Reach>,
    /// Programs run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<CommandSeen>>,
    /// Files read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<FileSeen>>,
    /// Directories listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directories: Option<Vec<DirectorySeen>>,
    /// Processes looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<ProcessSeen>>,
    /// Listening sockets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listeners: Option<Vec<ListenerSeen>>,
    /// Locks on files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks: Option<Vec<LockSeen>>,
    /// File systems looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystems: Option<Vec<FilesystemSeen>>,
    /// HTTP requests made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Vec<HttpSeen>>,
}

/// A search over the whole host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// For processes that look like Hermes.
    Processes,
    /// For listening sockets.
    Listeners,
    /// For service definitions, in each directory that is listed.
    Definitions,
}

/// Why a text is not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or JSON of another form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// JSON of another program, or of a version we do not know.
    #[error("its schema is {found:?}, not {expected:?}", expected = Snapshot::SCHEMA)]
    Schema {
        /// What its `schema` says.
        found: String,
    },
}

impl Snapshot {
    /// The schema that this version reads and writes.
    pub const SCHEMA: &'static str = "gw-doctor/snapshot/1";

    /// Reads a snapshot.
    ///
    /// # Errors
    /// If the text is not JSON, is of another schema, or has a field of another type.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        // The schema first: of a foreign document, its missing fields are not the news.
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            schema: Option<String>,
        }
        let head: Head = serde_json::from_str(text)?;
        match head.schema {
            Some(schema) if schema == Self::SCHEMA => Ok(serde_json::from_str(text)?),
            found => Err(ReadError::Schema { found: found.unwrap_or_default() }),
        }
    }

    /// Writes it: pretty-printed, keys and lists in a stable order, a newline at the end.
    ///
    /// # Errors
    /// None that a snapshot can cause; the type is the serializer's.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }
}
