//! `gw-doctor explain`: the pages of the checks and the diagnoses, and the lists of them.

use std::collections::BTreeSet;

use anyhow::bail;
use gw_checks::CHECKS;
use gw_checks::diagnosis::DIAGNOSES;

/// The page of a check or a diagnosis, the list of a family, or the list of all.
///
/// # Errors
/// If there is none of that name.
pub(crate) fn explain(name: Option<&str>) -> anyhow::Result<String> {
    let Some(name) = name else { return Ok(list(&families()) + MORE) };
    let check = CHECKS.iter().find(|check| check.id == name).map(|check| check.page);
    let diagnosis = DIAGNOSES.iter().find(|kind| kind.id == name).map(|kind| kind.page);
    if let Some(page) = check.or(diagnosis) {
        return Ok(page.to_string());
    }
    if let Some(family) = families().iter().find(|family| family.name == name) {
        return Ok(list(std::slice::from_ref(family)) + MORE);
    }
    bail!("{}", none_of("check, diagnosis or family", name, ids()))
}

/// What to say of a name that is neither a check nor a family of checks.
pub(crate) fn no_check(name: &str) -> String {
    none_of("check or family", name, CHECKS.iter().map(|check| check.id))
}

/// That there is none of that name, and which ones may have been meant.
fn none_of(what: &str, name: &str, ids: impl Iterator<Item = &'static str>) -> String {
    let alike: Vec<&str> = ids.filter(|id| is_like(id, name)).collect();
    let but = if alike.is_empty() { String::new() } else { format!(", but {}", alike.join(", ")) };
    format!("there is no {what} {name:?}{but}; `gw-doctor explain` lists them")
}

/// What a list ends with.
const MORE: &str = "\n`gw-doctor explain ID` shows the page of one.\n";

/// What diagnoses are listed under.
const OF_DIAGNOSES: &str = "diagnoses";

/// Checks of one kind, or the diagnoses, each with its page.
struct Family {
    name: &'static str,
    members: Vec<(&'static str, &'static str)>,
}

/// Every family, in the order of the registry, and the diagnoses.
fn families() -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let checks = CHECKS.iter().map(|check| (check.family, check.id, check.page));
    let diagnoses = DIAGNOSES.iter().map(|kind| (OF_DIAGNOSES, kind.id, kind.page));
    for (name, id, page) in checks.chain(diagnoses) {
        match families.last_mut().filter(|family| family.name == name) {
            Some(family) => family.members.push((id, page)),
            None => families.push(Family { name, members: vec![(id, page)] }),
        }
    }
    families
}

fn list(families: &[Family]) -> String {
    let mut lines = Vec::new();
    for family in families {
        lines.push(format!("\n{}", family.name));
        lines.extend(
            family.members.iter().map(|(id, page)| format!("  {id:<32} {}", first_sentence(page))),
        );
    }
    let mut text = lines.join("\n").trim_start().to_string();
    text.push('\n');
    text
}

fn ids() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|check| check.id).chain(DIAGNOSES.iter().map(|kind| kind.id))
}

/// Whether somebody who typed this may have meant that id: a part of its name, or words of it in another
/// order or spelling.
fn is_like(id: &str, name: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
    };
    let typed = words(name);
    !typed.is_empty() && typed.is_subset(&words(id))
}

/// The line below a page's title.
pub(crate) fn first_sentence(page: &str) -> &str {
    page.lines().skip(1).find(|line| !line.trim().is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_check_and_every_diagnosis_once_with_its_sentence() {
        let list = explain(None).expect("a list");
        for (id, page) in families().iter().flat_map(|family| &family.members) {
            let line = format!("  {id:<32} {}", first_sentence(page));
            assert_eq!(list.lines().filter(|known| *known == line).count(), 1, "{id}");
        }
        assert_eq!(
            families().iter().map(|family| family.members.len()).sum::<usize>(),
            ids().count()
        );
    }

    #[test]
    fn a_family_is_listed_alone_and_no_page_is_hidden_by_it() {
        for family in families() {
            assert!(!ids().any(|id| id == family.name), "{} is a page too", family.name);
            let list = explain(Some(family.name)).expect("a list");
            assert!(list.starts_with(&format!("{}\n", family.name)), "{list}");
            let listed = list.lines().filter(|line| line.starts_with("  ")).count();
            assert_eq!(listed, family.members.len(), "{list}");
        }
        let diagnoses = explain(Some(OF_DIAGNOSES)).expect("a list");
        assert!(diagnoses.contains("  wedged ") && !diagnoses.contains("job/"), "{diagnoses}");
    }

    #[test]
    fn who_types_half_an_id_is_told_the_whole() {
        let error = |name: &str| explain(Some(name)).expect_err("no such page").to_string();
        assert!(
            error("crash_loop").contains("but job/crash-loop, crash-loop;"),
            "{}",
            error("crash_loop")
        );
        assert!(error("ticker").contains("cron/no-ticker"), "{}", error("ticker"));
        assert!(error("Wedged").contains("but wedged;"), "{}", error("Wedged"));
        assert!(!error("xyzzy").contains("but "), "{}", error("xyzzy"));
        assert!(!error("").contains("but "), "{}", error(""));
    }
}
