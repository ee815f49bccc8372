//! Whether the log misses a package.

use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let missing = at.logged(Class::MissingDependency, "a package is missing");
    // Hermes says of the same platform as well that it has no adapter.
    if missing.iter().any(|finding| finding.verdict == Verdict::Warning) {
        return missing;
    }
    let without =
        "a platform has no adapter: its package, its plugin or its credentials are missing";
    let without = at.logged(Class::NoAdapter, without);
    let says = without.iter().any(|finding| finding.verdict == Verdict::Warning);
    if says { without } else { missing }
}
