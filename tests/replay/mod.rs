//! The program, shown what stands on its standard input.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// One run to its end, in an empty environment.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run gw-doctor");
    // A program that has refused its input may have closed it.
    let _ = child.stdin.take().expect("standard input").write_all(input);
    child.wait_with_output().expect("its end")
}
