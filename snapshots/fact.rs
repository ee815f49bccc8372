//! What we know of one thing on a host: its value, its absence, or why we cannot tell.
//!
//! The third case is the reason this crate exists. An error is never turned into a negative: a bus
//! that does not answer says nothing about the unit, a file we may not read is not a missing file.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::observation::{DirectorySeen, FileSeen, Kind, Trouble};

/// A fact about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// We saw it, and this is what it says.
    Known(T),
    /// We looked where it would be, with the right to see it, and it is not there.
    Absent,
    /// We cannot tell, for this reason.
    Unknown(Why),
}

impl<T> Fact<T> {
    /// The value, where we know it.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Why we cannot tell, where we cannot.
    pub const fn why(&self) -> Option<&Why> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Known(_) | Self::Absent => None,
        }
    }

    /// Whether we know that it is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The same fact about a part of the value.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(of(value)),
            Self::Absent => Fact::Absent,
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// The fact that follows from the value.
    pub fn and_then<U>(self, of: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => of(value),
            Self::Absent => Fact::Absent,
            Self::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// The fact, without its value taken out of it.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Absent => Fact::Absent,
            Self::Unknown(why) => Fact::Unknown(why.clone()),
        }
    }

    /// Like `map`, for what could be read but made no sense.
    pub fn parse<U, E: fmt::Display>(self, of: impl FnOnce(T) -> Result<U, E>) -> Fact<U> {
        self.and_then(|value| match of(value) {
            Ok(parsed) => Fact::Known(parsed),
            Err(error) => Fact::Unknown(Why::Malformed(error.to_string())),
        })
    }
}

impl<T> From<Option<T>> for Fact<T> {
    /// `None` is `Unknown { not observed }`, never `Absent`: a field that a record lacks says nothing.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown(Why::NotObserved), Self::Known)
    }
}

/// Why a fact is unknown. Its `Display` continues a sentence: "cannot tell: …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nobody looked: the recorded host does not hold it.
    NotObserved,
    /// The question was still open when its time was up.
    TimedOut,
    /// We may not look. The mode and owner are those of the thing itself, where `stat` told them.
    Denied {
        /// Permission bits, octal, as `stat` prints them.
        mode: Option<String>,
        /// Numeric owner.
        uid: Option<u32>,
    },
    /// It could be read, and makes no sense. The detail says where.
    Malformed(String),
    /// It is larger than we read.
    TooLarge {
        /// Its size in bytes.
        size: Option<u64>,
    },
    /// A FIFO, a directory or the like, where a file should be.
    NotAFile(Kind),
    /// Too many symbolic links on the way.
    SymlinkLoop,
    /// The program that would tell is not on this host.
    NoProgram(String),
    /// Anything else, in the words of the one who refused.
    Failed(String),
}

impl Why {
    /// Whether nobody looked, as opposed to a look that was refused.
    pub const fn is_not_observed(&self) -> bool {
        matches!(self, Self::NotObserved)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotObserved => f.write_str("not observed"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Denied { mode, uid } => {
                f.write_str("permission denied")?;
                match (mode, uid) {
                    (Some(mode), Some(uid)) => write!(f, " (mode {mode}, uid {uid})"),
                    (Some(mode), None) => write!(f, " (mode {mode})"),
                    (None, Some(uid)) => write!(f, " (uid {uid})"),
                    (None, None) => Ok(()),
                }
            }
            Self::Malformed(detail) => write!(f, "malformed: {detail}"),
            Self::TooLarge { size: Some(size) } => write!(f, "too large ({size} bytes)"),
            Self::TooLarge { size: None } => f.write_str("too large"),
            Self::NotAFile(kind) => write!(f, "not a regular file but a {kind}"),
            Self::SymlinkLoop => f.write_str("a loop of symbolic links"),
            Self::NoProgram(name) => write!(f, "{name} is not on this host"),
            Self::Failed(text) => f.write_str(text),
        }
    }
}

