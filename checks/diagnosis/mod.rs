//! Named causes. One screen must not hold fourteen symptoms of one of them.
//!
//! A diagnosis is a folder with its page, like a check, and is registered by its line below. The order is
//! that of the reasoning: what stands above explains what stands below.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::{Listener, Supervision};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::job::Job;
use jiff::civil::Date;
use serde::Serialize;

use crate::Subject;
use crate::finding::{Excused, Finding, Verdict, span, worst};
use crate::subject::Off;

/// A cause that explains findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Its name: public API.
    pub id: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// One sentence without a full stop: what is so, and what follows from it.
    pub summary: String,
    /// The checks whose findings it explains.
    pub explains: Vec<&'static str>,
    /// Why it does not count, where the policy says that it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excused: Option<Excused>,
}

impl Diagnosis {
    /// Found, and not counted.
    pub(crate) fn excuse(&mut self, reason: &str, until: Date) {
        let excused = Excused {
            was: Verdict::Failure,
            reason: reason.into(),
            until: Some(until),
            essential: false,
        };
        self.summary = format!("{}: {}", excused.words(), self.summary);
        self.excused = Some(excused);
    }
}

/// How sure a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It fits, and so would another.
    Possible,
    /// It fits best.
    Likely,
    /// Every part of it was seen.
    Certain,
}

impl Certainty {
    /// How it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A kind of diagnosis.
pub struct Kind {
    /// Its name.
    pub id: &'static str,
    /// Its page.
    pub page: &'static str,
    find: fn(&Case<'_>) -> Option<Found>,
}

/// A gateway with its findings.
pub(crate) struct Case<'a> {
    pub(crate) at: &'a Subject<'a>,
    findings: &'a [Finding],
}

/// What a diagnosis found.
pub(crate) struct Found {
    certainty: Certainty,
    summary: String,
    explains: Vec<&'static str>,
    /// Whether it is to be said though nothing that it explains is wrong.
    stands_alone: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "a diagnosis ends with one of these, or with None")]
impl Found {
    fn certain(summary: impl Into<String>, explains: &'static [&'static str]) -> Option<Self> {
        Some(Self::new(Certainty::Certain, summary, explains))
    }

    fn likely(summary: impl Into<String>, explains: &'static [&'static str]) -> Option<Self> {
        Some(Self::new(Certainty::Likely, summary, explains))
    }

    fn new(
        certainty: Certainty,
        summary: impl Into<String>,
        explains: &'static [&'static str],
    ) -> Self {
        let explains = explains.to_vec();
        Self { certainty, summary: summary.into(), explains, stands_alone: false }
    }

    /// A state that is meant, and that is to be said though nothing is wrong.
    fn meant(summary: impl Into<String>, explains: &'static [&'static str]) -> Option<Self> {
        let found = Self::new(Certainty::Certain, summary, explains);
        Some(Self { stands_alone: true, ..found })
    }

    /// It explains these as well.
    fn also(mut self, explains: &'static [&'static str]) -> Self {
        self.explains.extend(explains);
        self
    }
}

impl<'a> Case<'a> {
    /// The first thing that a check found wrong.
    pub(crate) fn found(&self, check: &str) -> Option<&'a Finding> {
        let is_wrong =
            |finding: &&Finding| matches!(finding.verdict, Verdict::Failure | Verdict::Warning);
        self.findings.iter().filter(is_wrong).find(|finding| finding.check == check)
    }

    /// The service of which a finding speaks, and its job.
    pub(crate) fn of(&self, finding: &Finding) -> Option<(&'a Lane, &'a Job)> {
        let title = finding.scope.service.as_deref();
        let mut all = self.at.job().into_iter().chain(self.at.beside());
        all.find(|(lane, _)| title == Some(lane.title().as_str()))
    }

    /// Whether a check found something that needs an explanation: something wrong, or a gap that
    /// leaves the gateway's state open.
    fn speaks(&self, check: &str) -> bool {
        let is_open = |finding: &Finding| {
            finding.check == check && finding.verdict == Verdict::Unknown && finding.essential
        };
        self.found(check).is_some() || self.findings.iter().any(is_open)
    }

    /// Whether a check found something wrong.
    pub(crate) fn failed(&self, check: &str) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.check == check && finding.verdict == Verdict::Failure)
    }
}

