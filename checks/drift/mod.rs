//! How far a definition is from what Hermes writes: which of it is the shape of another release, which of it
//! was edited by hand, what each difference is worth, and where an edit survives.
//!
//! Paths, users and the values of Hermes's own variables are not judged here, nor is the exact limit of a
//! stop: those are of the machine.

mod directives;
mod table;

use gw_snapshot::fact::Why;
use gw_snapshot::facts::definition::{Definition, Restart};
use gw_snapshot::facts::generation::{Difference, Form, Generation, How};
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::release::{Capability, Version};
use gw_snapshot::facts::{Lane, Manager, home, shape};

use crate::Subject;
use crate::stop::Stop;
use directives::Idle;
pub use table::Grade;

/// A difference with its worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graded {
    /// What differs.
    pub difference: Difference,
    /// What that is worth.
    pub grade: Grade,
    /// Why, in a few words.
    pub why: &'static str,
}

/// What came of comparing a definition with what Hermes writes.
pub(crate) struct Comparison {
    form: Form,
    rewriters: &'static str,
    nearest: Vec<&'static Generation>,
    /// What the table says of the installed release.
    table: Option<&'static Generation>,
    /// What the installed code writes, by its own text or else by the table.
    written: Option<Generation>,
    is_current: bool,
    stale: Vec<Graded>,
    edits: Vec<Graded>,
    unclear: Vec<Graded>,
}

/// A definition beside what Hermes writes.
pub(crate) struct Drift<'a> {
    /// The service.
    pub(crate) lane: &'a Lane,
    /// Which kind of definition it is.
    pub(crate) form: Form,
    /// The generations from which it differs least.
    pub(crate) nearest: &'a [&'static Generation],
    /// What the installed code writes, by its own text or else by what its release does. None where neither is known.
    pub(crate) written: Option<&'a Generation>,
    table: Option<&'static Generation>,
    is_current: bool,
    /// What another release wrote otherwise than the installed one would.
    pub(crate) stale: &'a [Graded],
    /// What no release near to it writes: edits by hand.
    pub(crate) edits: &'a [Graded],
    /// Of what it is not known whether the installed code writes it so, where that makes a difference.
    pub(crate) unclear: &'a [Graded],
    rewriters: &'static str,
    definition: &'a Definition,
}

/// What each difference of a definition from that of a release is worth, to code of that version that stops so.
pub fn differences(
    generation: &Generation,
    definition: &Definition,
    version: Option<&Version>,
    stop: Option<Stop>,
) -> Vec<Graded> {
    // What a drop-in says beats the file; of a list it adds its words to those of the file.
    let is_dropped_in = |difference: &Difference| {
        definition.dropped_in.iter().any(|entry| {
            let is_list = shape::is_list(&entry.name);
            let value = difference.installed.as_ref().or(difference.written.as_ref());
            entry.name == difference.name && (!is_list || value == Some(&entry.value))
        })
    };
    let graded = |difference: Difference| {
        let (grade, why) = if is_dropped_in(&difference) {
            (Grade::Fine, "a drop-in says it too, and survives")
        } else if is_implied(&difference, definition) {
            (Grade::Fine, "its KeepAlive starts it when it is loaded all the same")
        } else if is_short(&difference, stop) {
            (Grade::WrongBehaviour, "the gateway is killed before its work has ended")
        } else {
            table::grade(generation.form, &difference, version)
        };
        Graded { difference, grade, why }
    };
    generation.differences(&definition.entries, reckoned(stop)).into_iter().map(graded).collect()
}

/// True of a `RunAtLoad` that is false or missing beside a `KeepAlive` that makes launchd start the job when it is loaded
/// (`man launchd.plist`, `SuccessfulExit`).
fn is_implied(difference: &Difference, definition: &Definition) -> bool {
    let restart = definition.restart.as_ref().map(|(restart, _)| restart);
    let keeps = matches!(restart, Some(Restart::Always | Restart::OnFailure | Restart::OnSuccess));
    difference.name == "RunAtLoad" && keeps
}

fn reckoned(stop: Option<Stop>) -> Option<u64> {
    stop.and_then(|stop| stop.reckoned)
}

/// True if the limit of a stop is shorter than what the gateway may need.
fn is_short(difference: &Difference, stop: Option<Stop>) -> bool {
    let given = difference.installed.as_ref().and_then(|given| given.parse::<u64>().ok());
    let needed = stop.and_then(|stop| stop.needed());
    difference.name == "TimeoutStopSec"
        && difference.how == How::Other
        && given.zip(needed).is_some_and(|(given, needed)| given < needed)
}

