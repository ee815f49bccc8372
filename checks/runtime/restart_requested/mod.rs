//! Whether a restart was asked for and never came.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::endings::Watchdog;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(status) = at.gateway.status.known() else {
        return vec![Finding::skipped("there is no status file that could ask for one")];
    };
    if !status.restart_requested {
        return vec![Finding::pass("no restart is asked for")];
    }
    if at.gateway.process().is_some() {
        // It persists into the next life: see runtime/draining for one that is under way.
        return vec![Finding::pass("the restart that was asked for came, or is under way")];
    }
    if let Some(why) = at.gateway.liveness.process.why() {
        return vec![Finding::unknown("whether the restart that was asked for came", why).minor()];
    }
    let age = status.updated_at.map(|written| at.age_of(written));
    if age == Some(None) {
        let why = Why::Failed("the status file lies in the future".into());
        let what = "when the restart was asked for that has not come";
        return vec![Finding::unknown(what, &why).minor()];
    }
    let age = age.flatten();
    let asked = status.watchdog().map_or("a restart was asked for", Watchdog::words);
    let finding = match age {
        Some(age) if age < COMES_WITHIN => Finding::note(format!("{asked} just now")),
        _ => {
            let since =
                age.map_or_else(String::new, |age| format!(" {} ago", span(age.unsigned_abs())));
            Finding::warning(format!("{asked}{since}, and nothing started the gateway again"))
        }
    };
    vec![finding.seen(at.path("gateway_state.json"), "restart_requested: true")]
}

/// How long a supervisor may take to start it again. In seconds.
const COMES_WITHIN: i64 = 60;
