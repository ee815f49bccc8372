//! What the checks share: the ways to come at the same fact, and to say that it is not there.

pub(crate) mod cron;
pub(crate) mod endings;
pub(crate) mod log;
mod mount;
pub(crate) mod port;
pub(crate) mod rest;
pub(crate) mod start;
mod user;
pub(crate) mod version;

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::Job;
use gw_snapshot::facts::job::systemd::{Freezer, Standing};
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::record::{Platform, Status};
use gw_snapshot::facts::release::{Capability, Version};
use gw_snapshot::facts::{Gateway, Lane, home};
use gw_snapshot::parse::cmdline::{self, Role};
use jiff::{SignedDuration, Timestamp};

use crate::Subject;
use crate::finding::{Finding, span};
use crate::intent::Expected;
use crate::stop::Stop;

/// Why a gateway is meant to be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    /// The operator's policy says so.
    ByPolicy,
    /// Somebody stopped the profile, which the gateway of another one would serve (0.21.5+). Since when.
    Parked(Option<Timestamp>),
}

impl Off {
    /// Returns the reason in a few words.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::ByPolicy => "meant to be off",
            Self::Parked(_) => "parked on purpose",
        }
    }
}

/// The platforms of a profile, and who serves them.
pub(crate) struct Platforms<'a> {
    /// The gateway: the profile's own, or the one that serves it.
    pub(crate) host: &'a Gateway,
    /// Its process.
    pub(crate) process: &'a Process,
    /// What its status says, by the names that the platforms have in the profile.
    pub(crate) here: Vec<(&'a str, &'a Platform)>,
}

impl<'a> Subject<'a> {
    /// A file of the home.
    pub(crate) fn path(&self, name: &str) -> String {
        home::join(&self.gateway.home.path, name)
    }

    /// Returns why this gateway is meant to be off, where it is and none is seen to live.
    pub(crate) fn off(&self) -> Option<Off> {
        if !self.gateway.liveness.process.is_absent() {
            return None;
        }
        if self.intent.policy.off(&self.gateway.home.profile).is_some() {
            return Some(Off::ByPolicy);
        }
        // Hermes heeds the file in the home of a named profile alone.
        let is_named = self.gateway.home.profile != "default";
        let parked = self.gateway.marks.parked.known().filter(|_| is_named);
        parked.map(|since| Off::Parked(*since))
    }

    /// True if this gateway is meant to be off, and none is seen to live.
    pub(crate) fn is_off(&self) -> bool {
        self.off().is_some()
    }

