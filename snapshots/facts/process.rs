//! A process, and whether it is the one that a record speaks of.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::facts::home::Choice;
use crate::facts::record::PidRecord;
use crate::observation::{ProcessSeen, Started, Trouble};
use crate::parse::cgroup::{self, Place};
use crate::parse::cmdline::{self, Lifecycle, Role};
use crate::redact::holds_a_mark;
use crate::snapshot::{About, Os};

/// A process that may be a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// What was seen of it. Only its id, where a socket or a manager named it and nobody looked further.
    pub seen: ProcessSeen,
    /// What its arguments say it is.
    pub role: Role,
    /// Where it stands among the units, on Linux.
    pub place: Option<Place>,
    /// When it started, by the wall clock.
    pub started_at: Option<Timestamp>,
    /// Who says that it serves the home in question.
    pub witnesses: BTreeSet<Witness>,
}

/// A process out of the search for all that look like Hermes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The process.
    pub process: Process,
    /// The home whose `gateway.lock` it has open, else the one to which a gateway's arguments lead. None for a process of
    /// another host, such as a container: its paths are not ours.
    pub home: Option<String>,
    /// The home to which the words of a lifecycle command lead.
    pub target: Option<String>,
}

impl Scanned {
    /// Reads what the search saw of a process. `sticky` is as in [`Choice::home`].
    pub fn of(
        seen: ProcessSeen,
        about: &About,
        sticky: impl FnOnce(&str) -> Option<String>,
    ) -> Self {
        let process = Process::of(seen, about);
        let by_lock = process.open_gateway_locks().next().map(|(path, _)| path);
        let by_lock = by_lock.and_then(|path| path.strip_suffix("/gateway.lock")).map(String::from);
        let is_gateway = matches!(process.role, Role::Gateway(_));
        let is_command = process.lifecycle().is_some();
        let is_ours = !process.is_elsewhere(about);
        let chosen = (is_ours && (is_gateway || is_command))
            .then(|| process.chosen_home(about, sticky))
            .flatten();
        let home = by_lock.filter(|_| is_ours).or_else(|| chosen.clone().filter(|_| is_gateway));
        Self { process, home, target: chosen.filter(|_| is_command) }
    }
}

/// Who names a process as the gateway of a home, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// It holds the lock on `gateway.lock`, which a gateway holds for life.
    Lock,
    /// It has `gateway.lock` open.
    OpenLock,
    /// `gateway.pid` names it, and it is the same process.
    PidFile,
    /// The service manager calls it a service's main process.
    Manager,
    /// The text in `gateway.lock` names it.
    LockRecord,
    /// `gateway_state.json` names it.
    StatusFile,
    /// Its arguments and environment lead to this home.
    Arguments,
    /// It holds a lock on a `gateway.lock` that somebody removed: a ghost.
    GhostLock,
    /// It runs in the group of a service whose manager does not answer.
    Group,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lock => "the lock on gateway.lock",
            Self::OpenLock => "its open gateway.lock",
            Self::PidFile => "gateway.pid",
            Self::Manager => "the service manager",
            Self::LockRecord => "the record in gateway.lock",
            Self::StatusFile => "gateway_state.json",
            Self::Arguments => "its arguments",
            Self::Group => "its cgroup",
            Self::GhostLock => "a removed gateway.lock that it still holds",
        })
    }
}

/// Whether a process is the one that wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// PID and start time agree, or the PID agrees and it runs Hermes.
    Same,
    /// The PID now belongs to another process.
    Reused,
    /// Too little is known of the process to tell.
    Unclear,
}

impl Process {
    /// True if what was seen of this PID later is this process, and it lives.
    pub fn lasts(&self, later: &ProcessSeen) -> bool {
        let is_there = later.error.is_none() && later.state.as_deref() != Some("Z");
        is_there && later.started == self.seen.started
    }

    /// Reads what was seen of a process.
    pub fn of(seen: ProcessSeen, about: &About) -> Self {
        Self {
            pid: seen.pid,
            role: cmdline::role(seen.argv.as_deref().unwrap_or_default()),
            place: seen.cgroup.as_deref().map(cgroup::place),
            started_at: started_at(seen.started, about),
            witnesses: BTreeSet::new(),
            seen,
        }
    }

    /// Whether it exists in name only: dead, and not yet waited for by its parent.
    pub fn is_zombie(&self) -> bool {
        matches!(self.seen.state.as_deref(), Some("Z" | "X"))
    }

