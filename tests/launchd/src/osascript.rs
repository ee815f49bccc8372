//! `osascript` as Hermes' plists call it: `do shell script "COMMAND"` in AppleScript (0.21.4 and 0.21.5), and
//! `$.system("COMMAND")` in JavaScript (from 0.22 on). Both start `/bin/sh -c COMMAND` and wait for it.
//! Nothing else of either language is understood.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, ExitStatus};

use crate::answers::NOT_MODELLED;

/// How an AppleScript ends when its command has failed, with whatever code.
const SCRIPT_ERROR: u8 = 1;

/// Runs the command of the script, and ends as the script would.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (command, exit): (_, fn(ExitStatus) -> u8) = match words.as_slice() {
        ["-e", script] => (literal_after(script, "do shell script "), by_applescript),
        ["-l", "JavaScript", "-e", script] => (literal_after(script, "$.system("), by_javascript),
        _ => (None, by_applescript),
    };
    let status = command.map(|command| Command::new("/bin/sh").args(["-c", &command]).status());
    ExitCode::from(match status {
        Some(Ok(status)) => exit(status),
        Some(Err(_)) => SCRIPT_ERROR,
        None => NOT_MODELLED,
    })
}

/// The text in quotation marks after the first of these words. Both languages escape `"` and `\` alike.
fn literal_after(script: &str, words: &str) -> Option<String> {
    let (_, rest) = script.split_once(words)?;
    serde_json::Deserializer::from_str(rest).into_iter().next()?.ok()
}

fn by_applescript(status: ExitStatus) -> u8 {
    if status.success() { 0 } else { SCRIPT_ERROR }
}

/// What the script of Hermes makes of the status that `system` returns.
fn by_javascript(status: ExitStatus) -> u8 {
    let signal = || status.signal().map(|signal| 128_i32.saturating_add(signal));
    let code = status.code().or_else(signal);
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(SCRIPT_ERROR)
}
