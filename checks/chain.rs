//! One line a gateway: definition, job, process, port, health, runtime, cron, broken where it breaks.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::health::Answer;
use serde::Serialize;

use crate::Subject;
use crate::examine::worst;
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
        match verdict {
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
    // Where nobody lives, a layer in which nothing is wrong is no achievement.
    let behind =
        |verdict| if nobody && verdict == Verdict::Pass { Verdict::Skipped } else { verdict };
    let link = |link, family: &str, text: String| {
        let verdict = match of(family) {
            Verdict::Pass if text == "?" => Verdict::Unknown,
            verdict => verdict,
        };
        Link { link, verdict, text }
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
    let is_wanted = at.gateway.is_installed() || worst(findings) == Verdict::Failure;
    for link in links.iter_mut().skip(1) {
        link.verdict = match link.link {
            "process" if nobody && is_wanted => Verdict::Failure,
            _ => behind(link.verdict),
        };
    }
    links
}

fn definition(at: &Subject<'_>) -> String {
    match at.installed().count() {
        0 if at.gateway.lanes.iter().all(|lane| lane.definition.is_absent()) => "none".into(),
        0 => "?".into(),
        1 => at.gateway.lane().map(|lane| lane.name.clone()).unwrap_or_default(),
        count => format!("{count} services"),
    }
}

fn job(at: &Subject<'_>) -> String {
    match at.gateway.lane().map(|lane| &lane.job) {
        Some(Fact::Known(job)) => job.words.clone(),
        Some(Fact::Absent) => "not loaded".into(),
        Some(Fact::Unknown(_)) | None => "?".into(),
    }
}

fn process(at: &Subject<'_>) -> String {
    let process = match &at.gateway.liveness.process {
        Fact::Known(process) => process,
        Fact::Absent => return "none".into(),
        Fact::Unknown(_) => return "?".into(),
    };
    let state = match () {
        () if process.is_zombie() => ", zombie",
        () if process.is_stopped() => ", stopped",
        () => "",
    };
    match &at.gateway.supervision {
        Supervision::None { place } => format!("PID {}{state}, in {place}", process.pid),
        _ => format!("PID {}{state}", process.pid),
    }
}

fn port(at: &Subject<'_>) -> String {
    let own = at.gateway.process().map(|process| process.pid);
    let held: Vec<String> = own
        .map(|pid| at.facts.held_by(pid).map(gw_snapshot::facts::gateway::Listener::text).collect())
        .unwrap_or_default();
    match (at.api(), held.is_empty()) {
        (_, false) => held.join(", "),
        (Some(api), true) => api.address(),
        (None, true) if at.gateway.api.why().is_some() => "?".into(),
        (None, true) => "none wanted".into(),
    }
}

fn health(at: &Subject<'_>) -> String {
    let Some(health) = at.own_health() else { return "not asked".into() };
    match &health.answer {
        Answer::Hermes { .. } => {
            health.ms.map_or_else(|| "200".into(), |ms| format!("200 in {ms} ms"))
        }
        Answer::Refused => "refused".into(),
        Answer::TimedOut => "no answer".into(),
        Answer::Closed => "hung up".into(),
        Answer::Status(status) | Answer::Unauthorised(status) => status.to_string(),
        Answer::Redirect { .. } => "redirects".into(),
        Answer::NotJson | Answer::NotHttp | Answer::TooLong | Answer::Foreign { .. } => {
            "not Hermes".into()
        }
        Answer::Unknown(_) => "?".into(),
    }
}

fn runtime(at: &Subject<'_>) -> String {
    match &at.gateway.status {
        Fact::Known(status) => {
            let state = status.state.clone().unwrap_or_else(|| "no state".into());
            match at.gateway.own_status(at.facts.about.os) {
                Some(_) => state,
                None => format!("{state}, of an earlier process"),
            }
        }
        Fact::Absent => "none".into(),
        Fact::Unknown(_) => "?".into(),
    }
}

fn cron(at: &Subject<'_>) -> String {
    let cron = &at.gateway.cron;
    let jobs = match &cron.store {
        Fact::Known(store) => match store.active().count() {
            0 => "no jobs".to_string(),
            1 => "1 job".to_string(),
            count => format!("{count} jobs"),
        },
        Fact::Absent => "no jobs".into(),
        Fact::Unknown(_) => return "?".into(),
    };
    match (&cron.heartbeat, at.gateway.process()) {
        (Fact::Known(beat), Some(_)) => {
            let age = at.facts.now.duration_since(*beat).as_secs();
            match u64::try_from(age) {
                Ok(age) => format!("{jobs}, ticked {} ago", span(age)),
                Err(_) => format!("{jobs}, ticked in the future"),
            }
        }
        _ => jobs,
    }
}
