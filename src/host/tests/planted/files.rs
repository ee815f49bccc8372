//! Plants in files, by their grammar: what a person could have written there, and Hermes would read.

use std::iter;

use gw_snapshot::observation::{FileSeen, Trouble};
use serde_json::{Map, Value, json};

use super::secrets::{Secrets, Source};
use super::sqlite;

/// The file with secrets in it.
pub(super) fn planted(path: &str, text: &str, secrets: &mut Secrets) -> Vec<u8> {
    let (directory, name) = path.rsplit_once('/').expect("an absolute path");
    match name {
        _ if is_malformed(path) => {
            secrets.at(Source::Malformed);
            return text.replace("SECRET", &secrets.word()).into_bytes();
        }
        "executions.db" => {
            secrets.at(Source::Executions);
            return executions(text, secrets);
        }
        "gateway.py" if directory.ends_with("/hermes_cli") => {
            secrets.at(Source::Generator);
            return generator(secrets).into_bytes();
        }
        "wide.env" => {
            secrets.at(Source::Dotenv);
            let wide = dotenv(text, secrets);
            let units = iter::once(0xfeff).chain(wide.encode_utf16());
            return units.flat_map(u16::to_le_bytes).collect();
        }
        "latin.env" => {
            secrets.at(Source::Dotenv);
            return [b"NAME=J\xfcrgen\n".as_slice(), dotenv(text, secrets).as_bytes()].concat();
        }
        "gateway.heartbeat" | "ticker_heartbeat" | "ticker_last_success" | "active_profile" => {
            return text.into();
        }
        _ => {}
    }
    let (source, plant): (Source, fn(&str, &mut Secrets) -> String) = match name {
        ".env" => (Source::Dotenv, dotenv),
        "config.yaml" => (Source::Yaml, yaml),
        "jobs.json" => (Source::JobStore, jobs),
        "gateway.pid" | "gateway.lock" => (Source::PidRecord, document),
        "ESTOP" => (Source::Pause, document),
        "gateway-exit-diag.log" | "gateway-startup-watchdog.log" => (Source::ExitLog, exits),
        "launchd-reload.log" => (Source::ReloadLog, reloads),
        "gateway-starts.log" => (Source::Starts, starts),
        "__init__.py" => (Source::Python, python),
        _ if directory.ends_with("/scripts") => (Source::Script, script),
        _ if directory.ends_with("/gateway-locks") => (Source::PidRecord, document),
        "channel_directory.json" => (Source::State, chats),
        _ if name.ends_with(".json") || name == ".gateway-launchd-unsupported" => {
            (Source::State, document)
        }
        _ if name.ends_with(".service") => (Source::Unit, unit),
        _ if name.ends_with(".conf") => (Source::DropIn, unit),
        _ if name.ends_with(".plist") => (Source::Plist, plist),
        _ if name.ends_with(".log") => (Source::Log, log),
        _ => (Source::Unknown, note),
    };
    secrets.at(source);
    plant(text, secrets).into_bytes()
}

/// Where the files lie in which nothing can be told from anything else.
const BROKEN: &str = "-broken";

