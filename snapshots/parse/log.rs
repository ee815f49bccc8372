//! Log lines of a gateway: which class each belongs to, and when it was written.
//!
//! Only counts and times are ever taken from a log, never its text.

mod phrases;

use std::iter;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use jiff::civil::DateTime;

use phrases::PHRASES;

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
    /// A platform has no adapter: its package, its plugin or its credentials are missing.
    NoAdapter,
    /// None of the configured platforms came up.
    NothingConnected,
    /// The API server could not take its port.
    PortBind,
    /// The address of the API server is none of this host.
    AddressNotHere,
    /// Another listener of the gateway, such as that of a webhook, could not take its port.
    OtherPortBind,
    /// A provider's credentials are missing, expired or rejected.
    ProviderAuth,
    /// A provider refuses for quota or billing; the credentials are fine.
    ProviderQuota,
    /// A provider cannot be reached.
    ProviderNetwork,
    /// A messaging platform's network or session is in trouble.
    Transport,
    /// Another gateway, or another profile, has the credential of a platform in use.
    TokenTaken,
    /// A cron tick failed.
    TickError,
    /// A cron tick failed in the store of a profile that the line names. Its log may be that of another profile's gateway.
    ProfileTickError,
    /// The lock of the job store was not to be had.
    JobsLock,
    /// The ticker's thread had ended, and was started again (0.21.5+).
    TickerDied,
    /// The job store cannot be written, so that no job runs and no mark is left (0.22+).
    StoreUnwritable,
    /// The job store can be written again (0.22+).
    StoreWritable,
    /// The gateway waits before it starts, to break a storm of restarts (0.19+).
    RespawnStorm,
    /// A start lasts long, and the step that it is at has said so beforehand (0.21.3+).
    StartLeased,
    /// A start lasts long, and its process computes (0.21.3+).
    StartComputes,
    /// A start came to nothing within its time, and its own watchdog ended it with 75 (0.21.3+).
    StartTimedOut,
    /// An event loop did not come round, and its own watchdog ended the gateway with 75 (0.20+).
    LoopFrozen,
    /// The shutdown was written down in full, as at every signal.
    Shutdown,
    /// A gateway was not started, for the one of this user serves its profile already (0.21.5+).
    Attached,
    /// A gateway was not started, for another one has this host or this home.
    SecondGateway,
    /// A database is damaged (`state.db`, as a rule), or was repaired.
    StateDamaged,
    /// `state.db` was damaged beyond use and put aside: its sessions are gone (0.21.5+).
    StateLost,
    /// The gateway works without its session database (0.20.4+).
    StateUnavailable,
    /// macOS's dynamic linker did not find a library of the program, which it then ends with signal 6: after an upgrade of
    /// the Python below a virtual environment, mostly.
    LibraryMissing,
    /// Python does not find Hermes itself: its virtual environment was rebuilt or moved (upstream #33788).
    HermesMissing,
    /// Python does not find a module, or not what is to be in it: a package is missing, or an update is half done.
    ImportFailed,
    /// Python cannot parse the code: an update is half done, or somebody edited it.
    CodeBroken,
    /// Python itself cannot start: its own library is gone, or of another version.
    PythonBroken,
    /// A file may not be opened or written (`EACCES`).
    AccessDenied,
    /// Nothing can be written, for the disk is full (`ENOSPC`).
    NoRoom,
    /// Nothing can be written, for the file system is mounted read-only (`EROFS`).
    ReadOnly,
    /// A start that launchd made was refused, for Hermes took it for a second gateway beside launchd's (upstream #86893).
    OwnJobRefused,
}

impl Class {
    /// True if Hermes writes such lines below the level of a warning, too.
    const fn is_milestone(self) -> bool {
        matches!(self, Self::Start | Self::ApiListening)
    }
}

/// One classified line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// When it was written, by the wall clock of the process that wrote it: log lines bear no offset.
    pub at: Option<DateTime>,
    /// What it speaks of.
    pub class: Class,
}

