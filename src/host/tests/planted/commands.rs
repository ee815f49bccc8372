//! Plants in what programs print and servers answer.

use gw_snapshot::host::{Ask, LOADED, Scope};
use serde_json::{Map, Value, json};

use super::secrets::{Secrets, Source};

/// The question that a recorded command line answers.
pub(super) fn ask(argv: &[String]) -> Option<Ask> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    Some(match *words.as_slice() {
        ["systemctl", "--user", "show", ref rest @ ..] => shown(argv, Scope::User, units(rest)),
        ["systemctl", "show", ref rest @ ..] => shown(argv, Scope::System, units(rest)),
        ["journalctl", "--user-unit", unit, ..] => {
            Ask::Journal { scope: Scope::User, unit: unit.into() }
        }
        ["journalctl", "-u", unit, ..] => Ask::Journal { scope: Scope::System, unit: unit.into() },
        ["loginctl", "show-user", .., uid] => Ask::LoginctlShowUser { uid: uid.parse().ok()? },
        ["launchctl", "print", target] => Ask::LaunchctlPrint { target: target.into() },
        ["launchctl", "print-disabled", domain] => {
            Ask::LaunchctlPrintDisabled { domain: domain.into() }
        }
        ["launchctl", "managername"] => Ask::LaunchctlManagername,
        ["launchctl", "list", label] => Ask::LaunchctlList { label: label.into() },
        _ => return None,
    })
}

/// Of the two questions that `systemctl show` answers, the one that asked so.
fn shown(argv: &[String], scope: Scope, units: Vec<String>) -> Ask {
    // An older version asked for fewer properties.
    if argv.iter().any(|word| word.starts_with("Id,Names,")) {
        Ask::SystemctlShowState { scope, units }
    } else {
        Ask::SystemctlShow { scope, units }
    }
}

fn units(rest: &[&str]) -> Vec<String> {
    let names = rest.iter().skip_while(|word| **word != "--").skip(1);
    names.filter(|name| **name != LOADED).map(ToString::to_string).collect()
}

pub(super) fn stdout(ask: &Ask, text: &str, secrets: &mut Secrets) -> String {
    if text.is_empty() {
        return String::new();
    }
    let at = |source, line: fn(&str, &mut Secrets) -> String, secrets: &mut Secrets| {
        secrets.at(source);
        text.lines().map(|text| line(text, secrets) + "\n").collect::<String>()
    };
    match ask {
        Ask::SystemctlShow { .. } | Ask::SystemctlShowState { .. } => {
            at(Source::SystemctlShow, property, secrets)
        }
        Ask::Journal { .. } => at(Source::Journal, entry, secrets),
        Ask::LaunchctlPrint { .. } => printed(text, secrets),
        Ask::LaunchctlPrintDisabled { .. } => {
            at(Source::LaunchctlPrintDisabled, override_of, secrets)
        }
        Ask::LoginctlShowUser { .. } => with_key(Source::LoginctlShowUser, text, secrets),
        Ask::LaunchctlManagername => with_key(Source::LaunchctlManagername, text, secrets),
        Ask::LaunchctlList { .. } => at(Source::LaunchctlList, listed, secrets),
    }
}

/// What tells a secret there is only how it looks: every line was asked for.
fn with_key(source: Source, text: &str, secrets: &mut Secrets) -> String {
    secrets.at(source);
    format!("{text}Display={}\n", secrets.key())
}

/// A line of the journal: in what a program wrote, in what systemd says of it, and in fields that are of no use.
fn entry(line: &str, secrets: &mut Secrets) -> String {
    let mut fields: Map<String, Value> = serde_json::from_str(line).expect("a line of the journal");
    fields.insert("_CMDLINE".into(), secrets.word().into());
    for key in ["MESSAGE", "EXECUTABLE"] {
        if let Some(text) = fields.get(key).and_then(Value::as_str) {
            let secret = if key == "MESSAGE" { secrets.word() } else { secrets.key() };
            let planted = format!("{text}/{secret}");
            fields.insert(key.into(), planted.into());
        }
    }
    let other =
        format!("{{\"MESSAGE\": \"{}\", \"EXIT_CODE\": \"{}\"}}", secrets.word(), secrets.word());
    format!("{}\n{other}", Value::Object(fields))
}

