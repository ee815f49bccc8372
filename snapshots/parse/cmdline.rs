//! Which process is a Hermes gateway, by its arguments.
//!
//! Hermes itself matches words anywhere in the joined command line, and so takes `timeout 5 hermes
//! gateway run`, an editor and a `grep` for gateways (supervision of 0.17 to 0.19, verified). Here the
//! words are real arguments, and a program that merely starts a gateway is told from the gateway.
//! Arguments alone are never proof: a process title may replace them all (upstream #61981).

use std::borrow::Cow;

use crate::parse::bootstrap::{self, Bootstrap};
use crate::parse::shell;

/// What a process is to Hermes, as far as its arguments tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// `gateway run` (or `gateway` alone, or `gateway restart` where no supervisor exists).
    Gateway(GatewayArgs),
    /// Something that starts a gateway and waits: Hermes's own `stderr_timestamp`, `sudo`, `uv`, a shell, osascript.
    Wrapper,
    /// `hermes serve` or `hermes dashboard`: no gateway, but it may tick cron (0.17+).
    Server,
    /// `hermes cron tick`.
    CronTick,
    /// A command that starts, stops or replaces gateways, or their code or definitions, and then ends.
    Lifecycle(Lifecycle),
    /// Any other Hermes command, and a Hermes whose title hides its arguments.
    OtherHermes,
    /// Not Hermes.
    Foreign,
}

/// What a command does to gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// `hermes gateway start`.
    Start,
    /// `hermes gateway stop`.
    Stop,
    /// `hermes gateway restart`. Where there is no supervisor, its process becomes the gateway.
    Restart,
    /// `hermes gateway install`.
    Install,
    /// `hermes gateway uninstall`.
    Uninstall,
    /// `hermes gateway migrate`, which moves the gateways of profiles into one (0.21.3+).
    Migrate,
    /// `hermes update`.
    Update,
}

impl Lifecycle {
    /// Returns the command as a person types it.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Start => "hermes gateway start",
            Self::Stop => "hermes gateway stop",
            Self::Restart => "hermes gateway restart",
            Self::Install => "hermes gateway install",
            Self::Uninstall => "hermes gateway uninstall",
            Self::Migrate => "hermes gateway migrate",
            Self::Update => "hermes update",
        }
    }
}

/// The arguments of `gateway run` that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayArgs {
    /// `-p NAME`, `--profile NAME`, `--profile=NAME`.
    pub profile: Option<String>,
    /// `--replace`: takes over from a gateway that runs.
    pub replace: bool,
    /// `--external-supervisor` (0.19+).
    pub external_supervisor: bool,
}

/// Whether a process may have to do with Hermes, so that the scan of all processes keeps it.
pub fn looks_like_hermes(argv: &[String], comm: Option<&str>) -> bool {
    comm == Some("hermes") || role(argv) != Role::Foreign
}

/// The profile that a Hermes command is told to be: `-p NAME`, `--profile NAME`, `--profile=NAME`.
pub fn profile(argv: &[String]) -> Option<String> {
    commands_and_flags(argv.iter()).1.profile
}

/// What the gateway is told that these arguments run, directly or through a wrapper: a wrapper hands
/// on its last words, a shell or osascript a text.
pub fn gateway_args(argv: &[String]) -> GatewayArgs {
    if let Role::Gateway(args) = role(argv) {
        return args;
    }
    if let Some(inner) = handed_on(argv) {
        return gateway_args(&inner);
    }
    let words: Vec<String> = argv
        .iter()
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',')))
        .filter(|word| !word.is_empty() && *word != "--")
        .map(String::from)
        .collect();
    commands_and_flags(words.iter()).1
}

/// The command that these arguments hand on as it is: that after Hermes's own wrapper, and that which osascript gives
/// to a shell.
pub fn handed_on(argv: &[String]) -> Option<Vec<String>> {
    if let Some(command) = shell::of_osascript(argv) {
        return Some(command);
    }
    let Found::Timestamps = hermes_words(argv)? else { return None };
    let at = argv.iter().position(|word| word == "--")?;
    Some(argv.get(at.checked_add(1)?..)?.to_vec())
}

