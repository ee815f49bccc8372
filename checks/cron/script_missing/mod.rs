//! A job cannot run as it is meant to: its script, or the directory in which it is to work, is missing.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::CronJob;
use gw_snapshot::observation::Kind;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Finds the jobs that lack what they name.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let jobs: Vec<&CronJob> = store.active().collect();
    if jobs.is_empty() {
        return vec![Finding::skipped("no job is meant to run")];
    }
    let mut lacking = Vec::new();
    let mut unseen = None;
    for job in &jobs {
        for lack in [script(at, job), workdir(at, job)] {
            match lack {
                Fact::Known(lack) => lacking.push((*job, lack)),
                Fact::Unknown(why) => unseen = Some(why),
                Fact::Absent => {}
            }
        }
    }
    if let Some((_, first)) = lacking.first() {
        let count = lacking.len();
        let claim = if count == 1 {
            format!("1 job cannot run as it is meant to: {first}")
        } else {
            format!("{count} things that jobs need are missing: of one job, {first}")
        };
        let finding = Finding::warning(claim)
            .help("put the file or the directory back, or change the job with `hermes cron edit`");
        let file = at.path("cron/jobs.json");
        return vec![lacking.iter().take(5).fold(finding, |finding, (job, lack)| {
            finding.seen(&file, format!("job {} ({}): {lack}", job.id, job.schedule))
        })];
    }
    if let Some(why) = unseen {
        return vec![
            Finding::unknown("whether the scripts and directories of all jobs are there", &why)
                .minor(),
        ];
    }
    if jobs.iter().all(|job| job.script.is_none() && job.workdir.is_none()) {
        return vec![Finding::skipped("no job names a script or a directory")];
    }
    let count = jobs.len();
    vec![Finding::pass(format!(
        "the scripts and directories that {count} job{} name{} are there",
        plural(count),
        if count == 1 { "s" } else { "" }
    ))]
}

/// Returns in which way the script of a job is missing. Absent: it is there, or the job needs none.
fn script(at: &Subject<'_>, job: &CronJob) -> Fact<String> {
    if job.lacks_script {
        return Fact::Known("it is to run a script and nothing else, and names none".into());
    }
    let Some(name) = &job.script else { return Fact::Absent };
    let Some(script) = at.gateway.cron.scripts.get(name) else {
        return Fact::Unknown(Why::NotObserved);
    };
    let path = &script.path;
    match (&script.there, script.is_outside) {
        (_, Some(true)) => Fact::Known(format!(
            "its script {path} lies outside {}, and Hermes runs no such script",
            at.path("scripts")
        )),
        (Fact::Absent | Fact::Known(Kind::Symlink), _) => {
            Fact::Known(format!("its script {path} does not exist"))
        }
        (Fact::Known(Kind::File), _) => Fact::Absent,
        (Fact::Known(kind), _) => Fact::Known(format!("its script {path} is a {kind}")),
        (Fact::Unknown(why), _) => Fact::Unknown(why.clone()),
    }
}

/// Returns in which way the directory of a job is missing. Absent: it is there, or the job names none.
fn workdir(at: &Subject<'_>, job: &CronJob) -> Fact<String> {
    let Some(path) = &job.workdir else { return Fact::Absent };
    match at.gateway.cron.workdirs.get(path) {
        Some(Fact::Known(Kind::Directory)) => Fact::Absent,
        Some(Fact::Absent | Fact::Known(Kind::Symlink)) => Fact::Known(format!(
            "its directory {path} does not exist, and Hermes runs it elsewhere"
        )),
        Some(Fact::Known(kind)) => {
            Fact::Known(format!("its directory {path} is a {kind}, and Hermes runs it elsewhere"))
        }
        Some(Fact::Unknown(why)) => Fact::Unknown(why.clone()),
        None => Fact::Unknown(Why::NotObserved),
    }
}
