//! Whether what the definition names is there, and can be used by the one who runs it.

use gw_snapshot::facts::gateway::{Purpose, Usable};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::{or_not_installed, unread};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        for named in &lane.paths {
            let what = named.what;
            let finding = match named.state(at.facts.about.uid) {
                Usable::Yes => continue,
                Usable::Missing => {
                    let runs = lane.job.known().and_then(|job| job.main_pid);
                    let again = runs.map_or_else(String::new, |pid| {
                        format!(": PID {pid} runs, and could not be started again")
                    });
                    Finding::failure(format!("the {what} {} does not exist{again}", named.path))
                }
                Usable::Refused { mode, uid } => Finding::failure(format!(
                    "the {what} {} cannot be {}: it belongs to uid {uid}, mode {mode}",
                    named.path,
                    if named.purpose == Purpose::Write { "written" } else { "entered" }
                )),
                Usable::Unknown(why) => {
                    Finding::unknown(&format!("whether the {what} is there"), &why).minor()
                }
            };
            findings.push(finding.seen_at(&named.at, named.path.clone()).of_service(lane.title()));
        }
        if lane.definition.known().is_none() {
            findings.push(unread(lane, "whether what the definition names is there"));
        } else if findings.is_empty() {
            findings.push(
                Finding::pass(format!("everything that {} names is there", lane.name))
                    .of_service(lane.title()),
            );
        }
    }
    or_not_installed(findings)
}
