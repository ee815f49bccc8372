//! Drop-ins: they change what holds, survive every rewrite, and are easily forgotten.

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        let Some(definition) =
            lane.definition.known().filter(|definition| !definition.drop_ins.is_empty())
        else {
            continue;
        };
        let count = definition.drop_ins.len();
        let finding =
            Finding::note(format!("{} is changed by {count} drop-in{}", lane.name, plural(count)));
        let finding = definition
            .drop_ins
            .iter()
            .fold(finding, |finding, path| finding.seen(path, "it applies"));
        findings.push(finding.of_service(lane.title()));
    }
    if findings.is_empty() {
        vec![Finding::pass("no drop-in changes the service")]
    } else {
        findings
    }
}
