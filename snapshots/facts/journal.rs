//! What a gateway's own logs say of its present life: how often, and when last. Never the text.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::fact::{Fact, Why};
use crate::observation::{CommandSeen, FileSeen};
use crate::parse::journal::{self, Said};
use crate::parse::log::{self, Class, Line};

/// The classes of lines seen since the gateway last started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Each class with its count and its last time.
    pub classes: BTreeMap<Class, Count>,
    /// Whether the start of this life was in what was read. If not, older lives may be counted in.
    pub from_start: bool,
    /// When that life started, by the wall clock of its process.
    pub since: Option<DateTime>,
    /// What both logs hold, start by start, oldest first, as far as they go back.
    pub stretches: Vec<Stretch>,
    /// When one of the two logs was last written to. None where that was not seen.
    pub written: Option<Timestamp>,
    /// Why more may have been logged: one of the two logs could not be read.
    pub hidden: Option<Why>,
}

/// What the logs hold between one start and the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// When it was started, by the wall clock of its process. None: what was read begins within it.
    pub start: Option<DateTime>,
    /// Each class with its count and its times.
    pub classes: BTreeMap<Class, Count>,
}

/// What a service's log of errors, or the journal, says of starts that came to nothing. A log has no line that tells one life
/// from the next, and mostly no times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcry {
    /// Its path, or the command that tells.
    pub source: String,
    /// When it was last written to, or its last known line was. None where it was not seen.
    pub written: Option<Timestamp>,
    /// What its end holds of each class.
    pub lines: BTreeMap<Class, Cries>,
    /// The program that systemd could not run, with the kernel's reason, the last time that it says so.
    pub refused: Option<(String, i32)>,
    /// How often systemd says that it could not run a program.
    pub refusals: Cries,
}

/// How often the errors of a service say something, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cries {
    /// How many lines.
    pub lines: usize,
    /// The time of the first. None where it bears none.
    pub first: Option<Timestamp>,
    /// The time of the last. None where it bears none.
    pub last: Option<Timestamp>,
}

impl Cries {
    fn count(&mut self, at: Option<Timestamp>) {
        if self.lines == 0 {
            self.first = at;
        }
        self.lines = self.lines.saturating_add(1);
        self.last = at;
    }
}

impl Outcry {
    /// Reads such a log.
    pub fn read(file: &FileSeen) -> Fact<Self> {
        file.content().map(|text| {
            let mut lines = BTreeMap::new();
            for line in log::lines(text) {
                let cries: &mut Cries = lines.entry(line.class).or_default();
                // Its times are those of a clock whose zone is not known.
                cries.count(None);
            }
            let (source, written) = (file.path.clone(), file.mtime);
            Self { source, written, lines, refused: None, refusals: Cries::default() }
        })
    }

    /// Reads the last lines of a unit in the journal.
    pub(super) fn of_journal(seen: &CommandSeen, source: String) -> Fact<Self> {
        if let Some(trouble) = &seen.error {
            return Fact::Unknown(trouble.clone().into_why());
        }
        // Whoever may not read any file of the journal is told so; who may not read the system's sees nothing of it.
        if seen.stdout.is_empty() && seen.exit != Some(0) {
            let why = seen.stderr.lines().next().unwrap_or("journalctl printed nothing");
            return Fact::Unknown(Why::Failed(why.trim().into()));
        }
        let mut outcry = Self {
            source,
            written: None,
            lines: BTreeMap::new(),
            refused: None,
            refusals: Cries::default(),
        };
        for entry in journal::entries(&seen.stdout) {
            outcry.written = outcry.written.max(entry.at);
            match entry.said {
                Said::Class(class) => outcry.lines.entry(class).or_default().count(entry.at),
                Said::Refused { program, errno } => {
                    outcry.refused = Some((program, errno));
                    outcry.refusals.count(entry.at);
                }
            }
        }
        let is_empty = outcry.lines.is_empty() && outcry.refused.is_none();
        if is_empty { Fact::Absent } else { Fact::Known(outcry) }
    }
}

/// How often something was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many lines.
    pub lines: usize,
    /// The first of them, by the wall clock of the process that wrote it.
    pub first: Option<DateTime>,
    /// The last of them, by the wall clock of the process that wrote it.
    pub last: Option<DateTime>,
}

impl Journal {
    /// Reads `gateway.log` and `errors.log`. Absent where neither exists, unknown where neither can be read.
    pub fn read(gateway_log: &FileSeen, errors_log: &FileSeen) -> Fact<Self> {
        Self::with(gateway_log, errors_log, Self::of)
    }

    /// Reads the same logs of a profile that another gateway serves: it writes them (0.21+), without a line that says when
    /// it started. `since` is when it did, by the same clock.
    pub fn read_served(
        gateway_log: &FileSeen,
        errors_log: &FileSeen,
        since: DateTime,
    ) -> Fact<Self> {
        Self::with(gateway_log, errors_log, |gateway, errors, hidden| {
            Self::counted(gateway, errors, Some(since), true, hidden)
        })
    }