impl Comparison {
    /// Compares a service's definition with what Hermes writes. None where there is no definition to compare.
    pub(crate) fn of(at: &Subject<'_>, lane: &Lane) -> Option<Self> {
        let definition = compared(lane)?;
        let form = match lane.manager {
            Manager::SystemdUser => Form::UserUnit,
            Manager::SystemdSystem => Form::SystemUnit,
            _ => Form::Plist,
        };
        let (version, stop) = (at.version(), at.stop());
        let table = version.and_then(|version| Generation::of(form, version));
        let reference = at.gateway.reference.known().and_then(|code| code.writing(form));
        if let Some(code) = reference.and_then(|code| Generation::of_code(form, code, table)) {
            return Some(Self::with_code(at, form, definition, code, table));
        }
        let Some(written) = table else {
            return Some(Self::without_version(at, form, definition));
        };
        // Nearly every definition is as the installed release writes it: then no other is nearer.
        let mut nearest = vec![written];
        if !written.differences(&definition.entries, None).is_empty() {
            let found = Generation::nearest(form, &definition.entries);
            if !found.iter().any(|near| near.is_within(written)) {
                nearest = found;
            }
        }
        let all = differences(written, definition, version, stop);
        let (mut edits, stale): (Vec<Graded>, _) =
            all.into_iter().partition(|found| is_in_all(found, &nearest, definition, stop));
        excuse(at, &mut edits);
        Some(Self {
            form,
            rewriters: rewriters(at, form),
            is_current: nearest.iter().any(|near| near.is_within(written)),
            nearest,
            table,
            written: Some(written.clone()),
            stale,
            edits,
            unclear: Vec::new(),
        })
    }

    /// Compares with what the installed code writes by its own text. What neither that nor a release of the definition's
    /// age writes is an edit.
    fn with_code(
        at: &Subject<'_>,
        form: Form,
        definition: &Definition,
        code: Generation,
        table: Option<&'static Generation>,
    ) -> Self {
        let (version, stop) = (at.version(), at.stop());
        let is_as_written = code.differences(&definition.entries, None).is_empty();
        let mut nearest: Vec<&Generation> = table.into_iter().collect();
        if !is_as_written {
            nearest = Generation::nearest(form, &definition.entries);
        }
        let of_its_age: Vec<&Generation> = nearest.iter().copied().chain(table).collect();
        let all = differences(&code, definition, version, stop);
        let (mut unclear, all): (Vec<Graded>, Vec<Graded>) =
            all.into_iter().partition(|found| found.difference.how == How::Unclear);
        excuse(at, &mut unclear);
        unclear.retain(|found| found.grade > Grade::Cosmetic);
        let (mut edits, stale): (Vec<Graded>, _) =
            all.into_iter().partition(|found| is_in_all(found, &of_its_age, definition, stop));
        excuse(at, &mut edits);
        Self {
            form,
            rewriters: rewriters(at, form),
            nearest,
            table,
            written: Some(code),
            is_current: stale.is_empty(),
            stale,
            edits,
            unclear,
        }
    }

    /// Without the version, only what no known release writes is an edit for sure. What is missing may be what an
    /// unknown release did not write.
    fn without_version(at: &Subject<'_>, form: Form, definition: &Definition) -> Self {
        let nearest = Generation::nearest(form, &definition.entries);
        let rewriters = rewriters(at, form);
        // A release that is too new for the tables may write anything.
        if at.version().is_some() {
            return Self::unknown(form, rewriters, nearest, Vec::new());
        }
        let all: Vec<&Generation> = Generation::all(form).collect();
        let found = nearest.first().map(|near| differences(near, definition, None, None));
        let is_edit = |found: &Graded| {
            matches!(found.difference.how, How::Extra | How::Other)
                && is_in_all(found, &all, definition, None)
        };
        let mut edits: Vec<Graded> = found.into_iter().flatten().filter(is_edit).collect();
        excuse(at, &mut edits);
        Self::unknown(form, rewriters, nearest, edits)
    }

    fn unknown(
        form: Form,
        rewriters: &'static str,
        nearest: Vec<&'static Generation>,
        edits: Vec<Graded>,
    ) -> Self {
        let (table, written, is_current) = (None, None, false);
        let (stale, unclear) = (Vec::new(), Vec::new());
        Self { form, rewriters, nearest, table, written, is_current, stale, edits, unclear }
    }
}

/// The definition of a service that can be compared.
fn compared(lane: &Lane) -> Option<&Definition> {
    lane.definition.known().filter(|_| !lane.is_masked())
}

