//! Holds the comparison of definitions against those that sixteen releases of Hermes wrote, and against
//! every one-step change of a few of them.
//!
//! `tests/definitions/mutations.txt` says of each change what it is worth and which check speaks.
//! `UPDATE_EXPECT=1` rewrites it: hold what changed against the table of grades before you keep it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "a test that cannot go on must fail, and says how much it did"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gw_checks::drift::{self, Grade, Graded};
use gw_checks::examine::{Selection, examine};
use gw_checks::finding::{Finding, Verdict};
use gw_checks::intent::Intent;
use gw_checks::stop::Stop;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::generation::{Form, Generation};
use gw_snapshot::facts::release::{Capability, Version};
use gw_snapshot::facts::{Wanted, gather};
use gw_snapshot::observation::FileSeen;
use gw_snapshot::parse::cmdline;
use gw_snapshot::parse::specifier::Specifiers;
use gw_snapshot::recorded::Recorded;
use gw_snapshot::redact::{self, Salt};
use gw_snapshot::snapshot::Snapshot;
use serde_json::json;

const RELEASES: [&str; 16] = [
    "0.13.0", "0.14.0", "0.15.2", "0.16.0", "0.17.0", "0.18.2", "0.19.0", "0.20.0", "0.20.4",
    "0.20.5", "0.20.6", "0.21.0", "0.21.3", "0.21.4", "0.21.5", "0.22.2",
];
/// Its package on PyPI is of later commits than the release, and writes like 0.20.5.
const AHEAD_OF_ITS_RELEASE: &str = "0.20.4";
const CHECKS: [&str; 3] =
    ["definition/generation", "definition/will-be-overwritten", "survival/rewrite"];

/// A definition that a release wrote.
#[derive(Clone)]
struct Recording {
    release: &'static str,
    variation: String,
    form: Form,
    /// Where it would be installed.
    path: String,
    text: String,
}