/// The code that these arguments run by a bootstrap of Hermes's, themselves or by what they hand on.
pub fn bootstrap(argv: &[String]) -> Option<Bootstrap> {
    let at = argv.iter().position(|word| word == "-c");
    let own = at.and_then(|at| bootstrap_at(argv.get(at.checked_add(1)?..)?));
    own.map(|(found, _)| found).or_else(|| bootstrap(&handed_on(argv)?))
}

/// The role of a process with these arguments.
pub fn role(argv: &[String]) -> Role {
    match hermes_words(argv) {
        Some(Found::Program(rest)) => role_of_hermes(&rest),
        Some(Found::Gateway(rest)) => Role::Gateway(commands_and_flags(rest.iter()).1),
        Some(Found::Timestamps) => Role::Wrapper,
        Some(Found::Module(_)) => Role::OtherHermes,
        None if argv.iter().any(|word| normal(word).contains("hermes")) => {
            role_of_launcher(&argv.iter().map(|word| normal(word)).collect::<Vec<_>>())
        }
        None => Role::Foreign,
    }
}

/// What a Hermes is told which is no gateway: what a person asks it may be among that.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// All words from this one on.
    From(usize),
    /// What the text of a bootstrap says itself.
    InCode {
        /// The place of the text.
        at: usize,
        /// The arguments in it.
        words: Vec<String>,
    },
}

/// What these arguments tell a Hermes which is no gateway. None where they start no such thing.
pub fn told(argv: &[String]) -> Option<Told> {
    let words = match hermes_words(argv)? {
        Found::Program(words) if !matches!(role_of_hermes(&words), Role::Gateway(_)) => words,
        Found::Module(words) => words,
        Found::Program(_) | Found::Gateway(_) | Found::Timestamps => return None,
    };
    match words {
        Cow::Borrowed(words) => argv.len().checked_sub(words.len()).map(Told::From),
        Cow::Owned(words) => {
            let at = argv.iter().position(|word| word == "-c")?.checked_add(1)?;
            Some(Told::InCode { at, words })
        }
    }
}

/// Forward slashes and lower case, as Hermes compares.
fn normal(word: &str) -> String {
    word.replace('\\', "/").to_lowercase()
}

