//! Whether the gateway would be there after the next boot.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::Enabled;
use gw_snapshot::facts::{Lane, Manager};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::other_unit;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if let Some(finding) = at.kept_by_another("whether it would start after a reboot") {
        return vec![finding];
    }
    let Some((lane, job)) = at.job() else {
        if let Supervision::Other { unit, .. } = &at.gateway.supervision {
            return vec![other_unit("whether it would start after a reboot", unit)];
        }
        let unasked = at.installed().find_map(|lane| lane.job.why());
        if let (Supervision::None { .. }, None) = (&at.gateway.supervision, unasked) {
            return vec![Finding::warning(
                "after a reboot it would not start: no service starts it",
            )];
        }
        return at.no_job();
    };
    if lane.disabled.known() == Some(&true) {
        let claim = format!("after a reboot it would not start: {} is disabled", lane.name);
        return vec![Finding::warning(claim).of_service(lane.title())];
    }
    if lane.has_lost_its_file() {
        let claim = format!("after a reboot it would not start: the file of {} is gone", lane.name);
        return vec![Finding::warning(claim).of_service(lane.title())];
    }
    if let Some(claim) = unloadable(lane) {
        let finding = Finding::warning(format!("after a reboot it would not start: {claim}"));
        return vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())];
    }
    let in_its_place = at.beside().map(|(lane, _)| lane).find(|lane| lane.starts_by_itself());
    let finding = match (job.enabled, lane.manager, &at.facts.linger) {
        (Enabled::Masked, ..) => Finding::skipped("a masked service is not started at all"),
        (Enabled::No, ..) if in_its_place.is_some() => Finding::warning(format!(
            "after a reboot {} would start in its place: {} is not enabled",
            in_its_place.map(Lane::title).unwrap_or_default(),
            lane.name
        )),
        (Enabled::No, ..) => Finding::warning(format!(
            "after a reboot it would not start: {} is not enabled",
            lane.name
        )),
        (Enabled::Unclear, ..) => {
            Finding::unknown("whether it would start after a reboot", &Why::NotObserved).minor()
        }
        (Enabled::Yes, Manager::SystemdUser, Fact::Known(false)) => Finding::warning(
            "after a reboot it would start only when its user logs in: linger is off",
        ),
        (Enabled::Yes, Manager::SystemdUser, Fact::Unknown(why)) => {
            Finding::unknown("whether it would start before its user logs in", why).minor()
        }
        (Enabled::Yes, Manager::LaunchdGui(_), _) => {
            Finding::pass("after a reboot it would start when its user logs in")
        }
        (Enabled::Yes, Manager::LaunchdUser(uid), _) => Finding::note(format!(
            "after a reboot it would start only when its user logs in, and no login at the screen loads what is in user/{uid}"
        )),
        (Enabled::Yes, ..) => Finding::pass("after a reboot it would start by itself"),
    };
    vec![finding.seen(&job.source, format!("enabled: {:?}", job.enabled)).of_service(lane.title())]
}

/// Why launchd would not load it again, which it does from the plists of a few directories.
fn unloadable(lane: &Lane) -> Option<String> {
    if !lane.manager.is_launchd() {
        return None;
    }
    match &lane.definition {
        Fact::Unknown(Why::Malformed(_)) => {
            Some(format!("the plist of {} cannot be understood", lane.name))
        }
        _ if lane.is_submitted() => Some(format!(
            "{} was given to launchd by `launchctl submit`, and there is no plist of it",
            lane.name
        )),
        _ if lane.is_loaded_by_hand() => Some(format!(
            "{} was loaded from {}, where launchd does not look by itself",
            lane.name, lane.path
        )),
        _ => {
            let why = lane.refused_plist()?;
            Some(format!("launchd refuses the plist of {}: {why}", lane.name))
        }
    }
}
