//! Whether it may start, and starts by itself.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::job::systemd::Trigger;
use gw_snapshot::facts::job::{Enabled, Phase};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if let Some(lane) = at.gateway.lanes.iter().find(|lane| lane.manager.is_launchd()) {
        return vec![overridden(lane)];
    }
    let Some((lane, job)) = at.job() else { return at.no_job() };
    if let Some(finding) = job.trigger().and_then(|trigger| triggered(lane, trigger)) {
        return vec![finding.seen(&job.source, "TriggeredBy").of_service(lane.title())];
    }
    let finding = match (job.enabled, job.phase) {
        (Enabled::Masked, _) if lane.has_an_empty_file() => Finding::failure(format!(
            "the file of {} is empty, which masks it: it cannot start",
            lane.name
        )),
        (Enabled::Masked, _) => Finding::failure(format!(
            "{} is masked: somebody made sure that it cannot start",
            lane.name
        )),
        (Enabled::No, Phase::Running) => Finding::warning(format!(
            "{} runs, and will not start at the next boot or login",
            lane.name
        ))
        .help("enable it, if that is not meant"),
        (Enabled::No, _) => {
            Finding::note(format!("{} is not enabled: it starts by hand only", lane.name))
        }
        (Enabled::Yes, _) => Finding::pass(format!("{} is enabled", lane.name)),
        (Enabled::Unclear, _) => {
            Finding::unknown("whether the service starts by itself", &Why::NotObserved).minor()
        }
    };
    vec![finding.seen(&job.source, format!("enabled: {:?}", job.enabled)).of_service(lane.title())]
}

/// What starts a service that is not enabled itself, unless that is not enabled either.
fn triggered(lane: &Lane, trigger: &Trigger) -> Option<Finding> {
    let (name, unit) = (&lane.name, &trigger.unit);
    match trigger.enabled {
        Enabled::Yes => Some(Finding::pass(format!("{name} is not enabled, and {unit} starts it"))),
        Enabled::Unclear => {
            let why = format!("{unit} starts it, and whether that is enabled was not seen");
            let what = "whether the service starts by itself";
            Some(Finding::unknown(what, &Why::Failed(why)).minor())
        }
        Enabled::No | Enabled::Masked => None,
    }
}

/// launchd keeps what somebody disabled apart from every plist and every job: neither shows it.
fn overridden(lane: &Lane) -> Finding {
    let finding = match &lane.disabled {
        Fact::Known(true) if lane.job.known().is_some() => Finding::warning(format!(
            "{} is loaded, and disabled: launchd will not load it again, at the next login neither",
            lane.name
        ))
        .seen(source(lane), "disabled"),
        Fact::Known(true) => Finding::failure(format!(
            "{} is disabled: launchd refuses to load it, whatever its plist says",
            lane.name
        ))
        .seen(source(lane), "disabled")
        .help("if it is to run, `launchctl enable` takes the override away; somebody set it"),
        Fact::Known(false) => Finding::pass(format!("no override disables {}", lane.name))
            .seen("launchctl print-disabled", "not disabled"),
        Fact::Absent => Finding::skipped("there are no overrides"),
        Fact::Unknown(why) => {
            Finding::unknown(&format!("whether an override disables {}", lane.name), why).minor()
        }
    };
    finding.of_service(lane.title())
}

/// The commands that show the override.
fn source(lane: &Lane) -> String {
    let domains: Vec<String> = lane.disabled_in.iter().map(|domain| domain.domain()).collect();
    format!("launchctl print-disabled {}", domains.join(", "))
}
