//! How the previous run ended. It says nothing of the present one.

use gw_snapshot::facts::job::Exit;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::spawn;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Note;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    of_job(at).into_iter().chain(without_a_word(at)).collect()
}

/// That the run before the one that lives was cut off, as that one noticed at its start (0.20+). No manager remembers the
/// end of a run once the next has begun.
fn without_a_word(at: &Subject<'_>) -> Option<Finding> {
    let process = at.gateway.process()?;
    let last = at.gateway.endings.last.known()?;
    if last.pid != process.pid || last.end.is_some() || !last.prior_was_unclean {
        return None;
    }
    let memory =
        if last.prior_lacked_memory { "; memory was short when it last wrote" } else { "" };
    let claim = format!(
        "the run before PID {} ended without a word: it was killed, or an error ended it that nothing caught{memory}",
        process.pid
    );
    Some(Finding::note(claim).seen(at.path("state/gateway.lifecycle.json"), "prior_unclean_exit"))
}

fn of_job(at: &Subject<'_>) -> Vec<Finding> {
    let Some((lane, job)) = at.job() else { return at.no_job() };
    let launchd = job.launchd.as_ref();
    if let Some(why) = launchd.and_then(|launchd| launchd.exit_doubt.as_ref()) {
        let finding =
            Finding::unknown(&format!("how the previous run of {} ended", lane.name), why);
        return vec![finding.minor().of_service(lane.title())];
    }
    if let Some(reason) = launchd.and_then(|launchd| launchd.exit_reason.as_deref()) {
        let finding = Finding::note(format!(
            "the previous run of {} ended by the system: {reason}",
            lane.name
        ));
        return vec![finding.of_service(lane.title())];
    }
    let Some(exit) = job.last_exit else {
        return vec![
            Finding::pass(format!("no run of {} has ended", lane.name)).of_service(lane.title()),
        ];
    };
    if let Some(watched) = at.watched_end(job) {
        let claim =
            format!("the previous run of {} ended with {exit}: {}", lane.name, watched.words());
        return vec![
            Finding::note(claim)
                .seen(&job.source, format!("last exit: {exit}"))
                .seen(watched.file, "its own word")
                .of_service(lane.title()),
        ];
    }
    let meaning = match exit {
        Exit::Code(0) => "a planned stop, or a takeover",
        Exit::Code(1) => {
            "a start that failed, or a stop without notice; a plain stop by the manager ends so too"
        }
        Exit::Code(75) => "a planned restart",
        Exit::Code(78) if spawn::hindrance(at, lane, job).is_some() => {
            "launchd could not begin to run Hermes"
        }
        Exit::Code(78) if job.launchd.is_some() => {
            "a fatal configuration error, or something that launchd could not open"
        }
        Exit::Code(78) if at.gateway.served_by.is_some() => {
            "a start that Hermes refused beside the gateway that serves this profile"
        }
        Exit::Code(78) => "a fatal configuration error",
        Exit::Code(127) if job.launchd.is_some() => "a wrapper that could not run its program",
        Exit::Code(code @ 129..=159) if job.launchd.is_some() => {
            return vec![
                Finding::note(format!(
                    "the previous run of {} ended with signal {}, as a wrapper says with exit {code}",
                    lane.name,
                    code.saturating_sub(128)
                ))
                .seen(&job.source, format!("last exit: {exit}"))
                .of_service(lane.title()),
            ];
        }
        Exit::Code(200) => "its working directory could not be entered, before Hermes began",
        Exit::Code(203) => "its program could not be run, before Hermes began",
        Exit::Code(217) => "its user is unknown, before Hermes began",
        Exit::Code(_) => "a code that Hermes does not use",
        Exit::Signal(9) => {
            "killed: by hand, by the kernel for memory, or at the end of a stop that took too long"
        }
        Exit::Signal(15) => "asked to stop before it could handle that",
        Exit::Signal(_) => "ended by a signal",
    };
    vec![
        Finding::note(format!("the previous run of {} ended with {exit}: {meaning}", lane.name))
            .seen(&job.source, format!("last exit: {exit}"))
            .of_service(lane.title()),
    ]
}
