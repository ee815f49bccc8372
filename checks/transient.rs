//! Whether another look would tell more than this one: because a gateway is between two states, or because
//! it is not yet what somebody waits for. Whether to look again, and when, is decided elsewhere: no time
//! passes here.

use gw_snapshot::facts::Facts;
use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::diagnosis::HEALTHY;
use crate::examine::Examined;
use crate::intent::Intent;

/// What the gateways are in the middle of, one line for each that does not rest, begun by its profile.
///
/// A loop of restarts counts too: its next start may be the one that succeeds, and a manager that gives up
/// on it ends it.
pub fn unsettled(facts: &Facts) -> Vec<String> {
    // What ought to be has no say in what is on its way.
    let intent = Intent::default();
    let of_gateway = |gateway| {
        let at = Subject::new(facts, gateway, &intent);
        let what = job(&at).or_else(|| process(&at))?;
        Some(format!("{}: {what}", gateway.home.profile))
    };
    facts.gateways.iter().filter_map(of_gateway).collect()
}

/// Why the gateways are not all healthy, one line for each that is not; empty if they are.
///
/// A profile without a gateway of its own is no obstacle where nobody asked for it by name and another
/// gateway is healthy.
pub fn unhealthy(
    facts: &Facts,
    intent: &Intent,
    examined: &[Examined],
    by_name: bool,
) -> Vec<String> {
    let mut open = unsettled(facts);
    let mut healthy = 0_usize;
    for (gateway, examined) in facts.gateways.iter().zip(examined) {
        let first = examined.diagnoses.first();
        let why = match first.map(|diagnosis| diagnosis.id) {
            Some(HEALTHY) => {
                healthy = healthy.saturating_add(1);
                continue;
            }
            Some("served-by-another") => continue,
            Some("not-installed") if !by_name => continue,
            // What the policy means to be off is as it is meant to be.
            Some(_) if Subject::new(facts, gateway, intent).is_off() => continue,
            Some(id) => id,
            None => examined.verdict.word(),
        };
        let profile = &gateway.home.profile;
        // What it is in the middle of says more than the name of its state.
        if !open.iter().any(|line| line.starts_with(&format!("{profile}: "))) {
            open.push(format!("{profile}: {why}"));
        }
    }
    if healthy == 0 && open.is_empty() {
        open.push("no gateway is set up here".into());
    }
    open
}

/// What the job is in the middle of.
fn job(at: &Subject<'_>) -> Option<String> {
    let (lane, job) = at.job()?;
    let what = match job.phase {
        Phase::Starting => "is being started",
        Phase::Restarting => "is about to be started again",
        Phase::Stopping => "is being stopped",
        Phase::Running | Phase::Stopped | Phase::Failed | Phase::Other => return None,
    };
    Some(format!("{} {what}", lane.title()))
}

/// What the process is in the middle of. One that is stopped, frozen or a zombie is in the middle of nothing.
fn process(at: &Subject<'_>) -> Option<String> {
    let is_still = |one: &Process| one.is_stopped() || one.is_zombie() || at.frozen().is_some();
    let process = at.gateway.process().filter(|one| !is_still(one))?;
    let state = at.gateway.own_status(at.facts.about.os).and_then(|status| status.state.as_deref());
    if state == Some("draining") {
        return Some(format!("PID {} is draining", process.pid));
    }
    // Where no status tells how far it is, an answer does.
    let starts = at.is_starting() && (state.is_some() || !at.answers_as_hermes());
    starts.then(|| format!("PID {} is starting", process.pid))
}
