//! gw-doctor: looks at Hermes gateways without touching them.
//!
//! ```text
//! host ──► facts ──► checks ──► diagnosis ──► plan ──► report
//! ```

#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "a test makes the files that it looks at")
)]

mod cli;
mod examine;
mod exit;
mod explain;
mod fault;
mod given;
mod host;
mod look;
mod manual;
mod policy;
mod report;
mod side_by_side;
mod wait;

use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Parser as _;
use gw_checks::compare::{self, Way};
use gw_checks::examine::Selection;
use gw_checks::intent::Intent;
use gw_checks::plan::{self, Chosen, Plan};
use gw_checks::timeline::Timeline;
use gw_checks::{transient, unused};
use gw_snapshot::facts::{self, Facts, Wanted};
use gw_snapshot::host::Host;

use cli::{
    CheckArgs, Cli, Command, DiffArgs, DiffFormat, Format, LookArgs, PlanArgs, PlanFormat,
    TimelineArgs,
};
use examine::examine;
use exit::Exit;
use host::{Live, Recording, Sealed};
use look::at_one_moment;
use report::{Report, difference, nagios};
use wait::{Goal, Patience, Waited, Watch};

fn main() -> ExitCode {
    fault::announce();
    let cli = Cli::parse();
    // Before the first thread: one that runs already would keep its rights.
    let sealed = if cli.no_seal { Sealed::Off } else { host::seal() };
    let command = cli.command.unwrap_or(Command::Check(cli.check));
    let code = fault::caught(|| run(command, &sealed)).unwrap_or_else(|error| {
        // Standard error may be gone too; there is nobody left to tell then.
        let _ = writeln!(std::io::stderr(), "gw-doctor: {error:#}");
        Exit::Misused.code()
    });
    ExitCode::from(code)
}

/// Does what was asked for, and says with which code to end.
fn run(command: Command, sealed: &Sealed) -> anyhow::Result<u8> {
    match command {
        Command::Check(args) => check(&args, sealed),
        Command::Plan(args) => plan(&args).map(Exit::code),
        Command::Snapshot(args) => snapshot(&args).map(Exit::code),
        Command::Diff(args) => diff(&args).map(Exit::code),
        Command::Timeline(args) => timeline(&args).map(Exit::code),
        Command::Explain(args) => print(&explain::explain(args.id.as_deref())?, Exit::Fine.code()),
        Command::Completions(args) => print(&manual::completions(args.shell), Exit::Fine.code()),
        Command::Man => print(&manual::man()?, Exit::Fine.code()),
    }
}

fn check(args: &CheckArgs, sealed: &Sealed) -> anyhow::Result<u8> {
    match fault::caught(|| checked(args, sealed)) {
        Err(error) if args.format == Format::Nagios => {
            print(&nagios::failed(&error), nagios::State::Unknown.code())
        }
        ended => ended,
    }
}

fn checked(args: &CheckArgs, sealed: &Sealed) -> anyhow::Result<u8> {
    let selection = Selection { only: args.only.clone(), skip: args.skip.clone() };
    if let Some(name) = selection.unknown() {
        bail!("{}", explain::no_check(name));
    }
    // What the operator got wrong is said before anything is looked at.
    let intent = given::intent(&args.intent, args.from.is_none(), args.look.timeout)?;
    let (facts, waited) = match Patience::of(args) {
        Some(patience) => {
            let (facts, waited) = patiently(args, &intent, &selection, &patience)?;
            (facts, Some(waited))
        }
        None => (look(&args.look, args.from.as_deref())?, None),
    };
    // The process ends when all is said: to free what is known of a hundred gateways bit by bit takes longer than to leave it.
    let facts = ManuallyDrop::new(facts);
    let examined = examine(&facts, &intent, &selection);
    let all = args.look.profiles.is_empty();
    for (place, what) in unused::entries(&facts, &examined, &intent.policy, &selection, all) {
        remark(&format!("{place}: {what}"));
    }
    let report = Report::new(&facts, &intent, examined, args.fail_on, sealed).after(waited);
    let report = ManuallyDrop::new(report);
    let says_it = args.format == Format::Text && !args.quiet;
    if let Some(why) = report.in_vain().filter(|_| !says_it) {
        let _ = writeln!(std::io::stderr(), "gw-doctor: {why}");
    }
    print(&report.render(args)?, report.code(args.format))
}

/// The facts of the last look, each of them at a host of its own.
fn patiently(
    args: &CheckArgs,
    intent: &Intent,
    selection: &Selection,
    patience: &Patience,
) -> anyhow::Result<(Facts, Waited)> {
    let by_name = !args.look.profiles.is_empty();
    let open = |facts: &Facts| match patience.goal {
        Goal::Settled => transient::unsettled(facts),
        Goal::Healthy => {
            let examined = examine(facts, intent, selection);
            let mut open = transient::unhealthy(facts, intent, &examined, by_name);
            let findings = examined.iter().flat_map(|examined| &examined.findings);
            if open.is_empty() && Exit::of(findings, args.fail_on) != Exit::Fine {
                open.push("there are findings at or above --fail-on".into());
            }
            open
        }
    };
    patience.wait(&Watch::start(), |time| gather(&Live::new(time)?, &args.look), open)
}

