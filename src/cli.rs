//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, CommandFactory as _, Parser, Subcommand, ValueEnum};
use gw_snapshot::facts::Choice;
use gw_snapshot::parse::time;
use jiff::{SignedDuration, Timestamp};

use crate::exit::FailOn;

/// Looks at this host's Hermes gateways, without touching them, and says what is wrong.
#[derive(Debug, Parser)]
#[command(name = "gw-doctor", version, args_conflicts_with_subcommands = true)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_STATUS}\n{LEGEND}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
    /// Do not give up the right to write before looking (for a kernel or a debugger that the seal disturbs)
    #[arg(long, global = true)]
    pub(crate) no_seal: bool,
}

/// Whether a word is a command: one that stands behind an option is read as a profile.
pub(crate) fn is_command(word: &str) -> bool {
    Cli::command().find_subcommand(word).is_some()
}

/// What stands below the help. Each line fits into 80 columns.
pub(crate) const EXAMPLES: &str = "\
Examples:
  gw-doctor                         look at every gateway of this user
  gw-doctor coder -v                look at one profile, and show all evidence
  gw-doctor plan > plan.sh          the suggested commands: read them, then
                                    run them with `sh plan.sh`
  gw-doctor snapshot > host.json    take the evidence along, redacted
  gw-doctor check --from host.json  look at it again, anywhere
  gw-doctor diff host.json          what changed since
  gw-doctor timeline --since 2h     what happened, in order
  gw-doctor explain wedged          what a name in [brackets] means
  gw-doctor --settle 30             after a restart: look again while anything
                                    starts, stops or drains
  gw-doctor --wait-until healthy --timeout 60
                                    after a deploy: exit 0 once all is healthy

`gw-doctor COMMAND --help` has more of them.
";

/// What the exit codes mean, as the help says it.
pub(crate) const EXIT_STATUS: &str = "\
Exit status:
  0  nothing at or above --fail-on, and nothing essential unknown
  1  problems found
  2  wrong usage, unreadable input, or a fault of gw-doctor itself
  3  no problem found, but something essential could not be determined
";

/// What the marks mean, and what is promised.
pub(crate) const LEGEND: &str = "\
Marks: ✓ fine, ! warning, ✗ failure, ? could not be told, · note,
       - does not apply here
It never writes, signals, locks, or uses a credential.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at this host's gateways (the default)
    #[command(after_help = format!("{CHECK}\n{EXIT_STATUS}\n{LEGEND}"))]
    Check(CheckArgs),
    /// Print the suggested commands as a script, which you read and run yourself
    #[command(after_help = PLAN)]
    Plan(PlanArgs),
    /// Write the redacted evidence to standard output
    #[command(after_help = SNAPSHOT)]
    Snapshot(LookArgs),
    /// What changed between two snapshots, or between a snapshot and now
    #[command(after_help = DIFF)]
    Diff(DiffArgs),
    /// What happened, in order: starts, ends, edits, updates, pauses, failed jobs
    #[command(after_help = TIMELINE)]
    Timeline(TimelineArgs),
    /// What a check or a diagnosis means, how it decides, and what to do
    #[command(after_help = EXPLAIN)]
    Explain(ExplainArgs),
    /// Print the completions for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page
    #[command(after_help = MAN)]
    Man,
}

const CHECK: &str = "\
Examples:
  gw-doctor check                          look at every gateway of this user
  gw-doctor check coder work -v            look at two, and show all evidence
  gw-doctor check --only cron,logs         look only for what belongs to these
  gw-doctor check --fail-on warning -q     say nothing unless something is amiss
  gw-doctor check --format markdown        a bug report that names nobody
  gw-doctor check --reference my.service   does the unit mean the same as mine?
  gw-doctor check --policy policy.toml     is all as it is meant to be here?
  gw-doctor check --from host.json         look at a snapshot
";

const PLAN: &str = "\
Examples:
  gw-doctor plan > plan.sh            write the script: read it, `sh plan.sh`
  gw-doctor plan coder --step start   one step of it, for one profile
  gw-doctor plan --format json        the same for programs

Exit status: 0 if the script was written, whatever stands in it; 2 if not.
Where there is nothing to do, or too little is known, the script says so.";

const SNAPSHOT: &str = "\
Examples:
  gw-doctor snapshot > host.json      keep the evidence of now
  gw-doctor check --from host.json    look at it again, on any machine
  gw-doctor diff host.json            what changed since

Secrets, the words of chats and the names of jobs are taken out. The names of
users, profiles, files and services are not: read it before you pass it on.
Exit status: 0 if it was written, 2 if not.";

