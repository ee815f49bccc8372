//! Whether the log misses a package.

use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::log::of_any;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    of_any(
        at,
        &[
            (Class::MissingDependency, "a package is missing"),
            (
                Class::NoAdapter,
                "a platform has no adapter: its package, its plugin or its credentials are missing",
            ),
        ],
    )
}
