//! Whether the status file can be understood, and the configuration by Hermes.

use gw_snapshot::fact::{Fact, Why};

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let config = at.gateway.config_fault.as_ref().map(|fault| {
        Finding::failure(format!(
            "Hermes cannot read config.yaml, and passes over all of it: {fault}"
        ))
        .seen(at.path("config.yaml"), fault.clone())
        .help(
            "mend the line; a gateway that has read it before takes the defaults at its next start",
        )
    });
    of_status(at).into_iter().chain(config).collect()
}

fn of_status(at: &Subject<'_>) -> Vec<Finding> {
    match &at.gateway.status {
        Fact::Unknown(Why::Malformed(detail)) => vec![
            Finding::failure("the status file makes no sense")
                .seen(at.path("gateway_state.json"), detail.clone())
                .help("a restart of the gateway writes it anew"),
        ],
        Fact::Unknown(Why::NotAFile(kind)) => vec![
            Finding::failure(format!("the status file is no file but a {kind}"))
                .seen(at.path("gateway_state.json"), kind.to_string()),
        ],
        Fact::Known(_) => vec![Finding::pass("the status file can be understood")],
        _ => vec![Finding::skipped("no status file was read")],
    }
}
