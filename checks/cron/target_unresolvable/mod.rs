//! Whether the results of a job have nowhere to go.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::cron::CronJob;
use gw_snapshot::parse::dotenv;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let Some(store) = at.store() else { return at.no_cron() };
    let bound: Vec<(&CronJob, &str)> = store
        .active()
        .filter_map(|job| Some((job, job.deliver.iter().find_map(|target| home_of(target))?)))
        .collect();
    let Some((_, first)) = bound.first() else {
        return vec![Finding::skipped("no job delivers to the home of a platform")];
    };
    let set = match names(at) {
        Ok(set) => set,
        Err(why) => {
            return vec![Finding::unknown(&format!("whether {first} is set"), &why).minor()];
        }
    };
    let lost: Vec<(&CronJob, &str)> =
        bound.into_iter().filter(|(_, name)| !set.iter().any(|known| known == name)).collect();
    let Some((_, name)) = lost.first() else {
        return vec![Finding::pass("every platform that jobs deliver to has its home")];
    };
    let count = lost.len();
    let finding = Finding::warning(format!(
        "{count} job{} {} to a platform without a home: neither .env nor the service sets {name}",
        plural(count),
        if count == 1 { "delivers" } else { "deliver" }
    ))
    .help("set it in .env, or name the chat in the job: `platform:chat`");
    let jobs: Vec<&CronJob> = lost.into_iter().map(|(job, _)| job).collect();
    vec![at.with_jobs(finding, &jobs)]
}

/// The variable that says where a bare platform delivers to (0.13 to 0.19).
fn home_of(target: &str) -> Option<&'static str> {
    HOMES.iter().find(|(platform, _)| *platform == target).map(|(_, name)| *name)
}

/// The names that are set for the gateway, as far as files tell.
fn names(at: &Subject<'_>) -> Result<Vec<String>, Why> {
    let of_file = match at.gateway.dotenv.latin1_content() {
        Fact::Known(text) => dotenv::parse(&text)
            .entries
            .into_iter()
            .filter(|entry| entry.value.as_deref() != Some(""))
            .map(|entry| entry.key)
            .collect(),
        Fact::Absent => Vec::new(),
        Fact::Unknown(why) => return Err(why),
    };
    if let Some(file) = at
        .installed()
        .filter_map(|lane| lane.definition.known())
        .flat_map(|known| &known.environment_files)
        .next()
    {
        return Err(Why::Failed(format!("the service reads {} too", file.0)));
    }
    let of_services = at
        .installed()
        .filter_map(|lane| lane.definition.known())
        .flat_map(|known| known.environment.iter().map(|variable| variable.name.clone()));
    Ok(of_services.chain(of_file).collect())
}

const HOMES: [(&str, &str); 5] = [
    ("discord", "DISCORD_HOME_CHANNEL"),
    ("email", "EMAIL_HOME_ADDRESS"),
    ("matrix", "MATRIX_HOME_ROOM"),
    ("slack", "SLACK_HOME_CHANNEL"),
    ("telegram", "TELEGRAM_HOME_CHANNEL"),
];
