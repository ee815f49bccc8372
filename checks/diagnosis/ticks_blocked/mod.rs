//! The ticker comes round, and another process holds the lock of its ticks.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::liveness::Holder;

use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = &case.at;
    let process = at.gateway.process()?;
    let overdue = case.found("cron/overdue")?;
    let Fact::Known(Holder::Process(holder)) = at.gateway.cron.tick_lock else { return None };
    if holder == process.pid {
        return None;
    }
    let summary = format!(
        "cron is blocked: PID {holder} holds cron/.tick.lock, so every tick of PID {} is passed over; {}",
        process.pid, overdue.claim
    );
    Found::certain(summary, &["cron/overdue", "cron/ticks-failing"])
}
