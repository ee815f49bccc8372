//! One process in /proc, held by its directory, so that all that is read is of the same process: a
//! number that was given to another meanwhile reads as "no such process".

use std::io;
use std::os::fd::OwnedFd;

use gw_snapshot::observation::Trouble;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::{Errno, retry_on_intr};

/// How much of a file of /proc is read. Arguments and environment can be megabytes; a gateway's are not.
const LIMIT: usize = 256 << 10;

/// A process.
pub(super) struct Process {
    directory: OwnedFd,
}

impl Process {
    pub(super) fn open(pid: u32) -> rustix::io::Result<Self> {
        let directory = openat(
            CWD,
            format!("/proc/{pid}"),
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Self { directory })
    }

    /// The content of one of its files, cut at the limit.
    pub(super) fn read(&self, name: &str) -> rustix::io::Result<Vec<u8>> {
        let file = openat(&self.directory, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut bytes = vec![0; 4096];
        let mut filled = 0;
        loop {
            let room = bytes.get_mut(filled..).unwrap_or_default();
            let read = retry_on_intr(|| rustix::io::read(&file, &mut *room))?;
            filled = filled.saturating_add(read);
            if read == 0 || filled >= LIMIT {
                break;
            }
            if filled == bytes.len() {
                bytes.resize(filled.saturating_mul(4).min(LIMIT), 0);
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Where one of its links leads.
    pub(super) fn link(&self, name: &str) -> rustix::io::Result<String> {
        let target = readlinkat(&self.directory, name, Vec::new())?;
        Ok(target.to_string_lossy().into_owned())
    }

    /// True if it is in another network namespace than we are: each has a `net/dev` of its own, and everybody may look at that
    /// of any process. To read `ns/net` takes the right to trace it.
    pub(super) fn is_in_another_network(&self) -> bool {
        let its = statat(&self.directory, "net/dev", AtFlags::empty());
        let ours = statat(CWD, "/proc/self/net/dev", AtFlags::empty());
        its.is_ok_and(|its| ours.is_ok_and(|ours| its.st_ino != ours.st_ino))
    }

    /// Its open files, each as the kernel names it: a path, `socket:[19546]`, … A file that is closed
    /// meanwhile is left out.
    pub(super) fn open_files(&self) -> rustix::io::Result<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(&self.directory, "fd", flags, Mode::empty())?;
        let mut targets = Vec::new();
        let mut buffer = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            if entry.file_name().to_bytes().starts_with(b".") {
                continue;
            }
            match readlinkat(&directory, entry.file_name(), buffer) {
                Ok(target) => {
                    targets.push(target.to_string_lossy().into_owned());
                    buffer = target.into_bytes();
                }
                // Listed, but not to be read: an answer without it would be a lie.
                Err(error @ (Errno::ACCESS | Errno::PERM)) => return Err(error),
                Err(_) => buffer = Vec::new(),
            }
        }
        Ok(targets)
    }
}

/// The numbers of all processes that can be seen.
pub(super) fn pids() -> rustix::io::Result<Vec<u32>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = openat(CWD, "/proc", flags, Mode::empty())?;
    let mut pids = Vec::new();
    for entry in Dir::new(directory)? {
        let entry = entry?;
        pids.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// Why a process that was to be looked at cannot be. There is no such process only if /proc is there,
/// and shows all of them: mounted with `hidepid`, it hides what others own, and even the first one.
pub(super) fn why_not(error: Errno) -> Trouble {
    if !matches!(error, Errno::NOENT | Errno::SRCH) {
        return super::super::read::trouble(&io::Error::from(error));
    }
    if statat(CWD, "/proc/self", AtFlags::empty()).is_err() {
        return Trouble::Other("/proc is not mounted".into());
    }
    match statat(CWD, "/proc/1", AtFlags::empty()) {
        Ok(_) => Trouble::NotFound,
        Err(_) => Trouble::PermissionDenied,
    }
}
