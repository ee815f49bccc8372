//! systemd units without their secrets. Directives that say how a service is run stay; variables that
//! are not clear, arguments that look like secrets, comments, and directives nobody knows here go.

use super::shape::{self, arguments, is_name, is_variable, marked};
use super::{Salt, is_clear_variable};
use crate::parse::exec::{Escapes, Word, is_separator, split};
use crate::parse::unit::{Line, line_of, logical_lines};

/// Directives whose values may be seen once what looks like a secret is taken out of them. A `*` at
/// the end stands for the rest of the name.
const KEPT: [&str; 92] = [
    "After",
    "Alias",
    "Also",
    "AmbientCapabilities",
    "Before",
    "BindsTo",
    "BusName",
    "CPU*",
    "CapabilityBoundingSet",
    "CollectMode",
    "Condition*",
    "Conflicts",
    "DefaultDependencies",
    "DefaultInstance",
    "Delegate",
    "Description",
    "DeviceAllow",
    "DevicePolicy",
    "Documentation",
    "DynamicUser",
    "EnvironmentFile",
    "ExitType",
    "FailureAction",
    "FinalKillSignal",
    "Group",
    "GuessMainPID",
    "IO*",
    "IgnoreOnIsolate",
    "IgnoreSIGPIPE",
    "InaccessiblePaths",
    "JobRunningTimeoutSec",
    "JobTimeout*",
    "Kill*",
    "Limit*",
    "LockPersonality",
    "LogLevelMax",
    "LogRateLimit*",
    "LogsDirectory",
    "ManagedOOM*",
    "Memory*",
    "Nice",
    "NoNewPrivileges",
    "NonBlocking",
    "NotifyAccess",
    "OOM*",
    "OnFailure",
    "OnSuccess",
    "PAMName",
    "PIDFile",
    "PartOf",
    "PassEnvironment",
    "Private*",
    "ProcSubset",
    "PropagatesStopTo",
    "Protect*",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RefuseManual*",
    "Reload*",
    "RemainAfterExit",
    "RemoveIPC",
    "Requires*",
    "Requisite",
    "Restart*",
    "Restrict*",
    "RuntimeDirectory*",
    "RuntimeMaxSec",
    "SecureBits",
    "Send*",
    "Slice",
    "StandardError",
    "StandardInput",
    "StandardOutput",
    "StartLimit*",
    "StateDirectory*",
    "StopWhenUnneeded",
    "SuccessAction",
    "SuccessExitStatus",
    "Syslog*",
    "SystemCall*",
    "Tasks*",
    "Timeout*",
    "Type",
    "UMask",
    "UnsetEnvironment",
    "UpheldBy",
    "Upholds",
    "User",
    "WantedBy",
    "Wants",
    "WatchdogS*",
    "WorkingDirectory",
];

/// Sections whose directives are known here.
const SECTIONS: [&str; 6] = ["Unit", "Service", "Install", "Timer", "Path", "Socket"];

/// The same unit without its secrets. Line numbers stay: a directive of several lines leaves comments behind.
pub fn text(text: &str, salt: &Salt) -> String {
    let mut out = String::with_capacity(text.len());
    let mut section = String::new();
    for logical in logical_lines(text) {
        let mut redacted =
            logical.content.as_deref().map(|content| line(content, &mut section, salt));
        for (span, is_comment) in logical.pieces {
            let piece = text.get(span).unwrap_or_default();
            let written = piece.trim_end_matches(['\n', '\r', '\0']);
            let line = match &mut redacted {
                Some(None) if !is_comment => written,
                // The first of several lines takes it all.
                Some(Some(line)) => &std::mem::replace(line, "#".into()),
                Some(None) | None => "#",
            };
            out.extend([line, piece.get(written.len()..).unwrap_or_default()]);
        }
    }
    out
}

/// The value of `Environment=`, or of the property of that name that `systemctl show` prints, with
/// marks for the variables that are not clear.
pub fn environment(value: &str, salt: &Salt) -> String {
    let mut words = Vec::new();
    for word in split(value, Escapes::Shell) {
        match word {
            Ok(word) => words.push(quoted(&assignment(&word.text, salt))),
            Err(_) => return marked(value, salt),
        }
    }
    words.join(" ")
}

