//! What a definition says, as entries that compare by meaning: one a directive, key, word of a list,
//! variable or flag, with the line that says it.
//!
//! What differs from machine to machine (paths, users, the values of Hermes's own variables) reads the
//! same in every file here: whether those are right is for others to judge. Nothing here knows a release. To compare
//! two files of one machine, setting by setting and with all their values, is for [`super::terms`].

use std::collections::BTreeSet;

use crate::facts::limit::Limit;
use crate::parse::bootstrap;
use crate::parse::exec::Exec;
use crate::parse::plist::Plist;
use crate::parse::shell;
use crate::parse::time;
use crate::parse::unit::{Effective, Located};

/// One thing that a definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The directive or key. Of a variable or flag with its own name: `Environment PATH`, `ExecStart --replace`.
    pub name: String,
    /// Its value in one spelling: `60` for `1min`, `*` for what every machine has otherwise.
    pub value: String,
    /// The line that sets it, 1-based. None in a binary plist.
    pub line: Option<usize>,
    /// Whether an earlier line of the file sets it too.
    pub again: bool,
}

impl Entry {
    fn new(name: impl Into<String>, value: impl Into<String>, line: Option<usize>) -> Self {
        Self { name: name.into(), value: value.into(), line, again: false }
    }
}

/// What every machine has otherwise.
const ANYTHING: &str = "*";
/// Directives and keys that are lists of words.
const LISTS: [&str; 7] = [
    "After",
    "LimitLoadToSessionType",
    "RestartForceExitStatus",
    "RestartPreventExitStatus",
    "SuccessExitStatus",
    "WantedBy",
    "Wants",
];
/// Directives that are lists of commands.
const COMMANDS: [&str; 7] = [
    "ExecCondition",
    "ExecReload",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
];

/// Whether an entry of this name may stand several times, each time with another word.
pub fn is_list(name: &str) -> bool {
    LISTS.contains(&name)
}

/// True if a directive is a list of commands.
pub(crate) fn is_command(key: &str) -> bool {
    COMMANDS.contains(&key)
}

/// The entries of a unit file, in the order of its lines.
pub fn of_unit(unit: &Effective) -> Vec<Entry> {
    let mut entries = Vec::new();
    let home = unit.assignments().filter(|set| set.name == "HERMES_HOME").last();
    let home = home.map(|home| home.value);
    for (section, key, list) in unit.directives() {
        let name = named(section, key);
        let key = name.as_str();
        match key {
            "Environment" => {}
            _ if COMMANDS.contains(&key) => {
                entries.extend(list.iter().flat_map(|found| commands(key, found)));
            }
            _ if LISTS.contains(&key) => {
                entries.extend(list.iter().flat_map(|found| words(key, found)));
            }
            _ => entries.extend(list.iter().map(|found| {
                Entry::new(key, value(key, &found.value, home.as_deref()), Some(found.line))
            })),
        }
    }
    entries
        .extend(unit.assignments().map(|set| variable("Environment", &set.name, Some(set.line))));
    entries.sort_by_key(|entry| entry.line);
    entries.truncate(MOST);
    mark(&mut entries);
    entries
}

/// Marks what stands twice: the same name, and of lists the same word.
fn mark(entries: &mut [Entry]) {
    let mut known = BTreeSet::new();
    for entry in entries.iter_mut().filter(|entry| !entry.name.contains(" -")) {
        let word = if is_list(&entry.name) { entry.value.clone() } else { String::new() };
        entry.again = !known.insert((entry.name.clone(), word));
    }
}

/// The name of a directive, with its section where that is not the one in which systemd looks for it.
fn named(section: &str, key: &str) -> String {
    match (section, key) {
        // The name that systemd 230 replaced, and the section in which it stood.
        ("Unit" | "Service", "StartLimitInterval" | "StartLimitIntervalSec") => {
            "StartLimitIntervalSec".into()
        }
        ("Unit" | "Service", "StartLimitBurst")
        | ("Unit", "Description" | "After" | "Wants")
        | ("Install", "WantedBy") => key.into(),
        ("Service", key) if !matches!(key, "Description" | "After" | "Wants" | "WantedBy") => {
            key.into()
        }
        _ => format!("[{section}] {key}"),
    }
}

fn words(key: &str, found: &Located) -> Vec<Entry> {
    // The two names of `sysexits.h` by which systemd knows Hermes's exit statuses. The manager of a user bears its number.
    let spelled = |word: &str| match word {
        "TEMPFAIL" => "75".to_string(),
        "CONFIG" => "78".to_string(),
        word if is_user_manager(word) => "user@UID.service".to_string(),
        word => word.to_string(),
    };
    let words = found.value.split_whitespace().map(spelled);
    words.map(|word| Entry::new(key, word, Some(found.line))).collect()
}

