//! What changed between two looks at a host, in the terms of the report: which verdicts moved, whether the
//! process was replaced, what the definition says now, which findings are new and which are gone.
//!
//! Times that merely went on are no change. Whether something got worse is judged by verdicts alone.

use std::collections::BTreeSet;

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::definition::{Definition, Restart};
use gw_snapshot::facts::gateway::Listener;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::{Facts, Gateway};
use serde::Serialize;

use crate::examine::Examined;
use crate::finding::{Finding, Verdict};

/// A host as it was, or is: its facts, and what was found of each gateway.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The facts.
    pub facts: &'a Facts,
    /// What was found, in the order of the gateways.
    pub examined: &'a [Examined],
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The profile.
    pub profile: String,
    /// Which way.
    pub way: Way,
    /// What, in one sentence without a full stop.
    pub what: String,
}

/// Which way something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It is worse than it was.
    Worse,
    /// It is better than it was.
    Better,
    /// It is another, and neither.
    Other,
}

/// Everything that changed, gateway by gateway.
pub fn compare(before: Look<'_>, after: Look<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (gateway, examined) in pairs(after) {
        let profile = &gateway.home.profile;
        let of_before = pairs(before).find(|(old, _)| old.home.path == gateway.home.path);
        if let Some((old, was)) = of_before {
            let (was, is) = ((old, was, before), (gateway, examined, after));
            changes.extend(of_gateway(profile, was, is));
        } else {
            let what = format!("it is new: {}", name(examined));
            changes.push(change(profile, Way::Other, what));
        }
    }
    for (gateway, examined) in pairs(before) {
        if !pairs(after).any(|(now, _)| now.home.path == gateway.home.path) {
            let way = if gateway.process().is_some() { Way::Worse } else { Way::Other };
            let what = format!("it is gone: it was {}", name(examined));
            changes.push(change(&gateway.home.profile, way, what));
        }
    }
    changes
}

fn pairs(look: Look<'_>) -> impl Iterator<Item = (&Gateway, &Examined)> {
    look.facts.asked().zip(look.examined)
}

fn change(profile: &str, way: Way, what: String) -> Change {
    Change { profile: profile.into(), way, what }
}

type Side<'a> = (&'a Gateway, &'a Examined, Look<'a>);

fn of_gateway(profile: &str, before: Side<'_>, after: Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |way, what: String| changes.push(change(profile, way, what));
    if name(before.1) != name(after.1) {
        let way = toward(before.1.verdict, after.1.verdict);
        add(way, format!("it was {}, and is {}", name(before.1), name(after.1)));
    }
    if let Some((way, what)) = of_process(&before.0.liveness.process, &after.0.liveness.process) {
        add(way, what);
    }
    for (was, is) in before.1.chain.iter().zip(&after.1.chain) {
        if was.verdict != is.verdict && was.link == is.link {
            let what = format!(
                "{}: {} before, {} now ({})",
                is.link,
                was.verdict.word(),
                is.verdict.word(),
                is.text
            );
            add(toward(was.verdict, is.verdict), what);
        }
    }
    let (was, is) = (addresses(before), addresses(after));
    if was != is {
        // A gateway that lives and is not to be reached any more is green at every other link.
        let is_mute = is.is_empty() && after.0.process().is_some();
        let way = if is_mute { Way::Worse } else { Way::Other };
        add(way, format!("it listens on {}, and did on {}", listed(&is), listed(&was)));
    }
    for what in of_definition(before.0, after.0) {
        add(Way::Other, what);
    }
    let versions = [before.0, after.0].map(|gateway| {
        gateway
            .install
            .as_ref()
            .and_then(|install| install.version.known())
            .map(ToString::to_string)
    });
    if let [Some(was), Some(is)] = &versions
        && was != is
    {
        add(Way::Other, format!("hermes-agent {is} is installed, and was {was}"));
    }
    changes.extend(of_findings(profile, before.1, after.1));
    if let (false, Some(pid)) = (changes.is_empty(), unreplaced(before.0, after.0)) {
        let what = format!("PID {pid} is the same process: nothing restarted it");
        changes.push(change(profile, Way::Other, what));
    }
    changes
}

/// The process, if it lived through.
fn unreplaced(before: &Gateway, after: &Gateway) -> Option<u32> {
    let (was, is) = (before.process()?, after.process()?);
    (was.pid == is.pid && was.seen.started == is.seen.started).then_some(is.pid)
}

/// The first diagnosis, else the verdict.
fn name(examined: &Examined) -> String {
    examined
        .diagnoses
        .first()
        .map_or_else(|| examined.verdict.word().into(), |first| first.id.to_string())
}

/// Whether a step from one verdict to another is one for the worse. Who has gone blind has seen nothing mended.
fn toward(was: Verdict, is: Verdict) -> Way {
    if (was, is) == (Verdict::Failure, Verdict::Unknown) {
        return Way::Other;
    }
    let rank = |verdict| match verdict {
        Verdict::Pass | Verdict::Skipped | Verdict::Note => 0,
        Verdict::Warning => 1,
        Verdict::Unknown => 2,
        Verdict::Failure => 3,
    };
    match rank(is).cmp(&rank(was)) {
        std::cmp::Ordering::Greater => Way::Worse,
        std::cmp::Ordering::Less => Way::Better,
        std::cmp::Ordering::Equal => Way::Other,
    }
}

