//! Which steps answer which diagnosis under systemd. Nothing is killed that systemd can stop, and no unit
//! is stopped but the one of two that has no gateway.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::systemd::{Freezer, Held, Load, Systemd};
use gw_snapshot::facts::job::{Enabled, Exit, Job, Phase};
use gw_snapshot::facts::limit::Limit;
use gw_snapshot::facts::process::Process;
use gw_snapshot::host::Scope;
use gw_snapshot::parse::cgroup::Place;

use super::recipes::{
    START_SECONDS, after_asking, as_it_ran, end_of, explain, look, missing_path, same, still_hangs,
    systemctl, systemd_scope, way_is_clear,
};
use super::{Action, Course, Expect, Guard, Step, script};
use crate::Subject;
use crate::subject::lacking;

/// The course for a diagnosis of a gateway whose service is systemd's, or that has none.
pub(super) fn course(at: &Subject<'_>, diagnosis: &str) -> Course {
    let course = match diagnosis {
        "loaded-not-running" | "stale-records" | "stop-phase-death" | "fatal-config" => start(at),
        "stopped-on-purpose" => {
            Unit::of(at).and_then(|unit| start(at).map(|steps| after_asking(unit.lane, steps)))
        }
        "crash-loop" => given_up(at),
        "exec-failed-before-hermes" if has_failed_before_its_program(at) => given_up(at),
        "foreground-owns-gateway" | "detached-fallback" => cut_over(at),
        "loaded-definition-old" => reload(at),
        "masked" => unmask(at),
        "not-durable" => keep(at),
        "two-gateways" => end_outsiders(at),
        "two-supervisors" => one_supervisor(at),
        "stale-code" => restart(
            at,
            "It runs older code than stands on disk; a restart takes the new one.",
            true,
        ),
        "frozen" => thaw(at),
        "wedged" => restart(
            at,
            "It does nothing any more. systemd asks it to end, wakes it for that if it is stopped, and ends it by force only after its own time limit.",
            false,
        ),
        _ => return explain(at, diagnosis),
    };
    course.map_or_else(|because| look(at, because), Course::Steps)
}

/// The steps, or why there are none.
type Steps = Result<Vec<Step>, String>;

/// The service to speak of, with its job.
struct Unit<'a> {
    scope: Scope,
    lane: &'a Lane,
    job: &'a Job,
}

impl<'a> Unit<'a> {
    fn of(at: &Subject<'a>) -> Result<Self, String> {
        let Some((scope, lane)) = at.gateway.lane().and_then(systemd_scope) else {
            return Err("there is no systemd service".into());
        };
        match &lane.job {
            Fact::Known(job) => Ok(Self { scope, lane, job }),
            Fact::Absent => Err("systemd knows no such service".into()),
            Fact::Unknown(_) => Err("whether systemd knows the service could not be seen".into()),
        }
    }

    /// The unit that has the gateway's process.
    fn of_process(at: &Subject<'a>) -> Result<(Self, &'a Process, u32), String> {
        let unit = Self::of(at)?;
        let (Supervision::Lane(_), Some(process)) = (&at.gateway.supervision, at.gateway.process())
        else {
            return Err("no service of systemd's is known to have the gateway's process".into());
        };
        let main = unit.job.main_pid.ok_or("the service has no main process")?;
        Ok((unit, process, main))
    }

    fn name(&self) -> String {
        self.lane.name.clone()
    }

    fn idle(&self) -> Guard {
        Guard::UnitIdle { scope: self.scope, unit: self.name() }
    }

    fn runs(&self, pid: u32) -> Guard {
        Guard::UnitRuns { scope: self.scope, unit: self.name(), pid }
    }

    fn still(&self, property: &'static str, value: &'static str) -> Guard {
        Guard::UnitIs { scope: self.scope, unit: self.name(), property, value }
    }

