//! How a run ended, told with the numbers and words of Darwin: several signals have other numbers on
//! Linux (`SIGBUS` is 7 here and 10 there), and other names everywhere.

use std::fmt;

use rustix::process::{Signal, WaitStatus};

/// The signals that both systems have: here, there, short name, and how Darwin describes it.
const SIGNALS: [(Signal, i32, &str, &str); 29] = [
    (Signal::HUP, 1, "HUP", "Hangup"),
    (Signal::INT, 2, "INT", "Interrupt"),
    (Signal::QUIT, 3, "QUIT", "Quit"),
    (Signal::ILL, 4, "ILL", "Illegal instruction"),
    (Signal::TRAP, 5, "TRAP", "Trace/BPT trap"),
    (Signal::ABORT, 6, "ABRT", "Abort trap"),
    (Signal::FPE, 8, "FPE", "Floating point exception"),
    (Signal::KILL, 9, "KILL", "Killed"),
    (Signal::BUS, 10, "BUS", "Bus error"),
    (Signal::SEGV, 11, "SEGV", "Segmentation fault"),
    (Signal::SYS, 12, "SYS", "Bad system call"),
    (Signal::PIPE, 13, "PIPE", "Broken pipe"),
    (Signal::ALARM, 14, "ALRM", "Alarm clock"),
    (Signal::TERM, 15, "TERM", "Terminated"),
    (Signal::URG, 16, "URG", "Urgent I/O condition"),
    (Signal::STOP, 17, "STOP", "Suspended (signal)"),
    (Signal::TSTP, 18, "TSTP", "Suspended"),
    (Signal::CONT, 19, "CONT", "Continued"),
    (Signal::CHILD, 20, "CHLD", "Child exited"),
    (Signal::TTIN, 21, "TTIN", "Stopped (tty input)"),
    (Signal::TTOU, 22, "TTOU", "Stopped (tty output)"),
    (Signal::IO, 23, "IO", "I/O possible"),
    (Signal::XCPU, 24, "XCPU", "Cputime limit exceeded"),
    (Signal::XFSZ, 25, "XFSZ", "Filesize limit exceeded"),
    (Signal::VTALARM, 26, "VTALRM", "Virtual timer expired"),
    (Signal::PROF, 27, "PROF", "Profiling timer expired"),
    (Signal::WINCH, 28, "WINCH", "Window size changes"),
    (Signal::USR1, 30, "USR1", "User defined signal 1"),
    (Signal::USR2, 31, "USR2", "User defined signal 2"),
];

/// The names of `sysexits.h`, from 64 on.
const SYSEXITS: [&str; 15] = [
    "EX_USAGE",
    "EX_DATAERR",
    "EX_NOINPUT",
    "EX_NOUSER",
    "EX_NOHOST",
    "EX_UNAVAILABLE",
    "EX_SOFTWARE",
    "EX_OSERR",
    "EX_OSFILE",
    "EX_CANTCREAT",
    "EX_IOERR",
    "EX_TEMPFAIL",
    "EX_PROTOCOL",
    "EX_NOPERM",
    "EX_CONFIG",
];

/// The status with which `xpcproxy` ends when it cannot become the job.
pub(crate) const EX_CONFIG: u8 = 78;

