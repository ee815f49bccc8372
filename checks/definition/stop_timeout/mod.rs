//! Whether the service manager kills the gateway before it has ended its work.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::job::Job;
use gw_snapshot::facts::limit::Limit;
use gw_snapshot::facts::place::Place;
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
        // What is loaded holds, also where that is no limit; the files count for what is not.
        let limit = lane.job.known().and_then(Job::stop_limit).or_else(|| written_limit(lane));
        let Some(limit) = limit.filter(|_| !lane.is_masked()) else {
            return unread(lane, "how long the service may take to stop");
        };
        let Limit::After(given) = limit else {
            let name = &lane.name;
            return Finding::pass(format!("{name} may take as long to stop as its work takes"));
        };
        let Some((stop, waits)) = at.stop().and_then(|stop| Some((stop, stop.waits?))) else {
            let settings = [&at.gateway.drain, &at.gateway.cron_drain];
            let why = settings.into_iter().find_map(|setting| setting.why()).cloned();
            let what = "how long the gateway may need to stop";
            return Finding::unknown(what, &why.unwrap_or(Why::NotObserved)).minor();
        };
        judge(at, lane, given.as_secs(), (stop, waits))
    })
}

/// The limit on disk, as its manager takes it.
fn written_limit(lane: &Lane) -> Option<Limit> {
    let (limit, _) = lane.definition.known()?.stop_timeout.as_ref()?;
    Some(lane.manager.allows(*limit))
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
    let wanted = Wanted { given, least: needed.max(waits.saturating_add(1)), lost };
    let help = help(at, lane, drift.as_ref(), &wanted);
    let finding = Finding::warning(claim);
    let set = lane.definition.known().and_then(|definition| definition.stop_timeout.as_ref());
    match set {
        Some((limit, place)) => finding.seen_at(place, format!("a limit of {limit}")).help(help),
        None => finding.help(help),
    }
}

/// True if the limit is as the installed release writes it. That of a plist is no matter of the settings.
fn is_its_own(at: &Subject<'_>, drift: &Drift<'_>, given: u64) -> bool {
    let is_loaded = written_limit(drift.lane).is_none_or(|limit| limit.seconds() == Some(given));
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

/// The limit that would do.
struct Wanted<'a> {
    /// What holds, in seconds.
    given: u64,
    /// The shortest that is long enough, in seconds.
    least: u64,
    /// What is lost meanwhile.
    lost: &'a str,
}

/// What helps, and nothing that does not: no limit that the domain cuts down, no rewrite that leaves it as short as it is,
/// and no change of the unit where a drop-in wins over it.
fn help(at: &Subject<'_>, lane: &Lane, drift: Option<&Drift<'_>>, wanted: &Wanted<'_>) -> String {
    let Wanted { given, least, lost } = *wanted;
    let shorten = shorten(lost);
    let least_limit = Limit::of_exit_timeout(least);
    if let Limit::After(longest) = lane.manager.allows(least_limit)
        && longest.as_secs() < least
    {
        return format!(
            "{} allows no more than {} s, whatever its ExitTimeOut says: {shorten}",
            lane.manager.domain(),
            longest.as_secs()
        );
    }
    let is_launchd = lane.manager.is_launchd();
    let load = if is_launchd { "load it again" } else { "have systemd read it (`daemon-reload`)" };
    let definition = lane.definition.known();
    let set = definition.and_then(|definition| definition.stop_timeout.as_ref());
    let is_dropped_in = |place: &Place| definition.is_some_and(|known| place.file != known.path);
    if let Some((limit, place)) = set
        && lane.manager.allows(*limit) >= least_limit
        && written_limit(lane).and_then(Limit::seconds) != Some(given)
    {
        return format!("{place} sets a limit of {limit}, which is not loaded: {load}");
    }
    let rewritten = drift.filter(|drift| drift.is_rewritten(at));
    let reckoned = at.stop().and_then(|stop| stop.reckoned);
    let is_mended = |drift: &&Drift<'_>| {
        let limit = drift.written.and_then(|written| written.limit(reckoned));
        limit.is_some_and(|limit| limit >= least && limit != given)
    };
    let name = if is_launchd { "ExitTimeOut" } else { "TimeoutStopSec=" };
    match (set, rewritten) {
        (Some((_, place)), _) if is_dropped_in(place) => {
            format!(
                "raise {name} to {least} or more in {place}, which wins over the unit, and {load}; or {shorten}"
            )
        }
        (_, Some(drift)) if is_mended(&drift) => {
            format!("the next {} makes that limit longer; or {shorten}", drift.rewriters())
        }
        (_, Some(_)) if !is_launchd => {
            format!(
                "set {name} to {least} or more in a drop-in, which no rewrite of the unit touches, and {load}; or {shorten}"
            )
        }
        (Some((_, place)), _) => {
            format!("raise {name} to {least} or more in {place}, and {load}; or {shorten}")
        }
        (None, _) => format!("give it {name} of {least} or more, and {load}; or {shorten}"),
    }
}

fn shorten(lost: &str) -> &'static str {
    if lost == "turns" {
        "shorten `agent.restart_drain_timeout`"
    } else {
        "shorten `agent.cron_drain_timeout`"
    }
}
