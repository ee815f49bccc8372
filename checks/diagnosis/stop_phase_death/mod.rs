//! It ended badly while it was being stopped, and what ends so is not started again.

use gw_snapshot::facts::job::systemd::Systemd;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::limit::Limit;

use super::{Case, Certainty, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let (lane, job) = at.job()?;
    let systemd = job.systemd.as_ref()?;
    let exit = job.last_exit.filter(|_| job.phase == Phase::Failed)?;
    if !at.gateway.liveness.process.is_absent() || !would_be_started_again(job, systemd, exit) {
        return None;
    }
    let state = at.gateway.status.known().and_then(|status| status.state.as_deref());
    let (certainty, says) = match state {
        Some("draining") => (Certainty::Certain, ", and its status file still says draining"),
        // It said good-bye, or that it refused to start: see stopped-on-purpose, fatal-config.
        Some("stopped" | "startup_failed") => return None,
        _ => (Certainty::Likely, ""),
    };
    Some(Found {
        stands_alone: false,
        certainty,
        summary: format!(
            "the gateway does not run: it ended with {exit} while it was being stopped{}, which systemd does not answer with a start; {} is {}{says}",
            cause(job),
            lane.title(),
            job.words
        ),
        explains: vec![
            "job/not-running",
            "job/killed",
            "job/start-limit",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "runtime/restart-requested",
            "runtime/left-by-another",
            "cron/no-ticker",
            "cron/overdue",
            "survival/crash",
        ],
    })
}

/// By its policy systemd would start it again after such an end, and no limit of starts is in the way: that it is failed all the same
/// means that the unit was being stopped (upstream #94757).
fn would_be_started_again(job: &Job, systemd: &Systemd, exit: Exit) -> bool {
    let prevented = systemd.restart_prevent.split_whitespace().any(|word| exit.is_named(word));
    matches!(systemd.restart.as_str(), "always" | "on-failure")
        && exit != Exit::Code(0)
        && !prevented
        && !systemd.queued
        && systemd.result != "start-limit-hit"
        && has_starts_left(job, systemd)
}

/// Whether no limit of starts can have kept it down. Where the manager did not tell of one, there may be one.
fn has_starts_left(job: &Job, systemd: &Systemd) -> bool {
    let Some(burst) = systemd.start_limit_burst else { return false };
    let Some(Limit::After(interval)) = systemd.start_limit_interval else {
        return systemd.start_limit_interval == Some(Limit::Never);
    };
    let has_outlasted = job.last_run().is_some_and(|lasted| lasted.unsigned_abs() > interval);
    has_outlasted || job.restarts.is_some_and(|restarts| restarts < burst)
}

fn cause(job: &Job) -> &'static str {
    match job.systemd.as_ref().map(|systemd| systemd.result.as_str()) {
        Some("timeout") => " (its time was up)",
        Some("oom-kill") => " (for want of memory)",
        _ => "",
    }
}
