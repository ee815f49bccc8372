//! What keeps launchd from running Hermes at all, as opposed to what Hermes itself refuses.
//!
//! launchd's xpcproxy opens the log files and enters the directory before it runs the program. Where it
//! cannot, it ends with 78, the code with which Hermes refuses a configuration (0.18+): the code alone
//! tells neither from the other.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::{Named, Usable};
use gw_snapshot::facts::job::launchd::Launchd;
use gw_snapshot::facts::job::{Exit, Job, Phase};

use crate::Subject;

/// Why the last start of a launchd job came to nothing, if it did so before Hermes began.
pub(crate) fn hindrance(at: &Subject<'_>, lane: &Lane, job: &Job) -> Option<String> {
    let launchd = job.launchd.as_ref()?;
    if job.phase == Phase::Running {
        return None;
    }
    of_signature(launchd).or_else(|| {
        let failed = job.last_exit == Some(Exit::Code(CONFIG))
            || launchd.spawn_failed
            || launchd.penalty_box;
        if !failed || refused_by_hermes(at) {
            return None;
        }
        of_program(lane, launchd)
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

fn of_program(lane: &Lane, launchd: &Launchd) -> Option<String> {
    let argv = launchd.argv.as_ref().or(lane.definition.known().map(|definition| &definition.argv));
    let program = argv?.first()?;
    if !program.contains('/') {
        return Some(format!(
            "its program {program} is no path, and launchd does not search for it"
        ));
    }
    let named = lane.paths.iter().find(|named| named.path == *program)?;
    (named.seen.what().is_absent()).then(|| format!("its program {program} does not exist"))
}

fn of_paths(at: &Subject<'_>, lane: &Lane) -> Option<String> {
    lane.paths.iter().filter(|named| named.what != "program").find_map(|named| {
        let path = &named.path;
        let trouble = match at.usable(lane, named) {
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
    let guarded = ["/Desktop/", "/Documents/", "/Downloads/", "/Library/Mobile Documents/"];
    guarded
        .iter()
        .any(|place| leads_to.contains(place))
        .then_some("is in a folder that macOS protects, which launchd may not open for a job")
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

/// Whether Hermes itself says that it refused to start.
pub(crate) fn refused_by_hermes(at: &Subject<'_>) -> bool {
    let status = at.gateway.status.known();
    status.is_some_and(|status| status.state.as_deref() == Some("startup_failed"))
}

const STALE_CONSTRAINT: &str =
    "launchd holds its program to the signature of an older one (needs LWCR update)";
/// `EX_CONFIG`.
const CONFIG: i32 = 78;
