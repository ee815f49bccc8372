//! Examines the gateways of a host; those of a large one side by side.

use std::panic::resume_unwind;
use std::thread;

use gw_checks::examine::{self, Examined, Selection};
use gw_checks::intent::Intent;
use gw_snapshot::facts::{Facts, Gateway};

/// So many gateways are examined one after the other: a thread costs as much as a few of them.
const FEW: usize = 8;
/// Among so many threads are more than that shared out. To ask how many processors there are would read files.
const THREADS: usize = 4;

/// Examines each gateway, in the order of the facts.
pub(crate) fn examine(facts: &Facts, intent: &Intent, selection: &Selection) -> Vec<Examined> {
    if facts.gateways.len() <= FEW {
        return examine::examine(facts, intent, selection);
    }
    let some = |gateways: &[Gateway]| -> Vec<Examined> {
        gateways.iter().map(|gateway| examine::one(facts, gateway, intent, selection)).collect()
    };
    let share = facts.gateways.len().div_ceil(THREADS);
    thread::scope(|scope| {
        let some = &some;
        let threads: Vec<_> = facts
            .gateways
            .chunks(share)
            .map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || some(part))))
            .collect();
        let examined = threads.into_iter().flat_map(|(part, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // The system has no more threads for us.
            Err(_) => some(part),
        });
        examined.collect()
    })
}
