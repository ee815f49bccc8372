//! macOS: what libproc tells of processes, and what `ps` and `lsof` tell where libproc cannot be asked
//! without unsafe code. Compiled for macOS and nowhere else; the readers of what they print are compiled
//! everywhere.
//!
//! What belongs to another user shows its arguments and not its files: that is "denied", never "none".

mod about;
mod mounts;
mod processes;
mod sockets;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use gw_snapshot::host::Seen;
use gw_snapshot::observation::{LockSeen, ProcessSeen, Trouble};
use gw_snapshot::redact::Salt;
use rustix::fs::OFlags;

use super::seal::Sealed;

pub(super) use about::{about, secret};

/// There is no flag that would leave the time of last access as it was; macOS rarely changes it.
pub(super) const LEAVE_ACCESS_TIME: OFlags = OFlags::empty();

/// What one run has seen of this system, so that it sees it only once.
pub(super) struct System {
    salt: Salt,
    processes: OnceLock<Result<BTreeMap<u32, ProcessSeen>, Trouble>>,
    listeners: OnceLock<Result<Vec<sockets::Socket>, Trouble>>,
}

impl System {
    /// Nothing seen yet.
    pub(super) const fn new(salt: Salt) -> Self {
        Self { salt, processes: OnceLock::new(), listeners: OnceLock::new() }
    }

    /// Sees what every look at a gateway needs, and what takes the longest, before anybody asks.
    pub(super) fn look_ahead(&self) {
        self.all_processes();
    }

    /// Who holds the lock on a file: macOS tells nobody, short of taking the lock.
    #[expect(clippy::unused_self, reason = "the same question is asked of every system")]
    pub(super) fn lock(&self, path: &str) -> LockSeen {
        let words = "macOS does not tell who holds a lock";
        LockSeen {
            path: path.into(),
            error: Some(Trouble::Other(words.into())),
            ..LockSeen::default()
        }
    }
}

/// macOS has nothing by which a process could give up the right to write for itself and its children.
pub(super) const fn seal() -> Sealed {
    Sealed::NotHere
}

/// A list that ended, or why it did not.
fn seen<T>(list: Result<Vec<T>, Trouble>, complete: bool) -> Seen<T> {
    match list {
        Ok(list) if complete => Seen::complete(list),
        Ok(list) => Seen { list, complete: false, trouble: Some(Trouble::PermissionDenied) },
        Err(trouble) => Seen::failed(trouble),
    }
}