/// Such files, each with the secret where a parser would speak of it.
const MALFORMED: [(&str, &str); 17] = [
    ("jobs.json", "{\"jobs\": [SECRET"),
    ("jobs.json", "{\"prompt\": \"SECRET"),
    ("gateway_state.json", "SECRET"),
    ("gateway.pid", "SECRET\n"),
    ("config.yaml", "a: [SECRET\nb: c"),
    ("config.yaml", "a: *SECRET\n"),
    ("config.yaml", "a: !!SECRET x\n"),
    ("config.yaml", "SECRET: x\n SECRET: : y\n"),
    ("config.yaml", "%SECRET\n---\na: \"SECRET\\q\"\n"),
    ("hermes.plist", "<plist version=\"1.0\"><dict><SECRET>"),
    (
        "hermes.plist",
        "<plist version=\"1.0\"><dict><key>a</key><integer>SECRET</integer></dict></plist>",
    ),
    ("hermes.plist", "<plist version=\"1.0\"><dict><key>a</key><date>SECRET</date></dict></plist>"),
    (
        "hermes.plist",
        "<plist version=\"1.0\"><dict><key>a</key><data>SECRET!</data></dict></plist>",
    ),
    (
        "hermes.plist",
        "<plist version=\"1.0\"><dict><key>a</key><string>&SECRET;</string></dict></plist>",
    ),
    ("hermes.plist", "<plist version=\"1.0\"><dict><key>a</key></SECRET></dict></plist>"),
    (
        "hermes.plist",
        "<!DOCTYPE plist [<!ENTITY a \"SECRET\">]><plist version=\"1.0\"><dict/></plist>",
    ),
    ("hermes.plist", "bplist00SECRET"),
];

/// Whether it is one of them.
pub(super) fn is_malformed(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(directory, _)| directory.ends_with(BROKEN))
}

/// Files that lie in many a home, and that no recorded host has.
pub(super) fn add(files: &mut Vec<FileSeen>, home: Option<&str>, secrets: &mut Secrets) {
    let homes = files.iter().filter_map(|file| file.path.strip_suffix("/.env"));
    let homes: Vec<String> = homes.map(String::from).collect();
    let in_home = [
        ("auth.json", "{\"version\": 1}"),
        ("ESTOP", "{\"engaged_at\": \"2026-11-21T03:00:00+00:00\"}"),
        ("channel_directory.json", "{\"platforms\": {}}"),
        ("SOUL.md", "You are Hermes.\n"),
        (".env.backup", "A=1\n"),
        ("wide.env", "A=1\n"),
        ("latin.env", "A=1\n"),
        ("cron/ticker_last_error", "1795224107.68\nOSError: No space left on device\n"),
        ("logs/gateway-exit-diag.log", ""),
        ("logs/gateway-startup-watchdog.log", ""),
        ("scripts/report.sh", "#!/bin/sh\n"),
    ];
    for home in homes {
        for (name, text) in in_home {
            file(files, format!("{home}/{name}"), text);
        }
        for (number, (name, text)) in MALFORMED.into_iter().enumerate() {
            file(files, format!("{home}/{number}{BROKEN}/{name}"), text);
        }
    }
    if let Some(home) = home {
        let lock = format!("{home}/.local/state/hermes/gateway-locks/telegram-1.lock");
        file(files, lock, "{\"pid\": 1, \"scope\": \"telegram\", \"metadata\": {}}");
        secrets.at(Source::Target);
        files.push(FileSeen {
            path: format!("{home}/.hermes/link"),
            target: Some(format!("/mnt/{}/of/{}", secrets.key(), secrets.key())),
            ..FileSeen::default()
        });
    }
}

/// Adds a file, unless it was looked at and is there, or cannot be seen.
fn file(files: &mut Vec<FileSeen>, path: String, text: &str) {
    files.retain(|file| file.path != path || file.error != Some(Trouble::NotFound));
    if files.iter().all(|file| file.path != path) {
        files.push(FileSeen { path, text: Some(text.into()), ..FileSeen::default() });
    }
}

fn dotenv(text: &str, secrets: &mut Secrets) -> String {
    let mut out = lines(text);
    for variable in secrets.variables() {
        out += &format!("{variable}\n");
    }
    let [exported, quoted, spaced] = [secrets.key(), secrets.word(), secrets.word()];
    out += &format!("export ANTHROPIC_API_KEY={exported}\nPLANTED='{quoted}\nand more'\n");
    out += &format!("# once it was {spaced}\nNOTE = \"{}\" # {}\n", secrets.word(), secrets.word());
    out += &format!("TELEGRAM_ALLOWED_USERS={},{}\n", secrets.chat(), secrets.chat());
    out += &format!("{}\nHERMES_TIMEZONE_NOTE=${{PLANTED}}{}\n", secrets.word(), secrets.word());
    out
}