/// A command line of an Exec directive, with marks for what looks like a secret in it. One that
/// systemd cannot read stays one that it cannot read.
pub fn command_line(value: &str, salt: &Salt) -> String {
    let words: Vec<Word> = split(value, Escapes::Relaxed).map_while(Result::ok).collect();
    let is_separator = |word: &Word| value.get(word.span.clone()) == Some(";");
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    // Of several commands, each has its own flags.
    let redacted = words.chunk_by(|one, other| is_separator(one) == is_separator(other));
    let redacted: Vec<String> =
        redacted.flat_map(|command| arguments(&texts(command), salt)).collect();
    let word = |(word, redacted): (&Word, String)| {
        if word.text == redacted {
            value.get(word.span.clone()).unwrap_or_default().to_string()
        } else {
            quoted(&redacted)
        }
    };
    let mut out: Vec<String> = words.iter().zip(redacted).map(word).collect();
    out.extend(malformed_rest(value, &words, Escapes::Relaxed, salt));
    out.join(" ")
}

/// What stands for the part of a value after its last readable word: a quote that does not end.
fn malformed_rest(value: &str, words: &[Word], escapes: Escapes, salt: &Salt) -> Option<String> {
    let is_malformed = split(value, escapes).any(|word| word.is_err());
    let read = words.last().map_or(0, |word| word.span.end);
    let rest = value.get(read..)?.trim_start_matches(is_separator);
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    is_malformed.then(|| format!("\"{}", marked(rest, salt)))
}

/// What `systemctl show` prints of a command, which quotes nothing, with marks for what looks like a secret.
pub fn shown_command(value: &str, salt: &Salt) -> String {
    let words = |text: &str| arguments(&text.split(' ').collect::<Vec<_>>(), salt).join(" ");
    let Some((path, rest)) = value.split_once(" argv[]=") else { return words(value) };
    let end = rest.rfind(" ; ignore_errors=").or_else(|| rest.rfind(" ; flags="));
    let (argv, rest) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
    format!("{} argv[]={}{}", shape::text(path, salt), words(argv), shape::text(rest, salt))
}

/// What takes the place of a line. None: it may stay.
fn line(content: &str, section: &mut String, salt: &Salt) -> Option<String> {
    match line_of(content) {
        Line::Blank => None,
        Line::Section(name) => {
            *section = name.into();
            (!is_name(name)).then(|| format!("[{}]", marked(name, salt)))
        }
        Line::BrokenSection => {
            Some(format!("[{}", marked(content.trim().trim_start_matches('['), salt)))
        }
        Line::NoKey => {
            Some(format!("={}", marked(content.trim_start_matches([' ', '\t', '=']), salt)))
        }
        Line::NoValue => Some(marked(content.trim(), salt)),
        Line::Assignment(key, value) => {
            let redacted = directive(section, key, value, salt);
            let name = if is_name(key) { key.to_string() } else { marked(key, salt) };
            (redacted != value || name != key).then(|| format!("{name}={redacted}"))
        }
    }
}

/// The value of a directive of a section, without its secrets.
pub fn directive(section: &str, key: &str, value: &str, salt: &Salt) -> String {
    let is_kept = || {
        KEPT.iter().any(|kept| match kept.strip_suffix('*') {
            Some(beginning) => key.starts_with(beginning),
            None => key == *kept,
        })
    };
    match key {
        _ if value.is_empty() => String::new(),
        _ if !SECTIONS.contains(&section) => marked(value, salt),
        "Environment" if is_clear(value) => value.into(),
        "Environment" => environment_of_unit(value, salt),
        key if key.starts_with("Exec") => command_line(value, salt),
        _ if is_kept() => shape::text(value, salt),
        _ => marked(value, salt),
    }
}

/// Whether every word of `Environment=` may be seen as it is written.
fn is_clear(value: &str) -> bool {
    split(value, Escapes::Strict).all(|word| word.is_ok_and(|word| is_clear_assignment(&word.text)))
        && shape::is_clean(value)
}

fn is_clear_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, value)| {
        shape::is_mark(value) || (is_clear_variable(name) && shape::is_clean(value))
    })
}

fn environment_of_unit(value: &str, salt: &Salt) -> String {
    let words: Vec<Word> = split(value, Escapes::Strict).map_while(Result::ok).collect();
    let mut out: Vec<String> =
        words.iter().map(|word| quoted(&assignment(&word.text, salt))).collect();
    out.extend(malformed_rest(value, &words, Escapes::Strict, salt));
    out.join(" ")
}

fn assignment(word: &str, salt: &Salt) -> String {
    match word.split_once('=') {
        Some(_) if is_clear_assignment(word) => word.into(),
        Some((name, value)) if is_variable(name) && is_name(name) => {
            format!("{name}={}", marked(value, salt))
        }
        _ => marked(word, salt),
    }
}

/// A word as systemd reads it back.
fn quoted(word: &str) -> String {
    if !word.is_empty()
        && !word.contains(|c: char| {
            is_separator(c) || c.is_control() || matches!(c, '"' | '\'' | '\\' | ';')
        })
    {
        return word.into();
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
