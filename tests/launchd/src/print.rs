//! The texts of `print` and `print-disabled`, in the layouts of macOS 15 and macOS 26. The keys are
//! those of real captures, in their order; values that nothing here stands behind are constants.

use std::fmt::{Display, Write};

use crate::definition::KeepAlive;
use crate::domain::Domain;
use crate::exit::Exit;
use crate::job::{Job, Next};
use crate::launchd::{DEFAULT_PATH, Launchd, shown_environment};
use crate::overrides::Overrides;
use crate::process::Process;
use crate::settings::{Release, Settings};

/// A text that grows by lines, indented with tabs.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, level: usize, text: impl Display) {
        let _ = writeln!(self.0, "{:\t<level$}{text}", "");
    }

    fn value(&mut self, key: &str, value: impl Display) {
        self.line(1, format_args!("{key} = {value}"));
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    /// A block on the first level, and the blank line after it.
    fn block(&mut self, key: &str, lines: impl IntoIterator<Item = impl Display>) {
        self.line(1, format_args!("{key} = {{"));
        for line in lines {
            self.line(2, line);
        }
        self.line(1, "}");
        self.blank();
    }
}

/// `print DOMAIN/LABEL`.
pub(crate) fn job(launchd: &Launchd, job: &Job) -> String {
    let (tahoe, definition) = (launchd.settings.macos == Release::Tahoe, &job.definition);
    let mut page = Page::default();
    page.line(0, format_args!("{}/{} = {{", job.domain, definition.label));
    page.value("active count", u8::from(job.process.is_some()));
    page.value("path", job.path.display());
    page.value("type", if job.domain == Domain::System { "LaunchDaemon" } else { "LaunchAgent" });
    page.value("state", job.state(&launchd.settings));
    page.blank();
    program(&mut page, job);
    environment(&mut page, launchd, job);
    execution(&mut page, launchd, job);
    if let Some(process) = &job.process {
        instance(&mut page, process, tahoe);
    }
    if let (None, Next::Pended(reason)) = (&job.process, job.next) {
        page.value("pended nondemand spawn", reason);
    }
    match job.last_exit {
        Some(exit) => page.line(1, exit),
        None => page.value("last exit code", "(never exited)"),
    }
    page.blank();
    semaphores(&mut page, job);
    if job.next == Next::PenaltyBox {
        penalty_box(&mut page, job);
    }
    if tahoe {
        coalition(&mut page, job, "resource", 0);
        coalition(&mut page, job, "jetsam", 1);
    }
    resources(&mut page, job, tahoe);
    page.blank();
    page.value("properties", properties(job, &launchd.settings));
    page.line(0, "}");
    page.0
}

fn program(page: &mut Page, job: &Job) {
    let definition = &job.definition;
    page.value("program", definition.program());
    page.block("arguments", &definition.arguments);
    if let Some(directory) = &definition.working_directory {
        page.value("working directory", directory);
        page.blank();
    }
    let files = [
        ("stdin path", &definition.stdin),
        ("stdout path", &definition.stdout),
        ("stderr path", &definition.stderr),
    ];
    for (key, path) in files {
        if let Some(path) = path {
            page.value(key, path);
        }
    }
}

fn environment(page: &mut Page, launchd: &Launchd, job: &Job) {
    let rows = |variables: Vec<(String, String)>| {
        variables.into_iter().map(|(name, value)| format!("{name} => {value}"))
    };
    let inherited = launchd.environment(job.domain);
    if !inherited.is_empty() {
        page.block("inherited environment", rows(inherited));
    }
    page.block("default environment", [format!("PATH => {DEFAULT_PATH}")]);
    page.block("environment", rows(shown_environment(&launchd.settings, &job.definition)));
}

fn execution(page: &mut Page, launchd: &Launchd, job: &Job) {
    let definition = &job.definition;
    match (job.domain, job.domain.audit_session()) {
        (Domain::Gui(_), Some(session)) => {
            page.value("domain", format_args!("{} [{session}]", job.domain));
        }
        _ => page.value("domain", job.domain),
    }
    if let Some(umask) = definition.umask {
        page.value("umask", format_args!("{umask:o}"));
    }
    if let Some(session) = job.domain.audit_session() {
        page.value("asid", session);
    }
    page.value("minimum runtime", job.minimum_runtime(&launchd.settings));
    if launchd.settings.throttle_grows {
        page.value("base minimum runtime", definition.minimum_runtime);
    }
    page.value("exit timeout", definition.exit_timeout(job.domain));
    page.value("runs", job.runs);
    if job.successive_crashes > 0 {
        page.value("successive crashes", job.successive_crashes);
    }
}