/// An added variable that the home's `.env` sets too is not lost.
fn excuse(at: &Subject<'_>, edits: &mut [Graded]) {
    let dotenv = at.path(".env");
    let of_dotenv =
        at.gateway.assigned.set.iter().filter(|set| set.at.file == dotenv).map(|set| &set.name);
    let is_there = |edit: &&mut Graded| matches!(edit.difference.how, How::Extra | How::Unclear);
    for edit in edits.iter_mut().filter(is_there) {
        if edit.variable().is_some_and(|name| of_dotenv.clone().any(|known| known == name)) {
            (edit.grade, edit.why) = (Grade::Fine, "the home's .env sets it too, and wins");
        }
    }
}

impl<'a> Drift<'a> {
    /// What came of the comparison, beside what was compared.
    pub(crate) fn new(lane: &'a Lane, found: &'a Comparison) -> Option<Self> {
        Some(Self {
            lane,
            form: found.form,
            nearest: &found.nearest,
            written: found.written.as_ref(),
            table: found.table,
            is_current: found.is_current,
            stale: &found.stale,
            edits: &found.edits,
            unclear: &found.unclear,
            rewriters: found.rewriters,
            definition: compared(lane)?,
        })
    }

    /// The releases whose shape it has, for people.
    pub(crate) fn releases(&self) -> String {
        let names: Vec<&str> = self.nearest.iter().map(|near| near.releases).collect();
        match names.split_last() {
            Some((last, [])) => (*last).into(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// True if some known release writes it just so.
    pub(crate) fn is_as_written(&self) -> bool {
        let entries = &self.definition.entries;
        self.nearest.iter().any(|near| near.differences(entries, None).is_empty())
    }

    /// Whether some known release wrote all of it that is not of the machine: then it is known which.
    pub(crate) fn is_exact(&self) -> bool {
        self.edits.iter().all(|edit| edit.grade <= Grade::Cosmetic)
    }

    /// True if it has a shape that the installed code writes, edits apart.
    pub(crate) fn is_current(&self) -> bool {
        self.is_current
    }

    /// Returns all that differs, or may differ, from what the installed code writes.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Graded> {
        self.stale.iter().chain(self.edits).chain(self.unclear)
    }

    /// Returns why it cannot be told whether the installed code writes all of it, and nothing else. None where that can be
    /// told, and where nothing at all is known of what it writes.
    pub(crate) fn untold(&self) -> Option<Why> {
        let mut names: Vec<String> =
            self.unclear.iter().map(|found| found.subject(self.form)).collect();
        names.dedup();
        if names.len() > FEW {
            let more = names.split_off(FEW).len();
            names.push(format!("{more} more"));
        }
        match self.written {
            Some(_) if !names.is_empty() => Some(Why::Failed(format!(
                "the installed code's own text leaves it open whether it writes {}",
                names.join(", ")
            ))),
            Some(written) if written.is_open() => Some(Why::Failed(
                "the installed code's own text leaves it open what else it writes".into(),
            )),
            _ => None,
        }
    }

    /// True if only the installed code's own text tells what it writes: its release is in no table.
    pub(crate) fn is_by_code_alone(&self) -> bool {
        self.written.is_some_and(|written| written.is_of_code() && !written.recorded)
    }

    /// True if every release whose shape it may have is older than the installed one.
    pub(crate) fn is_older(&self) -> bool {
        self.table.is_some_and(|table| self.nearest.iter().all(|near| near.last < table.first))
    }

    /// True if every release whose shape it may have is newer than the installed one.
    pub(crate) fn is_newer(&self) -> bool {
        self.table.is_some_and(|table| self.nearest.iter().all(|near| near.first > table.last))
    }

    /// Whether it is in no shape of Hermes's: it starts something else, or next to nothing in it is Hermes's.
    pub(crate) fn is_hand_made(&self) -> bool {
        let starts_hermes = self.definition.entries.iter().any(|entry| {
            matches!(entry.name.as_str(), "ExecStart" | "ProgramArguments")
                && !matches!(entry.value.as_str(), "" | "another command")
        });
        let lacking = |written: &Generation| {
            written
                .differences(&self.definition.entries, None)
                .iter()
                .filter(|found| found.how == How::Lacking)
                .count()
        };
        let written = self.nearest.first().copied().into_iter().chain(self.written);
        let far = written.map(lacking).min().unwrap_or(usize::MAX);
        !starts_hermes || far > FAR
    }

    /// Whether Hermes writes to this file: it knows a service by the name that it gives it, and never
    /// writes a daemon of launchd's.
    pub(crate) fn is_rewritten(&self, at: &Subject<'_>) -> bool {
        let is_plist = self.form == Form::Plist;
        let stem = if is_plist { "ai.hermes.gateway" } else { "hermes-gateway" };
        let names = at.gateway.home.service_names(stem, at.facts.about.home.as_deref());
        let name = self.lane.name.strip_suffix(".service").unwrap_or(&self.lane.name);
        let place = names.iter().position(|known| known == name);
        // A plist that bears the bare name for another home than the default one is nobody's any more.
        let is_left_alone = is_plist
            && names.len() > 1
            && place == Some(0)
            && at.has(Capability::LeavesOtherHomes) == Some(true);
        self.lane.manager != Manager::LaunchdSystem
            && place.is_some()
            && !is_left_alone
            && self.closed(at).is_none()
    }

    /// Why Hermes cannot write to this file, where that is certain.
    pub(crate) fn closed(&self, at: &Subject<'_>) -> Option<String> {
        let writer = match self.lane.manager {
            Manager::LaunchdGui(uid) | Manager::LaunchdUser(uid) => uid,
            Manager::SystemdUser => at.facts.about.uid?,
            Manager::SystemdSystem | Manager::LaunchdSystem => 0,
        };
        self.definition.closed_to(writer)
    }

    /// The edits that change what the service does, until they are lost.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &Graded> {
        self.edits.iter().filter(|edit| edit.grade >= Grade::WillBeOverwritten)
    }

    /// What another release wrote, and does harm with the installed one.
    pub(crate) fn harmful(&self) -> impl Iterator<Item = &Graded> {
        self.stale.iter().filter(|found| found.grade >= Grade::WrongBehaviour)
    }

    /// The commands that rewrite it, for people.
    pub(crate) fn rewriters(&self) -> &'static str {
        self.rewriters
    }

