//! Nothing is wrong. That is no cause of anything: it is said when no cause was found, once all have been looked for.

use super::{Case, Found};

pub(super) const fn find(_: &Case<'_>) -> Option<Found> {
    None
}