    fn gets(&self, property: &'static str, value: &'static str) -> Expect {
        Expect::UnitIs { scope: self.scope, unit: self.name(), property, value }
    }

    fn action(&self, words: &[&str]) -> Action {
        let words = words.iter().map(ToString::to_string).chain([self.name()]).collect();
        Action::Systemctl { scope: self.scope, words }
    }

    fn by_hand(&self, words: &[&str]) -> String {
        format!("{} {}", systemctl(self.scope, words), script::words(&[self.name()]))
    }

    fn comes_up(&self, at: &Subject<'_>, old: Option<u32>, within: u64) -> Expect {
        Expect::Runs {
            scope: self.scope,
            unit: self.name(),
            old,
            status: at.path("gateway_state.json"),
            within,
        }
    }

    /// How long its gateway may take to end: what systemd would give it, and some. In seconds. Without a limit, what systemd
    /// gives one that says nothing.
    fn stop_seconds(&self) -> u64 {
        self.job.stop_limit().and_then(Limit::seconds).unwrap_or(90).saturating_add(5)
    }

    /// The files of its definition, none of which may be written between reading the plan and running it.
    fn same_files(&self) -> Vec<Guard> {
        self.lane.files.iter().cloned().map(Guard::SameFile).collect()
    }

    /// A service that is installed and not enabled would be gone after the next boot.
    fn enable(&self) -> Option<Step> {
        let is_meant = self.job.enabled == Enabled::No && self.job.trigger().is_none();
        let state = self.job.systemd.as_ref().and_then(|systemd| systemd.file_state)?;
        is_meant.then(|| Step {
            name: "enable",
            why: format!(
                "{} does not start by itself. Leave this step out if that is meant.",
                self.lane.name
            ),
            guards: vec![self.still("UnitFileState", state)],
            action: self.action(&["enable"]),
            changes: "links the unit into the target that wants it; nothing is started or stopped"
                .into(),
            expect: self.gets("UnitFileState", "enabled"),
            undo: self.by_hand(&["disable"]),
        })
    }

    /// systemd remembers a failure, and how often it has started the unit. Forgetting both lets it start again.
    fn reset(&self, question: Option<String>) -> Option<Step> {
        let guards = [self.still("ActiveState", "failed")];
        let agreed = question.map(|question| Guard::Agreed { question });
        (self.job.phase == Phase::Failed).then(|| Step {
            name: "reset-failed",
            why: match self.job.last_exit {
                Some(Exit::Code(75)) => format!(
                    "{} ended with 75, the code of a planned restart, and systemd did not start it again.",
                    self.lane.name
                ),
                Some(exit) => format!("systemd has given {} up: its last run ended with {exit}.", self.lane.name),
                None => format!("systemd has given {} up.", self.lane.name),
            },
            guards: agreed.into_iter().chain(guards).collect(),
            action: self.action(&["reset-failed"]),
            changes: "systemd forgets the failure and the count of starts; the journal keeps both".into(),
            expect: self.gets("ActiveState", "inactive"),
            undo: "nothing to take back: only a record of systemd's is gone".into(),
        })
    }

    /// systemd reads the files again. It does so for every unit of that manager.
    fn reload(&self, running: Option<Guard>) -> Option<Step> {
        let systemd = self.job.systemd.as_ref()?;
        let user = self.scope;
        systemd.need_daemon_reload.then(|| Step {
            name: "daemon-reload",
            why: format!(
                "{} changed on disk after systemd read it. Look at it first: {}.",
                self.lane.name,
                self.by_hand(&["cat"])
            ),
            guards: running.into_iter().chain(self.same_files()).collect(),
            action: Action::Systemctl { scope: user, words: vec!["daemon-reload".into()] },
            changes:
                "systemd reads the files of all its units again; no process is started or stopped"
                    .into(),
            expect: self.gets("NeedDaemonReload", "no"),
            undo: format!(
                "put the old file back, and run {} again",
                systemctl(user, &["daemon-reload"])
            ),
        })
    }

