//! `ps -A -ww -o pid=,ppid=,uid=,stat=,tt=,lstart=,command=` of macOS, one process a line.
//!
//! The arguments are joined by spaces and cannot be parted again where one holds a space.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::observation::{ProcessSeen, Started};

/// The columns, as `ps -o` wants them. `=` leaves the headings out.
pub const COLUMNS: &str = "pid=,ppid=,uid=,stat=,tt=,lstart=,command=";

/// Reads one line, with times of this zone. None where it is no such line.
pub fn line(line: &str, zone: &TimeZone) -> Option<ProcessSeen> {
    let mut words = line.split_whitespace();
    let (pid, ppid, uid) = (words.next()?, words.next()?, words.next()?);
    let (state, tty) = (words.next()?, words.next()?);
    let [weekday, month, day, time, year] =
        [words.next()?, words.next()?, words.next()?, words.next()?, words.next()?];
    let started = started(&[weekday, month, day, time, year].join(" "), zone);
    let argv: Vec<String> = words.map(String::from).collect();
    Some(ProcessSeen {
        pid: pid.parse().ok()?,
        ppid: ppid.parse().ok(),
        uid: uid.parse().ok(),
        state: state.chars().next().map(|letter| letter.to_string()),
        tty: Some(tty).filter(|tty| !matches!(*tty, "??" | "-" | "?")).map(String::from),
        started: started.map(Started::At),
        argv: (!argv.is_empty()).then_some(argv),
        ..ProcessSeen::default()
    })
}

/// `Fri Nov 20 09:41:00 2026`.
fn started(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let time = jiff::fmt::strtime::parse("%a %b %d %H:%M:%S %Y", text).ok()?;
    Some(time.to_datetime().ok()?.to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_read_with_its_time_and_its_arguments() {
        let text = "  855     1   501 S    ??       Thu Oct  1 09:00:00 2026     /v/bin/python -m hermes_cli.main gateway run";
        let seen = line(text, &TimeZone::UTC).expect("a process");
        assert_eq!((seen.pid, seen.ppid, seen.uid), (855, Some(1), Some(501)));
        assert_eq!((seen.state.as_deref(), seen.tty), (Some("S"), None));
        assert_eq!(seen.argv.map(|argv| argv.len()), Some(5));
        assert_eq!(seen.started, "2026-10-01T09:00:00Z".parse().ok().map(Started::At));
        let stopped = line("41 502 0 T+ ttys003 Thu Oct 1 09:00:00 2026 sh", &TimeZone::UTC);
        assert_eq!(stopped.and_then(|seen| seen.tty).as_deref(), Some("ttys003"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = line(&text, &TimeZone::UTC);
        }
    }
}
