//! Who holds a lock, without touching it: a probe by `flock` would for a moment hold it, and a gateway
//! that starts in that moment would give up.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use gw_snapshot::observation::{LockSeen, Trouble};
use rustix::fs::{AtFlags, CWD, StatxFlags, major, minor, statx};

use super::super::read::trouble;
use super::System;
use super::proc::Process;

/// The content of /proc/locks, or why it cannot be read.
pub(super) type Table = Result<Vec<Lock>, Trouble>;

/// A lock by `flock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock {
    /// None if its holder is in another world of process numbers.
    pid: Option<u32>,
    device: (u32, u32),
    inode: u64,
}

impl System {
    /// Who holds the lock on a file.
    pub(in super::super) fn lock(&self, path: &str) -> LockSeen {
        let mut seen = LockSeen { path: path.into(), ..LockSeen::default() };
        let table = self.lock_table().as_ref().map_err(Clone::clone);
        match table.and_then(|table| holder(table, path)) {
            Ok(Some(lock)) => {
                seen.held = Some(true);
                seen.pid = lock.pid;
            }
            Ok(None) => seen.held = Some(false),
            Err(trouble) => seen.error = Some(trouble),
        }
        seen
    }

    /// All locks of the host. The kernel takes some ten milliseconds for it, which it sleeps: begin early.
    pub(super) fn lock_table(&self) -> &Table {
        self.locks.get_or_init(|| match fs::read("/proc/locks") {
            Ok(bytes) => Ok(locks(&String::from_utf8_lossy(&bytes))),
            Err(error) => Err(why_no_table(&error)),
        })
    }
}

/// "Not found" would be said of the file, so a table that is not there gets other words.
fn why_no_table(error: &io::Error) -> Trouble {
    match trouble(error) {
        Trouble::NotFound => Trouble::Other("/proc/locks is not there".into()),
        other => other,
    }
}