const DIFF: &str = "\
Examples:
  gw-doctor snapshot > before.json    before a change
  gw-doctor diff before.json          after it: what changed since
  gw-doctor diff a.json b.json        what changed between two snapshots

Exit status: 0 if nothing got worse, 1 if anything did, 2 if a snapshot could
not be read.";

const TIMELINE: &str = "\
Examples:
  gw-doctor timeline                    every gateway of this user
  gw-doctor timeline coder --since 2h   one profile, the last two hours
  gw-doctor timeline --from host.json   what a snapshot tells

One line an event, the newest last, each with who says so. Times are in UTC. The
time of a file is that of its last write alone. What has no time stands in a
part of its own, and what was not seen is named at the end.
Exit status: 0 if it was told, whatever happened; 2 if not.";

const EXPLAIN: &str = "\
Examples:
  gw-doctor explain            list every check and every diagnosis, by family
  gw-doctor explain cron       list one family
  gw-doctor explain wedged     show a page";

const COMPLETIONS: &str = "\
Examples:
  gw-doctor completions bash \\
      > ~/.local/share/bash-completion/completions/gw-doctor
  gw-doctor completions fish > ~/.config/fish/completions/gw-doctor.fish
  gw-doctor completions zsh > \"${fpath[1]}/_gw-doctor\"";

const MAN: &str = "\
Examples:
  gw-doctor man | man -l -
  gw-doctor man > ~/.local/share/man/man1/gw-doctor.1";

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) look: LookArgs,
    /// Look at this snapshot instead of this host (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Look again for SECS at most while a gateway is between two states
    ///
    /// That is while a job is being started, restarted or stopped, or a process starts or drains. The report is that
    /// of the last look, and says how long it waited if it did. Each look has its own --timeout.
    #[arg(long, value_name = "SECS", value_parser = seconds, conflicts_with = "from")]
    pub(crate) settle: Option<Duration>,
    /// Look again until every gateway is healthy, for --timeout at most
    ///
    /// Exits with 0 as soon as that is so, else with the code of the last report, or with 1 if that has none. --timeout
    /// is the time for all looks together here; one look takes 10 s of it at most.
    #[arg(long, value_name = "GOAL", value_enum, requires = "timeout", conflicts_with_all = ["from", "settle"])]
    pub(crate) wait_until: Option<WaitUntil>,
    #[command(flatten)]
    pub(crate) intent: IntentArgs,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Run only this check or family (several: with commas)
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Leave out this check or family (several: with commas)
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// From which verdict on to exit with 1
    #[arg(long, value_enum, default_value_t = FailOn::Failure, value_name = "VERDICT")]
    pub(crate) fail_on: FailOn,
    /// When to colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Show what passed, and all evidence
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print nothing if all is well, else the answer for each gateway that is not
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) look: LookArgs,
    /// Plan for this snapshot instead of this host (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Print only these steps, by their numbers or names
    #[arg(long, value_name = "N|NAME", value_delimiter = ',')]
    pub(crate) step: Vec<String>,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = PlanFormat::Script)]
    pub(crate) format: PlanFormat,
    #[command(flatten)]
    pub(crate) intent: IntentArgs,
}

/// A form of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// A POSIX shell script
    Script,
    /// For programs: gw-doctor/plan/1, of which src/report/ has the schema
    Json,
}

/// Options that say what ought to be.
#[derive(Debug, Default, Args)]
pub(crate) struct IntentArgs {
    /// Compare the installed definition with this plist or unit of your own, by meaning
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,
    /// Judge by this policy (TOML): what is expected, what is meant to be off, which findings are accepted until when
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

/// Options of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The snapshot of before (- for standard input)
    pub(crate) before: PathBuf,
    /// The snapshot of after; this host now if none is given
    pub(crate) after: Option<PathBuf>,
    /// How to print the changes
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
    /// Which service manager to ask
    #[arg(long, value_enum, default_value_t = Manager::Auto)]
    pub(crate) manager: Manager,
    /// Seconds after which the look is over, whatever has not answered
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// When to colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
}

/// Options of `timeline`.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) look: LookArgs,
    /// Tell what this snapshot tells, instead of this host (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Leave out what is older: a time (2026-11-21T03:00:00Z), or a span before the look (90min, 2h, 3d)
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TimelineFormat::Text)]
    pub(crate) format: TimelineFormat,
    /// When to colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
}

/// From when on to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// From this time.
    Time(Timestamp),
    /// From so long before the look.
    Span(SignedDuration),
}

impl Since {
    /// Returns the time, for a look at `now`.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Time(at) => at,
            Self::Span(span) => now.saturating_sub(span).unwrap_or(Timestamp::MIN),
        }
    }
}