fn basename(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Hermes's own arguments, if the process runs Hermes itself.
enum Found<'a> {
    /// Hermes, which reads in them what to be.
    Program(Cow<'a, [String]>),
    /// A program that is a gateway and nothing else.
    Gateway(Cow<'a, [String]>),
    /// Hermes's own wrapper.
    Timestamps,
    /// Another module of Hermes's, such as that which a unit runs before a stop.
    Module(Cow<'a, [String]>),
}

impl<'a> Found<'a> {
    /// A module of Hermes's code by its name, with its arguments.
    fn module(module: &str, args: Cow<'a, [String]>) -> Self {
        match module.to_lowercase().as_str() {
            "hermes_cli.main" | "hermes_cli" => Self::Program(args),
            "hermes_cli.stderr_timestamp" => Self::Timestamps,
            "gateway.run" => Self::Gateway(args),
            _ => Self::Module(args),
        }
    }
}

fn hermes_words(argv: &[String]) -> Option<Found<'_>> {
    let (program, rest) = argv.split_first()?;
    match basename(&normal(program)) {
        "hermes" | "hermes.exe" => return after_launcher_options(rest),
        "hermes-gateway" | "hermes-gateway.exe" => return Some(Found::Gateway(rest.into())),
        name if name.starts_with("python") || name.starts_with("pypy") => {}
        _ => return None,
    }
    // Python's own options, up to the module, the script or the code.
    let mut rest = rest;
    while let Some((word, after)) = rest.split_first() {
        match normal(word).as_str() {
            "-m" => {
                let (module, after) = after.split_first()?;
                // A module of any name may be somebody else's.
                return Some(Found::module(module, after.into()))
                    .filter(|found| !matches!(found, Found::Module(_)));
            }
            "-c" => return of_code(after),
            "-w" | "-x" => rest = after.split_first()?.1,
            option if option.starts_with('-') => rest = after,
            script => {
                return match basename(script) {
                    "hermes" => Some(Found::Program(after.into())),
                    "hermes-gateway" => Some(Found::Gateway(after.into())),
                    _ if script.ends_with("hermes_cli/main.py") => {
                        Some(Found::Program(after.into()))
                    }
                    _ if script.ends_with("gateway/run.py") => Some(Found::Gateway(after.into())),
                    _ => None,
                };
            }
        }
    }
    None
}

/// What a text of Python's is that is given on the command line: a bootstrap of Hermes's, or a line of somebody's own
/// that calls its main function.
fn of_code(words: &[String]) -> Option<Found<'_>> {
    if let Some((found, after)) = bootstrap_at(words) {
        let (module, args) = found.command(after);
        let skipped = after.len().checked_sub(args.len());
        let written = skipped.and_then(|skipped| after.get(skipped..));
        // The words of the command line, unless the text itself says others.
        let args = match written.filter(|written| std::ptr::eq(*written, args)) {
            Some(written) => Cow::Borrowed(written),
            None => Cow::Owned(args.to_vec()),
        };
        return Some(Found::module(module, args));
    }
    let (code, after) = words.split_first()?;
    normal(code).contains("hermes_cli.main").then_some(Found::Program(after.into()))
}

/// The bootstrap at the head of these words, and the words after it. It is one word, or several where they were parted
/// at blanks, as by `ps`.
fn bootstrap_at(words: &[String]) -> Option<(Bootstrap, &[String])> {
    let (code, after) = words.split_first()?;
    if let Some(found) = bootstrap::read(code) {
        return Some((found, after));
    }
    if code != "import" {
        return None;
    }
    let ends = words.iter().enumerate().filter(|(_, word)| word.ends_with(')'));
    ends.filter_map(|(at, _)| words.split_at_checked(at.checked_add(1)?))
        .find_map(|(code, after)| Some((bootstrap::read(&code.join(" "))?, after)))
}

/// The launcher of 0.22 runs modules too: `hermes --run-module hermes_cli.stderr_timestamp … -- …`.
fn after_launcher_options(rest: &[String]) -> Option<Found<'_>> {
    match rest {
        [first, module, args @ ..] if first == "--run-module" => {
            Some(Found::module(module, args.into()))
        }
        [first, ..] if first == "--run-module" => None,
        _ => Some(Found::Program(rest.into())),
    }
}

fn role_of_hermes(words: &[String]) -> Role {
    let (commands, flags) = commands_and_flags(words.iter());
    let mut commands = commands.iter().map(String::as_str);
    match commands.next() {
        Some("gateway") => match commands.next() {
            None | Some("run" | "restart") => Role::Gateway(flags),
            Some("start") => Role::Lifecycle(Lifecycle::Start),
            Some("stop") => Role::Lifecycle(Lifecycle::Stop),
            Some("install") => Role::Lifecycle(Lifecycle::Install),
            Some("uninstall") => Role::Lifecycle(Lifecycle::Uninstall),
            Some("migrate" | "migrate-legacy") => Role::Lifecycle(Lifecycle::Migrate),
            Some(_) => Role::OtherHermes,
        },
        Some("update") => Role::Lifecycle(Lifecycle::Update),
        Some("serve" | "dashboard") => Role::Server,
        Some("cron") if commands.next() == Some("tick") => Role::CronTick,
        _ => Role::OtherHermes,
    }
}

/// The words that are no options, and what the options say.
fn commands_and_flags<'a>(
    mut words: impl Iterator<Item = &'a String>,
) -> (Vec<String>, GatewayArgs) {
    let mut args = GatewayArgs::default();
    let mut commands = Vec::new();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some(("--profile" | "-p", name)) => args.profile = Some(name.to_lowercase()),
            _ => match word.as_str() {
                "-p" | "--profile" => args.profile = words.next().map(|name| name.to_lowercase()),
                "--replace" => args.replace = true,
                "--external-supervisor" => args.external_supervisor = true,
                "--" => break,
                option if option.starts_with('-') => {}
                command => commands.push(command.to_lowercase()),
            },
        }
    }
    (commands, args)
}

