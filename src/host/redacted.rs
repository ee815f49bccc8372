//! What of a file's content may be seen. The name of the file decides, and a name that is not known
//! here decides for nothing: its content becomes a mark.

use std::collections::BTreeMap;

use gw_snapshot::facts::home;
use gw_snapshot::parse::plist::is_plist;
use gw_snapshot::redact::{self, Mark, Salt, is_clear_variable};
use serde_json::{Value, json};

/// A content, fit to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redacted {
    /// Text.
    Text(String),
    /// What is not UTF-8.
    Bytes(Vec<u8>),
    /// Nothing: where a text makes no sense, there is no telling where its secrets are.
    Withheld {
        /// Where it makes no sense, and never a word of it.
        detail: String,
    },
}

/// How a content is made fit to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    Dotenv,
    Yaml,
    Unit,
    Json,
    /// One JSON document a line.
    JsonLines,
    Plist,
    Log,
    /// The log of the helper that loads a launchd job again.
    ReloadLog,
    /// `__version__` and nothing else of a Python file.
    Version,
    /// The version under `[project]` and nothing else of `pyproject.toml`.
    Project,
    /// Where a checkout is: a commit, or one of the branches that everybody has.
    Head,
    /// Of the log of `HEAD` the commits and the time of its last entry.
    Moves,
    /// The commits of the branches that everybody has, out of all that a repository has.
    PackedRefs,
    /// The path of the repository, in the `.git` of a worktree.
    GitFile,
    /// Of `direct_url.json` the directory of an editable install. Any other origin may hold a token.
    Origin,
    /// The directories that a `.pth` file adds to the path of Python, and none of its code.
    AddedPaths,
    /// A process id alone, as the oldest Hermes wrote it, or JSON.
    PidRecord,
    /// A script of a cron job, of which only a command that stops or restarts the gateway may be seen.
    Script,
    /// What a ticker left of a tick that failed.
    TickError,
    /// A pause, with a reason in somebody's words.
    Pause,
    /// It can hold no secret.
    AsItIs,
    /// Nobody knows what it holds.
    Mark,
}

/// Files that hold times, process ids or paths, and nothing that a person wrote.
const HARMLESS: &[&str] = &[
    "active_profile",
    "gateway-starts.log",
    "gateway.heartbeat",
    "os-release",
    "pyvenv.cfg",
    "ticker_heartbeat",
    "ticker_last_success",
];

/// Documents of Hermes's that say what it does and when. Its others hold tokens, or name chats.
const RECORDS: &[&str] = &[
    ".drain_request.json",
    ".gateway-launchd-unsupported",
    ".gateway-planned-stop.json",
    "gateway_migration.json",
    ".gateway-takeover.json",
    ".restart_pending.json",
    "gateway.lifecycle.json",
    "gateway_state.json",
    "install-stamp.json",
    "jobs.json",
];

fn treatment(path: &str) -> Treatment {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let ending = ending_of(name);
    let of_systemd = directory.split('/').any(|part| part == "systemd");
    match (name, ending) {
        _ if HARMLESS.contains(&name) => Treatment::AsItIs,
        ("gateway.pid" | "gateway.lock", _) => Treatment::PidRecord,
        ("ESTOP", _) => Treatment::Pause,
        ("config.yaml", _) => Treatment::Yaml,
        ("gateway-exit-diag.log" | "gateway-startup-watchdog.log", _) => Treatment::JsonLines,
        ("__init__.py", _) => Treatment::Version,
        ("pyproject.toml", _) => Treatment::Project,
        ("HEAD", _) if is_repository(directory) => Treatment::Head,
        ("HEAD", _) if directory.strip_suffix("/logs").is_some_and(is_repository) => {
            Treatment::Moves
        }
        ("packed-refs", _) if is_repository(directory) => Treatment::PackedRefs,
        ("main" | "master", _)
            if directory.strip_suffix("/refs/heads").is_some_and(is_repository) =>
        {
            Treatment::Head
        }
        (".git", _) => Treatment::GitFile,
        ("direct_url.json", _) if directory.ends_with(".dist-info") => Treatment::Origin,
        (_, Some("pth")) if is_of_hermes(name) => Treatment::AddedPaths,
        ("ticker_last_error", _) => Treatment::TickError,
        (_, Some("env")) => Treatment::Dotenv,
        // Where distributions keep what a unit names in `EnvironmentFile=`.
        _ if matches!(directory, "/etc/default" | "/etc/sysconfig") => Treatment::Dotenv,
        (_, Some("service" | "conf")) if of_systemd => Treatment::Unit,
        _ if RECORDS.contains(&name) => Treatment::Json,
        // The token locks, which are records like that of the gateway's own lock.
        (_, Some("lock")) if directory.ends_with("/gateway-locks") => Treatment::PidRecord,
        (_, Some("plist")) => Treatment::Plist,
        _ if directory.ends_with("/scripts") => Treatment::Script,
        ("launchd-reload.log", _) => Treatment::ReloadLog,
        (_, Some("log")) => Treatment::Log,
        _ => Treatment::Mark,
    }
}