impl Recording {
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/definitions");
        let table = fs::read_to_string(root.join("installed-as.tsv")).expect("the paths");
        let rows = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let read = |row: Vec<&str>| {
            let [release, name, path] = row.as_slice() else { panic!("{row:?}") };
            let release = RELEASES.into_iter().find(|known| known == release).expect("a release");
            let text = fs::read_to_string(root.join(release).join(name)).expect(name);
            let (variation, form) = match name.strip_suffix(".plist") {
                Some(variation) => (variation, Form::Plist),
                None if name.starts_with("system") => (*name, Form::SystemUnit),
                None => (*name, Form::UserUnit),
            };
            let variation = variation.trim_end_matches(".service").to_string();
            Self { release, variation, form, path: (*path).into(), text }
        };
        rows.map(read).collect()
    }

    fn one(release: &str, variation: &str, form: Form) -> Self {
        let is_it = |found: &Self| {
            found.release == release && found.variation == variation && found.form == form
        };
        Self::all().into_iter().find(is_it).expect(variation)
    }

    fn is_plist(&self) -> bool {
        self.form == Form::Plist
    }

    fn definition(&self) -> Definition {
        let file = FileSeen {
            path: self.path.clone(),
            text: Some(self.text.clone()),
            ..FileSeen::default()
        };
        let read = if self.is_plist() {
            Definition::of_plist(&file)
        } else {
            Definition::of_unit(&file, &[], &Specifiers::default())
        };
        read.known().cloned().unwrap_or_else(|| panic!("{}: {}", self.name(), self.text))
    }

    fn name(&self) -> String {
        let kind = if self.is_plist() { "plist" } else { "service" };
        format!("{}/{}.{kind}", self.release, self.variation)
    }

    fn version(&self) -> Version {
        Version::read(self.release).expect("a version")
    }

    /// `agent.restart_drain_timeout` of the variation.
    fn drain(&self) -> Option<u64> {
        match self.variation.as_str() {
            "short-drain" => Some(45),
            "long-drain" => Some(300),
            _ => None,
        }
    }

    /// What the differences from what its own release writes are worth.
    fn differences(&self) -> Vec<Graded> {
        let version = self.version();
        let own = Generation::of(self.form, &version).expect("a known release");
        let stop = Stop::of(&version, self.drain(), None);
        drift::differences(own, &self.definition(), Some(&version), stop)
    }

    /// What these checks say of a host where it is installed, and that release's code with it.
    fn findings(&self, checks: &[&str]) -> Vec<Finding> {
        let (home, uid, os) = if self.is_plist() {
            ("/Users/lab", 501, "macos")
        } else {
            ("/home/lab", 1000, "linux")
        };
        let definition = self.definition();
        let served = definition.variable("HERMES_HOME").map(|home| home.value.clone());
        let served = served.map_or_else(|| format!("{home}/.hermes"), |home| home.to_string());
        let (directory, name) = self.path.rsplit_once('/').expect("a path");
        let config = self.drain().map_or_else(String::new, |drain| {
            format!("agent:\n  restart_drain_timeout: {drain}\n")
        });
        let owner = if self.form == Form::SystemUnit { 0 } else { uid };
        let mut files = vec![
            json!({"path": self.path, "text": self.text, "mode": "0644", "uid": owner}),
            json!({"path": format!("{served}/config.yaml"), "text": config}),
            json!({"path": format!("{served}/.env"), "text": ""}),
        ];
        // Nothing else lies there: neither tools of a checkout nor a file of the store.
        let mut directories = vec![
            json!({"path": directory, "entries": [name]}),
            json!({"path": served, "entries": ["config.yaml", ".env", "logs"]}),
        ];
        let site = format!("{home}/hermes/venv/lib/python3.11/site-packages");
        let is_site = self.variation == "site-packages";
        let code = if is_site { site } else { format!("{home}/.hermes/hermes-agent") };
        let code = cmdline::bootstrap(&definition.argv).map_or(code, |found| found.project_root);
        files.extend(self.code(&code));
        let checkout = format!("{home}/.hermes/hermes-agent");
        let in_them = [&checkout, &code]
            .into_iter()
            .flat_map(|code| ["venv", ".venv"].map(|environment| format!("{code}/{environment}")));
        for environment in in_them.chain([format!("{home}/hermes/venv")]) {
            directories
                .push(json!({"path": format!("{environment}/lib"), "entries": ["python3.11"]}));
            files.push(json!({"path": format!("{environment}/bin/python"), "mode": "0755", "uid": uid, "text": ""}));
        }
        for program in ["/usr/bin/osascript", &format!("{code}/.hermes/bin/hermes")] {
            files.push(json!({"path": program, "mode": "0755", "uid": 0, "text": ""}));
        }
        let working = definition.working_directory.as_ref().map(|(directory, _)| directory.clone());
        let entered = [Some(code), Some(served.clone()), working];
        for path in entered.into_iter().flatten() {
            files.push(json!({
                "path": path, "kind": "directory", "mode": "0755", "uid": uid, "error": "not-a-file",
            }));
        }
        let link = match self.variation.as_str() {
            "linked-home" => Some(format!("{home}/.hermes")),
            "system-linked-home" => Some("/srv/link".to_string()),
            _ => None,
        };
        if let Some(link) = &link {
            let entries = json!(["config.yaml", ".env", "logs"]);
            directories.retain(|directory| directory["path"] != json!(link));
            directories.push(json!({"path": link, "entries": entries, "target": "/srv/hermes"}));
            for home in [link, "/srv/hermes"] {
                files.push(json!({"path": format!("{home}/config.yaml"), "text": config}));
                files.push(json!({"path": format!("{home}/.env"), "text": ""}));
            }
        }
        let logs = definition.agent.iter().flat_map(|agent| [&agent.stdout, &agent.stderr]);
        for (log, _) in logs.flatten() {
            files.push(json!({"path": log, "mode": "0644", "uid": uid, "text": ""}));
        }
        let snapshot = json!({
            "schema": "gw-doctor/snapshot/1",
            "taken_at": "2026-11-21T04:00:00Z",
            "host": {"os": os, "uid": uid, "home": home, "user": "lab"},
            "observations": {"files": files, "directories": directories},
        });
        let snapshot = Snapshot::read(&snapshot.to_string()).expect("a snapshot");
        let facts = gather(&Recorded::new(snapshot), &Wanted::default());
        let only = checks.iter().map(ToString::to_string).collect();
        let only = Selection { only, skip: Vec::new() };
        let label = name.trim_end_matches(".plist");
        // Another home may look for a service of the same name.
        let is_pinned = definition.variable("HERMES_HOME").is_some();
        let is_of_it = |finding: &Finding| {
            let home = &finding.scope.home;
            let is_linked = link.as_ref().is_some_and(|link| home == link || home == "/srv/hermes");
            (!is_pinned || *home == served || is_linked)
                && finding
                    .scope
                    .service
                    .as_deref()
                    .is_some_and(|service| service.starts_with(label))
        };
        let findings = examine(&facts, &Intent::default(), &only)
            .into_iter()
            .flat_map(|examined| examined.findings);
        findings.filter(is_of_it).collect()
    }

    /// The files by which code in this directory tells its version.
    fn code(&self, code: &str) -> Vec<serde_json::Value> {
        let init = format!("{code}/hermes_cli/__init__.py");
        if self.version().has(Capability::RestartWritesPlist) == Some(true) {
            let stamp = json!({
                "baseVersion": self.release, "displayVersion": self.release, "distance": 0,
                "commit": "0123456789abcdef0123456789abcdef01234567", "source": "git",
            });
            let stamp = stamp.to_string();
            let metadata = format!("{code}/hermes_agent-{}.dist-info/METADATA", self.release);
            let metadata_text = format!("Name: hermes-agent\nVersion: {}\n", self.release);
            return vec![
                json!({"path": init, "text": "__version__: str\n"}),
                json!({"path": format!("{code}/install-stamp.json"), "text": stamp}),
                json!({"path": metadata, "text": metadata_text}),
                // No checkout: then the stamp is believed.
                json!({"path": format!("{code}/.git"), "error": "not-found"}),
            ];
        }
        vec![json!({"path": init, "text": format!("__version__ = \"{}\"\n", self.release)})]
    }
}

