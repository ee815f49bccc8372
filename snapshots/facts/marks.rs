//! The small files by which a gateway and its commands leave word: heartbeats, markers, ledgers.
//!
//! A mark that is missing says nothing by itself: older versions leave none, and writers swallow errors.

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::{Fact, Why};
use crate::facts::home::{join, root};
use crate::facts::record::RecordError;
use crate::host::{Host, Part};
use crate::observation::FileSeen;
use crate::parse::json;
use crate::parse::reload;
use crate::parse::time;

/// The marks of one home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// `state/gateway.heartbeat` (0.19+): its event loop's, every 30 s while it runs.
    pub heartbeat: Fact<Heartbeat>,
    /// `gateway-starts.log` (0.19+): when it was started, oldest first.
    pub starts: Fact<Vec<Timestamp>>,
    /// `.gateway-planned-stop.json`: somebody is about to stop it. Worth 60 s.
    pub planned_stop: Fact<Timestamp>,
    /// `.drain_request.json` (0.18+): it is to take no new work, and to run no cron. When that was asked for, as far as the
    /// file tells.
    pub drain_request: Fact<Option<Timestamp>>,
    /// `ESTOP` of the home or of its root (0.20.4+): `hermes pause` keeps it from new turns and from cron.
    pub pause: Fact<Pause>,
    /// `gateway.parked` (0.21.5+): somebody stopped this profile, which a gateway of another one serves. Since when, as far
    /// as the file tells.
    pub parked: Fact<Option<Timestamp>>,
    /// `gateway_migration.json` of the root (0.21.4+): `hermes gateway migrate` has begun to put all profiles under one
    /// gateway, and has not come to its end.
    pub migration: Fact<Migration>,
    /// `.gateway-launchd-unsupported` (0.18+): Hermes gave up on launchd, and runs detached.
    pub launchd_unsupported: Fact<Unsupported>,
    /// `logs/launchd-reload.log` (0.18+): how the attempts to load its job again went, oldest first.
    pub reloads: Fact<Vec<reload::Entry>>,
}

/// The mark of an event loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Whose loop.
    pub pid: u32,
    /// When it came round.
    pub at: Timestamp,
}

/// A pause of all new work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The file that engages it.
    pub path: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it ends by itself. None: when somebody resumes.
    pub until: Option<Timestamp>,
    /// The numeric user who wrote it.
    pub uid: Option<u32>,
}

/// A migration of all profiles to one gateway, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// When it began.
    pub began: Option<Timestamp>,
    /// The profiles whose services it removes.
    pub profiles: Vec<String>,
}

/// Why Hermes gave up on launchd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// When.
    pub written_at: Option<Timestamp>,
    /// In its own words.
    pub reason: Option<String>,
}

impl Marks {
    /// Reads them.
    pub fn of(host: &dyn Host, home: &str) -> Self {
        let file = |name: &str| host.file(&join(home, name), Part::SMALL);
        Self {
            heartbeat: file(HEARTBEAT).content().parse(Heartbeat::read),
            starts: file(STARTS).content().map(starts),
            planned_stop: file(PLANNED_STOP).content().parse(written_at),
            drain_request: {
                let seen = file(DRAIN_REQUEST);
                present(&seen)
                    .map(|()| seen.content().known().and_then(|text| stamp(text, "requested_at")))
            },
            pause: Pause::of(host, home),
            parked: {
                let seen = file(PARKED);
                present(&seen).map(|()| seen.mtime)
            },
            migration: host.file(&migration(home), Part::SMALL).content().parse(Migration::read),
            launchd_unsupported: file(LAUNCHD_UNSUPPORTED).content().parse(Unsupported::read),
            reloads: host.file(&join(home, RELOAD), Part::LOG).content().map(reload::all),
        }
    }
}

/// Their paths below a home.
pub(super) const FILES: [&str; 7] =
    [HEARTBEAT, STARTS, PLANNED_STOP, DRAIN_REQUEST, LAUNCHD_UNSUPPORTED, PARKED, PAUSE];

const HEARTBEAT: &str = "state/gateway.heartbeat";
const STARTS: &str = "gateway-starts.log";
const PLANNED_STOP: &str = ".gateway-planned-stop.json";
const DRAIN_REQUEST: &str = ".drain_request.json";
const PAUSE: &str = "ESTOP";
const PARKED: &str = "gateway.parked";
const MIGRATION: &str = "gateway_migration.json";
const LAUNCHD_UNSUPPORTED: &str = ".gateway-launchd-unsupported";
/// The log of the helper that loads its job again.
pub(super) const RELOAD: &str = "logs/launchd-reload.log";

/// How long after its last round an event loop counts as frozen: three of its rounds. In seconds.
pub const LOOP_FROZEN_AFTER: i64 = 90;

impl Heartbeat {
    fn read(text: &str) -> Result<Self, RecordError> {
        let value = json::python(text)?;
        let pid = value.get("pid").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
        let at = value.get("updated_at").and_then(Value::as_str).and_then(time::iso);
        match (pid, at.and_then(time::Stamp::instant)) {
            (Some(pid), Some(at)) => Ok(Self { pid, at }),
            _ => Err(RecordError::Form("it names no PID and time")),
        }
    }
}