/// A program that is not Hermes but names it: one that starts a gateway, or one that only mentions it.
fn role_of_launcher(words: &[String]) -> Role {
    const LAUNCHERS: [&str; 22] = [
        "bash",
        "caffeinate",
        "dash",
        "direnv",
        "doas",
        "env",
        "fish",
        "ksh",
        "launchd-env-wrapper.sh",
        "nice",
        "nohup",
        "op",
        "osascript",
        "runuser",
        "setpriv",
        "setsid",
        "sh",
        "su",
        "sudo",
        "timeout",
        "uv",
        "zsh",
    ];
    let launches = words.first().is_some_and(|program| LAUNCHERS.contains(&basename(program)));
    let runs = verbs(&words.join(" ")).any(|verb| matches!(verb, Verb::Run | Verb::Restart));
    if launches && runs { Role::Wrapper } else { Role::Foreign }
}

/// True if a shell runs with these arguments, whatever it runs: it may start a gateway, and is none.
pub fn is_shell(argv: &[String]) -> bool {
    const SHELLS: [&str; 6] = ["bash", "dash", "fish", "ksh", "sh", "zsh"];
    argv.first().is_some_and(|program| SHELLS.contains(&basename(program.trim_start_matches('-'))))
}

/// True if these arguments run a script, or a loop that stands on the command line: it may start a second time what it has
/// started once. A shell in which somebody types has neither, and Hermes's own programs end with what they start.
pub fn may_start_again(argv: &[String]) -> bool {
    const INTERPRETERS: [&str; 5] = ["node", "perl", "pwsh", "ruby", "python"];
    let Some((program, words)) = argv.split_first() else { return false };
    let is_login = program.starts_with('-');
    let name = basename(program).trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if is_login || !(is_shell(argv) || INTERPRETERS.contains(&name)) {
        return false;
    }
    if !matches!(role(argv), Role::Foreign | Role::Wrapper) {
        return false;
    }
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-c" | "-e" | "-ic" | "-lc" | "-lic" => return words.next().is_some_and(has_a_loop),
            "-m" => return words.next().is_some(),
            "--rcfile" | "--init-file" | "-o" | "+o" | "-O" | "+O" | "-W" | "-X" => {
                words.next();
            }
            "-" | "-s" | "-i" => return false,
            word if word.starts_with(['-', '+']) => {}
            _ => return true,
        }
    }
    false
}