    /// Where a difference stands, for evidence.
    pub(crate) fn place(&self, found: &Graded) -> Place {
        Place { file: self.definition.path.clone(), line: found.difference.line }
    }

    /// Where an edit survives, which is to continue a sentence.
    pub(crate) fn keeps(&self, at: &Subject<'_>, edit: &Graded) -> String {
        let name = edit.difference.name.as_str();
        let can = |capability| at.has(capability) != Some(false);
        let file = |name: &str| home::join(&at.gateway.home.path, name);
        let is_plist = self.form == Form::Plist;
        match (name, edit.variable()) {
            (_, Some("HERMES_HOME")) => {
                "install the service with that HERMES_HOME set, or use a profile".into()
            }
            (_, Some("HERMES_RESTART_DRAIN_TIMEOUT")) => format!(
                "it survives as agent.restart_drain_timeout in {}, or in {}",
                file("config.yaml"),
                file(".env")
            ),
            (_, Some("HERMES_CRON_DRAIN_TIMEOUT")) => format!(
                "it survives as agent.cron_drain_timeout in {}, or in {}",
                file("config.yaml"),
                file(".env")
            ),
            (_, Some(_)) if edit.difference.how == How::Extra => {
                format!(
                    "it survives in {}, which wins over the service's environment",
                    file(".env")
                )
            }
            ("TimeoutStopSec", _) if can(Capability::CronDrainInStopLimit) => format!(
                "it is reckoned from agent.restart_drain_timeout and agent.cron_drain_timeout in {}",
                file("config.yaml")
            ),
            ("TimeoutStopSec", _) => format!(
                "it is reckoned from agent.restart_drain_timeout in {}",
                file("config.yaml")
            ),
            ("Type" | "NotifyAccess" | "WatchdogSec", _) if can(Capability::SystemdWatchdog) => {
                format!(
                    "it survives as gateway.systemd_watchdog_seconds in {}",
                    file("config.yaml")
                )
            }
            ("SoftResourceLimits NumberOfFiles", _) if can(Capability::FileLimitInPlists) => {
                format!("it survives as runtime.nofile_soft_limit in {}", file("config.yaml"))
            }
            ("ProgramArguments --replace", _) => {
                "nothing keeps it away before Hermes 0.21, which does not write it".into()
            }
            _ if is_plist => "launchd has no place for it that Hermes leaves alone".into(),
            _ if self.form == Form::SystemUnit => {
                format!("it survives in a drop-in: `sudo systemctl edit {}`", self.lane.name)
            }
            _ => format!("it survives in a drop-in: `systemctl --user edit {}`", self.lane.name),
        }
    }
}

