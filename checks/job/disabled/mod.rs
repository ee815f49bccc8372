//! Whether it may start, and starts by itself.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::job::{Enabled, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let finding = match (job.enabled, job.phase) {
        (Enabled::Masked, _) => Finding::failure(format!(
            "{} is masked: somebody made sure that it cannot start",
            lane.name
        )),
        (Enabled::No, Phase::Running) => Finding::warning(format!(
            "{} runs, and will not start at the next boot or login",
            lane.name
        ))
        .help("enable it, if that is not meant"),
        (Enabled::No, _) => {
            Finding::note(format!("{} is not enabled: it starts by hand only", lane.name))
        }
        (Enabled::Yes, _) => Finding::pass(format!("{} is enabled", lane.name)),
        (Enabled::Unclear, _) => {
            Finding::unknown("whether the service starts by itself", &Why::NotObserved).minor()
        }
    };
    vec![finding.seen(&job.source, format!("enabled: {:?}", job.enabled)).of_service(lane.title())]
}
