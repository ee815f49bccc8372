//! The service runs, and its file is gone.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/loaded-differs")?;
    case.at.gateway.lane().filter(|lane| lane.has_lost_its_file())?;
    let pid = case.at.gateway.process().map(|process| format!("PID {} runs, and ", process.pid));
    let summary = format!("{}{}", pid.unwrap_or_default(), finding.claim);
    Found::certain(
        summary,
        &["definition/loaded-differs", "survival/reboot", "survival/crash", "job/disabled"],
    )
}
