//! Whether the gateway runs inside a service that is not its own.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::Supervision;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(process) = at.gateway.process() else { return at.no_process() };
    let pid = process.pid;
    let finding = match &at.gateway.supervision {
        Supervision::Other { unit, of: Some(owner) } => of_another_manager(at, pid, unit, *owner),
        // The unit's name is no proof that it starts the gateway: an application's terminal has one too.
        Supervision::Other { unit, of: None } => Finding::failure(format!(
            "PID {pid} runs in {unit}, which is not known to serve this home: whether that starts it again cannot be told"
        ))
        .help(if at.facts.managers.iter().any(|(manager, _)| manager.is_launchd()) {
            "`launchctl print` of its label in its domain says what it is".into()
        } else {
            format!("`systemctl show {unit}` says what it is, with `--user` for a user's")
        }),
        Supervision::Unknown(why) => Finding::unknown("under what the gateway runs", why).minor(),
        Supervision::Lane(_) | Supervision::None { .. } | Supervision::NoProcess => {
            Finding::pass(format!("PID {pid} runs in no other service"))
        }
    };
    vec![at.with_process(finding, process)]
}

/// A user's manager answers its own user only. That of the home's owner is where the gateway belongs; any
/// other's is a lane of which the owner sees nothing (upstream #42685).
fn of_another_manager(at: &Subject<'_>, pid: u32, unit: &str, owner: u32) -> Finding {
    let finding = if at.gateway.directory.uid == Some(owner) {
        let why = Why::Failed(format!("the user manager of uid {owner} answers that user only"));
        Finding::unknown(&format!("whether {unit} starts PID {pid} again"), &why)
    } else {
        Finding::failure(format!(
            "PID {pid} runs in {unit} of the user manager of uid {owner}, which only that user can ask, and which may start it again"
        ))
    };
    finding.help(format!(
        "as that user: `env XDG_RUNTIME_DIR=/run/user/{owner} systemctl --user status {unit}`"
    ))
}
