//! A recorded host as it was before anybody redacted it: with a secret in every place where one can be, and seen again
//! through the very code that a live look uses. For tests alone; nothing here decides what may be seen.

#![expect(clippy::format_push_string, reason = "a test may allocate")]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the files of Hermes and of service managers are called so and not otherwise"
)]

mod commands;
mod files;
mod secrets;
mod sqlite;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gw_snapshot::facts::reference;
use gw_snapshot::generator::Wanted;
use gw_snapshot::observation::{CommandSeen, DirectorySeen, FileSeen, HttpSeen, ProcessSeen};
use gw_snapshot::redact::Salt;
use gw_snapshot::snapshot::{Os, Snapshot};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use secrets::{Secrets, Source, leak};

use super::super::{about, http, read, redacted, run};

/// Some host's.
fn salt() -> Salt {
    Salt(b"a planted host".to_vec())
}

/// The snapshot that a look at the planted host takes, and the service definitions on it as they are there.
pub(crate) fn planted(
    mut seen: Snapshot,
    secrets: &mut Secrets,
) -> (Snapshot, Vec<(String, Vec<u8>)>) {
    let named = std::mem::take(&mut seen.host.env);
    seen.host.env = environment(named, secrets);
    let host = &mut seen.observations;
    let files = host.files.get_or_insert_default();
    files::add(files, seen.host.home.as_deref(), secrets);
    let mut definitions = Vec::new();
    for file in files.iter_mut() {
        if let Some(bytes) = content(file, secrets)
            && file.path.ends_with(".service") | file.path.ends_with(".plist")
        {
            definitions.push((file.path.clone(), bytes));
        }
    }
    host.commands.iter_mut().flatten().for_each(|command| output(command, secrets));
    host.directories.iter_mut().flatten().for_each(|directory| names(directory, secrets));
    let os = seen.host.os;
    host.processes.iter_mut().flatten().for_each(|seen| process(seen, os, secrets));
    host.http.iter_mut().flatten().for_each(|seen| answer(seen, secrets));
    (seen, definitions)
}

/// Plants in a file, and looks at it again. The raw bytes.
fn content(file: &mut FileSeen, secrets: &mut Secrets) -> Option<Vec<u8>> {
    // A job has marks where a later version would leave the value.
    let is_store = file.path.ends_with("/jobs.json");
    // What the code writes is made of another text than it is, and that text is not known.
    let is_code = file.path.ends_with(reference::FILE);
    let text = file.text.take();
    let text = text.map(|text| if is_store || is_code { text } else { secrets.restored(&text) });
    let is_broken = !is_code
        && text.as_deref().is_some_and(|text| {
            let mut as_it_was = file.clone();
            read::show(&mut as_it_was, Some(text.as_bytes()), &salt());
            as_it_was.text.is_none() && as_it_was.base64.is_none()
        });
    let bytes = text.map(|text| files::planted(&file.path, &text, secrets));
    match &bytes {
        Some(bytes) if file.path.ends_with("/executions.db") => {
            read::show(file, None, &salt());
            read::show_executions(file, bytes, &[], &salt());
        }
        Some(bytes) if file.path.ends_with(reference::FILE) => {
            read::show(file, None, &salt());
            let mut load = |path: &str| {
                let text = String::from_utf8(bytes.clone()).ok();
                text.filter(|_| path == reference::FILE)
            };
            let told = reference::evidence(&mut load, Wanted::Units, &salt());
            read::show_generators(file, told, None);
        }
        bytes => read::show(file, bytes.as_deref(), &salt()),
    }
    // What is withheld holds no secret, and so would prove nothing.
    let is_shown = bytes.is_none() || file.text.is_some() || file.base64.is_some();
    assert!(
        is_shown || is_broken || files::is_malformed(&file.path),
        "{}: {:?}",
        file.path,
        file.detail
    );
    bytes
}

fn output(command: &mut CommandSeen, secrets: &mut Secrets) {
    let Some(ask) = commands::ask(&command.argv) else { panic!("who asks {:?}", command.argv) };
    command.argv = ask.argv();
    let stdout = commands::stdout(&ask, &secrets.restored(&command.stdout), secrets);
    let stderr = commands::stderr(&secrets.restored(&command.stderr), secrets);
    run::add_output(command, &ask, stdout.as_bytes(), stderr.as_bytes(), &salt());
}

fn names(directory: &mut DirectorySeen, secrets: &mut Secrets) {
    // Drop-ins and profiles are evidence by their names.
    let is_open = directory.path.ends_with(".d") || directory.path.ends_with("/profiles");
    let Some(names) = directory.entries.as_mut().filter(|_| !is_open) else { return };
    secrets.at(Source::Names);
    names.extend([secrets.word(), secrets.key(), format!("{}.pem", secrets.word())]);
    read::keep_clear_names(directory);
}

fn process(seen: &mut ProcessSeen, os: Os, secrets: &mut Secrets) {
    if let Some(argv) = &mut seen.argv {
        let mut raw: Vec<String> = argv.iter().map(|word| secrets.restored(word)).collect();
        secrets.at(Source::Arguments);
        raw.extend(secrets.arguments());
        if os == Os::Macos {
            // `ps` quotes nothing.
            raw = raw.join(" ").split(' ').map(String::from).collect();
        }
        *argv = redacted::arguments(&raw, &salt());
    }
    if let Some(env) = seen.env.take() {
        secrets.at(Source::Environment);
        let clear = env.iter().map(|(name, value)| format!("{name}={}", secrets.restored(value)));
        let clear: Vec<String> = clear.collect();
        let raw: Vec<String> = clear.into_iter().chain(secrets.variables()).collect();
        seen.env = Some(redacted::variables(&raw, &salt()));
    }
}

/// The environment of the one who looks.
fn environment(
    mut env: BTreeMap<String, String>,
    secrets: &mut Secrets,
) -> BTreeMap<String, String> {
    secrets.at(Source::OwnEnvironment);
    for variable in secrets.variables() {
        let (name, value) = variable.split_once('=').expect("a variable");
        env.insert(name.into(), value.into());
    }
    // Where nothing is, so that the look stays what it was.
    env.entry("XDG_STATE_HOME".into()).or_insert_with(|| format!("/nowhere/{}", secrets.key()));
    about::environment(|name| env.get(name).cloned(), &salt())
}

fn answer(seen: &mut HttpSeen, secrets: &mut Secrets) {
    let Some(body) = seen.body.take() else { return };
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the name of a header");
        headers.append(name, HeaderValue::from_str(value).expect("a header"));
    };
    for (name, value) in &seen.headers {
        secrets.at(Source::Headers);
        let value = match name.as_str() {
            "location" => commands::location(value, secrets),
            "server" => format!("{value} {}", secrets.key()),
            _ => value.clone(),
        };
        add(name, &value);
    }
    secrets.at(Source::Headers);
    add("set-cookie", &format!("session={}", secrets.word()));
    add("www-authenticate", &format!("Bearer realm=\"{}\"", secrets.word()));
    add("x-api-key", &secrets.key());
    add("x-chat-name", &secrets.word());
    let body = commands::body(&secrets.restored(&body), seen.truncated, secrets);
    http::add_answer(seen, &headers, body.as_bytes(), &salt());
}

/// The texts of a snapshot that are written in base64.
pub(crate) fn encoded(snapshot: &Snapshot) -> impl Iterator<Item = Vec<u8>> {
    let files = snapshot.observations.files.iter().flatten();
    files.filter_map(|file| STANDARD.decode(file.base64.as_ref()?).ok())
}
