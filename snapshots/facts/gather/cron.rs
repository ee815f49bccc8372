//! How a home's cron is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::look::Look;
use crate::fact::{Fact, Why};
use crate::facts::cron::{Cron, CronJob, Script, Store, TickFailure, TickMark};
use crate::facts::executions::{Execution, Incident};
use crate::facts::home::{Home, join};
use crate::facts::liveness::Holder;
use crate::host::{Part, Question};
use crate::observation::Kind;
use crate::parse::{dotenv, lifecycle, yaml};
use crate::redact::holds_a_mark;
use crate::snapshot::About;

/// Ten thousand jobs have about 10 MB.
pub(super) const JOBS: Part = Part::Whole(32 << 20);
/// Where Hermes keeps copies of a home's files from before an update.
const COPIES: &str = "state-snapshots";
/// Scripts of one home that are looked at, and directories.
const MOST_NAMED: usize = 200;

/// What will be asked of every home.
pub(super) fn questions(home: &Home) -> [Question; 5] {
    let path = |name: &str| join(&home.path, name);
    [
        Question::File(path("cron/jobs.json"), JOBS),
        Question::File(path("cron/jobs.json"), Part::Stat),
        Question::File(path("cron/executions.db"), Part::Executions),
        Question::File(path("cron/ticker_last_error"), Part::SMALL),
        Question::Directory(path(COPIES)),
    ]
}

/// Asks. `config` is the home's configuration.
pub(super) fn cron(look: &Look<'_>, home: &Home, config: Option<&yaml::Node>) -> Cron {
    let file = |name: &str, part: Part| look.host.file(&join(&home.path, name), part);
    let provider = config.and_then(|root| match &root.at(&["cron", "provider"])?.value {
        yaml::Value::Text(name) => Some(name.trim().to_lowercase()),
        _ => None,
    });
    let builtin =
        |name: &String| matches!(name.as_str(), "" | "builtin" | "in-process" | "inprocess");
    let store = Store::in_file(&file("cron/jobs.json", JOBS));
    let (scripts, workdirs) = (scripts(look, home, store.known()), workdirs(look, store.known()));
    let executions = file("cron/executions.db", Part::Executions);
    Cron {
        store,
        heartbeat: TickMark::in_file(&file("cron/ticker_heartbeat", Part::SMALL)),
        last_success: TickMark::in_file(&file("cron/ticker_last_success", Part::SMALL)),
        last_error: TickFailure::in_file(&file("cron/ticker_last_error", Part::SMALL)),
        executions: executions.content().parse(|text| Execution::list(text, look.host)),
        incidents: executions.content().parse(Incident::list),
        scripts,
        workdirs,
        zone: zone(look, home, config),
        copied: copied(look, home),
        tick_lock: Holder::of(&look.host.lock(&join(&home.path, "cron/.tick.lock"))),
        external_provider: provider.filter(|name| !builtin(name)),
    }
}

/// The zone by which a home's cron reckons: that of its `.env`, or of its configuration.
fn zone(look: &Look<'_>, home: &Home, config: Option<&yaml::Node>) -> Fact<String> {
    let name = |text: &str| match text.trim() {
        "" => Fact::Absent,
        name if holds_a_mark(name) => Fact::Unknown(Why::Failed("its name was withheld".into())),
        name => Fact::Known(name.into()),
    };
    let dotenv = look.host.file(&join(&home.path, ".env"), Part::SMALL);
    let set = dotenv.content().and_then(|text| match dotenv::parse(text).get("HERMES_TIMEZONE") {
        Some(entry) if !entry.unresolved.is_empty() => {
            Fact::Unknown(Why::Failed("a variable of the process names it".into()))
        }
        Some(entry) => name(entry.value.as_deref().unwrap_or_default()),
        None => Fact::Absent,
    });
    match (set, config.map(|root| root.at(&["timezone"]).map(|node| &node.value))) {
        (set @ (Fact::Known(_) | Fact::Unknown(_)), _) => set,
        (Fact::Absent, Some(Some(yaml::Value::Text(text)))) => name(text),
        (Fact::Absent, Some(_)) => Fact::Absent,
        (Fact::Absent, None) => Fact::Unknown(Why::NotObserved),
    }
}