#[test]
fn every_recorded_definition_is_of_its_own_generation_and_of_no_other() {
    let mut count = 0;
    for recording in Recording::all() {
        let (name, version) = (recording.name(), recording.version());
        let own = Generation::of(recording.form, &version).expect("a known release");
        let entries = recording.definition().entries;
        let nearest = Generation::nearest(recording.form, &entries);
        if recording.is_plist() && recording.release == AHEAD_OF_ITS_RELEASE {
            assert_eq!(releases(&nearest), ["0.20.5 to 0.20.6"], "{name}");
        } else {
            assert!(own.recorded, "{name}");
            assert_eq!(releases(&nearest), [own.releases], "{name}");
        }
        count += 1;
    }
    println!("{count} definitions recognised");
    assert!(count >= 500, "{count}");
}

fn releases(generations: &[&Generation]) -> Vec<&'static str> {
    generations.iter().map(|generation| generation.releases).collect()
}

/// What a release itself is to blame for, and its definition's readers are told so: the check, and words of its claim.
const BLAMED: [(&str, &str); 2] = [
    ("definition/restart-policy", "as this version of Hermes writes it"),
    ("definition/stop-timeout", "itself has it, and may need"),
];

#[test]
fn no_recorded_definition_gives_a_false_alarm_with_its_own_release() {
    let mut count = 0;
    let mut blamed = BTreeSet::new();
    for recording in Recording::all() {
        let name = recording.name();
        assert_eq!(recording.differences(), [], "{name}");
        for finding in recording.findings(&CHECKS) {
            assert_eq!(finding.verdict, Verdict::Pass, "{name}: {finding:#?}");
        }
        let findings = recording.findings(&["definition"]);
        let has = |check: &str| findings.iter().any(|finding| finding.check == check);
        assert!(has("definition/generation") && has("definition/broken-path"), "{name}");
        for finding in &findings {
            let is_blamed = |(check, words): &(&str, &str)| {
                finding.check == *check && finding.claim.contains(words)
            };
            match finding.verdict {
                Verdict::Pass | Verdict::Skipped | Verdict::Note => {}
                Verdict::Warning if BLAMED.iter().any(is_blamed) => {
                    blamed.insert((recording.is_plist(), recording.release, finding.check));
                }
                // No manager was asked for what is loaded, nor for the limit that a plist without one has.
                Verdict::Unknown if finding.check == "definition/loaded-differs" => {}
                Verdict::Unknown
                    if finding.check == "definition/stop-timeout"
                        && recording.definition().stop_timeout.is_none() => {}
                _ => panic!("{name}: {finding:#?}"),
            }
        }
        count += 1;
    }
    println!("{count} definitions, no false alarm; blamed: {blamed:#?}");
    assert!(count >= 500, "{count}");
    // Of launchd's limit that is of `long-drain`, a wait of 300 s: from 0.21.5 on that is fitted into the limit.
    let policy = ["0.13.0", "0.14.0", "0.15.2"];
    let policy = policy.map(|release| (true, release, "definition/restart-policy"));
    let limit = ["0.19.0", "0.20.6", "0.21.0"];
    let limit = limit.map(|release| (true, release, "definition/stop-timeout"));
    assert_eq!(blamed, policy.into_iter().chain(limit).collect());
}

