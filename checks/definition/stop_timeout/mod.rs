//! Whether the service manager kills the gateway before it has ended its work.

use gw_snapshot::fact::Why;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::unread;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_service(|lane| {
        let limit = lane
            .job
            .known()
            .and_then(gw_snapshot::facts::job::Job::stop_limit)
            .or_else(|| Some(lane.definition.known()?.stop_timeout.as_ref()?.0));
        let Some(limit) = limit.filter(|_| !lane.is_masked()) else {
            return unread(lane, "how long the service may take to stop");
        };
        let Some(drain) = at.drain() else {
            let why = at.gateway.drain.why().cloned().unwrap_or(Why::NotObserved);
            let what = "how long the gateway may need to stop";
            return Finding::unknown(what, &why).minor();
        };
        // After the work has ended, it leaves its platforms and closes its databases. launchd's own limit in
        // Hermes's plist (25 s, 0.19) leaves less for that, and no more than half a minute is ever needed.
        let needed = if lane.manager.is_launchd() { drain } else { drain.saturating_add(CLOSING) };
        let given = limit.as_secs();
        if given < needed || (drain > 0 && given <= drain) {
            Finding::warning(format!(
                "{} is killed {given} s after it is told to stop, and may need {needed} s: turns under way are lost",
                lane.name
            ))
            .help("install the service again, which reckons the limit anew, or shorten `agent.restart_drain_timeout`")
        } else {
            Finding::pass(format!(
                "{} has {given} s to stop, and needs {needed} s at the most",
                lane.name
            ))
        }
    })
}

/// What a stop takes besides the drain, by Hermes's own reckoning (0.13 to 0.20). In seconds.
const CLOSING: u64 = 30;
