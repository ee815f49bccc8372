//! What a definition says, as entries that compare by meaning: one a directive, key, word of a list,
//! variable or flag, with the line that says it.
//!
//! What differs from machine to machine (paths, users, the values of Hermes's own variables) reads the
//! same in every file here: whether those are right is for others to judge. Nothing here knows a release. To compare
//! two files of one machine, setting by setting and with all their values, is for [`super::terms`].

use std::collections::BTreeSet;

use crate::parse::exec::Exec;
use crate::parse::plist::Plist;
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
    // The two names of `sysexits.h` by which systemd knows Hermes's exit statuses.
    let spelled = |word| match word {
        "TEMPFAIL" => "75",
        "CONFIG" => "78",
        word => word,
    };
    let words = found.value.split_whitespace().map(spelled);
    words.map(|word| Entry::new(key, word, Some(found.line))).collect()
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
        _ if key.ends_with("Sec") => Some(match time::span(text)? {
            Some(span) if span.subsec_nanos() == 0 => span.as_secs().to_string(),
            Some(span) => format!("{} ms", span.as_millis()),
            None => "infinity".into(),
        }),
        _ => None,
    };
    spelled(value).unwrap_or_else(|| value.into())
}

/// Whether a definition starts in its home, as Hermes has it from 0.16 on, or elsewhere, as in its checkout before.
fn directory(path: &str, home: Option<&str>) -> String {
    let is_home = home.is_some_and(|home| home.trim_end_matches('/') == path.trim_end_matches('/'));
    if is_home { "HERMES_HOME".into() } else { "elsewhere".into() }
}

/// A command as entries: the form that it has, and one a flag. The first is the form. The value of a flag, and what is
/// no flag, is never said: it may be a secret.
fn arguments(key: &str, argv: &[String], line: Option<usize>) -> Vec<Entry> {
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let (form, rest) = form(&argv);
    let mut entries = vec![Entry::new(key, form, line)];
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        if matches!(*word, "--profile" | "-p") {
            rest.next();
            continue;
        }
        if word.starts_with("--profile=") || matches!(*word, "gateway" | "run") {
            continue;
        }
        let flag = word.split_once('=').map_or(*word, |(flag, _)| flag);
        let is_flag = flag.len() <= LONGEST_FLAG
            && flag.starts_with('-')
            && flag.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let name = if is_flag { flag } else { "argument" };
        entries.push(Entry::new(format!("{key} {name}"), "", line));
    }
    entries
}

/// The form of a command, and the words after it that are flags of `gateway run`.
fn form<'a, 'b>(argv: &'b [&'a str]) -> (String, &'b [&'a str]) {
    let program = argv.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path));
    let runs_gateway = |rest: &[&str]| rest.windows(2).any(|two| two == ["gateway", "run"]);
    let is_python = program.to_ascii_lowercase().starts_with("python");
    match argv {
        [_, "-m", "hermes_cli.main", rest @ ..] if is_python && runs_gateway(rest) => {
            ("PYTHON -m hermes_cli.main gateway run".into(), rest)
        }
        [_, "-m", "hermes_cli.stderr_timestamp", "--error-log", _, "--", rest @ ..]
            if is_python =>
        {
            let (inner, rest) = form(rest);
            (format!("PYTHON -m hermes_cli.stderr_timestamp -- {inner}"), rest)
        }
        [_, "-I", "-c", _, rest @ ..] if is_python && runs_gateway(rest) => {
            ("PYTHON -I -c … gateway run".into(), rest)
        }
        [_, "--run-module", "hermes_cli.stderr_timestamp", "--error-log", _, "--", rest @ ..]
            if program == "hermes" =>
        {
            let (inner, rest) = form(rest);
            (format!("hermes --run-module hermes_cli.stderr_timestamp -- {inner}"), rest)
        }
        [_, rest @ ..] if program == "hermes" && runs_gateway(rest) => {
            ("hermes gateway run".into(), rest)
        }
        [_, "-m", "gateway.cgroup_cleanup"] if is_python => {
            ("PYTHON -m gateway.cgroup_cleanup".into(), &[])
        }
        [_, "--run-module", "gateway.cgroup_cleanup"] if program == "hermes" => {
            ("hermes --run-module gateway.cgroup_cleanup".into(), &[])
        }
        ["/usr/bin/osascript", ..] => ("osascript".into(), &[]),
        ["/bin/kill", "-USR1", "$MAINPID"] => ("/bin/kill -USR1 $MAINPID".into(), &[]),
        _ => ("another command".into(), &[]),
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
        let key = entry.name.split(' ').next_back().unwrap_or_default();
        entry.again = !key.starts_with('-') && plist.second_line(key).is_some();
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
        ] {
            assert_eq!(unit(one), unit(other), "{other}");
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
