//! Somebody disabled the label, and launchd keeps to that whatever is installed.

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    if !case.failed("job/disabled") {
        return None;
    }
    let at = case.at;
    let lane = at.gateway.lanes.iter().find(|lane| lane.disabled.known() == Some(&true))?;
    if at.gateway.process().is_some() && case.failed("owner/unsupervised") {
        return None;
    }
    let domains: Vec<String> = lane.disabled_in.iter().map(ToString::to_string).collect();
    Found::certain(
        format!(
            "{} is disabled ({}): launchd refuses to load it, a new plist does not change that, and somebody or `launchctl unload -w` did it",
            lane.name,
            domains.join(" and ")
        ),
        &[
            "job/disabled",
            "job/not-loaded",
            "job/not-running",
            "cron/no-ticker",
            "runtime/restart-requested",
            "cron/overdue",
            "owner/stale-pid-file",
            "survival/crash",
            "survival/reboot",
        ],
    )
}