/// The class of a line, and the phrase by which it was known. The logger is asked before the phrase: the same words of
/// another logger are another matter, and words that a person wrote are none. A line that names no logger, as what is
/// printed, is known by its phrase alone.
pub fn class(line: &str) -> Option<(Class, &'static str)> {
    let head = Head::of(line);
    let row = PHRASES.iter().find(|row| line.contains(row.text) && head.is_by(row.by))?;
    let class = row.class?;
    let is_loud = head.level.is_none_or(|level| LOUD.contains(&level));
    (is_loud || class.is_milestone()).then_some((class, row.text))
}

/// What stands before the message of a log line, as far as it is in the form that Hermes writes:
/// `2026-11-21 01:22:01,963 ERROR [session] gateway.run: message`, or the same without the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Its time, as it stands.
    pub time: Option<&'a str>,
    /// Its level.
    pub level: Option<&'a str>,
    /// The name of its logger. None where no name follows the level.
    pub logger: Option<&'a str>,
}

impl<'a> Head<'a> {
    /// Reads it.
    pub fn of(line: &'a str) -> Self {
        let stamp = time(line).and_then(|_| line.get(..STAMP));
        let rest = match stamp {
            Some(_) => line.get(STAMP..).unwrap_or_default().trim_start_matches(' '),
            None => line,
        };
        let Some((level, after)) = rest.split_once(' ').filter(|(word, _)| LEVELS.contains(word))
        else {
            return Self { time: stamp, level: None, logger: None };
        };
        let after = match after.strip_prefix('[') {
            Some(tagged) => tagged.split_once("] ").map_or("", |(_, after)| after),
            None => after,
        };
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let logger = after
            .split_once(':')
            .map(|(name, _)| name)
            .filter(|name| !name.is_empty() && name.chars().all(is_of_a_name));
        Self { time: stamp, level: Some(level), logger }
    }

    /// True if one of these loggers, or one below them, wrote it. Also if it names none, or if any may have.
    fn is_by(&self, loggers: &[&str]) -> bool {
        loggers.is_empty() || self.logger.is_none_or(|logger| is_below(logger, loggers))
    }

    /// The name of its logger, if some phrase is of that one: another name may be anybody's word.
    pub fn known_logger(&self) -> Option<&'a str> {
        self.logger.filter(|logger| PHRASES.iter().any(|row| is_below(logger, row.by)))
    }
}

/// True if a logger is one of these, or below one of them.
fn is_below(logger: &str, names: &[&str]) -> bool {
    let is_it = |rest: &str| rest.is_empty() || rest.starts_with('.');
    names.iter().any(|name| logger.strip_prefix(name).is_some_and(is_it))
}

/// The levels of Python's logging.
const LEVELS: [&str; 5] = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
/// Those of a fault.
const LOUD: [&str; 3] = ["WARNING", "ERROR", "CRITICAL"];
/// The length of a time at the head of a line.
const STAMP: usize = 23;

