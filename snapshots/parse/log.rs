//! Log lines of a gateway: which class each belongs to, and when it was written.
//!
//! The phrases are those of Hermes 0.13 to 0.19, and of later releases where known. Only counts and
//! times are ever taken from a log, never its text.

use std::iter;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use jiff::civil::DateTime;

/// What a log line speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// `Starting Hermes Gateway...`: a life begins, and what stands above belongs to another.
    Start,
    /// The API server listens.
    ApiListening,
    /// The API server refuses to start: its key is missing, a placeholder, or too short.
    ApiRefused,
    /// A package that a platform needs is not installed.
    MissingDependency,
    /// The API server could not take its port.
    PortBind,
    /// A provider's credentials are missing, expired or rejected.
    ProviderAuth,
    /// A provider refuses for quota or billing; the credentials are fine.
    ProviderQuota,
    /// A provider cannot be reached.
    ProviderNetwork,
    /// A messaging platform's network or session is in trouble.
    Transport,
    /// A cron tick failed.
    TickError,
    /// The lock of the job store was not to be had.
    JobsLock,
    /// The gateway waits before it starts, to break a storm of restarts (0.19+).
    RespawnStorm,
    /// The shutdown was written down in full, as at every signal.
    Shutdown,
    /// macOS's dynamic linker did not find a library of the program, which it then ends with signal 6: after an upgrade of
    /// the Python below a virtual environment, mostly.
    LibraryMissing,
    /// Python does not find Hermes itself: its virtual environment was rebuilt or moved (upstream #33788).
    HermesMissing,
    /// A start that launchd made was refused, for Hermes took it for a second gateway beside launchd's (upstream #86893).
    OwnJobRefused,
}

/// Each phrase with its class. The first that is found in a line decides.
const PHRASES: &[(&str, Class)] = &[
    ("Starting Hermes Gateway...", Class::Start),
    ("API server listening on", Class::ApiListening),
    ("Refusing to start: API_SERVER_KEY", Class::ApiRefused),
    ("Refusing to start: binding to", Class::ApiRefused),
    ("API Server: aiohttp not installed", Class::MissingDependency),
    ("No adapter available for", Class::MissingDependency),
    ("Could not bind", Class::PortBind),
    ("already in use. Set", Class::PortBind),
    ("api_server_port_in_use", Class::PortBind),
    ("Primary provider rate-limited (429)", Class::ProviderQuota),
    ("quota exhausted (429)", Class::ProviderQuota),
    ("insufficient_quota", Class::ProviderQuota),
    ("Billing or credits exhausted", Class::ProviderQuota),
    ("Primary provider auth failed", Class::ProviderAuth),
    ("primary auth failed", Class::ProviderAuth),
    ("No inference provider configured", Class::ProviderAuth),
    ("token refresh failed", Class::ProviderAuth),
    ("refresh token was already consumed", Class::ProviderAuth),
    ("Incorrect API key", Class::ProviderAuth),
    ("invalid x-api-key", Class::ProviderAuth),
    ("AuthenticationError", Class::ProviderAuth),
    ("PermissionDeniedError", Class::ProviderAuth),
    ("APIConnectionError", Class::ProviderNetwork),
    ("APITimeoutError", Class::ProviderNetwork),
    ("Telegram network error (attempt", Class::Transport),
    ("Primary api.telegram.org connection failed", Class::Transport),
    ("Telegram polling conflict", Class::Transport),
    ("terminated by other getUpdates", Class::Transport),
    ("CERTIFICATE_VERIFY_FAILED", Class::Transport),
    ("Discord Gateway WebSocket unhealthy", Class::Transport),
    ("Timeout waiting for connection to Discord", Class::Transport),
    ("Cron tick error:", Class::TickError),
    ("Cron database corrupted", Class::TickError),
    ("Timed out after 30s waiting for the cron jobs lock", Class::JobsLock),
    ("to break a respawn storm", Class::RespawnStorm),
    ("Shutdown context:", Class::Shutdown),
    ("Library not loaded:", Class::LibraryMissing),
    ("No module named 'hermes_cli", Class::HermesMissing),
    ("No module named hermes_cli", Class::HermesMissing),
    ("already running under launchd", Class::OwnJobRefused),
];

