//! The code that the gateway has loaded is older than the code on disk.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::version::Loaded;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Compares the loaded code with the installed code.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let pid = process.pid;
    let finding = match at.loaded(process) {
        Loaded::Unknown => {
            return vec![Finding::skipped(
                "nothing tells which commit it runs, when it started, or when its code was written",
            )];
        }
        Loaded::Ahead => {
            let why = Why::Failed("the code on disk bears a time that has not come yet".into());
            Finding::unknown("whether the gateway runs the code on disk", &why).minor()
        }
        Loaded::Hidden(why) => {
            let what = format!("whether the service of PID {pid} starts the code that this runs");
            Finding::unknown(&what, &why).minor()
        }
        Loaded::Same | Loaded::SameCommit => {
            Finding::pass(format!("PID {pid} runs the code on disk"))
        }
        Loaded::Older(how) => {
            Finding::warning(format!("PID {pid} runs older code than the code on disk: {how}"))
                .help(MIXED)
        }
        Loaded::Another(skew) => {
            Finding::warning(format!("PID {pid} runs other code than the code on disk: {skew}"))
                .help(MIXED)
        }
        Loaded::Elsewhere(moved) => {
            let finding = Finding::warning(format!("PID {pid} {moved}")).help(
                "restart the service when it is idle, if the other code is meant: its next start takes that, whoever asks for it",
            );
            match at.gateway.lane() {
                Some(lane) => finding.seen(&lane.path, "what its service starts"),
                None => finding,
            }
        }
    };
    vec![at.with_process(finding, process)]
}

const MIXED: &str =
    "restart the service when it is idle: modules that it loads now come from the new code";
