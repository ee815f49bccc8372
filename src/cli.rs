//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use gw_snapshot::facts::Choice;

use crate::exit::FailOn;

/// Looks at this host's Hermes gateways, without touching them, and says what is wrong.
#[derive(Debug, Parser)]
#[command(name = "gw-doctor", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
    /// Do not give up the right to write before looking (for a kernel or a debugger that the seal disturbs)
    #[arg(long, global = true)]
    pub(crate) no_seal: bool,
}

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  gw-doctor                        look at every gateway of this user
  gw-doctor check coder            look at one profile
  gw-doctor plan > plan.sh         write the suggested commands as a script: read it, then `sh plan.sh`
  gw-doctor plan --step start      one step of it
  gw-doctor snapshot > host.json   take the evidence along, redacted
  gw-doctor check --from host.json look at it again, anywhere
  gw-doctor diff host.json         what changed since
  gw-doctor --reference my.service whether the installed definition means the same as this one
  gw-doctor --policy policy.toml   whether all is as it is meant to be here
  gw-doctor explain wedged         what a name in [brackets] means, and what to do
  gw-doctor --settle 30            after a restart: look again while anything starts, stops or drains
  gw-doctor --wait-until healthy --timeout 60
                                   after a deploy: exit 0 as soon as all is healthy

Exit status: 0 fine, 1 problems found, 2 wrong usage, 3 something essential could not be determined.
Marks: ✓ fine, ! warning, ✗ failure, ? could not be told, · note, - does not apply here.
It never writes, signals, locks, or uses a credential.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at this host's gateways (the default)
    Check(CheckArgs),
    /// Print the suggested commands as a script, which you read and run yourself
    Plan(PlanArgs),
    /// Write the redacted evidence to standard output
    Snapshot(LookArgs),
    /// What changed between two snapshots, or between a snapshot and now
    Diff(DiffArgs),
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

const EXPLAIN: &str = "\
Examples:
  gw-doctor explain            list every check and every diagnosis, by family
  gw-doctor explain cron       list one family
  gw-doctor explain wedged     show a page";

const COMPLETIONS: &str = "\
Examples:
  gw-doctor completions bash > ~/.local/share/bash-completion/completions/gw-doctor
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
    /// Run only this check or family
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Leave out this check or family
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
    /// From which verdict on to exit with 1
    #[arg(long, value_enum, default_value_t = FailOn::Failure)]
    pub(crate) fail_on: FailOn,
    /// When to colour
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Show what passed, and all evidence
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print nothing if all is well, else one line a gateway
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
    /// For programs: see the schema
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
    /// The snapshot of before
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

/// Options of every look at a host.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Profiles to look at; all of this user's if none is named
    #[arg(value_name = "PROFILE")]
    pub(crate) profiles: Vec<String>,
    /// Look at this HERMES_HOME too
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
    /// launchd
    Launchd,
    /// systemd, both the user's and the system's
    Systemd,
    /// None: the gateways here run by hand, or under something else
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
    /// For programs: see the schema
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
    use clap::CommandFactory as _;

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
    fn a_timeout_that_makes_no_sense_is_refused() {
        for odd in ["0", "-1", "nan", "inf", "1e9", "soon"] {
            assert!(
                Cli::try_parse_from(["gw-doctor", "check", "--timeout", odd]).is_err(),
                "{odd}"
            );
        }
    }
}
