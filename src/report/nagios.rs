//! The report as a monitoring plugin gives it: one line with the worst gateway and all numbers, a line for each gateway
//! more, and that world's own exit codes. After the guidelines of the Monitoring Plugins project.

use gw_checks::finding::Verdict;

use super::Report;
use super::text::{answer, clean};

/// The states of that world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// All is well.
    Ok = 0,
    /// Something should be looked at.
    Warning = 1,
    /// Something is broken.
    Critical = 2,
    /// It could not be determined.
    Unknown = 3,
}

impl State {
    /// The state of all that was looked at. A threshold of the command line has no say: warnings have a state of their own here.
    pub(super) fn of(report: &Report<'_>) -> Self {
        let any = |verdict| report.count(verdict) > 0;
        if any(Verdict::Failure) || report.is_missed() {
            Self::Critical
        } else if any(Verdict::Warning) {
            Self::Warning
        } else if report.is_determined() {
            Self::Ok
        } else {
            Self::Unknown
        }
    }

    /// The exit code.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The line, and one more for each gateway if there are several.
pub(super) fn render(report: &Report<'_>) -> String {
    let texts: Vec<String> = report
        .worst_first()
        .into_iter()
        .map(|reported| {
            let (text, id) = answer(reported);
            let id = id.map_or_else(String::new, |id| format!(" [{id}]"));
            plain(&format!("{}: {text}{id}", reported.gateway.home.profile))
        })
        .collect();
    let numbers = format!(
        "gateways={};;;0 failures={};;0;0 warnings={};0;;0 unknowns={};;;0",
        texts.len(),
        report.count(Verdict::Failure),
        report.count(Verdict::Warning),
        report.count(Verdict::Unknown),
    );
    let first = texts.first().map_or("no gateway was found", String::as_str);
    let mut lines = vec![line(State::of(report), first) + " | " + &numbers];
    lines.extend(texts.iter().skip(1).cloned());
    lines.join("\n") + "\n"
}

/// What to print if there is no report.
pub(crate) fn failed(error: &anyhow::Error) -> String {
    line(State::Unknown, &plain(&format!("{error:#}"))) + "\n"
}

fn line(state: State, text: &str) -> String {
    format!("GW-DOCTOR {} - {text}", state.word())
}

/// On one line, and without the bar that ends the text.
fn plain(text: &str) -> String {
    clean(text).replace('|', "/")
}
