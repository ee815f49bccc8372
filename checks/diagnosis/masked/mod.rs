//! Somebody masked the service.

use gw_snapshot::facts::job::Enabled;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (lane, job) = case.at.job()?;
    if job.enabled != Enabled::Masked {
        return None;
    }
    let summary = match job.main_pid {
        Some(pid) => format!(
            "PID {pid} runs, and {} was masked meanwhile: once it ends, it cannot start again",
            lane.title()
        ),
        None if lane.has_an_empty_file() => format!(
            "the file {} of {} is empty, which systemd takes for masked: it lost its text, or somebody made sure that it cannot start",
            lane.path,
            lane.title()
        ),
        None => format!("{} is masked: somebody made sure that it cannot start", lane.title()),
    };
    Found::certain(
        summary,
        &[
            "job/disabled",
            "survival/reboot",
            "survival/crash",
            "job/not-running",
            "cron/no-ticker",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "cron/overdue",
            "runtime/restart-requested",
        ],
    )
}