impl Trouble {
    /// What this trouble makes of a fact: absence for "not found", a reason for all else.
    pub fn into_fact<T>(self) -> Fact<T> {
        match self {
            Self::NotFound => Fact::Absent,
            other => Fact::Unknown(other.into_why()),
        }
    }

    /// The reason this trouble gives. "Not found" is a reason too, for what needs the thing to answer.
    pub fn into_why(self) -> Why {
        match self {
            Self::NotObserved => Why::NotObserved,
            Self::TimedOut => Why::TimedOut,
            Self::PermissionDenied => Why::Denied { mode: None, uid: None },
            Self::TooLarge => Why::TooLarge { size: None },
            Self::SymlinkLoop => Why::SymlinkLoop,
            Self::NotFound
            | Self::NotAFile
            | Self::Malformed
            | Self::Refused
            | Self::Closed
            | Self::NotHttp
            | Self::Other(_) => Why::Failed(self.to_string()),
        }
    }
}

impl FileSeen {
    /// The text of the file. What is not UTF-8 is malformed.
    pub fn content(&self) -> Fact<&str> {
        match (&self.text, &self.base64) {
            (Some(text), _) => Fact::Known(text),
            (None, Some(_)) => Fact::Unknown(Why::Malformed("not UTF-8".into())),
            (None, None) => self.presence().and_then(|()| Fact::Unknown(Why::NotObserved)),
        }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Fact<Vec<u8>> {
        match &self.base64 {
            Some(encoded) => match STANDARD.decode(encoded) {
                Ok(bytes) => Fact::Known(bytes),
                Err(_) => Fact::Unknown(Why::Malformed("not base64 in the snapshot".into())),
            },
            None => self.content().map(|text| text.as_bytes().to_vec()),
        }
    }

    /// The text, bytes that are not UTF-8 taken for Latin-1, as Hermes reads its `.env`.
    pub fn latin1_content(&self) -> Fact<String> {
        match &self.base64 {
            Some(_) => self.bytes().map(|bytes| bytes.into_iter().map(char::from).collect()),
            None => self.content().map(String::from),
        }
    }

    /// What is there, be it a file or not.
    pub fn what(&self) -> Fact<Kind> {
        match (&self.error, self.kind) {
            (None | Some(Trouble::NotAFile), kind) => Fact::Known(kind.unwrap_or(Kind::File)),
            (Some(Trouble::NotFound), _) => Fact::Absent,
            // Its mode and owner came from `stat`, so it is there; only its content is closed to us.
            (Some(Trouble::PermissionDenied), kind) if self.mode.is_some() => {
                Fact::Known(kind.unwrap_or(Kind::File))
            }
            (Some(trouble), _) => Fact::Unknown(self.why(trouble)),
        }
    }

    /// Whether there is a file, whatever it holds.
    pub fn presence(&self) -> Fact<()> {
        match (&self.error, self.kind) {
            (None, None | Some(Kind::File)) => Fact::Known(()),
            (None | Some(Trouble::NotAFile), Some(kind)) => Fact::Unknown(Why::NotAFile(kind)),
            (Some(Trouble::NotFound), _) => Fact::Absent,
            (Some(trouble), _) => Fact::Unknown(self.why(trouble)),
        }
    }

    fn why(&self, trouble: &Trouble) -> Why {
        match trouble {
            Trouble::PermissionDenied => Why::Denied { mode: self.mode.clone(), uid: self.uid },
            Trouble::TooLarge => Why::TooLarge { size: self.size },
            Trouble::Malformed => Why::Malformed(self.detail.clone().unwrap_or_default()),
            other => other.clone().into_why(),
        }
    }
}

impl DirectorySeen {
    /// The names in the directory.
    pub fn names(&self) -> Fact<&[String]> {
        match (&self.error, &self.entries) {
            (None, Some(entries)) => Fact::Known(entries),
            (None, None) => Fact::Unknown(Why::NotObserved),
            (Some(Trouble::PermissionDenied), _) => {
                Fact::Unknown(Why::Denied { mode: self.mode.clone(), uid: self.uid })
            }
            (Some(trouble), _) => trouble.clone().into_fact(),
        }
    }
}
