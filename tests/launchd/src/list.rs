//! The texts of `list`: the table, and the dictionary of one job.

use std::fmt::Write;

use crate::definition::KeepAlive;
use crate::exit::Exit;
use crate::job::Job;

/// The table: process or `-`, decoded status of the previous run, label. A job that never ran and one
/// that ended well look the same.
pub(crate) fn table<'a>(jobs: impl Iterator<Item = &'a Job>) -> String {
    let mut text = "PID\tStatus\tLabel\n".to_owned();
    for job in jobs {
        let pid = job.process.as_ref().map_or("-".to_owned(), |process| process.pid.to_string());
        let status = job.last_exit.map_or(0, Exit::in_list);
        let _ = writeln!(text, "{pid}\t{status}\t{}", job.definition.label);
    }
    text
}

/// The dictionary: `LastExitStatus` is what `wait` gives, and `OnDemand` is false only for a `KeepAlive`
/// that is true.
pub(crate) fn dictionary(job: &Job) -> String {
    let definition = &job.definition;
    let mut text = "{\n".to_owned();
    let mut row = |key: &str, value: &str| {
        let _ = writeln!(text, "\t\"{key}\" = {value};");
    };
    if let Some(path) = &definition.stdout {
        row("StandardOutPath", &quoted(path));
    }
    row("LimitLoadToSessionType", &quoted(job.domain.session_type()));
    if let Some(path) = &definition.stderr {
        row("StandardErrorPath", &quoted(path));
    }
    row("Label", &quoted(&definition.label));
    row("OnDemand", if definition.keep_alive == KeepAlive::Always { "false" } else { "true" });
    row("LastExitStatus", &job.last_exit.map_or(0, Exit::wait_status).to_string());
    if let Some(process) = &job.process {
        row("PID", &process.pid.to_string());
    }
    row("Program", &quoted(definition.program()));
    let arguments = definition.arguments.iter().fold(String::new(), |mut rows, argument| {
        let _ = writeln!(rows, "\t\t{};", quoted(argument));
        rows
    });
    row("ProgramArguments", &format!("(\n{arguments}\t)"));
    text.push_str("};\n");
    text
}

/// In quotes, and nothing escaped: launchctl escapes nothing either.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