fn holder(table: &[Lock], path: &str) -> Result<Option<Lock>, Trouble> {
    let stat = fs::metadata(path).map_err(|error| trouble(&error))?;
    let same_inode: Vec<_> = table.iter().filter(|lock| lock.inode == stat.ino()).collect();
    if same_inode.is_empty() {
        return Ok(None);
    }
    let on = |device| same_inode.iter().find(|lock| lock.device == device);
    if let Some(lock) = on((major(stat.dev()), minor(stat.dev()))) {
        return Ok(Some((*lock).clone()));
    }
    // On btrfs and overlayfs the device that `stat` tells is not the one that the kernel locks by.
    let of_mount = device_of_mount(path);
    if let Some(lock) = of_mount.and_then(on) {
        return Ok(Some((*lock).clone()));
    }
    // Before Linux 5.8 the mount cannot be told: then the holder must have the file open by its name.
    let names = names(path);
    for lock in same_inode {
        let Some(pid) = lock.pid else { continue };
        match Process::open(pid).and_then(|process| process.open_files()) {
            Ok(open) if open.iter().any(|target| names.contains(target)) => {
                return Ok(Some(lock.clone()));
            }
            Err(error) if of_mount.is_none() => return Err(trouble(&error.into())),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

/// A path, and what it is without its symbolic links.
fn names(path: &str) -> Vec<String> {
    let canonical = fs::canonicalize(path).ok().map(|path| path.to_string_lossy().into_owned());
    std::iter::once(path.into()).chain(canonical).collect()
}

/// The device of the file system that a file is on, as the kernel itself counts it.
fn device_of_mount(path: &str) -> Option<(u32, u32)> {
    let stat = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).ok()?;
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    let mounts = String::from_utf8_lossy(&mounts);
    mounts.lines().find_map(|line| {
        // `36 35 98:0 /mnt1 /mnt2 rw,noatime …`: the mount, its parent, the device.
        let mut words = line.split(' ');
        let is_it = words.next()?.parse::<u64>().ok()? == stat.stx_mnt_id;
        let (major, minor) = words.nth(1)?.split_once(':')?;
        is_it.then_some((major.parse().ok()?, minor.parse().ok()?))
    })
}

/// The locks that are held by `flock`, of the lines of /proc/locks. One line that makes no sense hides
/// no other.
fn locks(text: &str) -> Vec<Lock> {
    text.lines().filter_map(lock).collect()
}

/// `1: FLOCK  ADVISORY  WRITE 420 00:32:36 0 EOF`. With `->` after the number it is not held, but
/// waited for.
fn lock(line: &str) -> Option<Lock> {
    let mut words = line.split_whitespace().skip(1);
    (words.next()? == "FLOCK").then_some(())?;
    let pid = words.nth(2)?;
    let mut place = words.next()?.split(':');
    let mut hexadecimal = || u32::from_str_radix(place.next()?, 16).ok();
    let device = (hexadecimal()?, hexadecimal()?);
    let inode = place.next()?.parse().ok()?;
    let pid = pid.parse().ok().filter(|pid| *pid > 0);
    Some(Lock { pid, device, inode })
}

#[cfg(test)]
mod tests {
    use gw_snapshot::redact::Salt;
    use rustix::fs::{FlockOperation, flock};

    use super::*;

    fn look(path: &str) -> LockSeen {
        System::new(Salt(Vec::new())).lock(path)
    }

    #[test]
    fn a_lock_is_seen_with_its_holder_and_its_release_is_seen_too() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("gateway.lock");
        let file = fs::File::create(&path).expect("a file");
        let path = path.to_str().expect("UTF-8");

        assert_eq!(look(path).held, Some(false));
        flock(&file, FlockOperation::NonBlockingLockExclusive).expect("a lock");
        let seen = look(path);
        assert_eq!((seen.held, seen.pid), (Some(true), Some(std::process::id())));
        flock(&file, FlockOperation::Unlock).expect("no lock");
        assert_eq!(look(path).held, Some(false));
    }

    #[test]
    fn a_file_that_is_not_there_is_not_a_lock_that_nobody_holds() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("gateway.lock");
        let seen = look(path.to_str().expect("UTF-8"));
        assert_eq!((seen.held, seen.error), (None, Some(Trouble::NotFound)));
    }

    #[test]
    fn only_locks_by_flock_that_are_held_count() {
        let table = "\
1: FLOCK  ADVISORY  WRITE 420 00:32:36 0 EOF
1: -> FLOCK  ADVISORY  WRITE 421 00:32:36 0 EOF
2: POSIX  ADVISORY  READ 420 00:32:36 128 128
3: FLOCK  ADVISORY  READ 0 fe:00:828538 0 EOF
4: FLOCK  ADVISORY
5: FLOCK  ADVISORY  WRITE 9 zz:00:1 0 EOF

6: LEASE  ACTIVE    READ 7 00:32:36 0 EOF
";
        assert_eq!(
            locks(table),
            [
                Lock { pid: Some(420), device: (0, 0x32), inode: 36 },
                Lock { pid: None, device: (0xfe, 0), inode: 828_538 },
            ]
        );
    }

    #[test]
    fn the_same_inode_on_another_device_is_another_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("gateway.lock");
        let file = fs::File::create(&path).expect("a file");
        let inode = file.metadata().expect("a file").ino();
        let path = path.to_str().expect("UTF-8");
        // Not a process of this machine, so that nobody has the file open.
        let lock = |device| Lock { pid: Some(1 << 30), device, inode };

        let elsewhere = holder(&[lock((0xfff, 0xfff))], path);
        match device_of_mount(path) {
            Some(device) => {
                assert_eq!(elsewhere, Ok(None));
                assert_eq!(holder(&[lock(device)], path), Ok(Some(lock(device))));
            }
            None => assert_eq!(elsewhere, Err(Trouble::NotFound)),
        }
        // Whoever has it open by its name holds it, whatever the device.
        let ours = Lock { pid: Some(std::process::id()), device: (0xfff, 0xfff), inode };
        assert_eq!(holder(std::slice::from_ref(&ours), path), Ok(Some(ours)));
    }
}