fn is_user_manager(word: &str) -> bool {
    let uid = word.strip_prefix("user@").and_then(|rest| rest.strip_suffix(".service"));
    uid.is_some_and(|uid| !uid.is_empty() && uid.chars().all(|c| c.is_ascii_digit()))
}

fn commands(key: &str, found: &Located) -> Vec<Entry> {
    let line = Some(found.line);
    let Ok(exec) = Exec::parse(&found.value) else { return vec![Entry::new(key, "", line)] };
    let mut entries = arguments(key, &exec.argv, line);
    if let Some(first) = entries.first_mut() {
        first.value.insert_str(0, &exec.prefixes);
    }
    entries
}

fn variable(key: &str, name: &str, line: Option<usize>) -> Entry {
    Entry::new(format!("{key} {name}"), ANYTHING, line)
}

/// A value in one spelling.
fn value(key: &str, value: &str, home: Option<&str>) -> String {
    let spelled = |text: &str| match key {
        "User" | "Group" => Some(ANYTHING.to_string()),
        "WorkingDirectory" => Some(directory(text, home)),
        "KillSignal" => Some(text.strip_prefix("SIG").unwrap_or(text).replace("15", "TERM")),
        _ if is_endless(key, text) => Some("infinity".into()),
        _ if key.ends_with("Sec") => Some(match time::span(text)? {
            Some(span) if span.subsec_nanos() == 0 => span.as_secs().to_string(),
            Some(span) => format!("{} ms", span.as_millis()),
            None => "infinity".into(),
        }),
        _ => None,
    };
    spelled(value).unwrap_or_else(|| value.into())
}

/// True if a directive waits without end by such a value. Both spellings of that, zero and `infinity`, are one.
pub(super) fn is_endless(directive: &str, value: &str) -> bool {
    directive.starts_with("Timeout") && Limit::of_unit(directive, value) == Some(Limit::Never)
}

/// Whether a definition starts in its home, as Hermes has it from 0.16 on, or elsewhere, as in its checkout before.
fn directory(path: &str, home: Option<&str>) -> String {
    let is_home = home.is_some_and(|home| home.trim_end_matches('/') == path.trim_end_matches('/'));
    if is_home { "HERMES_HOME".into() } else { "elsewhere".into() }
}

/// A command as entries: the form that it has, and one a flag. The first is the form. The value of a flag, and what is
/// no flag, is never said: it may be a secret.
fn arguments(key: &str, argv: &[String], line: Option<usize>) -> Vec<Entry> {
    let (form, rest) = form(argv);
    let mut entries = vec![Entry::new(key, form, line)];
    let mut rest = rest.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        if matches!(word, "--profile" | "-p") {
            rest.next();
            continue;
        }
        if word.starts_with("--profile=") || matches!(word, "gateway" | "run") {
            continue;
        }
        let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
        let is_flag = flag.len() <= LONGEST_FLAG
            && flag.starts_with('-')
            && flag.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let name = if is_flag { flag } else { "argument" };
        entries.push(Entry::new(format!("{key} {name}"), "", line));
    }
    entries
}

/// The form of a command, and the words after it that are flags of `gateway run`.
fn form(argv: &[String]) -> (String, Vec<String>) {
    let known = if let Some(inner) = shell::of_osascript(argv) {
        let script = if argv.len() > 3 { "osascript JavaScript" } else { "osascript" };
        known_form(&inner).map(|(form, rest)| (format!("{script} {form}"), rest))
    } else {
        known_form(argv)
    };
    known.unwrap_or_else(|| ("another command".into(), Vec::new()))
}

fn known_form(argv: &[String]) -> Option<(String, Vec<String>)> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    if let ["/bin/kill", "-USR1", "$MAINPID"] = words.as_slice() {
        return Some(("/bin/kill -USR1 $MAINPID".into(), Vec::new()));
    }
    let (starter, module, rest) = module(argv)?;
    let named = |rest| Some((format!("{starter} {module}"), rest));
    match module.as_str() {
        "hermes_cli.main" if rest.windows(2).any(|two| two == ["gateway", "run"]) => {
            let form = match starter {
                "PYTHON -m" => "PYTHON -m hermes_cli.main gateway run",
                "PYTHON -I -c …" => "PYTHON -I -c … gateway run",
                _ => "hermes gateway run",
            };
            Some((form.into(), rest))
        }
        "hermes_cli.stderr_timestamp" => {
            let [flag, _, end, inner @ ..] = rest.as_slice() else { return None };
            let (inner, rest) =
                known_form(inner).filter(|_| flag == "--error-log" && end == "--")?;
            Some((format!("{starter} {module} -- {inner}"), rest))
        }
        "gateway.cgroup_cleanup" | "gateway.systemd_stop_mark" if rest.is_empty() => named(rest),
        _ => None,
    }
}

