//! `launchctl print DOMAIN`: its header, and its services in a row each.

use super::Document;
use crate::fact::{Fact, Why};

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// `gui/501`, `user/501`, `system`.
    pub name: String,
    /// `on-demand count`: how many clients hold it to starts on demand. Not printed where it is none.
    pub on_demand: Fact<u64>,
    /// `session`: `Aqua`, `Background`, …
    pub session: Option<String>,
    /// Its services. None where they were cut off.
    pub services: Option<Vec<Row>>,
}

/// A service of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its process, where it has one.
    pub pid: Option<u32>,
    /// Its label.
    pub label: String,
}

/// Reads it. None where the text is no domain.
pub fn read(text: &str) -> Option<Domain> {
    let document = Document::read(text, &[])?;
    let number = |key| match document.text(key) {
        Ok(Some(text)) => match text.parse() {
            Ok(number) => Fact::Known(number),
            Err(_) => Fact::Unknown(Why::Malformed(format!("{key} = {text}"))),
        },
        // A header that was read to its services would have it.
        Ok(None) if document.text("service count").is_ok_and(|count| count.is_some()) => {
            Fact::Known(0)
        }
        Ok(None) => Fact::Unknown(Why::NotObserved),
        Err(_) => Fact::Unknown(Why::Malformed(format!("{key} stands twice"))),
    };
    Some(Domain {
        name: document.target.into(),
        on_demand: number("on-demand count"),
        session: document.text("session").ok().flatten().map(String::from),
        services: document
            .block("services")
            .map(|rows| rows.iter().filter_map(|row| self::row(row)).collect()),
    })
}

/// PID, last status and label, with 0 for no process.
fn row(line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let (pid, _status, label) = (words.next()?, words.next()?, words.next()?);
    let pid: u32 = pid.parse().ok()?;
    words.next().is_none().then(|| Row { pid: (pid > 0).then_some(pid), label: label.into() })
}
