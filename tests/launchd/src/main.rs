//! A stand-in for launchd and launchctl: enough of both that a program which reads `launchctl` meets
//! real processes that start, die and are started again. One program in four parts: the client, the
//! daemon (`--stand-in DIR`), the `xpcproxy` that turns into a job, and, called by its name, the `osascript`
//! that the plists of Hermes begin with. It is test equipment for
//! Linux, and no supervisor for anything else; README.md says what it models and what it does not.

#[cfg(target_os = "linux")]
mod answers;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod daemon;
#[cfg(target_os = "linux")]
mod definition;
#[cfg(target_os = "linux")]
mod domain;
#[cfg(target_os = "linux")]
mod exit;
#[cfg(target_os = "linux")]
mod job;
#[cfg(target_os = "linux")]
mod launchd;
#[cfg(target_os = "linux")]
mod list;
#[cfg(target_os = "linux")]
mod osascript;
#[cfg(target_os = "linux")]
mod overrides;
#[cfg(target_os = "linux")]
mod print;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod refusal;
#[cfg(target_os = "linux")]
mod settings;
#[cfg(target_os = "linux")]
mod wire;
#[cfg(target_os = "linux")]
mod xpcproxy;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let called = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    match words.split_first() {
        _ if called == "xpcproxy" => xpcproxy::run(),
        _ if called.ends_with("/osascript") => osascript::run(&words),
        Some((first, rest)) if first == "--stand-in" => daemon::run(rest),
        _ => client::run(words),
    }
}

/// Elsewhere there is nothing to stand in for, or nothing to stand on.
#[cfg(not(target_os = "linux"))]
fn main() {}
