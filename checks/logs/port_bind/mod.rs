//! Whether the log says that the port was taken.

use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.logged(Class::PortBind, "the API server could not take its port")
}
