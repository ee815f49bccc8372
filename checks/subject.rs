//! What the checks share: the ways to come at the same fact, and to say that it is not there.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::{CronJob, LATE_AFTER, Store};
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::executions::{Execution, Owner};
use gw_snapshot::facts::gateway::{Health, Listener, Named, Supervision, Usable};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::install::Version;
use gw_snapshot::facts::job::systemd::{Freezer, Standing};
use gw_snapshot::facts::job::{Job, Phase};
use gw_snapshot::facts::journal::{Count, Journal};
use gw_snapshot::facts::marks::LOOP_FROZEN_AFTER;
use gw_snapshot::facts::process::{Process, Witness};
use gw_snapshot::facts::record::Status;
use gw_snapshot::facts::settings::{self, ApiServer};
use gw_snapshot::facts::{Lane, Manager, home};
use gw_snapshot::observation::{FileSeen, Trouble};
use gw_snapshot::parse::cgroup;
use gw_snapshot::parse::log::Class;
use jiff::{SignedDuration, Timestamp};

use crate::Subject;
use crate::finding::{Finding, plural, span};
use crate::intent::Expected;

/// How far apart the last marks of an event loop and of a ticker are, at most, where both stopped at the same moment.
const APART_SECONDS: u64 = 90;

/// So long does a start take, at most, until it finds the lock of its home taken.
const ATTEMPT_SECONDS: i64 = 10;

impl<'a> Subject<'a> {
    /// A file of the home.
    pub(crate) fn path(&self, name: &str) -> String {
        home::join(&self.gateway.home.path, name)
    }

    /// Whether the policy means this gateway to be off, and none is seen to live.
    pub(crate) fn is_off(&self) -> bool {
        self.intent.policy.off(&self.gateway.home.profile).is_some()
            && self.gateway.liveness.process.is_absent()
    }

