//! Whether another program sits on the port.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::process::Process;
use gw_snapshot::parse::cmdline::Role;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::port::wanted_by_none;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(api) = at.api() else { return at.no_api() };
    if at.listens_out_of_sight().is_some() {
        return vec![Finding::skipped(
            "the gateway's ports are those of another network namespace",
        )];
    }
    let foreign = at.in_the_way(api).find_map(|listener| {
        let owners = listener.owners.as_ref()?;
        let ours = |owner: &Process| {
            at.facts.gateway_of(owner.pid).is_some() || matches!(owner.role, Role::Gateway(_))
        };
        let owner = owners.iter().find(|_| !owners.iter().any(ours))?;
        Some((listener, owner))
    });
    let Some((listener, owner)) = foreign else {
        return vec![at.nobody_in_the_way("other program", api)];
    };
    if !at.has_gateway() {
        return vec![wanted_by_none(listener)];
    }
    let (address, pid) = (listener.text(), owner.pid);
    if at.on_another_machine().is_some() {
        let why = Why::Failed(format!(
            "PID {pid}, {}, holds it, and may lead to the gateway, which lives on another machine",
            owner.command()
        ));
        let what = format!("whether {address} is the gateway's own");
        return vec![at.with_process(Finding::unknown(&what, &why).minor(), owner)];
    }
    let finding = match owner.command() {
        // A bare number is no proof of another program: it may be the gateway itself.
        command if command.is_empty() => Finding::unknown(
            &format!("whether another program sits on {address}"),
            &Why::Failed(format!("nothing is known of PID {pid}, which holds it")),
        ),
        // Ending a service manager ends all that it keeps.
        _ if owner.is_systemd() => Finding::failure(format!(
            "{address} is held by systemd itself (PID {pid}), for a socket unit that listens there in a service's place"
        ))
        .help("`systemctl list-sockets`, with `--user` for a user's, names the unit: stop and disable that, and leave systemd alone"),
        command => Finding::failure(format!("{address} is held by another program: PID {pid}, {command}"))
            .help("stop that program if it is yours and not needed, or give the API server another port in the home's .env"),
    };
    vec![at.with_process(finding, owner)]
}
