//! The service ends and is started again, without end.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Exit, Job};
use gw_snapshot::observation::Trouble;
use gw_snapshot::parse::log::Class;

use super::{Case, Found};
use crate::job::killed;
use crate::spawn;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/crash-loop").or_else(|| case.found("job/start-limit"))?;
    let (lane, job) = case.of(finding)?;
    // launchd's claim says it already.
    let exit = job
        .last_exit
        .filter(|_| job.launchd.is_none())
        .map_or_else(String::new, |exit| format!(", with {exit}"));
    let why = killed::by(job).filter(|_| killed::is_never_ready(job));
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let refusal = case
        .found("runtime/startup-failed")
        .map_or_else(String::new, |refusal| format!("; {}", refusal.claim));
    let cause = told(case, job)
        .or_else(|| cause(case, lane, job))
        .or_else(|| spawn::told_by_journal(case.at, job))
        .or_else(|| other_python(lane, job));
    Found::certain(
        format!(
            "{}{exit}{why}{refusal}{}{}",
            finding.claim,
            missing_profile(case),
            cause.map_or_else(String::new, |cause| format!("; {cause}"))
        ),
        &[
            "definition/sticky-profile",
            "definition/wrapper-unmarked",
            "job/crash-loop",
            "job/start-limit",
            "job/not-running",
            "job/restarting",
            "port/no-listener",
            "health/refused",
            "cron/no-ticker",
            "runtime/restart-requested",
            "owner/stale-pid-file",
            "owner/pid-reused",
            "job/killed",
            "runtime/startup-failed",
            "runtime/left-by-another",
        ],
    )
}

/// What the gateway itself left word of.
fn told(case: &Case<'_>, job: &Job) -> Option<String> {
    if let Some(watched) = case.at.watched_end(job) {
        return Some(watched.words());
    }
    let crashes = case.at.crashes()?;
    let is_said = case.at.gateway.process().is_some() || job.last_exit != Some(Exit::Code(1));
    let lacks = lacks_a_package(case);
    match (is_said, lacks) {
        (true, lacks) => lacks,
        (false, None) => Some(crashes.words()),
        (false, Some(lacks)) => Some(format!("{}; {lacks}", crashes.words())),
    }
}

/// The package that the API server needs, where it is wanted and not there: from 0.20 on the import fails then, and the
/// gateway with it.
fn lacks_a_package(case: &Case<'_>) -> Option<String> {
    case.at.api()?;
    let install = case.at.gateway.install.as_ref().filter(|install| install.aiohttp.is_absent())?;
    let place =
        install.packages.known().map_or_else(String::new, |packages| format!(" in {packages}"));
    Some(format!("its API server needs aiohttp, and there is none{place}"))
}

/// A Python that is none of the environment that the unit itself names: it has no Hermes, or none of what Hermes needs, and
/// ends with 1 before a line of a log (upstream #7976, #8475, #9013, #9201).
fn other_python(lane: &Lane, job: &Job) -> Option<String> {
    let definition = lane.definition.known().filter(|_| job.last_exit == Some(Exit::Code(1)))?;
    let environment = definition.variable("VIRTUAL_ENV")?.value.literal()?;
    let (program, first) = (definition.argv.first()?, definition.argv.get(1)?);
    let is_python = program.rsplit('/').next()?.starts_with("python");
    let is_of_it = program.starts_with(&format!("{}/", environment.trim_end_matches('/')));
    let is_told = is_python && first == "-m" && environment.starts_with('/') && !is_of_it;
    is_told.then(|| {
        format!(
            "its Python {program} is none of its VIRTUAL_ENV {environment}, and may lack Hermes"
        )
    })
}

/// Why a job of launchd's ends so, where its end or the log of its errors tells.
fn cause(case: &Case<'_>, lane: &Lane, job: &Job) -> Option<String> {
    let launchd = job.launchd.as_ref()?;
    let log = launchd.stderr.as_deref();
    let look = log.map_or_else(String::new, |log| format!(": look at the end of {log}"));
    match job.last_exit? {
        Exit::Code(1) => {
            let refused = spawn::cried(case.at, Class::OwnJobRefused)
                .map(|cried| format!("it takes launchd's own job for another gateway ({cried})"));
            // The guard came with this wrapper: before it, Hermes took no job of launchd's for another gateway.
            let is_wrapped = |word: &String| word == "hermes_cli.stderr_timestamp";
            let definition = lane.definition.known();
            let is_its_own =
                definition.is_some_and(|definition| definition.argv.iter().any(is_wrapped));
            let unmarked = case
                .found("definition/wrapper-unmarked")
                .filter(|_| is_its_own && case.failed("definition/wrapper-unmarked"))
                .filter(|finding| finding.scope.service == Some(lane.title()));
            refused.or_else(|| unmarked.map(|finding| finding.claim.clone()))
        }
        Exit::Code(126) => {
            Some(format!("the shell of its wrapper may not run what it starts{look}"))
        }
        // What the wrapper hands on to is in the plist, and was looked for.
        Exit::Code(127) if case.failed("definition/broken-path") => {
            case.found("definition/broken-path").map(|finding| finding.claim.clone())
        }
        Exit::Code(127) => {
            Some(format!("the shell of its wrapper does not find what it starts{look}"))
        }
        Exit::Signal(6) => Some(format!(
            "so ends a program whose libraries are gone, as after an upgrade of its Python{look}"
        )),
        _ => None,
    }
}

/// A switch to a profile that is not there: Hermes ends before it writes a line of a log.
fn missing_profile(case: &Case<'_>) -> String {
    let gateway = case.at.gateway;
    let is_missing = gateway.directory.error == Some(Trouble::NotFound);
    match case.found("definition/sticky-profile").filter(|_| is_missing) {
        Some(_) => {
            format!("; active_profile says {}, and there is no such profile", gateway.home.profile)
        }
        None => String::new(),
    }
}