fn yaml(text: &str, secrets: &mut Secrets) -> String {
    let mut out = lines(text);
    out += &format!("# {}\nTELEGRAM_HOME_CHANNEL: {}\n", secrets.word(), secrets.chat());
    out += &format!("planted_model: &m\n  api_key: {} # {}\n", secrets.key(), secrets.word());
    out += &format!("  base_url: {}\n  system_prompt: |\n    {}\n", secrets.url(), secrets.word());
    out += &format!("  folded: >-\n    {}\n    {}\n", secrets.word(), secrets.word());
    out += &format!("  chats: [{}, '{}', {}]\n", secrets.chat(), secrets.chat(), secrets.word());
    out += &format!("  tagged: !!str {}\n  quoted: \"{}\"\n", secrets.word(), secrets.word());
    out += &format!("planted_again: {{name: {}, of: *m}}\n", secrets.word());
    out
}

/// Keys under which no value may be seen.
fn extend(object: &mut Map<String, Value>, secrets: &mut Secrets) {
    let planted = json!({
        "access_token": secrets.key(),
        "base_url": secrets.url(),
        "chat_id": secrets.chat(),
        "chat_name": secrets.word(),
        "metadata": {"of": [secrets.word(), secrets.chat(), {"host_name": secrets.machine()}]},
        "note": secrets.word(),
    });
    object.extend(planted.as_object().expect("an object").clone());
}

/// A document of Hermes: keys of others' in every object of its own, and words in its free texts.
fn document(text: &str, secrets: &mut Secrets) -> String {
    let Ok(mut document) = serde_json::from_str(text) else { return text.into() };
    let Value::Object(top) = &mut document else { return text.into() };
    extend(top, secrets);
    if let Some(Value::Object(platforms)) = top.get_mut("platforms") {
        platforms
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|one| extend(one, secrets));
    }
    free_texts(&mut document, secrets);
    document.to_string()
}

fn chats(text: &str, secrets: &mut Secrets) -> String {
    let mut directory: Value = serde_json::from_str(text).expect("JSON");
    let chat = json!({"id": secrets.chat().to_string(), "name": secrets.word(), "type": "dm"});
    let other = json!({"id": secrets.chat(), "name": secrets.word(), "thread_id": secrets.chat()});
    directory["platforms"] = json!({"telegram": [chat, other]});
    directory.to_string()
}

fn free_texts(part: &mut Value, secrets: &mut Secrets) {
    match part {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text)
                        if matches!(key.as_str(), "error_message" | "exit_reason") =>
                    {
                        *text += &format!(" {}", secrets.sentence());
                    }
                    Value::Array(words) if key == "argv" => {
                        words.extend(secrets.arguments().into_iter().map(Value::from));
                    }
                    _ => free_texts(value, secrets),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|part| free_texts(part, secrets)),
        _ => {}
    }
}

