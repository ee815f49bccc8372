//! Whether what is loaded is what is on disk.

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::or_not_installed;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lane in at.installed() {
        let Some(systemd) = lane.job.known().and_then(|job| job.systemd.as_ref()) else { continue };
        let source = lane.job.known().map(|job| job.source.clone()).unwrap_or_default();
        let finding = if systemd.need_daemon_reload {
            Finding::failure(format!("{} changed on disk after systemd loaded it", lane.name))
                .seen(source, "NeedDaemonReload=yes")
                .help("look at what changed, then `daemon-reload`; a restart alone uses the old definition")
        } else {
            Finding::pass(format!("{} is loaded as it stands on disk", lane.name))
                .seen(source, "NeedDaemonReload=no")
        };
        findings.push(finding.of_service(lane.title()));
    }
    or_not_installed(findings)
}
