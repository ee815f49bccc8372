//! Whether a job stops or restarts the gateway that runs it.

use gw_snapshot::facts::cron::CronJob;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let script = |job: &CronJob| at.gateway.cron.scripts.get(job.script.as_ref()?);
    let in_script = |job: &CronJob| script(job)?.lifecycle;
    let suspects: Vec<_> = store
        .active()
        .filter_map(|job| Some((job, job.lifecycle.or_else(|| in_script(job))?)))
        .collect();
    let Some((_, command)) = suspects.first() else {
        return vec![Finding::pass("no job's words or script stop or restart the gateway")];
    };
    let count = suspects.len();
    let finding = Finding::failure(format!(
        "{count} job{} would stop or restart the gateway that runs {} ({command}): the command dies with it, or it restarts for ever",
        plural(count),
        if count == 1 { "it" } else { "them" }
    ))
    .help("disable the job from a terminal outside the gateway");
    let file = at.path("cron/jobs.json");
    vec![suspects.iter().take(5).fold(finding, |finding, (job, command)| {
        let script =
            script(job).filter(|script| job.lifecycle.is_none() && script.lifecycle.is_some());
        let place = script.map_or_else(|| file.clone(), |script| script.path.clone());
        finding.seen(place, format!("job {} ({}): {command}", job.id, job.schedule))
    })]
}
