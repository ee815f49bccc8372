//! What a definition says, one thing at a time, so that two definitions can be compared by meaning.
//!
//! Order, comments, blanks, quotes and layout are gone here; a list that is a set is sorted, a time is in seconds,
//! what says no more than the manager's default is known as that. It judges nothing: which difference matters is for
//! a check to say. Where a mark or a specifier leaves the meaning open, so does the comparison.

use std::collections::BTreeMap;

use crate::facts::place::Place;
use crate::facts::shape;
use crate::parse::exec::{Escapes, has_specifier, split};
use crate::parse::plist::Plist;
use crate::parse::time;
use crate::parse::unit::{Effective, Located};
use crate::redact::{self, Likeness, Salt};

/// One thing that a definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is about.
    pub about: About,
    /// Its value: the words of a command or a list, or one text.
    pub value: Vec<String>,
    /// Where it stands.
    pub at: Place,
    /// Whether the manager would do the same without it.
    pub is_default: bool,
}

/// What a term is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// A directive of a unit, or a key of a plist: the section, which a plist does not have, and the name.
    Setting(String, String),
    /// A variable of the environment. Its value is nobody's business, whatever its name.
    Variable(String),
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting(section, name) if section.is_empty() => f.write_str(name),
            Self::Setting(section, name) if section == "Service" => write!(f, "{name}="),
            Self::Setting(section, name) => write!(f, "{name}= in [{section}]"),
            Self::Variable(name) => write!(f, "the variable {name}"),
        }
    }
}

impl Term {
    /// Its value for people, without its secrets even where no capture took them out: nothing of a variable.
    pub fn shown(&self) -> Option<String> {
        let salt = Salt(Vec::new());
        let shown = match &self.about {
            About::Variable(_) => return None,
            About::Setting(section, key) if section.is_empty() => {
                redact::plist::value(key, &self.value, &salt)
            }
            About::Setting(section, key) => {
                redact::unit::directive(section, key, &self.value.join(" "), &salt)
            }
        };
        Some(redact::without_digests(&shown))
    }
}

/// How one term of two definitions differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference<'a> {
    /// Only the first says it.
    Added(&'a Term),
    /// Only the second says it.
    Removed(&'a Term),
    /// Both say it, and not the same.
    Changed(&'a Term, &'a Term),
    /// Both say it, and whether the same cannot be told.
    Untold(&'a Term, &'a Term),
}

/// By what two definitions are compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measure<'a> {
    /// Whether the marks of both were made with the same salt.
    pub same_host: bool,
    /// What `%h` stands for, where it is known.
    pub user_home: Option<&'a str>,
}

/// Every term in which two definitions differ, in the order of their names.
pub fn differences<'a>(
    one: &'a [Term],
    other: &'a [Term],
    measure: Measure<'_>,
) -> Vec<Difference<'a>> {
    let mut pairs: BTreeMap<&About, (Option<&Term>, Option<&Term>)> = BTreeMap::new();
    for term in one {
        pairs.entry(&term.about).or_default().0 = Some(term);
    }
    for term in other {
        pairs.entry(&term.about).or_default().1 = Some(term);
    }
    let difference = |pair| match pair {
        (Some(one), Some(other)) => match likeness(one, other, measure) {
            Likeness::Same => None,
            Likeness::Other => Some(Difference::Changed(one, other)),
            Likeness::Untold => Some(Difference::Untold(one, other)),
        },
        (Some(one), None) => (!one.is_default).then_some(Difference::Added(one)),
        (None, Some(other)) => (!other.is_default).then_some(Difference::Removed(other)),
        (None, None) => None,
    };
    pairs.into_values().filter_map(difference).collect()
}

fn likeness(one: &Term, other: &Term, measure: Measure<'_>) -> Likeness {
    if one.is_default && other.is_default {
        return Likeness::Same;
    }
    if one.value.len() != other.value.len() {
        let open = one.value.iter().chain(&other.value).any(|word| has_specifier(word));
        return if open { Likeness::Untold } else { Likeness::Other };
    }
    let word = |(one, other): (&String, &String)| of_words(one, other, measure);
    one.value.iter().zip(&other.value).map(word).fold(Likeness::Same, Likeness::and)
}