macro_rules! diagnoses {
    ($($name:ident $id:literal),* $(,)?) => {
        $(
            #[doc = include_str!(concat!(stringify!($name), "/README.md"))]
            mod $name;
        )*

        /// Every diagnosis, causes before their consequences.
        pub static DIAGNOSES: &[Kind] = &[$(Kind {
            id: $id,
            page: include_str!(concat!(stringify!($name), "/README.md")),
            find: $name::find,
        }),*];
    };
}

diagnoses! {
    home_inaccessible "home-inaccessible",
    home_mounted_over "home-mounted-over",
    home_not_writable "home-not-writable",
    disk_full "disk-full",
    closed_files "closed-files",
    command_at_work "command-at-work",
    masked "masked",
    package_gone "package-gone",
    exec_failed_before_hermes "exec-failed-before-hermes",
    detached_fallback "detached-fallback",
    two_gateways "two-gateways",
    foreground_owns_gateway "foreground-owns-gateway",
    two_supervisors "two-supervisors",
    frozen "frozen",
    wedged "wedged",
    sibling_port_owner "sibling-port-owner",
    foreign_port_owner "foreign-port-owner",
    served_by_another "served-by-another",
    fatal_config "fatal-config",
    self_restarting_job "self-restarting-job",
    crash_loop "crash-loop",
    api_server_refused "api-server-refused",
    api_server_not_enabled "api-server-not-enabled",
    dependency_missing "dependency-missing",
    disabled_override "disabled-override",
    unloaded_by_interrupted_restart "unloaded-by-interrupted-restart",
    parked_after_planned_exit "parked-after-planned-exit",
    stuck_in_stop "stuck-in-stop",
    restarting "restarting",
    starting "starting",
    draining "draining",
    paused "paused",
    migration_interrupted "migration-interrupted",
    host_gateway_down "host-gateway-down",
    not_installed "not-installed",
    stop_phase_death "stop-phase-death",
    stale_records "stale-records",
    stopped_on_purpose "stopped-on-purpose",
    installed_not_loaded "installed-not-loaded",
    loaded_not_running "loaded-not-running",
    definition_removed "definition-removed",
    not_running "not-running",
    loaded_definition_old "loaded-definition-old",
    stale_definition "stale-definition",
    store_not_ticked "store-not-ticked",
    cron_store_broken "cron-store-broken",
    jobs_lost "jobs-lost",
    ticks_blocked "ticks-blocked",
    ticker_dead "ticker-dead",
    slow_answer "slow-answer",
    platforms_failing "platforms-failing",
    session_store_damaged "session-store-damaged",
    stale_code "stale-code",
    cron_jobs_failing "cron-jobs-failing",
    wrong_home "wrong-home",
    sticky_profile "sticky-profile",
    not_durable "not-durable",
    observer_limited "observer-limited",
    healthy "healthy",
}

/// The checks whose findings follow from a start, a stop or a restart that is under way.
const TRANSIENT: &[&str] = &[
    "job/under-way",
    "job/not-running",
    "job/not-loaded",
    "job/restarting",
    "job/draining",
    "job/last-exit",
    "job/killed",
    "definition/loaded-differs",
    "definition/missing",
    "owner/unsupervised",
    "owner/stale-pid-file",
    "owner/pid-reused",
    "owner/stale-code",
    "port/no-listener",
    "health/refused",
    "health/timeout",
    "health/version-skew",
    "runtime/draining",
    "runtime/left-by-another",
    "runtime/restart-requested",
    "cron/no-ticker",
    "cron/overdue",
    "cron/ticker-late",
];

/// The name of the diagnosis that there is nothing to diagnose.
pub const HEALTHY: &str = "healthy";