fn ending_of(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, ending)| ending)
}

/// True for the directory of a repository, and for that of a worktree or a submodule within one.
fn is_repository(directory: &str) -> bool {
    let is_one = |path: &str| path.strip_suffix(".git").is_some();
    let within = ["/worktrees/", "/modules/"].iter().find_map(|part| directory.rsplit_once(part));
    is_one(directory) || within.is_some_and(|(path, name)| is_one(path) && !name.contains('/'))
}

/// True for the name of a file of the package of Hermes in a directory of packages.
fn is_of_hermes(name: &str) -> bool {
    name.trim_start_matches(['_', '.'])
        .trim_start_matches("editable__.")
        .starts_with("hermes_agent")
}

/// The content of a service definition that somebody named, whatever its name is, without its secrets.
pub(super) fn redact_definition(bytes: &[u8], salt: &Salt) -> Redacted {
    let treatment = if is_plist(bytes) { Treatment::Plist } else { Treatment::Unit };
    treated(treatment, bytes, salt)
}

/// The content of the file at this path, without its secrets.
pub(super) fn redact_file(path: &str, bytes: &[u8], salt: &Salt) -> Redacted {
    treated(treatment(path), bytes, salt)
}

fn treated(treatment: Treatment, bytes: &[u8], salt: &Salt) -> Redacted {
    let text = std::str::from_utf8(bytes);
    match (treatment, text) {
        (Treatment::Dotenv, _) => by_line(bytes, |text| redact::dotenv::text(text, salt)),
        (Treatment::Unit, _) => by_line(bytes, |text| redact::unit::text(text, salt)),
        (Treatment::Plist, _) => match redact::plist::list(bytes, salt) {
            Ok(list) => String::from_utf8(list)
                .map_or_else(|error| Redacted::Bytes(error.into_bytes()), Redacted::Text),
            Err(error) => Redacted::Withheld { detail: error.to_string() },
        },
        (Treatment::Log, _) => {
            Redacted::Text(redact::log::extract(&String::from_utf8_lossy(bytes)))
        }
        (Treatment::ReloadLog, _) => {
            Redacted::Text(redact::log::extract_reloads(&String::from_utf8_lossy(bytes)))
        }
        (Treatment::Script, _) => Redacted::Text(redact::json::with_lifecycle_words(
            &String::from_utf8_lossy(bytes),
            salt,
        )),
        (Treatment::TickError, _) => {
            Redacted::Text(redact::tick_error::text(&String::from_utf8_lossy(bytes)))
        }
        (Treatment::Pause, _) => {
            let text = String::from_utf8_lossy(bytes);
            or_withheld(redact::json::times(&text, &["engaged_at", "expires_at"]))
        }
        (Treatment::Version, _) => Redacted::Text(version_lines(&String::from_utf8_lossy(bytes))),
        (Treatment::Project, _) => Redacted::Text(project_lines(&String::from_utf8_lossy(bytes))),
        (Treatment::Head, _) => Redacted::Text(head(&String::from_utf8_lossy(bytes), salt)),
        (Treatment::Moves, _) => {
            Redacted::Text(last_move(&String::from_utf8_lossy(bytes)).unwrap_or_default())
        }
        (Treatment::PackedRefs, _) => {
            Redacted::Text(usual_branches(&String::from_utf8_lossy(bytes)))
        }
        (Treatment::GitFile, Ok(text)) => Redacted::Text(git_file(text, salt)),
        (Treatment::Origin, Ok(text)) => Redacted::Text(origin(text, salt)),
        (Treatment::AddedPaths, Ok(text)) => Redacted::Text(added_paths(text, salt)),
        (Treatment::AsItIs, Ok(text)) => Redacted::Text(redact::shape::text(text, salt)),
        (Treatment::AsItIs, Err(_)) => Redacted::Bytes(bytes.into()),
        (Treatment::Mark, _)
        | (Treatment::GitFile | Treatment::Origin | Treatment::AddedPaths, Err(_)) => {
            Redacted::Text(Mark::of(&String::from_utf8_lossy(bytes), salt).to_string())
        }
        (Treatment::Yaml, Ok(text)) => or_withheld(redact::yaml::text(text, salt)),
        (Treatment::PidRecord, Ok(text)) if text.trim().parse::<u32>().is_ok() => {
            Redacted::Text(text.into())
        }
        (Treatment::PidRecord, Ok("")) => Redacted::Text(String::new()),
        (Treatment::Json | Treatment::PidRecord, Ok(text)) => {
            or_withheld(redact::json::document(text, salt))
        }
        (Treatment::JsonLines, _) => {
            Redacted::Text(json_lines(&String::from_utf8_lossy(bytes), salt))
        }
        (Treatment::Yaml | Treatment::Json | Treatment::PidRecord, Err(error)) => {
            Redacted::Withheld { detail: format!("not UTF-8 at byte {}", error.valid_up_to()) }
        }
    }
}

