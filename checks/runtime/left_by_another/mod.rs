//! Whether the status is that of the process that lives.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::process::Identity;

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let Some(status) = at.gateway.status.known() else {
        return vec![Finding::skipped("there is no status to judge")];
    };
    let Some(writer) = &status.writer else {
        let why = Why::Failed("it names nobody".into());
        return vec![Finding::unknown("who wrote the status file", &why).minor()];
    };
    let (pid, file) = (process.pid, at.path("gateway_state.json"));
    // The home for which the file was made stays in it when a home is copied.
    let from = status.hermes_home.as_ref().filter(|home| !at.gateway.home.is_at(home));
    let from = from.map_or_else(String::new, |home| format!(" of the home {home}"));
    let finding = match (process.identity(writer, at.facts.about.os), at.foreign_status()) {
        (Identity::Same, _) => Finding::pass(format!("the status file is that of PID {pid}")),
        (Identity::Unclear, _) => {
            let why = Why::Failed(format!("too little is known of PID {pid}"));
            Finding::unknown("who wrote the status file", &why).minor()
        }
        (Identity::Reused, Some((_, age))) => Finding::warning(format!(
            "the status file was written {} ago by PID {}, while PID {pid} lived: a second gateway was started on this home",
            span(age.unsigned_abs()),
            writer.pid
        ))
        .help("a PID that does not exist here may be that of another container or machine that shares this home: look there"),
        (Identity::Reused, None) => {
            let claim = if writer.pid == pid {
                format!("the status file was left by an earlier process that was PID {pid} as well")
            } else {
                format!(
                    "the status file was left by PID {}, an earlier process{from}; PID {pid} lives now",
                    writer.pid
                )
            };
            if at.is_young(process) || at.is_starting() { Finding::note(claim) } else { Finding::warning(claim) }
        }
    };
    vec![finding.seen(file, format!("pid {}", writer.pid))]
}
