//! What keeps launchd from running Hermes at all, as opposed to what Hermes itself refuses.
//!
//! launchd's xpcproxy opens the log files and enters the directory before it runs the program. Where it
//! cannot, it ends with 78, the code with which Hermes refuses a configuration (0.18+): the code alone
//! tells neither from the other.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::gateway::{Named, Usable};
use gw_snapshot::facts::job::launchd::Launchd;
use gw_snapshot::facts::job::{Exit, Job, Phase};
use gw_snapshot::facts::process::Process;
use gw_snapshot::facts::release::Capability;
use gw_snapshot::facts::terms::About;
use gw_snapshot::observation::Kind;
use gw_snapshot::parse::cmdline::{self, Role};
use gw_snapshot::parse::log::Class;
use gw_snapshot::parse::shell;

use crate::Subject;
use crate::finding::plural;

/// Why the last start of a launchd job came to nothing, if it did so before Hermes began.
pub(crate) fn hindrance(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<String> {
    let launchd = job.launchd.as_ref()?;
    if job.phase == Phase::Running {
        return None;
    }
    of_signature(launchd).or_else(|| of_outcry(at, job)).or_else(|| {
        let failed = job.last_exit == Some(Exit::Code(CONFIG))
            || launchd.spawn_failed
            || launchd.penalty_box;
        if !failed || refused_by_hermes(at) {
            return None;
        }
        of_program(at, lane, launchd)
            .or_else(|| of_paths(at, lane))
            .or_else(|| launchd.stale_constraint.then(|| STALE_CONSTRAINT.to_string()))
            .or_else(|| never_began(launchd))
    })
}

/// The kernel's word: the program is not the one that was signed.
fn of_signature(launchd: &Launchd) -> Option<String> {
    let reason = launchd.exit_reason.as_deref()?;
    let what = match reason {
        "OS_REASON_CODESIGNING" => {
            "the kernel refuses the program's signature: it was overwritten in place, or replaced under a launch constraint"
        }
        "OS_REASON_DYLD" => "the program cannot load its libraries",
        "OS_REASON_EXEC" => "the kernel cannot run the program",
        "OS_REASON_TCC" => "macOS's privacy protection ended it",
        _ => return None,
    };
    Some(what.into())
}

/// What the log of its errors says of such an end, line after line: the program began, and never came to Hermes.
fn of_outcry(at: &Subject<'_>, job: &Job) -> Option<String> {
    let (class, what) = match job.last_exit? {
        Exit::Signal(ABORT) => (
            Class::LibraryMissing,
            "its program cannot load a library: the Python below it was upgraded or moved away",
        ),
        Exit::Code(1) => (
            Class::HermesMissing,
            "its Python does not find Hermes: the virtual environment was rebuilt or moved",
        ),
        _ => return None,
    };
    Some(format!("{what} ({})", cried(at, class)?))
}

/// How often the log of the service's errors says so, where it was written to by runs of the last minutes.
pub(crate) fn cried(at: &Subject<'_>, class: Class) -> Option<String> {
    let outcry = at.gateway.outcry.known()?;
    let lines = outcry.lines.get(&class)?.lines;
    let age = outcry.written.map(|written| at.facts.now.duration_since(written).as_secs());
    if age.is_some_and(|age| age > RECENT_SECONDS) {
        return None;
    }
    Some(format!("{} says so {lines} time{}", outcry.source, plural(lines)))
}

/// Why what a wrapper starts comes to nothing, by the log of its errors: the same cause stands there more than once, and the
/// wrapper lived when the last of it was written.
pub(crate) fn below_wrapper(at: &Subject<'_>, wrapper: &Process) -> Option<String> {
    let outcry = at.gateway.outcry.known()?;
    let (written, born) = (outcry.written?, wrapper.started_at?);
    let is_its_own = written >= born && at.age_of(written)? <= RECENT_SECONDS;
    let (what, lines) = REASONS.iter().find_map(|(class, what)| {
        let lines = outcry.lines.get(class)?.lines;
        (lines >= 2).then_some((what, lines))
    })?;
    is_its_own.then(|| format!("{what} ({} says so {lines} times)", outcry.source))
}

/// Why the last runs of a unit of systemd's came to nothing, by what they left in the journal: what explains most stands
/// first.
pub(crate) fn told_by_journal(at: &Subject<'_>, job: &Job) -> Option<String> {
    job.systemd.as_ref()?;
    let outcry = at.gateway.outcry.known()?;
    // What was written long before the last end is of other runs.
    let end = job.exited_at.unwrap_or(at.facts.now);
    let before = outcry.written.map(|written| end.duration_since(written).as_secs());
    if before.is_some_and(|before| before > RECENT_SECONDS) {
        return None;
    }
    let (class, what) = REASONS.iter().find(|(class, _)| outcry.lines.contains_key(class))?;
    let lines = outcry.lines.get(class)?.lines;
    let closed = if *class == Class::ReadOnly { closed(at) } else { String::new() };
    Some(format!("{what}{closed} ({} says so {lines} time{})", outcry.source, plural(lines)))
}

/// The directives of these names that the definition has, in brackets, with the drop-ins in which they stand.
pub(crate) fn written(definition: Option<&Definition>, names: &[&str]) -> String {
    let Some(definition) = definition else { return String::new() };
    let mut found: Vec<String> = Vec::new();
    let mut files: Vec<&str> = Vec::new();
    for term in &definition.terms {
        let About::Setting(section, key) = &term.about else { continue };
        let value = term.value.join(" ");
        // What the journal takes can always be opened.
        let is_plain = matches!(value.as_str(), "journal" | "inherit" | "null");
        if section != "Service" || !names.contains(&key.as_str()) || is_plain {
            continue;
        }
        // A mark of redaction tells nobody anything.
        let shown = if value.contains('‹') { "" } else { value.as_str() };
        found.push(format!("{key}={shown}"));
        let file = term.at.file.as_str();
        if file != definition.path && !files.contains(&file) {
            files.push(file);
        }
    }
    match (found.as_slice(), files.as_slice()) {
        ([], _) => String::new(),
        (found, []) => format!(" ({})", found.join(", ")),
        (found, files) => format!(" ({}), set in {}", found.join(", "), files.join(" and ")),
    }
}

/// What of its sandbox may hide from the service what is there for everybody else.
pub(crate) fn hidden(definition: Option<&Definition>) -> String {
    let hiding = written(definition, HIDING);
    if hiding.is_empty() { hiding } else { format!(", in the sandbox of its unit{hiding}") }
}

/// What hides files, or keeps them from being run.
const HIDING: &[&str] = &[
    "ProtectHome",
    "InaccessiblePaths",
    "TemporaryFileSystem",
    "RootDirectory",
    "RootImage",
    "NoExecPaths",
];

/// What keeps a service from writing where everybody else of its user can.
fn closed(at: &Subject<'_>) -> String {
    let lane = at.job().map(|(lane, _)| lane);
    let is_writable =
        at.gateway.disks.iter().all(|disk| {
            disk.filesystem.known().is_some_and(|found| found.read_only == Some(false))
        });
    let by = written(lane.and_then(|lane| lane.definition.known()), CLOSING);
    if by.is_empty() || !is_writable {
        String::new()
    } else {
        format!(" in the sandbox of its unit{by}")
    }
}

/// What makes a file system read-only for a service alone.
const CLOSING: &[&str] = &["ProtectHome", "ProtectSystem", "ReadOnlyPaths", "BindReadOnlyPaths"];

/// Why systemd could not run a program, in the kernel's reason for it.
pub(crate) fn refused_by_kernel(at: &Subject<'_>) -> Option<&'static str> {
    let (_, errno) = at.gateway.outcry.known()?.refused.as_ref()?;
    Some(match *errno {
        ENOENT => "the interpreter that its #! line names does not exist",
        EACCES => "its mode, a mount with noexec or SELinux forbids it",
        ENOEXEC => "it is no program of this machine, and has no #! line",
        _ => return None,
    })
}

/// Numbers of the kernel's (errno(3), the same on every processor that Linux has).
const ENOENT: i32 = 2;
const ENOEXEC: i32 = 8;
const EACCES: i32 = 13;

/// Why a start came to nothing, by the last line that it left.
const REASONS: [(Class, &str); 11] = [
    (
        Class::PythonBroken,
        "its Python cannot start: its own library is gone, or of another version",
    ),
    (
        Class::HermesMissing,
        "its Python does not find Hermes: the virtual environment was rebuilt or moved",
    ),
    (Class::NoRoom, "its disk is full (OSError, Errno 28)"),
    (Class::ReadOnly, "its file system is read-only (OSError, Errno 30)"),
    (
        Class::CodeBroken,
        "its code cannot be parsed (SyntaxError): an update is half done, or somebody edited it",
    ),
    (
        Class::ImportFailed,
        "a module cannot be imported (ImportError): a package is missing, or an update is half done",
    ),
    (Class::AccessDenied, "a file may not be opened (PermissionError)"),
    (Class::StartTimedOut, "its start came to nothing in its time, and its own watchdog ended it"),
    (Class::LoopFrozen, "its event loop stood still, and its own watchdog ended it"),
    (
        Class::Attached,
        "another gateway serves this profile already, and a start of its own ends at once",
    ),
    (
        Class::SecondGateway,
        "it takes another process for the gateway of this home, and refuses to be a second one",
    ),
];

fn of_program(at: &Subject<'_>, lane: &Lane, launchd: &Launchd) -> Option<String> {
    let argv = launchd.argv.as_ref().or(lane.definition.known().map(|definition| &definition.argv));
    let program = argv?.first()?;
    if !program.contains('/') {
        return Some(format!(
            "its program {program} is no path, and launchd does not search for it"
        ));
    }
    if program.starts_with(['~', '$']) {
        return Some(format!(
            "its program {program} is no path to launchd, which expands neither ~ nor a variable"
        ));
    }
    let named = lane.paths.iter().find(|named| named.path == *program)?;
    match at.usable(lane, named) {
        Usable::Missing => Some(format!("its program {program} does not exist")),
        Usable::Refused { mode, uid } => Some(format!(
            "its program {program} may not be run: it belongs to uid {uid}, mode {mode}"
        )),
        _ if named.seen.kind == Some(Kind::Directory) => {
            Some(format!("its program {program} is a directory"))
        }
        Usable::Yes | Usable::Unknown(_) => None,
    }
}

fn of_paths(at: &Subject<'_>, lane: &Lane) -> Option<String> {
    lane.paths.iter().filter(|named| named.what != "program").find_map(|named| {
        let path = &named.path;
        let is_directory = named.seen.kind == Some(Kind::Directory);
        let trouble = match at.usable(lane, named) {
            _ if named.what == "log" && is_directory => "is a directory",
            Usable::Missing => "does not exist",
            Usable::Refused { .. } => "cannot be used by the job's user",
            Usable::Yes | Usable::Unknown(_) => place_of(named)?,
        };
        Some(format!("its {} {path} {trouble}", named.what))
    })
}

/// Places that launchd may not open for a job though a person in a terminal may.
fn place_of(named: &Named) -> Option<&'static str> {
    let leads_to = named.seen.target.as_deref().unwrap_or(&named.path);
    if leads_to.starts_with("/Volumes/") {
        return Some("is on another volume, which launchd may not open for a job");
    }
    is_guarded(leads_to)
        .then_some("is in a folder that macOS protects, which launchd may not open for a job")
}

/// Whether a path is in one of the folders of a user that macOS asks about, program by program: those right below the
/// home, and those that a cloud keeps. A folder elsewhere that is called so is like any other.
fn is_guarded(path: &str) -> bool {
    let Some((_, in_home)) = path.strip_prefix("/Users/").and_then(|path| path.split_once('/'))
    else {
        return false;
    };
    ["Desktop", "Documents", "Downloads", "Library/Mobile Documents", "Library/CloudStorage"]
        .iter()
        .filter_map(|place| in_home.strip_prefix(place))
        .any(|below| below.is_empty() || below.starts_with('/'))
}

fn never_began(launchd: &Launchd) -> Option<String> {
    let said = if launchd.penalty_box {
        "launchd keeps it in the penalty box"
    } else if launchd.spawn_failed {
        "launchd could not spawn it"
    } else if launchd.execs == Some(0) {
        "its program was never run"
    } else {
        return None;
    };
    Some(said.into())
}

/// True if this Hermes takes launchd's own job for another gateway, where the wrapper of this definition hides its
/// supervisor from it. The guard came with Hermes's own wrapper, in 0.20.1 (upstream #86893, #87046); the flag against
/// that in 0.20.5 (#87005), from where on that wrapper gives it by itself.
pub(crate) fn guards_against_its_own_job(at: &Subject<'_>, definition: &Definition) -> bool {
    let has_guard = at.has(Capability::GuardAgainstOwnJob);
    if !is_of_hermes(definition) {
        return has_guard != Some(false);
    }
    let marks_itself = at.has(Capability::WrapperMarksItself);
    let says_so = cried(at, Class::OwnJobRefused).is_some();
    says_so || has_guard == Some(true) && marks_itself != Some(true)
}

/// True if the wrapper is Hermes's own, which may itself be what osascript runs.
pub(crate) fn is_of_hermes(definition: &Definition) -> bool {
    let inner = shell::of_osascript(&definition.argv);
    cmdline::handed_on(inner.as_ref().unwrap_or(&definition.argv)).is_some()
}

/// Whether what a service starts would be refused so.
pub(crate) fn would_be_refused(at: &Subject<'_>, lane: &Lane) -> bool {
    lane.definition.known().is_some_and(|definition| {
        definition.agent.is_some()
            && definition.role == Role::Wrapper
            && !definition.told.external_supervisor
            && guards_against_its_own_job(at, definition)
    })
}

/// Whether Hermes itself says that it refused to start.
pub(crate) fn refused_by_hermes(at: &Subject<'_>) -> bool {
    let status = at.gateway.status.known();
    status.is_some_and(|status| status.state.as_deref() == Some("startup_failed"))
}

const STALE_CONSTRAINT: &str =
    "launchd holds its program to the signature of an older one (needs LWCR update)";
/// `SIGABRT`: with it the dynamic linker ends a program that it cannot load.
const ABORT: i32 = 6;
/// So long ago a job that launchd starts again and again has last written to its log, at most. In seconds.
const RECENT_SECONDS: i64 = 600;
/// `EX_CONFIG`.
const CONFIG: i32 = 78;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macos_guards_the_folders_right_below_a_home_and_none_that_are_only_called_so() {
        for (path, guarded) in [
            ("/Users/a/Documents/hermes", true),
            ("/Users/a/Desktop", true),
            ("/Users/a/Library/Mobile Documents/com~apple~CloudDocs/h", true),
            ("/Users/a/Library/CloudStorage/Dropbox/h", true),
            ("/Users/a/src/Documents/hermes", false),
            ("/Users/a/Documents-old/hermes", false),
            ("/Users/a/Library/Logs", false),
            ("/opt/Documents/hermes", false),
            ("/Users/Documents", false),
            ("", false),
        ] {
            assert_eq!(is_guarded(path), guarded, "{path}");
        }
    }
}
