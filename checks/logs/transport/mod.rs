//! Whether the log says that a platform or a provider cannot be reached.

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
            (Class::Transport, "a platform cannot be reached"),
            (Class::ProviderNetwork, "a provider cannot be reached"),
            (
                Class::TokenTaken,
                "another gateway or profile has the credential of a platform in use",
            ),
        ],
    )
}
