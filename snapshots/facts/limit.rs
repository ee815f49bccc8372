//! The time after which a manager acts: a number, or none at all. Zero is no number of seconds where the manager takes it
//! for none.

use std::fmt;
use std::time::Duration;

use crate::parse::time;

/// When a manager acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// After this time.
    After(Duration),
    /// Never: it waits for as long as it takes.
    Never,
}

impl Limit {
    /// Reads what a unit says (systemd 252, systemd.service(5)). None if systemd cannot read it, and so leaves it out.
    pub fn of_unit(directive: &str, text: &str) -> Option<Self> {
        let span = time::span(text)?;
        Some(match span {
            // Of a window in which starts are counted, an endless one counts them all.
            None if is_window(directive) => Self::After(Duration::MAX),
            None => Self::Never,
            Some(span) if span.is_zero() && ZERO_IS_NEVER.contains(&directive) => Self::Never,
            Some(span) => Self::After(span),
        })
    }

    /// Reads what `systemctl show` prints of a property, such as `TimeoutStopUSec`.
    pub fn of_property(property: &str, text: &str) -> Option<Self> {
        Self::of_unit(&format!("{}Sec", property.strip_suffix("USec")?), text)
    }

    /// Reads an `ExitTimeOut`, in seconds, of a plist or of launchd itself: zero is infinity (launchd.plist(5)).
    pub const fn of_exit_timeout(seconds: u64) -> Self {
        if seconds == 0 { Self::Never } else { Self::After(Duration::from_secs(seconds)) }
    }

    /// Returns the time, if there is one.
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::After(span) => Some(span),
            Self::Never => None,
        }
    }

    /// Returns the time in whole seconds, if there is one.
    pub fn seconds(self) -> Option<u64> {
        self.after().map(|span| span.as_secs())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(span) => write!(f, "{} s", span.as_secs_f64()),
            Self::Never => f.write_str("no limit"),
        }
    }
}

/// The directives of which zero switches the limit off. Zero is a time of its own in `RestartSec=`.
const ZERO_IS_NEVER: [&str; 7] = [
    "StartLimitInterval",
    "StartLimitIntervalSec",
    "TimeoutAbortSec",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "WatchdogSec",
];

fn is_window(directive: &str) -> bool {
    matches!(directive, "StartLimitInterval" | "StartLimitIntervalSec")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_limit_where_the_manager_takes_it_for_none() {
        let after = |seconds| Some(Limit::After(Duration::from_secs(seconds)));
        for (directive, text, expected) in [
            ("TimeoutStopSec", "0", Some(Limit::Never)),
            ("TimeoutStopSec", "0s", Some(Limit::Never)),
            ("TimeoutStopSec", "infinity", Some(Limit::Never)),
            ("TimeoutStopSec", "1min 30s", after(90)),
            ("TimeoutStopSec", "soon", None),
            ("TimeoutSec", "0", Some(Limit::Never)),
            ("TimeoutStartSec", "0", Some(Limit::Never)),
            ("WatchdogSec", "0", Some(Limit::Never)),
            ("StartLimitIntervalSec", "0", Some(Limit::Never)),
            ("StartLimitIntervalSec", "infinity", Some(Limit::After(Duration::MAX))),
            ("RestartSec", "0", after(0)),
            ("RestartSec", "infinity", Some(Limit::Never)),
            ("RuntimeMaxSec", "infinity", Some(Limit::Never)),
        ] {
            assert_eq!(Limit::of_unit(directive, text), expected, "{directive}={text}");
            let property = directive.replace("Sec", "USec");
            assert_eq!(Limit::of_property(&property, text), expected, "{property}={text}");
        }
        assert_eq!(Limit::of_exit_timeout(0), Limit::Never);
        assert_eq!(Some(Limit::of_exit_timeout(25)), after(25));
    }

    #[test]
    fn no_limit_is_longer_than_any() {
        assert!(Limit::After(Duration::MAX) < Limit::Never);
        assert_eq!(Limit::Never.min(Limit::of_exit_timeout(60)), Limit::of_exit_timeout(60));
        assert_eq!(Limit::of_exit_timeout(60).to_string(), "60 s");
        assert_eq!(Limit::Never.to_string(), "no limit");
    }
}
