//! The file system that holds a directory: how much room it has, and how it is mounted. Asked of the kernel, which keeps
//! these numbers: nothing is opened, and nothing is tried.

use std::fs;

use gw_snapshot::observation::{FilesystemSeen, Trouble};
use gw_snapshot::redact::{Salt, shape};
use rustix::fs::{StatVfsMountFlags, statvfs};

use super::read::trouble;
use super::redacted;

/// How a directory is mounted, as far as the system tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mounted {
    /// The kind of the file system.
    pub(super) kind: Option<String>,
    /// Where it is mounted.
    pub(super) mount: Option<String>,
    /// Every directory below on which something else is mounted.
    pub(super) below: Option<Vec<String>>,
}

/// Looks at the file system of a directory. `mounted` tells how the real path of it is mounted.
pub(super) fn look(
    path: &str,
    salt: &Salt,
    mounted: impl FnOnce(&str) -> Mounted,
) -> FilesystemSeen {
    let mut seen = FilesystemSeen { path: path.into(), ..FilesystemSeen::default() };
    if !path.starts_with('/') {
        seen.error = Some(Trouble::Other("not an absolute path".into()));
        return seen;
    }
    let (numbers, real) = match statvfs(path).map_err(Into::into) {
        Ok(numbers) => (numbers, fs::canonicalize(path).ok()),
        Err(error) => {
            seen.error = Some(trouble(&error));
            return seen;
        }
    };
    let bytes = |blocks: u64| Some(blocks.saturating_mul(numbers.f_frsize));
    seen.size = bytes(numbers.f_blocks);
    seen.free = bytes(numbers.f_bfree);
    seen.available = bytes(numbers.f_bavail);
    seen.inodes = Some(numbers.f_files);
    seen.inodes_free = Some(numbers.f_ffree);
    seen.read_only = Some(numbers.f_flag.contains(StatVfsMountFlags::RDONLY));
    let real = real.as_deref().and_then(|real| real.to_str()).unwrap_or(path);
    let mounted = mounted(real);
    add(&mut seen, mounted, real, salt);
    seen
}

/// Adds how it is mounted, without what a person named.
pub(super) fn add(seen: &mut FilesystemSeen, mounted: Mounted, real: &str, salt: &Salt) {
    seen.kind = mounted.kind.map(|kind| shape::text(&kind, salt));
    seen.mount = mounted.mount.map(|mount| shape::text(&mount, salt));
    let path = seen.path.trim_end_matches('/');
    let below = mounted.below.map(|below| {
        let clear = below.iter().filter_map(|mount| {
            let rest = mount.strip_prefix(real)?.strip_prefix('/')?;
            redacted::is_clear_name(path, rest).then(|| format!("{path}/{rest}"))
        });
        clear.collect()
    });
    seen.below = below;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt() -> Salt {
        Salt(b"test".to_vec())
    }

    #[test]
    fn a_directory_of_this_machine_has_a_size_and_one_that_is_not_there_has_none() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().to_str().expect("UTF-8");
        let seen = look(path, &salt(), |_| Mounted::default());
        assert_eq!((seen.error, seen.read_only), (None, Some(false)));
        assert!(seen.size > Some(0) && seen.free >= seen.available, "{:?}", seen.size);
        let missing = look(&format!("{path}/no"), &salt(), |_| Mounted::default());
        assert_eq!((missing.error, missing.size), (Some(Trouble::NotFound), None));
        let relative = look("here", &salt(), |_| Mounted::default());
        assert!(relative.error.is_some());
    }

    #[test]
    fn of_what_is_mounted_below_only_names_that_hermes_gave_are_told() {
        let mut seen = FilesystemSeen { path: "/h/.hermes".into(), ..FilesystemSeen::default() };
        let below = ["/data/x/cron", "/data/x/for-alice", "/data/x/cron/deep", "/data/xy/cron"];
        let mounted = Mounted {
            kind: Some("ext4".into()),
            mount: Some("/data/x".into()),
            below: Some(below.map(String::from).to_vec()),
        };
        add(&mut seen, mounted, "/data/x", &salt());
        assert_eq!(seen.below, Some(vec!["/h/.hermes/cron".to_string()]));
        assert_eq!(seen.mount.as_deref(), Some("/data/x"));
    }
}
