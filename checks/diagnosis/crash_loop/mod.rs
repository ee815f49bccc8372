//! The service ends and is started again, without end.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::{Exit, Job};
use gw_snapshot::observation::Trouble;
use gw_snapshot::parse::log::Class;

use super::{Case, Found};
use crate::spawn;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("job/crash-loop").or_else(|| case.found("job/start-limit"))?;
    let (lane, job) = case.of(finding)?;
    // launchd's claim says it already.
    let exit = job
        .last_exit
        .filter(|_| job.launchd.is_none())
        .map_or_else(String::new, |exit| format!(", with {exit}"));
    let refusal = case
        .found("runtime/startup-failed")
        .map_or_else(String::new, |refusal| format!("; {}", refusal.claim));
    Found::certain(
        format!(
            "{}{exit}{refusal}{}{}",
            finding.claim,
            missing_profile(case),
            cause(case, lane, job).map_or_else(String::new, |cause| format!("; {cause}"))
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
