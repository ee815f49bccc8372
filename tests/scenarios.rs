//! Runs the scenarios of every check, `checks/FAMILY/NAME/scenarios.md`, and those of a diagnosis that has some.
//!
//! A heading is a case; its `host` block names a recorded host and the changes to it; its `expect` block
//! lists what this one check then says, a verdict and a claim a line; for a diagnosis, how sure it is and
//! its summary, or nothing. `UPDATE_EXPECT=1` writes what was said into the file: read it before you keep it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

#[path = "scenarios/edit.rs"]
mod edit;
#[path = "scenarios/meant.rs"]
mod meant;

use std::fs;
use std::path::{Path, PathBuf};

use gw_checks::diagnosis::DIAGNOSES;
use gw_checks::examine::{Selection, examine};
use gw_checks::finding::{Finding, Verdict};
use gw_checks::intent::Intent;
use gw_checks::{CHECKS, Check};
use gw_snapshot::facts::{Facts, Wanted, gather};
use gw_snapshot::recorded::Recorded;

/// One case of a scenario file.
struct Case {
    title: String,
    host: String,
    changes: String,
    expected: String,
    /// Which lines of the file are the expectation.
    lines: std::ops::Range<usize>,
}

#[test]
fn every_check_says_what_its_scenarios_expect() {
    let wrong: Vec<String> = CHECKS
        .iter()
        .flat_map(|check| judged(&scenario_path(check), check.id, |case| said(check, case)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_diagnosis_says_what_its_scenarios_expect() {
    let folder = |id: &str| root().join("checks/diagnosis").join(id.replace('-', "_"));
    let wrong: Vec<String> = DIAGNOSES
        .iter()
        .map(|kind| (kind.id, folder(kind.id).join("scenarios.md")))
        .filter(|(_, path)| path.exists())
        .flat_map(|(id, path)| judged(&path, id, |case| diagnosed(id, case)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The cases of a file of which something else is said than they expect.
fn judged(path: &Path, id: &str, said: impl Fn(&Case) -> String) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for case in cases(&text).into_iter().rev() {
        let said = said(&case);
        if said == case.expected {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            text = rewritten(&text, &case, &said);
        } else {
            let (title, expected) = (&case.title, &case.expected);
            wrong.push(format!("{id} — {title}\n  expected:\n{expected}  said:\n{said}"));
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, text).expect("write the scenarios");
    }
    wrong
}

/// A check that never fires proves nothing, nor does one that always does.
#[test]
fn every_check_is_shown_firing_silent_and_without_evidence() {
    let mut wrong = Vec::new();
    for check in CHECKS {
        let text = fs::read_to_string(scenario_path(check)).unwrap_or_default();
        let cases = cases(&text);
        let verdict = |line: &str| line.split([' ', '!']).next().unwrap_or_default().to_string();
        let any = |is: &dyn Fn(&str) -> bool| {
            cases.iter().any(|case| case.expected.lines().any(|line| is(&verdict(line))))
        };
        let worst = check.worst.word();
        if !any(&|word| word == worst) {
            wrong.push(format!("{} is never shown at its worst ({worst})", check.id));
        }
        if worst != "skipped" && !any(&|word| word == "pass") {
            wrong.push(format!("{} is never shown to pass", check.id));
        }
        if !any(&|word| matches!(word, "unknown" | "skipped")) {
            wrong.push(format!("{} is never shown without its evidence", check.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn scenario_path(check: &Check) -> PathBuf {
    root().join("checks").join(check.id.replace('-', "_")).join("scenarios.md")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What one check says of a changed host: its findings about the first gateway, or `[profile]` of each.
fn said(check: &Check, case: &Case) -> String {
    let (facts, intent) = host(case);
    let only = Selection { only: vec![check.id.into()], skip: Vec::new() };
    let several = facts.gateways.len() > 1;
    let line = |finding: &Finding| {
        let whose = if several { format!("[{}] ", finding.scope.profile) } else { String::new() };
        format!("{} {whose}{}\n", word(finding), finding.claim)
    };
    examine(&facts, &intent, &only)
        .iter()
        .flat_map(|examined| &examined.findings)
        .map(line)
        .collect()
}

/// How sure one diagnosis is of a changed host, and its summary: of the first gateway, or `[profile]` of each that it
/// is made of.
fn diagnosed(id: &str, case: &Case) -> String {
    let (facts, intent) = host(case);
    let examined = examine(&facts, &intent, &Selection::default());
    let several = facts.gateways.len() > 1;
    let said = facts.gateways.iter().zip(&examined).flat_map(|(gateway, examined)| {
        let whose = if several { format!("[{}] ", gateway.home.profile) } else { String::new() };
        let found = examined.diagnoses.iter().filter(|found| found.id == id);
        found.map(move |found| format!("{} {whose}{}\n", found.certainty.word(), found.summary))
    });
    said.collect()
}

/// The host of a case, and what is meant to be.
fn host(case: &Case) -> (Facts, Intent) {
    let (meant, changes) = meant::split(&case.changes);
    let snapshot = edit::changed(&case.host, &changes);
    let intent = meant::intent(&edit::changed(&case.host, ""), &meant);
    (gather(&Recorded::new(snapshot), &Wanted::default()), intent)
}

fn word(finding: &Finding) -> &'static str {
    match finding.verdict {
        Verdict::Unknown if finding.essential => "unknown!",
        verdict => verdict.word(),
    }
}

fn cases(text: &str) -> Vec<Case> {
    let lines: Vec<&str> = text.lines().collect();
    let mut cases = Vec::new();
    let (mut title, mut host, mut changes) = (String::new(), None, String::new());
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.into();
        } else if let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) {
            let begin = at;
            while at < lines.len() && lines[at] != "```" {
                at += 1;
            }
            let block: String = lines[begin..at].iter().flat_map(|line| [line, "\n"]).collect();
            match kind.split_once(' ') {
                Some(("host", name)) => (host, changes) = (Some(name.to_string()), block),
                None if kind == "expect" => cases.push(Case {
                    title: title.clone(),
                    host: host
                        .clone()
                        .unwrap_or_else(|| panic!("{title}: an expectation before a host")),
                    changes: changes.clone(),
                    expected: block,
                    lines: begin..at,
                }),
                _ => panic!("{title}: a block of unknown kind {kind:?}"),
            }
            at += 1;
        }
    }
    cases
}

fn rewritten(text: &str, case: &Case, said: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut new: Vec<&str> = lines[..case.lines.start].to_vec();
    new.extend(said.lines());
    new.extend(&lines[case.lines.end..]);
    new.join("\n") + "\n"
}
