//! A `hermes serve` or dashboard process beside the gateway runs older code than the code on disk.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::Server;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::version::{Written, written_after};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Compares each server's start with the time at which its code was written.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let servers = &at.gateway.servers;
    if servers.is_empty() {
        return vec![Finding::skipped("no `hermes serve` or dashboard of this home was seen")];
    }
    let findings: Vec<Finding> = servers.iter().filter_map(|server| judge(at, server)).collect();
    if findings.is_empty() {
        let claim = "every server beside the gateway that was seen runs the code on disk";
        let finding = Finding::pass(claim);
        return vec![
            servers
                .iter()
                .fold(finding, |finding, server| at.with_process(finding, &server.process)),
        ];
    }
    findings
}

/// Returns what is wrong, or not known, about one server.
fn judge(at: &Subject<'_>, server: &Server) -> Option<Finding> {
    let Server { process, install } = server;
    let name = format!("PID {}, a server beside the gateway,", process.pid);
    let loaded = install
        .as_ref()
        .map_or(Written::Unknown, |install| written_after(install, process, at.facts.now));
    let why = match loaded {
        Written::Before => return None,
        Written::After(how) => {
            let claim = format!("{name} runs older code than the code on disk: {how}");
            let finding = at.with_process(Finding::warning(claim), process);
            let help = "restart that server: it may run the jobs of this home with the old code";
            return Some(finding.help(help));
        }
        Written::Ahead => "the code on disk bears a time that has not come yet",
        Written::Unknown => "nothing tells when it started, or when its code was written",
    };
    let what = format!("whether {name} runs the code on disk");
    Some(Finding::unknown(&what, &Why::Failed(why.into())).minor())
}
