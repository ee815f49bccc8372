//! Whether the definition is of the release whose code is installed.

use crate::Subject;
use crate::drift::Drift;
use crate::finding::{Finding, Verdict};
use crate::subject::unread;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_file(|lane| match at.drift(lane) {
        Some(drift) => judge(at, &drift),
        None => unread(lane, "which release wrote the definition"),
    })
}

fn judge(at: &Subject<'_>, drift: &Drift<'_>) -> Finding {
    let name = &drift.lane.name;
    if drift.is_hand_made() {
        return Finding::note(format!("{name} is in no shape that a release of Hermes writes"));
    }
    let releases = drift.releases();
    let Some(written) = drift.written else {
        let what = format!("whether {name}, as {releases} writes it, fits the installed code");
        return Finding::unknown(&what, &at.unknown_writing()).minor();
    };
    let matter: Vec<_> = drift.harmful().collect();
    if let Some(why) = drift.untold().filter(|_| matter.is_empty()) {
        let what = format!("whether {name} is as the installed code writes it");
        return Finding::unknown(&what, &why).minor();
    }
    let version = at.version().map_or_else(|| "the installed code".into(), ToString::to_string);
    if drift.is_by_code_alone() && drift.is_current() {
        return Finding::pass(format!(
            "{name} is current, as far as the installed code's own text tells"
        ));
    }
    // What is told of a release was never compared with a file of its own.
    let told = if written.recorded || written.is_of_code() {
        ""
    } else {
        ", as far as its changes are known"
    };
    if drift.is_current() {
        return Finding::pass(format!("{name} is of the shape that {version} writes{told}"));
    }
    let age = match (drift.is_older(), drift.is_newer()) {
        (true, _) => "older than",
        (_, true) => "newer than",
        _ => "of another release than",
    };
    let Some(first) = matter.first() else {
        return Finding::pass(format!(
            "{name} is as {releases} writes it, which does no harm with {version}{told}"
        ));
    };
    let source = if drift.is_exact() { "it so" } else { "what is nearest to it" };
    let claim = format!(
        "{name} is {age} the installed code: {releases} writes {source}, and with {version}{told} {}",
        first.why
    );
    let finding = matter.iter().take(MOST).fold(Finding::warning(claim), |finding, found| {
        finding.seen_at(&drift.place(found), found.said(drift.form, &version))
    });
    if drift.is_rewritten(at) {
        finding.help(format!("the next {} writes it anew", drift.rewriters()))
    } else {
        finding
    }
}

/// What evidence is shown of one definition.
const MOST: usize = 12;
