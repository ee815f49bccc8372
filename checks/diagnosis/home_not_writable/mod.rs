//! The home is mounted read-only, so Hermes can write nothing.

use gw_snapshot::facts::disk::Disk;

use super::disk_full::EXPLAINS;
use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let is_read_only =
        |disk: &Disk| disk.filesystem.known().is_some_and(|found| found.read_only == Some(true));
    if case.at.below_a_mount().is_some() || !case.at.gateway.disks.iter().any(is_read_only) {
        return None;
    }
    let finding = case.found("home/mount").filter(|_| case.failed("home/mount"))?;
    let who = case.at.gateway.process().map_or_else(
        || "the gateway cannot start well".to_string(),
        |process| format!("PID {} lives and cannot write", process.pid),
    );
    Found::certain(format!("{who}: {}", finding.claim), EXPLAINS)
}
