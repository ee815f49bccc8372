//! Every form of the report on every recorded host: read back by a parser of its world, with the exit code of all,
//! and with the same structure whatever a host is called, runs or says.
//!
//! `UPDATE_EXPECT=1` rewrites the kept reports: look at each before you keep it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

#[path = "formats/read.rs"]
mod read;
mod replay;
mod skipped;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use skipped::skipped;

/// A form, the ending of its files, and what reads it: fails where it is malformed, and gives its structure without the
/// words in it.
struct Form {
    name: &'static str,
    ending: &'static str,
    read: fn(&str) -> Vec<String>,
}

const FORMS: &[Form] = &[
    Form { name: "markdown", ending: "md", read: read::markdown },
    Form { name: "html", ending: "html", read: read::html },
    Form { name: "github", ending: "github.txt", read: read::github },
    Form { name: "junit", ending: "junit.xml", read: read::junit },
    Form { name: "sarif", ending: "sarif.json", read: read::sarif },
    Form { name: "prometheus", ending: "prom", read: read::prometheus },
];

/// Hosts whose reports are kept, and the families of checks in them, so that a new check elsewhere changes nothing here.
const KEPT: [&str; 2] = ["linux-foreground-owns-port", "linux-three-profiles"];
const FAMILIES: &str = "job,owner,port";

/// What must stay a word. Each means something in at least one of the forms.
const HOSTILE: [&str; 19] = [
    "%0A::error::planted",
    "\n::error::planted",
    "\r\n::set-output name=planted::1",
    "</testcase><testcase name=\"planted\"/>",
    "]]><planted/>",
    "&planted;&#x0;",
    "| planted | planted |\n|---|---|",
    "`planted` ```\n# planted",
    "**planted** _planted_ ~~planted~~ $planted$ :tada:",
    "[planted](https://planted.example) ![planted](x)",
    "https://planted.example www.planted.example",
    "<details><img src=x onerror=planted></details><!-- planted",
    "@planted #1 \\",
    "\u{1b}[31mplanted\u{1b}]8;;https://planted.example\u{7}",
    "\u{202e}planted\u{2066}",
    "\u{fffe}\u{ffff}\u{85}planted",
    "planted\"} 1\nplanted{planted=\"",
    "{0} {planted} ${{ planted }}",
    "- planted\n\n    planted\n---\n",
];

#[test]
fn every_form_of_every_recorded_host_can_be_read_and_ends_with_the_exit_code() {
    for host in hosts() {
        let snapshot = fs::read_to_string(&host).expect("a snapshot");
        let json: Value =
            serde_json::from_str(&text(&check(&snapshot, &["--format", "json"]))).expect("JSON");
        for form in FORMS {
            let output = check(&snapshot, &["--format", form.name]);
            let code = output.status.code().map(Value::from);
            assert_eq!(code.as_ref(), Some(&json["exit"]), "{} of {}", form.name, host.display());
            assert!(!(form.read)(&text(&output)).is_empty(), "{}", host.display());
        }
    }
}

#[test]
fn nothing_that_a_host_is_called_or_says_breaks_out_of_any_form() {
    for form in FORMS {
        let tame = looks("tame", form.name);
        for hostile in HOSTILE {
            for (at, (tame, said)) in tame.iter().zip(looks(hostile, form.name)).enumerate() {
                let steers = |c: char| c == '\u{1b}' || ('\u{202a}'..'\u{202f}').contains(&c);
                assert!(!said.contains(steers), "{} {hostile:?} {at}: {said}", form.name);
                let [tame, hostile] = [tame, &said].map(|said| (form.read)(said));
                assert_eq!(tame, hostile, "{} {at}: {said}", form.name);
            }
        }
    }
}

