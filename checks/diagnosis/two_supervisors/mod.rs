//! Two services would each keep a gateway of this home.

use gw_snapshot::facts::Lane;
use gw_snapshot::facts::gateway::Supervision;

use super::{Case, Certainty, Found};
use crate::finding::plural;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let twice =
        ["job/two-domains", "definition/duplicate"].into_iter().find(|check| case.failed(check));
    let Some(twice) = twice else { return by_another_user(case) };
    let finding = case.found(twice)?;
    let launchd = case.at.installed().filter(|lane| lane.manager.is_launchd());
    let (idle, loaded): (Vec<&Lane>, Vec<&Lane>) = launchd.partition(|lane| lane.job.is_absent());
    match (loaded.as_slice(), idle.as_slice()) {
        // None of them is in the other's way as long as launchd has none.
        ([], [_, _, ..]) => return None,
        ([one], [other, ..]) if case.at.installed().count() == idle.len().saturating_add(1) => {
            return Found::certain(
                format!(
                    "two services are installed for one home: {} has it, and {}, which is not loaded, would be loaded beside it at the next login: {}",
                    one.title(),
                    other.title(),
                    finding.claim
                ),
                EXPLAINS,
            );
        }
        _ => {}
    }
    // What launchd has loaded of them may not have been seen.
    let is_seen = |lane: &&Lane| !lane.manager.is_launchd() || lane.job.known().is_some();
    if case.at.installed().filter(is_seen).count() < 2 {
        return Found::likely(
            format!(
                "two services are installed for one home, of which one alone can have it: {}",
                finding.claim
            ),
            EXPLAINS,
        );
    }
    let spoken_of = case.at.gateway.lane().map(Lane::title);
    let fails = ["job/crash-loop", "job/start-limit"]
        .into_iter()
        .filter_map(|check| case.found(check))
        .find(|finding| finding.scope.service != spoken_of)
        .map_or_else(String::new, |finding| format!("; {}", finding.claim));
    Found::certain(
        format!(
            "two supervisors serve one home, and each keeps the other's gateway from its lock: {}{fails}",
            finding.claim
        ),
        EXPLAINS,
    )
}

/// A unit of another user's manager keeps the gateway, of which a look at this user's own says nothing: an
/// updater that ran as root had written it there (upstream #42685). By its name it is one of Hermes's.
fn by_another_user(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let Supervision::Other { unit, of: Some(owner) } = &at.gateway.supervision else { return None };
    let process = at.gateway.process().filter(|_| case.failed("owner/other-job"))?;
    let lane = at.gateway.lane().filter(|lane| lane.is_installed())?;
    if !unit.starts_with("hermes") {
        return None;
    }
    let job = lane.job.known()?;
    let times =
        job.restarts.filter(|restarts| *restarts > 0).map_or_else(String::new, |restarts| {
            format!(", restarted {restarts} time{}", plural(restarts))
        });
    Some(Found {
        stands_alone: false,
        certainty: Certainty::Likely,
        summary: format!(
            "the gateway is up, and two supervisors serve its home: PID {} runs in {unit} of the user manager of uid {owner}, beside {}, which is {}{times}",
            process.pid,
            lane.title(),
            job.words
        ),
        explains: EXPLAINS.to_vec(),
    })
}

const EXPLAINS: &[&str] = &[
    "job/two-domains",
    "definition/duplicate",
    "job/not-loaded",
    "job/crash-loop",
    "job/start-limit",
    "job/restarting",
    "job/not-running",
    "job/killed",
    "job/disabled",
    "owner/duplicate-gateway",
    "owner/other-job",
    "owner/other-user",
    "owner/foreign-owned-file",
    "port/owner-hidden",
    "survival/reboot",
    "survival/crash",
    "survival/logout",
];
