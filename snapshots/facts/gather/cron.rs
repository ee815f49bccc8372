//! How a home's cron is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::look::Look;
use crate::fact::Fact;
use crate::facts::cron::{Cron, Store, TickFailure, TickMark};
use crate::facts::executions::Execution;
use crate::facts::home::{Home, join};
use crate::facts::liveness::Holder;
use crate::host::{Part, Question};
use crate::parse::{lifecycle, yaml};

/// Ten thousand jobs have about 10 MB.
pub(super) const JOBS: Part = Part::Whole(32 << 20);
/// Where Hermes keeps copies of a home's files from before an update.
const COPIES: &str = "state-snapshots";
/// Scripts of one home that are looked at.
const MOST_SCRIPTS: usize = 200;

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
    let lifecycle_scripts = lifecycle_scripts(look, home, store.known());
    Cron {
        store,
        heartbeat: TickMark::in_file(&file("cron/ticker_heartbeat", Part::SMALL)),
        last_success: TickMark::in_file(&file("cron/ticker_last_success", Part::SMALL)),
        last_error: TickFailure::in_file(&file("cron/ticker_last_error", Part::SMALL)),
        executions: file("cron/executions.db", Part::Executions)
            .content()
            .parse(|text| Execution::list(text, look.host)),
        lifecycle_scripts,
        copied: copied(look, home),
        tick_lock: Holder::of(&look.host.lock(&join(&home.path, "cron/.tick.lock"))),
        external_provider: provider.filter(|name| !builtin(name)),
    }
}

/// What the scripts of a home's jobs do to its gateway. A script lies in `scripts/`, under the name that the job gives.
fn lifecycle_scripts(
    look: &Look<'_>,
    home: &Home,
    store: Option<&Store>,
) -> BTreeMap<String, &'static str> {
    let scripts = join(&home.path, "scripts");
    let names: BTreeSet<&String> = store
        .iter()
        .flat_map(|store| store.active())
        .filter_map(|job| job.script.as_ref())
        .collect();
    let is_inside = |name: &str| !name.is_empty() && !name.contains('/');
    let names: Vec<&String> =
        names.into_iter().filter(|name| is_inside(name)).take(MOST_SCRIPTS).collect();
    let script = |name: &str| (join(&scripts, name), Part::SMALL);
    let questions = names.iter().map(|name| script(name));
    look.host.prepare(questions.map(|(path, part)| Question::File(path, part)).collect());
    names
        .into_iter()
        .filter_map(|name| {
            let (path, part) = script(name);
            let seen = look.host.file(&path, part);
            let command = lifecycle::command_in(seen.content().known()?)?;
            Some((name.clone(), command))
        })
        .collect()
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
