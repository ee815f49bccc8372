//! The manager could not even begin to run Hermes.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::systemd::Load;
use gw_snapshot::facts::job::{Exit, Job, Phase};

use super::{Case, Found};
use crate::spawn;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let (lane, job) = case.at.job()?;
    if let Some(hindrance) = spawn::hindrance(case.at, lane, job) {
        return Found::certain(
            format!("launchd cannot start {}: {hindrance}; Hermes itself was never run", lane.name),
            EXPLAINS,
        );
    }
    if let Some(found) = never_begun(case, lane, job) {
        return Some(found);
    }
    let Some(Exit::Code(code)) = job.last_exit.filter(|_| job.phase != Phase::Running) else {
        return None;
    };
    let broken = case.found("definition/broken-path");
    // What is broken has its name in the claim about it.
    let definition = lane.definition.known().filter(|_| broken.is_none());
    let name = |name: Option<&str>| name.map_or_else(String::new, |name| format!(" {name}"));
    let user = definition.and_then(|definition| definition.user.as_deref());
    let what = match code {
        200 => {
            let directory = definition.and_then(|definition| definition.working_directory.as_ref());
            let directory = name(directory.map(|(directory, _)| directory.as_str()));
            let by = user.map_or_else(String::new, |user| format!(" by its user {user}"));
            format!("its working directory{directory} cannot be entered{by}")
        }
        203 => {
            let program = definition.and_then(|definition| definition.argv.first());
            format!("its program{} cannot be run", name(program.map(String::as_str)))
        }
        217 => format!("its user{} does not exist", name(user)),
        226 => "its sandbox cannot be set up".into(),
        _ => return None,
    };
    let named = broken.map_or_else(String::new, |finding| format!(": {}", finding.claim));
    let summary = format!("{} ends with {code} before Hermes begins: {what}{named}", lane.title());
    Found::certain(summary, EXPLAINS)
}

/// systemd does not come to the program at all.
fn never_begun(case: &Case<'_>, lane: &Lane, job: &Job) -> Option<Found> {
    let systemd = job.systemd.as_ref()?;
    if job.phase == Phase::Running || !case.at.gateway.liveness.process.is_absent() {
        return None;
    }
    let title = lane.title();
    if systemd.load == Load::Refused {
        let claim = &case.found("definition/invalid")?.claim;
        return Found::certain(
            format!("{title} cannot be started: {claim}; Hermes itself is not run"),
            EXPLAINS,
        );
    }
    if systemd.result == "resources" {
        let broken = case.found("definition/broken-path").map_or_else(
            || "systemd lacks what it is to set up first (Result=resources)".into(),
            |finding| finding.claim.clone(),
        );
        return Found::certain(
            format!("{title} cannot be started: {broken}; Hermes itself is not run"),
            EXPLAINS,
        );
    }
    // Its own process has a start, or there has been none, or systemd has forgotten it in a `daemon-reload`: so there has
    // to be a command that can have failed.
    let goes_before = |text: &str| text.contains("ExecStartPre") || text.contains("ExecCondition");
    let definition = lane.definition.known()?;
    if !definition.texts.iter().any(|(_, text)| goes_before(text)) {
        return None;
    }
    let has_failed = matches!(systemd.result.as_str(), "exit-code" | "signal" | "timeout");
    let is_over = matches!(job.phase, Phase::Failed | Phase::Restarting);
    (is_over && has_failed && job.started_at.is_none() && job.last_exit.is_none())
        .then(|| {
            Found::likely(
                format!(
                    "{title} fails before Hermes begins ({}): a command that stands before its program does, such as an ExecStartPre=",
                    systemd.result
                ),
                EXPLAINS,
            )
        })
        .flatten()
}

const EXPLAINS: &[&str] = &[
    "definition/invalid",
    "definition/restart-policy",
    "definition/broken-path",
    "job/crash-loop",
    "job/not-running",
    "job/fatal-config",
    "job/parked",
    "job/killed",
    "job/restarting",
    "job/start-limit",
    "port/no-listener",
    "health/refused",
    "cron/no-ticker",
    "cron/overdue",
    "owner/stale-pid-file",
    "owner/pid-reused",
    "runtime/restart-requested",
    "survival/crash",
];