impl Pause {
    /// Looks in the home, and then in the root above all profiles, which counts for each of them. Any content engages it.
    fn of(host: &dyn Host, home: &str) -> Fact<Self> {
        let mut unseen = None;
        for path in pauses(home) {
            let seen = host.file(&path, Part::SMALL);
            let text = seen.content().known().copied().unwrap_or_default();
            match present(&seen) {
                Fact::Known(()) => {
                    return Fact::Known(Self {
                        since: stamp(text, "engaged_at").or(seen.mtime),
                        until: stamp(text, "expires_at"),
                        uid: seen.uid,
                        path,
                    });
                }
                Fact::Unknown(why) => unseen = Some(why),
                Fact::Absent => {}
            }
        }
        unseen.map_or(Fact::Absent, Fact::Unknown)
    }
}

/// Returns the paths of the files that pause a gateway: its own, and that of the root, where that is another.
fn pauses(home: &str) -> Vec<String> {
    let mut paths = vec![join(home, PAUSE)];
    let of_root = root(None, Some(home)).map(|root| join(&root, PAUSE));
    paths.extend(of_root.filter(|path| *path != join(home, PAUSE)));
    paths
}

/// Returns the time under a key of a document.
fn stamp(text: &str, key: &str) -> Option<Timestamp> {
    time::iso(json::python(text).ok()?.get(key)?.as_str()?).and_then(time::Stamp::instant)
}

impl Migration {
    fn read(text: &str) -> Result<Self, RecordError> {
        let value = json::python(text)?;
        let stamp = value.get("migrated_at").and_then(Value::as_str).and_then(time::iso);
        let profiles = value.get("profiles").and_then(Value::as_array);
        let name = |entry: &Value| entry.get("profile").and_then(Value::as_str).map(String::from);
        Ok(Self {
            began: stamp.and_then(time::Stamp::instant),
            profiles: profiles.into_iter().flatten().filter_map(name).collect(),
        })
    }
}

/// Returns the path of the record of a migration, which stands in the root above all profiles.
pub(super) fn migration(home: &str) -> String {
    join(&root(None, Some(home)).unwrap_or_else(|| home.into()), MIGRATION)
}

impl Unsupported {
    fn read(text: &str) -> Result<Self, RecordError> {
        let value = json::python(text)?;
        let stamp = value.get("written_at").and_then(Value::as_str).and_then(time::iso);
        Ok(Self {
            written_at: stamp.and_then(time::Stamp::instant),
            reason: value.get("reason").and_then(Value::as_str).map(String::from),
        })
    }
}

fn written_at(text: &str) -> Result<Timestamp, RecordError> {
    let value = json::python(text)?;
    let stamp = value.get("written_at").and_then(Value::as_str).and_then(time::iso);
    stamp.and_then(time::Stamp::instant).ok_or(RecordError::Form("it bears no time"))
}

/// A malformed request counts as one (verified on 0.19), and so does one that we may not read.
fn present(file: &FileSeen) -> Fact<()> {
    match file.what() {
        Fact::Unknown(Why::Malformed(_)) => Fact::Known(()),
        fact => fact.map(|_| ()),
    }
}

fn starts(text: &str) -> Vec<Timestamp> {
    text.lines().filter_map(time::epoch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_drain_is_there_whether_we_may_read_it_or_not() {
        for (seen, expected) in [
            (r#"{"path": "/a", "text": "{}"}"#, Fact::Known(())),
            (r#"{"path": "/a", "error": "malformed"}"#, Fact::Known(())),
            (r#"{"path": "/a", "mode": "0600", "error": "permission-denied"}"#, Fact::Known(())),
            (r#"{"path": "/a", "error": "not-found"}"#, Fact::Absent),
        ] {
            let file = serde_json::from_str(seen).expect("a test's own file");
            assert_eq!(present(&file), expected, "{seen}");
        }
        let file = serde_json::from_str(r#"{"path": "/a", "error": "permission-denied"}"#);
        let closed = present(&file.expect("a test's own file"));
        assert!(closed.why().is_some(), "its directory is closed: {closed:?}");
    }

    #[test]
    fn a_heartbeat_names_its_process_and_its_time() {
        let beat = Heartbeat::read(
            r#"{"pid": 381, "updated_at": "2026-11-21T01:21:41.395149+00:00", "monotonic": 366.1, "start_time": 1795224101.2}"#,
        )
        .expect("a heartbeat");
        assert_eq!(beat.pid, 381);
        for odd in [
            "",
            "{}",
            r#"{"pid": 381}"#,
            r#"{"pid": 381, "updated_at": "now"}"#,
            r#"{"pid": -1, "updated_at": "2026-11-21T01:21:41Z"}"#,
        ] {
            assert!(Heartbeat::read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_ledger_of_starts_passes_over_what_is_no_time() {
        assert_eq!(starts("1795224100.5\n\nnonsense\n1795224110.5\n").len(), 2);
    }
}
