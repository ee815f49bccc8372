//! Something is under way that ends by itself: a start, a stop, a restart, or a command that does one.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::story::UnderWay;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Tells what is under way, and whether somebody serves meanwhile.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(what) = at.under_way() else {
        if at.job().is_none() && at.gateway.process().is_none() {
            return at.no_job();
        }
        return vec![Finding::pass("nothing is under way that was seen")];
    };
    let says = at.says(what);
    let finding = match at.serves() {
        Fact::Known(()) => Finding::note(says),
        _ if !at.is_expected() => Finding::note(says),
        _ => Finding::unknown("whether the gateway will serve", &Why::Failed(says)).essential(),
    };
    let finding = match what {
        UnderWay::Command(process, _) | UnderWay::Starting(process, _) => {
            at.with_process(finding, process)
        }
        UnderWay::Ended(process, lane) => at
            .with_process(finding, process)
            .seen(format!("process {}", process.pid), "state Z")
            .of_service(lane.title()),
        UnderWay::Called(lane, job)
        | UnderWay::Waiting(lane, job)
        | UnderWay::Stopping(Some((lane, job))) => {
            finding.seen(&job.source, job.words.clone()).of_service(lane.title())
        }
        UnderWay::Stopping(None) => match at.own_state() {
            Some(state) => finding.seen(at.path("gateway_state.json"), state),
            None => finding,
        },
    };
    vec![finding.help("wait for its end, then look again; change nothing meanwhile")]
}