    /// What the policy expects of this gateway.
    pub(crate) fn expected(&self) -> impl Iterator<Item = &'a Expected> {
        self.intent.policy.expected_of(&self.gateway.home.profile)
    }

    /// Why nothing can be expected of this gateway.
    pub(crate) fn expects_nothing(&self) -> Option<&'static str> {
        if let Some(off) = self.off() {
            Some(match off {
                Off::ByPolicy => "the policy means this gateway to be off",
                Off::Parked(_) => "this profile is parked",
            })
        } else if self.has_gateway() {
            None
        } else {
            Some("no gateway of this home is installed or has ever run")
        }
    }

    /// Returns the gateway that serves this profile, its process, and what its own status says of the platforms here. A gateway that serves
    /// others writes theirs under `PROFILE:PLATFORM` (0.20+).
    pub(crate) fn platforms(&self) -> Option<Platforms<'a>> {
        let os = self.facts.about.os;
        let host = match &self.gateway.served_by {
            Some(served) => self.facts.gateway_of(served.pid)?,
            None => self.gateway,
        };
        let (process, status) = (host.process()?, host.own_status(os)?);
        let is_served = self.gateway.served_by.is_some();
        let of_this = |platform: &'a Platform| {
            if !is_served {
                return Some((platform.name.as_str(), platform));
            }
            let rest = platform.name.strip_prefix(self.gateway.home.profile.as_str())?;
            Some((rest.strip_prefix(':')?, platform))
        };
        let here = status.platforms.iter().filter_map(of_this).collect();
        Some(Platforms { host, process, here })
    }

    /// Returns the gateway that serves this profile as soon as it lives, and what is under way with it.
    pub(crate) fn host(&self) -> Option<(&'a Gateway, Option<String>)> {
        let profile = self.gateway.rests_with.as_ref()?;
        let host = self.facts.gateways.iter().find(|host| host.home.profile == *profile)?;
        let there = Subject::new(self.facts, host, self.intent);
        Some((host, there.under_way().map(|what| there.says(what))))
    }

    /// The services of the gateway that are more than a name.
    pub(crate) fn installed(&self) -> impl Iterator<Item = &'a Lane> {
        self.gateway.lanes.iter().filter(|lane| lane.is_installed())
    }

    /// One finding for each installed service, and one that says so where there is none.
    pub(crate) fn each_service(&self, judge: impl Fn(&'a Lane) -> Finding) -> Vec<Finding> {
        let of_its_service = |lane| judge(lane).of_service(lane.title());
        or_not_installed(self.installed().map(of_its_service).collect())
    }

    /// The same of what stands on disk: one finding for each file, in however many domains it is loaded.
    pub(crate) fn each_file(&self, judge: impl Fn(&'a Lane) -> Finding) -> Vec<Finding> {
        let mut seen: Vec<&str> = Vec::new();
        let mut lanes: Vec<&Lane> = self.installed().collect();
        lanes.retain(|lane| {
            let is_new = lane.path.is_empty() || !seen.contains(&lane.path.as_str());
            seen.push(&lane.path);
            is_new
        });
        let of_its_service = |lane: &'a Lane| judge(lane).of_service(lane.title());
        or_not_installed(lanes.into_iter().map(of_its_service).collect())
    }

    /// The same for what a definition says. `what` is not known of one that cannot be read.
    pub(crate) fn each_definition(
        &self,
        what: &str,
        judge: impl Fn(&'a Lane, &'a Definition) -> Finding,
    ) -> Vec<Finding> {
        self.each_file(|lane| match lane.definition.known() {
            Some(definition) if !lane.has_an_empty_file() => judge(lane, definition),
            _ => unread(lane, what),
        })
    }

    /// The service to speak of, and its job.
    pub(crate) fn job(&self) -> Option<(&'a Lane, &'a Job)> {
        let lane = self.gateway.lane()?;
        Some((lane, lane.job.known()?))
    }

    /// The jobs of the further services of this home, beside the one to speak of.
    pub(crate) fn beside(&self) -> impl Iterator<Item = (&'a Lane, &'a Job)> {
        let spoken_of = self.gateway.lane();
        self.installed()
            .filter(move |lane| !spoken_of.is_some_and(|spoken_of| std::ptr::eq(spoken_of, *lane)))
            .filter_map(|lane| Some((lane, lane.job.known()?)))
    }

    /// Returns the processes of our own user that look like gateways, and of which nothing tells the home.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = &'a Process> {
        let about = &self.facts.about;
        let own = self.gateway.process().and_then(|process| process.seen.uid).or(about.uid);
        self.facts.strangers.iter().filter(move |stranger| {
            let is_same_user = stranger.seen.uid.is_none() || stranger.seen.uid == own;
            is_same_user && !stranger.is_elsewhere(about)
        })
    }

    /// Whether there is no systemd on this host, and so nothing of this gateway is loaded.
    pub(crate) fn is_without_systemd(&self) -> bool {
        self.facts.has_hint("no-systemd")
            && self.gateway.lanes.iter().all(|lane| lane.job.is_absent())
    }

    /// That what becomes of the gateway is for something to say that is not known here: where there is no
    /// systemd, a container's own start or another supervisor may keep what stands in no unit.
    pub(crate) fn kept_by_another(&self, what: &str) -> Option<Finding> {
        let (Supervision::None { .. }, true) =
            (&self.gateway.supervision, self.is_without_systemd())
        else {
            return None;
        };
        if self.facts.has_hint("container") {
            let why = "in a container without systemd, the container's own start keeps it";
            return Some(Finding::skipped(why));
        }
        let has_terminal = self.gateway.process().is_some_and(|process| process.seen.tty.is_some());
        let why = "there is no systemd on this host, and what else may keep it is not known here";
        (!has_terminal).then(|| Finding::unknown(what, &Why::Failed(why.into())).minor())
    }

    /// The service of the gateway's process, where systemd holds its processes still, and how.
    pub(crate) fn frozen(&self) -> Option<(&'a Lane, Freezer)> {
        let Supervision::Lane(at) = self.gateway.supervision else { return None };
        let lane = self.gateway.lanes.get(at)?;
        let freezer = lane.job.known()?.systemd.as_ref()?.freezer;
        (freezer != Freezer::Thawed).then_some((lane, freezer))
    }

    /// Returns the job of launchd's whose script started the gateway and lost it, where it runs under none: what a job starts
    /// has its label in `XPC_SERVICE_NAME`, and hands it on. A gateway that the job runs itself hands it on as well, to what
    /// Hermes detaches on purpose.
    pub(crate) fn let_go_by(&self) -> Option<&'a Lane> {
        let Supervision::None { .. } = self.gateway.supervision else { return None };
        let label = self.gateway.process()?.seen.env.as_ref()?.get("XPC_SERVICE_NAME")?;
        let mut lanes = self.gateway.lanes.iter().filter(|lane| lane.manager.is_launchd());
        lanes.find(|lane| lane.name == *label && runs_a_script(lane))
    }

    /// Why there is no job to judge.
    pub(crate) fn no_job(&self) -> Vec<Finding> {
        let lane = self.gateway.lane();
        match lane.and_then(|lane| lane.job.why()) {
            Some(why) => vec![Finding::unknown("what the service does", why).minor()],
            None => vec![Finding::skipped("no service is loaded")],
        }
    }

    /// Says why there is no process to judge. That a gateway may live unseen is said once: by `owner/unsupervised`.
    pub(crate) fn no_process(&self) -> Vec<Finding> {
        match self.gateway.liveness.process.why() {
            Some(why) => {
                vec![Finding::unknown("whether a gateway of this home lives", why).minor()]
            }
            None => vec![Finding::skipped("no gateway of this home lives")],
        }
    }

    /// A process as evidence: what it is, and since when.
    pub(crate) fn with_process(&self, finding: Finding, process: &Process) -> Finding {
        let mut said = vec![process.command()];
        if let Some(age) = process.age(self.facts.now) {
            said.push(format!("for {}", span(age.as_secs().unsigned_abs())));
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

    /// Whether a gateway of this home is to run, or ever did: a profile may be no more than settings.
    pub(crate) fn has_gateway(&self) -> bool {
        let gateway = self.gateway;
        gateway.is_installed()
            || !gateway.liveness.process.is_absent()
            || !gateway.status.is_absent()
    }

    /// The version of the installed code.
    pub(crate) fn version(&self) -> Option<&'a Version> {
        self.gateway.install.as_ref()?.version.known()
    }

    /// Why it is not known what the installed release writes into definitions.
    pub(crate) fn unknown_writing(&self) -> Why {
        match self.gateway.install.as_ref().map(|install| &install.version) {
            Some(Fact::Known(version)) => {
                Why::Failed(format!("what {version} writes is not known here"))
            }
            Some(Fact::Unknown(why)) => why.clone(),
            Some(Fact::Absent) => Why::Failed("the installed code bears no version".into()),
            None => Why::NotObserved,
        }
    }

    /// True if the installed code can do this, false if it cannot. None where its version does not tell, or is not known.
    pub(crate) fn has(&self, capability: Capability) -> Option<bool> {
        self.version()?.has(capability)
    }

    /// The same of the code that its process runs, which may be another than the installed one.
    pub(crate) fn runs_with(&self, capability: Capability) -> Option<bool> {
        self.gateway.running_code()?.version.known()?.has(capability)
    }

    /// How long the gateway may take to stop: as its settings say, else by the defaults of its version.
    pub(crate) fn stop(&self) -> Option<Stop> {
        let set = |setting: &Fact<u64>| match setting {
            Fact::Known(seconds) => Some(Some(*seconds)),
            Fact::Absent => Some(None),
            Fact::Unknown(_) => None,
        };
        let waits_for_jobs = self.has(Capability::CronDrain) != Some(false);
        let cron = if waits_for_jobs { set(&self.gateway.cron_drain)? } else { None };
        Stop::of(self.version()?, set(&self.gateway.drain)?, cron)
    }

    /// The status file and its age in seconds, if another process wrote it while this one lived: an earlier one cannot
    /// have. It may live in another PID namespace, where nobody here sees it (upstream #78810).
    pub(crate) fn foreign_status(&self) -> Option<(&'a Status, i64)> {
        let (process, status) = (self.gateway.process()?, self.gateway.status.known()?);
        let writer = status.writer.as_ref().filter(|writer| writer.pid != process.pid)?;
        let (written, started) = (status.updated_at?, process.started_at?);
        let after = written.duration_since(started).as_secs() > CLOCK_SECONDS;
        let is_known = self.gateway.liveness.others.iter().any(|other| other.pid == writer.pid);
        if !after || is_known {
            return None;
        }
        Some((status, self.age_of(written)?))
    }

    /// Whether we look from inside the gateway's own tree.
    pub(crate) fn is_inside(&self) -> bool {
        let pid = self.gateway.process().map(|process| process.pid);
        pid.is_some_and(|pid| self.facts.about.ancestry.contains(&pid))
            || self.facts.has_hint("in-gateway")
    }
}