/// Without this the tests above would hold for readers that take everything.
#[test]
fn the_readers_refuse_what_their_worlds_refuse() {
    let snapshot =
        fs::read_to_string(recorded("linux-port-stolen-by-foreign")).expect("a snapshot");
    for (form, good, bad) in [
        ("markdown", "</details>", ""),
        ("markdown", "by another program", "by <b>another</b> program"),
        ("html", "</details>", ""),
        ("html", "by another program", "by <b>another</b> program"),
        ("html", "<body>", "<body><script>1</script>"),
        ("html", "<li>", "<li onclick=\"planted\">"),
        ("html", "default-src 'none'", "default-src *"),
        ("html", "color: inherit", "color: red"),
        ("html", "href=\"#g1-f", "href=\"https://planted.example/#g1-f"),
        ("html", "href=\"#g1-f", "href=\"#g9-f"),
        ("html", "<h1", "<p>first</p><h1"),
        ("github", "::error ", "::fatal "),
        ("github", "title=", "file=a,title="),
        ("github", "%0A", "\n"),
        ("junit", "failures=\"4\"", "failures=\"3\""),
        ("junit", "<properties>", "<properties>&nbsp;"),
        ("junit", "the log", "\u{1}"),
        ("sarif", "\"level\": \"error\"", "\"level\": \"fatal\""),
        ("sarif", "file:///home", "file:///home or"),
        ("sarif", "\"ruleIndex\": ", "\"ruleIndex\": 9"),
        ("prometheus", "# TYPE gw_doctor_info gauge\n", ""),
        ("prometheus", "profile=\"default\"} 0", "profile=\"de\"fault\"} 0"),
        ("prometheus", "check=\"job/not-running\"", "check=\"job/not-loaded\""),
        ("sarif", "PID 398", "{PID} 398"),
    ] {
        let read = FORMS.iter().find(|known| known.name == form).expect("a form").read;
        let report = text(&check(&snapshot, &["--format", form]));
        let broken = report.replace(good, bad);
        assert_ne!(report, broken, "{form} has no {good:?}");
        assert!(std::panic::catch_unwind(|| read(&broken)).is_err(), "{form} takes {bad:?}");
    }
}

/// Without this the structure would be the same if no host's words were ever printed.
#[test]
fn what_was_planted_is_printed_where_names_are_not_hidden() {
    for form in FORMS.iter().filter(|form| !NAMELESS.contains(&form.name)) {
        let said = looks("planted", form.name);
        let printed = said.iter().filter(|said| said.contains("planted")).count();
        // Of all the words of a host, a metric holds the name of a profile.
        let expected = if form.name == "prometheus" { 1 } else { said.len() };
        assert_eq!(printed, expected, "{}: {said:#?}", form.name);
    }
}

