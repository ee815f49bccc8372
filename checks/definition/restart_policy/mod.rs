//! What the manager would do after each way in which Hermes ends.

use gw_snapshot::facts::definition::Restart;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::release::Capability;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("when the service is started again", |lane, definition| {
        let (restart, place) = match &definition.restart {
            Some((restart, place)) => (restart, place.clone()),
            None => (&Restart::Never, Place { file: definition.path.clone(), line: None }),
        };
        let is_written_so = at.drift(lane).is_some_and(|drift| {
            let is_of_it = |name: &str| matches!(name, "Restart" | "KeepAlive");
            drift.written.is_some() && !drift.all().any(|found| is_of_it(&found.difference.name))
        });
        let fails = at.has(Capability::PlannedRestartFails);
        judge(restart, fails, is_written_so).seen_at(&place, said(restart))
    })
}

/// Hermes ends with 0 after a planned stop, with 1 after a failure or a SIGTERM that nobody announced, with
/// 75 to be started again, and with 78 where a person must act first (0.18+).
fn judge(restart: &Restart, fails: Option<bool>, is_written_so: bool) -> Finding {
    match restart {
        Restart::Always => Finding::pass("whatever the end, it is started again"),
        Restart::OnFailure if fails == Some(false) => {
            let by = if is_written_so {
                ", as this version of Hermes writes it, and that"
            } else {
                ", and this version"
            };
            Finding::warning(format!(
                "it is started again after a failure only{by} may end a planned restart with 0: then it stays down"
            ))
        }
        Restart::OnFailure => {
            Finding::pass("it is started again after a failure and after a planned restart")
        }
        Restart::OnSuccess => Finding::failure(
            "the policy is inverted: it is started again after an exit with 0, and neither after a crash nor after a planned restart (exit 75)",
        ),
        Restart::OnCrash => Finding::failure(
            "it is started again after a signal only: a planned restart (exit 75) and a failure (exit 1) leave it down",
        ),
        Restart::Never => Finding::failure(
            "nothing starts it again: a planned restart (exit 75) and a crash leave it down",
        ),
        Restart::Other(_) => Finding::note("it is started again by a rule of its own"),
    }
}

fn said(restart: &Restart) -> String {
    match restart {
        Restart::Always => "always".into(),
        Restart::OnFailure => "after a failure".into(),
        Restart::OnSuccess => "after a success".into(),
        Restart::OnCrash => "after a signal".into(),
        Restart::Never => "never".into(),
        Restart::Other(words) => words.clone(),
    }
}