/// A snapshot holds what Hermes itself wrote, and so a bug report gives the same answer as the host.
#[test]
fn nothing_that_a_release_writes_is_redacted() {
    let salt = Salt(b"test".to_vec());
    for recording in Recording::all() {
        let redacted = if recording.is_plist() {
            let list = redact::plist::list(recording.text.as_bytes(), &salt).expect("a list");
            String::from_utf8(list).expect("UTF-8")
        } else {
            redact::unit::text(&recording.text, &salt)
        };
        let shown = Recording { text: redacted, ..recording.clone() }.definition();
        let definition = recording.definition();
        assert_eq!(shown.argv, definition.argv, "{}", recording.name());
        assert_eq!(shown.entries, definition.entries, "{}", recording.name());
        let argv = redact::process::arguments(&definition.argv, &salt);
        assert_eq!(argv, definition.argv, "{}", recording.name());
    }
}

#[test]
fn a_limit_that_the_release_itself_writes_too_short_is_said_to_be_its_own() {
    for release in ["0.20.4", "0.20.6", "0.21.0", "0.21.3"] {
        let recording = Recording::one(release, "default", Form::Plist);
        let findings = recording.findings(&["definition/stop-timeout"]);
        let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
        assert_eq!(finding.verdict, Verdict::Note, "{finding:#?}");
        let claim = format!("as Hermes {release} itself has it, and may need 30 s: jobs");
        assert!(finding.claim.contains(&claim), "{finding:#?}");
    }
}

/// What an upgrade without a rewrite, or a downgrade, leaves behind.
#[test]
fn a_definition_of_another_release_is_never_called_an_edit() {
    let mut warned = BTreeMap::new();
    let mut count = 0;
    // Of releases that write the same bytes one is enough.
    let repeats = ["0.14.0", "0.20.5", "0.21.4"];
    let usual = ["default", "custom-home", "watchdog", "system", "store"];
    let is_usual = |recording: &Recording| {
        usual.contains(&recording.variation.as_str()) && !repeats.contains(&recording.release)
    };
    for recording in Recording::all().into_iter().filter(is_usual) {
        for release in RELEASES.into_iter().filter(|release| !repeats.contains(release)) {
            let installed = Recording { release, ..recording.clone() };
            for finding in installed.findings(&CHECKS) {
                let name = format!("{} with code of {release}", recording.name());
                let is_generation = finding.check == "definition/generation";
                let worst = if is_generation { Verdict::Warning } else { Verdict::Note };
                assert!(finding.verdict <= worst, "{name}: {finding:#?}");
                if finding.verdict == Verdict::Warning {
                    let pair = (recording.form == Form::Plist, recording.release, release);
                    warned.entry(pair).or_insert(finding.claim);
                }
            }
            count += 1;
        }
    }
    println!("{count} pairs of a definition and a release; warned of: {warned:#?}");
    assert!(count >= 700, "{count}");
    let claim = |pair| warned.get(&pair).map(String::as_str).unwrap_or_default();
    for (is_plist, written, installed, words) in [
        (false, "0.18.2", "0.19.0", "older than the installed code"),
        (
            false,
            "0.18.2",
            "0.22.2",
            "a mistake in the settings (exit 78) is started again for ever",
        ),
        (false, "0.16.0", "0.19.0", "each start ends a gateway that runs"),
        (false, "0.16.0", "0.21.5", "each start ends a gateway that runs"),
        (true, "0.15.2", "0.17.0", "a planned restart may"),
        (true, "0.19.0", "0.22.2", "each start ends a gateway that runs"),
        (true, "0.22.2", "0.19.0", "newer than the installed code"),
        (true, "0.21.5", "0.20.0", "this version has no such wrapper"),
    ] {
        let claim = claim((is_plist, written, installed));
        assert!(claim.contains(words), "{written} with code of {installed}: {claim}");
    }
    for (is_plist, written, installed) in [
        // Only the directory differs.
        (false, "0.15.2", "0.16.0"),
        // Only limits of launchd's differ.
        (true, "0.18.2", "0.19.0"),
        // What was added does no harm to older code, and what it lacks none to newer.
        (false, "0.19.0", "0.22.2"),
        (false, "0.22.2", "0.19.0"),
        (false, "0.21.5", "0.22.2"),
        (false, "0.22.2", "0.21.0"),
        (true, "0.21.5", "0.22.2"),
        (true, "0.22.2", "0.20.6"),
    ] {
        assert_eq!(claim((is_plist, written, installed)), "", "{written} with code of {installed}");
    }
}

