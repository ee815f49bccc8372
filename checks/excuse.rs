//! What the policy excuses: findings that it accepts for a while, and the silence of a profile that is meant to be off.
//!
//! Nothing is taken away. What is excused stays in the report as a note, with what it would be and the reason; past its
//! day it counts again and says so.

use gw_snapshot::facts::Facts;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Subject;
use crate::diagnosis::Diagnosis;
use crate::finding::Finding;
use crate::intent::{Accepted, Ignored};

/// Excuses single findings, before anything is made of them.
pub(crate) fn findings(at: &Subject<'_>, findings: &mut [Finding]) {
    if let Some(off) = at.off() {
        let found = findings.iter_mut().filter(|finding| finding.is_wrong());
        for finding in found.filter(|finding| OF_REST.contains(&finding.check)) {
            finding.excuse(off.reason(), None);
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

/// What it is to be off: not installed, not loaded, not running, and whatever waits for it waits.
const OF_REST: [&str; 16] = [
    "cron/missed-occurrence",
    "cron/never-fired",
    "cron/no-ticker",
    "cron/overdue",
    "definition/missing",
    "job/disabled",
    "job/last-exit",
    "job/not-loaded",
    "job/not-running",
    "job/under-way",
    "owner/stale-pid-file",
    "port/no-listener",
    "runtime/restart-requested",
    "survival/crash",
    "survival/logout",
    "survival/reboot",
];
