//! The version that the gateway runs is another than the installed one.

use gw_snapshot::facts::install::Install;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::version::Running;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Compares what the gateway says of its version with what the installed code says, and each source with the others.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.process().is_none() {
        return at.no_process();
    }
    let install = at.gateway.install.as_ref();
    let installed = install.and_then(|install| install.told.first());
    if let Some(finding) = install.and_then(dissent) {
        return vec![finding];
    }
    let running = at.running();
    let (Some(first), Some(installed)) = (running.first(), installed) else {
        return vec![Finding::skipped(
            "the version that runs, or the version that is installed, is not known",
        )];
    };
    let finding = match running.iter().find(|other| !other.version.is_of_release(&first.version)) {
        Some(other) => Finding::warning(format!(
            "two sources name two running versions: {} and {}",
            first.version, other.version
        )),
        None if first.version.is_of_release(&installed.version) => {
            Finding::pass(format!("version {} runs, as it is installed", first.version))
        }
        None => Finding::warning(format!(
            "version {} runs, and {} is installed",
            first.version, installed.version
        )),
    };
    let finding = running.iter().fold(finding, |finding, Running { source, said, .. }| {
        finding.seen(source.clone(), format!("version {said}"))
    });
    vec![finding.seen(installed.source.clone(), format!("version {}", installed.version))]
}

/// Tells that the installed code contradicts itself, as after an update that was cut off.
fn dissent(install: &Install) -> Option<Finding> {
    let (first, other) = install.dissent().next()?;
    let claim = format!(
        "the installed code calls itself both {} and {}: an update may have been cut off",
        first.version, other.version
    );
    let said = |version| format!("version {version}");
    Some(
        Finding::warning(claim)
            .seen(first.source.clone(), said(&first.version))
            .seen(other.source.clone(), said(&other.version)),
    )
}