/// One change of a definition.
struct Mutation {
    what: String,
    text: String,
}

#[test]
fn every_change_of_one_entry_is_worth_what_the_table_says() {
    let subjects = [
        ("0.19.0", "default", Form::UserUnit),
        ("0.16.0", "default", Form::UserUnit),
        ("0.19.0", "system", Form::SystemUnit),
        ("0.19.0", "watchdog", Form::UserUnit),
        ("0.19.0", "default", Form::Plist),
        ("0.15.2", "default", Form::Plist),
        ("0.21.5", "system", Form::SystemUnit),
        ("0.21.5", "coder", Form::Plist),
        ("0.22.2", "default", Form::UserUnit),
        ("0.22.2", "store", Form::UserUnit),
        ("0.22.2", "store", Form::Plist),
    ];
    let mut found = String::new();
    let mut count = 0;
    for (release, variation, form) in subjects {
        let recording = Recording::one(release, variation, form);
        let _ = writeln!(found, "# {}\n", recording.name());
        let mutations =
            if recording.is_plist() { of_plist(&recording.text) } else { of_unit(&recording.text) };
        for mutation in mutations {
            let mutated = Recording { text: mutation.text, ..recording.clone() };
            assert_ne!(mutated.text, recording.text, "{}", mutation.what);
            let _ = writeln!(found, "{}\n    {}", mutation.what, verdict_on(&mutated));
            count += 1;
        }
        found.push('\n');
    }
    println!("{count} changes of one entry");
    assert!(count >= 700, "{count}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions/mutations.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &found).expect("write the table");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (expected, found) in expected.lines().zip(found.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// Each difference with its grade, and each check that does more than pass.
fn verdict_on(mutated: &Recording) -> String {
    let differences: Vec<String> = mutated
        .differences()
        .iter()
        .map(|found| {
            format!("{:?} {}: {}", found.difference.how, found.difference.name, found.grade.word())
        })
        .collect();
    let speaks = |finding: &&Finding| !matches!(finding.verdict, Verdict::Pass | Verdict::Skipped);
    let findings: Vec<String> = mutated
        .findings(&CHECKS)
        .iter()
        .filter(speaks)
        .map(|finding| format!("{} {}", finding.verdict.word(), finding.check))
        .collect();
    let listed = |list: Vec<String>| if list.is_empty() { "none".into() } else { list.join(", ") };
    format!("{} => {}", listed(differences), listed(findings))
}

/// Values of no recorded release, by directive; `changed` for all others.
const VALUES: [(&str, &str); 14] = [
    ("Restart", "no"),
    ("Type", "oneshot"),
    ("RestartSec", "30"),
    ("StartLimitIntervalSec", "600"),
    ("KillMode", "process"),
    ("KillSignal", "SIGHUP"),
    ("TimeoutStopSec", "600"),
    ("RestartForceExitStatus", "1"),
    ("RestartPreventExitStatus", "75"),
    ("After", "network.target"),
    ("Wants", "docker.service"),
    ("WantedBy", "graphical.target"),
    ("ExecStart", "/usr/local/bin/keep hermes"),
    ("WatchdogSec", "30s"),
];
/// Lines that no release writes, each with its section.
const ADDED: [(&str, &str); 16] = [
    ("Service", "Environment=API_SERVER_PORT=8642"),
    ("Service", "Environment=\"HTTPS_PROXY=http://proxy:3128\" \"NO_PROXY=localhost\""),
    ("Service", "EnvironmentFile=-/etc/hermes.env"),
    ("Service", "ExecStartPre=/usr/bin/true"),
    ("Service", "LimitNOFILE=65536"),
    ("Service", "MemoryMax=4G"),
    ("Service", "Nice=5"),
    ("Service", "SuccessExitStatus=75"),
    ("Service", "RestartPreventExitStatus=1"),
    ("Service", "RestartPreventExitStatus=TEMPFAIL"),
    ("Service", "Type=notify"),
    ("Service", "WatchdogSec=60"),
    ("Unit", "OnFailure=tell-me.service"),
    ("Unit", "Restart=no"),
    ("Install", "Alias=hermes.service"),
    ("X-Notes", "Owner=ops"),
];

fn of_unit(text: &str) -> Vec<Mutation> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mutations = Vec::new();
    let mut add = |what: String, lines: Vec<&str>| {
        mutations.push(Mutation { what, text: lines.join("\n") + "\n" });
    };
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains('=')) {
        let (before, after) = (&lines[..at], &lines[at + 1..]);
        add(format!("without {line}"), [before, after].concat());
        add(format!("twice {line}"), [before, &[*line, *line], after].concat());
        let changed = changed(line);
        add(format!("{line} is {changed}"), [before, &[changed.as_str()], after].concat());
    }
    for (section, line) in ADDED {
        let section = format!("[{section}]");
        let at = lines.iter().position(|line| *line == section).map_or(lines.len(), |at| at + 1);
        let head = if at == lines.len() { vec![section.as_str()] } else { Vec::new() };
        let what = format!("with {section} {line}");
        let mut end =
            lines[at..].iter().position(|line| line.is_empty()).map_or(lines.len(), |end| at + end);
        end = end.max(at);
        add(what, [&lines[..end], &head, &[line], &lines[end..]].concat());
    }
    for flag in ["--replace", "--external-supervisor", "--verbose"] {
        let with: Vec<String> = lines
            .iter()
            .map(|line| {
                let is_start = line.starts_with("ExecStart=") && !line.contains(flag);
                if is_start { format!("{line} {flag}") } else { (*line).to_string() }
            })
            .collect();
        if with == lines {
            let without = text.replace(&format!(" {flag}"), "");
            add(format!("without the argument {flag}"), without.lines().collect());
        } else {
            add(format!("with the argument {flag}"), with.iter().map(String::as_str).collect());
        }
    }
    mutations
}

