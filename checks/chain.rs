//! One line a gateway: definition, job, process, port, health, runtime, cron, broken where it breaks.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::health::Answer;
use serde::Serialize;

use crate::Subject;
use crate::finding::worst;
use crate::finding::{Finding, Verdict, span};

/// One layer. Green on one never promotes the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The layer's name.
    pub link: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What it is, in a few words.
    pub text: String,
}

/// The chain of a gateway.
pub(crate) fn links(at: &Subject<'_>, findings: &[Finding]) -> Vec<Link> {
    let of = |family: &str| {
        let in_family = |finding: &&Finding| finding.check.split('/').next() == Some(family);
        let mine: Vec<&Finding> = findings.iter().filter(in_family).collect();
        let verdict = worst(mine.iter().copied());
        let all_skipped = mine.iter().all(|finding| finding.verdict == Verdict::Skipped);
        let unknown = mine.iter().any(|finding| finding.verdict == Verdict::Unknown);
        let excused = mine.iter().any(|finding| finding.excused.is_some());
        match verdict {
            // What does not count is not as it should be, all the same.
            Verdict::Pass if excused => Verdict::Note,
            Verdict::Pass if all_skipped => Verdict::Skipped,
            // A layer with nothing but minor gaps in it has not been seen to be whole.
            Verdict::Pass
                if unknown && !mine.iter().any(|finding| finding.verdict == Verdict::Pass) =>
            {
                Verdict::Unknown
            }
            verdict => verdict,
        }
    };
    let nobody = at.gateway.liveness.process.is_absent();
    // Where nobody is known to live, a layer in which nothing is wrong is no achievement.
    let unseen = at.gateway.process().is_none();
    let behind =
        |verdict| if unseen && verdict == Verdict::Pass { Verdict::Skipped } else { verdict };
    let link = |link, family: &str, told: Result<String, &Why>| {
        let verdict = match of(family) {
            Verdict::Pass if told.is_err() => Verdict::Unknown,
            verdict => verdict,
        };
        Link { link, verdict, text: told.unwrap_or_else(|why| gist(why).into()) }
    };
    let mut links = vec![
        link("definition", "definition", definition(at)),
        link("job", "job", job(at)),
        link("process", "owner", process(at)),
        link("port", "port", port(at)),
        link("health", "health", health(at)),
        link("runtime", "runtime", runtime(at)),
        link("cron", "cron", cron(at)),
    ];
    // Where no service is installed, nothing of it is as it should be either.
    for link in links.iter_mut().take(2).filter(|_| !at.gateway.is_installed()) {
        link.verdict = match link.verdict {
            Verdict::Pass => Verdict::Skipped,
            verdict => verdict,
        };
    }
    let is_wanted = at.gateway.served_by.is_none()
        && !at.is_off()
        && (at.gateway.is_installed() || worst(findings) == Verdict::Failure);
    for link in links.iter_mut().skip(1) {
        link.verdict = match link.link {
            // What can be seen of the home is not what the gateway works with.
            "runtime" | "cron" if at.below_a_mount().is_some() => {
                link.text = "hidden by a mount".into();
                Verdict::Unknown
            }
            // What says of itself that it does not serve is not seen to serve.
            "runtime" if link.verdict == Verdict::Pass && !says_that_it_runs(at) => {
                Verdict::Unknown
            }
            "process" if nobody && is_wanted => Verdict::Failure,
            // A refusal that is no fault yet is no good answer either.
            "health" if link.verdict == Verdict::Pass && !answers(at) => Verdict::Skipped,
            "health" if link.verdict == Verdict::Pass && is_hidden(at) => Verdict::Unknown,
            // A mark that is late is no good sign, whatever may excuse it.
            "cron" if link.verdict == Verdict::Pass && is_late(at) => {
                link.text.push_str(", a run may be under way");
                Verdict::Unknown
            }
            // That nothing is wrong with a listener is no listener.
            "port"
                if link.verdict == Verdict::Pass
                    && at.api().is_some()
                    && !listens(at)
                    && !answers(at) =>
            {
                Verdict::Skipped
            }
            // Where it should listen is not known; where it does was seen.
            "port" if link.verdict == Verdict::Unknown && listens(at) => Verdict::Pass,
            _ => behind(link.verdict),
        };
    }
    links
}

/// A reason in two words: the findings say the rest.
fn gist(why: &Why) -> &'static str {
    match why {
        Why::NotObserved => "not observed",
        Why::TimedOut => "timed out",
        Why::Denied { .. } => "denied",
        Why::Malformed(_) => "invalid",
        Why::TooLarge { .. } => "too large",
        Why::NotAFile(_) => "no file",
        Why::SymlinkLoop => "link loop",
        Why::NoProgram(_) | Why::Failed(_) => "not told",
    }
}

fn definition<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    match at.installed().count() {
        0 => match at.gateway.lanes.iter().find_map(|lane| lane.definition.why()) {
            Some(why) => Err(why),
            None => Ok("none".into()),
        },
        1 => Ok(at.gateway.lane().map(name).unwrap_or_default()),
        count => Ok(format!("{count} services")),
    }
}

fn name(lane: &Lane) -> String {
    if lane.is_masked() { format!("{}, masked", lane.name) } else { lane.name.clone() }
}

fn job<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    match at.gateway.lane().map(|lane| &lane.job) {
        Some(Fact::Known(job)) => Ok(job.words.clone()),
        Some(Fact::Absent) if at.is_without_systemd() => Ok("none".into()),
        Some(Fact::Absent) => Ok("not loaded".into()),
        Some(Fact::Unknown(why)) => Err(why),
        None => Err(&Why::NotObserved),
    }
}

