//! Every transcript that people published, and what must come out of it: one line each in `transcripts.tsv`.
//!
//! `UPDATE_EXPECT=1` writes the table: read each changed line beside its transcript before you keep it.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gw_snapshot::fact::Fact;
use gw_snapshot::observation::CommandSeen;
use gw_snapshot::parse::launchctl::refusal::Refusal;
use gw_snapshot::parse::launchctl::{disabled, domain, list, service};

#[test]
fn every_transcript_says_what_the_table_states_and_the_table_is_complete() {
    let mut read = Vec::new();
    for path in transcripts() {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_string();
        let text = fs::read_to_string(&path).expect("a transcript");
        let body: String = text
            .lines()
            .filter(|line| !line.starts_with("# "))
            .flat_map(|line| [line, "\n"])
            .collect();
        read.push(format!("{name}\t{}", summary(&name, &body)));
    }
    let table = directory().join("../transcripts.tsv");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&table, read.join("\n") + "\n").expect("write the table");
    }
    let stated = fs::read_to_string(&table).expect("the table");
    let stated: BTreeSet<&str> = stated.lines().collect();
    let read: BTreeSet<&str> = read.iter().map(String::as_str).collect();
    let wrong: Vec<_> = read.symmetric_difference(&stated).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/parse/launchctl/transcripts")
}

fn transcripts() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory())
        .expect("the transcripts")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(paths.len() > 70, "the transcripts are there");
    paths
}

/// What each reader makes of a text, where it makes anything of it.
fn summary(name: &str, text: &str) -> String {
    let mut said = Vec::new();
    if let Some(service) = service::read(text).filter(|service| !is_domain(&service.target)) {
        said.push(of_service(&service));
    }
    if let Some(domain) = domain::read(text).filter(|domain| is_domain(&domain.name)) {
        let services = domain.services.as_ref().map(Vec::len);
        said.push(format!(
            "domain={} on-demand={} session={:?} services={services:?}",
            domain.name,
            fact(&domain.on_demand),
            domain.session
        ));
    }
    if let Some(overrides) = disabled::read(text) {
        let disabled: Vec<&str> = overrides
            .labels
            .iter()
            .filter(|(_, is)| **is)
            .map(|(label, _)| label.as_str())
            .collect();
        let all = if overrides.is_complete { "all" } else { "some" };
        said.push(format!("overrides={} ({all}) disabled={disabled:?}", overrides.labels.len()));
    }
    if let Some(rows) = list::table(text) {
        let rows: Vec<String> = rows
            .iter()
            .map(|row| format!("{}:{:?}:{:?}", row.label, row.pid, row.status))
            .collect();
        said.push(format!("table={rows:?}"));
    }
    if let Some(job) = list::job(text) {
        said.push(format!("list={:?} pid={:?} last={:?}", job.label, job.pid, job.last_exit));
    }
    if said.is_empty()
        && ["-errors-", "-cutover-", "-background-session", "-split-brain"]
            .iter()
            .any(|kind| name.contains(kind))
    {
        let seen = CommandSeen { stderr: text.into(), ..CommandSeen::default() };
        said.push(match Refusal::of(&seen) {
            Refusal::NoService => "refusal=no-service".into(),
            Refusal::NoDomain(_) => "refusal=no-domain".into(),
            Refusal::Denied(_) => "refusal=denied".into(),
            Refusal::NotRun(_) => "refusal=not-run".into(),
            Refusal::Other(_) => "refusal=other".into(),
        });
    }
    if said.is_empty() {
        said.push("nothing that launchctl prints".into());
    }
    said.join("\t")
}

fn is_domain(target: &str) -> bool {
    let is_user =
        |kind: &str| target.strip_prefix(kind).is_some_and(|uid| uid.parse::<u32>().is_ok());
    target == "system" || is_user("gui/") || is_user("user/")
}

fn of_service(service: &service::Service) -> String {
    let mut said = vec![
        format!("service={}", service.target),
        format!("state={}", fact(&service.state)),
        format!("pid={}", fact(&service.pid)),
        format!("runs={}", fact(&service.runs)),
        format!("last={}", fact(&service.last_exit)),
        format!("args={}", fact(&service.arguments.as_ref().map(Vec::len))),
    ];
    said.extend(service.pended.iter().map(|reason| format!("pended={reason}")));
    said.extend(service.job_state.iter().map(|state| format!("job-state={state}")));
    said.extend(
        service.properties.iter().map(|properties| format!("properties={}", properties.join("|"))),
    );
    said.extend(service.semaphores.iter().map(|semaphores| format!("semaphores={semaphores:?}")));
    said.join(" ")
}

fn fact<T: std::fmt::Debug>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Known(value) => format!("{value:?}"),
        Fact::Absent => "absent".into(),
        Fact::Unknown(_) => "unknown".into(),
    }
}