    /// The service tries again and again beside a gateway that has the lock, and is to leave that for a moment. What it
    /// starts in the meantime never gets the lock, so nothing is lost with it.
    fn pause(&self, at: &Subject<'_>) -> Result<Step, String> {
        let process = at.gateway.process().ok_or("there is no process to take over from")?;
        Ok(Step {
            name: "stop-trying",
            why: format!(
                "{} is started again and again, and finds the home taken by PID {}. It is to stand still until the way is clear.",
                self.lane.name, process.pid
            ),
            guards: vec![
                same(at, process)?,
                Guard::LockedBy { lock: at.path("gateway.lock"), pid: process.pid },
            ],
            action: self.action(&["stop"]),
            changes: format!(
                "{} tries no more; the gateway that answers is not touched",
                self.lane.name
            ),
            expect: self.gets("MainPID", "0"),
            undo: self.by_hand(&["start"]),
        })
    }

    /// Whether a start would come to its program, as far as one can see.
    ///
    /// # Errors
    /// If it would not: what has to be put right first, for people.
    fn can_start(&self, at: &Subject<'_>) -> Result<(), String> {
        if let Some(missing) = missing_path(at, self.lane) {
            return Err(missing);
        }
        let Some(systemd) = &self.job.systemd else { return Ok(()) };
        match systemd.held_by {
            Some(Held::Condition) => return Err("a condition of the unit does not hold (`systemctl status` names it), and systemd passes over every start until it does".into()),
            Some(Held::Assertion) => return Err("an assertion of the unit does not hold (`systemctl status` names it), and every start fails until it does".into()),
            None => {}
        }
        if let Some(lacking) = lacking(self.job) {
            return Err(format!(
                "{lacking}, and systemd does not start it without that: mend that first"
            ));
        }
        if systemd.queued {
            return Err("a start is queued already, and waits: `systemctl list-jobs` of that manager names for what".into());
        }
        Ok(())
    }

    fn start(&self, at: &Subject<'_>) -> Step {
        Step {
            name: "start",
            why: format!(
                "{} is installed and idle; the service manager starts it and keeps it.",
                self.lane.name
            ),
            guards: [self.idle()].into_iter().chain(way_is_clear(at)).collect(),
            action: self.action(&["start"]),
            changes: format!(
                "starts {}: its gateway writes to {}",
                self.lane.name, at.gateway.home.path
            ),
            expect: self.comes_up(at, None, START_SECONDS),
            undo: self.by_hand(&["stop"]),
        }
    }

    fn restart(&self, at: &Subject<'_>, why: String, old: u32, guards: Vec<Guard>) -> Step {
        Step {
            name: "restart",
            why,
            guards,
            // Its wait is ours: a hang-up then leaves systemd to finish what it began.
            action: self.action(&["restart", "--no-block"]),
            changes: format!("ends PID {old} and starts another; nobody answers in between"),
            expect: self.comes_up(at, Some(old), self.stop_seconds().saturating_add(START_SECONDS)),
            undo: "nothing to take back: the old process is gone, and the service is as before"
                .into(),
        }
    }
}

/// Installed, idle, and nobody else does its work: start it.
fn start(at: &Subject<'_>) -> Steps {
    let unit = Unit::of(at)?;
    if !at.gateway.liveness.process.is_absent() {
        return Err("whether another gateway of this home lives is not known".into());
    }
    unit.can_start(at)?;
    if unit.job.phase == Phase::Running {
        return Err("systemd takes it for active, so a start does nothing: what its ExecStart= left behind is gone".into());
    }
    if !matches!(unit.job.phase, Phase::Stopped | Phase::Failed) {
        return Err("the service is between two states: look again in a few seconds".into());
    }
    Ok(from_idle(at, &unit, None))
}