/// How a module of Hermes's is started, which it is, and its arguments.
fn module(argv: &[String]) -> Option<(&'static str, String, Vec<String>)> {
    let (program, rest) = argv.split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    match rest {
        [option, module, rest @ ..] if option == "--run-module" && program == "hermes" => {
            Some(("hermes --run-module", module.clone(), rest.to_vec()))
        }
        rest if program == "hermes" => Some(("hermes", "hermes_cli.main".into(), rest.to_vec())),
        _ if !program.to_ascii_lowercase().starts_with("python") => None,
        [option, module, rest @ ..] if option == "-m" => {
            Some(("PYTHON -m", module.clone(), rest.to_vec()))
        }
        [isolated, option, code, rest @ ..] if isolated == "-I" && option == "-c" => {
            let found = bootstrap::read(code)?;
            let (module, rest) = found.command(rest);
            Some(("PYTHON -I -c …", module.into(), rest.to_vec()))
        }
        _ => None,
    }
}

/// The entries of a plist, in the order of its lines.
pub fn of_plist(plist: &Plist) -> Vec<Entry> {
    let mut entries = Vec::new();
    let variables = plist.pairs("EnvironmentVariables").unwrap_or_default();
    let variables = variables.get(..variables.len().min(MOST)).unwrap_or_default();
    let home = variables.iter().find(|(name, _)| name == "HERMES_HOME").map(|(_, home)| home);
    for (key, shown) in plist.keys().take(MOST) {
        let line = plist.line(key);
        match key {
            "ProgramArguments" => {
                let argv = plist.texts(key).unwrap_or_default();
                entries.extend(arguments(key, &argv, line));
            }
            "LimitLoadToSessionType" => {
                let types = plist.texts(key).unwrap_or_default();
                entries.extend(types.into_iter().map(|value| Entry::new(key, value, line)));
            }
            "EnvironmentVariables" => entries.extend(
                variables.iter().map(|(name, _)| variable(key, name, plist.line_in(key, name))),
            ),
            "SoftResourceLimits" | "HardResourceLimits" => {
                let limits = plist.pairs(key).unwrap_or_default();
                entries.extend(limits.into_iter().take(MOST).map(|(name, value)| {
                    Entry::new(format!("{key} {name}"), value, plist.line_in(key, &name))
                }));
            }
            _ => {
                let value = listed(plist, key, shown, home.map(String::as_str));
                entries.push(Entry::new(key, value, line));
            }
        }
    }
    if !plist.has("LimitLoadToSessionType") {
        // launchd's own default.
        entries.push(Entry::new("LimitLoadToSessionType", "Aqua", None));
    }
    for entry in &mut entries {
        let second = match entry.name.split_once(' ') {
            Some((outer, name)) => plist.second_line_in(outer, name),
            None => plist.second_line(&entry.name),
        };
        entry.again = second.is_some();
    }
    entries.sort_by_key(|entry| entry.line);
    entries
}

/// The value of a key in one spelling.
fn listed(plist: &Plist, key: &str, shown: String, home: Option<&str>) -> String {
    match key {
        "Label" => ANYTHING.into(),
        "WorkingDirectory" => directory(&shown, home),
        "StandardOutPath" if shown.ends_with("/logs/gateway.log") => ANYTHING.into(),
        "StandardErrorPath" if shown.ends_with("/logs/gateway.error.log") => ANYTHING.into(),
        "KeepAlive" => plist.pairs(key).map_or(shown, |conditions| {
            let all: Vec<String> =
                conditions.iter().map(|(name, value)| format!("{name} {value}")).collect();
            all.join(", ")
        }),
        _ => shown,
    }
}