fn instance(page: &mut Page, process: &Process, tahoe: bool) {
    let executed = u8::from(!process.is_xpcproxy());
    page.value("pid", process.pid);
    page.value("immediate reason", process.reason);
    page.value("forks", 0);
    page.value("execs", executed);
    page.value("initialized", executed);
    page.value("trampolined", executed);
    page.value("started suspended", 0);
    page.value("proxy started suspended", 0);
    if tahoe {
        page.value("checked allocations", "0 (queried = 1)");
        page.value("checked allocations reason", "no host");
        page.value("checked allocations flags", "0x0");
    }
}

fn semaphores(page: &mut Page, job: &Job) {
    let KeepAlive::Conditions { successful_exit, crashed } = job.definition.keep_alive else {
        return;
    };
    let row = |name: &str, value: Option<bool>| {
        value.map(|value| format!("{name} => {}", u8::from(value)))
    };
    let rows = [row("successful exit", successful_exit), row("after crash", crashed)];
    if rows.iter().any(Option::is_some) {
        page.block("semaphores", rows.into_iter().flatten());
    }
}

/// The event that lets a job out of the penalty box: its program appears.
fn penalty_box(page: &mut Page, job: &Job) {
    let label = &job.definition.label;
    page.block(
        "event triggers",
        [
            format!("{label} => {{"),
            "\tkeepalive = 0".to_owned(),
            format!("\tservice = {label}"),
            "\tstream = com.apple.launchd.helper".to_owned(),
            "\tmonitor = com.apple.UserEventAgent-Aqua".to_owned(),
            "\tdescriptor = {".to_owned(),
            format!("\t\t\"Executable\" => \"{}\"", job.definition.program()),
            "\t\t\"SkipImmediatePoll\" => false".to_owned(),
            "\t}".to_owned(),
            "}".to_owned(),
        ],
    );
    page.block(
        "event channels",
        [
            "\"com.apple.launchd.helper\" = {",
            "\tport = 0x0",
            "\tactive = 0",
            "\tmanaged = 1",
            "\treset = 0",
            "\thide = 0",
            "\twatching = 0",
            "}",
        ],
    );
}

fn coalition(page: &mut Page, job: &Job, kind: &str, offset: u32) {
    page.block(
        &format!("{kind} coalition"),
        [
            format!("ID = {}", job.coalition.saturating_add(offset)),
            format!("type = {kind}"),
            "state = active".to_owned(),
            "active count = 1".to_owned(),
            format!("name = {}", job.definition.label),
        ],
    );
}

fn resources(page: &mut Page, job: &Job, tahoe: bool) {
    page.value("spawn type", job.definition.spawn_type());
    page.value("jetsam priority", 40);
    page.value("jetsam memory limit (active)", "(unlimited)");
    page.value("jetsam memory limit (inactive)", "(unlimited)");
    page.value("jetsamproperties category", "daemon");
    page.value("jetsam thread limit", 32);
    page.value("cpumon", "default");
    if job.spawn_failed {
        page.value("job state", "spawn failed");
    }
    if !tahoe {
        page.line(1, "probabilistic guard malloc policy = {");
        page.line(2, "activation rate = 1/1000");
        page.line(2, "sample rate = 1/0");
        page.line(1, "}");
    }
}

fn properties(job: &Job, settings: &Settings) -> String {
    let definition = &job.definition;
    let flags = [
        (definition.keep_alive == KeepAlive::Always, "keepalive"),
        (definition.run_at_load, "runatload"),
        (definition.abandon_process_group, "abandon process group"),
        (job.next == Next::PenaltyBox, "penalty box"),
        (definition.program_is_inferred(), "inferred program"),
        (settings.throttle_grows, "exponential throttling"),
        (job.spawn_failed, "needs LWCR update | managed LWCR | has LWCR"),
    ];
    let set: Vec<&str> = flags.into_iter().filter_map(|(set, flag)| set.then_some(flag)).collect();
    set.join(" | ")
}