fn jobs(text: &str, secrets: &mut Secrets) -> String {
    let Ok(mut store) = serde_json::from_str::<Value>(text) else { return text.into() };
    let list = if store.is_array() { Some(&mut store) } else { store.get_mut("jobs") };
    for job in list.and_then(Value::as_array_mut).into_iter().flatten() {
        let Value::Object(job) = job else { continue };
        extend(job, secrets);
        job.insert("name".into(), secrets.word().into());
        let prompt = format!("tell {} of {}", secrets.word(), secrets.sentence());
        match job.get_mut("prompt") {
            // What is left of it, restarts of the gateway, is evidence.
            Some(Value::String(text)) => *text += &format!(" {prompt}"),
            _ => drop(job.insert("prompt".into(), prompt.into())),
        }
        let origin = json!({"platform": "telegram", "chat_id": secrets.chat(), "chat_name": secrets.word(),
            "thread_id": secrets.chat().to_string()});
        job.insert("origin".into(), origin);
        for key in ["last_error", "last_delivery_error"] {
            if let Some(Value::String(text)) = job.get_mut(key) {
                *text += &format!(" {} to {}", secrets.word(), secrets.sentence());
            }
        }
        if let Some(Value::String(targets)) = job.get_mut("deliver") {
            *targets += &format!(",telegram:{}:{}", secrets.chat(), secrets.word());
        }
        for claim in ["fire_claim", "run_claim"] {
            if let Some(Value::Object(claim)) = job.get_mut(claim) {
                claim.insert(
                    "by".into(),
                    format!("{}:1:{}", secrets.machine(), secrets.word()).into(),
                );
            }
        }
    }
    if let Value::Object(store) = &mut store {
        extend(store, secrets);
    }
    store.to_string()
}

fn executions(text: &str, secrets: &mut Secrets) -> Vec<u8> {
    let mut rows: Vec<Map<String, Value>> = serde_json::from_str(text).expect("rows");
    for row in &mut rows {
        row.insert("process_id".into(), secrets.word().into());
        row.insert("prompt".into(), secrets.word().into());
        row.insert("chat".into(), secrets.chat().into());
        let said = format!("{} {}", secrets.word(), secrets.sentence());
        match row.get_mut("error") {
            Some(Value::String(error)) => *error += &format!(" {said}"),
            _ => drop(row.insert("output".into(), said.into())),
        }
    }
    sqlite::database("executions", &rows)
}

fn exits(text: &str, secrets: &mut Secrets) -> String {
    let mut record =
        json!({"ts": "2026-01-01T00:00:00+00:00", "phase": "planted", "argv": ["hermes"]});
    extend(record.as_object_mut().expect("an object"), secrets);
    free_texts(&mut record, secrets);
    let known: Vec<String> = text.lines().map(|line| document(line, secrets)).collect();
    format!("{}Traceback of {}\n{record}\n", lines(&known.join("\n")), secrets.word())
}

fn reloads(text: &str, secrets: &mut Secrets) -> String {
    let known = text.lines().map(|line| format!("{line} for gui/501/{}\n", secrets.word()));
    let known: String = known.collect();
    format!("{known}{}\n[{}] said {}\n", secrets.word(), secrets.word(), secrets.sentence())
}

/// A time a line, and nothing that only its place would tell from one.
fn starts(text: &str, secrets: &mut Secrets) -> String {
    format!("{}{}\n", lines(text), secrets.key())
}

fn python(text: &str, secrets: &mut Secrets) -> String {
    format!("{}API_KEY = \"{}\"\n", lines(text), secrets.word())
}

/// The source of a generator of ours, into whose templates somebody wrote what is theirs alone.
fn generator(secrets: &mut Secrets) -> String {
    let text = include_str!("../../../../snapshots/generator/fixtures/text/hermes_cli/gateway.py");
    let mut own = format!("# {}\n", secrets.word());
    for variable in secrets.variables() {
        own += &format!("Environment=\"{variable}\" OTHER_NOTE={}\n", secrets.word());
    }
    own += &format!("ExecStartPre=-/bin/true --token {} {}\n", secrets.word(), secrets.url());
    own += &format!("X-Planted={}\nLoadCredential=a:{}\n", secrets.word(), secrets.word());
    let escaped = own.replace(['{', '}'], "");
    let planted = text.replace("KillMode=mixed\n", &format!("KillMode=mixed\n{escaped}"));
    assert_ne!(planted, text, "there is such a line");
    format!("API_KEY = \"{}\"\n{planted}# {}\n", secrets.word(), secrets.key())
}

fn script(text: &str, secrets: &mut Secrets) -> String {
    format!("{}KEY={} # {}\necho {}\n", lines(text), secrets.key(), secrets.word(), secrets.word())
}

