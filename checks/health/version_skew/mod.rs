//! The version that the gateway runs is another than the installed one.

use gw_snapshot::facts::install::{Install, Told};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::version::{Loaded, Running};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Compares what the gateway says of its version with what the installed code says, and each source with the others.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let install = at.gateway.install.as_ref();
    let mut findings: Vec<Finding> =
        install.and_then(dissent).into_iter().chain(install.and_then(leftovers)).collect();
    match compared(at, &at.loaded(process)) {
        Some(finding) => findings.push(finding),
        None if findings.is_empty() => findings.push(Finding::skipped(
            "the version that runs, or the version that is installed, is not known",
        )),
        None => {}
    }
    findings
}

/// Compares the version that runs with the installed one. None where one of them is not known.
fn compared(at: &Subject<'_>, loaded: &Loaded) -> Option<Finding> {
    let installed = at.gateway.install.as_ref()?.told.first()?;
    let running = at.running();
    let first = running.first()?;
    let mut others = running.iter();
    let other = others.find(|other| !other.version.is_of_release(&first.version));
    let finding = match (other, at.skew()) {
        // One commit is one code, whatever its names are.
        _ if *loaded == Loaded::SameCommit => {
            Finding::pass(format!("version {} runs, of the installed commit", first.version))
        }
        (_, Some(skew)) if other.is_none() => Finding::warning(skew.to_string()),
        (Some(other), _) => Finding::warning(format!(
            "two sources name two running versions: {} and {}",
            first.version, other.version
        )),
        _ => Finding::pass(format!("version {} runs, as it is installed", first.version)),
    };
    let finding = running.iter().fold(finding, |finding, Running { source, said, .. }| {
        finding.seen(source.clone(), format!("version {said}"))
    });
    Some(finding.seen(installed.source.clone(), format!("version {}", installed.version)))
}

/// Tells that the installed code contradicts itself, as after an update that was cut off.
fn dissent(install: &Install) -> Option<Finding> {
    let (first, other) = install.dissent()?;
    let claim = format!(
        "the installed code calls itself both {} and {}: an update may have been cut off",
        first.version, other.version
    );
    Some(saying(saying(Finding::warning(claim), first), other))
}

/// Tells of metadata that an update left beside the code.
fn leftovers(install: &Install) -> Option<Finding> {
    let left = install.leftovers.first()?;
    let claim = match install.version.known() {
        Some(version) => format!(
            "the metadata of {} lies beside the code, which is {version}: an update left it",
            left.version
        ),
        None => "metadata of several releases lies beside the code: an update left all but one"
            .to_string(),
    };
    Some(install.leftovers.iter().fold(Finding::note(claim), saying))
}

fn saying(finding: Finding, told: &Told) -> Finding {
    finding.seen(told.source.clone(), format!("version {}", told.version))
}