/// The steps that bring an idle unit up.
fn from_idle(at: &Subject<'_>, unit: &Unit<'_>, question: Option<String>) -> Vec<Step> {
    let reload = unit.reload(Some(unit.idle()));
    let steps = reload.into_iter().chain(unit.reset(question)).chain([unit.start(at)]);
    steps.chain(unit.enable()).collect()
}

/// systemd starts it no more. Only who mended the cause can know that another start is worth it; a planned
/// restart needs no mending.
fn given_up(at: &Subject<'_>) -> Steps {
    let unit = Unit::of(at)?;
    if unit.job.phase != Phase::Failed {
        return Err("it fails at every start, and systemd starts it again by itself: mend what its log names".into());
    }
    if !at.gateway.liveness.process.is_absent() {
        return Err("whether another gateway of this home lives is not known".into());
    }
    let question = match unit.job.last_exit {
        Some(Exit::Code(75)) => None,
        None => Some(format!("Is it mended what kept {} from its program?", unit.lane.name)),
        Some(_) => Some(format!("Is the cause mended that {} names?", at.path("logs/errors.log"))),
    };
    unit.can_start(at)?;
    Ok(from_idle(at, &unit, question))
}

/// Whether a command of the unit failed that stands before its program, such as `ExecStartPre=`: systemd sees nothing else wrong.
fn has_failed_before_its_program(at: &Subject<'_>) -> bool {
    let Ok(unit) = Unit::of(at) else { return false };
    let is_command = |systemd: &Systemd| {
        systemd.load != Load::Refused
            && matches!(systemd.result.as_str(), "exit-code" | "signal" | "timeout")
    };
    unit.job.last_exit.is_none() && unit.job.systemd.as_ref().is_some_and(is_command)
}

/// A gateway in the foreground, its service idle: end the one, start the other.
fn cut_over(at: &Subject<'_>) -> Steps {
    if at.gateway.lane().is_none_or(|lane| lane.definition.known().is_none()) {
        return Err("no service is installed that could take over: install one first".into());
    }
    // Whatever started it there may do so again, now or at the next boot.
    if let Supervision::Other { unit, .. } = &at.gateway.supervision {
        return Err(format!("what starts it in {unit} has to be found, and ended, first"));
    }
    let unit = Unit::of(at)?;
    let is_tried = match unit.job.phase {
        Phase::Stopped | Phase::Failed => false,
        // What is started again and again is never idle for long enough to take over.
        Phase::Restarting | Phase::Starting | Phase::Running => true,
        Phase::Stopping | Phase::Other => {
            return Err("its service is between two states: look again in a few seconds".into());
        }
    };
    // What systemd tries, nothing but the gateway that lives keeps from its program.
    let obstacle = if is_tried { missing_path(at, unit.lane) } else { unit.can_start(at).err() };
    if let Some(obstacle) = obstacle {
        return Err(obstacle);
    }
    let end = end_of(at, unit.idle(), unit.stop_seconds())?;
    let pause = if is_tried { Some(unit.pause(at)?) } else { None };
    // What can be made ready while the old gateway still answers is made ready then.
    let mut steps: Vec<Step> =
        pause.into_iter().chain(unit.reload(Some(unit.idle()))).chain(unit.reset(None)).collect();
    steps.extend([end, unit.start(at)]);
    steps.extend(unit.enable());
    Ok(steps)
}

