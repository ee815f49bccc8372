//! Whether the next command of Hermes's changes what the service does.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::{Lane, Manager};

use crate::Subject;
use crate::drift::{Drift, Graded};
use crate::finding::{Finding, Verdict, plural};
use crate::subject::unread;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(lane) = at.gateway.lane().filter(|lane| lane.is_installed()) else {
        return vec![Finding::skipped("no service is installed")];
    };
    let finding = match at.drift(lane) {
        Some(drift) => judge(at, lane, &drift),
        None => unread(lane, "whether the next rewrite changes the service"),
    };
    vec![finding.of_service(lane.title())]
}

fn judge(at: &Subject<'_>, lane: &Lane, drift: &Drift<'_>) -> Finding {
    let name = &lane.name;
    if let Some(why) = drift.closed(at) {
        return Finding::skipped(format!("Hermes cannot write {name}: {why}"));
    }
    if let Some(own) = passed_by(at, lane) {
        let over = own.path.as_deref() == Some(&lane.path);
        let what = if over {
            format!(
                "writes its own definition over {}, and loads {} beside it",
                lane.path, own.label
            )
        } else {
            format!("installs {} beside it", own.label)
        };
        return Finding::note(format!(
            "the commands of Hermes do not know {name}: the next `hermes gateway start` {what}, and `stop` and `restart` pass it by"
        ))
        .help("act on it with launchctl alone, or let Hermes have its own name: boot it out, take its plist away, `hermes gateway install`");
    }
    if !drift.is_rewritten(at) {
        return Finding::skipped(format!("Hermes does not write {name}"));
    }
    let next = drift.rewriters();
    let lost: Vec<&Graded> = drift.lost().collect();
    let mended: Vec<&Graded> = drift.harmful().collect();
    let seen = |finding: Finding, all: &[&Graded]| {
        all.iter().take(MOST).fold(finding, |finding, found| {
            finding.seen_at(&drift.place(found), format!("the rewrite {}", found.fate(drift.form)))
        })
    };
    if let Some(first) = lost.first() {
        let (count, fate) = (lost.len(), first.fate(drift.form));
        let more = match count.saturating_sub(1) {
            0 => String::new(),
            more => format!(", and {more} more change{}", plural(more)),
        };
        let claim = format!("the next {next} changes what {name} does: it {fate}{more}");
        // A warning is for definition/will-be-overwritten to give; nobody needs it twice.
        return seen(Finding::note(claim), &lost);
    }
    if drift.written.is_none() {
        let what = format!("what the next {next} makes of {name}");
        return Finding::unknown(&what, &Why::NotObserved).minor();
    }
    if let Some(first) = mended.first() {
        let claim = format!("the next {next} mends {name}: it {}", first.fate(drift.form));
        return seen(Finding::note(claim), &mended);
    }
    if let Some(why) = drift.untold() {
        let what = format!("whether the next {next} changes what {name} does");
        return Finding::unknown(&what, &why).minor();
    }
    Finding::pass(format!("the next {next} changes nothing of what {name} does"))
}

/// What Hermes calls the service of a home.
pub(crate) struct Own {
    pub(crate) label: String,
    path: Option<String>,
}

/// Returns what Hermes would call this agent of launchd's, where it bears another label and no service bears that one: Hermes
/// knows a service by its label alone, and writes the plist that it misses (0.17+).
pub(crate) fn passed_by(at: &Subject<'_>, lane: &Lane) -> Option<Own> {
    let is_agent = matches!(lane.manager, Manager::LaunchdGui(_) | Manager::LaunchdUser(_));
    let user = at.facts.about.home.as_deref();
    let names = at.gateway.home.service_names("ai.hermes.gateway", user);
    let is_known = |lane: &Lane| names.contains(&lane.name);
    // Who has a package manager write the definition has it keep the service as well.
    let is_kept = at.drift(lane).is_some_and(|drift| drift.closed(at).is_some());
    let is_passed_by = is_agent && !is_kept && !at.installed().any(is_known);
    let label = names.first().filter(|_| is_passed_by)?.clone();
    let path = user.map(|home| format!("{home}/Library/LaunchAgents/{label}.plist"));
    Some(Own { label, path })
}

/// What evidence is shown of one definition.
const MOST: usize = 16;
