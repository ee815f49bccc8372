//! A lifecycle command or an update is at work, and the gateway is down or changes meanwhile.

use super::{Case, Found, TRANSIENT};
use crate::finding::{Finding, Verdict};
use crate::story::UnderWay;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let what = case.at.under_way()?;
    let UnderWay::Command(..) = what else { return None };
    let is_open = |finding: &Finding| {
        TRANSIENT.contains(&finding.check)
            && (finding.verdict == Verdict::Failure
                || finding.verdict == Verdict::Unknown && finding.essential)
    };
    // Beside a gateway that serves it is worth a note.
    if !case.findings.iter().any(is_open) {
        return None;
    }
    Found::certain(
        format!("{}: wait for its end, and change nothing meanwhile", case.at.says(what)),
        TRANSIENT,
    )
}
