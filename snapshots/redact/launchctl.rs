//! What `launchctl` prints, without its secrets: environments are names, arguments are judged like any
//! command line, and of what nobody knows here nothing stays but its key.

use super::shape::{self, arguments, is_name, marked};
use super::{Salt, is_clear_variable};

/// Scalars of the first level whose values may be seen.
const KEPT: [&str; 38] = [
    "active count",
    "asid",
    "base minimum runtime",
    "domain",
    "execs",
    "exit timeout",
    "forks",
    "group",
    "immediate reason",
    "initialized",
    "job state",
    "last exit code",
    "last exit reason",
    "last jetsam exit details",
    "last terminating signal",
    "managed_by",
    "minimum runtime",
    "on-demand count",
    "originator",
    "path",
    "pended nondemand spawn",
    "pended spawn",
    "pid",
    "program",
    "properties",
    "run interval",
    "runs",
    "service count",
    "session",
    "spawn role",
    "spawn type",
    "state",
    "stderr path",
    "stdin path",
    "stdout path",
    "successive crashes",
    "type",
    "working directory",
];

/// `launchctl print` of a service or a domain. Every line keeps its indentation, and so its meaning.
pub fn print(text: &str, salt: &Salt) -> String {
    let mut block: Option<(usize, String)> = None;
    let mut words: Vec<String> = Vec::new();
    let mut out = String::new();
    for line in text.lines() {
        let said = line.trim_start();
        let indent = line.len() - said.len();
        let (lead, _) = line.split_at_checked(indent).unwrap_or_default();
        let closes = said.trim_end() == "}";
        let shown = match &block {
            Some((at, _)) if closes && indent <= *at => {
                block = None;
                said.to_string()
            }
            Some((_, key)) if key == "arguments" => {
                words.push(said.to_string());
                arguments(&words, salt).pop().unwrap_or_default()
            }
            Some((_, key)) => inner(key, said, salt),
            None if closes || said.is_empty() => said.to_string(),
            None => match said.trim_end().strip_suffix(['{', '[']) {
                // The header opens the document, any other line a block of it.
                Some(head) if indent > 0 => {
                    let key = head.trim_end().trim_end_matches(['=', '>']).trim().to_string();
                    words.clear();
                    let shown = if is_key(&key) {
                        said.to_string()
                    } else {
                        format!("{} = {{", marked(&key, salt))
                    };
                    block = Some((indent, key));
                    shown
                }
                Some(_) => shape::text(said, salt),
                None => scalar(said, salt),
            },
        };
        out.extend([lead, &shown, "\n"]);
    }
    out
}

/// `launchctl print-disabled`: the labels, which are names, and their states.
pub fn disabled(text: &str, salt: &Salt) -> String {
    text.lines().flat_map(|line| [shape::text(line, salt), "\n".into()]).collect()
}

fn scalar(said: &str, salt: &Salt) -> String {
    match said.split_once(" = ") {
        Some((key, value)) if KEPT.contains(&key) => {
            format!("{key} = {}", shape::text(value, salt))
        }
        Some((key, value)) if is_key(key) => format!("{key} = {}", marked(value, salt)),
        _ => marked(said, salt),
    }
}

fn inner(block: &str, said: &str, salt: &Salt) -> String {
    match said.split_once(" => ") {
        Some((name, value)) if block.ends_with("environment") && is_name(name) => {
            let value = if is_clear_variable(name) {
                shape::text(value, salt)
            } else {
                marked(value, salt)
            };
            format!("{name} => {value}")
        }
        Some(_) if block == "semaphores" => shape::text(said, salt),
        None if block == "properties" || (block == "services" && !said.contains("com.apple.")) => {
            shape::text(said, salt)
        }
        _ if matches!(said, "" | "}" | "{") => said.into(),
        _ => "…".into(),
    }
}

/// A key is words of letters; anything else may be what an argument smuggled in.
fn is_key(key: &str) -> bool {
    key.len() <= 64
        && key
            .chars()
            .all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '_' | '-' | '(' | ')' | ','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::launchctl::service;

    #[test]
    fn the_facts_stay_and_the_secrets_go() {
        let text = "gui/501/ai.hermes.gateway = {\n\tpath = /Users/a/Library/LaunchAgents/ai.hermes.gateway.plist\n\tstate = running\n\n\targuments = {\n\t\t/v/bin/python\n\t\t--token\n\t\thunter2hunter2\n\t}\n\n\tinherited environment = {\n\t\tOPENAI_API_KEY => hunter2hunter2\n\t\tPATH => /usr/bin\n\t}\n\n\tenvironment = {\n\t\tHERMES_HOME => /Users/a/.hermes\n\t\tTELEGRAM_BOT_TOKEN => hunter2hunter2\n\t}\n\n\tusername = hunter2\n\truns = 2\n\tpid = 7\n\tlast exit code = 75: EX_TEMPFAIL\n\tsemaphores = {\n\t\tsuccessful exit => 0\n\t}\n\tendpoints = {\n\t\t\"hunter2\" = {\n\t\t\tport = 1\n\t\t}\n\t}\n\tproperties = keepalive | runatload\n}\n";
        let shown = print(text, &Salt(b"test".to_vec()));
        assert!(!shown.contains("hunter2"), "{shown}");
        let (before, after) =
            (service::read(text).expect("one"), service::read(&shown).expect("one"));
        assert_eq!(after.state, before.state);
        assert_eq!((after.pid, after.runs), (before.pid, before.runs));
        assert_eq!((after.last_exit, after.path), (before.last_exit, before.path));
        assert_eq!((after.semaphores, after.properties), (before.semaphores, before.properties));
        assert_eq!(after.arguments.known().map(Vec::len), Some(3));
        assert!(shown.contains("HERMES_HOME => /Users/a/.hermes"));
        assert!(shown.contains("TELEGRAM_BOT_TOKEN => ‹"), "its name stays: {shown}");
        assert_eq!(print(&shown, &Salt(b"test".to_vec())), shown);
    }

    #[test]
    fn what_an_argument_smuggles_in_is_not_shown() {
        let text = "gui/501/L = {\n\tstate = running\n\targuments = {\n\t\tsh\n\t}\n\thunter2 = {\n\t\tx\nhunter2 secret\n\tmy key 7 = hunter2\n}\n";
        let shown = print(text, &Salt(b"test".to_vec()));
        assert!(!shown.contains("hunter2 secret") && !shown.contains("= hunter2"), "{shown}");
    }
}