/// systemd has an old definition: read the new one, and start by it, but not in the middle of a turn.
fn reload(at: &Subject<'_>) -> Steps {
    let unit = Unit::of(at)?;
    if unit.lane.files.is_empty() {
        return Err(
            "the files of the unit were not seen: whether they change again could not be told"
                .into(),
        );
    }
    let Ok((_, process, main)) = Unit::of_process(at) else { return start(at) };
    if let Some(missing) = missing_path(at, unit.lane) {
        return Err(missing);
    }
    if at.is_starting() {
        return Err("the gateway is still starting: look again in two minutes".into());
    }
    let first = unit.reload(Some(unit.runs(main))).ok_or("another unit than this one changed")?;
    let why = format!(
        "What runs was started by the old definition; a restart of {} takes the new one.",
        unit.lane.name
    );
    let guards = quiet(at, &unit, process, main)?;
    let mut restart = unit.restart(at, why, main, guards);
    // `hermes gateway run` does so in the user's unit (0.13+); a drop-in stays, but for one that Hermes itself wrote.
    restart.changes.push_str("; Hermes may write its unit anew when it starts, without the edit");
    Ok(vec![first, restart])
}

/// That the unit still has the process that was seen, and that no turn is under way.
fn quiet(
    at: &Subject<'_>,
    unit: &Unit<'_>,
    process: &Process,
    main: u32,
) -> Result<Vec<Guard>, String> {
    let mut guards = vec![unit.runs(main), same(at, process)?];
    if at.gateway.own_status(at.facts.about.os).is_some() {
        guards.push(Guard::NoTurns { status: at.path("gateway_state.json") });
    }
    Ok(guards)
}

/// A restart of the service that has the process.
fn restart(at: &Subject<'_>, why: &str, is_quiet: bool) -> Steps {
    let (unit, process, main) = Unit::of_process(at)?;
    if process.is_zombie() {
        return Err("the process is dead already, and its parent has to notice".into());
    }
    if at.is_starting() {
        return Err("the gateway is still starting: look again in two minutes".into());
    }
    if let Some(missing) = missing_path(at, unit.lane) {
        return Err(missing);
    }
    if unit.job.systemd.as_ref().is_some_and(|systemd| systemd.queued) {
        return Err("systemd is at it already: look again in a few seconds".into());
    }
    let guards = if is_quiet {
        quiet(at, &unit, process, main)?
    } else {
        vec![unit.runs(main), same(at, process)?, still_hangs(at, process)]
    };
    let reload = unit.reload(Some(unit.runs(main)));
    Ok(reload.into_iter().chain([unit.restart(at, why.into(), main, guards)]).collect())
}

/// Somebody froze it, and may not be done.
fn thaw(at: &Subject<'_>) -> Steps {
    let (unit, process, main) = Unit::of_process(at)?;
    if !matches!(at.frozen(), Some((_, Freezer::Frozen))) {
        return Err("a slice above the service is frozen: find out which, by whom, and whether that is over".into());
    }
    Ok(vec![Step {
        name: "thaw",
        why: format!(
            "Somebody froze {}: systemd keeps PID {} from running, until that is taken away.",
            unit.lane.name, process.pid
        ),
        guards: vec![
            Guard::Agreed {
                question: format!(
                    "Do you know why {} was frozen, and is it to go on?",
                    unit.lane.name
                ),
            },
            unit.runs(main),
            same(at, process)?,
            unit.still("FreezerState", "frozen"),
        ],
        action: unit.action(&["thaw"]),
        changes: format!("PID {} goes on where it was; nothing is started or stopped", process.pid),
        expect: unit.gets("FreezerState", "running"),
        undo: unit.by_hand(&["freeze"]),
    }])
}

/// Somebody masked it, and may have had a reason.
fn unmask(at: &Subject<'_>) -> Steps {
    let unit = Unit::of(at)?;
    if unit.lane.has_an_empty_file() {
        return Err("the unit's file is empty, so nothing is behind the mask: an unmask would remove it, and the page of masked says what writes it anew".into());
    }
    if unit.lane.definition.known().is_none() {
        return Err("the mask stands in place of the unit's file: find out who masked it, and why, before anything else".into());
    }
    if !at.gateway.liveness.process.is_absent() {
        return Err("whether another gateway of this home lives is not known".into());
    }
    unit.can_start(at)?;
    let step = Step {
        name: "unmask",
        why: format!(
            "Somebody masked {}: it starts for nobody, until that is taken away.",
            unit.lane.name
        ),
        guards: vec![
            Guard::Agreed {
                question: format!(
                    "Do you know why {} was masked, and is it to run again?",
                    unit.lane.name
                ),
            },
            unit.still("LoadState", "masked"),
        ],
        action: unit.action(&["unmask"]),
        changes: "removes the link to /dev/null; nothing is started".into(),
        expect: unit.gets("LoadState", "loaded"),
        undo: unit.by_hand(&["mask"]),
    };
    Ok(vec![step, unit.start(at)])
}

