//! What each difference from a release's own definition is worth. The first row that fits holds.

use gw_snapshot::facts::generation::{Difference, Form, How};
use gw_snapshot::facts::release::{Capability, Version};

use super::directives::Idle;

/// What a difference is worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It holds by something else, and survives.
    Fine,
    /// It changes nothing of what the service does.
    Cosmetic,
    /// It changes what the service does, and is lost with the next rewrite.
    WillBeOverwritten,
    /// The service does what it should not, or not what it should.
    WrongBehaviour,
    /// The service cannot work like that.
    BrokenNow,
}

impl Grade {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Cosmetic => "cosmetic",
            Self::WillBeOverwritten => "will be overwritten",
            Self::WrongBehaviour => "wrong behaviour",
            Self::BrokenNow => "broken now",
        }
    }
}

/// When a row fits.
enum When {
    /// However it differs.
    Any,
    /// The release writes it, and it is not there.
    Lacking,
    /// The same, of this word of a list.
    LackingOf(&'static str),
    /// It is there, and the release does not write it.
    Extra,
    /// The same, of this word of a list.
    ExtraOf(&'static str),
    /// It has another value.
    Other,
    /// It has this one.
    OtherOf(&'static str),
    /// It has another one, with these words in it.
    OtherWith(&'static str),
    /// It stands twice.
    Twice,
    /// With code that cannot do this.
    Without(Capability, &'static When),
}

impl When {
    fn fits(&self, difference: &Difference, version: Option<&Version>) -> bool {
        let is = |how, value: &Option<String>, wanted: &str| {
            difference.how == how && value.as_deref() == Some(wanted)
        };
        match self {
            Self::Any => difference.how != How::Twice,
            Self::Lacking => difference.how == How::Lacking,
            Self::LackingOf(word) => is(How::Lacking, &difference.written, word),
            // Of what is unclear it matters what it is worth if it is lost.
            Self::Extra => matches!(difference.how, How::Extra | How::Unclear),
            Self::ExtraOf(word) => is(How::Extra, &difference.installed, word),
            Self::Other => difference.how == How::Other,
            Self::OtherOf(word) => is(How::Other, &difference.installed, word),
            Self::OtherWith(words) => {
                let installed = difference.installed.as_deref().unwrap_or_default();
                difference.how == How::Other && installed.contains(words)
            }
            Self::Twice => difference.how == How::Twice,
            Self::Without(capability, when) => {
                version.and_then(|version| version.has(*capability)) == Some(false)
                    && when.fits(difference, version)
            }
        }
    }
}

/// What a difference is worth to code of this version, and why.
pub(super) fn grade(
    form: Form,
    difference: &Difference,
    version: Option<&Version>,
) -> (Grade, &'static str) {
    let rows = TABLE.iter().filter(|(name, ..)| *name == difference.name);
    let row = rows.into_iter().find(|(_, when, ..)| when.fits(difference, version));
    row.map_or_else(|| otherwise(form, difference), |(_, _, grade, why)| (*grade, why))
}

/// What holds of everything that has no row of its own.
fn otherwise(form: Form, difference: &Difference) -> (Grade, &'static str) {
    let is_added = matches!(difference.how, How::Extra | How::Unclear);
    if let Some(idle) = idle(difference).filter(|_| is_added && form != Form::Plist) {
        return (Cosmetic, idle.why());
    }
    match (difference.how, form) {
        (How::Twice, Form::Plist) => {
            (WrongBehaviour, "it stands twice, and which of them holds is not defined")
        }
        (How::Twice, _) => (Cosmetic, "it stands twice, and the last one holds"),
        (How::Lacking, _) => (WillBeOverwritten, "Hermes writes it"),
        (How::Extra, _) => (WillBeOverwritten, "Hermes writes no such thing"),
        (How::Other, _) => (WillBeOverwritten, "Hermes writes another value"),
        (How::Unclear, _) => (WillBeOverwritten, "it is not known whether Hermes writes it so"),
    }
}

/// Returns why something that only the definition says has no effect with systemd.
pub(super) fn idle(difference: &Difference) -> Option<Idle> {
    let name = difference.name.as_str();
    let misplaced = name.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let (section, key) = match misplaced {
        Some(misplaced) => misplaced,
        // Variables, arguments, and what Hermes writes into other sections.
        None if name.contains(' ') || TABLE.iter().any(|(known, ..)| *known == name) => {
            return None;
        }
        None => ("Service", name),
    };
    Idle::of(section, key, difference.installed.as_deref()?)
}

use Grade::{BrokenNow, Cosmetic, WillBeOverwritten, WrongBehaviour};
use When::{Any, Extra, ExtraOf, Lacking, LackingOf, Other, OtherOf, OtherWith, Twice, Without};

/// By directive or key, in the order in which Hermes writes them.
const TABLE: &[(&str, When, Grade, &str)] = &[
    ("Description", Any, Cosmetic, "a name for people"),
    (
        "After",
        LackingOf("user@UID.service"),
        WillBeOverwritten,
        "it may start before the manager of its user, in which jobs run",
    ),
    (
        "Wants",
        LackingOf("user@UID.service"),
        WillBeOverwritten,
        "nothing brings up the manager of its user, in which jobs run",
    ),
    ("After", Lacking, WillBeOverwritten, "it may start before the network is up"),
    ("Wants", Lacking, WillBeOverwritten, "nothing brings the network up before it"),
    ("StartLimitIntervalSec", Lacking, WrongBehaviour, "systemd's own limit of starts holds"),
    ("StartLimitIntervalSec", Other, WrongBehaviour, "after too many starts it stays down"),
    (
        "Type",
        Without(Capability::SystemdWatchdog, &OtherOf("notify")),
        BrokenNow,
        "this version never says that it is ready",
    ),
    ("Type", OtherOf("forking"), BrokenNow, "Hermes does not fork: the start never ends"),
    ("Type", OtherOf("oneshot"), BrokenNow, "with Restart=always systemd refuses it"),
    ("Type", OtherOf("exec"), Cosmetic, "it differs only in when a start counts as done"),
    ("Type", Lacking, Cosmetic, "simple is what systemd takes"),
    ("Type", Other, WillBeOverwritten, "Hermes starts as simple, or as notify with a watchdog"),
    (
        "WatchdogSec",
        Without(Capability::SystemdWatchdog, &Extra),
        BrokenNow,
        "this version never answers the watchdog",
    ),
    ("NotifyAccess", Extra, Cosmetic, "without Type=notify nobody listens"),
    ("User", Lacking, WrongBehaviour, "it runs as root"),
    ("Group", Lacking, Cosmetic, "the user's own group holds"),
    ("ExecStart", Twice, BrokenNow, "systemd refuses a service with two commands"),
    ("ExecStart", Lacking, BrokenNow, "there is nothing to start"),
    ("ExecStart", OtherOf(""), BrokenNow, "systemd cannot read it"),
    ("ExecStart", Other, WillBeOverwritten, "another command than Hermes writes"),
    (
        "ExecStart --replace",
        Without(Capability::ReplaceInUnits, &Extra),
        WrongBehaviour,
        "each start ends a gateway that runs",
    ),
    (
        "ExecStart --external-supervisor",
        Without(Capability::ExternalSupervisor, &Extra),
        BrokenNow,
        "this version knows no such argument",
    ),
    ("WorkingDirectory", Any, Cosmetic, "Hermes finds its files without it"),
    ("Environment HOME", Any, Cosmetic, "systemd sets it for the user of the service"),
    ("Environment USER", Any, Cosmetic, "systemd sets it for the user of the service"),
    ("Environment LOGNAME", Any, Cosmetic, "systemd sets it for the user of the service"),
    (
        "Environment PATH",
        Lacking,
        WrongBehaviour,
        "tools of the environment and of the user are not found",
    ),
    ("Environment VIRTUAL_ENV", Any, Cosmetic, "Python finds its environment without it"),
    (
        "Environment HERMES_HOME",
        Lacking,
        WrongBehaviour,
        "which home it serves depends on its user and on the sticky profile",
    ),
    (
        "Restart",
        Without(Capability::PlannedRestartFails, &OtherOf("on-failure")),
        WrongBehaviour,
        "a planned restart may end with 0, and then it stays down",
    ),
    ("Restart", OtherOf("on-failure"), WillBeOverwritten, "after an exit with 0 it stays down"),
    ("Restart", Other, WrongBehaviour, "after some ends that call for a start it stays down"),
    ("Restart", Lacking, WrongBehaviour, "nothing starts it again"),
    ("RestartSec", Lacking, WrongBehaviour, "a start that fails is repeated ten times a second"),
    ("RestartSec", Other, WillBeOverwritten, "it changes how fast starts follow each other"),
    ("RestartMaxDelaySec", Any, Cosmetic, "upstream passes over it as well"),
    ("RestartSteps", Any, Cosmetic, "upstream passes over it as well"),
    (
        "RestartForceExitStatus",
        LackingOf("75"),
        WrongBehaviour,
        "a planned restart (exit 75) is not forced",
    ),
    (
        "RestartPreventExitStatus",
        ExtraOf("75"),
        WrongBehaviour,
        "a planned restart (exit 75) leaves it down",
    ),
    (
        "RestartPreventExitStatus",
        LackingOf("78"),
        WrongBehaviour,
        "a mistake in the settings (exit 78) is started again for ever",
    ),
    (
        "RestartPreventExitStatus",
        Without(Capability::ConfigExitInUnits, &ExtraOf("78")),
        Cosmetic,
        "0.19 and later write it",
    ),
    ("SuccessExitStatus", ExtraOf("75"), Cosmetic, "0.21.3 and later write it"),
    (
        "SuccessExitStatus",
        LackingOf("75"),
        Cosmetic,
        "a planned restart (exit 75) counts as a failure",
    ),
    ("KillMode", Any, WrongBehaviour, "a stop reaches the tools before the gateway, or not at all"),
    ("KillSignal", Lacking, Cosmetic, "SIGTERM is what systemd takes"),
    ("KillSignal", Other, WrongBehaviour, "Hermes takes SIGTERM for a stop"),
    ("ExecReload", Lacking, WillBeOverwritten, "there is no reload"),
    (
        "ExecStop",
        Lacking,
        WillBeOverwritten,
        "a stop by systemd counts as an end that nobody planned",
    ),
    (
        "ExecStopPost",
        Lacking,
        WillBeOverwritten,
        "what the gateway leaves behind is not cleared away",
    ),
    (
        "ExecStopPost",
        Without(Capability::CgroupCleanup, &ExtraOf("-PYTHON -m gateway.cgroup_cleanup")),
        Cosmetic,
        "0.18 and later write it",
    ),
    ("TimeoutStopSec", Lacking, Cosmetic, "systemd's own limit of 90 s holds"),
    ("TimeoutStopSec", Other, Cosmetic, "Hermes reckons it from its settings"),
    ("StandardOutput", Lacking, Cosmetic, "journal is what systemd takes"),
    ("StandardError", Lacking, Cosmetic, "journal is what systemd takes"),
    ("WantedBy", Lacking, WrongBehaviour, "it cannot be enabled to start at boot"),
    ("Label", Lacking, BrokenNow, "launchd refuses it"),
    ("ProgramArguments", Lacking, BrokenNow, "there is nothing to start"),
    (
        "ProgramArguments",
        Without(Capability::LaunchdWrapper, &OtherWith("hermes_cli.stderr_timestamp")),
        BrokenNow,
        "this version has no such wrapper",
    ),
    ("ProgramArguments", Other, WillBeOverwritten, "another command than Hermes writes"),
    (
        "ProgramArguments --replace",
        Without(Capability::ReplaceInPlists, &Extra),
        WrongBehaviour,
        "each start ends a gateway that runs",
    ),
    (
        "ProgramArguments --external-supervisor",
        Without(Capability::ExternalSupervisor, &Extra),
        BrokenNow,
        "this version knows no such argument",
    ),
    (
        "EnvironmentVariables PATH",
        Lacking,
        WrongBehaviour,
        "tools of the environment and of the user are not found",
    ),
    ("EnvironmentVariables VIRTUAL_ENV", Any, Cosmetic, "Python finds its environment without it"),
    (
        "EnvironmentVariables HERMES_HOME",
        Lacking,
        WrongBehaviour,
        "which home it serves depends on its user and on the sticky profile",
    ),
    (
        "LimitLoadToSessionType",
        LackingOf("Aqua"),
        WrongBehaviour,
        "it is not loaded in a session at the screen",
    ),
    (
        "LimitLoadToSessionType",
        LackingOf("Background"),
        Cosmetic,
        "at the screen it is loaded all the same",
    ),
    ("RunAtLoad", Any, WrongBehaviour, "it does not start when it is loaded"),
    (
        "KeepAlive",
        Without(Capability::PlannedRestartFails, &OtherOf("SuccessfulExit false")),
        WrongBehaviour,
        "a planned restart may end with 0, and then it stays down",
    ),
    (
        "KeepAlive",
        OtherOf("SuccessfulExit false"),
        WillBeOverwritten,
        "after an exit with 0 it stays down",
    ),
    (
        "KeepAlive",
        OtherOf("true"),
        WillBeOverwritten,
        "a mistake in the settings is started again for ever",
    ),
    ("KeepAlive", Other, WrongBehaviour, "after some ends that call for a start it stays down"),
    ("KeepAlive", Lacking, WrongBehaviour, "nothing starts it again"),
    ("ThrottleInterval", Lacking, Cosmetic, "launchd waits 10 s between starts"),
    ("ExitTimeOut", Lacking, Cosmetic, "launchd's own limit of 20 s holds"),
    (
        "Disabled",
        ExtraOf("true"),
        WrongBehaviour,
        "it is not loaded, unless an override enables it",
    ),
    ("Disabled", ExtraOf("false"), Cosmetic, "so it would be without it"),
    ("StandardOutPath", Lacking, WillBeOverwritten, "what it prints is lost"),
    ("StandardErrorPath", Lacking, WillBeOverwritten, "what it prints is lost"),
];
