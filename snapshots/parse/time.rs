//! Times as Hermes, Python and systemd write them.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Unit};

/// A stored time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// With an offset: an instant.
    At(Timestamp),
    /// Without one: wall-clock time of the system that wrote it.
    Wall(DateTime),
}

impl Stamp {
    /// The instant, if a wall-clock time is taken for one in UTC. Off by at most 14 hours.
    fn near(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Wall(wall) => wall.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
        }
    }

    /// The instant, where it is one for sure.
    pub const fn instant(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Wall(_) => None,
        }
    }

    /// How long before `now` it is at the least, whatever the zone of a wall-clock time. None if it
    /// may lie in the future.
    pub fn age_at_least(self, now: Timestamp) -> Option<Duration> {
        let age = now.duration_since(self.near()?);
        let age = match self {
            Self::At(_) => age,
            Self::Wall(_) => age.checked_sub(SignedDuration::from_hours(14))?,
        };
        Duration::try_from(age).ok()
    }
}

/// Returns the offset from UTC in what Python's `isoformat()` writes.
pub fn offset(text: &str) -> Option<Offset> {
    Pieces::parse(text.trim()).ok()?.to_numeric_offset()
}

/// Reads what Python's `isoformat()` writes: microseconds or none, an offset, `Z`, or neither.
pub fn iso(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Stamp::At(at));
    }
    text.parse::<DateTime>().ok().map(Stamp::Wall)
}

/// Reads seconds since 1970 with a fraction, as Python's `time.time()` prints them.
pub fn epoch(text: &str) -> Option<Timestamp> {
    epoch_seconds(text.trim().parse().ok()?)
}

/// The instant of so many seconds since 1970, to the microsecond: a float holds no more.
pub fn epoch_seconds(seconds: f64) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since).ok()?.round(Unit::Microsecond).ok()
}

/// Reads a systemd timestamp that was printed with `TZ=UTC`: `Sat 2026-11-21 01:21:40 UTC`.
/// None for an empty one, for `n/a`, and for another zone, whose offset its name does not tell.
pub fn systemd(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let (_weekday, date, time, zone) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if !matches!(zone, "UTC" | "GMT") {
        return None;
    }
    format!("{date}T{time}Z").parse().ok()
}

/// Reads a systemd time span: `1min 30s`, `5s`, `500ms`, `infinity` (None inside), `90` (seconds).
pub fn span(text: &str) -> Option<Option<Duration>> {
    let text = text.trim();
    if text == "infinity" {
        return Some(None);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic() && c != 'µ' && c != 'μ')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let seconds: f64 = match unit {
            "us" | "µs" | "μs" | "usec" => 1e-6,
            "ms" | "msec" => 1e-3,
            "" | "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            "month" | "months" | "M" => 2_629_800.0,
            "y" | "year" | "years" => 31_557_600.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after.trim_start();
    }
    Some(Some(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's own timestamp")
    }

    #[test]
    fn python_times_keep_their_offset_and_a_naive_one_is_no_instant() {
        assert_eq!(
            iso("2026-11-20T11:15:31.574629+05:30"),
            Some(Stamp::At(at("2026-11-20T05:45:31.574629Z")))
        );
        assert_eq!(iso("2026-11-20T11:15:31Z"), Some(Stamp::At(at("2026-11-20T11:15:31Z"))));
        assert!(matches!(iso("2026-11-20T11:15:31.5"), Some(Stamp::Wall(_))));
        for odd in ["", "yesterday", "2026-13-01T00:00:00Z", "99999-01-01T00:00:00Z"] {
            assert_eq!(iso(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_naive_time_is_old_only_if_it_is_old_in_every_zone() {
        let now = at("2026-11-20T12:00:00Z");
        let naive = |text: &str| iso(text).and_then(|stamp| stamp.age_at_least(now));
        assert_eq!(naive("2026-11-20T11:00:00"), None);
        assert_eq!(naive("2026-11-19T12:00:00"), Some(Duration::from_secs(10 * 3600)));
        assert_eq!(naive("2026-11-20T11:00:00Z"), Some(Duration::from_secs(3600)));
        assert_eq!(naive("2026-11-20T13:00:00Z"), None);
    }

    #[test]
    fn heartbeats_are_seconds_with_a_fraction() {
        assert_eq!(epoch("1795224107.68"), Some(at("2026-11-21T01:21:47.68Z")));
        for odd in ["", "nan", "inf", "1e300", "12 34", "-"] {
            assert_eq!(epoch(odd), None, "{odd}");
        }
    }

    #[test]
    fn systemd_times_are_read_in_utc_only() {
        assert_eq!(systemd("Sat 2026-11-21 01:21:40 UTC"), Some(at("2026-11-21T01:21:40Z")));
        for odd in ["", "n/a", "Sat 2026-11-21 01:21:40 CET", "[not set]"] {
            assert_eq!(systemd(odd), None, "{odd}");
        }
    }

    #[test]
    fn systemd_spans_add_up() {
        for (text, seconds) in [
            ("1min 30s", 90.0),
            ("5s", 5.0),
            ("500ms", 0.5),
            ("90", 90.0),
            ("1h", 3600.0),
            ("0", 0.0),
        ] {
            assert_eq!(span(text), Some(Some(Duration::from_secs_f64(seconds))), "{text}");
        }
        assert_eq!(span("infinity"), Some(None));
        for odd in ["", "s", "5 parsecs", "1e9", "-5s"] {
            assert_eq!(span(odd), None, "{odd}");
        }
    }
}