/// It runs, and would not come back: close each gap that a command can close.
fn keep(at: &Subject<'_>) -> Steps {
    let (unit, _, main) = Unit::of_process(at)?;
    let mut steps = Vec::new();
    if let Some(mut enable) = unit.enable() {
        enable.guards.insert(0, unit.runs(main));
        steps.push(enable);
    }
    if unit.scope == Scope::User && at.facts.linger == Fact::Known(false) {
        let uid = at.facts.about.uid.ok_or("whose manager it is is not known")?;
        steps.push(Step {
            name: "linger",
            why: "The user's service manager ends with the user's last session, and the gateway with it. This is root's to run: it asks sudo.".into(),
            guards: vec![unit.runs(main), Guard::NotLingering { uid }],
            action: Action::Linger { uid },
            changes: format!("keeps the service manager of uid {uid}, and all its services, without a session and from boot on"),
            expect: Expect::Lingers { uid },
            undo: format!("sudo loginctl disable-linger {uid}"),
        });
    }
    let is_wanted = |systemd: &Systemd| systemd.wanted_by.as_ref().is_none_or(|by| !by.is_empty());
    let is_enabled = unit.job.enabled == Enabled::Yes;
    if steps.is_empty() && is_enabled && !unit.job.systemd.as_ref().is_none_or(is_wanted) {
        return Err("it is enabled for a target that is not started: WantedBy=default.target in the [Install] of its unit, and `reenable`, mend that".into());
    }
    if steps.is_empty() {
        return Err(
            "what would end it for good is in the definition of its service: mend that".into()
        );
    }
    Ok(steps)
}

/// One gateway has a service, and others of the same home have none: those end, after asking.
fn end_outsiders(at: &Subject<'_>) -> Steps {
    let lives = |process: &&Process| !process.is_zombie();
    let all: Vec<&Process> =
        at.gateway.process().into_iter().chain(&at.gateway.liveness.others).filter(lives).collect();
    let mut kept = at.gateway.lanes.iter().filter_map(|lane| {
        let (scope, lane) = systemd_scope(lane)?;
        let job = lane.job.known()?;
        let main = job.main_pid?;
        let process = *all.iter().find(|process| is_in(process, scope, lane, main))?;
        Some((Unit { scope, lane, job }, process, main))
    });
    let (unit, keeper, main) =
        kept.next().ok_or("none of them has a service: decide by hand which is to stay")?;
    if kept.next().is_some() {
        return Err("two services each have one: decide by hand which is to stay".into());
    }
    let mut steps = Vec::new();
    for outsider in all.iter().filter(|process| process.pid != keeper.pid) {
        if matches!(outsider.place, Some(Place::Service { .. }) | None) {
            return Err("one of them runs in a service that is not known to be this home's: stop it by that service".into());
        }
        steps.push(Step {
            name: "end-outsider",
            why: format!(
                "PID {} serves the same home as PID {} of {}: both write to it, and both run its jobs.",
                outsider.pid, keeper.pid, unit.lane.name
            ),
            guards: vec![
                Guard::Agreed {
                    question: format!(
                        "End PID {} ({}) and keep PID {} of {}?",
                        outsider.pid, outsider.command(), keeper.pid, unit.lane.name
                    ),
                },
                same(at, outsider)?,
                unit.runs(main),
            ],
            action: Action::Terminate { pid: outsider.pid },
            changes: format!("ends PID {}, which finishes what it is at", outsider.pid),
            expect: Expect::Gone { pid: outsider.pid, within: unit.stop_seconds() },
            undo: as_it_ran(outsider),
        });
    }
    if steps.is_empty() {
        return Err("the other one cannot be seen from here: end it where it runs".into());
    }
    let why = format!(
        "{} makes its lock and its PID file anew, which the other one may have replaced.",
        unit.lane.name
    );
    let guards = vec![unit.runs(main), same(at, keeper)?];
    steps.push(unit.restart(at, why, main, guards));
    Ok(steps)
}