fn of_process(was: &Fact<Process>, is: &Fact<Process>) -> Option<(Way, String)> {
    Some(match (was, is) {
        (Fact::Absent, Fact::Known(is)) => (Way::Better, format!("PID {} lives; none did", is.pid)),
        (Fact::Known(was), Fact::Absent) => {
            (Way::Worse, format!("PID {} is gone, and no other lives", was.pid))
        }
        (Fact::Known(was), Fact::Unknown(why)) => {
            (Way::Other, format!("whether PID {} still lives cannot be told: {why}", was.pid))
        }
        (Fact::Unknown(_), Fact::Known(is)) => {
            (Way::Other, format!("PID {} lives, which could not be told before", is.pid))
        }
        (Fact::Known(was), Fact::Known(is))
            if was.pid != is.pid || was.seen.started != is.seen.started =>
        {
            (Way::Other, format!("PID {} took the place of PID {}", is.pid, was.pid))
        }
        _ => return None,
    })
}

fn addresses(side: Side<'_>) -> BTreeSet<String> {
    let pid = side.0.process().map(|process| process.pid);
    pid.map(|pid| side.2.facts.held_by(pid).map(Listener::text).collect()).unwrap_or_default()
}

fn listed(addresses: &BTreeSet<String>) -> String {
    if addresses.is_empty() {
        return "nothing".into();
    }
    addresses.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// What a service's definition says otherwise than before. Of variables the names, never the values.
fn of_definition(before: &Gateway, after: &Gateway) -> Vec<String> {
    let mut changes = Vec::new();
    for lane in &after.lanes {
        let Some(old) =
            before.lanes.iter().find(|old| old.name == lane.name && old.manager == lane.manager)
        else {
            continue;
        };
        let (Some(was), Some(is)) = (old.definition.known(), lane.definition.known()) else {
            if old.definition.is_absent() != lane.definition.is_absent() {
                let word = if lane.definition.is_absent() { "gone" } else { "new" };
                changes.push(format!("the definition of {} is {word}", lane.name));
            }
            continue;
        };
        let mut parts: Vec<String> = Vec::new();
        if was.argv != is.argv {
            parts.push("the arguments".into());
        }
        let restart =
            |restart: &Option<(Restart, _)>| restart.as_ref().map(|(restart, _)| restart.clone());
        if restart(&was.restart) != restart(&is.restart) {
            parts.push("when it is started again".into());
        }
        let value =
            |of: &Definition, name: &str| of.variable(name).map(|variable| variable.value.clone());
        let (mut dropped, mut added) = (Vec::new(), Vec::new());
        let names: BTreeSet<&str> = was
            .environment
            .iter()
            .chain(&is.environment)
            .map(|variable| variable.name.as_str())
            .collect();
        for name in names {
            match (value(was, name), value(is, name)) {
                (Some(_), None) => dropped.push(name),
                (None, Some(_)) => added.push(name),
                (Some(was), Some(is)) if was.same_on_one_host(&is) == Some(false) => {
                    parts.push(name.into());
                }
                _ => {}
            }
        }
        for (words, names) in [("no longer sets", dropped), ("now sets", added)] {
            if !names.is_empty() {
                changes.push(format!(
                    "the definition of {} {words} {}",
                    lane.name,
                    names.join(", ")
                ));
            }
        }
        if !parts.is_empty() {
            changes.push(format!(
                "the definition of {} says otherwise: {}",
                lane.name,
                parts.join(", ")
            ));
        }
    }
    changes
}

/// The findings that are wrong on either side, each check of each service once.
fn of_findings(profile: &str, before: &Examined, after: &Examined) -> Vec<Change> {
    let told = |(was, is): (Option<&Finding>, &Finding)| {
        let (way, word) = match was.map(|was| toward(was.verdict, is.verdict)) {
            None => (Way::Worse, "new"),
            Some(Way::Worse) => (Way::Worse, "worse"),
            Some(Way::Better) => (Way::Better, "better"),
            Some(Way::Other) => return None,
        };
        Some(change(profile, way, format!("{word}: {} [{}]", is.claim, is.check)))
    };
    let left = |was: &Finding| {
        let unknown = |is: &Finding| is.verdict == Verdict::Unknown && is.check == was.check;
        let (way, word) = if after.findings.iter().any(unknown) {
            (Way::Other, "cannot be told any more")
        } else {
            (Way::Better, "gone")
        };
        change(profile, way, format!("{word}: {} [{}]", was.claim, was.check))
    };
    let now = wrong(after).into_iter().map(|is| (counterpart(before, is), is));
    let gone = wrong(before).into_iter().filter(|was| counterpart(after, was).is_none());
    now.filter_map(told).chain(gone.map(left)).collect()
}

/// What is wrong, and of several findings of one check on one service the first of the worst.
fn wrong(examined: &Examined) -> Vec<&Finding> {
    let is_wrong = |finding: &&Finding| is_wrong(finding.verdict);
    let first = |finding: &&Finding| {
        counterpart(examined, finding).is_some_and(|worst| std::ptr::eq(worst, *finding))
    };
    examined.findings.iter().filter(is_wrong).filter(first).collect()
}

/// What the same check said of the same service, if it was wrong: the worst of it.
fn counterpart<'a>(examined: &'a Examined, of: &Finding) -> Option<&'a Finding> {
    let same =
        |finding: &&Finding| finding.check == of.check && finding.scope.service == of.scope.service;
    let wrong = examined.findings.iter().filter(same).filter(|found| is_wrong(found.verdict));
    // `max_by_key` would take the last of equals.
    wrong.rev().max_by_key(|finding| finding.verdict == Verdict::Failure)
}

const fn is_wrong(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Failure | Verdict::Warning)
}