/// The arguments of a process, without their secrets.
pub(super) fn arguments(argv: &[String], salt: &Salt) -> Vec<String> {
    redact::process::arguments(argv, salt)
}

/// What of the environment of a process may be seen. Of the key of the API server that is whether there is one, and how long it is.
#[cfg_attr(
    all(target_os = "macos", not(test)),
    expect(dead_code, reason = "macOS shows nobody's environment")
)]
pub(super) fn variables(environ: &[String], salt: &Salt) -> BTreeMap<String, String> {
    let variable = |text: &String| {
        let (name, value) = text.split_once('=')?;
        match name {
            "API_SERVER_KEY" => Some((name.into(), Mark::of(value, salt).to_string())),
            name if is_clear_variable(name) => {
                Some((name.into(), redact::shape::text(value, salt)))
            }
            _ => None,
        }
    };
    environ.iter().filter_map(variable).collect()
}

/// Names in a Hermes home that Hermes itself gave.
const OF_A_HOME: &[&str] = &[
    ".clean_shutdown",
    ".drain_request.json",
    ".env",
    "ESTOP",
    ".gateway-launchd-unsupported",
    ".gateway-planned-stop.json",
    "gateway_migration.json",
    ".gateway-takeover.json",
    ".restart_pending.json",
    "active_profile",
    "auth.json",
    "channel_directory.json",
    "config.yaml",
    "cron",
    "gateway",
    "gateway-starts.log",
    "gateway.json",
    "gateway.lock",
    "gateway.pid",
    "gateway.sock",
    "gateway_state.json",
    "hermes-agent",
    "logs",
    "profiles",
    "state",
    "state.db",
];

/// Whether a name in a directory may be seen. What a person called a file is nobody's business; which
/// files of Hermes there are, and what is called after it, is.
pub(super) fn is_clear_name(directory: &str, name: &str) -> bool {
    let ending = directory.rsplit_once('.').map(|(_, ending)| ending);
    match (directory.rsplit_once('/').map(|(_, last)| last), ending) {
        (Some("profiles"), _) => home::is_profile_name(name),
        (Some("lib"), _) => name.starts_with("python"),
        (Some("site-packages"), _) => {
            name.starts_with("hermes_agent") && name.ends_with(".dist-info")
                || is_of_hermes(name) && ending_of(name) == Some("pth")
        }
        (Some("state-snapshots"), _) => name.ends_with("-pre-update"),
        (_, Some("d")) => true,
        _ => {
            OF_A_HOME.contains(&name)
                || name.to_lowercase().contains("hermes")
                || home::set_aside(name).is_some()
        }
    }
}

fn or_withheld<E: std::fmt::Display>(redacted: Result<String, E>) -> Redacted {
    match redacted {
        Ok(text) => Redacted::Text(text),
        Err(error) => Redacted::Withheld { detail: error.to_string() },
    }
}

