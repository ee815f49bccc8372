//! What was read from a host, verbatim and typed. One struct a kind, as it stands in a snapshot.
//!
//! A refusal is an observation too: every struct carries an optional [`Trouble`]. Every other field
//! may be missing, so that a person can write a host by hand from a bug report's transcripts.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// Why an observation has no content. Written as one kebab-case word in a snapshot's `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Trouble {
    /// It is not there (ENOENT, ESRCH, or no such program).
    NotFound,
    /// We may not look (EACCES, EPERM).
    PermissionDenied,
    /// No answer in time.
    TimedOut,
    /// A FIFO, a directory or the like, where a regular file was asked for.
    NotAFile,
    /// Larger than the cap for its kind.
    TooLarge,
    /// It makes no sense, so its text was withheld: where nothing can be parsed, nothing can be redacted.
    Malformed,
    /// ELOOP.
    SymlinkLoop,
    /// Nobody accepts connections there (ECONNREFUSED).
    Refused,
    /// The other end hung up without an answer.
    Closed,
    /// It answered, but not in HTTP.
    NotHttp,
    /// Nobody looked. Never written; what a recorded host answers when it does not hold the thing.
    NotObserved,
    /// Anything else, in the words of the operating system.
    Other(String),
}

impl From<String> for Trouble {
    fn from(word: String) -> Self {
        match word.as_str() {
            "not-found" => Self::NotFound,
            "permission-denied" => Self::PermissionDenied,
            "timeout" => Self::TimedOut,
            "not-a-file" => Self::NotAFile,
            "too-large" => Self::TooLarge,
            "malformed" => Self::Malformed,
            "symlink-loop" => Self::SymlinkLoop,
            "refused" => Self::Refused,
            "closed" => Self::Closed,
            "not-http" => Self::NotHttp,
            "not-observed" => Self::NotObserved,
            _ => Self::Other(word),
        }
    }
}

impl From<Trouble> for String {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NotFound => "not-found".into(),
            Trouble::PermissionDenied => "permission-denied".into(),
            Trouble::TimedOut => "timeout".into(),
            Trouble::NotAFile => "not-a-file".into(),
            Trouble::TooLarge => "too-large".into(),
            Trouble::Malformed => "malformed".into(),
            Trouble::SymlinkLoop => "symlink-loop".into(),
            Trouble::Refused => "refused".into(),
            Trouble::Closed => "closed".into(),
            Trouble::NotHttp => "not-http".into(),
            Trouble::NotObserved => "not-observed".into(),
            Trouble::Other(text) => text,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::PermissionDenied => "permission denied",
            Self::TimedOut => "timed out",
            Self::NotAFile => "not a regular file",
            Self::TooLarge => "too large",
            Self::Malformed => "malformed",
            Self::SymlinkLoop => "a loop of symbolic links",
            Self::Refused => "connection refused",
            Self::Closed => "connection closed without an answer",
            Self::NotHttp => "an answer that is not HTTP",
            Self::NotObserved => "not observed",
            Self::Other(text) => text,
        })
    }
}

/// How far a search went. Written as `complete`, `partial`, or the word of its trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Reach {
    /// It saw everything there is.
    Complete,
    /// Some of it was not visible.
    Partial,
    /// It was cut short, or could not be made.
    Trouble(Trouble),
}

impl From<String> for Reach {
    fn from(word: String) -> Self {
        match word.as_str() {
            "complete" => Self::Complete,
            "partial" => Self::Partial,
            _ => Self::Trouble(word.into()),
        }
    }
}

impl From<Reach> for String {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Complete => "complete".into(),
            Reach::Partial => "partial".into(),
            Reach::Trouble(trouble) => trouble.into(),
        }
    }
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A socket in the file system.
    Socket,
    /// A block or character device.
    Device,
    /// A symbolic link that leads nowhere.
    Symlink,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Fifo => "FIFO",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Symlink => "symbolic link",
        })
    }
}

/// One program run, and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSeen {
    /// Program name and arguments, as a person would type them.
    pub argv: Vec<String>,
    /// Exit code; none where a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Standard output.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// Standard error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Why it could not be run to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

impl CommandSeen {
    /// The command line as a person would type it, for evidence.
    pub fn line(&self) -> String {
        self.argv.join(" ")
    }
}

