//! Whether the gateway would be there after the next boot.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::systemd::Standing;
use gw_snapshot::facts::job::{Enabled, Job};
use gw_snapshot::facts::{Lane, Manager};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::{lacking, other_unit};

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
    if let Some(claim) = refused(job) {
        let finding = Finding::warning(format!("after a reboot it would not start: {claim}"));
        return vec![finding.seen(&job.source, job.words.clone()).of_service(lane.title())];
    }
    if let Some(missing) = at.missing_for_a_start(lane, job) {
        let claim = format!("after a reboot it could not be started: {missing}");
        return vec![Finding::warning(claim).of_service(lane.title())];
    }
    let in_its_place = at.beside().map(|(lane, _)| lane).find(|lane| lane.starts_by_itself());
    if let Some(finding) = triggered(at, lane, job).filter(|_| in_its_place.is_none()) {
        return vec![finding.seen(&job.source, "TriggeredBy").of_service(lane.title())];
    }
    let unwanted = unwanted(lane.manager, job);
    let finding = match (job.enabled, lane.manager, &at.facts.linger, unwanted) {
        (Enabled::Masked, ..) => Finding::skipped("a masked service is not started at all"),
        (Enabled::No, ..) if in_its_place.is_some() => Finding::warning(format!(
            "after a reboot {} would start in its place: {} is not enabled",
            in_its_place.map(Lane::title).unwrap_or_default(),
            lane.name
        )),
        (Enabled::No, manager, ..) if manager.is_launchd() => Finding::warning(format!(
            "after a reboot it would not start: {} has no RunAtLoad, and nothing else in it makes a login start it",
            lane.name
        )),
        (Enabled::No, ..) => Finding::warning(format!(
            "after a reboot it would not start: {} is {}",
            lane.name,
            not_enabled(job)
        )),
        (Enabled::Unclear, ..) => {
            Finding::unknown("whether it would start after a reboot", &Why::NotObserved).minor()
        }
        (Enabled::Yes, .., Some(why)) => {
            Finding::warning(format!("after a reboot it would not start: {} {why}", lane.name))
                .help("its [Install] is to name the default.target of its manager; then `systemctl reenable` (with `--user` for one of a user's)")
        }
        (Enabled::Yes, Manager::SystemdUser, Fact::Known(false), _) => Finding::warning(
            "after a reboot it would start only when its user logs in: linger is off",
        ),
        (Enabled::Yes, Manager::SystemdUser, Fact::Unknown(why), _) => {
            Finding::unknown("whether it would start before its user logs in", why).minor()
        }
        (Enabled::Yes, Manager::LaunchdGui(_), ..) => {
            Finding::pass("after a reboot it would start when its user logs in")
        }
        (Enabled::Yes, Manager::LaunchdUser(uid), ..) => Finding::note(format!(
            "after a reboot it would start only when its user logs in, and no login at the screen loads what is in user/{uid}"
        )),
        (Enabled::Yes, ..) => Finding::pass("after a reboot it would start by itself"),
    };
    vec![finding.seen(&job.source, format!("enabled: {:?}", job.enabled)).of_service(lane.title())]
}

/// How the file of a unit stands that does not start by itself.
fn not_enabled(job: &Job) -> &'static str {
    match job.systemd.as_ref().and_then(|systemd| systemd.file_state) {
        Some("linked" | "linked-runtime") => "linked, and not enabled",
        Some("enabled-runtime") => "enabled in /run alone, which the reboot empties",
        _ => "not enabled",
    }
}

/// A service that is not enabled itself, and that a timer, a socket or a path starts: what becomes of that is what counts.
fn triggered(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<Finding> {
    let trigger = job.trigger()?;
    let unit = &trigger.unit;
    Some(match (trigger.enabled, lane.manager, &at.facts.linger) {
        (Enabled::Unclear, ..) => {
            let why = format!("{unit} starts it, and whether that is enabled was not seen");
            Finding::unknown("whether it would start after a reboot", &Why::Failed(why)).minor()
        }
        (Enabled::No | Enabled::Masked, ..) => Finding::warning(format!(
            "after a reboot it would not start: {} is not enabled, nor is {unit}, which starts it",
            lane.name
        )),
        (Enabled::Yes, Manager::SystemdUser, Fact::Known(false)) => Finding::warning(format!(
            "after a reboot {unit} would start it only when its user has logged in: linger is off"
        )),
        (Enabled::Yes, Manager::SystemdUser, Fact::Unknown(why)) => {
            let what = format!("whether {unit} would start it before its user logs in");
            Finding::unknown(&what, why).minor()
        }
        (Enabled::Yes, ..) => Finding::pass(format!("after a reboot {unit} would start it")),
    })
}

/// What an enabled service requires and systemd will not have after a boot either: what failed may then come up.
fn refused(job: &Job) -> Option<String> {
    let standing = &job.systemd.as_ref()?.lacks.as_ref()?.standing;
    let is_for_good = matches!(standing, Standing::NotFound | Standing::Masked | Standing::Refused);
    lacking(job).filter(|_| is_for_good && job.enabled == Enabled::Yes)
}

/// Why systemd would not start a unit that counts as enabled: for that a link in the directory of any target will do, and a
/// user's manager has no multi-user.target (systemd.special(7), "Units managed by the user service manager").
fn unwanted(manager: Manager, job: &Job) -> Option<&'static str> {
    let wanted = job.systemd.as_ref()?.wanted_by.as_deref()?;
    let is_of_a_desktop = |unit: &String| DESKTOP.contains(&unit.as_str());
    match (wanted, manager) {
        ([], _) => Some("is enabled for a target that its manager does not start"),
        (wanted, Manager::SystemdUser) if wanted.iter().all(is_of_a_desktop) => Some(
            "is enabled for a desktop's session alone, which begins with a login at the screen",
        ),
        _ => None,
    }
}

/// What a desktop starts in the user's manager, and no boot does.
const DESKTOP: &[&str] = &[
    "graphical-session.target",
    "graphical-session-pre.target",
    "xdg-desktop-autostart.target",
    "gnome-session.target",
    "plasma-workspace.target",
    "sway-session.target",
    "hyprland-session.target",
];

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