/// Redacts a text whose lines are read even where it is not UTF-8. Every byte then passes for the
/// Latin-1 character of its number, which keeps names, signs and line ends where they are.
fn by_line(bytes: &[u8], redact: impl Fn(&str) -> String) -> Redacted {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Redacted::Text(redact(text));
    }
    // A file saved by an editor of Windows; Hermes turns it into UTF-8 when it starts (0.19).
    if let Some(text) = utf16(bytes) {
        return Redacted::Text(redact(&text));
    }
    let text: String = bytes.iter().copied().map(char::from).collect();
    let mut back = Vec::with_capacity(bytes.len());
    for character in redact(&text).chars() {
        match u8::try_from(character) {
            Ok(byte) => back.push(byte),
            // The brackets of a mark are no Latin-1 characters.
            Err(_) => back.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Redacted::Bytes(back)
}

/// The text of a file that begins with a byte order mark of UTF-16.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().skip(1).map(|pair| unit(*pair)).collect();
    Some(String::from_utf16_lossy(&units))
}

/// One record a line; lines that are not JSON are left out.
fn json_lines(text: &str, salt: &Salt) -> String {
    let compact = |line: &str| {
        let document = redact::json::document(line, salt).ok()?;
        let value: Value = serde_json::from_str(&document).ok()?;
        Some(format!("{value}\n"))
    };
    text.lines().filter_map(compact).collect()
}

/// What tells whether an answer is Hermes's, and of which version.
const OF_AN_ANSWER: &[&str] = &["platform", "status", "version"];

/// The body of an answer: what Hermes says of itself, and of all else that it was said, for anybody may listen there.
pub(super) fn body(body: &str, salt: &Salt) -> String {
    let mark = |text: &str| Mark::of(text, salt).to_string();
    let Ok(Value::Object(mut told)) = serde_json::from_str(body) else { return mark(body) };
    for (key, value) in &mut told {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::String(text) if OF_AN_ANSWER.contains(&key.as_str()) => {
                *text = redact::shape::text(text, salt);
            }
            Value::String(text) => *text = mark(text),
            other => {
                *other = code_of(key, other).unwrap_or_else(|| mark(&other.to_string()).into());
            }
        }
    }
    Value::Object(told).to_string()
}

/// Of an error the code with which an API server refuses a request without its key (0.20 and later), and nothing else.
fn code_of(key: &str, error: &Value) -> Option<Value> {
    let code = error.get("code").filter(|code| key == "error" && *code == REFUSAL)?;
    Some(json!({ "code": code }))
}

/// See [`code_of`].
const REFUSAL: &str = "gateway_auth_failed";

fn version_lines(text: &str) -> String {
    let is_version = |line: &&str| is_assignment(line, "__version__");
    text.lines().filter(is_version).fold(String::new(), |text, line| text + line + "\n")
}

fn is_assignment(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
        && line.len() < LONGEST_VERSION
}

/// The longest line that may hold a version, in bytes.
const LONGEST_VERSION: usize = 100;

fn project_lines(text: &str) -> String {
    let mut is_project = false;
    let kept = text.lines().filter(|line| {
        if line.trim_start().starts_with('[') {
            is_project = line.trim() == "[project]";
            return is_project;
        }
        is_project && is_assignment(line, "version")
    });
    kept.fold(String::new(), |text, line| text + line + "\n")
}

/// A commit, or a reference to a branch that upstream has for everybody; of anything else a mark.
fn head(text: &str, salt: &Salt) -> String {
    let trimmed = text.trim();
    let is_usual = matches!(trimmed, "ref: refs/heads/main" | "ref: refs/heads/master");
    if is_commit(trimmed) || is_usual { text.into() } else { Mark::of(text, salt).to_string() }
}