fn of_words(one: &str, other: &str, measure: Measure<'_>) -> Likeness {
    if one == other && !one.contains('‹') {
        return Likeness::Same;
    }
    if let (Some(one), Some(other)) = (truth(one), truth(other)) {
        return if one == other { Likeness::Same } else { Likeness::Other };
    }
    let resolved = |word: &str| match measure.user_home {
        Some(home) => word.replace("%h", home),
        None => word.to_string(),
    };
    let (one, other) = (resolved(one), resolved(other));
    match redact::likeness(&one, &other, measure.same_host) {
        Likeness::Other if has_specifier(&one) || has_specifier(&other) => Likeness::Untold,
        likeness => likeness,
    }
}

/// The words that a manager takes for yes and no (systemd 252).
fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// What a unit with its drop-ins says. Sections that systemd passes over say nothing.
pub(super) fn of_unit(unit: &Effective) -> Vec<Term> {
    let is_known = |(section, _): &(&str, &str)| matches!(*section, "Unit" | "Service" | "Install");
    let mut terms: Vec<Term> = Vec::new();
    for (section, key) in unit.names().filter(is_known) {
        if (section, key) == ("Service", "Environment") {
            terms.extend(unit.environment().into_iter().map(|variable| Term {
                about: About::Variable(variable.name),
                value: vec![variable.value],
                at: Place { file: variable.file, line: Some(variable.line) },
                is_default: false,
            }));
            continue;
        }
        let found = unit.all(section, key);
        let Some(last) = found.last() else { continue };
        let value = directive(key, &found);
        let at = Place { file: last.file.clone(), line: Some(last.line) };
        for (section, key) in names(section, key, unit) {
            let is_default = UNIT_DEFAULTS.contains(&(key, value.join(" ").as_str()));
            let about = About::Setting(section.into(), key.into());
            terms.push(Term { about, value: value.clone(), at: at.clone(), is_default });
        }
    }
    terms
}

/// The names under which a directive is known now. `TimeoutSec=` stands for two, where they do not stand for themselves.
fn names<'a>(section: &'a str, key: &'a str, unit: &Effective) -> Vec<(&'a str, &'a str)> {
    match (section, key) {
        ("Service" | "Unit", "StartLimitInterval" | "StartLimitIntervalSec") => {
            vec![("Unit", "StartLimitIntervalSec")]
        }
        ("Service", "StartLimitBurst" | "StartLimitAction") => vec![("Unit", key)],
        ("Service", "TimeoutSec") => ["TimeoutStartSec", "TimeoutStopSec"]
            .into_iter()
            .filter(|name| unit.last(section, name).is_none())
            .map(|name| (section, name))
            .collect(),
        _ => vec![(section, key)],
    }
}

fn directive(key: &str, found: &[Located]) -> Vec<String> {
    let words = |value: &str| -> Vec<String> {
        let words: Result<Vec<String>, _> =
            split(value, Escapes::Relaxed).map(|word| word.map(|word| word.text)).collect();
        // What systemd cannot read is compared as it stands.
        words.unwrap_or_else(|_| vec![value.to_string()])
    };
    if key.starts_with("Exec") {
        let commands: Vec<Vec<String>> = found.iter().map(|found| words(&found.value)).collect();
        return commands.join(&";".to_string());
    }
    if is_set(key) {
        let mut all: Vec<String> = found.iter().flat_map(|found| words(&found.value)).collect();
        all.sort();
        all.dedup();
        return all;
    }
    if LISTS.contains(&key) {
        return found.iter().map(|found| path(&found.value)).collect();
    }
    let last = found.last().map(|found| found.value.as_str()).unwrap_or_default();
    vec![if is_time(key) {
        seconds(key, last)
    } else {
        size(key, last).unwrap_or_else(|| path(last))
    }]
}

fn is_time(key: &str) -> bool {
    key.ends_with("Sec") || key == "StartLimitInterval"
}

