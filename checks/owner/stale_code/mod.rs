//! Whether the gateway runs older code than stands on disk.

use crate::Subject;
use crate::finding::{Finding, Verdict, span};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let written = at.gateway.install.as_ref().and_then(|install| install.written_at);
    let (Some(started), Some(written)) = (process.started_at, written) else {
        return vec![Finding::skipped(
            "when the process started, or its code was written, is not known",
        )];
    };
    let ahead = written.duration_since(started).as_secs();
    let finding = match u64::try_from(ahead) {
        Ok(ahead) if ahead > SETTLED => Finding::warning(format!(
            "PID {} runs older code than stands on disk: it was updated {} after the gateway started",
            process.pid,
            span(ahead)
        ))
        .help("restart the service when it is idle: what it loads only now may not fit what it has loaded"),
        _ => Finding::pass(format!("PID {} runs the code that stands on disk", process.pid)),
    };
    vec![at.with_process(finding, process)]
}

/// An installation that starts the gateway may still write a little. In seconds.
const SETTLED: u64 = 60;
