//! The gateway is starting, and nobody serves until it has started.

use super::{Case, Found, TRANSIENT};
use crate::story::UnderWay;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    if !case.speaks("job/under-way") {
        return None;
    }
    let what = case.at.under_way()?;
    if !matches!(what, UnderWay::Starting(..) | UnderWay::Called(..)) {
        return None;
    }
    Found::certain(format!("{}: look again when it has started", case.at.says(what)), TRANSIENT)
}
