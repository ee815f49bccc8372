//! Whether the gateway sees the home that everybody else sees.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::disk::Disk;
use gw_snapshot::facts::liveness::Holder;
use gw_snapshot::facts::process::{Process, Witness};
use gw_snapshot::observation::Trouble;

use crate::Subject;

impl<'a> Subject<'a> {
    /// True if a directory of the home does not answer. Two questions hang there: for its file system, and for what is in it.
    pub(crate) fn hangs(&self, disk: &Disk) -> bool {
        let (gateway, home) = (self.gateway, &self.gateway.home.path);
        if gateway.directory.error == Some(Trouble::TimedOut) {
            return true;
        }
        let within = match disk.path.strip_prefix(home.as_str()) {
            Some("/cron") => gateway.cron.store.why(),
            Some("/logs") => gateway.journal.why(),
            Some("/state") => gateway.marks.heartbeat.why(),
            _ => None,
        };
        let both = disk.filesystem.why().zip(within);
        both.is_some_and(|(one, other)| [one, other].contains(&&Why::TimedOut))
    }

    /// Returns the directory of the home that does not answer: the home itself, or one below it.
    pub(crate) fn hung_directory(&self) -> Option<&'a str> {
        if self.gateway.directory.error == Some(Trouble::TimedOut) {
            return Some(&self.gateway.home.path);
        }
        self.gateway.disks.iter().find(|disk| self.hangs(disk)).map(|disk| disk.path.as_str())
    }

    /// Returns the gateway's process, where something was mounted over its home since it started: it holds a file open by a
    /// path at which everybody else finds another one, or none. The kernel marks a file that was removed, and follows one
    /// that was renamed, so something lies over it.
    pub(crate) fn below_a_mount(&self) -> Option<&'a Process> {
        let (gateway, home) = (self.gateway, &self.gateway.home);
        let is_its_own = |(path, deleted): (&str, bool)| {
            !deleted && path.strip_suffix("/gateway.lock").is_some_and(|path| home.is_at(path))
        };
        // While it starts, its files come to be between two looks.
        let is_settled = |process: &Process| {
            process.age(self.facts.now).is_some_and(|age| age.as_secs() > SETTLED_SECONDS)
        };
        let process = gateway.process().filter(|process| {
            process.seen.mounts.is_none()
                && is_settled(process)
                && !process.is_elsewhere(&self.facts.about)
                && process.open_gateway_locks().any(is_its_own)
        })?;
        let lock = self.path("gateway.lock");
        let is_absent = gateway.directory.error.is_none()
            && gateway
                .files
                .iter()
                .any(|file| file.path == lock && file.error == Some(Trouble::NotFound));
        // A gateway that its manager started holds the lock. Where nobody holds that of the home, it is another file.
        let is_free = gateway.liveness.lock == Fact::Known(Holder::Nobody)
            && process.witnesses.contains(&Witness::Manager);
        let is_a_mount = || {
            let own = gateway.disks.first().and_then(|disk| disk.filesystem.known());
            own.and_then(|found| found.mount.as_deref()).is_some_and(|mount| home.is_at(mount))
        };
        (is_a_mount() && (is_absent || is_free)).then_some(process)
    }
}

/// A gateway that is older has made its files. In seconds.
const SETTLED_SECONDS: i64 = 5;