fn is_commit(text: &str) -> bool {
    (40..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// The lines of the branches that upstream has for everybody: each a commit and the name.
fn usual_branches(text: &str) -> String {
    let is_usual = |line: &&str| {
        line.split_once(' ').is_some_and(|(commit, name)| {
            is_commit(commit) && matches!(name, "refs/heads/main" | "refs/heads/master")
        })
    };
    text.lines().filter(is_usual).fold(String::new(), |text, line| text + line + "\n")
}

/// The last entry of the log of `HEAD`, without the name, the address and the words of its author.
fn last_move(text: &str) -> Option<String> {
    let entry = text.lines().last()?.split('\t').next()?;
    let mut words = entry.split_whitespace();
    let (old, new) = (words.next()?, words.next()?);
    let (zone, seconds) = (words.next_back()?, words.next_back()?);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_zone = zone.strip_prefix(['+', '-']).is_some_and(is_number);
    let is_one = is_commit(old) && is_commit(new) && is_number(seconds) && is_zone;
    is_one.then(|| format!("{old} {new} {seconds} {zone}\n"))
}

/// The one line of a `.git` that is a file. Its path is shown as every path is.
fn git_file(text: &str, salt: &Salt) -> String {
    match text.trim_end().strip_prefix("gitdir: ") {
        Some(path) if !path.contains('\n') => {
            format!("gitdir: {}\n", redact::shape::text(path, salt))
        }
        _ => Mark::of(text, salt).to_string(),
    }
}

fn origin(text: &str, salt: &Salt) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let url = value.get("url").and_then(Value::as_str);
    match url.filter(|url| url.starts_with("file:///")) {
        Some(url) => {
            let is_editable = value.pointer("/dir_info/editable") == Some(&Value::Bool(true));
            let url = redact::shape::text(url, salt);
            json!({ "url": url, "dir_info": { "editable": is_editable } }).to_string()
        }
        None => Mark::of(text, salt).to_string(),
    }
}

fn added_paths(text: &str, salt: &Salt) -> String {
    let paths = text.lines().filter(|line| line.starts_with('/'));
    paths.fold(String::new(), |text, line| text + &redact::shape::text(line, salt) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(path: &str, bytes: &[u8]) -> Redacted {
        redact_file(path, bytes, &Salt(b"test".to_vec()))
    }

    fn text(path: &str, bytes: &[u8]) -> String {
        match redacted(path, bytes) {
            Redacted::Text(text) => text,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn the_name_of_a_file_decides_and_an_unknown_name_decides_for_nothing() {
        for (path, expected) in [
            ("/h/.env", Treatment::Dotenv),
            ("/etc/hermes.env", Treatment::Dotenv),
            ("/etc/default/hermes", Treatment::Dotenv),
            ("/h/config.yaml", Treatment::Yaml),
            ("/h/.config/systemd/user/hermes-gateway.service", Treatment::Unit),
            ("/etc/systemd/system/a.service.d/10-x.conf", Treatment::Unit),
            ("/h/a.service", Treatment::Mark),
            ("/h/cron/jobs.json", Treatment::Json),
            ("/h/gateway.pid", Treatment::PidRecord),
            ("/h/.local/state/hermes/gateway-locks/telegram-1.lock", Treatment::PidRecord),
            ("/h/uv.lock", Treatment::Mark),
            ("/h/logs/errors.log", Treatment::Log),
            ("/Users/a/Library/LaunchAgents/ai.hermes.gateway.plist", Treatment::Plist),
            ("/h/logs/launchd-reload.log", Treatment::ReloadLog),
            ("/h/gateway-starts.log", Treatment::AsItIs),
            ("/h/logs/gateway-exit-diag.log", Treatment::JsonLines),
            ("/h/logs/gateway-startup-watchdog.log", Treatment::JsonLines),
            ("/h/state/gateway.lifecycle.json", Treatment::Json),
            ("/v/hermes_cli/__init__.py", Treatment::Version),
            ("/c/pyproject.toml", Treatment::Project),
            ("/c/install-stamp.json", Treatment::Json),
            ("/c/.git/HEAD", Treatment::Head),
            ("/c/.git/refs/heads/main", Treatment::Head),
            ("/c/.git/refs/heads/customer-x", Treatment::Mark),
            ("/c/.git/config", Treatment::Mark),
            ("/c/.git", Treatment::GitFile),
            ("/c/.git/packed-refs", Treatment::PackedRefs),
            ("/c/.git/logs/HEAD", Treatment::Moves),
            ("/c/.git/worktrees/w/logs/HEAD", Treatment::Moves),
            ("/c/logs/HEAD", Treatment::Mark),
            ("/c/.git/worktrees/w/HEAD", Treatment::Head),
            ("/r/bare.git/worktrees/w/HEAD", Treatment::Head),
            ("/c/worktrees/w/HEAD", Treatment::Mark),
            ("/h/packed-refs", Treatment::Mark),
            ("/s/hermes_agent-0.22.2.dist-info/direct_url.json", Treatment::Origin),
            ("/h/direct_url.json", Treatment::Mark),
            ("/s/__editable__.hermes_agent-0.21.3.pth", Treatment::AddedPaths),
            ("/s/_hermes_agent.pth", Treatment::AddedPaths),
            ("/s/distutils-precedence.pth", Treatment::Mark),
            ("/h/HEAD", Treatment::Mark),
            ("/h/cron/ticker_last_error", Treatment::TickError),
            ("/h/auth.json", Treatment::Mark),
            ("/h/auth.json.bak", Treatment::Mark),
            ("/h/channel_directory.json", Treatment::Mark),
            ("/h/SOUL.md", Treatment::Mark),
            ("/h/.env.backup", Treatment::Mark),
            ("env", Treatment::Mark),
        ] {
            assert_eq!(treatment(path), expected, "{path}");
        }
    }

    #[test]
    fn nothing_of_an_unknown_file_is_left() {
        assert!(Mark::read(&text("/h/SOUL.md", b"I am called Alice.")).is_some());
        assert!(Mark::read(&text("/h/id_rsa", b"\xff\xfe\0")).is_some());
    }

    #[test]
    fn of_an_environment_only_clear_variables_are_kept() {
        let environ =
            ["HOME=/home/a", "OPENAI_API_KEY=sk-secret", "API_SERVER_KEY=0123456789abcdef", "odd"];
        let env = variables(&environ.map(String::from), &Salt(b"test".to_vec()));
        assert_eq!(env.keys().collect::<Vec<_>>(), ["API_SERVER_KEY", "HOME"]);
        assert!(env["API_SERVER_KEY"].starts_with("‹redacted:16+"), "{env:?}");
    }

    #[test]
    fn what_is_not_utf_8_is_kept_without_its_secrets_and_with_its_bytes() {
        let salt = Salt(b"test".to_vec());
        let redacted = by_line("NAME=J\u{fc}rgen".as_bytes(), str::to_uppercase);
        assert_eq!(redacted, Redacted::Text("NAME=J\u{dc}RGEN".into()));
        let redacted = by_line(b"NAME=J\xfcrgen KEY=x", |text| {
            text.replace('x', &Mark::of("x", &salt).to_string())
        });
        let expected = [b"NAME=J\xfcrgen KEY=".as_slice(), "‹redacted:1-7›".as_bytes()].concat();
        assert_eq!(redacted, Redacted::Bytes(expected));
    }

    #[test]
    fn where_nothing_can_be_parsed_nothing_is_shown_but_the_place() {
        for path in ["/h/cron/jobs.json", "/h/gateway.pid"] {
            for bytes in [&b"{\"token\": \"hunter2"[..], b"\xff{}"] {
                let Redacted::Withheld { detail } = redacted(path, bytes) else {
                    panic!("{path}");
                };
                assert!(!detail.contains("hunter2") && !detail.is_empty(), "{detail}");
            }
        }
    }

    #[test]
    fn a_pid_file_may_be_a_bare_number_or_empty() {
        assert_eq!(text("/h/gateway.pid", b"4711\n"), "4711\n");
        assert_eq!(text("/h/gateway.lock", b""), "");
        assert!(text("/h/gateway.pid", b"{\"pid\": 4711}").contains("4711"));
    }

    #[test]
    fn of_lines_of_json_each_stands_alone_and_what_is_none_is_left_out() {
        let lines = b"{\"pid\": 1, \"who\": \"Alice\"}\nTraceback of Alice\n{\"pid\": 2}\n{\"pid\"";
        let text = text("/h/logs/gateway-exit-diag.log", lines);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("\"pid\":1") && text.contains("\"pid\":2"), "{text}");
        assert!(!text.contains("Alice"));
    }

    #[test]
    fn of_an_answer_stays_what_hermes_says_and_of_a_page_that_there_is_one() {
        let shown = |text| body(text, &Salt(b"test".to_vec()));
        let hermes = r#"{"platform":"hermes-agent","status":"ok","version":"0.19.0"}"#;
        assert_eq!(shown(hermes), hermes);
        let chat = shown(r#"{"chat": {"n": "Al"}, "id": 771202046, "ok": true}"#);
        assert_eq!(chat, r#"{"chat":"‹redacted:8-15›","id":"‹redacted:8-15›","ok":true}"#);
        let refusal = r#"{"error": {"message": "Alice", "code": "gateway_auth_failed"}}"#;
        assert_eq!(shown(refusal), r#"{"error":{"code":"gateway_auth_failed"}}"#);
        let another =
            shown(r#"{"error": {"code": "alice"}, "fault": {"code": "gateway_auth_failed"}}"#);
        assert!(!another.contains("code"), "{another}");
        for other in ["<p>Hello Alice</p>", "\"Alice\"", "{\"chat\": \"Alice\"", "{\"n\": NaN}"] {
            let shown = shown(other);
            assert!(!shown.contains("Alice") && !shown.contains('{'), "{shown}");
        }
    }

    #[test]
    fn of_a_checkout_only_its_version_and_its_commit_are_left() {
        let project = b"[project]\nname = \"x\"\nversion = \"0.22.2\"\nauthors = [\"Alice\"]\n[tool.y]\nversion = \"Alice\"\n";
        assert_eq!(text("/c/pyproject.toml", project), "[project]\nversion = \"0.22.2\"\n");
        let commit = "0123456789abcdef0123456789abcdef01234567\n";
        assert_eq!(text("/c/.git/HEAD", commit.as_bytes()), commit);
        assert_eq!(text("/c/.git/HEAD", b"ref: refs/heads/main\n"), "ref: refs/heads/main\n");
        assert!(!text("/c/.git/HEAD", b"ref: refs/heads/for-alice\n").contains("alice"));
        let stamp =
            br#"{"commit": "0123", "baseVersion": "0.22.2", "distance": 3, "branch": "for-alice"}"#;
        let stamp = text("/c/install-stamp.json", stamp);
        assert!(
            stamp.contains("0.22.2") && stamp.contains(": 3") && !stamp.contains("alice"),
            "{stamp}"
        );
    }

    #[test]
    fn of_a_repository_only_its_usual_branches_and_of_an_install_only_its_directory_is_left() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let refs = format!(
            "# pack-refs with: peeled\n{commit} refs/heads/for-alice\n{commit} refs/heads/main\nalice refs/heads/main\n"
        );
        assert_eq!(
            text("/c/.git/packed-refs", refs.as_bytes()),
            format!("{commit} refs/heads/main\n")
        );
        assert_eq!(
            text("/c/.git", b"gitdir: /r/.git/worktrees/w\n"),
            "gitdir: /r/.git/worktrees/w\n"
        );
        assert!(Mark::read(&text("/c/.git", b"gitdir: /r\nalice")).is_some());
        let log = format!(
            "{commit} {commit} Bob <b@x> 1 +0000\tx\n{commit} {commit} Alice <alice@x> 1795132800 +0100\tcheckout: for alice 7\n"
        );
        assert_eq!(
            text("/c/.git/logs/HEAD", log.as_bytes()),
            format!("{commit} {commit} 1795132800 +0100\n")
        );
        assert_eq!(text("/c/.git/logs/HEAD", b"Alice 1 alice 2 +0100\n"), "");
        let info = "/s/hermes_agent-0.22.2.dist-info/direct_url.json";
        let local = br#"{"dir_info": {"editable": true}, "url": "file:///c", "note": "alice"}"#;
        assert_eq!(text(info, local), r#"{"dir_info":{"editable":true},"url":"file:///c"}"#);
        for other in [
            &br#"{"url": "https://alice:hunter2@example.com/x.git", "vcs_info": {}}"#[..],
            b"alice",
        ] {
            assert!(Mark::read(&text(info, other)).is_some());
        }
        let added = b"import alice; alice.install()\n/c\n";
        assert_eq!(text("/s/__editable__.hermes_agent-0.21.3.pth", added), "/c\n");
    }

    #[test]
    fn of_a_python_file_only_the_version_is_left() {
        let source = b"KEY = 'sk-1'\n__version__ = \"0.19.0\"\n__version_info__ = 1\n";
        assert_eq!(text("/v/hermes_cli/__init__.py", source), "__version__ = \"0.19.0\"\n");
    }
}
