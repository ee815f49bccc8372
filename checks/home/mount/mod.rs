//! How the home is mounted: whether it can be written, answers, and is what the gateway itself sees.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::disk::{Disk, Filesystem};
use gw_snapshot::facts::process::Process;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if !at.has_gateway() {
        return vec![Finding::skipped("no gateway of this home is installed or has ever run")];
    }
    if let Some(process) = at.below_a_mount() {
        return vec![mounted_over(at, process)];
    }
    if let Some(renamed) = at.renamed() {
        let finding = Finding::failure(renamed.words())
            .seen(format!("/proc/{}/fd", renamed.pid), format!("{}/gateway.lock", renamed.to))
            .help("if the old name is meant, rename the directory back: nothing needs a restart");
        return vec![finding];
    }
    at.gateway.disks.iter().map(|disk| judge(at, disk)).collect()
}

fn judge(at: &Subject<'_>, disk: &Disk) -> Finding {
    let path = &disk.path;
    let found = match &disk.filesystem {
        Fact::Known(found) => found,
        Fact::Absent => return Finding::skipped(format!("there is no {path}")),
        Fact::Unknown(why) if why.is_not_observed() => {
            return Finding::skipped(format!("how {path} is mounted was not looked at"));
        }
        Fact::Unknown(_) if at.hangs(disk) => {
            return Finding::failure(format!(
                "the file system under {path} does not answer: whoever opens a file there waits for it"
            ))
            .seen(path.clone(), "no answer in time")
            .help("find out whose it is (`findmnt -T` names the server of a network mount), and bring that back");
        }
        Fact::Unknown(why) => {
            return Finding::unknown(&format!("how {path} is mounted"), why).minor();
        }
    };
    let finding = match (found.read_only, at.gateway.process()) {
        // What is mounted for us is not what is mounted for it.
        (Some(true), Some(process)) if process.seen.mounts.is_some() => {
            let why = format!(
                "it is mounted read-only for us, and PID {} runs in another mount namespace",
                process.pid
            );
            Finding::unknown(&format!("whether the gateway can write {path}"), &Why::Failed(why))
                .minor()
        }
        (Some(true), _) => Finding::failure(format!(
            "{path} is mounted read-only{}: the gateway cannot write there",
            of(found)
        ))
        .help("find out why: `dmesg` says whether the kernel met errors on the disk; `findmnt -T` shows the options of the mount"),
        (Some(false), _) => Finding::pass(format!("{path} is mounted writable{}", of(found))),
        (None, _) => Finding::skipped(format!("how {path} is mounted was not looked at")),
    };
    let said = if found.read_only == Some(true) { "read-only" } else { "read-write" };
    finding.seen(format!("file system of {path}"), said)
}

/// The file system, for people.
fn of(found: &Filesystem) -> String {
    match (&found.kind, &found.mount) {
        (Some(kind), Some(mount)) => format!(" ({kind}, at {mount})"),
        _ => String::new(),
    }
}

fn mounted_over(at: &Subject<'_>, process: &Process) -> Finding {
    let (home, pid) = (&at.gateway.home.path, process.pid);
    let own = at.gateway.disks.first().and_then(|disk| disk.filesystem.known());
    let finding = Finding::failure(format!(
        "something was mounted over {home}{} after PID {pid} had started: the gateway works with the files below, which nobody else sees",
        own.map(of).unwrap_or_default()
    ))
    .seen(format!("/proc/{pid}/fd"), format!("{home}/gateway.lock"))
    .seen(at.path("gateway.lock"), "another file, or none")
    .help("find out who mounted it (`findmnt -T` names it) and which files are the right ones: those below come back when it is unmounted, those above count after a restart of the service");
    at.with_process(finding, process)
}
