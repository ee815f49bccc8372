//! Whether another look would tell more than this one: because a gateway is between two states, or because
//! it is not yet what somebody waits for. Whether to look again, and when, is decided elsewhere: no time
//! passes here.

use gw_snapshot::facts::Facts;
use gw_snapshot::facts::job::Phase;

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
        let under_way = at.under_way().map(|what| at.says(what));
        let what = under_way.or_else(|| goes_on(&at))?;
        Some(format!("{}: {what}", gateway.home.profile))
    };
    facts.asked().filter_map(of_gateway).collect()
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
    for (gateway, examined) in facts.asked().zip(examined) {
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

/// Returns what a gateway is in the middle of, where no end of it is in sight: a loop, a phase that lasts, or a drain.
fn goes_on(at: &Subject<'_>) -> Option<String> {
    let phase = at.job().and_then(|(lane, job)| match job.phase {
        Phase::Starting => Some((lane, "is being started")),
        Phase::Restarting => Some((lane, "is about to be started again")),
        Phase::Stopping => Some((lane, "is being stopped")),
        Phase::Running | Phase::Stopped | Phase::Failed | Phase::Other => None,
    });
    if let Some((lane, what)) = phase {
        return Some(format!("{} {what}", lane.title()));
    }
    let process = at.gateway.process()?;
    let is_still = process.is_stopped() || process.is_zombie() || at.frozen().is_some();
    let drains = !is_still && at.own_state() == Some("draining");
    drains.then(|| format!("PID {} is draining", process.pid))
}