/// True if what a service starts is nothing of Hermes's.
fn runs_a_script(lane: &Lane) -> bool {
    let loaded = lane.job.known().and_then(|job| job.launchd.as_ref()?.argv.as_deref());
    let argv = loaded.or_else(|| Some(lane.definition.known()?.argv.as_slice()));
    argv.is_some_and(|argv| cmdline::role(argv) == Role::Foreign)
}

/// Whether the previous run lasted so long that its end is no failure to start, nor one of a quick loop.
pub(crate) fn has_lasted(job: &Job) -> bool {
    job.last_run().is_some_and(|lasted| lasted.as_secs() >= LASTING_SECONDS)
}

/// A length of time that is not negative, for people.
pub(crate) fn length(time: SignedDuration) -> String {
    span(time.as_secs().unsigned_abs())
}

/// Whether the previous run said good-bye before it ended: the status file is of that time, and says stopped.
pub(crate) fn said_goodbye(at: &Subject<'_>, job: &Job) -> bool {
    let Some(status) = at.gateway.status.known() else { return false };
    let is_stop = status.state.as_deref() == Some("stopped") && !status.restart_requested;
    let of_that_run = job.started_at.zip(status.updated_at).is_some_and(|(start, at)| at >= start);
    is_stop && of_that_run
}

