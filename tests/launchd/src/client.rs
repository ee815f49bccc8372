//! `launchctl` itself: carries its words to the daemon, and prints the answer. It knows nothing of
//! launchd. When it cannot reach the daemon it ends with a status that launchctl never has.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::wire::{Answer, Request, SOCKET};

/// The environment variable that names the state directory.
const VARIABLE: &str = "LAUNCHD_STAND_IN";

/// The state directory where no variable names one: whoever is tested may clear its environment.
const USUAL: &str = "/run/launchd-stand-in";

/// `EX_UNAVAILABLE`: there is no stand-in to ask.
const UNREACHABLE: u8 = 69;

/// Asks the daemon, and does as it says.
pub(crate) fn run(words: Vec<String>) -> ExitCode {
    let directory = env::var_os(VARIABLE).unwrap_or_else(|| USUAL.into());
    let answer = ask(&directory, words)
        .unwrap_or_else(|error| Answer::failed(UNREACHABLE, format!("launchd stand-in: {error}")));
    thread::sleep(Duration::from_millis(answer.delay_ms));
    // A reader that has gone away is no reason for another exit status.
    let _ = io::stdout().write_all(answer.stdout.as_bytes());
    let _ = io::stderr().write_all(answer.stderr.as_bytes());
    ExitCode::from(answer.exit)
}

fn ask(state: &OsStr, words: Vec<String>) -> io::Result<Answer> {
    let request = Request { words, directory: env::current_dir()? };
    let mut stream = UnixStream::connect(Path::new(&state).join(SOCKET))?;
    let mut line = serde_json::to_vec(&request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