/// The commands that rewrite a definition (upstream #19684; verified on 0.19 and 0.22), for people.
fn rewriters(at: &Subject<'_>, form: Form) -> &'static str {
    match form {
        Form::UserUnit => "`hermes gateway start`, `restart` or `run`",
        Form::SystemUnit => "`hermes gateway start` or `restart`",
        Form::Plist if at.has(Capability::RestartWritesPlist) == Some(true) => {
            "`hermes gateway start` or `restart`"
        }
        Form::Plist => "`hermes gateway start`",
    }
}

/// Whether the same difference is one from each of these.
fn is_in_all(
    found: &Graded,
    all: &[&Generation],
    definition: &Definition,
    stop: Option<Stop>,
) -> bool {
    let is_same = |other: &Difference| {
        other.name == found.difference.name
            && other.how == found.difference.how
            && other.installed == found.difference.installed
    };
    let reckoned = reckoned(stop);
    all.iter().all(|near| near.differences(&definition.entries, reckoned).iter().any(is_same))
}

impl Graded {
    /// The variable of the environment that it is about.
    pub fn variable(&self) -> Option<&str> {
        let name = &self.difference.name;
        name.strip_prefix("EnvironmentVariables ").or_else(|| name.strip_prefix("Environment "))
    }

    /// True if it is a directive that systemd passes over.
    pub(crate) fn is_passed_over(&self) -> bool {
        self.difference.how == How::Extra
            && matches!(
                table::idle(&self.difference),
                Some(Idle::Others | Idle::Elsewhere | Idle::Misspelt(_))
            )
    }

    /// The directive that may be meant by one that systemd does not know.
    pub(crate) fn meant(&self) -> Option<&'static str> {
        match table::idle(&self.difference)? {
            Idle::Misspelt(name) => Some(name),
            _ => None,
        }
    }

    /// What differs, as people write it.
    pub fn subject(&self, form: Form) -> String {
        let name: String = self.difference.name.chars().take(LONGEST_NAME).collect();
        match (self.variable(), name.split_once(' ')) {
            (Some(variable), _) => {
                format!("variable {}", variable.chars().take(LONGEST_NAME).collect::<String>())
            }
            (None, Some((_, flag))) if flag.starts_with('-') => format!("argument {flag}"),
            (None, Some((_, "argument"))) => "argument".into(),
            _ if form == Form::Plist => name,
            _ => match &self.difference {
                Difference { how: How::Lacking, written: Some(value), .. }
                | Difference { how: How::Extra | How::Unclear, installed: Some(value), .. }
                    if is_terse(value) && shape::is_list(&name) =>
                {
                    format!("{name}={value}")
                }
                _ => format!("{name}="),
            },
        }
    }

    /// What a rewrite does to it.
    pub fn fate(&self, form: Form) -> String {
        let subject = self.subject(form);
        match (self.difference.how, &self.difference.written) {
            (How::Lacking, _) => format!("writes {subject} again"),
            (How::Other, Some(value)) if is_terse(value) => {
                format!("sets {subject} back to {value}")
            }
            (How::Other, _) => format!("sets {subject} back"),
            (How::Extra | How::Twice, _) => format!("drops {subject}"),
            (How::Unclear, _) => format!("may change {subject}"),
        }
    }

    /// What is installed, what the release writes, and why that matters.
    pub fn said(&self, form: Form, releases: &str) -> String {
        let subject = self.subject(form);
        let difference = &self.difference;
        let what = match (difference.how, &difference.installed, &difference.written) {
            (How::Other, Some(is), Some(written)) if is_terse(is) && is_terse(written) => {
                format!("{subject} is {is}, and {releases} writes {written}")
            }
            (How::Other, ..) => format!("{subject} is not what {releases} writes"),
            (How::Lacking, ..) => format!("{subject} is missing, which {releases} writes"),
            (How::Extra, ..) => format!("{subject}, which {releases} does not write"),
            (How::Twice, ..) => format!("{subject} stands twice"),
            (How::Unclear, ..) => format!("{subject}, which {releases} may write or not"),
        };
        format!("{what} ({}: {})", self.grade.word(), self.why)
    }
}

fn is_terse(value: &str) -> bool {
    (1..=LONGEST_VALUE).contains(&value.len())
}

/// In characters. systemd's and launchd's longest names are shorter.
const LONGEST_NAME: usize = 48;
/// In bytes. What Hermes writes for one machine as for another is shorter, but for commands.
const LONGEST_VALUE: usize = 40;
/// Names in a reason.
const FEW: usize = 4;
/// With more of Hermes's entries missing than the most different two generations differ by, it is somebody's own.
const FAR: usize = 10;
