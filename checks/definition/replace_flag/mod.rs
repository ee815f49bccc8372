//! Whether the definition makes each start take over from a gateway that runs.

use gw_snapshot::facts::definition::Restart;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let twin = at.gateway.liveness.others.len();
    at.each_definition("whether it takes over from another gateway", |lane, definition| {
        let told = &definition.told;
        let restarts = !matches!(definition.restart, None | Some((Restart::Never, _)));
        let place = definition.program_at();
        let is_plist = definition.agent.is_some();
        let writes = if is_plist { Capability::ReplaceInPlists } else { Capability::ReplaceInUnits };
        let writes = at.has(writes);
        let finding = match (told.replace, restarts) {
            (false, _) => Finding::pass(format!("{} takes over from nobody", lane.name)),
            (true, true) if twin > 0 => Finding::failure(format!(
                "{} starts with --replace and is started again whenever it ends: two gateways of this home end each other in turns",
                lane.name
            ))
            .help("the definition of Hermes 0.21 or newer is without --replace"),
            (true, true) if writes == Some(true) => Finding::note(format!(
                "{} starts with --replace, as this version of Hermes writes it: it ends a gateway that somebody runs by hand",
                lane.name
            )),
            (true, true) if writes.is_none() => Finding::note(format!(
                "{} starts with --replace, as some versions of Hermes write it: it ends a gateway that somebody runs by hand",
                lane.name
            )),
            (true, true) => Finding::warning(format!(
                "{} starts with --replace: it ends a gateway that somebody runs by hand, and one run by hand with --replace ends it",
                lane.name
            )),
            (true, false) => Finding::note(format!("{} starts with --replace", lane.name)),
        };
        let flag = if told.replace { "--replace" } else { "no --replace" };
        finding.seen_at(&place, flag)
    })
}