    fn with(
        gateway_log: &FileSeen,
        errors_log: &FileSeen,
        read: impl FnOnce(&[Line], &[Line], Option<Why>) -> Self,
    ) -> Fact<Self> {
        let (gateway, errors) = (gateway_log.content(), errors_log.content());
        let (gateway, errors, hidden) = match (gateway, errors) {
            (Fact::Known(gateway), Fact::Known(errors)) => (gateway, errors, None),
            (Fact::Known(gateway), errors) => (gateway, "", errors.why().cloned()),
            (gateway, Fact::Known(errors)) => ("", errors, gateway.why().cloned()),
            (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => return Fact::Unknown(why),
            (Fact::Absent, Fact::Absent) => return Fact::Absent,
        };
        let written = gateway_log.mtime.max(errors_log.mtime);
        let (gateway, errors) = (log::lines(gateway), log::lines(errors));
        let stretches = stretches(&gateway, &errors);
        Fact::Known(Self { stretches, written, ..read(&gateway, &errors, hidden) })
    }

    fn of(gateway: &[Line], errors: &[Line], hidden: Option<Why>) -> Self {
        let start = gateway.iter().rposition(|line| line.class == Class::Start);
        let since = start.and_then(|at| gateway.get(at)).and_then(|line| line.at);
        let life = gateway.get(start.unwrap_or(0)..).unwrap_or_default();
        Self::counted(life, errors, since, start.is_some(), hidden)
    }

    /// Counts the lines that are not older than the start. Those of gateway.log may be cut there already, for not every
    /// one of them bears a time; errors.log bears no start line.
    fn counted(
        gateway: &[Line],
        errors: &[Line],
        since: Option<DateTime>,
        from_start: bool,
        hidden: Option<Why>,
    ) -> Self {
        let is_recent = |line: &&Line| match (line.at, since) {
            (Some(at), Some(since)) => at >= since,
            _ => since.is_none(),
        };
        let is_old = |line: &&Line| line.at.zip(since).is_some_and(|(at, since)| at < since);
        let life: Vec<&Line> = gateway.iter().filter(|line| !is_old(line)).collect();
        let mut classes = BTreeMap::new();
        for line in &life {
            count(&mut classes, line);
        }
        // The same line stands in both logs; count it once.
        for line in errors.iter().filter(is_recent).filter(|line| !life.contains(line)) {
            count(&mut classes, line);
        }
        Self { classes, from_start, since, stretches: Vec::new(), written: None, hidden }
    }

    /// How often a class was logged.
    pub fn count(&self, class: Class) -> Option<Count> {
        self.classes.get(&class).copied()
    }
}

fn count(classes: &mut BTreeMap<Class, Count>, line: &Line) {
    let entry = classes.entry(line.class).or_insert(Count { lines: 0, first: None, last: None });
    entry.lines = entry.lines.saturating_add(1);
    entry.first = [entry.first, line.at].into_iter().flatten().min();
    entry.last = entry.last.max(line.at);
}

/// Cuts both logs at the starts that `gateway.log` has. A line of `errors.log`, which has none, belongs where its time puts
/// it; the same line stands in both, and counts once.
fn stretches(gateway: &[Line], errors: &[Line]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for line in gateway {
        if line.class == Class::Start || stretches.is_empty() {
            let start = line.at.filter(|_| line.class == Class::Start);
            stretches.push(Stretch { start, classes: BTreeMap::new() });
        }
        if let Some(last) = stretches.last_mut() {
            count(&mut last.classes, line);
        }
    }
    let told: HashSet<(Class, Option<DateTime>)> =
        gateway.iter().map(|line| (line.class, line.at)).collect();
    for line in errors.iter().filter(|line| !told.contains(&(line.class, line.at))) {
        let begins_before = |stretch: &Stretch| {
            stretch.start.is_none_or(|start| line.at.is_some_and(|at| at >= start))
        };
        if let Some(stretch) = stretches.iter_mut().rev().find(|stretch| begins_before(stretch)) {
            count(&mut stretch.classes, line);
        } else {
            let mut first = Stretch::default();
            count(&mut first.classes, line);
            stretches.insert(0, first);
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Trouble;

    fn file(text: &str) -> FileSeen {
        FileSeen { text: Some(text.into()), ..FileSeen::default() }
    }

    #[test]
    fn only_the_present_life_counts_and_each_line_once() {
        let gateway = "\
2026-11-21 01:00:00,000 INFO gateway.run: Starting Hermes Gateway...
2026-11-21 01:00:01,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 02:00:00,000 INFO gateway.run: Starting Hermes Gateway...
2026-11-21 02:00:01,000 ERROR gateway.platforms.api_server: Refusing to start: API_SERVER_KEY
";
        let errors = "\
2026-11-21 01:00:01,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 02:00:01,000 ERROR gateway.platforms.api_server: Refusing to start: API_SERVER_KEY
2026-11-21 02:05:00,000 ERROR gateway.platforms.api_server: Refusing to start: API_SERVER_KEY
";
        let journal = Journal::read(&file(gateway), &file(errors));
        let journal = journal.known().expect("both logs");
        assert_eq!(journal.count(Class::PortBind), None);
        let refused = journal.count(Class::ApiRefused).expect("refusals");
        assert_eq!(refused.lines, 2);
        assert_eq!(refused.last.map(DateTime::minute), Some(5));
    }

    #[test]
    fn each_stretch_holds_what_was_logged_between_its_start_and_the_next() {
        let gateway = "\
2026-11-21 00:30:00,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 01:00:00,000 INFO gateway.run: Starting Hermes Gateway...
2026-11-21 01:00:01,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 02:00:00,000 INFO gateway.run: Starting Hermes Gateway...
";
        let errors = "\
2026-11-21 00:30:00,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 01:00:01,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 01:30:00,000 ERROR gateway.platforms.api_server: Could not bind
";
        let journal = Journal::read(&file(gateway), &file(errors));
        let stretches = &journal.known().expect("both logs").stretches;
        let told = |stretch: &Stretch| {
            let binds = stretch.classes.get(&Class::PortBind);
            let hour = stretch.start.map(DateTime::hour);
            (hour, binds.map(|count| (count.lines, count.first.map(DateTime::minute))))
        };
        let told: Vec<_> = stretches.iter().map(told).collect();
        assert_eq!(
            told,
            [(None, Some((1, Some(30)))), (Some(1), Some((2, Some(0)))), (Some(2), None)]
        );
        // Where it holds no start, errors.log alone is one stretch.
        let alone = Journal::read(&FileSeen::default(), &file(errors));
        assert_eq!(alone.known().map(|journal| journal.stretches.len()), Some(1));
    }

    #[test]
    fn what_a_served_profile_logged_before_its_host_started_is_of_another_life() {
        let text = "\
2026-11-20 01:00:00,000 INFO gateway.run: Starting Hermes Gateway...
2026-11-20 02:00:00,000 ERROR gateway.platforms.api_server: Could not bind
2026-11-21 02:00:00,000 WARNING plugins.platforms.telegram: Telegram polling conflict
";
        let since = "2026-11-21T01:00:00".parse().expect("a test's own time");
        let count = |journal: Fact<Journal>, class| {
            let journal = journal.known().cloned().expect("a journal");
            (journal.count(class).map_or(0, |count| count.lines), journal.from_start)
        };
        let own = || Journal::read(&file(text), &file(text));
        let served = || Journal::read_served(&file(text), &file(text), since);
        assert_eq!(count(own(), Class::PortBind), (1, true));
        assert_eq!(count(served(), Class::PortBind), (0, true));
        assert_eq!(count(served(), Class::Transport), (1, true));
    }

    #[test]
    fn what_the_journal_says_is_counted_by_class_and_what_is_not_to_be_seen_is_no_answer() {
        let seen = |stdout: &str| CommandSeen {
            stdout: stdout.into(),
            exit: Some(0),
            ..CommandSeen::default()
        };
        let line = |at: u32, message: &str| {
            format!("{{\"__REALTIME_TIMESTAMP\":\"{at}000000\",\"MESSAGE\":\"{message}\"}}\n")
        };
        let text = line(1, "ImportError: x") + &line(3, "ImportError: x") + &line(2, "hello");
        let outcry = Outcry::of_journal(&seen(&text), "journalctl".into());
        let outcry = outcry.known().expect("an outcry");
        let times = [1, 3].map(|second| Timestamp::from_second(second).ok());
        let cries = Cries { lines: 2, first: times[0], last: times[1] };
        assert_eq!(outcry.lines, BTreeMap::from([(Class::ImportFailed, cries)]));
        assert_eq!(outcry.written, Timestamp::from_second(3).ok());
        assert!(Outcry::of_journal(&seen(""), String::new()).is_absent());
        let refused = CommandSeen { stderr: "No journal files".into(), ..CommandSeen::default() };
        assert!(Outcry::of_journal(&refused, String::new()).why().is_some());
        let late = CommandSeen { error: Some(Trouble::TimedOut), ..CommandSeen::default() };
        assert!(Outcry::of_journal(&late, String::new()).why().is_some());
    }

    #[test]
    fn a_log_of_errors_is_counted_by_class_whatever_its_lines_have_of_a_time() {
        let text = "dyld[1]: Library not loaded: /a\n  Reason: tried: '/a' (no such file)\ndyld[2]: Library not loaded: /a\n";
        let outcry = Outcry::read(&file(text));
        let outcry = outcry.known().expect("a log");
        let cries = Cries { lines: 2, first: None, last: None };
        assert_eq!(outcry.lines, BTreeMap::from([(Class::LibraryMissing, cries)]));
        assert!(Outcry::read(&FileSeen::default()).known().is_none());
    }
}