    /// What the policy expects of this gateway.
    pub(crate) fn expected(&self) -> impl Iterator<Item = &'a Expected> {
        self.intent.policy.expected_of(&self.gateway.home.profile)
    }

    /// Why nothing can be expected of this gateway.
    pub(crate) fn expects_nothing(&self) -> Option<&'static str> {
        if self.is_off() {
            Some("the policy means this gateway to be off")
        } else if self.has_gateway() {
            None
        } else {
            Some("no gateway of this home is installed or has ever run")
        }
    }

    /// How old the ticker's mark may be, in seconds.
    pub(crate) fn late_after(&self) -> i64 {
        self.intent.policy.thresholds.ticker_late.map_or(LATE_AFTER, i64::from)
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

    /// The same for what a definition says. `what` is not known of one that cannot be read.
    pub(crate) fn each_definition(
        &self,
        what: &str,
        judge: impl Fn(&'a Lane, &'a Definition) -> Finding,
    ) -> Vec<Finding> {
        self.each_service(|lane| match lane.definition.known() {
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

    /// Whether a process is an attempt and no gateway: a service started it a moment ago, and it will find the home's
    /// lock taken by the one that has it.
    pub(crate) fn is_attempt(&self, other: &Process) -> bool {
        let has_lock = |process: &Process| process.witnesses.contains(&Witness::Lock);
        let mut lanes = self.gateway.lanes.iter().filter_map(|lane| lane.job.known());
        self.gateway.process().is_some_and(has_lock)
            && !other.witnesses.contains(&Witness::GhostLock)
            && lanes.any(|job| job.main_pid == Some(other.pid))
            && other.age(self.facts.now).is_some_and(|age| age.as_secs() < ATTEMPT_SECONDS)
    }

    /// Why the gateway's sockets are not among those that were seen, where they are elsewhere: a `NetworkNamespacePath=`, a
    /// `PrivateNetwork=`, a container. What listens on the same port here is no neighbour of theirs.
    pub(crate) fn listens_out_of_sight(&self) -> Option<Why> {
        let network = self.gateway.process()?.seen.network.as_ref()?;
        let why =
            format!("it runs in a network namespace of its own, {network}: look from within that");
        Some(Why::Failed(why))
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

    /// The listeners that shut the API server out, or would: those on its address, but for one on every
    /// address beside the gateway's own on this machine's.
    pub(crate) fn in_the_way(&self, api: &'a ApiServer) -> impl Iterator<Item = &'a Listener> {
        let on_address = || self.facts.on(&api.host.value, api.port.value);
        let own = self.gateway.process().map(|process| process.pid);
        let is_own = |listener: &Listener| own.is_some_and(|pid| listener.is_held_by(pid));
        let has_own = on_address().any(|listener| listener.is_loopback() && is_own(listener));
        on_address().filter(move |listener| listener.is_loopback() || !has_own)
    }

    /// That nobody of this kind keeps the API server from its address, as far as one can see.
    pub(crate) fn nobody_in_the_way(&self, who: &str, api: &ApiServer) -> Finding {
        let address = api.address();
        let there: Vec<_> = self.facts.on(&api.host.value, api.port.value).collect();
        let own = self.gateway.process().map(|process| process.pid);
        let has_own = there.iter().any(|found| own.is_some_and(|pid| found.is_held_by(pid)));
        let is_hidden = there.iter().any(|found| found.owners.iter().flatten().next().is_none());
        let why = match self.unseen_listeners() {
            _ if has_own => None,
            None if is_hidden => Some(Why::Failed("its holder is not visible".into())),
            why => why,
        };
        match why {
            Some(why) => {
                Finding::unknown(&format!("whether any {who} sits on {address}"), &why).minor()
            }
            None => Finding::pass(format!("no {who} sits on {address}")),
        }
    }

    /// Why a listener may be there that is not listed.
    pub(crate) fn unseen_listeners(&self) -> Option<Why> {
        let seen = &self.facts.listeners;
        let why = || seen.trouble.clone().map_or(Why::NotObserved, Trouble::into_why);
        (!seen.complete).then(why)
    }

    /// Whether a gateway of this home is to run, or ever did: a profile may be no more than settings.
    pub(crate) fn has_gateway(&self) -> bool {
        let gateway = self.gateway;
        gateway.is_installed()
            || !gateway.liveness.process.is_absent()
            || !gateway.status.is_absent()
    }

    /// The user as whom the gateway runs, or would.
    pub(crate) fn user(&self) -> Option<u32> {
        let process = self.gateway.process().and_then(|process| process.seen.uid);
        process.or_else(|| self.user_of(self.installed().next()?))
    }

    /// The user as whom a service runs, who need not be the one who looks. None: its definition names one whose number
    /// is not known here.
    pub(crate) fn user_of(&self, lane: &Lane) -> Option<u32> {
        let about = &self.facts.about;
        match lane.manager {
            Manager::SystemdUser => return about.uid,
            Manager::LaunchdGui(uid) | Manager::LaunchdUser(uid) => return Some(uid),
            Manager::SystemdSystem | Manager::LaunchdSystem => {}
        }
        let process = self.gateway.process().filter(|process| {
            lane.job.known().is_some_and(|job| job.main_pid == Some(process.pid))
        });
        if let Some(uid) = process.and_then(|process| process.seen.uid) {
            return Some(uid);
        }
        match lane.definition.known()?.user.as_deref() {
            None | Some("root") => Some(0),
            named if named == about.user.as_deref() => about.uid,
            Some(number) => number.parse().ok(),
        }
    }

    /// Whether something that a service names serves it when it runs as its user. Unknown where that depends on who
    /// the user is, and it is not known.
    pub(crate) fn usable(&self, lane: &Lane, named: &Named) -> Usable {
        if let Some(user) = self.user_of(lane) {
            return named.state(Some(user));
        }
        let (owner, stranger) = (named.state(named.seen.uid), named.state(Some(u32::MAX)));
        if owner == stranger {
            return owner;
        }
        let user = lane.definition.known().and_then(|definition| definition.user.as_deref());
        let whose = user.map_or_else(String::new, |user| format!(" ({user})"));
        Usable::Unknown(Why::Failed(format!("the number of its user{whose} is not known here")))
    }

    /// What a service that runs would need at its next start, and is not there any more: its program or its directory, as
    /// after an update that moved the environment.
    pub(crate) fn missing_for_a_start(&self, lane: &Lane, job: &Job) -> Option<String> {
        if job.phase != Phase::Running || job.systemd.is_none() {
            return None;
        }
        let is_needed = |named: &&Named| matches!(named.what, "program" | "working directory");
        let is_missing = |named: &&Named| self.usable(lane, named) == Usable::Missing;
        let missing = lane.paths.iter().filter(is_needed).find(is_missing)?;
        Some(format!("the {} {} does not exist", missing.what, missing.path))
    }

    /// The files that the gateway opens and its user may not: another user's, and closed to all others. What a group
    /// may do counts as allowed. Its other files it replaces, for which their owner does not matter.
    pub(crate) fn closed_files(&self) -> impl Iterator<Item = &'a FileSeen> {
        let user = self.user().filter(|user| *user != 0);
        let is_closed = move |file: &FileSeen, wanted: u32| {
            let bits = file.mode.as_deref().and_then(|mode| u32::from_str_radix(mode, 8).ok());
            match (user, file.uid, bits) {
                (Some(user), Some(owner), Some(bits)) => user != owner && bits & wanted == 0,
                _ => false,
            }
        };
        let opened = OPENED.map(|(name, wanted)| (self.path(name), wanted));
        self.gateway.files.iter().filter(move |file| {
            opened.iter().any(|(path, wanted)| *path == file.path && is_closed(file, *wanted))
        })
    }

    /// The version of the installed code.
    pub(crate) fn version(&self) -> Option<&'a Version> {
        self.gateway.install.as_ref()?.version.known()
    }

    /// How long the gateway may wait for turns under way when it stops, in seconds: as its settings say, else by the
    /// default of its version (180 up to 0.17, none from 0.18 on).
    pub(crate) fn drain(&self) -> Option<u64> {
        match &self.gateway.drain {
            Fact::Known(seconds) => Some(*seconds),
            Fact::Absent => Some(if self.version()?.is_at_least(0, 18) { 0 } else { 180 }),
            Fact::Unknown(_) => None,
        }
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

    /// Whether the process is within the time that a start may take: it connects its platforms one after
    /// the other, and one that is dead takes 30 s (0.19).
    pub(crate) fn is_starting(&self) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        let runs =
            self.gateway.own_status(self.facts.about.os).and_then(|status| status.state.as_deref());
        let platforms = self.gateway.status.known().map_or(0, |status| status.platforms.len());
        let platforms = i64::try_from(platforms.clamp(1, MOST_PLATFORMS)).unwrap_or(1);
        let limit = PLATFORM_SECONDS * platforms + LOAD_SECONDS;
        let young = process.age(self.facts.now).is_some_and(|age| age.as_secs() < limit);
        young && !matches!(runs, Some("running" | "degraded" | "draining"))
    }

    /// The health endpoint, if its answer can be that of this gateway.
    pub(crate) fn own_health(&self) -> Option<&'a Health> {
        let health = self.gateway.health.as_ref()?;
        self.gateway.process()?;
        let is_own = self.answered_by_other(health).is_none() && self.is_the_api_servers(health);
        is_own.then_some(health)
    }

    /// Whether the API server was asked: its settings say so, or its answer. Another listener of the
    /// gateway, such as that of a webhook, knows nothing of this path; but where the settings are not
    /// known, silence is silence and a refusal a refusal on any path.
    pub(crate) fn is_the_api_servers(&self, health: &Health) -> bool {
        let expected = self
            .api()
            .and_then(|api| settings::health_url(&api.host.value, api.port.value))
            .is_some_and(|url| url == health.url);
        match &health.answer {
            Answer::Hermes { .. } => true,
            Answer::TimedOut | Answer::Closed | Answer::Refused | Answer::Unknown(_) => {
                expected || self.gateway.api.why().is_some()
            }
            _ => expected,
        }
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
            None => vec![Finding::skipped(format!(
                "no setting says that {} is the API server's",
                health.url
            ))],
        }
    }

    /// The listener that answers in the gateway's place, if it is another's for sure.
    fn answered_by_other(&self, health: &Health) -> Option<&'a Listener> {
        let process = self.gateway.process()?;
        let mut asked =
            self.facts.listeners.list.iter().filter(|listener| is_at(listener, health)).peekable();
        let first = asked.peek().copied()?;
        let ours = asked.any(|listener| {
            listener.is_held_by(process.pid)
                || (listener.owners.is_none() && !self.is_another_user_s(listener))
        });
        (!ours).then_some(first)
    }

    /// Whether a socket was made by another user than the gateway's, whoever holds it: then it is not the gateway's. In a
    /// container users have other numbers.
    pub(crate) fn is_another_user_s(&self, listener: &Listener) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        let is_contained = process.seen.cgroup.as_deref().and_then(cgroup::container).is_some();
        let maker = listener.uid.zip(process.seen.uid);
        !is_contained && maker.is_some_and(|(maker, gateway)| maker != gateway)
    }

    /// Whether the gateway listens at the very address that was asked.
    pub(crate) fn listens_where_asked(&self, health: &Health) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        self.facts.held_by(process.pid).any(|listener| is_at(listener, health))
    }

    /// Whether the gateway itself answers: its event loop comes round then, for the API server runs in it.
    pub(crate) fn answers_itself(&self) -> bool {
        self.own_health().is_some_and(|health| {
            matches!(health.answer, Answer::Hermes { .. }) && self.listens_where_asked(health)
        })
    }

    /// Why old marks say nothing: the machine slept until a moment ago. The event loop answers, and left its last mark when
    /// the ticker left its own; each of them comes round within a minute (0.19+).
    pub(crate) fn has_just_woken(&self) -> Option<Why> {
        let mark = self.gateway.marks.heartbeat.known()?;
        let age = self.facts.now.duration_since(mark.at).as_secs();
        (self.stopped_together() && self.answers_itself()).then(|| {
            Why::Failed(format!(
                "it answers, and its event loop left its last mark {} ago, as its ticker did: the machine may have slept until now",
                span(age.unsigned_abs())
            ))
        })
    }

    /// Whether the event loop of this process and its ticker left their last marks at the same moment, long ago.
    pub(crate) fn stopped_together(&self) -> bool {
        let mark = self.gateway.marks.heartbeat.known();
        mark.zip(self.gateway.cron.heartbeat.known()).is_some_and(|(mark, beat)| {
            let apart = mark.at.duration_since(*beat).as_secs().unsigned_abs();
            self.gateway.process().is_some_and(|process| process.pid == mark.pid)
                && self.facts.now.duration_since(mark.at).as_secs() > LOOP_FROZEN_AFTER
                && apart <= APART_SECONDS
        })
    }

    /// Whether somebody holds the address that was asked, and it cannot be seen who.
    pub(crate) fn is_answered_by_nobody_seen(&self, health: &Health) -> bool {
        let mut asked = self.facts.listeners.list.iter().filter(|listener| is_at(listener, health));
        !self.listens_where_asked(health)
            && asked.any(|listener| listener.owners.iter().flatten().next().is_none())
    }

    /// Whether the health endpoint gave such an answer.
    pub(crate) fn answered(&self, is: impl Fn(&Answer) -> bool) -> bool {
        self.gateway.health.as_ref().is_some_and(|health| is(&health.answer))
    }

    /// The job store, whoever runs it.
    pub(crate) fn store(&self) -> Option<&'a Store> {
        self.gateway.cron.store.known()
    }

    /// What Hermes has noted of the runs of its jobs. Empty where it notes nothing, or nothing could be read.
    pub(crate) fn executions(&self) -> &'a [Execution] {
        self.gateway.cron.executions.known().map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a run of the job was ever noted.
    pub(crate) fn has_executions(&self, job: &CronJob) -> bool {
        self.executions().iter().any(|run| run.job == job.id)
    }

    /// Whether a run of the job may be under way.
    pub(crate) fn may_be_running(&self, job: &CronJob) -> bool {
        let mut open = self.executions().iter().filter(|run| run.is_open && run.job == job.id);
        open.any(|run| matches!(run.owner, Owner::Alive(_)))
            || job.may_be_running(self.facts.now, SignedDuration::from_secs(LONGEST_RUN))
    }

    /// Jobs as evidence, a few of them.
    pub(crate) fn with_jobs(&self, finding: Finding, jobs: &[&CronJob]) -> Finding {
        let file = self.path("cron/jobs.json");
        jobs.iter().take(5).fold(finding, |finding, job| {
            finding.seen(&file, format!("job {} ({})", job.id, job.schedule))
        })
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

    /// The age in seconds of a mark that the ticker left; none if it lies in the future.
    pub(crate) fn age_of(&self, mark: Timestamp) -> Option<i64> {
        let age = self.facts.now.duration_since(mark).as_secs();
        (age >= -CLOCK_SECONDS).then_some(age.max(0))
    }

    /// How often lines of a class stand in the log of this life.
    pub(crate) fn logged(&self, class: Class, what: &str) -> Vec<Finding> {
        let journal = match &self.gateway.journal {
            Fact::Known(journal) => journal,
            Fact::Absent => return vec![Finding::skipped("there is no log")],
            Fact::Unknown(why) => return vec![Finding::unknown("what the log says", why).minor()],
        };
        let Some(count) = journal.count(class) else {
            if let Some(why) = &journal.hidden {
                return vec![Finding::unknown(BOTH_LOGS, why).minor()];
            }
            let part =
                if journal.from_start { "the log of this life" } else { "the end of the log" };
            return vec![Finding::pass(format!("{part} does not say that {what}"))];
        };
        let life = if journal.from_start {
            "since the gateway last started"
        } else {
            "in the end of the log"
        };
        let lines = count.lines;
        let times = format!("{lines} time{}", plural(lines));
        let claim = format!("the log says {times} {life} that {what}");
        let finding = if is_mended(journal, class, count) {
            Finding::note(format!("{claim}, and later that it listens"))
        } else {
            Finding::warning(claim)
        };
        let last = count
            .last
            .map_or_else(String::new, |last| format!(", last at {last} by its own clock"));
        vec![finding.seen(self.path("logs"), format!("{lines} line{}{last}", plural(lines)))]
    }
}