fn seconds(key: &str, value: &str) -> String {
    match time::span(value) {
        _ if shape::is_endless(key, value) => "infinity".into(),
        Some(Some(span)) => format!("{}s", span.as_secs_f64()),
        Some(None) => "infinity".into(),
        None => value.into(),
    }
}

/// A number of bytes, by powers of 1024 (systemd.resource-control(5)).
fn size(key: &str, value: &str) -> Option<String> {
    let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let power = ["K", "M", "G", "T"].iter().position(|known| *known == unit)?;
    let bytes = 1024_u64.checked_pow(u32::try_from(power).ok()?.checked_add(1)?)?;
    let number: u64 = number.parse().ok().filter(|_| key.starts_with("Memory"))?;
    Some(number.checked_mul(bytes)?.to_string())
}

/// A path without the slashes at its end, which say nothing; any other text as it is.
fn path(value: &str) -> String {
    match value.trim_end_matches('/') {
        "" => value.into(),
        trimmed if value.starts_with(['/', '%', '~', '-']) => trimmed.into(),
        _ => value.into(),
    }
}

/// Directives whose words are a set: neither their order nor how they are spread over lines counts.
fn is_set(key: &str) -> bool {
    SETS.contains(&key) || key.starts_with("Condition") || key.starts_with("Assert")
}

const SETS: [&str; 24] = [
    "After",
    "Alias",
    "Also",
    "AmbientCapabilities",
    "Before",
    "BindsTo",
    "Conflicts",
    "Documentation",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "PassEnvironment",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RequiredBy",
    "Requires",
    "RestartForceExitStatus",
    "RestartPreventExitStatus",
    "SuccessExitStatus",
    "SupplementaryGroups",
    "UnsetEnvironment",
    "UpheldBy",
    "WantedBy",
    "Wants",
];

/// Directives that may stand more than once, and whose order counts.
const LISTS: [&str; 3] = ["EnvironmentFile", "InaccessiblePaths", "SystemCallFilter"];

/// What holds where a unit says nothing (systemd.service(5), systemd.exec(5), systemd.kill(5) of 252), but for what a manager's own
/// configuration sets.
const UNIT_DEFAULTS: [(&str, &str); 12] = [
    ("KillMode", "control-group"),
    ("KillSignal", "SIGTERM"),
    ("NoNewPrivileges", "no"),
    ("NoNewPrivileges", "false"),
    ("PrivateTmp", "no"),
    ("PrivateTmp", "false"),
    ("RemainAfterExit", "no"),
    ("Restart", "no"),
    ("RestartSec", "0.1s"),
    ("SendSIGKILL", "yes"),
    ("StandardInput", "null"),
    ("Type", "simple"),
];

/// What a plist says.
pub(super) fn of_plist(file: &str, plist: &Plist) -> Vec<Term> {
    let at = |line| Place { file: file.into(), line };
    let program = plist.text("Program");
    let argv = plist.texts("ProgramArguments");
    let mut terms: Vec<Term> = plist
        .pairs("EnvironmentVariables")
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| Term {
            at: at(plist.line_in("EnvironmentVariables", &name)),
            about: About::Variable(name),
            value: vec![value],
            is_default: false,
        })
        .collect();
    for (key, value) in plist.values() {
        let first = argv.as_ref().and_then(|argv| argv.first()).map(String::as_str);
        let name = match key {
            "EnvironmentVariables" if plist.pairs(key).is_some() => continue,
            // A program alone is its own first argument, and the first argument alone is the program.
            "Program" if first.is_none() => "ProgramArguments",
            "Program" if program == first => continue,
            key => key,
        };
        let mut value: Vec<String> = value.iter().map(|word| path(word)).collect();
        if name == "LimitLoadToSessionType" {
            value.sort();
        }
        let is_default = PLIST_DEFAULTS.contains(&(name, value.join(" ").as_str()));
        let about = About::Setting(String::new(), name.into());
        terms.push(Term { about, value, at: at(plist.line(key)), is_default });
    }
    terms
}

