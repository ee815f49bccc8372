//! Whether the file systems of the home have room.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::disk::{Disk, Filesystem};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if !at.has_gateway() {
        return vec![Finding::skipped("no gateway of this home is installed or has ever run")];
    }
    // What is kept for root is free for a gateway of root's.
    let is_root = at.user() == Some(0);
    at.gateway.disks.iter().map(|disk| judge(disk, is_root)).collect()
}

/// True if nothing at all can be written to a file system of the home: it is full, or read-only.
pub(crate) fn is_closed(at: &Subject<'_>) -> bool {
    let is_root = at.user() == Some(0);
    let mut known = at.gateway.disks.iter().filter_map(|disk| disk.filesystem.known());
    known.any(|found| {
        let left = if is_root { found.free } else { found.available };
        found.read_only == Some(true)
            || left.is_some_and(|left| left < NOTHING)
            || found.inodes.is_some_and(|(_, free)| free == 0)
    })
}

fn judge(disk: &Disk, is_root: bool) -> Finding {
    let path = &disk.path;
    let found = match &disk.filesystem {
        Fact::Known(found) => found,
        Fact::Absent => return Finding::skipped(format!("there is no {path}")),
        Fact::Unknown(why) if why.is_not_observed() => {
            return Finding::skipped(format!("how much room {path} has was not looked at"));
        }
        Fact::Unknown(why) => {
            return Finding::unknown(&format!("how much room {path} has"), why).minor();
        }
    };
    // Nothing is written there, whatever room it has. An image that is only read is always full.
    if found.read_only == Some(true) {
        return Finding::skipped(format!("{path} is mounted read-only"));
    }
    let left = if is_root { found.free } else { found.available };
    let finding = match (left, found.inodes) {
        (Some(left), _) if left < NOTHING => Finding::failure(format!(
            "{} has no room: {} left; Hermes can write no status, no mark, no session and no job",
            named(path, found),
            size(left)
        ))
        .help("make room on that file system: `df -h` and `du -xh` show where it went"),
        (_, Some((inodes, 0))) => Finding::failure(format!(
            "{} can hold no more files: all {inodes} of its inodes are in use; Hermes writes each of its records as a new file",
            named(path, found)
        ))
        .help("remove files that nobody needs: `df -i` and `du --inodes -x` show where they are"),
        (Some(left), _) if is_low(left, found.size, LITTLE) => Finding::warning(format!(
            "{} has little room: {} left",
            named(path, found),
            size(left)
        ))
        .help("make room before it is full: then Hermes can write nothing"),
        (_, Some((inodes, free))) if is_low(free, Some(inodes), FEW_FILES) => {
            Finding::warning(format!(
                "{} can hold few more files: {free} of its {inodes} inodes are free",
                named(path, found)
            ))
        }
        (None, None) => Finding::skipped(format!("how much room {path} has was not looked at")),
        (None, _) => Finding::pass(format!("{} can hold more files", named(path, found))),
        (Some(left), _) => {
            Finding::pass(format!("{} has room: {} left", named(path, found), size(left)))
        }
    };
    finding.seen(format!("file system of {path}"), numbers(found))
}

/// The directory with its file system, for people.
fn named(path: &str, found: &Filesystem) -> String {
    match (&found.kind, &found.mount) {
        (Some(kind), Some(mount)) => format!("{path} ({kind}, mounted at {mount})"),
        _ => path.into(),
    }
}

fn numbers(found: &Filesystem) -> String {
    let bytes = |what: &str, bytes: Option<u64>| bytes.map(|bytes| format!("{what} {bytes}"));
    let files = found.inodes.map(|(inodes, free)| format!("inodes {inodes}, free {free}"));
    let told = [
        bytes("bytes", found.size),
        bytes("free", found.free),
        bytes("available", found.available),
        files,
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// True if so much is little, and less than a tenth of what there is.
fn is_low(left: u64, of: Option<u64>, little: u64) -> bool {
    left < little && of.is_none_or(|of| left < of / 10)
}

/// A number of bytes, for people.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// Less than one store of jobs may need. In bytes.
const NOTHING: u64 = 1 << 20;
/// What one night of logs and sessions can take. In bytes.
const LITTLE: u64 = 100 << 20;
/// Files that a few days of sessions can take.
const FEW_FILES: u64 = 1000;