/// Longer words are no flags that anybody gave a gateway.
const LONGEST_FLAG: usize = 32;
/// Entries are compared with each other, and a key of a plist is looked for once more for its line. No definition of a
/// gateway has nearly as many.
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::unit::Unit;
    use proptest::prelude::*;

    fn unit(text: &str) -> Vec<(String, String)> {
        let unit = Unit::parse(text);
        let entries = of_unit(&Effective::of(("u", &unit), &[]));
        entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    #[test]
    fn one_meaning_has_one_spelling() {
        for (one, other) in [
            ("[Service]\nTimeoutStopSec=0\n", "[Service]\nTimeoutStopSec=infinity\n"),
            ("[Service]\nTimeoutStopSec=90\n", "[Service]\nTimeoutStopSec = 1min 30s\n"),
            ("[Service]\nKillSignal=SIGTERM\n", "[Service]\nKillSignal=15\n"),
            ("[Unit]\nStartLimitIntervalSec=0\n", "[Service]\nStartLimitInterval=0s\n"),
            (
                "[Service]\nRestartForceExitStatus=75 78\n",
                "[Service]\nRestartForceExitStatus=TEMPFAIL\nRestartForceExitStatus=CONFIG\n",
            ),
            (
                "[Service]\nExecStart=/a/bin/python -m hermes_cli.main --profile x gateway run\n",
                "[Service]\nExecStart=\"/b/bin/python3\" -m hermes_cli.main gateway run\n",
            ),
            ("[Service]\nEnvironment=A=1 B=2\n", "[Service]\nEnvironment=A=3\nEnvironment=B=4\n"),
            ("[Unit]\nWants=user@1000.service\n", "[Unit]\nWants=user@0.service\n"),
        ] {
            assert_eq!(unit(one), unit(other), "{other}");
        }
    }

    #[test]
    fn a_module_of_hermes_is_known_however_it_is_started() {
        let code = "import os, sys, runpy; sys.path.insert(0, '/h'); import hermes_bootstrap; \
                    runpy.run_module('gateway.systemd_stop_mark', run_name='__main__', alter_sys=True)";
        let other = code.replace("gateway.systemd_stop_mark", "gateway.else");
        let foreign = "import os; os.system('x')";
        for (command, expected) in [
            ("-/v/bin/python -m gateway.systemd_stop_mark", "-PYTHON -m gateway.systemd_stop_mark"),
            (
                &format!("-\"/v/python\" \"-I\" \"-c\" \"{code}\""),
                "-PYTHON -I -c … gateway.systemd_stop_mark",
            ),
            (
                "-\"/h/.hermes/bin/hermes\" \"--run-module\" \"gateway.systemd_stop_mark\"",
                "-hermes --run-module gateway.systemd_stop_mark",
            ),
            ("/v/bin/python -m gateway.systemd_stop_mark --force", "another command"),
            (&format!("/v/bin/python -I -c \"{other}\""), "another command"),
            (&format!("/v/bin/python -I -c \"{foreign}\""), "another command"),
        ] {
            let found = unit(&format!("[Service]\nExecStop={command}\n"));
            assert_eq!(found, [("ExecStop".to_string(), expected.to_string())], "{command}");
        }
    }

    #[test]
    fn what_means_another_thing_is_another_entry() {
        for (one, other) in [
            ("[Service]\nRestart=always\n", "[Unit]\nRestart=always\n"),
            ("[Service]\nTimeoutStopSec=60\n", "[Service]\nTimeoutStopSec=60ms\n"),
            (
                "[Service]\nExecStart=/a/bin/python -m hermes_cli.main gateway run\n",
                "[Service]\nExecStart=/a/bin/python -m hermes_cli.main gateway status\n",
            ),
            ("[Service]\nExecStopPost=-/bin/x\n", "[Service]\nExecStopPost=/bin/x\n"),
        ] {
            assert_ne!(unit(one), unit(other), "{other}");
        }
    }

    #[test]
    fn the_values_of_variables_and_arguments_are_not_kept() {
        let text = "[Service]\nEnvironment=API_SERVER_KEY=secret\nExecStartPre=/bin/a --token=secret\n\
                    ExecStart=/a/bin/python -m hermes_cli.main gateway run --key=secret secret\n";
        let entries = unit(text);
        assert!(entries.iter().any(|(name, _)| name == "ExecStart --key"), "{entries:?}");
        assert!(entries.iter().any(|(name, _)| name == "ExecStart argument"), "{entries:?}");
        assert!(!format!("{entries:?}").contains("secret"), "{entries:?}");
    }

    #[test]
    fn what_stands_twice_is_marked_once() {
        let unit = Unit::parse("[Unit]\nAfter=a b a\n[Service]\nRestart=no\nRestart=always\n");
        let again: Vec<String> = of_unit(&Effective::of(("u", &unit), &[]))
            .into_iter()
            .filter(|entry| entry.again)
            .map(|entry| format!("{} {}", entry.name, entry.value))
            .collect();
        assert_eq!(again, ["After a", "Restart always"]);
    }

    #[test]
    fn no_more_is_kept_of_a_definition_than_can_be_compared() {
        let keys: Vec<String> = (0..8_000).map(|at| format!("<key>k{at}</key><true/>\n")).collect();
        let plist =
            Plist::read(format!("<plist><dict>{}</dict></plist>", keys.concat()).as_bytes());
        assert!(of_plist(&plist.expect("a list")).len() <= MOST + 1);
        let unit = Unit::parse(&["[Service]\n", &"A=b\n".repeat(50_000)].concat());
        assert_eq!(of_unit(&Effective::of(("u", &unit), &[])).len(), MOST);
    }

    proptest! {
        #[test]
        fn no_unit_makes_it_panic(text in "(\\[(Unit|Service|Install|X-a)\\]\n|(After|ExecStart|Environment|TimeoutStopSec|KillSignal|WorkingDirectory)=[ -~]{0,40}\n|[ -~]{0,20}\n){0,12}") {
            let _ = unit(&text);
        }
    }
}
