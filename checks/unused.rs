//! The entries of a policy that nothing came of: a finding to ignore that nobody found, a profile that nobody has.
//!
//! They are no findings: what a gateway is does not hang on them. What was not looked at is not held against them.

use gw_snapshot::facts::Facts;
use gw_snapshot::facts::place::Place;

use crate::CHECKS;
use crate::examine::{Examined, Selection};
use crate::intent::{Accepted, Ignored, Policy};

/// The entries of a policy that match nothing in this look, each with what is to be said of it. `all`: every profile was
/// looked at, and not only those that somebody named.
pub fn entries(
    facts: &Facts,
    examined: &[Examined],
    policy: &Policy,
    selection: &Selection,
    all: bool,
) -> Vec<(Place, String)> {
    let looks: Vec<(&str, &Examined)> =
        facts.asked().map(|gateway| gateway.home.profile.as_str()).zip(examined).collect();
    let was_seen = |profile: &str| looks.iter().any(|(known, _)| *known == profile);
    let ignored = policy.ignored.iter().filter(|ignored| {
        let mut gateways = looks.iter().filter(|(profile, _)| ignored.is_of(profile));
        (all || ignored.profile.as_deref().is_some_and(was_seen))
            && is_looked_at(ignored, selection)
            && !gateways.any(|(_, found)| is_found(ignored, found))
    });
    let ignored = ignored.map(|ignored| {
        let whose = ignored.profile.as_ref();
        let whose = whose.map_or_else(String::new, |profile| format!(" of profile {profile}"));
        (ignored.at.clone(), format!("nothing to ignore: {}{whose} was not found", ignored.what))
    });
    let named = policy.off.iter().map(|off| (&off.at, &off.value));
    let named = named.chain(policy.expected.iter().filter_map(|expected| {
        let first = [&expected.address].into_iter().flatten().map(|entry| &entry.at);
        let first = first.chain(expected.port.iter().map(|entry| &entry.at));
        let lists = expected.required.iter().chain(&expected.forbidden).map(|entry| &entry.at);
        Some((first.chain(lists).next()?, expected.profile.as_ref()?))
    }));
    let unknown = named.filter(|(_, profile)| all && !was_seen(profile));
    let unknown = unknown.map(|(at, profile)| {
        (at.clone(), format!("no gateway of profile {profile} was looked at"))
    });
    ignored.chain(unknown).collect()
}

fn is_looked_at(ignored: &Ignored, selection: &Selection) -> bool {
    match &ignored.what {
        Accepted::Check(id) => CHECKS.iter().any(|check| check.id == id && selection.takes(check)),
        Accepted::Diagnosis(_) => selection.only.is_empty() && selection.skip.is_empty(),
    }
}

fn is_found(ignored: &Ignored, examined: &Examined) -> bool {
    match &ignored.what {
        Accepted::Check(id) => examined.findings.iter().any(|finding| {
            finding.check == id && (finding.excused.is_some() || finding.is_wrong())
        }),
        Accepted::Diagnosis(id) => examined.diagnoses.iter().any(|found| found.id == id),
    }
}
