//! What the checks share: the ways to come at the same fact, and to say that it is not there.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::Store;
use gw_snapshot::facts::gateway::{Health, Listener};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::install::Version;
use gw_snapshot::facts::job::Job;
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::settings::{self, ApiServer};
use gw_snapshot::facts::{Lane, home};
use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, plural};

impl<'a> Subject<'a> {
    /// A file of the home.
    pub(crate) fn path(&self, name: &str) -> String {
        home::join(&self.gateway.home.path, name)
    }

    /// The services of the gateway that are more than a name.
    pub(crate) fn installed(&self) -> impl Iterator<Item = &'a Lane> {
        self.gateway.lanes.iter().filter(|lane| lane.is_installed())
    }

    /// The service to speak of, and its job.
    pub(crate) fn job(&self) -> Option<(&'a Lane, &'a Job)> {
        let lane = self.gateway.lane()?;
        Some((lane, lane.job.known()?))
    }

    /// Why there is no job to judge.
    pub(crate) fn no_job(&self) -> Vec<Finding> {
        let lane = self.gateway.lane();
        match lane.and_then(|lane| lane.job.why()) {
            Some(why) => vec![Finding::unknown("what the service does", why).minor()],
            None => vec![Finding::skipped("no service is loaded")],
        }
    }

    /// Why there is no process to judge.
    pub(crate) fn no_process(&self) -> Vec<Finding> {
        match self.gateway.liveness.process.why() {
            Some(why) => vec![Finding::unknown("whether a gateway of this home lives", why)],
            None => vec![Finding::skipped("no gateway of this home lives")],
        }
    }

    /// A process as evidence: what it is, and since when.
    pub(crate) fn with_process(&self, finding: Finding, process: &Process) -> Finding {
        let mut said = vec![process.command()];
        if let Some(age) = process.age(self.facts.now) {
            said.push(format!("for {}", crate::finding::span(age.as_secs().unsigned_abs())));
        }
        said.extend(process.seen.cgroup.iter().map(|cgroup| format!("in {cgroup}")));
        said.retain(|part| !part.is_empty());
        let finding = finding.seen(format!("process {}", process.pid), said.join(", "));
        match process.witnesses.iter().map(ToString::to_string).collect::<Vec<_>>() {
            witnesses if witnesses.is_empty() => finding,
            witnesses => finding.seen(
                format!("process {}", process.pid),
                format!("named by {}", witnesses.join(", ")),
            ),
        }
    }

    /// The API server, where one is configured.
    pub(crate) fn api(&self) -> Option<&'a ApiServer> {
        self.gateway.api.known().filter(|api| api.enabled.value)
    }

    /// Why there is no address to judge.
    pub(crate) fn no_api(&self) -> Vec<Finding> {
        match self.gateway.api.why() {
            Some(why) => vec![Finding::unknown("where the API server is to listen", why).minor()],
            None => vec![Finding::skipped("no API server is configured")],
        }
    }

    /// The version of the installed code.
    pub(crate) fn version(&self) -> Option<&'a Version> {
        self.gateway.install.as_ref()?.version.known()
    }

    /// Whether the process is within the time that a start may take (30 s a platform, and some).
    pub(crate) fn is_starting(&self) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        let runs =
            self.gateway.own_status(self.facts.about.os).and_then(|status| status.state.as_deref());
        let young = process.age(self.facts.now).is_some_and(|age| age.as_secs() < START_SECONDS);
        young && !matches!(runs, Some("running" | "degraded" | "draining"))
    }

    /// The health endpoint, if its answer can be that of this gateway.
    pub(crate) fn own_health(&self) -> Option<&'a Health> {
        let health = self.gateway.health.as_ref()?;
        self.gateway.process()?;
        self.answered_by_other(health).is_none().then_some(health)
    }

    /// Why there is no answer to judge.
    pub(crate) fn no_health(&self) -> Vec<Finding> {
        let Some(health) = &self.gateway.health else {
            return vec![Finding::skipped("there is no health endpoint to ask")];
        };
        if self.gateway.process().is_none() {
            return self.no_process();
        }
        match self.answered_by_other(health) {
            Some(listener) => {
                vec![Finding::skipped(format!(
                    "the answer is that of whoever holds {}",
                    listener.text()
                ))]
            }
            None => Vec::new(),
        }
    }

    /// The listener that answers in the gateway's place, if it is another's for sure.
    fn answered_by_other(&self, health: &Health) -> Option<&'a Listener> {
        let process = self.gateway.process()?;
        let mut asked =
            self.facts.listeners.list.iter().filter(|listener| is_at(listener, health)).peekable();
        let first = asked.peek().copied()?;
        let ours =
            asked.any(|listener| listener.is_held_by(process.pid) || listener.owners.is_none());
        (!ours).then_some(first)
    }

    /// Whether the gateway listens at the very address that was asked.
    pub(crate) fn listens_where_asked(&self, health: &Health) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        self.facts.held_by(process.pid).any(|listener| is_at(listener, health))
    }

    /// Whether the health endpoint gave such an answer.
    pub(crate) fn answered(&self, is: impl Fn(&Answer) -> bool) -> bool {
        self.gateway.health.as_ref().is_some_and(|health| is(&health.answer))
    }

    /// The job store, where the built-in ticker is to run it.
    pub(crate) fn ticked_store(&self) -> Option<&'a Store> {
        let cron = &self.gateway.cron;
        cron.store.known().filter(|_| cron.external_provider.is_none())
    }

    /// Why there is no cron to judge.
    pub(crate) fn no_cron(&self) -> Vec<Finding> {
        if let Some(provider) = &self.gateway.cron.external_provider {
            return vec![Finding::skipped(format!(
                "{provider} runs the jobs, not the built-in ticker"
            ))];
        }
        match &self.gateway.cron.store {
            Fact::Unknown(why @ (Why::Malformed(_) | Why::NotAFile(_))) => {
                vec![Finding::skipped(format!("the job store is {why}"))]
            }
            Fact::Unknown(why) => vec![Finding::unknown("which jobs there are", why).minor()],
            Fact::Known(_) | Fact::Absent => vec![Finding::skipped("no job was ever made here")],
        }
    }

    /// How often lines of a class stand in the log of this life.
    pub(crate) fn logged(&self, class: Class, what: &str) -> Vec<Finding> {
        let journal = match &self.gateway.journal {
            Fact::Known(journal) => journal,
            Fact::Absent => return vec![Finding::skipped("there is no log")],
            Fact::Unknown(why) => return vec![Finding::unknown("what the log says", why).minor()],
        };
        let Some(count) = journal.count(class) else {
            return vec![Finding::pass(format!("the log of this life does not say that {what}"))];
        };
        let life = if journal.from_start {
            "since the gateway last started"
        } else {
            "in the end of the log"
        };
        let last = count
            .last
            .map_or_else(String::new, |last| format!(", last at {last} by its own clock"));
        let lines = count.lines;
        vec![
            Finding::warning(format!(
                "the log says {lines} time{} {life} that {what}",
                plural(lines)
            ))
            .seen(self.path("logs"), format!("{lines} line{}{last}", plural(lines))),
        ]
    }
}

