//! Another program sits on the port.

use gw_snapshot::facts::gateway::Listener;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    match case.found("port/foreign-listener") {
        Some(finding) => Found::certain(format!("{}; {}", finding.claim, follows(case)), OWN),
        None => Found::likely(format!("{}; {}", hidden(case)?, follows(case)), OWN),
    }
    .map(|found| found.also(WITHOUT_ITS_PORT))
}

/// Whose socket it is, where its process cannot be seen. What the gateway itself met there has to say it, too.
fn hidden(case: &Case<'_>) -> Option<String> {
    case.found("logs/port-bind").or_else(|| case.found("runtime/startup-failed"))?;
    let api = case.at.api()?;
    let is_anothers = |listener: &&Listener| case.at.is_another_user_s(listener);
    let listener = case.at.facts.on(api).find(is_anothers)?;
    Some(format!(
        "{} is held by a program of uid {}{}, which cannot be seen from here",
        listener.text(),
        listener.uid?,
        listener.user.as_ref().map_or_else(String::new, |name| format!(" ({name})"))
    ))
}

fn follows(case: &Case<'_>) -> &'static str {
    let refused =
        case.found("job/fatal-config").is_some() || case.found("runtime/startup-failed").is_some();
    match (case.at.gateway.process(), refused) {
        (Some(_), _) => "the gateway lives without its API server there",
        (None, true) => "the gateway refused to start for it",
        (None, false) => "the gateway could not have its API server there",
    }
}

const OWN: &[&str] = &["port/foreign-listener", "port/owner-hidden"];

/// What follows where somebody else has the port, whoever that is.
pub(super) const WITHOUT_ITS_PORT: &[&str] = &[
    "job/not-running",
    "job/fatal-config",
    "runtime/startup-failed",
    "runtime/platform-error",
    "runtime/no-platform",
    "port/no-listener",
    "logs/port-bind",
    "cron/no-ticker",
    "job/crash-loop",
    "owner/stale-pid-file",
    "job/start-limit",
];
