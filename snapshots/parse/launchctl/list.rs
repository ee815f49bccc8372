//! `launchctl list` and `launchctl list LABEL`. Both see the caller's own domain only.

use super::service::LastExit;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its process, where it has one.
    pub pid: Option<u32>,
    /// How the previous run ended. 0 says nothing: never run, or a success.
    pub status: Option<LastExit>,
    /// Its label.
    pub label: String,
}

/// Reads the table. None where it has no header.
pub fn table(text: &str) -> Option<Vec<Row>> {
    let mut lines = text.lines();
    lines.find(|line| line.split_whitespace().eq(["PID", "Status", "Label"]))?;
    Some(lines.filter_map(row).collect())
}

fn row(line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let (pid, status, label) = (words.next()?, words.next()?, words.next()?);
    let pid = if pid == "-" { None } else { Some(pid.parse().ok()?) };
    let status = status.parse::<i32>().ok().and_then(|status| match status {
        0 => None,
        code if code > 0 => Some(LastExit::Code(code)),
        signal => Some(LastExit::Signal(signal.checked_neg()?)),
    });
    Some(Row { pid, status, label: label.into() })
}

/// What `launchctl list LABEL` says of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// `Label`.
    pub label: Option<String>,
    /// `PID`, where it has a process.
    pub pid: Option<u32>,
    /// `LastExitStatus`, decoded: it is a raw wait status. None for 0, which may be no run at all.
    pub last_exit: Option<LastExit>,
}

/// Reads the dictionary. None where the text is none.
pub fn job(text: &str) -> Option<Job> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == "{")?;
    let mut job = Job { label: None, pid: None, last_exit: None };
    let (mut depth, mut is_job) = (0_usize, false);
    for line in lines {
        match line {
            "};" | "}" | ");" if depth == 0 => break,
            "};" | "}" | ");" => depth -= 1,
            _ if line.ends_with("= {") || line.ends_with("= (") => depth += 1,
            _ if depth > 0 => {}
            _ => is_job |= entry(&mut job, line),
        }
    }
    is_job.then_some(job)
}

/// Takes an entry in, and says whether it is one that such a dictionary has.
fn entry(job: &mut Job, line: &str) -> bool {
    let Some((key, value)) = line.trim_end_matches(';').split_once(" = ") else { return false };
    let value = value.trim().trim_matches('"');
    match key.trim().trim_matches('"') {
        "Label" => job.label = Some(value.into()),
        "PID" => job.pid = value.parse().ok().filter(|pid| *pid > 0),
        "LastExitStatus" => job.last_exit = value.parse().ok().and_then(decoded),
        key => return matches!(key, "OnDemand" | "Program" | "LimitLoadToSessionType"),
    }
    true
}

/// A wait status: `exit N` is N × 256, a signal is its number, 128 more with a core.
fn decoded(status: u32) -> Option<LastExit> {
    let (code, signal) = (status >> 8 & 0xff, status & 0x7f);
    match (code, signal) {
        (0, 0) => None,
        (code, 0) => i32::try_from(code).ok().map(LastExit::Code),
        (_, signal) => i32::try_from(signal).ok().map(LastExit::Signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_wait_status_is_decoded_and_the_table_is_decoded_already() {
        let of = |status: &str| {
            job(&format!("{{\n\t\"LastExitStatus\" = {status};\n\t\"Label\" = \"a\";\n}};\n"))
                .and_then(|job| job.last_exit)
        };
        assert_eq!(of("19968"), Some(LastExit::Code(78)));
        assert_eq!(of("15"), Some(LastExit::Signal(15)));
        assert_eq!(of("134"), Some(LastExit::Signal(6)));
        assert_eq!(of("0"), None);
        let rows =
            table("PID\tStatus\tLabel\n-\t-9\ta.b\n855\t78\tc d\n-\t0\te\n").expect("a table");
        assert_eq!(rows[0].status, Some(LastExit::Signal(9)));
        assert_eq!((rows[1].pid, rows[1].status.clone()), (Some(855), Some(LastExit::Code(78))));
        assert_eq!((rows[2].pid, rows[2].status.clone()), (None, None));
    }

    #[test]
    fn what_stands_in_a_nested_list_is_not_the_jobs() {
        let text = "{\n\t\"ProgramArguments\" = (\n\t\t\"\\\"PID\\\" = 7\";\n\t\t\"PID\" = 8;\n\t);\n\t\"PID\" = 855;\n};\n";
        assert_eq!(job(text).and_then(|job| job.pid), Some(855));
    }
}
