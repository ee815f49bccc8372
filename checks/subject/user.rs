//! As whom a gateway runs, and what that user may use.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::{Named, Purpose, Usable};
use gw_snapshot::facts::job::{Job, Phase};
use gw_snapshot::facts::{Lane, Manager};
use gw_snapshot::observation::FileSeen;

use crate::Subject;

impl<'a> Subject<'a> {
    /// The user as whom the gateway runs, or would.
    pub(crate) fn user(&self) -> Option<u32> {
        let process = self.gateway.process().and_then(|process| process.seen.uid);
        process.or_else(|| self.user_of(self.installed().next()?))
    }

    /// The user as whom a service runs, who need not be the one who looks. None: its definition names one whose number
    /// is not known here.
    pub(crate) fn user_of(&self, lane: &Lane) -> Option<u32> {
        let about = &self.facts.about;
        match lane.manager {
            Manager::SystemdUser => return about.uid,
            Manager::LaunchdGui(uid) | Manager::LaunchdUser(uid) => return Some(uid),
            Manager::SystemdSystem | Manager::LaunchdSystem => {}
        }
        let process = self.gateway.process().filter(|process| {
            lane.job.known().is_some_and(|job| job.main_pid == Some(process.pid))
        });
        if let Some(uid) = process.and_then(|process| process.seen.uid) {
            return Some(uid);
        }
        match lane.definition.known()?.user.as_deref() {
            None | Some("root") => Some(0),
            named if named == about.user.as_deref() => about.uid,
            Some(number) => number.parse().ok(),
        }
    }

    /// Whether something that a service names serves it when it runs as its user. Unknown where that depends on who
    /// the user is, and it is not known.
    pub(crate) fn usable(&self, lane: &Lane, named: &Named) -> Usable {
        if let Some(user) = self.user_of(lane) {
            return named.state(Some(user));
        }
        let (owner, stranger) = (named.state(named.seen.uid), named.state(Some(u32::MAX)));
        if owner == stranger {
            return owner;
        }
        let user = lane.definition.known().and_then(|definition| definition.user.as_deref());
        let whose = user.map_or_else(String::new, |user| format!(" ({user})"));
        Usable::Unknown(Why::Failed(format!("the number of its user{whose} is not known here")))
    }

    /// What a service that runs would need at its next start, and is not there any more: its program or its directory, as
    /// after an update that moved the environment.
    pub(crate) fn missing_for_a_start(&self, lane: &Lane, job: &Job) -> Option<String> {
        if job.phase != Phase::Running {
            return None;
        }
        let needed = |named: &&Named| matches!(named.what, "program" | "working directory");
        let trouble = lane.paths.iter().filter(needed).find_map(|named| {
            let refused = match self.usable(lane, named) {
                Usable::Missing => return Some(named.missing()),
                Usable::Refused { .. } => match named.purpose {
                    Purpose::Run => "may not be run",
                    _ => "may not be entered",
                },
                Usable::Yes | Usable::Unknown(_) => return None,
            };
            Some(format!("the {} {} {refused}", named.what, named.path))
        });
        trouble.or_else(|| self.missing_code(lane))
    }

    /// The code of the process, where that is no longer there and the unit starts it by the same program. An update takes it
    /// away for a moment.
    fn missing_code(&self, lane: &Lane) -> Option<String> {
        let process = self.gateway.process()?;
        let definition = lane.definition.known()?;
        let is_same = definition.argv.first() == process.seen.argv.as_ref()?.first();
        let is_settled = self.gateway.liveness.commands.is_empty();
        let gone = self.gateway.origins.iter().find(|origin| origin.is_gone())?;
        (is_same && is_settled).then(|| format!("its code {} does not exist", gone.path))
    }

    /// What a unit needs before its program begins, and is not there: each start fails.
    pub(crate) fn missing(&self, lane: &Lane) -> Option<String> {
        if lane.manager.is_launchd() {
            return None;
        }
        let is_needed = |named: &&Named| matches!(named.what, "program" | "working directory");
        let is_missing = |named: &&Named| self.usable(lane, named) == Usable::Missing;
        let missing = lane.paths.iter().filter(is_needed).find(is_missing)?;
        Some(missing.missing())
    }

    /// The files that the gateway opens and its user may not: another user's, and closed to all others. What a group
    /// may do counts as allowed. Its other files it replaces, for which their owner does not matter.
    pub(crate) fn closed_files(&self) -> impl Iterator<Item = &'a FileSeen> {
        let user = self.user().filter(|user| *user != 0);
        let is_closed = move |file: &FileSeen, wanted: u32| {
            let bits = file.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
            match (user, file.uid, bits) {
                (Some(user), Some(owner), Some(bits)) => user != owner && bits & wanted == 0,
                _ => false,
            }
        };
        let opened = OPENED.map(|(name, wanted)| (self.path(name), wanted));
        self.gateway.files.iter().filter(move |file| {
            opened.iter().any(|(path, wanted)| *path == file.path && is_closed(file, *wanted))
        })
    }
}

/// The files that a gateway opens, each with the bits of its mode that would let another user do so.
const OPENED: [(&str, u32); 4] =
    [("gateway.lock", 0o022), (".env", 0o044), ("config.yaml", 0o044), ("cron/jobs.json", 0o044)];
