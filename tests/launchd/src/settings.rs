//! The host around launchd: which macOS, which user, who asks, whether somebody is logged in, how fast
//! time goes. Given when the daemon starts, and changed while it runs, as `KEY=VALUE`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{Domain, Target};
use crate::exit::Exit;

/// The layouts that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// macOS 15, Sequoia.
    Sequoia,
    /// macOS 26, Tahoe.
    Tahoe,
}

/// What there is of the graphical session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gui {
    /// Somebody is logged in.
    Present,
    /// Nobody is: the domain cannot be found.
    Absent,
    /// The domain cannot be used from here.
    Unsupported,
}

/// The words for a job whose next start is due later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    /// `spawn scheduled`, as in most captures.
    SpawnScheduled,
    /// `not running`, as in a capture "between crashes".
    NotRunning,
}

/// The host around launchd, and what no transcript tells of launchd itself.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own that no transcript answers"
)]
pub(crate) struct Settings {
    /// `macos`: 15 or 26.
    pub(crate) macos: Release,
    /// `uid`: the user whose domains there are.
    pub(crate) uid: u32,
    /// `caller`: who asks. 0 may do everything, and is told more.
    pub(crate) caller: u32,
    /// `managername`: what `launchctl managername` says to others than root.
    pub(crate) managername: String,
    /// `gui`: present, absent or unsupported.
    pub(crate) gui: Gui,
    /// `time-factor`: by how much every time of launchd is multiplied.
    pub(crate) time_factor: f64,
    /// `xpcproxy-hold`: how long a process stays xpcproxy, in milliseconds of the clock on the wall.
    pub(crate) xpcproxy_hold_ms: u64,
    /// `between-runs`: spawn-scheduled or not-running.
    pub(crate) between_runs: Between,
    /// `bootstrap-tells`: everybody is told why, and not root alone.
    pub(crate) bootstrap_tells: bool,
    /// `kickstart-refuses`: a job that runs is no reason for 0, but for 37.
    pub(crate) kickstart_refuses: bool,
    /// `overrides-apart`: each domain of a user shows those alone that were set in it.
    pub(crate) overrides_apart: bool,
    /// `throttle-grows`: every job is throttled exponentially, as some services of the system are.
    pub(crate) throttle_grows: bool,
    /// `on-demand-count:DOMAIN`: while it is not 0, a domain starts jobs on demand only.
    on_demand: BTreeMap<Domain, u32>,
    /// `refused-spawn:DOMAIN/LABEL`: for what reason the kernel refuses to start a job.
    refused: BTreeMap<(Domain, String), Exit>,
}

impl Default for Settings {
    fn default() -> Settings {
        let uid = rustix::process::geteuid().as_raw();
        Settings {
            macos: Release::Tahoe,
            uid,
            caller: uid,
            managername: "Aqua".to_owned(),
            gui: Gui::Present,
            time_factor: 1.0,
            xpcproxy_hold_ms: 0,
            between_runs: Between::SpawnScheduled,
            bootstrap_tells: false,
            kickstart_refuses: false,
            overrides_apart: false,
            throttle_grows: false,
            on_demand: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Takes one `KEY=VALUE`. `uid` sets the caller as well.
    pub(crate) fn assign(&mut self, assignment: &str) -> Result<(), String> {
        self.take(assignment).ok_or_else(|| format!("no such setting: {assignment}"))
    }

    fn take(&mut self, assignment: &str) -> Option<()> {
        let (key, value) = assignment.split_once('=')?;
        match (key, value) {
            ("macos", "15") => self.macos = Release::Sequoia,
            ("macos", "26") => self.macos = Release::Tahoe,
            ("uid", _) => {
                self.uid = value.parse().ok()?;
                self.caller = self.uid;
            }
            ("caller", _) => self.caller = value.parse().ok()?,
            ("managername", _) => value.clone_into(&mut self.managername),
            ("gui", "present") => self.gui = Gui::Present,
            ("gui", "absent") => self.gui = Gui::Absent,
            ("gui", "unsupported") => self.gui = Gui::Unsupported,
            ("time-factor", _) => {
                let usable = |factor: &f64| (0.0..=1000.0).contains(factor);
                self.time_factor = value.parse().ok().filter(usable)?;
            }
            ("xpcproxy-hold", _) => self.xpcproxy_hold_ms = value.parse().ok()?,
            ("between-runs", "spawn-scheduled") => self.between_runs = Between::SpawnScheduled,
            ("between-runs", "not-running") => self.between_runs = Between::NotRunning,
            ("bootstrap-tells", _) => self.bootstrap_tells = yes_or_no(value)?,
            ("kickstart-refuses", _) => self.kickstart_refuses = yes_or_no(value)?,
            ("overrides-apart", _) => self.overrides_apart = yes_or_no(value)?,
            ("throttle-grows", _) => self.throttle_grows = yes_or_no(value)?,
            _ => self.take_of_target(key, value)?,
        }
        Some(())
    }

    fn take_of_target(&mut self, key: &str, value: &str) -> Option<()> {
        let (key, target) = key.split_once(':')?;
        let Target { domain, label } = Target::read(target)?;
        match (key, label) {
            ("on-demand-count", None) => {
                self.on_demand.insert(domain, value.parse().ok()?);
            }
            ("refused-spawn", Some(label)) if value == "no" => {
                self.refused.remove(&(domain, label));
            }
            ("refused-spawn", Some(label)) => {
                self.refused.insert((domain, label), Exit::told(value)?);
            }
            _ => return None,
        }
        Some(())
    }

    /// For what reason the kernel refuses to start a job, if it does.
    pub(crate) fn refused_spawn(&self, domain: Domain, label: &str) -> Option<Exit> {
        self.refused.get(&(domain, label.to_owned())).copied()
    }

    /// How many hold a domain in on-demand-only mode.
    pub(crate) fn on_demand_count(&self, domain: Domain) -> u32 {
        self.on_demand.get(&domain).copied().unwrap_or_default()
    }

    /// A time of launchd on the clock on the wall.
    pub(crate) fn scaled(&self, seconds: u32) -> Duration {
        Duration::from_secs_f64(f64::from(seconds) * self.time_factor)
    }

    /// The domain of whoever asks, for the verbs that name none.
    pub(crate) fn own_domain(&self) -> Domain {
        match self.managername() {
            "System" => Domain::System,
            "Aqua" => Domain::Gui(self.caller),
            _ => Domain::User(self.caller),
        }
    }

    /// What manages the session of whoever asks.
    pub(crate) fn managername(&self) -> &str {
        if self.caller == 0 { "System" } else { &self.managername }
    }
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_setting_is_refused_and_named() {
        for wrong in [
            "",
            "macos",
            "macos=14",
            "uid=me",
            "gui=maybe",
            "time-factor=-1",
            "time-factor=NaN",
            "on-demand-count:gui/501/label=1",
            "on-demand-count:pid/1=1",
            "colour=red",
            "between-runs=running",
            "bootstrap-tells=maybe",
            "refused-spawn:gui/501=OS_REASON_DYLD",
            "refused-spawn:gui/501/label=OS_REASON_MOOD",
        ] {
            let said = Settings::default().assign(wrong);
            assert_eq!(said, Err(format!("no such setting: {wrong}")));
        }
    }
}
