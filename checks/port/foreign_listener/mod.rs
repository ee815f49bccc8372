//! Whether another program sits on the port.

use gw_snapshot::facts::process::Process;
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    let foreign = at.facts.on(&api.host.value, api.port.value).find_map(|listener| {
        let owners = listener.owners.as_ref()?;
        let ours = |owner: &Process| {
            at.facts.gateway_of(owner.pid).is_some() || matches!(owner.role, Role::Gateway(_))
        };
        let owner = owners.iter().find(|_| !owners.iter().any(ours))?;
        Some((listener, owner))
    });
    let Some((listener, owner)) = foreign else {
        return vec![Finding::pass(format!("no other program sits on {}", api.address()))];
    };
    let command = owner.command();
    let named = if command.is_empty() {
        "a program whose name is not visible".to_string()
    } else {
        command
    };
    let finding = Finding::failure(format!("{} is held by another program: PID {}, {named}", listener.text(), owner.pid))
        .help("stop that program if it is yours and not needed, or give the API server another port in the home's .env");
    vec![at.with_process(finding, owner)]
}