/// True if a text for a shell, or for Python, has a word that begins a loop.
fn has_a_loop(text: &str) -> bool {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(' | '{' | '&' | '|'));
    words.into_iter().any(|word| matches!(word, "while" | "until" | "for" | "watch"))
}

/// What a text tells Hermes to do with a gateway.
#[derive(PartialEq, Eq)]
enum Verb {
    Run,
    Restart,
    /// `start`, `stop`, `status`, …: none of them becomes a gateway.
    Other,
}

/// What a text tells `hermes gateway` to do, command by command.
fn verbs(text: &str) -> impl Iterator<Item = Verb> + '_ {
    let by_script = text.contains("gateway/run.py").then_some(Verb::Run);
    let commands = text.match_indices("gateway").filter_map(|(at, word)| {
        let before = text.get(..at)?;
        let after = text.get(at.checked_add(word.len())?..)?;
        let verb = after.strip_prefix(' ').map(str::trim_start);
        let verb = verb.map(|after| {
            let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            after.get(..end).unwrap_or_default()
        });
        match verb {
            Some("run") => Some(Verb::Run),
            // Without a verb it is one only as the word of a command, and not as a part of a path.
            _ if !before.ends_with("hermes ") => None,
            Some("restart") => Some(Verb::Restart),
            Some("start" | "stop" | "status" | "install" | "uninstall" | "list" | "setup") => {
                Some(Verb::Other)
            }
            _ if after.starts_with(['-', '.', '/']) => None,
            _ => Some(Verb::Run),
        }
    });
    by_script.into_iter().chain(commands)
}

/// Whether these arguments have the service manager start a gateway again, and are none themselves where there is one:
/// `gateway restart`, as a watchdog gives it (upstream #57739).
pub fn only_restarts(argv: &[String]) -> bool {
    let words: Vec<String> = argv.iter().map(|word| normal(word)).collect();
    let text = words.join(" ");
    let mut verbs = verbs(&text).peekable();
    let is_restarted = matches!(role(argv), Role::Gateway(_)) && text.contains("gateway restart");
    (is_restarted || verbs.peek().is_some()) && verbs.all(|verb| verb != Verb::Run)
}

/// Returns what a process with these arguments does to gateways, if it is a lifecycle command. `gateway restart` is one
/// until its process turns out to be the gateway.
pub fn lifecycle(argv: &[String]) -> Option<Lifecycle> {
    match role(argv) {
        Role::Lifecycle(command) => Some(command),
        Role::Gateway(_) if only_restarts(argv) => Some(Lifecycle::Restart),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_or_a_loop_may_start_again_what_it_started() {
        for again in [
            &["/bin/sh", "/home/lab/loop.sh"][..],
            &["bash", "-c", "while :; do hermes gateway run; sleep 1; done"],
            &["bash", "--rcfile", "/etc/rc", "-x", "keep.sh"],
            &["/usr/bin/python3.11", "/usr/bin/supervisord", "-n"],
            &["/usr/bin/python3", "-m", "supervisor.supervisord"],
            &["zsh", "-lc", "until hermes gateway run; do sleep 5; done"],
            &["node", "/usr/lib/node_modules/pm2/lib/Daemon.js"],
        ] {
            let argv: Vec<String> = again.iter().map(ToString::to_string).collect();
            assert!(may_start_again(&argv), "{again:?}");
        }
        for once in [
            &[][..],
            &["-bash"],
            &["/bin/zsh", "-il"],
            &["bash", "--rcfile", "/etc/rc"],
            &["bash", "-c", ". /run/terminal && hermes gateway run"],
            &["su", "lab", "-s", "/bin/bash", "--session-command", ". /run/while"],
            &["tmux", "new-session", "-d", "/home/lab/loop.sh"],
            &["/opt/hermes/bin/python", "-m", "hermes_cli.main", "gateway", "restart"],
            &["/usr/lib/systemd/systemd", "--user"],
        ] {
            let argv: Vec<String> = once.iter().map(ToString::to_string).collect();
            assert!(!may_start_again(&argv), "{once:?}");
        }
    }

    fn split(line: &str) -> Vec<String> {
        line.split(' ').map(String::from).collect()
    }

    fn gateway(profile: Option<&str>, replace: bool) -> Role {
        Role::Gateway(GatewayArgs {
            profile: profile.map(String::from),
            replace,
            external_supervisor: false,
        })
    }

    #[test]
    fn a_gateway_is_known_in_every_form_in_which_it_is_started() {
        for (line, profile, replace) in [
            ("/opt/hermes/bin/python -m hermes_cli.main gateway run", None, false),
            (
                "python3.11 -m hermes_cli.main --profile coder gateway run --replace",
                Some("coder"),
                true,
            ),
            ("/opt/hermes/bin/python /opt/hermes/bin/hermes gateway run", None, false),
            ("/home/a/.local/bin/hermes -p x gateway run", Some("x"), false),
            ("hermes --profile=x gateway", Some("x"), false),
            ("hermes gateway run --profile ops-2", Some("ops-2"), false),
            ("python -u -X utf8 /src/hermes_cli/main.py gateway run", None, false),
            ("python -I -c import,hermes_cli.main gateway run", None, false),
            // As `ps` parts the text of a bootstrap.
            (
                "py/bin/python3 -I -c import os, sys, runpy; sys.path.insert(0, '/h'); import hermes_bootstrap; \
                 runpy.run_module('hermes_cli.main', run_name='__main__', alter_sys=True) -p x gateway run",
                Some("x"),
                false,
            ),
            ("python /src/gateway/run.py", None, false),
            ("hermes-gateway", None, false),
            // The script that pip makes of an entry point is run by its interpreter.
            ("/v/bin/python3 /v/bin/hermes-gateway", None, false),
            ("python -m gateway.run", None, false),
            ("hermes gateway restart", None, false),
        ] {
            assert_eq!(role(&split(line)), gateway(profile, replace), "{line}");
        }
    }

    #[test]
    fn what_only_starts_or_mentions_a_gateway_is_not_one() {
        for (line, expected) in [
            (
                "python -m hermes_cli.stderr_timestamp --error-log L -- python -m hermes_cli.main gateway run",
                Role::Wrapper,
            ),
            (
                "/r/.hermes/bin/hermes --run-module hermes_cli.stderr_timestamp --error-log L -- hermes gateway run",
                Role::Wrapper,
            ),
            ("timeout 5 hermes gateway run", Role::Wrapper),
            ("sudo -u lab hermes gateway run", Role::Wrapper),
            ("uv run hermes gateway run", Role::Wrapper),
            ("sh -c hermes gateway restart", Role::Wrapper),
            ("sh -c exec hermes gateway", Role::Wrapper),
            ("sh -c hermes gateway status || hermes gateway start", Role::Foreign),
            ("sh /opt/hermes gateway-watchdog.sh", Role::Foreign),
            ("vim x/hermes gateway run", Role::Foreign),
            ("grep -r hermes_cli.main gateway run", Role::Foreign),
            ("hermes chat -q gateway run", Role::OtherHermes),
            ("hermes chat -q explain gateway/run.py", Role::OtherHermes),
            ("hermes chat -q gateway.run", Role::OtherHermes),
            ("python -m hermes_cli.main chat -q /src/gateway/run.py", Role::OtherHermes),
            ("hermes gateway status", Role::OtherHermes),
            ("hermes gateway stop", Role::Lifecycle(Lifecycle::Stop)),
            ("hermes -p coder gateway install --force", Role::Lifecycle(Lifecycle::Install)),
            ("/v/bin/python -m hermes_cli.main update", Role::Lifecycle(Lifecycle::Update)),
            ("hermes gateway migrate --multiplex", Role::Lifecycle(Lifecycle::Migrate)),
            ("hermes -p gateway status", Role::OtherHermes),
            ("python -m tui_gateway", Role::Foreign),
            ("hermes serve --port 9119", Role::Server),
            ("python -m hermes_cli.main dashboard", Role::Server),
            ("/opt/hermes/bin/python /opt/hermes/bin/hermes cron tick", Role::CronTick),
            ("hermes", Role::OtherHermes),
            ("python3 -m http.server 8642", Role::Foreign),
            ("sleep 86400", Role::Foreign),
        ] {
            assert_eq!(role(&split(line)), expected, "{line}");
        }
        let shell = ["sh", "-c", "exec hermes gateway run"].map(String::from);
        assert_eq!(role(&shell), Role::Wrapper);
    }

    /// The text by which units of 0.22 start a module.
    fn code(module: &str) -> String {
        format!(
            "import os, sys, runpy; sys.path.insert(0, '/h'); import hermes_bootstrap; \
             runpy.run_module('{module}', run_name='__main__', alter_sys=True)"
        )
    }

    /// The bones of the text in the launcher of 0.22.
    const LAUNCHER: &str = "import os, re, sys\nsys.path.insert(0, '/h')\nimport hermes_bootstrap\n\
        if sys.argv[1:2] == ['--run-module']:\n    module = sys.argv.pop(2)\n\
        from hermes_cli.main import main\nsys.exit(main())\n";

    #[test]
    fn a_bootstrap_is_what_its_module_is() {
        let argv = |code: &str, words: &str| -> Vec<String> {
            let words = words.split_whitespace().map(String::from);
            ["/s/bin/python3", "-I", "-c", code]
                .map(String::from)
                .into_iter()
                .chain(words)
                .collect()
        };
        let wrapper =
            "--run-module hermes_cli.stderr_timestamp --error-log /l -- hermes gateway run";
        let own = "import sys, runpy; sys.path.insert(0, '/h'); sys.argv = ['-c', 'chat', '-q', 'diary']; \
                   runpy.run_module('hermes_cli.main', run_name='__main__', alter_sys=True)";
        for (argv, role_of_it) in [
            (argv(&code("hermes_cli.main"), "--profile x gateway run"), gateway(Some("x"), false)),
            (argv(LAUNCHER, "gateway run --replace"), gateway(None, true)),
            (argv(LAUNCHER, wrapper), Role::Wrapper),
            (argv(&code("hermes_cli.stderr_timestamp"), "--error-log /l -- py x"), Role::Wrapper),
            (argv(&code("gateway.systemd_stop_mark"), ""), Role::OtherHermes),
            (argv(LAUNCHER, "cron tick"), Role::CronTick),
            (argv(own, "gateway run"), Role::OtherHermes),
            (
                argv(&own.replace("'chat', '-q', 'diary'", "'gateway', 'run'"), ""),
                gateway(None, false),
            ),
            // The watcher of an update will start a gateway, and is none.
            (
                argv("import sys; sys.path.insert(0, '/h'); wait()", "411 hermes gateway run"),
                Role::Foreign,
            ),
        ] {
            assert_eq!(role(&argv), role_of_it, "{argv:?}");
        }
        assert_eq!(told(&argv(LAUNCHER, "chat -q diary")), Some(Told::From(4)));
        let words = ["chat", "-q", "diary"].map(String::from).to_vec();
        assert_eq!(told(&argv(own, "")), Some(Told::InCode { at: 3, words }));
        assert_eq!(told(&argv(LAUNCHER, "gateway run")), None);
    }

    #[test]
    fn the_code_of_a_bootstrap_is_found_through_its_wrappers() {
        let inner = format!(
            "exec py -I -c '{}' --error-log /l -- py -I -c '{}' -p x gateway run --external-supervisor >> /o",
            code("hermes_cli.stderr_timestamp").replace('\'', r#"'"'"'"#),
            code("hermes_cli.main").replace('\'', r#"'"'"'"#),
        );
        let script = format!("do shell script \"{}\"", inner.replace('"', "\\\""));
        let argv = ["/usr/bin/osascript", "-e", &script].map(String::from);
        assert_eq!(role(&argv), Role::Wrapper);
        let args = gateway_args(&argv);
        assert_eq!((args.profile.as_deref(), args.external_supervisor), (Some("x"), true));
        assert_eq!(bootstrap(&argv).map(|found| found.project_root).as_deref(), Some("/h"));
        assert_eq!(bootstrap(&split("/v/bin/python -m hermes_cli.main gateway run")), None);
    }

    #[test]
    fn a_wrapper_hands_on_what_the_gateway_is_told() {
        let of =
            |argv: &[&str]| gateway_args(&argv.iter().map(ToString::to_string).collect::<Vec<_>>());
        let told = of(&[
            "py",
            "-m",
            "hermes_cli.stderr_timestamp",
            "--error-log",
            "/l",
            "--",
            "py",
            "-m",
            "hermes_cli.main",
            "--profile",
            "ops",
            "gateway",
            "run",
            "--replace",
            "--external-supervisor",
        ]);
        assert!(told.replace && told.external_supervisor);
        assert_eq!(told.profile.as_deref(), Some("ops"));
        let script = "do shell script \"exec '/v/bin/python' -m hermes_cli.main gateway run --external-supervisor >> '/l'\"";
        let told = of(&["/usr/bin/osascript", "-e", script]);
        assert!(told.external_supervisor && !told.replace);
        let json = "system(\"exec hermes -p 'x' gateway run --external-supervisor\")";
        assert_eq!(
            of(&["osascript", "-l", "JavaScript", "-e", json]).profile.as_deref(),
            Some("x")
        );
        assert!(!of(&["bash", "run.sh", "hermes", "gateway", "run"]).external_supervisor);
    }

    #[test]
    fn a_watchdog_that_has_a_gateway_restarted_runs_none() {
        for (line, expected) in [
            ("sh -c hermes gateway restart", true),
            ("sh -c hermes gateway status || hermes gateway restart", true),
            ("/v/bin/python -m hermes_cli.main gateway restart", true),
            ("/v/bin/python -m hermes_cli.main --profile x gateway restart", true),
            ("/v/bin/python -m hermes_cli.main gateway run", false),
            ("sh -c hermes gateway stop; exec hermes gateway run", false),
            ("python /src/gateway/run.py", false),
            ("hermes gateway", false),
            ("sh run.sh", false),
        ] {
            assert_eq!(only_restarts(&split(line)), expected, "{line}");
        }
    }

    #[test]
    fn a_title_that_hides_the_arguments_still_looks_like_hermes() {
        assert!(looks_like_hermes(&["hermes".into()], None));
        assert!(looks_like_hermes(&[], Some("hermes")));
        assert!(!looks_like_hermes(&[], Some("bash")));
    }
}
