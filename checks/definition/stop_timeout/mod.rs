//! Whether the service manager kills the gateway before it has ended its work.

use std::time::Duration;

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::job::Job;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::{Lane, Manager};
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::drift::Drift;
use crate::finding::{Finding, Verdict};
use crate::spawn;
use crate::stop::Stop;
use crate::subject::unread;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_service(|lane| {
        let limit = lane.job.known().and_then(Job::stop_limit).or_else(|| written_limit(lane));
        let Some(limit) = limit.filter(|_| !lane.is_masked()) else {
            return unread(lane, "how long the service may take to stop");
        };
        let Some((stop, waits)) = at.stop().and_then(|stop| Some((stop, stop.waits?))) else {
            let settings = [&at.gateway.drain, &at.gateway.cron_drain];
            let why = settings.into_iter().find_map(|setting| setting.why()).cloned();
            let what = "how long the gateway may need to stop";
            return Finding::unknown(what, &why.unwrap_or(Why::NotObserved)).minor();
        };
        judge(at, lane, limit.as_secs(), (stop, waits))
    })
}

/// The limit on disk, as its manager takes it: launchd allows an agent no more than a minute.
fn written_limit(lane: &Lane) -> Option<Duration> {
    let (limit, _) = lane.definition.known()?.stop_timeout.as_ref()?;
    let is_agent = matches!(lane.manager, Manager::LaunchdGui(_) | Manager::LaunchdUser(_));
    Some(if is_agent { (*limit).min(LONGEST_OF_AN_AGENT) } else { *limit })
}

fn judge(at: &Subject<'_>, lane: &Lane, given: u64, (stop, waits): (Stop, u64)) -> Finding {
    // After the work has ended, it leaves its platforms and closes its databases. launchd's own limit in
    // Hermes's plist (25 s, 0.19) leaves less for that, and no more than half a minute is ever needed.
    let needed = if lane.manager.is_launchd() { Some(waits) } else { stop.needed() };
    let needed = needed.unwrap_or(waits);
    let name = &lane.name;
    if given >= needed && (waits == 0 || given > waits) {
        return Finding::pass(format!(
            "{name} has {given} s to stop, and needs {needed} s at the most"
        ));
    }
    match fits_its_limit(at, lane) {
        Some(true) => {
            return Finding::pass(format!(
                "{name} has {given} s to stop, and fits its wait of {waits} s into that: what is still under way then is interrupted in order"
            ));
        }
        None => {
            let why = Why::Failed("it may fit its wait into launchd's limit, or not".into());
            let what = format!("whether {name} is killed before it has ended its work");
            return Finding::unknown(&what, &why).minor();
        }
        Some(false) => {}
    }
    let lost = if given <= stop.turns { "turns" } else { "jobs" };
    let drift = at.drift(lane);
    if let Some((drift, version)) =
        drift.as_ref().filter(|drift| is_its_own(at, drift, given)).zip(at.version())
    {
        let claim = format!(
            "{name} is killed {given} s after it is told to stop, as Hermes {version} itself has it, and may need {needed} s: {lost} under way are lost"
        );
        let help = format!("stop it while no {lost} are under way, or {}", shorten(lost));
        let is_default = |setting: &Fact<u64>| setting.is_absent();
        let finding = if is_default(&at.gateway.drain) && is_default(&at.gateway.cron_drain) {
            Finding::note(claim)
        } else {
            Finding::warning(claim)
        };
        return finding.seen(&drift.lane.path, "no other limit").help(help);
    }
    let claim = format!(
        "{name} is killed {given} s after it is told to stop, and may need {needed} s: {lost} under way are lost"
    );
    Finding::warning(claim).help(help(at, lane, drift.as_ref(), lost))
}

/// True if the limit is as the installed release writes it. That of a plist is no matter of the settings.
fn is_its_own(at: &Subject<'_>, drift: &Drift<'_>, given: u64) -> bool {
    let is_loaded = written_limit(drift.lane).is_none_or(|limit| limit.as_secs() == given);
    drift.lane.manager.is_launchd()
        && is_loaded
        && drift.written.is_some()
        && drift.is_rewritten(at)
        && !drift.all().any(|found| found.difference.name == "ExitTimeOut")
}

/// True if the gateway fits its wait into launchd's limit, for a stop by a signal: it asks launchd in the domain of its
/// user, or in that of the system as root, and knows its label from launchd or from Hermes's own wrapper.
fn fits_its_limit(at: &Subject<'_>, lane: &Lane) -> Option<bool> {
    let asks = match lane.manager {
        Manager::SystemdUser | Manager::SystemdSystem | Manager::LaunchdUser(_) => Some(false),
        Manager::LaunchdGui(uid) => Some(uid != 0),
        Manager::LaunchdSystem => {
            let user = lane.definition.known().map(|definition| definition.user.as_deref());
            user.map(|user| matches!(user, None | Some("root" | "0")))
        }
    };
    if asks == Some(false) || !lane.name.starts_with("ai.hermes") {
        return Some(false);
    }
    if !at.has(Capability::DrainWithinLaunchdLimit)? {
        return Some(false);
    }
    let definition = lane.definition.known()?;
    let knows = match definition.role {
        Role::Gateway(_) => true,
        Role::Wrapper => spawn::is_of_hermes(definition),
        _ => false,
    };
    (asks? && knows).then_some(true)
}

fn help(at: &Subject<'_>, lane: &Lane, drift: Option<&Drift<'_>>, lost: &str) -> String {
    let rewritten = drift.filter(|drift| drift.is_rewritten(at));
    let is_launchd = lane.manager.is_launchd();
    match rewritten {
        Some(drift) if !is_launchd => {
            format!("the next {} reckons the limit anew; or {}", drift.rewriters(), shorten(lost))
        }
        Some(drift) if drift.stale.iter().any(|found| found.difference.name == "ExitTimeOut") => {
            format!("the next {} writes another limit; or {}", drift.rewriters(), shorten(lost))
        }
        _ if is_launchd => {
            format!("give it a longer ExitTimeOut, and load it again; or {}", shorten(lost))
        }
        _ => format!("give it a longer TimeoutStopSec=; or {}", shorten(lost)),
    }
}

fn shorten(lost: &str) -> &'static str {
    if lost == "turns" {
        "shorten `agent.restart_drain_timeout`"
    } else {
        "shorten `agent.cron_drain_timeout`"
    }
}

/// What the gui domain of launchd allows at the most.
const LONGEST_OF_AN_AGENT: Duration = Duration::from_secs(60);
