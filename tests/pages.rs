//! Folders, pages and the registry hold together, and no page advises what no plan may.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gw_checks::CHECKS;
use gw_checks::diagnosis::{DIAGNOSES, HEALTHY};

const OF_A_CHECK: [&str; 5] =
    ["What it means", "How it decides", "Confirm it", "Put it right", "When it is wrong"];
const OF_A_DIAGNOSIS: [&str; 4] =
    ["What it means", "What else looks like it", "Put it right", "When it is wrong"];

/// What neither a page nor a plan may advise, as a command.
const NEVER: [&str; 11] = [
    "pkill ",
    "killall ",
    "kill -9",
    "kill -KILL",
    "launchctl load ",
    "launchctl unload ",
    "launchctl start ",
    "launchctl stop ",
    "launchctl remove ",
    "rm ~/.hermes",
    "hermes gateway status --deep",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checks")
}

fn folders(of: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(of).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_string()))
        .collect()
}

#[test]
fn every_folder_is_registered_and_every_id_has_its_folder() {
    let mut found = BTreeSet::new();
    for family in folders(&root())
        .iter()
        .filter(|name| !["diagnosis", "drift", "plan"].contains(&name.as_str()))
    {
        found.extend(
            folders(&root().join(family))
                .iter()
                .map(|name| format!("{family}/{}", name.replace('_', "-"))),
        );
    }
    let registered: BTreeSet<String> = CHECKS.iter().map(|check| check.id.to_string()).collect();
    assert_eq!(found, registered);
    assert!(registered.len() >= 60, "the registry is not empty");
    let found: BTreeSet<String> =
        folders(&root().join("diagnosis")).iter().map(|name| name.replace('_', "-")).collect();
    let registered: BTreeSet<String> = DIAGNOSES.iter().map(|kind| kind.id.to_string()).collect();
    assert_eq!(found, registered);
}

#[test]
fn every_page_has_its_parts_in_their_order() {
    let mut wrong = Vec::new();
    let checks = CHECKS.iter().map(|check| (check.id, check.page, &OF_A_CHECK[..]));
    let diagnoses = DIAGNOSES.iter().map(|kind| (kind.id, kind.page, &OF_A_DIAGNOSIS[..]));
    for (id, page, parts) in checks.chain(diagnoses) {
        let headings: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if headings != parts {
            wrong.push(format!("{id}: its parts are {headings:?}"));
        }
        let mut lines = page.lines();
        let title = lines.next().unwrap_or_default();
        let first = lines.nth(1).unwrap_or_default();
        if !title.starts_with("# ")
            || first.is_empty()
            || !first.ends_with('.')
            || first.len() >= 90
        {
            wrong.push(format!("{id}: no title, or no short first sentence: {first:?}"));
        }
        for (at, fence) in page.lines().filter(|line| line.starts_with("```")).enumerate() {
            if at % 2 == 0 && !["```console", "```text"].contains(&fence) {
                wrong.push(format!("{id}: a block of an unknown kind: {fence}"));
            }
        }
        wrong.extend(
            page.lines()
                .filter(|line| line.chars().count() > 120)
                .map(|line| format!("{id}: a long line: {line}")),
        );
        let advice = page.split("## Put it right").nth(1).unwrap_or_default();
        wrong.extend(
            NEVER
                .iter()
                .filter(|never| advice.contains(*never))
                .map(|never| format!("{id} advises {never:?}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_a_page_names_exists() {
    let families: BTreeSet<&str> = CHECKS.iter().map(|check| check.family).collect();
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    let pages = CHECKS
        .iter()
        .map(|check| (check.id, check.page))
        .chain(DIAGNOSES.iter().map(|kind| (kind.id, kind.page)));
    let mut wrong = Vec::new();
    for (id, page) in pages {
        for word in page.split(|c: char| !(c.is_ascii_lowercase() || matches!(c, '/' | '-'))) {
            let is_id = word.split_once('/').is_some_and(|(family, name)| {
                families.contains(family) && !name.is_empty() && !name.contains('/')
            });
            // Files of a home begin like families: `cron/jobs.json`, `logs/errors.log`.
            let is_file = page.contains(&format!("{word}.")) || page.contains(&format!("{word}_"));
            if is_id && !is_file && !ids.contains(word) {
                wrong.push(format!("{id} names {word}, which does not exist"));
            }
        }
        for line in page.lines().filter(|line| line.starts_with("- ")) {
            let name = line.trim_start_matches("- ").split(':').next().unwrap_or_default();
            let looks_like_one =
                name.contains('-') && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if looks_like_one && name != HEALTHY && !DIAGNOSES.iter().any(|kind| kind.id == name) {
                wrong.push(format!("{id} names {name}, which is no diagnosis"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
