//! Whether the log says that the port was taken.

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
            (Class::PortBind, "the API server could not take its port"),
            (
                Class::AddressNotHere,
                "the API server could not take its address, which is none of this host's",
            ),
            (
                Class::OtherPortBind,
                "another listener of the gateway, such as a webhook's, could not take its port",
            ),
        ],
    )
}