    /// Whether it is stopped or traced, and so answers nothing while it exists.
    pub fn is_stopped(&self) -> bool {
        matches!(self.seen.state.as_deref(), Some("T" | "t"))
    }

    /// Returns its command line for people, with long words cut in the middle. Empty where it could not be read.
    pub fn command(&self) -> String {
        match self.seen.argv.as_deref() {
            Some(argv) if !argv.is_empty() => {
                argv.iter().map(|word| shortened(word)).collect::<Vec<_>>().join(" ")
            }
            _ => self.seen.comm.clone().unwrap_or_default(),
        }
    }

    /// True if it lives in another PID namespace than we do, or in a container while we do not. Such a process is on another
    /// host: a path that it names is not a path of ours.
    pub fn is_elsewhere(&self, about: &About) -> bool {
        let is_numbered_otherwise = self.seen.inner_pid.is_some_and(|inner| inner != self.pid);
        let is_contained = self.seen.cgroup.as_deref().and_then(cgroup::container).is_some();
        let are_we = about.hints.iter().any(|hint| hint == "container");
        is_numbered_otherwise || is_contained && !are_we
    }

    /// Returns what it does to gateways, if its words are those of a lifecycle command.
    pub fn lifecycle(&self) -> Option<Lifecycle> {
        cmdline::lifecycle(self.seen.argv.as_deref().unwrap_or_default())
    }

    /// Whether it is a service manager of systemd's, which listens in the place of services that its socket units start
    /// (systemd.socket(5)).
    pub fn is_systemd(&self) -> bool {
        let program = self.seen.argv.as_ref().and_then(|argv| argv.first());
        let name = program.and_then(|program| program.rsplit('/').next());
        name == Some("systemd") || self.pid == 1 && name == Some("init")
    }

    /// How long it has run at `now`, in seconds.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.started_at.map(|started| now.duration_since(started))
    }

    /// The home that its arguments and its environment lead to. None where the environment could not
    /// be read: arguments alone name a profile of some user's, not a home. `sticky` is as in [`Choice::home`].
    pub fn chosen_home(
        &self,
        about: &About,
        sticky: impl FnOnce(&str) -> Option<String>,
    ) -> Option<String> {
        let env = self.seen.env.as_ref()?;
        let profile = cmdline::profile(self.seen.argv.as_deref().unwrap_or_default());
        let profile = profile.as_deref();
        let exempt = ["HERMES_SUPERVISED_CHILD", "HERMES_S6_SUPERVISED_CHILD"];
        let is_exempt = exempt.iter().any(|name| env.contains_key(*name));
        let user_home = env.get("HOME").map(String::as_str).or(about.home.as_deref());
        let hermes_home = env.get("HERMES_HOME").map(String::as_str);
        // What is redacted leads nowhere.
        if [profile, user_home, hermes_home].into_iter().flatten().any(holds_a_mark) {
            return None;
        }
        let choice = Choice { profile, hermes_home, user_home };
        choice.home(|root| sticky(root).filter(|_| !is_exempt))
    }

    /// The paths of its open `gateway.lock`s, each with whether the file was removed meanwhile.
    pub fn open_gateway_locks(&self) -> impl Iterator<Item = (&str, bool)> {
        self.seen.open.iter().flatten().filter_map(|path| {
            let (path, deleted) = match path.strip_suffix(" (deleted)") {
                Some(path) => (path, true),
                None => (path.as_str(), false),
            };
            path.ends_with("/gateway.lock").then_some((path, deleted))
        })
    }

    /// Whether this is the process that wrote a gateway's record.
    ///
    /// Linux compares start times exactly; on macOS psutil moves them with the clock, so two seconds
    /// are allowed (upstream #103582). Where either side lacks one (macOS before 0.18), the arguments decide.
    pub fn identity(&self, record: &PidRecord, os: Os) -> Identity {
        let is_another = match self.role {
            Role::Server | Role::CronTick | Role::Lifecycle(_) => true,
            // A title that hides the arguments is one word, and may hide those of a gateway.
            Role::OtherHermes => self.seen.argv.as_deref().is_some_and(|argv| argv.len() > 1),
            Role::Gateway(_) | Role::Wrapper | Role::Foreign => false,
        };
        match self.identity_by_start(record, os) {
            Some(identity) => identity,
            None if is_another => Identity::Reused,
            None => self.identity_by_name(),
        }
    }

    /// The same for a record that any command of Hermes may write: that of a run of a cron job.
    pub fn identity_as_hermes(&self, record: &PidRecord, os: Os) -> Identity {
        self.identity_by_start(record, os).unwrap_or_else(|| self.identity_by_name())
    }

    fn identity_by_start(&self, record: &PidRecord, os: Os) -> Option<Identity> {
        // In a PID namespace of its own it has another number, and writes down that one.
        let is_numbered_so = self.pid == record.pid
            || (self.seen.inner_pid == Some(record.pid) && record.start_time.is_some());
        if !is_numbered_so {
            return Some(Identity::Reused);
        }
        let (Some(Started::Units(mine)), Some(recorded)) = (self.seen.started, record.start_time)
        else {
            return None;
        };
        let tolerance = match os {
            Os::Linux => 0,
            Os::Macos => 200,
        };
        let is_same = mine.abs_diff(recorded) <= tolerance;
        Some(if is_same { Identity::Same } else { Identity::Reused })
    }

    fn identity_by_name(&self) -> Identity {
        match (&self.role, self.seen.argv.as_deref()) {
            (Role::Foreign, Some(argv))
                if !argv.is_empty() && self.seen.comm.as_deref() != Some("hermes") =>
            {
                Identity::Reused
            }
            (Role::Foreign, _) => Identity::Unclear,
            _ => Identity::Same,
        }
    }
}