/// One classified line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// When it was written, by the wall clock of the process that wrote it: log lines bear no offset.
    pub at: Option<DateTime>,
    /// What it speaks of.
    pub class: Class,
}

/// The class of a line, and the phrase by which it was known.
pub fn class(line: &str) -> Option<(Class, &'static str)> {
    PHRASES
        .iter()
        .find(|(phrase, _)| line.contains(phrase))
        .map(|(phrase, class)| (*class, *phrase))
}

/// The time at the head of a line: `2026-11-21 01:22:01,963`.
pub fn time(line: &str) -> Option<DateTime> {
    let head = line.get(..23)?;
    let (date, clock) = head.split_once(' ')?;
    let (clock, millis) = clock.split_once(',')?;
    format!("{date}T{clock}.{millis}").parse().ok()
}

/// The lines of a text that hold a known phrase. Nearly none does, and a log has thousands.
pub fn known_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        let found = ANY.find(rest)?;
        let before = rest.get(..found.start())?;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = rest.get(start..)?;
        let (line, after) = line.split_once('\n').unwrap_or((line, ""));
        rest = after;
        Some(line)
    })
}

/// Finds all phrases in one pass.
#[expect(clippy::expect_used, reason = "the phrases are few, and none of them is of this host")]
static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(PHRASES.iter().map(|(phrase, _)| phrase)).expect("a few short phrases")
});

/// The classified lines of a log, oldest first.
pub fn lines(text: &str) -> Vec<Line> {
    let line = |line| Some(Line { at: time(line), class: class(line)?.0 });
    known_lines(text).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_with_a_known_phrase_is_found_once_and_whole() {
        for (text, expected) in [
            ("", &[][..]),
            ("nothing\nat all", &[]),
            ("a Could not bind b", &["a Could not bind b"]),
            (
                "x\nCould not bind: already in use. Set\ny\nAPITimeoutError\n",
                &["Could not bind: already in use. Set", "APITimeoutError"],
            ),
            ("é Could not bind é\n\n", &["é Could not bind é"]),
        ] {
            assert_eq!(known_lines(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_before_hermes_begins_is_known() {
        for (line, expected) in [
            (
                "dyld[8108]: Library not loaded: /opt/homebrew/Cellar/python@3.14/3.14.6/Python",
                Class::LibraryMissing,
            ),
            ("dyld: Library not loaded: @executable_path/../.Python", Class::LibraryMissing),
            ("ModuleNotFoundError: No module named 'hermes_cli'", Class::HermesMissing),
            (
                "/v/bin/python: Error while finding module specification for 'hermes_cli.main' (ModuleNotFoundError: No module named 'hermes_cli')",
                Class::HermesMissing,
            ),
            (
                "\u{2717} A gateway is already running under launchd for this profile.",
                Class::OwnJobRefused,
            ),
        ] {
            assert_eq!(class(line).map(|(class, _)| class), Some(expected), "{line}");
        }
    }

    #[test]
    fn a_line_has_its_time_and_the_class_of_the_first_phrase() {
        let text = "\
2026-11-21 01:22:01,932 INFO gateway.run: Starting Hermes Gateway...
2026-11-21 01:22:01,963 ERROR gateway.platforms.api_server: [Api_Server] Refusing to start: API_SERVER_KEY is required
Traceback (most recent call last):
WARNING gateway.run: API Server: aiohttp not installed
2026-11-21 01:22:02,000 INFO aiohttp.access: GET /health";
        let classes: Vec<_> =
            lines(text).iter().map(|line| (line.at.is_some(), line.class)).collect();
        assert_eq!(
            classes,
            [(true, Class::Start), (true, Class::ApiRefused), (false, Class::MissingDependency)]
        );
    }
}
