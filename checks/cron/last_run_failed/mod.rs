//! Whether a job's last run failed.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::cron::CronJob;
use gw_snapshot::facts::process::{Identity, Process};
use gw_snapshot::parse::time::Stamp;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let failed: Vec<_> = store.active().filter(|job| has_failed(job)).collect();
    if store.active().next().is_none() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let strange = store.active().find_map(|job| Some((job, strange(job)?)));
    if let (true, Some((job, status))) = (failed.is_empty(), strange) {
        let finding = Finding::note(format!("the last run of a job ended as {status}"));
        return vec![at.with_jobs(finding, &[job])];
    }
    if failed.is_empty() {
        return vec![Finding::pass("no job reports that its last run failed")];
    }
    let count = failed.len();
    let claim = format!("the last run of {count} job{} failed", plural(count));
    let runners: Vec<&Process> = failed.iter().filter_map(|job| ran_by_a_server(at, job)).collect();
    let finding = if failed.iter().all(|job| job.lacks_user_bus) {
        without_user_manager(at, &claim)
    } else if let Some(server) = runners.first().filter(|_| runners.len() == count) {
        let pid = server.pid;
        let claim = format!(
            "{claim}, and PID {pid} (`hermes serve`) ran {}, not the gateway",
            if count == 1 { "it" } else { "them" }
        );
        Finding::warning(claim)
            .help("its PATH, its directory and its code may be others than the gateway's")
    } else {
        Finding::warning(claim)
            .help("`hermes cron runs` shows the runs; a failing script leaves no line in the log")
    };
    let file = at.path("cron/jobs.json");
    vec![failed.iter().take(5).fold(finding, |finding, job| {
        let status = job.last_status.as_deref().filter(|status| *status != "error");
        let status = status.map_or_else(String::new, |status| format!(": {status}"));
        finding.seen(&file, format!("job {} ({}){status}", job.id, job.schedule))
    })]
}

/// From 0.21.3 on a managed gateway hands each run to the service manager of its user, which lives beyond the last session
/// only if that user lingers.
fn without_user_manager(at: &Subject<'_>, claim: &str) -> Finding {
    let what = "Hermes starts each run through the service manager of its user";
    // It was asked of the user who looks.
    let own = at.gateway.process().and_then(|process| process.seen.uid);
    if let (Fact::Known(false), Some(user)) =
        (&at.facts.linger, own.filter(|uid| at.facts.about.uid == Some(*uid)))
    {
        return Finding::warning(format!("{claim}: {what}, which does not run, for linger is off"))
            .help(format!("`sudo loginctl enable-linger {user}`, then restart the gateway"))
            .seen("loginctl show-user -p Linger", "no");
    }
    Finding::warning(format!("{claim}: {what}, and does not reach it"))
        .help("`systemctl --user status` as the gateway's user shows whether it runs")
}

/// Returns the `hermes serve` process that claimed the last run of a job.
fn ran_by_a_server<'a>(at: &Subject<'a>, job: &CronJob) -> Option<&'a Process> {
    let runs = at.executions().iter().filter(|run| run.job == job.id && !run.is_open);
    let claimant =
        runs.max_by_key(|run| run.claimed_at.and_then(Stamp::instant))?.claimant.as_ref()?;
    let mut servers = at.gateway.servers.iter().map(|server| &server.process);
    servers.find(|process| process.identity(claimant, at.facts.about.os) == Identity::Same)
}

/// True if its last run failed, or did not begin for its configuration (0.20.4+).
fn has_failed(job: &CronJob) -> bool {
    matches!(job.last_status.as_deref(), Some("error" | "blocked_config"))
}

/// The state of a last run that no release known here writes. Of a delivery that failed, or that is still to be made, the
/// run itself ended well.
fn strange(job: &CronJob) -> Option<&str> {
    let known = ["ok", "error", "blocked_config", "delivery_failed", "delivery_queued"];
    job.last_status.as_deref().filter(|status| !known.contains(status))
}