/// Returns the time that a start means on this host.
pub(super) fn started_at(started: Option<Started>, about: &About) -> Option<Timestamp> {
    match (started?, about.os) {
        (Started::At(at), _) => Some(at),
        (Started::Units(ticks), Os::Linux) => {
            let hertz = about.ticks_per_second.filter(|hertz| *hertz > 0)?;
            let millis = i64::try_from(ticks.checked_mul(1000)?.checked_div(hertz)?).ok()?;
            about.boot_time?.checked_add(SignedDuration::from_millis(millis)).ok()
        }
        (Started::Units(hundredths), Os::Macos) => {
            let millis = i64::try_from(hundredths.checked_mul(10)?).ok()?;
            Timestamp::from_millisecond(millis).ok()
        }
    }
}

/// Whether there is such a process, as far as one look at it tells.
pub fn exists(seen: &ProcessSeen) -> Option<bool> {
    match &seen.error {
        // Existence is what a refusal proves.
        None | Some(Trouble::PermissionDenied) => Some(true),
        Some(Trouble::NotFound) => Some(false),
        Some(_) => None,
    }
}

/// A word of a command line with its middle left out, where it is long: from 0.22 on, Hermes starts itself by a text of
/// Python of up to 7 KB.
fn shortened(word: &str) -> Cow<'_, str> {
    let length = word.chars().count();
    if length <= LONGEST_WORD {
        return Cow::Borrowed(word);
    }
    let head: String = word.chars().take(HEAD).collect();
    let tail: String = word.chars().skip(length.saturating_sub(TAIL)).collect();
    Cow::Owned(format!("{head} … {tail}"))
}