fn changed(line: &str) -> String {
    let (key, value) = line.split_once('=').expect("an assignment");
    if let Some((_, other)) = VALUES.iter().find(|(known, _)| *known == key) {
        return format!("{key}={other}");
    }
    match value.trim_matches('"').split_once('=') {
        Some((name, _)) if key == "Environment" => format!("{key}=\"{name}=/changed\""),
        _ => format!("{key}=changed"),
    }
}

/// Values of no recorded release, by key.
const ELEMENTS: [(&str, &str); 8] = [
    ("<key>RunAtLoad</key>", "<false/>"),
    ("<key>KeepAlive</key>", "<false/>"),
    ("<key>ThrottleInterval</key>", "<integer>5</integer>"),
    ("<key>ExitTimeOut</key>", "<integer>60</integer>"),
    ("<key>LimitLoadToSessionType</key>", "<string>System</string>"),
    ("<key>StandardOutPath</key>", "<string>/var/log/hermes.log</string>"),
    ("<key>StandardErrorPath</key>", "<string>/var/log/hermes.log</string>"),
    ("<key>ProgramArguments</key>", "<array><string>/usr/local/bin/keep-hermes</string></array>"),
];
/// Keys that no recorded release writes.
const KEYS: [&str; 9] = [
    "<key>ProcessType</key>\n<string>Interactive</string>",
    "<key>SoftResourceLimits</key>\n<dict>\n<key>NumberOfFiles</key>\n<integer>4096</integer>\n</dict>",
    "<key>Nice</key>\n<integer>5</integer>",
    "<key>Umask</key>\n<integer>63</integer>",
    "<key>UserName</key>\n<string>lab</string>",
    "<key>StartInterval</key>\n<integer>60</integer>",
    "<key>AbandonProcessGroup</key>\n<true/>",
    "<key>Disabled</key>\n<true/>",
    "<key>Disabled</key>\n<false/>",
];

