//! Whether the manager can understand the definition.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::or_not_installed;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        if let Some(why) = lane.refused_plist() {
            let claim = format!("launchd refuses the plist of {}: {why}", lane.name);
            // What is loaded was read when it was still as it has to be.
            let is_loaded = lane.job.known().is_some();
            let finding = if is_loaded { Finding::warning(claim) } else { Finding::failure(claim) };
            let finding = finding.seen(&lane.path, why).help(
                "it is to be its user's own, or root's, and writable by nobody else: `chmod 644`",
            );
            findings.push(finding.of_service(lane.title()));
            continue;
        }
        let finding = match &lane.definition {
            // Its file is the mask: a link to /dev/null, or an empty one.
            _ if lane.is_masked() => Finding::skipped(format!("{} is masked", lane.name)),
            Fact::Known(definition) if definition.problems.is_empty() => {
                Finding::pass(format!("{} can be understood", lane.name))
                    .seen(&lane.path, "it can be read to its end")
            }
            Fact::Known(definition) => {
                // A manager passes over a line that it does not know; without a program it can do nothing.
                let fatal = definition.argv.is_empty();
                let claim = format!("{} has lines that make no sense", lane.name);
                let finding = if fatal { Finding::failure(claim) } else { Finding::warning(claim) };
                definition.problems.iter().fold(finding, |finding, problem| {
                    finding.seen_at(&problem.at, problem.what.clone())
                })
            }
            Fact::Absent => Finding::skipped(format!("{} has no file", lane.name)),
            Fact::Unknown(why @ Why::Malformed(_)) => Finding::failure(format!(
                "the definition of {} cannot be understood at all",
                lane.name
            ))
            .seen(&lane.path, why.to_string()),
            Fact::Unknown(why) => Finding::unknown("whether the definition is valid", why)
                .seen(&lane.path, why.to_string()),
        };
        findings.push(finding.of_service(lane.title()));
    }
    or_not_installed(findings)
}
