//! Whether somebody paused it.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Unknown;

/// Says that a gateway is paused, since when, and what ends it.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.process().is_none() && at.gateway.served_by.is_none() {
        return at.no_process();
    }
    if let Some(pause) = at.pause() {
        let seen = match pause.uid {
            Some(uid) => format!("there, written by uid {uid}"),
            None => "there".into(),
        };
        let finding = Finding::note(at.paused(pause)).help("`hermes resume` ends the pause");
        return vec![finding.seen(&pause.path, seen)];
    }
    match &at.gateway.marks.pause {
        Fact::Unknown(why) => vec![Finding::unknown("whether somebody paused it", why).minor()],
        Fact::Known(pause)
            if pause.until.is_some() && at.runs_with(Capability::PauseExpires).is_none() =>
        {
            let why = Why::Failed("its time is over, and not every release heeds that".into());
            vec![Finding::unknown("whether the pause still holds", &why).seen(&pause.path, "there")]
        }
        Fact::Known(pause) => {
            let claim = "a pause is noted here that is not in force: it has ended, or this release knows of none";
            vec![Finding::pass(claim).seen(&pause.path, "there")]
        }
        Fact::Absent => vec![Finding::pass("nobody paused it with `hermes pause`")],
    }
}
