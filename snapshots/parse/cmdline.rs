//! Which process is a Hermes gateway, by its arguments.
//!
//! Hermes itself matches words anywhere in the joined command line, and so takes `timeout 5 hermes
//! gateway run`, an editor and a `grep` for gateways (supervision of 0.17 to 0.19, verified). Here the
//! words are real arguments, and a program that merely starts a gateway is told from the gateway.
//! Arguments alone are never proof: a process title may replace them all (upstream #61981).

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
    /// Any other Hermes command, and a Hermes whose title hides its arguments.
    OtherHermes,
    /// Not Hermes.
    Foreign,
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
    let words: Vec<String> = argv
        .iter()
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',')))
        .filter(|word| !word.is_empty() && *word != "--")
        .map(String::from)
        .collect();
    commands_and_flags(words.iter()).1
}

/// The role of a process with these arguments.
pub fn role(argv: &[String]) -> Role {
    let words: Vec<String> = argv.iter().map(|word| normal(word)).collect();
    match hermes_words(&words) {
        Some(Found::Program(rest)) => role_of_hermes(rest, argv),
        Some(Found::Gateway(rest)) => Role::Gateway(commands_and_flags(as_written(rest, argv)).1),
        Some(Found::Timestamps) => Role::Wrapper,
        None if words.iter().any(|word| word.contains("hermes")) => role_of_launcher(&words),
        None => Role::Foreign,
    }
}

/// Where the words begin that a Hermes is told which is no gateway: what a person asks it may be among them.
pub fn first_private_word(argv: &[String]) -> Option<usize> {
    let words: Vec<String> = argv.iter().map(|word| normal(word)).collect();
    match hermes_words(&words)? {
        Found::Program(rest) if !matches!(role_of_hermes(rest, argv), Role::Gateway(_)) => {
            argv.len().checked_sub(rest.len())
        }
        Found::Program(_) | Found::Gateway(_) | Found::Timestamps => None,
    }
}

/// Forward slashes and lower case, as Hermes compares.
fn normal(word: &str) -> String {
    word.replace('\\', "/").to_lowercase()
}

fn basename(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Where Hermes's own arguments begin, if the process runs Hermes itself.
enum Found<'a> {
    /// Hermes, which reads in them what to be.
    Program(&'a [String]),
    /// A program that is a gateway and nothing else.
    Gateway(&'a [String]),
    Timestamps,
}

fn hermes_words(words: &[String]) -> Option<Found<'_>> {
    let (program, rest) = words.split_first()?;
    match basename(program) {
        "hermes" | "hermes.exe" => return after_launcher_options(rest),
        "hermes-gateway" | "hermes-gateway.exe" => return Some(Found::Gateway(rest)),
        name if name.starts_with("python") || name.starts_with("pypy") => {}
        _ => return None,
    }
    // Python's own options, up to the module, the script or the code.
    let mut rest = rest;
    while let Some((word, after)) = rest.split_first() {
        match word.as_str() {
            "-m" => {
                let (module, after) = after.split_first()?;
                return match module.as_str() {
                    "hermes_cli.main" | "hermes_cli" => Some(Found::Program(after)),
                    "hermes_cli.stderr_timestamp" => Some(Found::Timestamps),
                    "gateway.run" => Some(Found::Gateway(after)),
                    _ => None,
                };
            }
            "-c" => {
                let (code, after) = after.split_first()?;
                return code.contains("hermes_cli.main").then_some(Found::Program(after));
            }
            "-w" | "-x" => rest = after.split_first()?.1,
            option if option.starts_with('-') => rest = after,
            script => {
                return match basename(script) {
                    "hermes" => Some(Found::Program(after)),
                    "hermes-gateway" => Some(Found::Gateway(after)),
                    _ if script.ends_with("hermes_cli/main.py") => Some(Found::Program(after)),
                    _ if script.ends_with("gateway/run.py") => Some(Found::Gateway(after)),
                    _ => None,
                };
            }
        }
    }
    None
}

/// The launcher of 0.21 runs modules too: `hermes --run-module hermes_cli.stderr_timestamp … -- …`.
fn after_launcher_options(rest: &[String]) -> Option<Found<'_>> {
    match rest {
        [first, module, ..]
            if first == "--run-module" && module == "hermes_cli.stderr_timestamp" =>
        {
            Some(Found::Timestamps)
        }
        [first, ..] if first == "--run-module" => None,
        _ => Some(Found::Program(rest)),
    }
}

fn role_of_hermes(words: &[String], argv: &[String]) -> Role {
    let (commands, flags) = commands_and_flags(as_written(words, argv));
    let mut commands = commands.iter().map(String::as_str);
    match commands.next() {
        Some("gateway") => match commands.next() {
            None | Some("run" | "restart") => Role::Gateway(flags),
            Some(_) => Role::OtherHermes,
        },
        Some("serve" | "dashboard") => Role::Server,
        Some("cron") if commands.next() == Some("tick") => Role::CronTick,
        _ => Role::OtherHermes,
    }
}

/// The last words as they were written: a profile's name is lower case anyway, a path is not.
fn as_written<'a>(words: &[String], argv: &'a [String]) -> impl Iterator<Item = &'a String> {
    argv.iter().skip(argv.len().saturating_sub(words.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

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