/// The time at the head of a line: `2026-11-21 01:22:01,963`.
pub fn time(line: &str) -> Option<DateTime> {
    let head = line.get(..STAMP)?;
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
    AhoCorasick::new(PHRASES.iter().map(|row| row.text)).expect("a few short phrases")
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
    fn the_logger_is_asked_before_the_phrase() {
        for (line, expected) in [
            ("ERROR gateway.platforms.api_server: Could not bind", Some(Class::PortBind)),
            ("ERROR gateway.platforms.webhook: Could not bind", Some(Class::OtherPortBind)),
            (
                "ERROR gateway.platforms.api_server: [Api_Server] Could not bind 10.1.2.3:8642: [Errno 99] error while attempting to bind on address ('10.1.2.3', 8642): cannot assign requested address. Set",
                Some(Class::AddressNotHere),
            ),
            (
                "ERROR cron.scheduler: Job 'keep' not dispatched: execution creation failed: database is locked",
                Some(Class::TickError),
            ),
            (
                "ERROR gateway.platforms.webhook: Could not bind: cannot assign requested address",
                Some(Class::OtherPortBind),
            ),
            (
                "ERROR plugins.platforms.raft.adapter: Port 9 already in use. Set",
                Some(Class::OtherPortBind),
            ),
            ("ERROR gateway.run: api_server: Port 8642 already in use. Set", Some(Class::PortBind)),
            ("ERROR hermes_cli.auth: Could not bind Spotify", None),
            ("Could not bind", Some(Class::PortBind)),
            ("ERROR gateway.platforms.msgraph_webhook: Refusing to start: binding to", None),
            (
                "WARNING agent.turn_recovery: API call failed (attempt 1/3, not retryable) error_type=AuthenticationError",
                Some(Class::ProviderAuth),
            ),
            (
                "WARNING [telegram:4] agent.turn_recovery: AuthenticationError",
                Some(Class::ProviderAuth),
            ),
            ("WARNING plugins.platforms.slack.adapter: AuthenticationError", None),
            ("WARNING tools.web: CERTIFICATE_VERIFY_FAILED", Some(Class::ProviderNetwork)),
            (
                "WARNING plugins.platforms.telegram.adapter: CERTIFICATE_VERIFY_FAILED",
                Some(Class::Transport),
            ),
            ("WARNING gateways.run: Cron tick error: x", None),
            (
                "ERROR cron.scheduler_provider: Cron tick error for profile at /h: x",
                Some(Class::ProfileTickError),
            ),
            ("WARNING hermes_state: database disk image is malformed", Some(Class::StateDamaged)),
            ("WARNING gateway.kanban_watchers: database disk image is malformed", None),
            (
                "WARNING cron.jobs: Cron store /h/cron is unwritable (EROFS)",
                Some(Class::StoreUnwritable),
            ),
            ("WARNING hermes_cli.update_host_obligation: is unwritable (x)", None),
        ] {
            let head = "2026-11-21 01:22:01,963 ";
            let class = |line: &str| class(line).map(|(class, _)| class);
            assert_eq!(class(line), expected, "{line}");
            assert_eq!(class(&format!("{head}{line}")), expected, "{line}");
        }
    }

    #[test]
    fn what_a_person_wrote_is_no_fault_and_what_every_start_writes_is_noise() {
        for line in [
            "2026-11-21 01:22:01,963 INFO gateway.run: inbound message: 'AuthenticationError in my code'",
            "2026-11-21 01:22:01,963 DEBUG plugins.platforms.telegram.adapter: Telegram network error (attempt 1/9)",
            "2026-11-21 01:22:01,963 WARNING agent.model_metadata: Failed to fetch model metadata from OpenRouter: CERTIFICATE_VERIFY_FAILED",
            "2026-11-21 01:22:01,963 WARNING agent.auxiliary_client: Auxiliary Nous client unavailable: AuthenticationError",
            "2026-11-21 01:22:01,963 WARNING hermes_state: state.db: vulnerable to the WAL-reset corruption bug; is structurally corrupt",
            "2026-11-21 01:22:01,963 ERROR gateway.run: Supervised task hosted_room_worker died: AuthenticationError",
        ] {
            assert_eq!(class(line), None, "{line}");
        }
    }

    #[test]
    fn no_phrase_hides_behind_one_that_stands_before_it() {
        for (at, row) in PHRASES.iter().enumerate() {
            let Some(class) = row.class else { continue };
            let level = if class.is_milestone() { "INFO" } else { "WARNING" };
            let line = match row.by.first() {
                Some(logger) => format!("{level} {logger}: {}", row.text),
                None => row.text.to_string(),
            };
            let known = PHRASES[..at].iter().any(|other| other.text == row.text);
            assert!(known || super::class(&line) == Some((class, row.text)), "{line}");
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