fn of_plist(text: &str) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    let mut add = |what: String, text: String| mutations.push(Mutation { what, text });
    for (at, key) in keys(text) {
        let tag = format!("<key>{key}</key>");
        let value = at + tag.len() + value_length(&text[at + tag.len()..]);
        let (before, whole, after) = (&text[..at], &text[at..value], &text[value..]);
        add(format!("without {key}"), [before, after].concat());
        add(format!("twice {key}"), [before, whole, "\n", whole, after].concat());
        let other = ELEMENTS.iter().find(|(known, _)| *known == tag);
        let other = other.map_or("<string>changed</string>", |(_, other)| other);
        if key != "EnvironmentVariables" && key != "SuccessfulExit" {
            add(format!("{key} is {other}"), [before, &tag, other, after].concat());
        }
    }
    for key in KEYS {
        let what =
            key.split(['<', '>']).filter(|part| !part.trim().is_empty() && !part.starts_with('/'));
        let what: Vec<&str> = what.filter(|part| *part != "key").collect();
        add(
            format!("with {}", what.join(" ")),
            text.replacen("<key>RunAtLoad", &format!("{key}\n<key>RunAtLoad"), 1),
        );
    }
    for name in ["API_SERVER_PORT", "HTTPS_PROXY"] {
        let variable =
            format!("<key>{name}</key>\n<string>changed</string>\n<key>HERMES_HOME</key>");
        add(
            format!("with the variable {name}"),
            text.replacen("<key>HERMES_HOME</key>", &variable, 1),
        );
    }
    if text.contains("<string>--replace</string>") {
        for flag in ["--external-supervisor", "--verbose"] {
            let flag_too = format!("<string>--replace</string>\n<string>{flag}</string>");
            add(
                format!("with the argument {flag}"),
                text.replacen("<string>--replace</string>", &flag_too, 1),
            );
        }
        add(
            "without the argument --replace".into(),
            text.replacen("<string>--replace</string>", "", 1),
        );
    } else {
        let marked = "gateway run --external-supervisor";
        for flag in ["--replace", "--verbose"] {
            let with = text.replacen(marked, &format!("{marked} {flag}"), 1);
            add(format!("with the argument {flag}"), with);
        }
        add(
            "without the argument --external-supervisor".into(),
            text.replacen(marked, "gateway run", 1),
        );
        add("another module in it".into(), text.replace("stderr_timestamp", "own_timestamp"));
        add("two commands in it".into(), text.replacen("exec ", "sleep 5; exec ", 1));
    }
    mutations
}

/// Where each key of the list stands, those within dictionaries included.
fn keys(text: &str) -> Vec<(usize, String)> {
    text.match_indices("<key>")
        .map(|(at, tag)| {
            let rest = &text[at + tag.len()..];
            (at, rest[..rest.find("</key>").expect("an end")].to_string())
        })
        .collect()
}

/// How far the value goes that follows a key.
fn value_length(text: &str) -> usize {
    let start = text.find('<').expect("a value");
    let name = text[start + 1..].split(['>', '/', ' ']).next().unwrap_or_default();
    let end = format!("</{name}>");
    match text[start..].find("/>") {
        Some(short) if !text[start..start + short].contains('>') => start + short + 2,
        _ => text.find(&end).expect("an end") + end.len(),
    }
}

/// The grades that the table of upstream's behaviour demands, said once more.
#[test]
fn the_worst_grades_are_those_of_what_breaks() {
    for (release, form, from, to, grade) in [
        ("0.19.0", Form::UserUnit, "Restart=always", "Restart=no", Grade::WrongBehaviour),
        (
            "0.19.0",
            Form::UserUnit,
            "Restart=always",
            "Restart=on-failure",
            Grade::WillBeOverwritten,
        ),
        ("0.17.0", Form::UserUnit, "Restart=always", "Restart=on-failure", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "RestartPreventExitStatus=78\n", "", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "RestartForceExitStatus=75\n", "", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "KillMode=mixed", "KillMode=process", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "IntervalSec=0", "IntervalSec=600", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "gateway run", "gateway run --replace", Grade::WrongBehaviour),
        ("0.18.2", Form::UserUnit, "Type=simple", "Type=notify", Grade::BrokenNow),
        ("0.16.0", Form::UserUnit, "RestartSteps=5\n", "", Grade::Cosmetic),
        ("0.19.0", Form::UserUnit, "StopSec=60", "StopSec=20", Grade::WrongBehaviour),
        ("0.19.0", Form::UserUnit, "StopSec=60", "StopSec=10min", Grade::Cosmetic),
        (
            "0.19.0",
            Form::UserUnit,
            "RestartSec=5",
            "RestartSec=5\nNice=5",
            Grade::WillBeOverwritten,
        ),
        ("0.19.0", Form::Plist, "<true/>", "<false/>", Grade::WrongBehaviour),
        ("0.19.0", Form::Plist, "<integer>25", "<integer>60", Grade::WillBeOverwritten),
    ] {
        let mut recording = Recording::one(release, "default", form);
        recording.text = recording.text.replace(from, to);
        let worst = recording.differences().iter().map(|found| found.grade).max();
        assert_eq!(worst, Some(grade), "{release}: {from} => {to}");
    }
}

