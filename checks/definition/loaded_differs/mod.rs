//! Whether what is loaded is what is on disk.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::definition::Definition;
use gw_snapshot::facts::gateway::FileStamp;
use gw_snapshot::facts::job::Phase;
use gw_snapshot::facts::job::launchd::Launchd;
use gw_snapshot::facts::job::systemd::{Load, Systemd};
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::{Lane, Manager};
use gw_snapshot::value::Value;
use jiff::SignedDuration;

use crate::Subject;
use crate::finding::{Finding, Verdict};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_service(|lane| {
        if lane.has_lost_its_file() {
            return lost(lane);
        }
        if let (Some(launchd), Some(definition)) =
            (lane.job.known().and_then(|job| job.launchd.as_ref()), lane.definition.known())
        {
            return of_launchd(lane, launchd, definition);
        }
        let Some(systemd) = lane.job.known().and_then(|job| job.systemd.as_ref()) else {
            return match lane.job.why().or(lane.definition.why()) {
                Some(why) => {
                    Finding::unknown("whether what is loaded is what is on disk", why).minor()
                }
                None => Finding::skipped(format!("{} is not loaded", lane.name)),
            };
        };
        let source = lane.job.known().map(|job| job.source.clone()).unwrap_or_default();
        if lane.definition.is_absent() {
            let why = Why::Failed("its file is not to be seen from here".into());
            Finding::unknown("whether what is loaded is what is on disk", &why).minor()
        } else if systemd.load == Load::Refused {
            // systemd then asks for a reload for ever (252), and none helps.
            Finding::skipped(format!("systemd refuses {}: see definition/invalid", lane.name))
        } else if systemd.need_daemon_reload && let Some(is_all) = only_set_by_systemd(at, lane, systemd) {
            let finding = if is_all {
                Finding::note(format!(
                    "systemd itself changed {} for a `systemctl set-property`, and runs it by that: the reload that it asks for changes nothing",
                    lane.name
                ))
            } else {
                let why = "systemd asks for a reload, and has changed the unit itself for a `systemctl set-property`: whether anybody else did so before that cannot be told";
                let why = Why::Failed(why.into());
                Finding::unknown("whether what is loaded is what is on disk", &why).minor()
            };
            finding.seen(source, "NeedDaemonReload=yes")
        } else if systemd.need_daemon_reload {
            Finding::failure(format!("{} changed on disk after systemd loaded it", lane.name))
                .seen(source, "NeedDaemonReload=yes")
                .help("look at what changed, then `daemon-reload`; a restart alone uses the old definition")
        } else {
            Finding::pass(format!("{} is loaded as it stands on disk", lane.name))
                .seen(source, "NeedDaemonReload=no")
        }
    })
}

/// True if nothing changed on disk but what systemd wrote for `set-property`, which is loaded at once. systemd asks for a reload
/// all the same where that drop-in does not come last by its name: it adds it at the end of its list, and compares the list
/// with the files in the order of their names (252). False if another file may have changed before that. None if systemd
/// wrote nothing, or something else explains why it asks.
fn only_set_by_systemd(at: &Subject<'_>, lane: &Lane, systemd: &Systemd) -> Option<bool> {
    let loaded = &systemd.drop_in_paths;
    let is_own = |path: &str| path.contains("/user.control/") || path.contains("/system.control/");
    let name = |path: &String| path.rsplit('/').next().unwrap_or_default().to_string();
    let on_disk = &lane.definition.known()?.drop_ins;
    let is_in_order = loaded.is_sorted_by_key(name);
    if is_in_order || on_disk.iter().any(|path| !loaded.contains(path)) {
        return None;
    }
    let (own, others): (Vec<&FileStamp>, Vec<&FileStamp>) =
        lane.files.iter().partition(|file| is_own(&file.path));
    let written = own.iter().map(|file| file.mtime).max()?;
    let changed = others.iter().map(|file| file.mtime).max()?;
    if lane.files.len() <= loaded.len() || changed > written {
        return None;
    }
    let started = at.gateway.process().and_then(|process| process.started_at);
    Some(started.is_some_and(|started| changed.duration_since(started) < START_PRECISION))
}

/// How exactly the start of a process is known: the time of the boot, on which it rests, is told in whole seconds.
const START_PRECISION: SignedDuration = SignedDuration::from_secs(2);