/// `print DOMAIN`.
pub(crate) fn domain(launchd: &Launchd, domain: Domain) -> String {
    let jobs: Vec<&Job> = launchd.jobs(domain).collect();
    let active = jobs.iter().filter(|job| job.process.is_some()).count();
    let mut page = Page::default();
    page.line(0, format_args!("{domain} = {{"));
    let (kind, handle) = match domain {
        Domain::System => ("system", 0),
        Domain::User(uid) => ("user", uid),
        Domain::Gui(_) => ("login", domain.audit_session().unwrap_or_default()),
    };
    page.value("type", kind);
    page.value("handle", handle);
    page.value("active count", jobs.len().saturating_add(active));
    let counts = [
        ("on-demand count", launchd.settings.on_demand_count(domain) as usize),
        ("service count", jobs.len()),
        ("active service count", active),
    ];
    for (key, count) in counts {
        if count > 0 {
            page.value(key, count);
        }
    }
    session(&mut page, domain);
    let environment = launchd.environment(domain);
    if !environment.is_empty() {
        let rows = environment.into_iter().map(|(name, value)| format!("{name} => {value}"));
        page.block("environment", rows);
    }
    page.block("services", jobs.iter().map(|job| service(job)));
    page.block("unmanaged processes", [""; 0]);
    page.block("endpoints", [""; 0]);
    page.block("task-special ports", [""; 0]);
    disabled_services(&mut page, &launchd.overrides, domain);
    page.blank();
    page.value(
        "properties",
        match domain {
            Domain::System => "uncorked | audit check done | bootcache hack",
            Domain::User(_) => "user",
            Domain::Gui(_) => "gui | gui login",
        },
    );
    page.line(0, "}");
    page.0
}

fn session(page: &mut Page, domain: Domain) {
    match domain {
        Domain::System => page.value("maximum allowed shutdown time", "65 s"),
        Domain::User(_) | Domain::Gui(_) => {}
    }
    let creator = if matches!(domain, Domain::Gui(_)) { "loginwindow[391]" } else { "launchd[1]" };
    page.value("creator", creator);
    page.value("creator euid", 0);
    if domain != Domain::System {
        page.value("session", domain.session_type());
    }
    page.value("auxiliary bootstrapper", "com.apple.xpc.otherbsd (complete)");
    let uid = if domain == Domain::System {
        "uid unset".to_owned()
    } else {
        format!("uid = {}", domain.uid())
    };
    let session = domain.audit_session().unwrap_or_default();
    page.block("security context", [uid, format!("asid = {session}")]);
    page.value("bringup time", "64 ms");
    page.value("death port", "0x1b03");
    page.blank();
}

/// One row of the services: process or 0, status of the previous run, label.
fn service(job: &Job) -> String {
    let pid = job.process.as_ref().map_or("0".to_owned(), |process| process.pid.to_string());
    let status = match (job.next, job.last_exit) {
        (Next::PenaltyBox, _) => "(pe)".to_owned(),
        (_, Some(exit)) => Exit::in_table(exit),
        (_, None) => "-".to_owned(),
    };
    format!("{pid:>8} {status:>6} \t{}", job.definition.label)
}

/// `print-disabled DOMAIN`. launchd tells of login items in the same breath; there are none here.
pub(crate) fn disabled(overrides: &Overrides, domain: Domain) -> String {
    let mut page = Page::default();
    page.blank();
    if overrides.rows(domain).next().is_none() {
        page.value("disabled services", "(no disabled services)");
        return page.0;
    }
    disabled_services(&mut page, overrides, domain);
    page.blank();
    page.line(1, "login item associations = {");
    page.line(1, "}");
    page.0
}

fn disabled_services(page: &mut Page, overrides: &Overrides, domain: Domain) {
    page.line(1, "disabled services = {");
    for (label, disabled) in overrides.rows(domain) {
        let word = if disabled { "disabled" } else { "enabled" };
        page.line(2, format_args!("\"{label}\" => {word}"));
    }
    page.line(1, "}");
}
