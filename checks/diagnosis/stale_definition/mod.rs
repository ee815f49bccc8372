//! An older release wrote the definition, and lacks what matters to the installed one.

use super::{Case, Found};
use crate::drift::Drift;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("definition/generation")?;
    let lane = case.at.installed().find(|lane| finding.scope.service == Some(lane.title()))?;
    let drift = case.at.drift(lane).filter(Drift::is_older)?;
    let parts: Vec<String> =
        drift.harmful().take(3).map(|found| found.subject(drift.form)).collect();
    Found::certain(
        format!(
            "{} is {} {}, and {} is installed, which writes otherwise: {}",
            lane.name,
            if drift.is_exact() { "of" } else { "nearest to that of" },
            drift.releases(),
            case.at.version()?,
            parts.join(", ")
        ),
        &["definition/generation"],
    )
}