/// What holds where a plist says nothing (launchd.plist(5)).
const PLIST_DEFAULTS: [(&str, &str); 10] = [
    ("AbandonProcessGroup", "false"),
    ("Disabled", "false"),
    ("EnableTransactions", "false"),
    ("ExitTimeOut", "20"),
    ("KeepAlive", "false"),
    ("LaunchOnlyOnce", "false"),
    ("LimitLoadToSessionType", "Aqua"),
    ("RunAtLoad", "false"),
    ("StartOnMount", "false"),
    ("ThrottleInterval", "10"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::unit::Unit;
    use proptest::prelude::*;

    fn unit(text: &str) -> Vec<Term> {
        of_unit(&Effective::of(("unit", &Unit::parse(text)), &[]))
    }

    fn plist(body: &str) -> Vec<Term> {
        let text = format!("<plist version=\"1.0\">\n<dict>\n{body}\n</dict>\n</plist>\n");
        of_plist("plist", &Plist::read(text.as_bytes()).expect("a test's own list"))
    }

    fn named(one: &[Term], other: &[Term], measure: Measure<'_>) -> Vec<String> {
        let name = |difference: &Difference<'_>| match difference {
            Difference::Added(term) => format!("+ {}", term.about),
            Difference::Removed(term) => format!("- {}", term.about),
            Difference::Changed(one, _) => format!("! {}", one.about),
            Difference::Untold(one, _) => format!("? {}", one.about),
        };
        differences(one, other, measure).iter().map(name).collect()
    }

    const HERE: Measure<'_> = Measure { same_host: true, user_home: Some("/home/a") };

    #[test]
    fn two_units_that_mean_the_same_do_not_differ() {
        for (one, other) in [
            ("ExecStart=/v/python -m  hermes", "# so\nExecStart = \"/v/python\" '-m' hermes"),
            (
                "ExecStart=/v/python -m hermes",
                "ExecStart=/old\nExecStart=\nExecStart=/v/python \\\n  -m hermes",
            ),
            ("Environment=A=1\nEnvironment=B=2", "Environment=\"B=2\" A=1"),
            ("Restart=always\nRestartSec=90", "RestartSec=1min 30s\nRestart=always"),
            ("RemainAfterExit=true", "RemainAfterExit=yes"),
            ("NoNewPrivileges=off\nNoNewPrivileges=no", ""),
            ("WorkingDirectory=%h/.hermes/", "WorkingDirectory=/home/a/.hermes"),
            ("TimeoutStopSec=0", "TimeoutStopSec=infinity"),
            ("TimeoutSec=5", "TimeoutStopSec=5s\nTimeoutStartSec=5000ms"),
            ("SuccessExitStatus=75 0", "SuccessExitStatus=0\nSuccessExitStatus=75"),
            ("MemoryMax=1G", "MemoryMax=1024M"),
            ("StartLimitBurst=5", "[Unit]\nStartLimitBurst=5"),
            ("[X-Mine]\nA=1", "[X-Mine]\nA=2"),
            ("Type=simple", "Restart=no"),
        ] {
            let [one, other] = [one, other].map(|text| unit(&format!("[Service]\n{text}\n")));
            assert_eq!(named(&one, &other, HERE), Vec::<String>::new(), "{one:?} {other:?}");
        }
    }

    #[test]
    fn two_units_that_mean_something_else_differ_where_they_do() {
        for (one, other, expected) in [
            ("ExecStart=/v/python -m hermes", "ExecStart=/v/python 'm hermes'", "! ExecStart="),
            ("ExecStart=/v/python a b", "ExecStart=/v/python b a", "! ExecStart="),
            ("Environment=A=1", "Environment=A=2", "! the variable A"),
            ("Environment=A=1", "", "+ the variable A"),
            ("", "Environment=A=", "- the variable A"),
            ("Restart=always", "Restart=on-failure", "! Restart="),
            ("Restart=always", "", "+ Restart="),
            ("", "[Install]\nWantedBy=default.target", "- WantedBy= in [Install]"),
            ("RestartSec=5", "RestartSec=5min", "! RestartSec="),
            (
                "EnvironmentFile=/a\nEnvironmentFile=/b",
                "EnvironmentFile=/b\nEnvironmentFile=/a",
                "! EnvironmentFile=",
            ),
            ("WorkingDirectory=%t/x", "WorkingDirectory=/run/user/1/x", "? WorkingDirectory="),
            ("PrivateTmp=yes", "PrivateTmp=no", "! PrivateTmp="),
            ("Environment=A=‹redacted:1-7›", "Environment=A=‹redacted:1-7›", "? the variable A"),
            (
                "Environment=A=‹redacted:16+:ab›",
                "Environment=A=‹redacted:16+:cd›",
                "! the variable A",
            ),
        ] {
            let [one, other] = [one, other].map(|text| unit(&format!("[Service]\n{text}\n")));
            assert_eq!(named(&one, &other, HERE), [expected], "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_digest_of_another_host_proves_nothing() {
        let of =
            |digest: &str| unit(&format!("[Service]\nEnvironment=A=‹redacted:16+:{digest}›\n"));
        let elsewhere = Measure { same_host: false, user_home: None };
        assert_eq!(named(&of("ab"), &of("cd"), elsewhere), ["? the variable A"]);
        assert_eq!(named(&of("ab"), &of("ab"), elsewhere), Vec::<String>::new());
    }

    #[test]
    fn two_plists_are_compared_by_their_values() {
        let key = |name: &str, value: &str| format!("<key>{name}</key>{value}\n");
        let truth = key("RunAtLoad", "<true/>");
        for (one, other, expected) in [
            (
                [
                    truth.clone(),
                    key("KeepAlive", "<dict><key>A</key><true/><key>B</key><false/></dict>"),
                ]
                .concat(),
                [
                    "<!-- so -->",
                    &key("KeepAlive", "\n<dict>\n<key>B</key><false/><key>A</key>\n<true/></dict>"),
                    &truth,
                ]
                .concat(),
                None,
            ),
            (key("RunAtLoad", "<false/>"), String::new(), None),
            (
                key("Program", "<string>/v</string>"),
                key("ProgramArguments", "<array><string>/v</string></array>"),
                None,
            ),
            (
                key("LimitLoadToSessionType", "<string>Aqua</string>"),
                key("LimitLoadToSessionType", "<array><string>Aqua</string></array>"),
                None,
            ),
            (
                key("ExitTimeOut", "<integer>25</integer>"),
                key("ExitTimeOut", "<real>25</real>"),
                None,
            ),
            (
                key("WorkingDirectory", "<string>/a/</string>"),
                key("WorkingDirectory", "<string>/a</string>"),
                None,
            ),
            (truth.clone(), key("RunAtLoad", "<false/>"), Some("! RunAtLoad")),
            (truth, String::new(), Some("+ RunAtLoad")),
            (
                key("EnvironmentVariables", "<dict><key>A</key><string>1</string></dict>"),
                String::new(),
                Some("+ the variable A"),
            ),
            (
                key("MyOwn", "<data>QUI=</data>"),
                key("MyOwn", "<data>QUJDREVGR0hJSktMTU5P</data>"),
                Some("! MyOwn"),
            ),
            (
                key("ProgramArguments", "<array><string>/v</string><string>a b</string></array>"),
                key(
                    "ProgramArguments",
                    "<array><string>/v</string><string>a</string><string>b</string></array>",
                ),
                Some("! ProgramArguments"),
            ),
        ] {
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(named(&plist(&one), &plist(&other), HERE), expected, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn no_unit_makes_it_panic_or_differ_from_itself(text in "(\\[(Unit|Service)\\]\n|[A-Za-z]{1,4}(=|Sec=)|\\PC|\n|[%‹›0-9MG]){0,60}") {
            let terms = unit(&text);
            let differences = differences(&terms, &terms, HERE);
            let is_untold = |difference: &Difference<'_>| matches!(difference, Difference::Untold(..));
            prop_assert!(differences.iter().all(is_untold), "{differences:?}");
        }
    }
}
