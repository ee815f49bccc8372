//! Whether the gateway sees the home that everybody else sees.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::disk::Disk;
use gw_snapshot::facts::liveness::Holder;
use gw_snapshot::facts::process::{Process, Witness};
use gw_snapshot::observation::Trouble;

use crate::Subject;

/// A home that has another name than when its gateway started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Renamed<'a> {
    /// Its name then, which its service still has.
    pub(crate) from: &'a str,
    /// Its name now.
    pub(crate) to: &'a str,
    /// The gateway.
    pub(crate) pid: u32,
}

impl Renamed<'_> {
    /// What is so, and what follows from it.
    pub(crate) fn words(&self) -> String {
        let Self { from, to, pid } = self;
        format!(
            "the home {from} was renamed to {to} while PID {pid} served it: the gateway works on there, and its service, which names the old path, does not start it there again"
        )
    }
}

impl<'a> Subject<'a> {
    /// Returns what this home was, or is now, where it was renamed under its gateway: the main process of the service of one
    /// home has the lock of another, and nothing is at the first any more, or it was made anew and is what the process was
    /// told (0.22 makes the directories of its logs again).
    pub(crate) fn renamed(&self) -> Option<Renamed<'a>> {
        self.facts.gateways.iter().find_map(|old| {
            let pid = old.lanes.iter().find_map(|lane| lane.job.known()?.main_pid)?;
            let now = self.facts.gateway_of(pid)?;
            let (from, to) = (old.home.path.as_str(), now.home.path.as_str());
            let is_ours = [from, to].contains(&self.gateway.home.path.as_str());
            // What it was told at its start is what it had open then, and the kernel follows a name that changes.
            let told = now.process()?.seen.env.as_ref()?.get("HERMES_HOME")?;
            let directory = &old.directory;
            let is_gone = directory.error == Some(Trouble::NotFound) && directory.target.is_none();
            let is_of_a_gateway = |name: &String| MADE_ONCE.contains(&name.as_str());
            let is_made_anew = old.liveness.process.is_absent()
                && directory.entries.as_ref().is_some_and(|all| !all.iter().any(is_of_a_gateway));
            (is_ours
                && from != to
                && old.home.is_at(told)
                && now.directory.error.is_none()
                && (is_gone || is_made_anew))
                .then_some(Renamed { from, to, pid })
        })
    }

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

/// What stands in every home that a gateway has served, and is not made anew under it.
const MADE_ONCE: [&str; 5] = [".env", "config.yaml", "gateway.lock", "gateway.pid", "state.db"];
/// A gateway that is older has made its files. In seconds.
const SETTLED_SECONDS: i64 = 5;
