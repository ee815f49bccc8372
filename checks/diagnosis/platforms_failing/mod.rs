//! The gateway runs, and platforms of it do not.

use super::{Case, Found};
use crate::finding::Verdict;
use crate::subject::Platforms;

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let at = case.at;
    let Some(finding) = case.found("runtime/platform-error") else {
        let none = case.found("runtime/no-platform")?;
        let pid = at.gateway.process()?.pid;
        return Found::certain(
            format!("PID {pid} runs, and serves no platform: {}", none.claim),
            EXPLAINS,
        );
    };
    let Platforms { process, here, .. } = at.platforms()?;
    let os = at.facts.about.os;
    let is_one = |finding: &&crate::finding::Finding| {
        finding.check == "runtime/platform-error" && finding.verdict == Verdict::Failure
    };
    let out = case.findings.iter().filter(is_one).count();
    let more = match out {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let connected = here.iter().any(|(name, platform)| {
        platform.state == "connected"
            && *name != "api_server"
            && platform.is_of(process, os) == Some(true)
    });
    let reach = if connected { "" } else { ", and no other messaging platform is connected" };
    Found::certain(
        format!(
            "PID {} runs, and not all of its platforms do: {}{more}{reach}",
            process.pid, finding.claim
        ),
        EXPLAINS,
    )
}

const EXPLAINS: &[&str] = &[
    "runtime/platform-error",
    "runtime/no-platform",
    "runtime/same-credential",
    "logs/missing-dependency",
];
