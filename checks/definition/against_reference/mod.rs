//! Whether the installed definition means the same as the operator's own.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::terms::{self, Difference, Measure, Term};
use gw_snapshot::facts::{Lane, Manager};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};
use crate::intent::Reference;
use crate::subject::{or_not_installed, unread};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(reference) = &at.intent.reference else {
        return vec![Finding::skipped("no --reference was given")];
    };
    let findings =
        at.installed().map(|lane| one(at, lane, reference).of_service(lane.title())).collect();
    or_not_installed(findings)
}

fn one(at: &Subject<'_>, lane: &Lane, reference: &Reference) -> Finding {
    match meant(at, reference) {
        Meant::Named if reference.name.as_ref() != Some(&lane.name) => {
            let name = reference.name.as_deref().unwrap_or_default();
            return Finding::skipped(format!("the reference is that of {name}"));
        }
        Meant::Nobody { services } => {
            let why = Why::Failed(format!(
                "it bears the name of none of the {services} services that are installed"
            ));
            return Finding::unknown("which service the reference is for", &why)
                .seen(&reference.definition.path, reference.name.as_deref().unwrap_or("no name"))
                .help("give it the Label, or the file name, of the service that is meant");
        }
        Meant::Named | Meant::OnlyOne => {}
    }
    let Some(definition) = lane.definition.known() else {
        return unread(lane, "whether it is as in the reference");
    };
    if reference.is_plist() != definition.agent.is_some() {
        let why = Why::Failed("one of them is a plist, and the other a unit".into());
        return Finding::unknown("whether it is as in the reference", &why);
    }
    compare(at, lane, definition, reference)
}

/// For which service a reference is.
enum Meant {
    /// For the one whose name it bears.
    Named,
    /// For the only one that is installed.
    OnlyOne,
    /// It cannot be told, of so many.
    Nobody { services: usize },
}

fn meant(at: &Subject<'_>, reference: &Reference) -> Meant {
    let lanes = || at.facts.gateways.iter().flat_map(|gateway| &gateway.lanes);
    let is_named = |lane: &Lane| reference.name.as_ref() == Some(&lane.name);
    let mut paths: Vec<&str> =
        lanes().filter(|lane| lane.is_installed()).map(|lane| lane.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    match paths.len() {
        _ if lanes().any(is_named) => Meant::Named,
        0 | 1 => Meant::OnlyOne,
        services => Meant::Nobody { services },
    }
}

fn compare(
    at: &Subject<'_>,
    lane: &Lane,
    definition: &Definition,
    reference: &Reference,
) -> Finding {
    // A system unit has the home of the user it names, which is not ours to know.
    let is_ours = lane.manager == Manager::SystemdUser;
    let measure = Measure {
        same_host: reference.same_host,
        user_home: at.facts.about.home.as_deref().filter(|_| is_ours),
    };
    let found = terms::differences(&definition.terms, &reference.definition.terms, measure);
    let (untold, told): (Vec<&Difference<'_>>, Vec<&Difference<'_>>) =
        found.iter().partition(|difference| matches!(difference, Difference::Untold(..)));
    let finding = if !told.is_empty() {
        let count = told.len();
        let claim = format!(
            "{} differs from its reference in {count} setting{}: {}",
            lane.name,
            plural(count),
            names(&told)
        );
        Finding::failure(claim).help("see `gw-doctor explain definition/against-reference` on where an edit belongs, so that Hermes does not drop it again")
    } else if untold.is_empty() {
        Finding::pass(format!("{} means the same as its reference", lane.name))
            .seen(&lane.path, format!("compared with {}", reference.definition.path))
    } else {
        let why = Why::Failed(format!("too little is seen of {}", names(&untold)));
        Finding::unknown(&format!("whether {} is as in the reference", lane.name), &why).minor()
    };
    let whole = Place { file: definition.path.clone(), line: None };
    told.into_iter().chain(untold).take(MOST).fold(finding, |finding, difference| {
        let (place, said) = told_of(difference, &whole);
        finding.seen_at(place, said)
    })
}

/// What differs, a few of them by name.
fn names(differences: &[&Difference<'_>]) -> String {
    let mut names: Vec<String> =
        differences.iter().take(FEW).map(|difference| term(difference).about.to_string()).collect();
    if let Some(more) = differences.len().checked_sub(FEW).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

const fn term<'a>(difference: &Difference<'a>) -> &'a Term {
    match difference {
        Difference::Added(term)
        | Difference::Removed(term)
        | Difference::Changed(term, _)
        | Difference::Untold(term, _) => term,
    }
}

/// Where it stands in the installed definition, and what stands there and in the reference. Of a variable never the value.
fn told_of<'a>(difference: &Difference<'a>, whole: &'a Place) -> (&'a Place, String) {
    let value = |term: &Term| match term.shown() {
        Some(shown) => format!("{} is {shown}", term.about),
        None => format!("{} is set", term.about),
    };
    match difference {
        Difference::Added(here) => {
            (&here.at, format!("{}, which the reference lacks", value(here)))
        }
        Difference::Removed(there) => {
            (whole, format!("lacks what {} says: {}", there.at, value(there)))
        }
        Difference::Changed(here, there) => match (here.shown(), there.shown()) {
            (Some(_), Some(other)) => {
                (&here.at, format!("{}; in {} it is {other}", value(here), there.at))
            }
            _ => (&here.at, format!("{} has another value in {}", here.about, there.at)),
        },
        Difference::Untold(here, there) => {
            (&here.at, format!("{} may have another value in {}", here.about, there.at))
        }
    }
}

/// Names in a claim.
const FEW: usize = 3;
/// Differences that are shown. A definition of Hermes's has some thirty settings.
const MOST: usize = 40;