/// A line of `systemctl show`.
fn property(line: &str, secrets: &mut Secrets) -> String {
    match line.split_once('=') {
        Some(("Environment", _)) => {
            let variables = secrets.variables().join(" ");
            let note = format!("\"NOTE={} \\n{}\"", secrets.word(), secrets.word());
            format!("{line} {variables} {note}\n{} of many lines", secrets.word())
        }
        Some(("ExecStart", _)) => {
            let words = secrets.arguments().join(" ");
            line.replacen(" ; ignore_errors=", &format!(" {words} ; ignore_errors="), 1)
        }
        _ => line.into(),
    }
}

/// `launchctl print`.
fn printed(text: &str, secrets: &mut Secrets) -> String {
    secrets.at(Source::LaunchctlPrint);
    let mut out = String::new();
    let mut block = "";
    for line in text.lines() {
        match line.strip_prefix('\t') {
            Some("}") => {
                if block == "arguments" {
                    for word in secrets.arguments() {
                        out.extend(["\t\t", &word, "\n"]);
                    }
                }
                block = "";
            }
            Some(head) if !head.starts_with('\t') => {
                block = head.strip_suffix(" = {").unwrap_or_default();
            }
            _ => {}
        }
        out.extend([line, "\n"]);
        if block.ends_with("environment") && line.ends_with('{') {
            for variable in secrets.variables() {
                out.extend(["\t\t", &variable.replacen('=', " => ", 1), "\n"]);
            }
        }
        if line.starts_with("\tstate = ") {
            let [word, key, chat] = [secrets.word(), secrets.word(), secrets.chat().to_string()];
            out += &format!("\tusername = {word}\n\tnote of {key} = {chat}\n");
            out += &format!("\tplanted endpoints = {{\n\t\t\"{}\" = 1\n\t}}\n", secrets.word());
        }
    }
    out
}

/// A line of `launchctl print-disabled`, of which every label is a name.
fn override_of(line: &str, secrets: &mut Secrets) -> String {
    if line.contains("disabled services = {") {
        format!("{line}\n\t\t\"{}\" => enabled", secrets.key())
    } else {
        line.into()
    }
}

fn listed(line: &str, secrets: &mut Secrets) -> String {
    if line.contains("\"-m\"") {
        format!("{line}\n\t\t\"{}\";", secrets.word())
    } else {
        line.into()
    }
}

pub(super) fn stderr(text: &str, secrets: &mut Secrets) -> String {
    if text.is_empty() {
        return String::new();
    }
    secrets.at(Source::Stderr);
    format!("{text}{}\n", secrets.sentence())
}

/// Where a redirect leads, with what it carries there.
pub(super) fn location(value: &str, secrets: &mut Secrets) -> String {
    let login = format!("://{}:{}@", secrets.word(), secrets.word());
    let carried = format!("?code={}&next={}#{}", secrets.word(), secrets.word(), secrets.word());
    value.replacen("://", &login, 1) + &carried
}

/// An answer. Of JSON its form stays what it is, of all else its beginning.
pub(super) fn body(text: &str, truncated: bool, secrets: &mut Secrets) -> String {
    secrets.at(Source::Body);
    let (note, chat) = (secrets.word(), secrets.chat());
    if let Ok(Value::Object(mut answer)) = serde_json::from_str(text) {
        answer.insert("api_key".into(), secrets.key().into());
        answer.insert("chat_name".into(), note.into());
        answer.insert("chat".into(), json!({"id_of_it": chat, "prompt": secrets.word()}));
        return Value::Object(answer).to_string();
    }
    let said = format!("{note} {} in chat {chat}: {}", secrets.sentence(), secrets.word());
    if truncated { said + text + "and so on" } else { format!("{text}<p>{said}") }
}