/// Findings about services, or that there is none.
pub(crate) fn or_not_installed(findings: Vec<Finding>) -> Vec<Finding> {
    if findings.is_empty() { vec![Finding::skipped("no service is installed")] } else { findings }
}

/// An answer as evidence.
pub(crate) fn with_answer(finding: Finding, health: &Health) -> Finding {
    let said = match &health.answer {
        Answer::Hermes { status, .. } => format!("200, status {status}"),
        Answer::Refused => "connection refused".into(),
        Answer::TimedOut => "no answer".into(),
        Answer::Closed => "closed".into(),
        Answer::NotHttp => "not HTTP".into(),
        Answer::Redirect { to } => format!("redirect to {to}"),
        Answer::Unauthorised(status) | Answer::Status(status) => status.to_string(),
        Answer::NotJson => "200, no JSON".into(),
        Answer::TooLong => "200, too long".into(),
        Answer::Foreign { what } => format!("200, {what}"),
        Answer::Unknown(why) => why.to_string(),
    };
    let time = health.ms.map_or_else(String::new, |ms| format!(" after {ms} ms"));
    finding.seen(format!("GET {}", health.url), format!("{said}{time}"))
}

/// Whether a listener is the one that a request to this URL reaches.
fn is_at(listener: &Listener, health: &Health) -> bool {
    settings::health_url(&listener.address, listener.port).as_deref() == Some(health.url.as_str())
}

/// A gateway may take 30 s a platform to connect before its API server listens (0.19), and some to load.
const START_SECONDS: i64 = 45;
