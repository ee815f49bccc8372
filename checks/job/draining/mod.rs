//! Whether it is being stopped, and finishes its work first.

use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::limit::Limit;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let finding = if job.phase == Phase::Stopping {
        let limit = job.stop_limit().and_then(Limit::seconds);
        let limit = limit.map_or_else(String::new, |seconds| format!(", for at most {seconds} s"));
        Finding::note(format!("{} is being stopped{limit}", lane.name))
            .seen(&job.source, job.words.clone())
    } else {
        Finding::pass(format!("{} is not being stopped", lane.name))
    };
    vec![finding.of_service(lane.title())]
}