fn unit(text: &str, secrets: &mut Secrets) -> String {
    let mut out = String::new();
    for line in text.lines() {
        match line {
            "[Service]" => {
                out += &format!("{line}\n# {}\n", secrets.word());
                for variable in secrets.variables() {
                    out += &format!("Environment=\"{variable}\" OTHER_NOTE={}\n", secrets.word());
                }
                out += &format!("Environment='NOTE={} \\\n  {}'\n", secrets.word(), secrets.word());
                out += &format!(
                    "ExecStopPost=-/bin/true --token {} {}\n",
                    secrets.word(),
                    secrets.url()
                );
                out +=
                    &format!("X-Planted={}\nLoadCredential=a:{}\n", secrets.word(), secrets.word());
                out += &format!("Sleep {}\n", secrets.word());
            }
            line if line.starts_with("ExecStart=") => {
                let words = secrets.arguments();
                let quoted = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\\\"")));
                out += &format!("{line} {}\n", quoted.collect::<Vec<_>>().join(" "));
            }
            line => out += &format!("{line}\n"),
        }
    }
    out + &format!("\n; {}\n[X-Planted]\nNote={}\n", secrets.word(), secrets.word())
}

fn plist(text: &str, secrets: &mut Secrets) -> String {
    let string = |text: String| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        format!("<string>{text}</string>\n")
    };
    let mut arguments = secrets.arguments().into_iter().map(string).collect::<Vec<_>>();
    // Another way to write the same.
    let last = arguments.pop().expect("arguments");
    arguments.push(last.replace("<string>", "<string xml:space=\"preserve\">"));
    let mut variables = String::new();
    for variable in secrets.variables() {
        let (name, value) = variable.split_once('=').expect("a variable");
        variables += &format!("<key>{name}</key>\n{}", string(value.into()));
    }
    let mut own = format!("<!-- {} -->\n<key>PlantedNote</key>\n", secrets.word());
    own += &format!("<dict><key>a</key><array>{}</array></dict>\n", string(secrets.word()));
    own += &format!("<key>PlantedChat</key>\n<integer>{}</integer>\n", secrets.chat());
    own += &format!("<key>PlantedReal</key>\n<real>{}.5</real>\n", secrets.chat());
    own += &format!("<key>PlantedText</key><string><![CDATA[{}]]></string>\n", secrets.word());
    own += &format!("<key>PlantedLast</key><string >{}</string >\n", secrets.word());
    let text = after(text, "<key>ProgramArguments</key>", "</array>", &arguments.concat());
    let text = after(&text, "<key>EnvironmentVariables</key>", "</dict>", &variables);
    let (before, end) = text.rsplit_once("</dict>").expect("a dictionary");
    format!("{before}{own}</dict>{end}")
}

/// Inserts before the first end after a beginning.
fn after(text: &str, beginning: &str, end: &str, planted: &str) -> String {
    let Some(at) = text.find(beginning) else { return text.into() };
    let (before, rest) = text.split_at(at);
    format!("{before}{}", rest.replacen(end, &format!("{planted}{end}"), 1))
}

fn log(text: &str, secrets: &mut Secrets) -> String {
    let known =
        text.lines().map(|line| format!("{line} {} {}\n", secrets.word(), secrets.sentence()));
    let known: String = known.collect();
    let at = "2026-01-01 00:00:00,001";
    format!(
        "{at} INFO [{}] gateway.run: {} said {}\n{at} INFO {}: hello on {}\n{known}{}\n",
        secrets.word(),
        secrets.word(),
        secrets.sentence(),
        secrets.word(),
        secrets.machine(),
        secrets.word(),
    )
}

fn note(text: &str, secrets: &mut Secrets) -> String {
    format!("{}{} and {}\n", lines(text), secrets.word(), secrets.sentence())
}

/// The text with an end to its last line.
fn lines(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.into() } else { format!("{text}\n") }
}