/// A form of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineFormat {
    /// For people
    Text,
    /// For programs: gw-doctor/timeline/1, of which src/report/ has the schema
    Json,
    /// For a bug report: Markdown without the names of people, machines, profiles and paths
    Markdown,
    /// For a browser: one page without scripts, to be passed on, without those names too
    Html,
}

/// Options of every look at a host.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Profiles to look at; all of this user's if none is named
    #[arg(value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,
    /// Look at this HERMES_HOME too (can be given several times)
    #[arg(long, value_name = "DIR", value_parser = directory)]
    pub(crate) home: Vec<String>,
    /// Which service manager to ask
    #[arg(long, value_enum, default_value_t = Manager::Auto)]
    pub(crate) manager: Manager,
    /// Seconds after which the look is over, whatever has not answered
    #[arg(long, value_name = "SECS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A check (job/not-running), a diagnosis (wedged), or a family (job, diagnoses) to list; all are listed if none is named
    #[arg(value_name = "ID|FAMILY")]
    pub(crate) id: Option<String>,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitUntil {
    /// Every gateway works, and nothing at or above --fail-on is found
    Healthy,
}

/// Which kind of service manager to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Manager {
    /// The one that the operating system has
    Auto,
    /// That of macOS
    Launchd,
    /// Those of Linux, both the user's and the system's
    Systemd,
    /// No one: the gateways here run by hand, or under something else
    None,
}

impl From<Manager> for Choice {
    fn from(manager: Manager) -> Self {
        match manager {
            Manager::Auto => Self::Auto,
            Manager::Launchd => Self::Launchd,
            Manager::Systemd => Self::Systemd,
            Manager::None => Self::None,
        }
    }
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: gw-doctor/report/1, of which src/report/ has the schema
    Json,
    /// For a bug report: Markdown without the names of people, machines, profiles and paths
    Markdown,
    /// For a browser: one page without scripts, to be passed on, without those names too
    Html,
    /// For a workflow of GitHub: each finding as an annotation
    Github,
    /// For whatever reads test results: XML, a suite for each gateway, a case for each check
    Junit,
    /// For viewers of what analysis found: SARIF 2.1.0
    Sarif,
    /// For Prometheus: metrics for a textfile collector
    Prometheus,
    /// For monitoring: one line with numbers, and the exit codes of a plugin, 0 to 3
    Nagios,
}

/// A form of what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A directory as one path from the root, whatever stands there.
fn directory(text: &str) -> Result<String, String> {
    let path = std::path::absolute(text).map_err(|error| error.to_string())?;
    path.into_os_string().into_string().map_err(|_| "the current directory is not UTF-8".into())
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::Time(at));
    }
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    let span = time::span(text).flatten().filter(|_| has_unit);
    let span = span.and_then(|span| SignedDuration::try_from(span).ok());
    span.map(Since::Span).ok_or_else(|| {
        "neither a time with its zone, such as 2026-11-21T03:00:00Z, nor a span, such as 2h or 3d".into()
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_string())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration >= SHORTEST && duration <= LONGEST => Ok(duration),
        _ => Err(format!(
            "must lie between {} and {} seconds",
            SHORTEST.as_secs_f64(),
            LONGEST.as_secs()
        )),
    }
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_profile_needs_no_subcommand() {
        let cli = Cli::try_parse_from(["gw-doctor", "coder", "--timeout", "2.5"])
            .expect("a command line");
        assert!(cli.command.is_none());
        assert_eq!(cli.check.look.profiles, ["coder"]);
        assert_eq!(cli.check.look.timeout, Duration::from_millis(2500));
    }

    #[test]
    fn a_timeline_begins_at_a_time_or_a_span_before_the_look() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().expect("a time");
        let from = |text: &str| since(text).map(|since| since.before(now).to_string());
        for (text, expected) in [
            ("2026-11-21T01:30:00+01:00", "2026-11-21T00:30:00Z"),
            ("2h", "2026-11-21T01:00:00Z"),
            ("3d", "2026-11-18T03:00:00Z"),
            ("1h 30min", "2026-11-21T01:30:00Z"),
        ] {
            assert_eq!(from(text).as_deref(), Ok(expected), "{text}");
        }
        for odd in ["", "90", "yesterday", "2026-11-21", "2026-11-21T03:00:00", "-2h", "infinity"] {
            assert!(since(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_timeout_that_makes_no_sense_is_refused() {
        for odd in ["0", "-1", "nan", "inf", "1e9", "soon"] {
            assert!(
                Cli::try_parse_from(["gw-doctor", "check", "--timeout", odd]).is_err(),
                "{odd}"
            );
        }
    }
}