/// The scripts of a home's jobs, by their names in the jobs.
fn scripts(look: &Look<'_>, home: &Home, store: Option<&Store>) -> BTreeMap<String, Script> {
    let scripts = join(&home.path, "scripts");
    let names = named(store, |job| job.script.as_ref());
    let resolved: BTreeMap<&String, Option<String>> =
        names.iter().map(|name| (*name, resolve(look.about, &scripts, name))).collect();
    let questions =
        resolved.values().flatten().map(|path| Question::File(path.clone(), Part::SMALL));
    look.host.prepare(questions.collect());
    let real = look.real(&scripts);
    let is_below = |path: &str| {
        [Some(&scripts), real.as_ref()].into_iter().flatten().any(|directory| {
            path.strip_prefix(directory.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let script = |(name, path): (&String, Option<String>)| {
        let Some(path) = path else {
            let unclear = Script {
                path: name.clone(),
                there: Fact::Unknown(Why::NotObserved),
                is_outside: None,
                lifecycle: None,
            };
            return (name.clone(), unclear);
        };
        let seen = look.host.file(&path, Part::SMALL);
        let there = match seen.what() {
            // It was opened.
            Fact::Unknown(Why::Malformed(_) | Why::TooLarge { .. }) => Fact::Known(Kind::File),
            there => there,
        };
        let is_outside = !is_below(seen.target.as_deref().unwrap_or(&path));
        let lifecycle = seen.content().known().and_then(|text| lifecycle::command_in(text));
        (name.clone(), Script { path, there, is_outside: Some(is_outside), lifecycle })
    };
    resolved.into_iter().map(script).collect()
}

/// The directories in which a home's jobs are to work, by their paths in the jobs.
fn workdirs(look: &Look<'_>, store: Option<&Store>) -> BTreeMap<String, Fact<Kind>> {
    let names = named(store, |job| job.workdir.as_ref());
    let path = |name: &String| expand(look.about, name).filter(|path| path.starts_with('/'));
    let questions = names.iter().filter_map(|name| Some(Question::File(path(name)?, Part::Stat)));
    look.host.prepare(questions.collect());
    let what = |name: &String| match path(name) {
        Some(path) => look.host.file(&path, Part::Stat).what(),
        None => Fact::Unknown(Why::NotObserved),
    };
    names.into_iter().map(|name| (name.clone(), what(name))).collect()
}

/// What jobs that are meant to run name, each once, and the first of them only.
fn named(store: Option<&Store>, of: impl Fn(&CronJob) -> Option<&String>) -> BTreeSet<&String> {
    let names = store.iter().flat_map(|store| store.active()).filter_map(of);
    names.filter(|name| !holds_a_mark(name)).take(MOST_NAMED).collect()
}

/// The path of a script, without its `..`, as Hermes takes it from the name in a job. None where it is that of another
/// user's home.
fn resolve(about: &About, scripts: &str, name: &str) -> Option<String> {
    let path = join_absolute(scripts, &expand(about, name)?);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// A path whose `~` is the home of the user. None where it is another user's.
fn expand(about: &About, path: &str) -> Option<String> {
    match path.strip_prefix('~') {
        None => Some(path.into()),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            Some(format!("{}{rest}", about.home.as_deref()?))
        }
        Some(_) => None,
    }
}

/// A path, seen from a directory.
fn join_absolute(directory: &str, path: &str) -> String {
    if path.starts_with('/') { path.into() } else { join(directory, path) }
}

/// The jobs in the newest copy that Hermes made of the store before an update.
fn copied(look: &Look<'_>, home: &Home) -> Fact<(usize, String)> {
    let copies = join(&home.path, COPIES);
    look.host.directory(&copies).names().and_then(|names| {
        let newest = names.iter().filter(|name| name.contains("-pre-update")).max();
        let Some(newest) = newest else { return Fact::Absent };
        let path = join(&join(&copies, newest), "cron/jobs.json");
        Store::in_file(&look.host.file(&path, JOBS)).map(|store| (store.jobs.len(), path))
    })
}
