//! Whether a gateway that is meant to be off is off.

use gw_snapshot::fact::Fact;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(place) = at.intent.policy.off(&at.gateway.home.profile) else {
        return vec![Finding::skipped("the policy does not mean it to be off")];
    };
    let finding = match &at.gateway.liveness.process {
        Fact::Known(process) => at
            .with_process(
                Finding::warning(format!(
                    "the policy means this gateway to be off, and it runs (PID {})",
                    process.pid
                )),
                process,
            )
            .help("stop its service, or take the profile out of the policy"),
        Fact::Unknown(why) => {
            Finding::unknown("whether a gateway that is meant to be off lives", why)
        }
        Fact::Absent => match at.installed().find(|lane| lane.starts_by_itself()) {
            Some(lane) => Finding::warning(format!(
                "the policy means this gateway to be off, and {} starts it the next time",
                lane.title()
            ))
            .of_service(lane.title())
            .help("disable the service, or take the profile out of the policy"),
            None => Finding::pass("no gateway of this home lives, as the policy means it"),
        },
    };
    vec![finding.seen_at(place, "meant to be off")]
}