/// How the previous run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal, in Darwin's numbers.
    Signal(i32),
    /// By the kernel or `RunningBoard`, for this reason.
    Reason(&'static str),
    /// launchd gave up on it, in these words.
    GivenUp(&'static str),
}

/// The reasons that transcripts show, each with its mark in the table of a domain.
const REASONS: [(&str, &str); 6] = [
    ("OS_REASON_CODESIGNING", "(cs)"),
    ("OS_REASON_DYLD", "?"),
    ("OS_REASON_EXEC", "?"),
    ("OS_REASON_TCC", "?"),
    ("JETSAM_REASON_MEMORY_IDLE_EXIT", "(jt)"),
    ("(unknown)", "?"),
];

/// The words for a run that launchd gave up on, each with its mark in the table of a domain.
const GIVEN_UP: [(&str, &str); 3] =
    [("(abandoned)", "(ab)"), ("(failed reap)", "(fr)"), ("(extension watchdogged)", "?")];

impl Exit {
    /// Reads what `wait` gave. A process that only stopped has not ended, and is never asked about.
    pub(crate) fn of(status: WaitStatus) -> Exit {
        match status.terminating_signal() {
            Some(here) => Exit::Signal(darwin(here)),
            None => Exit::Code(status.exit_status().unwrap_or_default()),
        }
    }

    /// Reads the words of `print` for an end that no process can have by itself.
    pub(crate) fn told(words: &str) -> Option<Exit> {
        let found = |(known, _): &(&'static str, &str)| (*known == words).then_some(*known);
        let reason = REASONS.iter().find_map(found).map(Exit::Reason);
        reason.or_else(|| GIVEN_UP.iter().find_map(found).map(Exit::GivenUp))
    }

    /// Whether the process ended as crashes end. launchd counts the reasons of the kernel among them.
    pub(crate) fn is_crash(self) -> bool {
        match self {
            Exit::Signal(number) => matches!(number, 3..=6 | 8 | 10..=12),
            Exit::Reason(reason) => reason.starts_with("OS_REASON_"),
            Exit::Code(_) | Exit::GivenUp(_) => false,
        }
    }

    /// What `wait` would have given on Darwin, without the bit for a core dump. The kernel ends a process for a reason
    /// of its own with SIGKILL.
    pub(crate) fn wait_status(self) -> i32 {
        match self {
            Exit::Code(code) => code << 8,
            Exit::Signal(number) => number,
            Exit::Reason(_) => 9,
            Exit::GivenUp(_) => 0,
        }
    }

    /// The column of `list`: the code, or minus the signal.
    pub(crate) fn in_list(self) -> i32 {
        match self {
            Exit::Code(code) => code,
            Exit::Signal(number) => -number,
            Exit::Reason(_) | Exit::GivenUp(_) => -self.wait_status(),
        }
    }

    /// The column of the table of a domain: the same, or a mark.
    pub(crate) fn in_table(self) -> String {
        let mark = |known: &[(&str, &str)], words: &str| {
            let found = known.iter().find(|(word, _)| *word == words);
            found.map_or("?", |(_, mark)| *mark).to_owned()
        };
        match self {
            Exit::Code(_) | Exit::Signal(_) => self.in_list().to_string(),
            Exit::Reason(reason) => mark(&REASONS, reason),
            Exit::GivenUp(words) => mark(&GIVEN_UP, words),
        }
    }
}

/// The line of `print`.
impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Exit::Code(code) => {
                write!(out, "last exit code = {code}")?;
                let name = usize::try_from(code - 64).ok().and_then(|place| SYSEXITS.get(place));
                name.map_or(Ok(()), |name| write!(out, ": {name}"))
            }
            Exit::Signal(number) => {
                let known = SIGNALS.iter().find(|(_, there, ..)| *there == number);
                let words = known.map_or("Unknown signal", |(.., words)| words);
                write!(out, "last terminating signal = {words}: {number}")
            }
            Exit::Reason(reason) => write!(out, "last exit reason = {reason}"),
            Exit::GivenUp(words) => write!(out, "last exit code = {words}"),
        }
    }
}

/// Reads a signal as `launchctl kill` takes it: `SIGTERM`, `TERM`, `-TERM`, or Darwin's number.
pub(crate) fn signal(text: &str) -> Option<Signal> {
    let text = text.strip_prefix('-').unwrap_or(text).to_ascii_uppercase();
    let name = text.strip_prefix("SIG").unwrap_or(&text);
    let found = |(_, there, short, _): &&(Signal, i32, &str, &str)| {
        *short == name || name.parse() == Ok(*there)
    };
    SIGNALS.iter().find(found).map(|(here, ..)| *here)
}

fn darwin(here: i32) -> i32 {
    let known = SIGNALS.iter().find(|(signal, ..)| signal.as_raw() == here);
    known.map_or(here, |(_, there, ..)| *there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_the_number_and_the_words_of_darwin() {
        for (here, line) in [
            (Signal::TERM, "last terminating signal = Terminated: 15"),
            (Signal::KILL, "last terminating signal = Killed: 9"),
            (Signal::HUP, "last terminating signal = Hangup: 1"),
            (Signal::BUS, "last terminating signal = Bus error: 10"),
            (Signal::USR1, "last terminating signal = User defined signal 1: 30"),
        ] {
            assert_eq!(Exit::Signal(darwin(here.as_raw())).to_string(), line);
        }
    }

    #[test]
    fn the_codes_of_sysexits_are_annotated_and_no_others() {
        for (code, line) in [
            (0, "last exit code = 0"),
            (1, "last exit code = 1"),
            (63, "last exit code = 63"),
            (64, "last exit code = 64: EX_USAGE"),
            (75, "last exit code = 75: EX_TEMPFAIL"),
            (78, "last exit code = 78: EX_CONFIG"),
            (79, "last exit code = 79"),
            (127, "last exit code = 127"),
        ] {
            assert_eq!(Exit::Code(code).to_string(), line);
        }
    }

    #[test]
    fn a_signal_is_read_by_name_and_by_the_number_of_darwin() {
        for text in ["USR1", "SIGUSR1", "sigusr1", "-USR1", "30"] {
            assert_eq!(signal(text), Some(Signal::USR1), "{text}");
        }
        for text in ["", "SIG", "NOPE", "0", "99"] {
            assert_eq!(signal(text), None, "{text}");
        }
    }
}
