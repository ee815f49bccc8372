//! Runs the checks over every gateway, and keeps what they say in order.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gw_snapshot::fact::Why;
use gw_snapshot::facts::{Facts, Gateway};

use crate::chain::{self, Link};
use crate::diagnosis::{self, Diagnosis};
use crate::finding::{Finding, Verdict, worst};
use crate::intent::Intent;
use crate::{CHECKS, Check, Subject, excuse, story};

/// What was found of one gateway.
#[derive(Debug, Clone)]
pub struct Examined {
    /// Every finding, in the order of the registry.
    pub findings: Vec<Finding>,
    /// The causes, the one to speak of first.
    pub diagnoses: Vec<Diagnosis>,
    /// One link a layer.
    pub chain: Vec<Link>,
    /// The worst that was found.
    pub verdict: Verdict,
}

impl Examined {
    /// A failure that no diagnosis explains, where the first of them explains no failure at all: what is surely wrong
    /// goes before what merely will be, or could not be seen.
    pub fn unexplained(&self) -> Option<&Finding> {
        let first = self.diagnoses.first()?;
        let fails = |finding: &&Finding| finding.verdict == Verdict::Failure;
        let mut failures = self.findings.iter().filter(fails);
        if failures.clone().any(|finding| first.explains.contains(&finding.check)) {
            return None;
        }
        failures.find(|finding| {
            !self.diagnoses.iter().any(|diagnosis| diagnosis.explains.contains(&finding.check))
        })
    }
}

/// Which checks to run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Ids and families to run; none for all.
    pub only: Vec<String>,
    /// Ids and families to leave out.
    pub skip: Vec<String>,
}

impl Selection {
    /// Whether a check is to run.
    pub fn takes(&self, check: &Check) -> bool {
        let names =
            |list: &[String]| list.iter().any(|name| name == check.id || name == check.family);
        (self.only.is_empty() || names(&self.only)) && !names(&self.skip)
    }

    /// A name that is neither a check nor a family, if there is one.
    pub fn unknown(&self) -> Option<&str> {
        let known = |name: &&String| {
            CHECKS.iter().any(|check| check.id == **name || check.family == **name)
        };
        self.only.iter().chain(&self.skip).find(|name| !known(name)).map(String::as_str)
    }
}

/// Examines each gateway that somebody asked for, in the order of the facts.
pub fn examine(facts: &Facts, intent: &Intent, selection: &Selection) -> Vec<Examined> {
    facts.asked().map(|gateway| one(facts, gateway, intent, selection)).collect()
}

/// Examines one gateway of these facts. What is found of the others does not count, so they can be examined side by side.
pub fn one(facts: &Facts, gateway: &Gateway, intent: &Intent, selection: &Selection) -> Examined {
    let at = &Subject::new(facts, gateway, intent);
    // A filter chooses what is shown and counted, and has no say in what is concluded.
    let mut findings: Vec<Finding> = CHECKS
        .iter()
        .flat_map(|check| said(check, at).into_iter().map(|finding| placed(finding, check, at)))
        .collect();
    story::meanwhile(at, &mut findings);
    findings.extend(
        unserved(at, &findings)
            .map(|finding| Finding { check: "job/not-running", ..placed_in(finding, at) }),
    );
    excuse::findings(at, &mut findings);
    let mut diagnoses = diagnosis::diagnose(at, &findings);
    excuse::diagnoses(at, &mut findings, &mut diagnoses);
    let chain = chain::links(at, &findings);
    let is_shown = |finding: &Finding| {
        CHECKS.iter().any(|check| check.id == finding.check && selection.takes(check))
    };
    findings.retain(is_shown);
    Examined { chain, diagnoses, verdict: worst(&findings), findings }
}

/// What a check says. One that breaks off by a fault of ours could not tell, and does not take the others with it.
fn said(check: &Check, at: &Subject<'_>) -> Vec<Finding> {
    catch_unwind(AssertUnwindSafe(|| (check.run)(at))).unwrap_or_else(|_| {
        let why = Why::Failed("a fault of gw-doctor itself".into());
        vec![Finding::unknown("what this check looks for", &why)]
    })
}

/// Returns the failure that nobody serves a home that is to be served, where nothing under way ends that and no check has
/// said it: then the report is never that all is well.
fn unserved(at: &Subject<'_>, findings: &[Finding]) -> Option<Finding> {
    let is_said = findings.iter().any(|finding| {
        finding.verdict == Verdict::Failure
            || finding.verdict == Verdict::Unknown && finding.essential
    });
    if is_said || !at.serves().is_absent() || !at.is_expected() {
        return None;
    }
    Some(match at.gateway.process() {
        Some(process) => {
            let claim = format!("PID {} lives and serves nothing", process.pid);
            at.with_process(Finding::failure(claim), process)
        }
        None => Finding::failure("no gateway of this home lives"),
    })
}

/// A finding with its id and its scope.
fn placed(finding: Finding, check: &Check, at: &Subject<'_>) -> Finding {
    Finding { check: check.id, ..placed_in(finding, at) }
}

/// A finding with its scope.
fn placed_in(mut finding: Finding, at: &Subject<'_>) -> Finding {
    finding.scope.profile.clone_from(&at.gateway.home.profile);
    finding.scope.home.clone_from(&at.gateway.home.path);
    finding.scope.uid = at.facts.about.uid;
    finding
}

#[cfg(test)]
mod tests {
    use gw_snapshot::facts::{Wanted, gather};
    use gw_snapshot::recorded::Recorded;
    use gw_snapshot::snapshot::Snapshot;

    use super::*;

    #[test]
    fn a_check_that_breaks_off_cannot_tell_and_that_is_essential() {
        let host = r#"{"schema": "gw-doctor/snapshot/1", "taken_at": "2026-11-21T00:00:00Z",
            "host": {"os": "linux", "home": "/home/a", "uid": 1000}}"#;
        let facts =
            gather(&Recorded::new(Snapshot::read(host).expect("a snapshot")), &Wanted::default());
        let intent = Intent::default();
        let at = Subject::new(&facts, facts.gateways.first().expect("a gateway"), &intent);
        let broken = Check {
            id: "job/broken",
            family: "job",
            page: "",
            worst: Verdict::Failure,
            run: |_| panic!("a fault"),
        };
        let findings = said(&broken, &at);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.verdict, finding.essential), (Verdict::Unknown, true));
        assert!(finding.claim.contains("a fault of gw-doctor itself"), "{}", finding.claim);
    }
}
