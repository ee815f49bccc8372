//! The file systems under a home: their room, and how they are mounted.

use crate::fact::Fact;
use crate::host::Host;
use crate::observation::FilesystemSeen;

/// A directory of a home with the file system under it: the home itself, or one below on which something else is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The directory.
    pub path: String,
    /// The file system. Absent: there is no such directory.
    pub filesystem: Fact<Filesystem>,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filesystem {
    /// What it is: `ext4`, `apfs`, `nfs4`.
    pub kind: Option<String>,
    /// Where it is mounted.
    pub mount: Option<String>,
    /// Whether nothing can be written to it.
    pub read_only: Option<bool>,
    /// How much it holds, in bytes.
    pub size: Option<u64>,
    /// How much of that is free to root, in bytes.
    pub free: Option<u64>,
    /// How much is free to everybody else, in bytes.
    pub available: Option<u64>,
    /// How many files it can hold, and how many more can be made. None where it has no such limit, or it was not seen.
    pub inodes: Option<(u64, u64)>,
}

impl Disk {
    /// Looks at what is under a home.
    pub(super) fn of(host: &dyn Host, home: &str) -> Vec<Self> {
        let seen = host.filesystem(home);
        // What a person keeps below has nothing to do with the gateway.
        let is_written = |path: &&String| {
            let name = path.strip_prefix(home).and_then(|rest| rest.strip_prefix('/'));
            name.is_some_and(|name| WRITTEN.contains(&name))
        };
        let below = seen.below.iter().flatten().filter(is_written);
        let below: Vec<FilesystemSeen> = below.map(|path| host.filesystem(path)).collect();
        let disk = |seen: FilesystemSeen| Self {
            path: seen.path.clone(),
            filesystem: Filesystem::of(seen),
        };
        std::iter::once(seen).chain(below).map(disk).collect()
    }
}

impl Filesystem {
    fn of(seen: FilesystemSeen) -> Fact<Self> {
        if let Some(trouble) = seen.error {
            return trouble.into_fact();
        }
        let inodes = seen.inodes.filter(|inodes| *inodes > 0).zip(seen.inodes_free);
        Fact::Known(Self {
            kind: seen.kind,
            mount: seen.mount,
            read_only: seen.read_only,
            size: seen.size,
            free: seen.free,
            available: seen.available,
            inodes,
        })
    }
}

/// Directories in a home that a gateway writes to.
const WRITTEN: [&str; 3] = ["cron", "logs", "state"];