/// What cannot be told where one of the two logs could not be read.
pub(crate) const BOTH_LOGS: &str = "what both logs say";

/// Whether the API server is said to listen after the last of these lines.
fn is_mended(journal: &Journal, class: Class, count: Count) -> bool {
    let of_api = matches!(class, Class::ApiRefused | Class::PortBind);
    let listens = journal.count(Class::ApiListening).and_then(|count| count.last);
    of_api && listens.zip(count.last).is_some_and(|(listens, last)| listens > last)
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

/// That a listener stands in nobody's way, for no gateway of this home is to run.
pub(crate) fn wanted_by_none(listener: &Listener) -> Finding {
    Finding::skipped(format!(
        "{} is taken, and no gateway of this home is installed or has ever run",
        listener.text()
    ))
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
/// The files that a gateway opens, each with the bits of its mode that would let another user do so.
const OPENED: [(&str, u32); 4] =
    [("gateway.lock", 0o022), (".env", 0o044), ("config.yaml", 0o044), ("cron/jobs.json", 0o044)];
/// Three times the default limit of a run, after which a claim in the store counts no more (0.18). In seconds.
pub(crate) const LONGEST_RUN: i64 = 1800;
/// A mark may be written while we look; one that is further ahead shows that a clock was moved.
const CLOCK_SECONDS: i64 = 5;
/// How long a gateway waits for one platform to connect, by default, before it goes on to the next.
const PLATFORM_SECONDS: i64 = 30;
/// How long it may take to load, besides.
const LOAD_SECONDS: i64 = 15;
/// Platforms that count: the status file remembers more of them than any start ever waits for.
const MOST_PLATFORMS: usize = 10;
