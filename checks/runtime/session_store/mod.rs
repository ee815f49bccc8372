//! Whether the gateway can use its session database, and whether sessions were lost.

use gw_snapshot::facts::home::set_aside;
use gw_snapshot::facts::record::Status;
use gw_snapshot::parse::log::Class;

use jiff::ToSpan;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    if !at.has_gateway() {
        return vec![Finding::skipped("no gateway of this home is installed or has ever run")];
    }
    let status = at.gateway.own_status(at.facts.about.os);
    let told = status.and_then(|status| by_status(at, status));
    let found: Vec<Finding> =
        told.into_iter().chain(by_log(at)).chain(deleted(at)).chain(set_aside_before(at)).collect();
    if !found.is_empty() {
        return found;
    }
    let is_ok = status.and_then(|status| status.session_store.as_deref()) == Some("ok");
    vec![if is_ok {
        Finding::pass("the gateway can use its session database")
    } else {
        Finding::skipped("nothing tells how its session database is")
    }]
}

/// What the gateway says of its own handle (0.20.6+).
fn by_status(at: &Subject<'_>, status: &Status) -> Option<Finding> {
    let state = status.session_store.as_deref()?;
    let finding = match state {
        "unavailable" => Finding::failure(
            "the gateway cannot use its session database: it answers without memory, or with an error",
        ),
        "retrying" => {
            Finding::warning("the gateway cannot use its session database, and tries again")
        }
        _ => return None,
    };
    let finding = finding.seen(at.path("gateway_state.json"), format!("session_store: {state}"));
    Some(finding.help(HELP))
}

/// What the log of this life says, the worst alone.
fn by_log(at: &Subject<'_>) -> Option<Finding> {
    at.gateway.process()?;
    let journal = at.gateway.journal.known()?;
    let (class, what) = SAID.iter().find(|(class, _)| journal.count(*class).is_some())?;
    let lines = journal.count(*class)?.lines;
    Some(
        Finding::failure(*what)
            .seen(at.path("logs"), format!("{lines} line{}", plural(lines)))
            .help(HELP),
    )
}

/// A database that was deleted, or replaced, under the process that has it open: what is written there ends with the process.
fn deleted(at: &Subject<'_>) -> Option<Finding> {
    let process = at.gateway.process()?;
    let path = at.path("state.db");
    let gone = format!("{path} (deleted)");
    let also = at.gateway.home.also.iter().map(|home| format!("{home}/state.db (deleted)"));
    let names: Vec<String> = also.chain([gone]).collect();
    let open = process.seen.open.iter().flatten().find(|open| names.contains(open))?;
    let claim = format!(
        "PID {} writes its sessions to a database that was deleted or replaced under it: they are lost when it ends",
        process.pid
    );
    Some(
        at.with_process(
            Finding::failure(claim).seen(format!("open files of process {}", process.pid), open),
            process,
        )
        .help(format!(
            "before anything restarts it, copy what it has open out of /proc/{}/fd",
            process.pid
        )),
    )
}

/// A database that a start put aside, because its first page was no database any more (0.21.5+).
fn set_aside_before(at: &Subject<'_>) -> Option<Finding> {
    let names = at.gateway.directory.entries.iter().flatten();
    let (name, when) =
        names.filter_map(|name| Some((name, set_aside(name)?))).max_by_key(|it| it.1)?;
    let path = at.path(name);
    let claim = format!(
        "its sessions from before {} are lost to it: their database was no database any more, and a start put it aside as {name}",
        when.date()
    );
    // Both are local times of the same machine. It is put aside before the first line of the log.
    let since = at.gateway.journal.known().and_then(|journal| journal.since);
    let is_of_this_life = at.gateway.process().is_some()
        && since.is_some_and(|since| when >= since.saturating_sub(START_SECONDS.seconds()));
    let finding = if is_of_this_life { Finding::failure(claim) } else { Finding::warning(claim) };
    Some(finding.seen(path.clone(), "put aside").help(format!(
        "`hermes sessions recover --source {path}` gets back what can be read of it"
    )))
}

/// How long before the first line of its log a start may put a database aside. In seconds.
const START_SECONDS: i64 = 300;
/// What each class means, the worst first.
const SAID: [(Class, &str); 3] = [
    (
        Class::StateLost,
        "its session database was damaged beyond use and put aside: its sessions are lost to it",
    ),
    (Class::StateDamaged, "its session database is damaged"),
    (Class::StateUnavailable, "the gateway works without its session database"),
];

const HELP: &str = "stop the gateway and keep a copy of state.db with its -wal before anything is tried; then see whether the disk is full or damaged";
