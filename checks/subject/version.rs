//! Which code a gateway has loaded, beside what is installed.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::install::Install;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::release::Version;
use jiff::Timestamp;

use crate::Subject;
use crate::finding::span;

/// The version that a running gateway says it has loaded.
pub(crate) struct Running {
    /// The version.
    pub(crate) version: Version,
    /// Where it says so.
    pub(crate) source: String,
    /// Its own words.
    pub(crate) said: String,
}

/// How the code that a process has loaded compares with the code that is started next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// It is the same: the same commit, whatever anybody calls it.
    SameCommit,
    /// It is the same, as far as times or the name of a release tell.
    Same,
    /// It is older: in a few words, how that is seen.
    Older(String),
    /// It is of another release.
    Another(Skew),
    /// It stands in another place than the code that its service starts next.
    Elsewhere(Moved),
    /// It is the same as in its own place, and nobody saw whether its service starts that.
    Hidden(Why),
    /// The file of the code bears a time that has not come yet.
    Ahead,
    /// Nothing tells.
    Unknown,
}

/// The release that runs, and another that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skew {
    running: Version,
    installed: Version,
}

impl std::fmt::Display for Skew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "version {} runs, and {} is installed", self.running, self.installed)
    }
}

/// The place from which a process runs, and the other from which its service starts next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    runs: String,
    next: String,
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "runs {}; its service starts {} next", self.runs, self.next)
    }
}

impl Subject<'_> {
    /// Returns the version that the live gateway says it runs, by its own status file (0.20.6+) and by the answer of its
    /// health endpoint (0.17+).
    pub(crate) fn running(&self) -> Vec<Running> {
        let status = self.gateway.own_status(self.facts.about.os);
        let by_status = status.and_then(|status| status.code_version.as_deref());
        let by_health = self.own_health().and_then(|health| match &health.answer {
            Answer::Hermes { version: Some(version), .. } => Some((health.url.clone(), version)),
            _ => None,
        });
        let told = |source: String, text: &str| {
            Some(Running { version: Version::read(text)?, source, said: text.into() })
        };
        let by_status = by_status.and_then(|text| told(self.path("gateway_state.json"), text));
        let by_health = by_health.and_then(|(url, text)| told(url, text));
        by_status.into_iter().chain(by_health).collect()
    }

    /// Compares the code that the gateway has loaded with the code that is started next: by their places, then by the
    /// commit, then by the time at which the code was written. What each is called counts last, and of a checkout not at
    /// all: the tag of a release is made after its number is raised, and may be of another branch.
    pub(crate) fn loaded(&self, process: &Process) -> Loaded {
        let Some(install) = &self.gateway.install else { return Loaded::Unknown };
        match (&self.gateway.runs_from, self.loaded_of(install, process)) {
            (Fact::Unknown(why), Loaded::Same | Loaded::SameCommit) => Loaded::Hidden(why.clone()),
            (_, loaded) => loaded,
        }
    }

    fn loaded_of(&self, install: &Install, process: &Process) -> Loaded {
        if let Fact::Known(from) = &self.gateway.runs_from {
            let running = self.running();
            let version = running.first().map(|running| &running.version);
            return Loaded::Elsewhere(Moved {
                runs: at_place(version.or(from.version.known()), from.place()),
                next: at_place(install.version.known(), install.place()),
            });
        }
        let status = self.gateway.own_status(self.facts.about.os);
        let commit = status.and_then(|status| status.code_sha.as_deref());
        if let (Some(loaded), Some(installed)) = (commit, install.commit.known()) {
            return if installed.starts_with(loaded) || loaded.starts_with(installed.as_str()) {
                Loaded::SameCommit
            } else {
                Loaded::Older(format!(
                    "it has loaded the commit {}, and the checkout is at {}",
                    short(loaded),
                    short(installed)
                ))
            };
        }
        // A release that was installed once more is the same code. Up to 0.19 the health endpoint reads the installed version
        // anew for each answer, so that only the status file tells that.
        let running = status.and_then(|status| Version::read(status.code_version.as_deref()?));
        let is_released = |version: &&Version| version.checkout().is_none();
        let installed = install.version.known().filter(|_| install.checkout.is_absent());
        let same = running
            .as_ref()
            .filter(is_released)
            .zip(installed.filter(is_released))
            .is_some_and(|(running, installed)| installed.is_of_release(running));
        let written = written_after(install, process, self.facts.now);
        if same && matches!(written, Written::After(_) | Written::Unknown) {
            return Loaded::Same;
        }
        match (written, self.skew().filter(|_| installed.is_some())) {
            (Written::After(how), _) => Loaded::Older(how),
            (_, Some(skew)) => Loaded::Another(skew),
            (Written::Before, None) => Loaded::Same,
            (Written::Ahead, None) => Loaded::Ahead,
            (Written::Unknown, None) => Loaded::Unknown,
        }
    }

    /// Returns the release that runs and the one that is installed, where whatever tells the former tells another than the
    /// latter. That is what they are called: see [`Self::loaded`] for the code.
    pub(crate) fn skew(&self) -> Option<Skew> {
        let installed = self.gateway.install.as_ref()?.told.first()?;
        let running = self.running();
        let first = running.first()?;
        let is_another = |running: &Running| !running.version.is_of_release(&installed.version);
        running
            .iter()
            .all(is_another)
            .then(|| Skew { running: first.version.clone(), installed: installed.version.clone() })
    }
}

/// When the code of a process was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// Before its start.
    Before,
    /// After it: in a few words, how that is seen.
    After(String),
    /// At a time that has not come yet.
    Ahead,
    /// Nothing tells.
    Unknown,
}

/// Compares the start of a process with the time at which its code was written.
pub(crate) fn written_after(install: &Install, process: &Process, now: Timestamp) -> Written {
    let (Some(started), Some(written)) = (process.started_at, install.written_at) else {
        return Written::Unknown;
    };
    if written.duration_since(now).as_secs() > CLOCK_SECONDS {
        return Written::Ahead;
    }
    match u64::try_from(written.duration_since(started).as_secs()) {
        Ok(later) if later > SETTLED => {
            Written::After(format!("the code was updated {} after its start", span(later)))
        }
        _ if install.is_dated => Written::Before,
        _ => Written::Unknown,
    }
}

/// Names a code by its version and its place.
fn at_place(version: Option<&Version>, place: &str) -> String {
    match version {
        Some(version) => format!("{version} from {place}"),
        None => format!("the code in {place}"),
    }
}

fn short(commit: &str) -> String {
    commit.chars().take(SHORT_HASH).collect()
}

/// An installation that starts the gateway may still write a little. In seconds.
const SETTLED: u64 = 60;
/// A file may be written while we look; a time further ahead shows that a clock was moved. In seconds.
const CLOCK_SECONDS: i64 = 60;
/// Characters by which people name a commit.
const SHORT_HASH: usize = 9;