/// What there is to say of a service whose definition holds no answer.
pub(crate) fn unread(lane: &Lane, what: &str) -> Finding {
    let finding = match lane.definition.why() {
        None if lane.has_an_empty_file() => {
            Finding::skipped(format!("the file of {} is empty", lane.name))
        }
        Some(_) if lane.is_masked() => Finding::skipped(format!("{} is masked", lane.name)),
        Some(why) => Finding::unknown(what, why).minor(),
        None => Finding::skipped(format!("{} has no file", lane.name)),
    };
    finding.of_service(lane.title())
}

/// That a forecast depends on a unit of which nothing is known.
pub(crate) fn other_unit(what: &str, unit: &str) -> Finding {
    let why = Why::Failed(format!("it runs in {unit}, of which nothing is known"));
    Finding::unknown(what, &why).minor()
}

/// Findings about services, or that there is none.
pub(crate) fn or_not_installed(findings: Vec<Finding>) -> Vec<Finding> {
    if findings.is_empty() { vec![Finding::skipped("no service is installed")] } else { findings }
}

/// What a service requires and does not have, so that systemd does not start it, for people.
pub(crate) fn lacking(job: &Job) -> Option<String> {
    let required = job.systemd.as_ref()?.lacks.as_ref()?;
    let is = match &required.standing {
        Standing::NotFound => "does not exist".into(),
        Standing::Masked => "is masked".into(),
        Standing::Refused => "has a file that systemd does not understand".into(),
        Standing::Failed(result) if result.is_empty() => "has failed".into(),
        Standing::Failed(result) => format!("has failed ({result})"),
        Standing::Inactive => "is not active".into(),
    };
    Some(format!("{}, which it requires, {is}", required.unit))
}

/// What is emptied at boot, or by age; on macOS each has a second name.
pub(crate) const TEMPORARY: [&str; 6] = [
    "/tmp/",
    "/var/tmp/",
    "/private/tmp/",
    "/private/var/tmp/",
    "/var/folders/",
    "/private/var/folders/",
];
/// Longer than any start takes, and as long as the first units' `StartLimitIntervalSec=`. In seconds.
const LASTING_SECONDS: i64 = 600;
/// A mark may be written while we look; one that is further ahead shows that a clock was moved.
const CLOCK_SECONDS: i64 = 5;
