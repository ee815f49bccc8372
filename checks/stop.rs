//! How long a gateway may take to stop.

use gw_snapshot::facts::release::{Capability, Version};

/// What a stop waits for, by a release and its settings. In seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// How long it waits for turns under way.
    pub turns: u64,
    /// How long it waits at the most for turns and jobs under way. None where the release leaves it open.
    pub waits: Option<u64>,
    /// The wait from which the release reckons `TimeoutStopSec=`. None where the release leaves it open.
    pub reckoned: Option<u64>,
}

impl Stop {
    /// Returns what code of this version does with `agent.restart_drain_timeout` and `agent.cron_drain_timeout`, where
    /// those are set. None where its default is not known.
    pub fn of(version: &Version, drain: Option<u64>, cron: Option<u64>) -> Option<Self> {
        let drain = match drain {
            Some(drain) => drain,
            None if version.has(Capability::NoDrainByDefault)? => 0,
            None => TURNS_BY_DEFAULT,
        };
        let cron = cron.unwrap_or(JOBS_BY_DEFAULT);
        let with = |capability, jobs: u64| {
            version.has(capability).map(|has| if has { drain.max(jobs) } else { drain })
        };
        let reckoned = if cron == 0 { 0 } else { cron.saturating_add(CLEANUP) };
        Some(Self {
            turns: drain,
            // Its own watchdog ends a stop that waits longer for jobs.
            waits: with(Capability::CronDrain, cron.min(drain.saturating_add(LEASH))),
            reckoned: with(Capability::CronDrainInStopLimit, reckoned),
        })
    }

    /// Returns the time after which its manager may kill it, at the least. None as for the wait.
    pub fn needed(&self) -> Option<u64> {
        self.waits.map(|waits| waits.saturating_add(CLOSING))
    }
}

/// The default of `agent.restart_drain_timeout` up to 0.17. In seconds, as are all of these.
const TURNS_BY_DEFAULT: u64 = 180;
/// The default of `agent.cron_drain_timeout`.
const JOBS_BY_DEFAULT: u64 = 30;
/// What Hermes adds to the wait for jobs, to clean up after them.
const CLEANUP: u64 = 10;
/// How much longer than for turns it waits for jobs, at most: the watchdog's 60 s without the time to clean up.
const LEASH: u64 = 50;
/// What a stop takes besides, by Hermes's own reckoning: it leaves its platforms and closes its databases.
const CLOSING: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_waits_for_what_it_knows_of() {
        for (version, drain, cron, turns, waits, reckoned) in [
            ("0.17.0", None, Some(90), 180, Some(180), Some(180)),
            ("0.19.0", None, None, 0, Some(0), Some(0)),
            ("0.20.2", None, None, 0, None, Some(0)),
            ("0.20.6", None, None, 0, Some(30), Some(0)),
            ("0.21.0", None, None, 0, Some(30), Some(40)),
            ("0.21.0", Some(300), None, 300, Some(300), Some(300)),
            ("0.22.2", None, Some(0), 0, Some(0), Some(0)),
            ("0.22.2", None, Some(120), 0, Some(50), Some(130)),
            ("0.22.2", Some(45), Some(90), 45, Some(90), Some(100)),
        ] {
            let version = Version::read(version).expect("a version");
            let found = Stop::of(&version, drain, cron);
            assert_eq!(
                found,
                Some(Stop { turns, waits, reckoned }),
                "{version} {drain:?} {cron:?}"
            );
        }
    }
}