#[test]
fn the_reports_of_two_hosts_are_those_that_are_kept() {
    let mut wrong = Vec::new();
    for host in KEPT {
        let snapshot = fs::read_to_string(recorded(host)).expect("a snapshot");
        for form in FORMS {
            let report = text(&check(&snapshot, &["--only", FAMILIES, "--format", form.name]));
            let report = match form.name {
                "sarif" => without_rules(&report),
                "html" => without_style(&report),
                // Whether the seal held is a matter of where this test runs.
                "prometheus" => report.replace("gw_doctor_confined 1", "gw_doctor_confined 0"),
                _ => report,
            };
            let path = root().join(format!("tests/formats/{host}.{}", form.ending));
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                fs::write(&path, &report).expect("write the report");
            } else if fs::read_to_string(&path).unwrap_or_default() != report {
                wrong.push(format!("{}:\n{report}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "not as kept:\n{}", wrong.join("\n"));
}

/// Where it is installed: the tool of Prometheus itself takes the metrics.
#[test]
fn promtool_takes_the_metrics_of_a_hostile_host() {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut promtool) = command.stdout(Stdio::null()).spawn() else {
        return skipped("promtool is not installed");
    };
    let [_, _, metrics] = looks(&HOSTILE.concat(), "prometheus");
    let mut input = promtool.stdin.take().expect("its input");
    input.write_all(metrics.as_bytes()).expect("the metrics");
    drop(input);
    let output = promtool.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// The pages stand in the rules, and the place of a rule in their list changes with every new check.
fn without_rules(report: &str) -> String {
    let mut report: Value = serde_json::from_str(report).expect("JSON");
    *report.pointer_mut("/runs/0/tool/driver/rules").expect("the rules") = json!([]);
    for result in report["runs"][0]["results"].as_array_mut().expect("the results") {
        result["ruleIndex"] = json!(0);
    }
    format!("{report:#}\n")
}

/// How a page looks is for the eye, and `tests/browser.rs` has it photographed.
fn without_style(report: &str) -> String {
    let (head, rest) = report.split_once("<style>").expect("a style");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let (before, policy) = head.split_once("'sha256-").expect("its digest");
    let (_, after) = policy.split_once('\'').expect("its end");
    format!("{before}'sha256-'{after}<style></style>{body}")
}

/// The forms that are made to be passed on.
const NAMELESS: [&str; 2] = ["markdown", "html"];

/// Everything in a bug report that a person, a machine or a chat could be known by.
#[test]
fn a_bug_report_names_nobody() {
    const NAMES: [&str; 7] = [
        "zebulon",
        "ophelia",
        "mbp-of",
        "192.168.178.31",
        "123456789012",
        "5c4c555e9afb",
        "standup",
    ];
    let said = "chat 123456789012 of zebulon on MBP-of-Zebulon (192.168.178.31), job standup";
    for host in ["linux-three-profiles", "linux-port-stolen-by-foreign", "linux-cron-overdue-job"] {
        let mut snapshot = snapshot(host);
        if host == "linux-port-stolen-by-foreign" {
            in_file(&mut snapshot, "gateway_state.json", |state| {
                state["exit_reason"] = json!(said);
            });
        }
        let text_of = snapshot.to_string();
        let renamed = text_of
            .replace("/home/lab", "/home/zebulon")
            .replace("\"lab\"", "\"zebulon\"")
            .replace("coder", "ophelia")
            .replace("127.0.0.1:8642 ", "192.168.178.31:8642 ");
        assert_ne!(text_of, renamed);
        let json = text(&check(&renamed, &["--format", "json"]));
        assert!(json.contains("zebulon"), "{host} has its new names");
        for form in NAMELESS {
            let report = text(&check(&renamed, &["--format", form])).to_lowercase();
            for name in NAMES {
                assert!(!report.contains(name), "{host}: {name} in {report}");
            }
        }
    }
    for host in hosts() {
        let snapshot = fs::read_to_string(&host).expect("a snapshot");
        let about: Value = serde_json::from_str(&snapshot).expect("JSON");
        let home = about["host"]["home"].as_str().expect("a home");
        for form in NAMELESS {
            let report = text(&check(&snapshot, &["--format", form]));
            assert!(!report.contains(home), "{home} in {report}");
        }
    }
}

#[test]
fn a_bug_report_on_very_many_gateways_fits_into_a_comment() {
    let homes: Vec<String> = (0..400).map(|at| format!("--home=/srv/{at}")).collect();
    let args = homes.iter().map(String::as_str).chain(["--format", "markdown"]);
    let args: Vec<&str> = args.collect();
    let report = text(&check(&snapshot("linux-wedged-process").to_string(), &args));
    assert!((50_000..65_536).contains(&report.len()), "{}", report.len());
    assert!(report.starts_with("**✗ default: "), "the worst comes first: {report}");
    assert!(report.contains("more parts would have made this too long"), "{report}");
    assert!(!read::markdown(&report).is_empty());
}

/// What a live look at a home full of secrets prints, in every form: none of them.
#[test]
#[cfg(unix)]
fn no_form_holds_a_planted_secret() {
    const SECRETS: [&str; 6] = [
        "sk-planted0123456789abcdef0123456789",
        "123456789:AAplantedplantedplantedplantedplanted",
        "planted-name-of-a-job",
        "planted words of a prompt",
        "-1009876543210",
        "planted-in-an-error",
    ];
    let [key, token, name, prompt, chat, error] = SECRETS;
    let home = tempfile::tempdir().expect("a directory");
    let hermes = home.path().join(".hermes");
    fs::create_dir_all(hermes.join("cron")).expect("a directory");
    fs::create_dir_all(hermes.join("logs")).expect("a directory");
    let write = |name: &str, content: String| fs::write(hermes.join(name), content).expect(name);
    write(
        ".env",
        format!("API_SERVER_ENABLED=true\nAPI_SERVER_KEY={key}\nTELEGRAM_BOT_TOKEN={token}\n"),
    );
    write("config.yaml", format!("model:\n  api_key: {key}\nhome_channel: '{chat}'\n"));
    let job = json!({"jobs": [{"id": "8cdd638f3642", "name": name, "prompt": prompt, "enabled": true,
        "deliver": format!("telegram:{chat}"), "origin": {"chat_id": chat},
        "schedule": {"kind": "interval", "minutes": 5, "display": "every 5m"},
        "schedule_display": "every 5m", "last_status": "error", "last_error": error,
        "last_delivery_error": error, "next_run_at": "2026-01-01T00:00:00+00:00"}]});
    write("cron/jobs.json", job.to_string());
    let state = json!({"gateway_state": "startup_failed", "pid": 1, "exit_reason": format!("401 for {key}"),
        "platforms": {"telegram": {"state": "fatal", "error_message": format!("bad token {token}")}}});
    write("gateway_state.json", state.to_string());
    write(
        "logs/gateway.log",
        format!("2026-11-21 03:28:40,433 ERROR gateway: {prompt} {key} address already in use\n"),
    );
    let forms = FORMS.iter().map(|form| form.name).chain(["text", "json", "nagios"]);
    for form in forms {
        let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
            .args(["check", "--timeout", "5", "--format", form])
            .env_clear()
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .output()
            .expect("run gw-doctor");
        let said = text(&output);
        assert!(said.contains("overdue") || form == "nagios", "{form} looked at it: {said}");
        for secret in SECRETS {
            assert!(!said.contains(secret), "{form} holds {secret}: {said}");
        }
    }
}

/// The reports on hosts where a program, an error, a job, a profile and a unit bear this name.
fn looks(name: &str, form: &str) -> [String; 3] {
    let mut stolen = snapshot("linux-port-stolen-by-foreign");
    for process in stolen["observations"]["processes"].as_array_mut().expect("processes") {
        if process["pid"] == 398 {
            process["argv"] = json!(["python3", name]);
        }
    }
    in_file(&mut stolen, "gateway_state.json", |state| {
        state["exit_reason"] = json!(name);
        state["platforms"]["api_server"]["error_message"] = json!(name);
        state["platforms"]["api_server"]["state"] = json!("fatal");
    });
    let mut overdue = snapshot("linux-cron-overdue-job");
    in_file(&mut overdue, "cron/jobs.json", |store| {
        for key in ["id", "name", "schedule_display"] {
            store["jobs"][1][key] = json!(name);
        }
        store["jobs"][1]["last_status"] = json!("error");
        store["jobs"][1]["last_error"] = json!(name);
    });
    let profile = format!("--home=/srv/{}", name.replace('\0', ""));
    let looks: [(Value, &[&str]); 3] =
        [(stolen, &[]), (overdue, &[]), (snapshot("linux-healthy"), &[&profile])];
    looks.map(|(snapshot, args)| {
        let args = [args, &["--format", form]].concat();
        text(&check(&snapshot.to_string(), &args))
    })
}

fn snapshot(host: &str) -> Value {
    let text = fs::read_to_string(recorded(host)).expect("a snapshot");
    serde_json::from_str(&text).expect("JSON")
}

/// Changes the JSON in a file of a snapshot.
fn in_file(snapshot: &mut Value, ending: &str, change: impl Fn(&mut Value)) {
    let files = snapshot["observations"]["files"].as_array_mut().expect("files");
    let file = files.iter_mut().find(|file| {
        file["path"].as_str().is_some_and(|path| path.ends_with(ending)) && file["text"].is_string()
    });
    let file = file.expect("such a file");
    let mut content = serde_json::from_str(file["text"].as_str().expect("text")).expect("JSON");
    change(&mut content);
    file["text"] = json!(content.to_string());
}

/// One look at a snapshot on standard input. Standard error must stay empty.
fn check(snapshot: &str, args: &[&str]) -> Output {
    let arguments = [&["check", "--from", "-"], args].concat();
    let output = replay::run(&arguments, snapshot.as_bytes());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn recorded(host: &str) -> PathBuf {
    root().join("snapshots/hosts").join(host).join("snapshot.json")
}

fn hosts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("snapshots/hosts")).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a host").path().join("snapshot.json")).collect();
    hosts.sort();
    assert!(!hosts.is_empty());
    hosts
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
