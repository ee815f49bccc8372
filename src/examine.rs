//! Examines the gateways of a host; those of a large one side by side.

use gw_checks::examine::{self, Examined, Selection};
use gw_checks::intent::Intent;
use gw_snapshot::facts::Facts;

use crate::side_by_side::side_by_side;

/// Examines each gateway that somebody asked for, in the order of the facts.
pub(crate) fn examine(facts: &Facts, intent: &Intent, selection: &Selection) -> Vec<Examined> {
    let asked: Vec<_> = facts.asked().collect();
    side_by_side(&asked, |gateway| examine::one(facts, gateway, intent, selection))
}