fn plan(args: &PlanArgs) -> anyhow::Result<Exit> {
    let intent = given::intent(&args.intent, args.from.is_none(), args.look.timeout)?;
    let facts = look(&args.look, args.from.as_deref())?;
    let examined = examine(&facts, &intent, &Selection::default());
    let plans = plan::plans(&facts, &intent, &examined);
    let chosen = Chosen(args.step.clone());
    if let Some(name) = chosen.unknown(&plans) {
        bail!("no plan has a step {name:?}; {}", known_steps(&plans));
    }
    let text = match args.format {
        PlanFormat::Script => plan::script::write(&plans, facts.about.uid, &chosen),
        PlanFormat::Json => report::plan::json(&facts, &plans, &chosen)?,
    };
    print(&text, Exit::Fine)
}

/// The steps that there are, for people.
fn known_steps(plans: &[Plan]) -> String {
    let steps = plans.iter().flat_map(Plan::steps);
    let known: Vec<String> =
        steps.map(|(number, step)| format!("{number} ({})", step.name)).collect();
    if known.is_empty() {
        "there are no steps".into()
    } else {
        format!("the steps are {}", known.join(", "))
    }
}

fn snapshot(args: &LookArgs) -> anyhow::Result<Exit> {
    let (host, _) = at_one_moment(args.timeout, Recording::new, |host| gather(host, args))?;
    print(&host.into_snapshot().write()?, Exit::Fine)
}

/// What changed, and 1 if anything got worse.
fn diff(args: &DiffArgs) -> anyhow::Result<Exit> {
    let look_args = LookArgs {
        profiles: Vec::new(),
        home: Vec::new(),
        manager: args.manager,
        timeout: args.timeout,
    };
    let before = look(&look_args, Some(&args.before))?;
    let after = look(&look_args, args.after.as_deref())?;
    if after.now < before.now {
        remark(
            "what is given as before was taken after the other: all that is told went the other way",
        );
    }
    let intent = Intent::default();
    let [was, is] = [&before, &after].map(|facts| examine(facts, &intent, &Selection::default()));
    let changes = compare::compare(
        compare::Look { facts: &before, examined: &was },
        compare::Look { facts: &after, examined: &is },
    );
    let text = match args.format {
        DiffFormat::Text => difference::text(&changes, args.color),
        DiffFormat::Json => difference::json(&changes)?,
    };
    let worse = changes.iter().any(|change| change.way == Way::Worse);
    print(&text, if worse { Exit::Problems } else { Exit::Fine })
}

/// What happened at each gateway, in order.
fn timeline(args: &TimelineArgs) -> anyhow::Result<Exit> {
    let facts = look(&args.look, args.from.as_deref())?;
    let from = args.since.map(|since| since.before(facts.now));
    let told = facts.asked().map(|gateway| Timeline::of(&facts, gateway));
    let told = told.map(|told| if let Some(from) = from { told.since(from) } else { told });
    let timelines: Vec<Timeline> = told.collect();
    print(&report::timeline::render(&facts, &timelines, args)?, Exit::Fine)
}

/// Says what is no part of a report.
fn remark(text: &str) {
    // Standard error may be gone; nothing depends on it.
    let _ = writeln!(std::io::stderr(), "gw-doctor: note: {text}");
}

/// The facts of this host, or of a recorded one.
fn look(args: &LookArgs, from: Option<&Path>) -> anyhow::Result<Facts> {
    if let Some(path) = from {
        return gather(&given::snapshot(path, args.timeout)?, args);
    }
    // Its workers and its answers end with the process.
    let (_, facts) = at_one_moment(args.timeout, ManuallyDrop::new, |host| gather(&**host, args))?;
    Ok(facts)
}

fn gather(host: &dyn Host, args: &LookArgs) -> anyhow::Result<Facts> {
    let wanted = Wanted {
        profiles: args.profiles.clone(),
        homes: args.home.clone(),
        manager: args.manager.into(),
    };
    let facts = facts::gather(host, &wanted);
    let is_known = |name: &&String| names(&facts).any(|known| known == *name);
    if let Some(name) = args.profiles.iter().find(|name| !is_known(name)) {
        bail!("{}", no_profile(name, &names(&facts).collect::<Vec<_>>()));
    }
    Ok(facts)
}

/// The profiles that were looked at.
fn names(facts: &Facts) -> impl Iterator<Item = &str> {
    facts.gateways.iter().map(|gateway| gateway.home.profile.as_str())
}

/// What to say of a name that no profile bears. A command that stands behind an option is taken for one.
fn no_profile(name: &str, known: &[&str]) -> String {
    if cli::is_command(name) {
        return format!(
            "there is no profile {name:?} here; a command comes before its options: `gw-doctor {name} …`"
        );
    }
    let (shown, more) = known.split_at(known.len().min(MOST_NAMES));
    let shown: Vec<String> = shown.iter().map(|name| format!("{name:?}")).collect();
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    format!(
        "there is no profile or command {name:?}; profiles here: {}{more}; commands: `gw-doctor --help`",
        shown.join(", ")
    )
}

/// So many names fit into one line for people.
const MOST_NAMES: usize = 8;

/// Standard output carries the report and nothing else. A reader who has left needs no report.
fn print<T>(text: &str, exit: T) -> anyhow::Result<T> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("could not print")
        }
        _ => Ok(exit),
    }
}

#[cfg(test)]
mod tests;
