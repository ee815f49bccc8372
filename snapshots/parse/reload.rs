//! `logs/launchd-reload.log`: what Hermes's helper wrote that boots a job out and in again (0.18+).
//!
//! A line is `[YYYY-MM-DD HH:MM:SS +zzzz] text`. The log is kept through many reloads.

use jiff::Timestamp;

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Option<Timestamp>,
    /// What happened.
    pub event: Event,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The helper began. If nothing follows, it was cut off between bootout and bootstrap.
    Began,
    /// One attempt to load the job failed, and another is to follow.
    AttemptFailed,
    /// It gave up: the job is not loaded.
    GaveUp,
}

impl Event {
    /// The words by which a line of it is known, and which say nothing else.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Began => "Launchd reload helper started",
            Self::AttemptFailed => "bootstrap not yet registered",
            Self::GaveUp => "FAILED launchd reload",
        }
    }
}

/// The lines that are understood, oldest first.
pub fn all(text: &str) -> Vec<Entry> {
    let read = |(stamp, event): (&str, Event)| {
        let at = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", stamp).ok();
        Entry { at: at.and_then(|time| time.to_timestamp().ok()), event }
    };
    text.lines().filter_map(entry).map(read).collect()
}

/// The stamp of a line, and what it says.
pub fn entry(line: &str) -> Option<(&str, Event)> {
    let (stamp, said) = line.trim().strip_prefix('[')?.split_once(']')?;
    let said = said.trim();
    if said.contains(Event::GaveUp.phrase()) {
        return Some((stamp, Event::GaveUp));
    }
    if said.contains(Event::Began.phrase()) {
        return Some((stamp, Event::Began));
    }
    is_attempt(said).then_some((stamp, Event::AttemptFailed))
}

fn is_attempt(said: &str) -> bool {
    said.starts_with(Event::AttemptFailed.phrase())
        || (said.starts_with("bootstrap attempt")
            && ["failed", "timed out", "is not registered"].iter().any(|how| said.contains(how)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(text: &str) -> Option<Entry> {
        all(text).pop()
    }

    #[test]
    fn the_last_line_that_is_understood_counts() {
        let began = "[2026-07-28 10:00:00 +0200] Launchd reload helper started for gui/501/ai.hermes.gateway\n";
        let failed = "[2026-07-28 10:00:31 +0200] bootstrap attempt 1 failed (rc=5) for gui/501/ai.hermes.gateway\n";
        let gave_up = "[2026-07-28 10:02:00 +0200] FAILED launchd reload: service NOT registered after 120 s\n";
        let events = |text: &str| last(text).map(|entry| entry.event);
        assert_eq!(events(began), Some(Event::Began));
        assert_eq!(events(&[began, failed].concat()), Some(Event::AttemptFailed));
        assert_eq!(events(&[began, failed, gave_up].concat()), Some(Event::GaveUp));
        assert_eq!(events(&[began, "a stray line\n[x] and another"].concat()), Some(Event::Began));
        assert_eq!(events("\u{fffd}]["), None);
        let at = last(began).and_then(|entry| entry.at);
        assert_eq!(at, "2026-07-28T08:00:00Z".parse().ok());
    }

    #[test]
    fn an_attempt_that_exited_0_and_loaded_nothing_failed() {
        let text = "[2026-07-28 10:00:31 +0200] bootstrap attempt 2 exited 0 but gui/501/L is not registered";
        assert_eq!(last(text).map(|entry| entry.event), Some(Event::AttemptFailed));
    }
}