#[test]
fn spelling_order_and_comments_are_no_difference() {
    for release in RELEASES {
        let mut recording = Recording::one(release, "default", Form::UserUnit);
        let mut lines: Vec<String> = recording.text.lines().map(String::from).collect();
        let service = lines.iter().position(|line| line == "[Service]").expect("a section");
        let install = lines.iter().position(|line| line == "[Install]").expect("a section");
        lines[service + 1..install - 1].reverse();
        let text = lines.join("\r\n# why\r\n") + "\r\n";
        recording.text = text
            .replace("RestartSec=5", "RestartSec = 5s")
            .replace("SIGTERM", "TERM")
            .replace("=75", "=TEMPFAIL");
        assert_eq!(recording.differences(), [], "{release}");
    }
}

/// Case a01: an operator edits the plist, and the next `hermes gateway start` takes the edit back.
#[test]
fn the_edit_of_case_a01_is_told_of_before_and_after_it_is_gone() {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(args)
            .current_dir(&hosts)
            .env_clear()
            .output()
            .expect("run gw-doctor");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let before = "a01-before-the-edit/snapshot.json";
    let edited = "a01-edited/snapshot.json";
    let gone = "a01-edit-gone/snapshot.json";
    let check =
        |host| run(&["check", "-v", "--only", "definition,survival/rewrite", "--from", host]);
    let settings = "API_SERVER_ENABLED, API_SERVER_HOST, API_SERVER_PORT";

    assert!(!check(before).contains("edited by hand"));
    let said = check(edited);
    for part in [
        "the next `hermes gateway start` drops variable API_SERVER_ENABLED, variable API_SERVER_HOST, variable API_SERVER_PORT",
        "ai.hermes.gateway.plist:32: variable API_SERVER_PORT",
        "it survives in /Users/user/.hermes/.env, which wins over the service's environment",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let said = check(gone);
    assert!(!said.contains("edited by hand") && !said.contains("18789"), "{said}");

    let said = run(&["diff", before, edited]);
    assert!(
        said.contains(&format!("the definition of ai.hermes.gateway now sets {settings}")),
        "{said}"
    );
    let said = run(&["diff", edited, gone]);
    assert!(
        said.contains(&format!("the definition of ai.hermes.gateway no longer sets {settings}")),
        "{said}"
    );
    assert!(
        said.starts_with(
            "✗ 1 thing got worse ✗ default: it listens on nothing, and did on 127.0.0.1:18789"
        ),
        "{said}"
    );
}

/// A drop-in beats the file and outlives it, so what both say is not lost with the file.
#[test]
fn what_a_drop_in_says_too_is_fine() {
    let mut recording = Recording::one("0.19.0", "default", Form::UserUnit);
    recording.text =
        recording.text.replace("RestartSec=5", "RestartSec=30\nMemoryMax=4G\nEnvironment=A=b");
    let file = FileSeen {
        path: recording.path.clone(),
        text: Some(recording.text.clone()),
        ..FileSeen::default()
    };
    let drop_in = |text: &str| FileSeen {
        path: format!("{}.d/own.conf", recording.path),
        text: Some(text.into()),
        ..FileSeen::default()
    };
    let own = Generation::of(Form::UserUnit, &recording.version()).expect("a known release");
    let grades = |text: &str| -> Vec<Grade> {
        let definition = Definition::of_unit(&file, &[drop_in(text)], &Specifiers::default());
        let definition = definition.known().expect("a definition");
        drift::differences(own, definition, None, None).iter().map(|found| found.grade).collect()
    };
    let lost = Grade::WillBeOverwritten;
    assert_eq!(grades("[Unit]\n"), [lost, lost, lost]);
    assert_eq!(
        grades("[Service]\nRestartSec=20\nEnvironment=A=c\n"),
        [Grade::Fine, lost, Grade::Fine]
    );
    assert_eq!(
        grades("[Service]\nRestartSec=30\nMemoryMax=8G\nEnvironment=A=b\n"),
        [Grade::Fine; 3]
    );
}