fn process<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    let process = match &at.gateway.liveness.process {
        Fact::Known(process) => process,
        Fact::Absent => {
            return Ok(match &at.gateway.served_by {
                Some(served) => format!("none, served by PID {}", served.pid),
                None => "none".into(),
            });
        }
        Fact::Unknown(why) => return Err(why),
    };
    let state = match () {
        () if process.is_zombie() => ", zombie",
        () if process.is_stopped() => ", stopped",
        () if at.frozen().is_some() => ", frozen",
        () => "",
    };
    Ok(match &at.gateway.supervision {
        Supervision::None { place } => format!("PID {}{state}, {place}", process.pid),
        Supervision::Other { unit, .. } => format!("PID {}{state}, in {unit}", process.pid),
        _ => format!("PID {}{state}", process.pid),
    })
}

/// True if the status of the gateway's own process says that it runs, or says nothing.
fn says_that_it_runs(at: &Subject<'_>) -> bool {
    let status = at.gateway.own_status(at.facts.about.os);
    let state = status.and_then(|status| status.state.as_deref());
    state.is_none_or(|state| matches!(state, "running" | "degraded"))
}

fn answers(at: &Subject<'_>) -> bool {
    at.own_health().is_some_and(|health| matches!(health.answer, Answer::Hermes { .. }))
}

fn is_hidden(at: &Subject<'_>) -> bool {
    at.own_health().is_some_and(|health| at.is_answered_by_nobody_seen(health))
}

fn listens(at: &Subject<'_>) -> bool {
    at.gateway.process().is_some_and(|process| at.facts.held_by(process.pid).next().is_some())
}

fn port<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    let own = at.gateway.process().map(|process| process.pid);
    let held: Vec<String> = own
        .map(|pid| at.facts.held_by(pid).map(gw_snapshot::facts::gateway::Listener::text).collect())
        .unwrap_or_default();
    let in_vain = || at.api_in_vain().filter(|(_, in_vain)| !in_vain.is_meant);
    match (at.api(), at.gateway.api.why()) {
        _ if !held.is_empty() => Ok(held.join(", ")),
        _ if at.gateway.served_by.is_some() => Ok(of_server(at)),
        (Some(api), _) => Ok(api.address()),
        (None, Some(why)) => Err(why),
        (None, None) => {
            Ok(in_vain().map_or_else(|| "none wanted".into(), |(api, _)| api.address()))
        }
    }
}

/// The listener of the gateway that serves this profile.
fn of_server(at: &Subject<'_>) -> String {
    let server = at.gateway.served_by.as_ref();
    let gateway = server.and_then(|server| at.facts.gateway_of(server.pid));
    let listener = gateway.and_then(|gateway| at.facts.api_listener(gateway));
    let address = listener.map_or_else(String::new, |listener| format!(" {}", listener.text()));
    server.map_or_else(
        || "none wanted".into(),
        |server| format!("that of {}{address}", server.profile),
    )
}

fn health<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    let Some(health) = at.own_health() else { return Ok("not asked".into()) };
    Ok(match &health.answer {
        Answer::Hermes { .. } => {
            health.ms.map_or_else(|| "200".into(), |ms| format!("200 in {ms} ms"))
        }
        Answer::Refused => "refused".into(),
        Answer::TimedOut => "no answer".into(),
        Answer::Closed => "hung up".into(),
        Answer::Status(status) | Answer::Unauthorised { status, .. } => status.to_string(),
        Answer::Redirect { .. } => "redirects".into(),
        Answer::NotJson | Answer::NotHttp | Answer::TooLong | Answer::Foreign { .. } => {
            "not Hermes".into()
        }
        Answer::Unknown(why) => return Err(why),
    })
}

fn runtime<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    Ok(match &at.gateway.status {
        Fact::Known(status) => {
            let state = status.state.clone().unwrap_or_else(|| "no state".into());
            match at.gateway.own_status(at.facts.about.os) {
                Some(_) => state,
                None if at.gateway.liveness.process.why().is_some() => {
                    format!("{state}, of a process not seen")
                }
                None if at.foreign_status().is_some() => format!("{state}, of another process"),
                None => format!("{state}, of an earlier process"),
            }
        }
        Fact::Absent => "none".into(),
        Fact::Unknown(why) => return Err(why),
    })
}

/// Whether the ticker of a gateway that lives has not come round for too long.
fn is_late(at: &Subject<'_>) -> bool {
    let beat = at.gateway.cron.heartbeat.known().filter(|_| at.gateway.process().is_some());
    beat.and_then(|beat| at.age_of(beat.at)).is_some_and(|age| age > at.late_after())
}

fn cron<'a>(at: &Subject<'a>) -> Result<String, &'a Why> {
    let cron = &at.gateway.cron;
    let jobs = match &cron.store {
        Fact::Known(store) => match store.active().count() {
            0 => "no jobs".to_string(),
            1 => "1 job".to_string(),
            count => format!("{count} jobs"),
        },
        Fact::Absent => "no jobs".into(),
        Fact::Unknown(why) => return Err(why),
    };
    if at.pause().is_some() && (at.gateway.process().is_some() || at.gateway.served_by.is_some()) {
        return Ok(format!("{jobs}, paused"));
    }
    Ok(match (&cron.heartbeat, at.gateway.process()) {
        (Fact::Known(beat), Some(_)) => {
            let age = at.facts.now.duration_since(beat.at).as_secs();
            match u64::try_from(age) {
                Ok(age) => {
                    let by = at.left_by_another(beat);
                    let by = by.map_or_else(String::new, |pid| format!(" by PID {pid}"));
                    format!("{jobs}, ticked {} ago{by}", span(age))
                }
                Err(_) => format!("{jobs}, ticked in the future"),
            }
        }
        _ => jobs,
    })
}