/// Characters of a word that are shown whole. No path is longer.
const LONGEST_WORD: usize = 256;
/// Characters that are shown of the beginning and of the end of a longer one.
const HEAD: usize = 40;
const TAIL: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn about(os: &str) -> About {
        serde_json::from_str(&format!(
            r#"{{"os": "{os}", "boot_time": "2026-11-21T00:00:00Z", "ticks_per_second": 100, "home": "/home/a"}}"#
        ))
        .expect("a test's own host")
    }

    fn process(json: &str, os: &str) -> Process {
        Process::of(serde_json::from_str(json).expect("a test's own process"), &about(os))
    }

    fn record(pid: u32, start_time: Option<u64>) -> PidRecord {
        PidRecord { pid, start_time, program: None }
    }

    #[test]
    fn a_recycled_pid_is_another_process() {
        let gateway = process(
            r#"{"pid": 5, "started": 1000, "argv": ["hermes", "gateway", "run"]}"#,
            "linux",
        );
        assert_eq!(gateway.identity(&record(5, Some(1000)), Os::Linux), Identity::Same);
        assert_eq!(gateway.identity(&record(5, Some(1001)), Os::Linux), Identity::Reused);
        assert_eq!(gateway.identity(&record(5, Some(1100)), Os::Macos), Identity::Same);
        assert_eq!(gateway.identity(&record(5, None), Os::Linux), Identity::Same);
        let within = process(r#"{"pid": 385, "inner_pid": 1, "started": 1000}"#, "linux");
        assert_eq!(within.identity(&record(1, Some(1000)), Os::Linux), Identity::Same);
        assert_eq!(within.identity(&record(1, Some(999)), Os::Linux), Identity::Reused);
        assert_eq!(within.identity(&record(1, None), Os::Linux), Identity::Reused);
        let sleep = process(r#"{"pid": 5, "argv": ["sleep", "86400"]}"#, "linux");
        assert_eq!(sleep.identity(&record(5, None), Os::Linux), Identity::Reused);
        let of = |argv: &str, started: Option<u64>| {
            let process =
                process(&format!(r#"{{"pid": 5, "started": 9, "argv": [{argv}]}}"#), "linux");
            let record = record(5, started);
            let as_hermes = process.identity_as_hermes(&record, Os::Linux);
            (process.identity(&record, Os::Linux), as_hermes)
        };
        let dashboard = r#""python", "-m", "hermes_cli.main", "dashboard""#;
        assert_eq!(of(dashboard, None), (Identity::Reused, Identity::Same));
        assert_eq!(of(dashboard, Some(9)), (Identity::Same, Identity::Same));
        let tick = r#""hermes", "cron", "tick""#;
        assert_eq!(of(tick, None), (Identity::Reused, Identity::Same));
        assert_eq!(of(r#""hermes", "chat""#, None), (Identity::Reused, Identity::Same));
        assert_eq!(of(r#""hermes""#, None), (Identity::Same, Identity::Same));
        let seen_by_its_socket_only = process(r#"{"pid": 5}"#, "macos");
        assert_eq!(
            seen_by_its_socket_only.identity(&record(5, None), Os::Macos),
            Identity::Unclear
        );
    }

    #[test]
    fn a_start_time_is_told_by_the_wall_clock() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a test's own time");
        let ticks = process(r#"{"pid": 5, "started": 6000}"#, "linux");
        assert_eq!(ticks.started_at, Some(at("2026-11-21T00:01:00Z")));
        let hundredths = process(r#"{"pid": 5, "started": 179522410127}"#, "macos");
        assert_eq!(hundredths.started_at, Some(at("2026-11-21T01:21:41.27Z")));
        let absurd = process(r#"{"pid": 5, "started": 18446744073709551615}"#, "linux");
        assert_eq!(absurd.started_at, None);
    }

    #[test]
    fn a_refusal_proves_that_the_process_is_there() {
        let seen = |error: &str| {
            serde_json::from_str(&format!(r#"{{"pid": 5, "error": "{error}"}}"#)).expect("json")
        };
        assert_eq!(exists(&seen("permission-denied")), Some(true));
        assert_eq!(exists(&seen("not-found")), Some(false));
        assert_eq!(exists(&seen("timeout")), None);
    }

    #[test]
    fn arguments_without_an_environment_name_no_home() {
        let bare = process(r#"{"pid": 5, "argv": ["hermes", "gateway", "run"]}"#, "linux");
        assert_eq!(bare.chosen_home(&about("linux"), |_| None), None);
        let pinned = process(
            r#"{"pid": 5, "argv": ["hermes", "gateway", "run"], "env": {"HERMES_HOME": "/home/a/.hermes"}}"#,
            "linux",
        );
        assert_eq!(
            pinned.chosen_home(&about("linux"), |_| Some("coder".into())).as_deref(),
            Some("/home/a/.hermes/profiles/coder")
        );
    }

    #[test]
    fn a_process_lasts_while_its_pid_is_its_own_and_it_is_no_zombie() {
        let seen = |fields: &str| -> ProcessSeen {
            serde_json::from_str(&format!(r#"{{"pid": 7, {fields}}}"#))
                .expect("a test's own process")
        };
        let about: About = serde_json::from_str(r#"{"os": "linux"}"#).expect("a test's own host");
        let process = Process::of(seen(r#""started": 4242, "state": "S""#), &about);
        for (later, lasts) in [
            (r#""started": 4242, "state": "R""#, true),
            (r#""started": 4242, "state": "Z""#, false),
            (r#""started": 5000, "state": "S""#, false),
            (r#""error": "not-found""#, false),
        ] {
            assert_eq!(process.lasts(&seen(later)), lasts, "{later}");
        }
    }
}
