//! Whether the gateway would be started again if it ended by itself.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::Supervision;
use gw_snapshot::facts::job::launchd::KeepAlive;
use gw_snapshot::facts::job::systemd::Load;
use gw_snapshot::facts::job::{Enabled, Job, Phase};
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::job::parked;
use crate::subject::other_unit;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if at.gateway.process().is_some_and(gw_snapshot::facts::process::Process::is_zombie) {
        return vec![Finding::skipped("what lives no more has nothing to survive")];
    }
    if let Some(finding) = at.kept_by_another("whether anything would start it again") {
        return vec![finding];
    }
    if let (Supervision::None { .. }, Some(starter)) =
        (&at.gateway.supervision, &at.gateway.starter)
    {
        return vec![Finding::warning(format!(
            "after a crash no service would start it again, and PID {}, which started it, may: {}",
            starter.pid,
            starter.command()
        ))];
    }
    if let Supervision::None { .. } = at.gateway.supervision {
        return vec![Finding::warning(
            "after a crash nothing would start it again: it runs outside every service",
        )];
    }
    if let Supervision::Other { unit, .. } = &at.gateway.supervision {
        return vec![other_unit("whether anything would start it again", unit)];
    }
    if let (Supervision::Unknown(why), Some(_)) = (&at.gateway.supervision, at.gateway.process()) {
        return vec![Finding::unknown("whether anything would start it again", why).minor()];
    }
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let Some(systemd) = &job.systemd else {
        return vec![by_launchd(at, lane, job).of_service(lane.title())];
    };
    if job.enabled == Enabled::Masked {
        return vec![Finding::skipped("a masked service is not started at all")];
    }
    if matches!(job.phase, Phase::Stopped | Phase::Failed) && !systemd.queued {
        let claim = format!("{} does not run, and systemd has no start of it queued", lane.name);
        return vec![Finding::skipped(claim).of_service(lane.title())];
    }
    if systemd.load == Load::FileGone {
        let claim = format!(
            "after a crash nothing would start it again: the file of {} is gone",
            lane.name
        );
        return vec![Finding::warning(claim).of_service(lane.title())];
    }
    // What a stop ends is not started again, whatever the policy.
    if job.phase == Phase::Stopping {
        let claim = format!("{} is being stopped", lane.name);
        return vec![Finding::skipped(claim).of_service(lane.title())];
    }
    if let Some(missing) = at.missing_for_a_start(lane, job) {
        let claim = format!("after a crash it could not be started again: {missing}");
        return vec![Finding::warning(claim).of_service(lane.title())];
    }
    let delay = systemd.restart_delay.map_or_else(String::new, |delay| format!(" after {delay}"));
    let except = match systemd.restart_prevent.as_str() {
        "" => String::new(),
        codes => format!(", except after exit {codes}"),
    };
    let finding = match systemd.restart.as_str() {
        "always" => {
            Finding::pass(format!("after a crash systemd would start it again{delay}{except}"))
        }
        "on-failure" => on_failure(at.has(Capability::PlannedRestartFails), &delay, &except),
        "" => return at.no_job(),
        policy => {
            Finding::warning(format!("after a crash systemd would leave it: Restart={policy}"))
        }
    };
    vec![finding.seen(&job.source, format!("Restart={}", systemd.restart)).of_service(lane.title())]
}

/// What ends with 0 stays down, and before 0.18 a planned restart may.
fn on_failure(fails: Option<bool>, delay: &str, except: &str) -> Finding {
    match fails {
        Some(true) => {
            Finding::pass(format!("after a crash systemd would start it again{delay}{except}"))
        }
        Some(false) => Finding::warning(format!(
            "after a crash systemd would start it again{delay}, but not after an exit with 0, which a planned restart of Hermes before 0.18 may be"
        )),
        None => {
            let why = "Restart=on-failure needs Hermes 0.18, and the version is not known";
            let what = "whether it would be started again after a planned restart too";
            Finding::unknown(what, &Why::Failed(why.into())).minor()
        }
    }
}

fn by_launchd(at: &Subject<'_>, lane: &Lane, job: &Job) -> Finding {
    let Some(launchd) = &job.launchd else {
        return Finding::skipped("the service manager says nothing of its policy");
    };
    // What rests is not before a crash, but after its end: what becomes of that is said elsewhere.
    if job.phase == Phase::Stopped && job.main_pid.is_none() {
        return Finding::skipped(format!("{} does not run", lane.name));
    }
    if let Some(missing) = at.missing_for_a_start(lane, job) {
        return Finding::warning(format!("after a crash it could not be started again: {missing}"));
    }
    // Whoever holds the domain to that lets go of it sooner or later, and nothing of the service is to be changed.
    if let Some((manager, _)) = parked::on_demand_only(at) {
        return Finding::note(format!(
            "after a crash nothing would start it again as long as launchd starts nothing by itself in this domain ({manager})"
        ));
    }
    let wait = launchd.minimum_runtime.map_or(10, |wait| wait.as_secs());
    let finding = match launchd.keep_alive {
        Some(KeepAlive::Always | KeepAlive::AfterExit { successful: false }) => {
            Finding::pass(format!(
                "after a crash launchd would start it again, at the earliest {wait} s after its last start"
            ))
        }
        Some(KeepAlive::AfterExit { successful: true }) => Finding::warning(
            "after a crash launchd would leave it: KeepAlive starts it again after a success only",
        ),
        Some(KeepAlive::No) => {
            Finding::warning("after a crash launchd would leave it: it has no KeepAlive")
        }
        Some(KeepAlive::Conditions) | None => {
            Finding::unknown("whether launchd would start it again", &Why::NotObserved).minor()
        }
    };
    finding.seen(&job.source, format!("keep alive: {:?}", launchd.keep_alive))
}