/// The causes of a gateway's findings, the one to speak of first.
pub(crate) fn diagnose(at: &Subject<'_>, findings: &[Finding]) -> Vec<Diagnosis> {
    let case = Case { at, findings };
    let mut diagnoses: Vec<Diagnosis> = Vec::new();
    for kind in DIAGNOSES {
        let Some(found) = (kind.find)(&case) else { continue };
        let mut explains: Vec<&str> =
            found.explains.iter().filter(|check| case.speaks(check)).copied().collect();
        // What tells why the job is between two runs tells what is under way.
        let follows = ["job/restarting", "job/not-running"];
        if case.speaks("job/under-way")
            && !explains.contains(&"job/under-way")
            && follows.iter().any(|check| explains.contains(check))
        {
            explains.push("job/under-way");
        }
        // What a cause already explains needs no second one.
        let is_new = |check: &&str| !diagnoses.iter().any(|known| known.explains.contains(check));
        if found.stands_alone || explains.iter().any(is_new) {
            diagnoses.push(Diagnosis {
                id: kind.id,
                certainty: found.certainty,
                summary: found.summary,
                explains,
                excused: None,
            });
        }
    }
    // What is surely wrong goes before what merely will be, or could not be seen.
    let fails = |diagnosis: &Diagnosis| diagnosis.explains.iter().any(|check| case.failed(check));
    diagnoses.sort_by_key(|diagnosis| !fails(diagnosis));
    // A fault that somebody accepts is a fault: whoever has one is not healthy.
    let is_fault = |finding: &Finding| {
        finding.excused.as_ref().is_some_and(|it| {
            it.was == Verdict::Failure || it.essential && it.was == Verdict::Unknown
        })
    };
    let is_well = at.is_off() || !findings.iter().any(is_fault);
    if diagnoses.is_empty()
        && is_well
        && matches!(worst(findings), Verdict::Pass | Verdict::Warning)
    {
        diagnoses.extend(nothing_wrong(at));
    }
    diagnoses
}

/// Nothing is wrong: because all is well, or because there is nothing here to go wrong.
fn nothing_wrong(at: &Subject<'_>) -> Option<Diagnosis> {
    if at.gateway.process().is_some() || at.job().is_some_and(|(_, job)| job.main_pid.is_some()) {
        return Some(healthy(at));
    }
    if let Some(off) = at.off() {
        let summary = match off {
            Off::ByPolicy => "the policy means this gateway to be off, and none lives".into(),
            Off::Parked(since) => {
                let since = since
                    .and_then(|since| at.age_of(since))
                    .map_or_else(String::new, |age| format!(" {} ago", span(age.unsigned_abs())));
                format!(
                    "this profile was parked{since}: its platforms and its jobs rest until `hermes -p {} gateway start`",
                    at.gateway.home.profile
                )
            }
        };
        return Some(Diagnosis {
            id: "stopped-on-purpose",
            certainty: Certainty::Certain,
            summary,
            explains: Vec::new(),
            excused: None,
        });
    }
    if let Some(served) = &at.gateway.served_by {
        return Some(Diagnosis {
            id: "served-by-another",
            certainty: Certainty::Certain,
            summary: format!(
                "the gateway of profile {} (PID {}) serves this one too: it needs none of its own",
                served.profile, served.pid
            ),
            explains: Vec::new(),
            excused: None,
        });
    }
    let is_looked_for = at.gateway.lanes.iter().all(|lane| lane.definition.is_absent());
    let nobody =
        at.gateway.liveness.process.is_absent() && !at.gateway.is_installed() && is_looked_for;
    nobody.then(|| Diagnosis {
        id: "not-installed",
        certainty: Certainty::Certain,
        summary: "no gateway is set up for this profile, which is no fault by itself".into(),
        explains: Vec::new(),
        excused: None,
    })
}

fn healthy(at: &Subject<'_>) -> Diagnosis {
    let process = at.gateway.process().map(|process| format!("PID {}", process.pid));
    // That a service is there does not say that this process is its own.
    let is_its_own = at.gateway.process().is_none()
        || matches!(at.gateway.supervision, Supervision::Lane(_))
        || at.gateway.lane().is_some_and(|lane| !lane.manager.is_launchd());
    let service = at
        .gateway
        .lane()
        .filter(|lane| lane.is_installed() && is_its_own)
        .map(|lane| format!("under {}", lane.title()));
    let answers = at.own_health().is_some_and(|own| matches!(own.answer, Answer::Hermes { .. }));
    let told = at.api().map(|api| api.open().is_none().then(|| api.address()));
    let listens = || at.facts.api_listener(at.gateway).map(Listener::text);
    let address = told.filter(|_| answers).and_then(|told| told.or_else(listens));
    let address = address.map(|address| format!("answers on {address}"));
    let parts: Vec<String> = [process, service, address].into_iter().flatten().collect();
    let summary = if parts.is_empty() { "nothing is wrong".to_string() } else { parts.join(", ") };
    Diagnosis {
        id: HEALTHY,
        certainty: Certainty::Certain,
        summary,
        explains: Vec::new(),
        excused: None,
    }
}
