//! The arguments of a process. What a person asks a Hermes command (`hermes chat -q …`) is private and looks like
//! nothing in particular, so of the words of such a command only those stay that are known here. A gateway is asked
//! nothing, and of a program that is not Hermes only what looks like a secret goes.

use super::Salt;
use super::shape::{self, is_name, marked};
use crate::parse::cmdline::{self, Told};

/// Commands of Hermes, and what they are told to do, that may be seen.
const COMMANDS: [&str; 26] = [
    "acp",
    "auth",
    "chat",
    "config",
    "cron",
    "dashboard",
    "doctor",
    "gateway",
    "install",
    "list",
    "logs",
    "mcp",
    "model",
    "profile",
    "restart",
    "run",
    "serve",
    "sessions",
    "setup",
    "start",
    "status",
    "stop",
    "tick",
    "uninstall",
    "update",
    "version",
];

/// Options whose values say which profile a command means and where it listens.
const CLEAR_OPTIONS: [&str; 4] = ["--host", "--port", "--profile", "-p"];

/// The same arguments without their secrets, and without what a person asked.
pub fn arguments(argv: &[String], salt: &Salt) -> Vec<String> {
    let mut shown = shape::arguments(argv, salt);
    let first = match cmdline::told(argv) {
        None => return shown,
        Some(Told::From(first)) => first,
        Some(Told::InCode { at, words }) => {
            let told = [vec!["hermes".to_string()], words].concat();
            let is_public = arguments(&told, salt) == told;
            if let (Some(code), Some(shown), false) = (argv.get(at), shown.get_mut(at), is_public) {
                *shown = marked(code, salt);
            }
            return shown;
        }
    };
    let mut previous = "";
    let mut commands = 0_usize;
    for (word, shown) in argv.iter().zip(&mut shown).skip(first) {
        if word.starts_with('-') {
            *shown = option(word, salt);
        } else if !(CLEAR_OPTIONS.contains(&previous) && is_name(word)) {
            let is_command = commands < 2 && COMMANDS.contains(&word.to_lowercase().as_str());
            commands = commands.saturating_add(1);
            if !is_command {
                *shown = marked(word, salt);
            }
        }
        previous = word;
    }
    shown
}

/// An option keeps its name.
fn option(word: &str, salt: &Salt) -> String {
    match word.split_once('=') {
        _ if is_name(word) => word.into(),
        Some((name, value)) if CLEAR_OPTIONS.contains(&name) && is_name(value) => word.into(),
        Some((name, value)) if is_name(name) => format!("{name}={}", marked(value, salt)),
        _ => marked(word, salt),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse::cmdline::{profile, role};

    fn redacted(argv: &[&str]) -> Vec<String> {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        arguments(&argv, &Salt(b"test".to_vec()))
    }

    #[test]
    fn what_a_person_asks_is_private_in_every_form() {
        let diary = "My secret diary";
        for (argv, kept) in [
            (&["hermes", "chat", "-q", diary][..], "hermes chat -q"),
            (&["hermes", "-z", diary], "hermes -z"),
            (&["hermes", "chat", "--query=My secret diary"], "--query="),
            (&["hermes", diary], "hermes"),
            (
                &["/v/bin/python", "-m", "hermes_cli.main", "-p", "ops", "chat", diary],
                "-p ops chat",
            ),
            // The words of `ps` are parted at blanks.
            (&["hermes", "chat", "-q", "My", "secret", "diary", "run"], "hermes chat -q"),
            (&["/v/bin/python", "/v/bin/hermes", "cron", "create", diary], "hermes cron"),
        ] {
            let shown = redacted(argv).join(" ");
            assert!(shown.contains(kept), "{shown}");
            for word in ["My", "secret", "diary"] {
                assert!(!shown.contains(word), "{shown}");
            }
        }
    }

    #[test]
    fn what_a_text_of_the_updaters_tells_hermes_is_private_too() {
        let code = |told: &str| {
            format!(
                "import sys, runpy; sys.path.insert(0, '/h'); sys.argv = ['-c', {told}]; \
                 runpy.run_module('hermes_cli.main', run_name='__main__', alter_sys=True)"
            )
        };
        let shown = |told: &str| redacted(&["/s/bin/python3", "-I", "-c", &code(told)])[3].clone();
        assert!(!shown("'chat', '-q', 'my diary'").contains("diary"));
        assert!(shown("'dashboard', '--port', '9119'").contains("'9119'"));
        assert!(shown("'gateway', 'run'").contains("'gateway'"));
    }

    #[test]
    fn what_a_server_and_a_gateway_are_told_stays() {
        for argv in [
            &["hermes", "dashboard", "--port", "9119", "--host=127.0.0.1", "-p", "ops"][..],
            &["hermes", "cron", "tick"],
            &["hermes", "gateway", "run", "--replace", "--config", "/home/a/x.yaml"],
            &["python3", "-m", "http.server", "8642"],
        ] {
            assert_eq!(redacted(argv), argv);
        }
    }

    proptest! {
        #[test]
        fn a_process_is_the_same_without_its_private_words(
            words in prop::collection::vec("hermes|gateway|run|cron|tick|serve|-p|--port|-q|[a-z]{1,4}|[A-Z ]{1,9}", 0..7),
        ) {
            let argv: Vec<String> = ["hermes".to_string()].into_iter().chain(words).collect();
            let shown = arguments(&argv, &Salt(Vec::new()));
            prop_assert_eq!(shown.len(), argv.len());
            prop_assert_eq!(role(&shown), role(&argv));
            prop_assert_eq!(&arguments(&shown, &Salt(Vec::new())), &shown);
            if profile(&argv).is_some_and(|name| is_name(&name)) {
                prop_assert_eq!(profile(&shown), profile(&argv));
            }
        }
    }
}
