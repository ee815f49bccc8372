//! Whether it takes no new work.

use gw_snapshot::facts::executions::{Execution, Owner};

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};
use crate::subject::rest::Rest;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.own_status(at.facts.about.os) else {
        return vec![Finding::skipped("no status is known to be that of this process")];
    };
    let marks = &at.gateway.marks;
    let is_asked = matches!(at.rest(), Some(Rest::Drained));
    if status.state.as_deref() != Some("draining") {
        let planned = marks.planned_stop.known().and_then(|planned| at.age_of(*planned));
        let finding = match planned.filter(|age| (0..=PLANNED_SECONDS).contains(age)) {
            Some(age) => Finding::note(format!(
                "somebody asked PID {} to stop, {age} s ago: it is about to",
                process.pid
            ))
            .seen(at.path(".gateway-planned-stop.json"), format!("{age} s old")),
            None if is_asked => Finding::note(format!(
                "PID {} is asked to take no new work, and does not say yet that it takes none",
                process.pid
            ))
            .seen(at.path(".drain_request.json"), "there"),
            None => Finding::pass(format!("PID {} takes new work", process.pid)),
        };
        return vec![finding];
    }
    // The file counts the runs of jobs among its turns from 0.21 on.
    let is_job = |run: &Execution| run.is_open && matches!(run.owner, Owner::Alive(_));
    let has_jobs = at.executions().iter().any(is_job);
    let jobs =
        if has_jobs { format!(" or job{}", plural(status.active_agents)) } else { String::new() };
    let claim = format!(
        "PID {} is draining{}: it takes no new work, with {} turn{}{jobs} under way",
        process.pid,
        if status.restart_requested { " for a restart" } else { "" },
        status.active_agents,
        plural(status.active_agents)
    );
    let finding =
        Finding::warning(claim).seen(at.path("gateway_state.json"), "gateway_state: draining");
    vec![if is_asked { finding.seen(at.path(".drain_request.json"), "there") } else { finding }]
}

/// For so long Hermes takes a planned stop for meant. In seconds.
const PLANNED_SECONDS: i64 = 60;