/// Only its manager still has it.
fn lost(lane: &Lane) -> Finding {
    let name = &lane.name;
    let is_gone = match &lane.dangling {
        Some(target) => format!("is a link to {target}, which is gone"),
        None => "is gone".into(),
    };
    // As `hermes gateway uninstall` does: the bootout first, then the plist.
    let stopping = lane.job.known().filter(|job| job.phase == Phase::Stopping);
    if let Some(job) = stopping.filter(|_| lane.manager.is_launchd()) {
        let claim =
            format!("the plist of {name} {is_gone}, and it is being taken away ({})", job.words);
        return Finding::note(claim).seen(&lane.path, "not found");
    }
    let (claim, file) = if lane.manager.is_launchd() {
        let claim = format!(
            "the plist of {name} {is_gone}: only launchd still has it, and a stop, a bootout or the next login loses it"
        );
        (claim, "plist")
    } else {
        let claim = format!(
            "the file of {name} {is_gone}: only systemd still has it, and a stop, a `daemon-reload` or a reboot loses it"
        );
        (claim, "unit")
    };
    let finding = Finding::failure(claim).seen(&lane.path, "not found");
    let finding = match lane.job.known() {
        Some(job) => finding.seen(&job.source, format!("its job is {}", job.words)),
        None => finding,
    };
    finding.help(format!(
        "if it is to go on, write the {file} again before anything else: `hermes gateway install` does"
    ))
}

/// launchd runs by what it read at `bootstrap`. `kickstart` does not read the plist again.
fn of_launchd(lane: &Lane, launchd: &Launchd, definition: &Definition) -> Finding {
    let differences = differences(launchd, definition, lane.manager);
    if differences.is_empty() {
        return match launchd.argv {
            Some(_) => Finding::pass(format!("{} is loaded as it stands on disk", lane.name)),
            None => {
                Finding::unknown("whether what is loaded is what is on disk", &Why::NotObserved)
                    .minor()
            }
        };
    }
    let mut named: Vec<&str> = differences.iter().map(|(what, ..)| *what).collect();
    named.dedup();
    let finding = Finding::failure(format!(
        "{} changed on disk after launchd loaded it: {}",
        lane.name,
        named.join(", ")
    ))
    .help(
        "`kickstart` starts the old definition again; only bootout and bootstrap read the new one",
    );
    differences.into_iter().fold(finding, |finding, (_, place, loaded)| {
        finding.seen_at(&place, format!("launchd has {loaded}"))
    })
}

/// What differs, where it stands on disk, and what launchd has instead.
fn differences(
    launchd: &Launchd,
    definition: &Definition,
    manager: Manager,
) -> Vec<(&'static str, Place, String)> {
    let mut found = Vec::new();
    if let Some(argv) = launchd.argv.as_ref().filter(|argv| is_another_line(argv, &definition.argv))
    {
        found.push(("the arguments", definition.program_at(), argv.join(" ")));
    }
    let agent = definition.agent.as_ref();
    let paths = [
        (
            "the working directory",
            &launchd.working_directory,
            definition.working_directory.as_ref(),
        ),
        ("the log of its output", &launchd.stdout, agent.and_then(|agent| agent.stdout.as_ref())),
        ("the log of its errors", &launchd.stderr, agent.and_then(|agent| agent.stderr.as_ref())),
    ];
    for (what, loaded, on_disk) in paths {
        // A short print leaves lines out; only a line that is there can differ.
        if let (Some(loaded), Some((path, at))) = (loaded, on_disk)
            && is_another(loaded, &Value::of(path))
        {
            found.push((what, at.clone(), loaded.clone()));
        }
    }
    for (name, loaded) in &launchd.environment {
        if let Some(variable) =
            definition.variable(name).filter(|variable| is_another(loaded, &variable.value))
        {
            found.push(("the environment", variable.at.clone(), format!("another {name}")));
        }
    }
    found.extend(one_sided(launchd, definition));
    if let (Some(loaded), Some((limit, at))) = (launchd.exit_timeout, &definition.stop_timeout)
        && loaded != *limit
        && loaded != manager.allows(*limit)
    {
        found.push(("the exit timeout", at.clone(), loaded.to_string()));
    }
    found
}

/// True if what is loaded surely is another value than what is on disk.
fn is_another(loaded: &str, on_disk: &Value) -> bool {
    Value::of(loaded).same_on_one_host(on_disk) == Some(false)
}

/// True if what is loaded surely is another command line than what is on disk.
fn is_another_line(loaded: &[String], on_disk: &[String]) -> bool {
    let mut words = loaded.iter().zip(on_disk);
    loaded.len() != on_disk.len()
        || words.any(|(loaded, on_disk)| is_another(loaded, &Value::of(on_disk)))
}

/// The variable that only one side has. Nothing can be said by a print without this block, or one that ends in it;
/// and what only launchd has may be its own.
fn one_sided(launchd: &Launchd, definition: &Definition) -> Option<(&'static str, Place, String)> {
    let loaded = &launchd.environment;
    if loaded.is_empty() || launchd.runs.is_none() {
        return None;
    }
    let has = |name: &str| loaded.iter().any(|(loaded, _)| loaded == name);
    if let Some(added) = definition.environment.iter().find(|set| !has(&set.name)) {
        return Some(("the environment", added.at.clone(), format!("no {}", added.name)));
    }
    let is_removed =
        |name: &str| name.starts_with("HERMES_") && definition.variable(name).is_none();
    let (name, _) = loaded.iter().find(|(name, _)| is_removed(name))?;
    let place = Place { file: definition.path.clone(), line: None };
    Some(("the environment", place, format!("{name} besides")))
}