/// A path on the host: what `stat` says, and the text where it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen {
    /// Absolute path, as asked for.
    pub path: String,
    /// What it is, where it is not a regular file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Permission bits, octal: `0600`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Numeric owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Numeric group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Last modification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<Timestamp>,
    /// Where the path leads, if it is a symbolic link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Where in the file `text` begins, in bytes, if only its end was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The content, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Content that is not UTF-8, in base64. Never set together with `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Why there is no content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
    /// More about the trouble: where a text is malformed, when its content was withheld for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The names in a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectorySeen {
    /// Absolute path, as asked for.
    pub path: String,
    /// Where the path leads once every symbolic link in it is followed, if that is another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// File names, sorted. At most as many as the one who looked cares to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<String>>,
    /// Permission bits, octal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Numeric owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// How far the search for service definitions in it went. Missing where nobody searched it; in older snapshots,
    /// as far as the search in all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<Reach>,
    /// Why it could not be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

/// When a process started, in the unit in which its platform (and so Hermes) records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Started {
    /// Linux: clock ticks since boot, field 22 of `/proc/PID/stat`.
    /// macOS: hundredths of a second since 1970, as Hermes records it from 0.18 on.
    Units(u64),
    /// A time, where a transcript tells no more (`ps -o lstart`).
    At(Timestamp),
}

impl<'de> Deserialize<'de> for Started {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Started;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of clock ticks, or an RFC 3339 time")
            }
            fn visit_u64<E: de::Error>(self, units: u64) -> Result<Started, E> {
                Ok(Started::Units(units))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Started, E> {
                text.parse().map(Started::At).map_err(de::Error::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

/// One process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSeen {
    /// Process id.
    pub pid: u32,
    /// Its parent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Effective numeric user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Started>,
    /// One letter: R, S, D, T (stopped), t (traced), Z (zombie), X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The kernel's short name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// Its arguments, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// The program file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// Linux: its path in the cgroup v2 hierarchy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// Linux: true where its cgroup, or one above it, is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    /// Linux: the process that traces it, as a debugger does, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracer: Option<u32>,
    /// Linux: its network namespace, where that is another than ours, `net:[?]` where no more is seen of it: none of its sockets is among those that we see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Linux: its mount namespace, where that is another than ours: what is mounted for it is not what is mounted for us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mounts: Option<String>,
    /// Linux: its id in its own PID namespace, where that is below ours. It is what the process itself writes down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_pid: Option<u32>,
    /// Its controlling terminal, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// The open files by which a gateway is known: `gateway.lock` and the cron locks. ` (deleted)` is the kernel's.
    /// Missing where they could not be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<String>>,
    /// Allow-listed variables of its initial environment. Missing where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// `not-found` if there is no such process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

/// A listening TCP socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSeen {
    /// The address it is bound to, without brackets.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Who holds it. None: someone, not visible to us.
    #[serde(default)]
    pub pids: Option<Vec<u32>>,
    /// The numeric user who made the socket, where the kernel tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// That user's name, where it is not the one who looks and nobody who holds the socket is visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// A lock (`flock`) on a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockSeen {
    /// The file.
    pub path: String,
    /// Who holds it. None: someone, not visible to us (unless `held` is false).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// False where we know that nobody holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    /// Why we cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

/// The file system that holds a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesystemSeen {
    /// The directory, as asked for.
    pub path: String,
    /// The kind of the file system, as the kernel calls it: `ext4`, `tmpfs`, `nfs4`, `apfs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Where it is mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount: Option<String>,
    /// Whether nothing can be written through this mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How many bytes of it are free, those that are kept for root included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// How many bytes of it are free to users who are not root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// How many files it can hold. 0 where it knows no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inodes: Option<u64>,
    /// How many more files can be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inodes_free: Option<u64>,
    /// The directories below, by names that Hermes gave them, on which something else is mounted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Vec<String>>,
    /// Why it could not be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

/// The answer to one HTTP GET.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpSeen {
    /// What was asked.
    pub url: String,
    /// The status code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Allow-listed response headers, names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, cut at [`HttpSeen::BODY_LIMIT`] and redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether the body goes on beyond the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Time to the end of the body, or to the trouble, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
}

impl HttpSeen {
    /// How much of a body is read, in bytes. Hermes's own answer has fewer than 200.
    pub const BODY_LIMIT: usize = 64 * 1024;
}