fn is_in(process: &Process, scope: Scope, lane: &Lane, main: u32) -> bool {
    let by_group = matches!(
        &process.place,
        Some(Place::Service { scope: of, unit, .. }) if *of == scope && *unit == lane.name
    );
    process.pid == main || by_group
}

/// Two services would each keep a gateway of this home: the one that has none steps back for good.
fn one_supervisor(at: &Subject<'_>) -> Steps {
    let (kept, process, main) = Unit::of_process(at)?;
    if !at.gateway.liveness.others.is_empty() {
        return Err("each of them has a gateway: decide by hand which is to stay".into());
    }
    let mut steps = Vec::new();
    for lane in at.installed().filter(|lane| !std::ptr::eq(*lane, kept.lane)) {
        let (Some((scope, _)), Some(job)) = (systemd_scope(lane), lane.job.known()) else {
            return Err(format!("what {} does is not known", lane.title()));
        };
        let other = Unit { scope, lane, job };
        if lane.definition.known().is_none() {
            return Err(format!("which home {} serves is not known", lane.title()));
        }
        if let Some(because) = is_unfinished(at, &kept, &other) {
            return Err(because);
        }
        let harmful = match (lane.starts_by_itself(), job.phase) {
            (true, _) => other.still("UnitFileState", "enabled"),
            (false, Phase::Restarting | Phase::Starting) => {
                other.still("ActiveState", "activating")
            }
            (false, _) => continue,
        };
        steps.push(Step {
            name: "disable-other",
            why: format!(
                "{} has the gateway of this home. {} would start a second one, and after a boot it is luck which comes first. If the other is the one that is meant, do not run this.",
                kept.lane.title(), lane.title()
            ),
            guards: vec![
                kept.runs(main),
                same(at, process)?,
                Guard::LockedBy { lock: at.path("gateway.lock"), pid: process.pid },
                harmful,
            ],
            action: other.action(&["disable", "--now"]),
            changes: format!("{} stops, and does not start at boot or login any more; its file stays", lane.title()),
            expect: other.gets("UnitFileState", "disabled"),
            undo: other.by_hand(&["enable", "--now"]),
        });
    }
    if steps.is_empty() {
        return Err("none of the others would start by itself".into());
    }
    Ok(steps)
}

/// Why it cannot be told which of two services is meant: the one that has the gateway may be the one to go.
fn is_unfinished(at: &Subject<'_>, kept: &Unit<'_>, other: &Unit<'_>) -> Option<String> {
    let names = at.gateway.home.service_names("hermes-gateway", at.facts.about.home.as_deref());
    let is_expected = |unit: &Unit<'_>| {
        names.iter().any(|name| unit.lane.name.strip_suffix(".service") == Some(name))
    };
    let (runs, waits) = (kept.lane.title(), other.lane.title());
    if kept.job.enabled == Enabled::No && other.lane.starts_by_itself() {
        return Some(format!(
            "{runs} has the gateway and does not start by itself, and {waits} is the other way round, as if a move from one to the other was not finished: decide which is meant"
        ));
    }
    (!is_expected(kept) && is_expected(other)).then(|| {
        format!(
            "{runs} has the gateway, and {waits} is the one that Hermes installs: decide which is meant"
        )
    })
}
