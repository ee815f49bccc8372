//! What was edited by hand, and is lost when Hermes writes the definition again.

use gw_snapshot::facts::generation::{Form, How};

use crate::Subject;
use crate::drift::{Drift, Grade, Graded};
use crate::finding::{Finding, Verdict};
use crate::subject::unread;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_file(|lane| match at.drift(lane) {
        Some(drift) => judge(at, &drift),
        None => unread(lane, "what of the definition will be overwritten"),
    })
}

fn judge(at: &Subject<'_>, drift: &Drift<'_>) -> Finding {
    let name = &drift.lane.name;
    if let Some(why) = drift.closed(at) {
        return Finding::skipped(format!("Hermes cannot write {name}: {why}"));
    }
    if !drift.is_rewritten(at) {
        return Finding::skipped(format!("Hermes does not write {name}"));
    }
    let lost: Vec<_> = drift.lost().collect();
    if drift.written.is_none() {
        return unknown_release(at, drift, &lost);
    }
    if let Some(why) = drift.untold().filter(|_| lost.is_empty()) {
        let what = format!("what of {name} the next {} drops", drift.rewriters());
        let finding = Finding::unknown(&what, &why).minor();
        return drift.unclear.iter().take(MOST).fold(finding, |finding, found| {
            finding.seen_at(&drift.place(found), found.said(drift.form, "the installed code"))
        });
    }
    if lost.is_empty() {
        return longer(at, drift).or_else(|| passed_over(drift)).unwrap_or_else(|| {
            Finding::pass(format!("{name} says nothing that Hermes would not write again"))
        });
    }
    let shown = lost.get(..lost.len().min(IN_CLAIM)).unwrap_or(&lost);
    let more = match lost.len().saturating_sub(IN_CLAIM) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    // An older one may be of a release that nobody recorded, and as it was written.
    let (source, finding): (_, fn(String) -> Finding) = match () {
        () if drift.is_current() => ("was edited by hand", Finding::warning),
        () if drift.is_by_code_alone() => {
            ("is as neither the installed code nor a known release writes it", Finding::note)
        }
        () => ("is as no known release writes it", Finding::warning),
    };
    let claim =
        format!("{name} {source}: the next {} {}{more}", drift.rewriters(), fates(drift, shown));
    shown_with(at, drift, &lost, finding(claim))
}

/// Where it is not known what the installed release writes, it may write what no known one does.
fn unknown_release(at: &Subject<'_>, drift: &Drift<'_>, lost: &[&Graded]) -> Finding {
    let name = &drift.lane.name;
    if lost.is_empty() && drift.is_as_written() {
        let claim =
            format!("nothing in {name} was edited: it is as {} writes it", drift.releases());
        return Finding::pass(claim);
    }
    if lost.is_empty() {
        let what = format!("what of {name} the next {} drops", drift.rewriters());
        return Finding::unknown(&what, &at.unknown_writing()).minor();
    }
    // A setting of the API server is its owner's, whatever the release.
    let is_setting = |edit: &&&Graded| {
        let variable = edit.variable().unwrap_or_default();
        edit.difference.how == How::Extra && variable.starts_with("API_SERVER_")
    };
    let settings: Vec<&Graded> = lost.iter().filter(is_setting).copied().collect();
    if !settings.is_empty() {
        let claim = format!(
            "{name} was edited by hand: the next {} {}",
            drift.rewriters(),
            fates(drift, &settings)
        );
        return shown_with(at, drift, lost, Finding::warning(claim));
    }
    let mut subjects: Vec<String> = lost.iter().map(|edit| edit.subject(drift.form)).collect();
    if subjects.len() > IN_CLAIM {
        let more = subjects.split_off(IN_CLAIM).len();
        subjects.push(format!("{more} more"));
    }
    let claim = format!(
        "{name} differs from what every known release of Hermes writes: {}; the next {} takes that back, unless the installed one writes it",
        subjects.join(", "),
        drift.rewriters()
    );
    shown_with(at, drift, lost, Finding::note(claim))
}

/// The finding with each edit as evidence, and where they survive.
fn shown_with(at: &Subject<'_>, drift: &Drift<'_>, lost: &[&Graded], finding: Finding) -> Finding {
    let finding = lost.iter().take(MOST).fold(finding, |finding, edit| {
        finding.seen_at(
            &drift.place(edit),
            format!("{}: {}; {}", edit.subject(drift.form), edit.why, drift.keeps(at, edit)),
        )
    });
    let help = lost.first().map(|edit| drift.keeps(at, edit)).unwrap_or_default();
    let kept = lost.iter().all(|edit| drift.keeps(at, edit) == help);
    finding.help(if kept { help } else { format!("of the first: {help}; `-v` says it of each") })
}

/// What becomes of these edits, those that are dropped in one breath.
fn fates(drift: &Drift<'_>, edits: &[&Graded]) -> String {
    let is_extra = |edit: &&&Graded| edit.difference.how == How::Extra;
    let dropped: Vec<String> =
        edits.iter().filter(is_extra).map(|edit| edit.subject(drift.form)).collect();
    let dropped = (!dropped.is_empty()).then(|| format!("drops {}", dropped.join(", ")));
    let others = edits.iter().filter(|edit| !is_extra(edit)).map(|edit| edit.fate(drift.form));
    dropped.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

/// That the limit of a stop is none that Hermes reckons: it may have been edited, or the drain since changed.
fn longer(at: &Subject<'_>, drift: &Drift<'_>) -> Option<Finding> {
    let mut edits = drift.edits.iter().filter(|edit| edit.grade == Grade::Cosmetic);
    let edit = edits.find(|edit| {
        edit.difference.name == "TimeoutStopSec" && edit.difference.how == How::Other
    })?;
    let (given, written) = (edit.difference.installed.as_ref()?, edit.difference.written.as_ref()?);
    let claim = format!(
        "{} is given {} to stop: the next {} makes it {written} s, by the settings",
        drift.lane.name,
        if given == "infinity" { "as long as it takes".into() } else { format!("{given} s") },
        drift.rewriters()
    );
    Some(
        Finding::note(claim)
            .seen_at(&drift.place(edit), format!("TimeoutStopSec={given}"))
            .help(drift.keeps(at, edit)),
    )
}

/// That something was added which systemd passes over: nothing changes when it is lost, and nothing did when it was added.
fn passed_over(drift: &Drift<'_>) -> Option<Finding> {
    let idle: Vec<&Graded> = match drift.form {
        Form::Plist => Vec::new(),
        _ => drift.edits.iter().filter(|edit| edit.is_passed_over()).collect(),
    };
    idle.first()?;
    let names: Vec<String> =
        idle.iter().take(IN_CLAIM).map(|edit| edit.subject(drift.form)).collect();
    let more = match idle.len().saturating_sub(IN_CLAIM) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let claim = format!(
        "systemd ignores {}{more} in {}: the next {} drops that, which changes nothing",
        names.join(", "),
        drift.lane.name,
        drift.rewriters()
    );
    let finding = idle.iter().take(MOST).fold(Finding::note(claim), |finding, edit| {
        finding.seen_at(&drift.place(edit), format!("{}: {}", edit.subject(drift.form), edit.why))
    });
    Some(match idle.iter().find_map(|edit| Some((edit.subject(drift.form), edit.meant()?))) {
        Some((subject, meant)) => finding.help(format!(
            "if {meant}= is meant by {subject}, say that in a drop-in: the service runs without it"
        )),
        None => finding,
    })
}

/// How many edits the claim names.
const IN_CLAIM: usize = 4;
/// What evidence is shown of one definition.
const MOST: usize = 16;
