//! `launchctl print DOMAIN`: its header, and its services in a row each.

use super::Document;
use super::service::LastExit;
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
    /// Whether a label that has no row is none of its services: the list was printed to its end, each of its lines
    /// could be read, and they are no fewer than `service count` says.
    pub is_complete: bool,
}

/// A service of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its process, where it has one.
    pub pid: Option<u32>,
    /// How the previous run ended. Absent where none has; unknown for what no number tells, such as `(pe)`.
    pub last_exit: Fact<LastExit>,
    /// Its label.
    pub label: String,
}

impl Row {
    /// Whether it is a program with windows that somebody opened, under a name that launchd made up. What is started in it,
    /// such as a shell in a terminal, is no job of launchd's.
    pub fn is_application(&self) -> bool {
        self.label.starts_with("application.")
    }
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
    let lines = document.block("services");
    Some(Domain {
        name: document.target.into(),
        on_demand: number("on-demand count"),
        session: document.text("session").ok().flatten().map(String::from),
        services: lines.map(|rows| rows.iter().filter_map(|row| self::row(row)).collect()),
        is_complete: lines.is_some_and(|lines| is_complete(&document, lines)),
    })
}

/// The buffer through which launchd prints is of a fixed size, and cuts a long list off; people cut it too.
fn is_complete(document: &Document<'_>, lines: &[&str]) -> bool {
    // Redaction leaves a mark for each service of Apple's.
    let is_row = |line: &&str| line.trim() == "…" || row(line).is_some();
    let mut lines = lines.iter().copied().filter(|line| !line.trim().is_empty());
    let counted = match document.text("service count") {
        Ok(Some(count)) => count.parse().ok(),
        Ok(None) => Some(0),
        Err(_) => None,
    };
    !document.is_broken
        && lines.clone().all(|line| is_row(&line))
        && counted.is_some_and(|counted: usize| lines.by_ref().count() >= counted)
}

/// PID, last status and label, with 0 for no process. A label may hold spaces.
fn row(line: &str) -> Option<Row> {
    let (pid, rest) = line.trim().split_once(char::is_whitespace)?;
    let (status, label) = rest.trim_start().split_once(char::is_whitespace)?;
    let pid: u32 = pid.parse().ok()?;
    let last_exit = match (status, status.parse::<i32>()) {
        ("-", _) => Fact::Absent,
        (_, Ok(code)) if code >= 0 => Fact::Known(LastExit::Code(code)),
        (_, Ok(signal)) => Fact::Known(LastExit::Signal(signal.checked_neg()?)),
        _ => Fact::Unknown(Why::Failed(format!("launchd says {status} of its last run"))),
    };
    let label = label.trim();
    (!label.is_empty()).then(|| Row {
        pid: (pid > 0).then_some(pid),
        last_exit,
        label: label.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Domain {
        read(&["gui/501 = {\n", body].concat()).expect("a domain")
    }

    #[test]
    fn a_row_tells_the_process_and_the_end_of_the_run_before() {
        let domain = of(
            "\tservices = {\n\t\t     855      - \ta.b\n\t\t       0     78 \tc d\n\t\t       0     -9 \te\n\t\t       0   (pe) \tf\n\t}\n}\n",
        );
        let rows = domain.services.expect("rows");
        assert_eq!((rows[0].pid, &rows[0].last_exit), (Some(855), &Fact::Absent));
        assert_eq!(rows[1].label, "c d");
        assert_eq!((rows[1].pid, &rows[1].last_exit), (None, &Fact::Known(LastExit::Code(78))));
        assert_eq!(rows[2].last_exit, Fact::Known(LastExit::Signal(9)));
        assert!(rows[3].last_exit.why().is_some());
    }

    #[test]
    fn only_a_whole_list_says_what_is_not_loaded() {
        let row = "\t\t     855      - \ta.b\n";
        let list = |count: &str, rows: &str, end: &str| {
            of(&[count, "\tservices = {\n", rows, end].concat())
        };
        let end = "\t}\n}\n";
        assert!(list("", row, end).is_complete);
        assert!(list("\tservice count = 1\n", row, end).is_complete);
        assert!(list("\tservice count = 2\n", &[row, "\t\t…\n"].concat(), end).is_complete);
        for (count, rows, end) in [
            ("\tservice count = 2\n", row, end),
            ("\tservice count = many\n", row, end),
            ("\tservice count = 1\n\tservice count = 1\n", row, end),
            ("", "\t\t855 a.b\n", end),
            ("", row, ""),
            ("", "\t\t     855  ", ""),
        ] {
            assert!(!list(count, rows, end).is_complete, "{count}{rows}{end}");
        }
        assert!(!of("\ttype = login\n}\n").is_complete);
    }
}
