//! Whether the files set what the policy requires, and nothing that it forbids. Names only: no value is looked at.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::settings::Key;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};
use crate::intent::{Entry, Expected};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let all = |list: fn(&Expected) -> &Vec<Entry<String>>| at.expected().flat_map(list);
    let required: Vec<&Entry<String>> = all(|expected| &expected.required).collect();
    let forbidden: Vec<&Entry<String>> = all(|expected| &expected.forbidden).collect();
    let count = required.len().saturating_add(forbidden.len());
    if count == 0 {
        return vec![Finding::skipped("the policy requires no setting, and forbids none")];
    }
    if let Some(why) = at.expects_nothing() {
        return vec![Finding::skipped(why)];
    }
    let mut findings: Vec<Finding> =
        required.into_iter().filter_map(|name| missing(at, name)).collect();
    findings.extend(forbidden.into_iter().filter_map(|name| present(at, name)));
    if findings.is_empty() {
        let claim = format!("{count} setting{} of the policy are as they should be", plural(count));
        findings.push(Finding::pass(claim));
    }
    findings
}

fn missing(at: &Subject<'_>, wanted: &Entry<String>) -> Option<Finding> {
    let name = &wanted.value;
    let finding = match set(at, name) {
        Fact::Known(_) => return None,
        Fact::Absent => Finding::failure(format!("no file sets {name}, which the policy requires"))
            .help(format!("set {name} in the home's .env, which no command of Hermes rewrites")),
        Fact::Unknown(why) => Finding::unknown(&format!("whether a file sets {name}"), &why),
    };
    Some(finding.seen_at(&wanted.at, "the policy requires it"))
}

fn present(at: &Subject<'_>, unwanted: &Entry<String>) -> Option<Finding> {
    let name = &unwanted.value;
    let finding = match set(at, name) {
        Fact::Absent => return None,
        Fact::Known(place) => Finding::failure(format!("{name} is set, which the policy forbids"))
            .seen_at(&place, "it is set here")
            .help(format!("take {name} out of there, and restart the gateway")),
        Fact::Unknown(why) => Finding::unknown(&format!("whether a file sets {name}"), &why),
    };
    Some(finding.seen_at(&unwanted.at, "the policy forbids it"))
}

/// Where a file sets a variable. The key has a place of its own in config.yaml as well.
fn set(at: &Subject<'_>, name: &str) -> Fact<Place> {
    let gateway = at.gateway;
    let key = gateway.api.known().map(|api| &api.key).filter(|_| name == "API_SERVER_KEY");
    let key = key.filter(|key| matches!(key.value, Key::Present { .. }));
    let in_file = |place: &&Place| !place.file.starts_with("/proc/");
    match (gateway.assigned.find(name), key.and_then(|key| key.from.as_ref()).filter(in_file)) {
        (Fact::Known(set), _) => Fact::Known(set.at.clone()),
        (_, Some(place)) => Fact::Known(place.clone()),
        (found, None) => found.map(|set| set.at.clone()),
    }
}
