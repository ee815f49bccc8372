//! What the policy excuses: findings that it accepts for a while, and the silence of a profile that is meant to be off.
//!
//! Nothing is taken away. What is excused stays in the report as a note, with what it would be and the reason; past its
//! day it counts again and says so.

use gw_snapshot::facts::Facts;
use gw_snapshot::facts::place::Place;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::diagnosis::Diagnosis;
use crate::examine::{Examined, Selection};
use crate::finding::Finding;
use crate::intent::{Accepted, Ignored, Policy};
use crate::{CHECKS, Subject};

/// Excuses single findings, before anything is made of them.
pub(crate) fn findings(at: &Subject<'_>, findings: &mut [Finding]) {
    if at.is_off() {
        let found = findings.iter_mut().filter(|finding| finding.is_wrong());
        for finding in found.filter(|finding| OF_REST.contains(&finding.check)) {
            finding.excuse("meant to be off", None);
        }
    }
    let today = today(at.facts);
    for ignored in of(at) {
        let Accepted::Check(id) = &ignored.what else { continue };
        let found = findings.iter_mut().filter(|finding| finding.is_wrong());
        for finding in found.filter(|finding| finding.check == id) {
            if ignored.holds(today) {
                finding.excuse(&ignored.reason, Some(ignored.until));
            } else {
                finding.claim.push_str(&past(ignored));
            }
        }
    }
}

/// Excuses causes, and the findings that no other cause explains. A cause that is excused comes last.
pub(crate) fn diagnoses(at: &Subject<'_>, findings: &mut [Finding], diagnoses: &mut [Diagnosis]) {
    let today = today(at.facts);
    for ignored in of(at) {
        let Accepted::Diagnosis(id) = &ignored.what else { continue };
        let found = diagnoses.iter_mut().filter(|found| found.id == id && found.excused.is_none());
        for diagnosis in found {
            if ignored.holds(today) {
                diagnosis.excuse(&ignored.reason, ignored.until);
            } else {
                diagnosis.summary.push_str(&past(ignored));
            }
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.is_wrong()) {
        let mut causes = diagnoses.iter().filter(|cause| cause.explains.contains(&finding.check));
        let Some(excused) = causes.next().and_then(|cause| cause.excused.clone()) else { continue };
        if causes.all(|cause| cause.excused.is_some()) {
            finding.excuse(&excused.reason, excused.until);
        }
    }
    diagnoses.sort_by_key(|diagnosis| diagnosis.excused.is_some());
}

/// What the policy ignores of this gateway.
fn of<'a>(at: &Subject<'a>) -> impl Iterator<Item = &'a Ignored> {
    let profile = at.gateway.home.profile.as_str();
    at.intent.policy.ignored.iter().filter(move |ignored| ignored.is_of(profile))
}

fn past(ignored: &Ignored) -> String {
    format!(" (ignored by the policy until {}, which is past: {})", ignored.until, ignored.reason)
}

/// The day of the look.
fn today(facts: &Facts) -> Date {
    facts.now.to_zoned(TimeZone::UTC).date()
}

/// The entries of a policy that match nothing in this look, each with what is to be said of it. What was not looked at is
/// not held against them. `all`: every profile was looked at, and not only those that somebody named.
pub fn unused(
    facts: &Facts,
    examined: &[Examined],
    policy: &Policy,
    selection: &Selection,
    all: bool,
) -> Vec<(Place, String)> {
    let looks: Vec<(&str, &Examined)> =
        facts.gateways.iter().map(|gateway| gateway.home.profile.as_str()).zip(examined).collect();
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

/// What it is to be off: not installed, not loaded, not running, and whatever waits for it waits.
const OF_REST: [&str; 14] = [
    "cron/missed-occurrence",
    "cron/no-ticker",
    "cron/overdue",
    "definition/missing",
    "job/disabled",
    "job/last-exit",
    "job/not-loaded",
    "job/not-running",
    "owner/stale-pid-file",
    "port/no-listener",
    "runtime/restart-requested",
    "survival/crash",
    "survival/logout",
    "survival/reboot",
];
