//! Which code a gateway has loaded, beside what is installed.

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

/// How the code that a process has loaded compares with the code on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// It is the same.
    Same,
    /// It is older: in a few words, how that is seen.
    Older(String),
    /// The file of the code bears a time that has not come yet.
    Ahead,
    /// Nothing tells.
    Unknown,
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

    /// Compares the code that the gateway has loaded with the code on disk: by its commit, where a checkout and the
    /// status file name one; else by the time at which the code was written.
    pub(crate) fn loaded(&self, process: &Process) -> Loaded {
        let Some(install) = &self.gateway.install else { return Loaded::Unknown };
        let status = self.gateway.own_status(self.facts.about.os);
        let commit = status.and_then(|status| status.code_sha.as_deref());
        if let (Some(loaded), Some(installed)) = (commit, install.commit.known()) {
            return if installed.starts_with(loaded) || loaded.starts_with(installed.as_str()) {
                Loaded::Same
            } else {
                Loaded::Older(format!(
                    "it has loaded the commit {}, and the checkout is at {}",
                    short(loaded),
                    short(installed)
                ))
            };
        }
        // A release that was installed once more is the same code. Of a checkout the number says too little, and up to 0.19
        // the health endpoint reads the installed version anew for each answer.
        let is_released = install.version.known().filter(|version| version.checkout().is_none());
        let running = status.and_then(|status| Version::read(status.code_version.as_deref()?));
        let same = running
            .zip(is_released)
            .is_some_and(|(running, installed)| installed.is_of_release(&running));
        match written_after(install, process, self.facts.now) {
            Loaded::Older(_) if same => Loaded::Same,
            loaded => loaded,
        }
    }
}

/// Compares the start of a process with the time at which its code was written.
pub(crate) fn written_after(install: &Install, process: &Process, now: Timestamp) -> Loaded {
    let (Some(started), Some(written)) = (process.started_at, install.written_at) else {
        return Loaded::Unknown;
    };
    if written.duration_since(now).as_secs() > CLOCK_SECONDS {
        return Loaded::Ahead;
    }
    match u64::try_from(written.duration_since(started).as_secs()) {
        Ok(later) if later > SETTLED => {
            Loaded::Older(format!("the code was updated {} after its start", span(later)))
        }
        _ => Loaded::Same,
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
