//! The files that `src/report/README.md` hands out: read by parsers, held to what the program prints, checked by the tools of their
//! worlds where these are installed, and run as far as they can be.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

mod skipped;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use gw_checks::diagnosis::{DIAGNOSES, HEALTHY};
use gw_snapshot::parse::plist::Plist;
use gw_snapshot::parse::yaml::{self, Node, Value};
use skipped::skipped;

const BROKEN: &str = "linux-foreground-owns-port";
const WELL: &str = "linux-healthy";

#[test]
fn every_file_can_be_read_and_stands_on_the_page() {
    let page = read("README.md");
    for name in examples() {
        assert!(page.contains(&format!("(examples/{name})")), "{name} is not on the page");
        let text = read(&format!("examples/{name}"));
        match Path::new(&name).extension().and_then(|ending| ending.to_str()) {
            Some("yml") => {
                assert!(matches!(yaml_of(&name).value, Value::Map(_) | Value::List(_)), "{name}");
            }
            Some("plist") => {
                let plist = Plist::read(text.as_bytes()).expect("a plist");
                assert!(format!("{plist:?}").contains("gw-doctor check"), "{plist:?}");
            }
            Some("service" | "timer") => assert!(text.starts_with("[Unit]\n"), "{text}"),
            other => panic!("nothing reads {other:?}"),
        }
    }
    let main = fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(main.contains("(src/report/README.md)"), "the README does not lead to the page");
}

#[test]
fn the_rules_speak_of_metrics_and_causes_that_are_printed() {
    let output = gw_doctor(BROKEN, &["check", "--format", "prometheus"]);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let printed: BTreeSet<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, _)| name)
        .collect();
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let [page, rules, test] =
        ["README.md", "examples/alerts.yml", "examples/alerts.test.yml"].map(read);
    for text in [&page, &rules, &test] {
        let named: BTreeSet<&str> = text
            .match_indices("gw_doctor_")
            .filter_map(|(at, _)| text.get(at..)?.split(|c| !is_of_name(c)).next())
            .collect();
        assert!(!named.is_empty() && named.is_subset(&printed), "{named:?}");
        for rest in text.split("diagnosis=\"").skip(1) {
            let id = rest.split('"').next().unwrap_or_default();
            assert!(id == HEALTHY || DIAGNOSES.iter().any(|kind| kind.id == id), "{id:?}");
        }
    }
    for name in printed {
        assert!(page.contains(name), "the page is silent on {name}");
    }
}

#[test]
fn promtool_takes_the_rules_and_their_test() {
    for args in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        accepts("promtool", &args);
    }
}

#[test]
fn systemd_takes_the_units() {
    accepts("systemd-analyze", &["verify", "./gw-doctor.service", "./gw-doctor.timer"]);
}

/// Where it is installed: the playbook is run, on this machine and without becoming another user.
#[test]
#[cfg(unix)]
fn the_playbook_fails_where_a_gateway_is_broken_or_could_not_be_looked_at() {
    const PROGRAM: &str = "/usr/bin/ansible-playbook";
    if !Path::new(PROGRAM).exists() {
        return skipped(&format!("{PROGRAM} is not installed"));
    }
    let inventory = "[gateways]\nlocalhost ansible_connection=local ansible_become=false \
                     ansible_python_interpreter=/usr/bin/python3\n";
    let playbook = folder().join("examples/look.yml").display().to_string();
    for (host, stand_in, said) in [
        (WELL, None, "failed=0"),
        (BROKEN, None, "the gateway is up but not supervised"),
        (WELL, Some("exit 127"), "failed=1"),
        (WELL, Some("exit 2"), "failed=1"),
    ] {
        let bench = Bench::new(host);
        bench.write("inventory", inventory);
        if let Some(script) = stand_in {
            bench.stand_in(script);
        }
        let output = bench.run(PROGRAM, &["-i", "inventory", &playbook]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(said), "{host} {stand_in:?}: {text}");
        assert_eq!(output.status.success(), said == "failed=0", "{text}");
    }
}

#[test]
fn plutil_takes_the_agent() {
    accepts("plutil", &["-lint", "org.example.gw-doctor.plist"]);
}

#[test]
#[cfg(unix)]
fn the_workflow_fails_where_a_gateway_is_broken_and_leaves_its_reports() {
    for (host, code, annotation) in [(BROKEN, Some(1), "::error "), (WELL, Some(0), "::notice ")] {
        let bench = Bench::new(host);
        let jobs = yaml_of("workflow.yml");
        let steps = jobs.at(&["jobs", "look", "steps"]).expect("the steps");
        let scripts: Vec<&str> =
            items(steps).iter().filter_map(|step| step.get("run")?.as_text()).collect();
        let [look, summary, page] = scripts[..] else { panic!("{scripts:?}") };
        let look = bench.run("bash", &["-e", "-c", look]);
        assert_eq!(look.status.code(), code, "{look:?}");
        assert!(String::from_utf8_lossy(&look.stdout).starts_with(annotation), "{look:?}");
        for script in [summary, page] {
            let output = bench.run("bash", &["-e", "-c", script]);
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        }
        assert!(bench.read("summary.md").starts_with("**"), "{}", bench.read("summary.md"));
        assert!(bench.read("gateways.html").ends_with("</html>\n"));
    }
}

/// Half a file, or an empty one, must never take the place of the last answer.
#[test]
#[cfg(unix)]
fn what_a_timer_runs_replaces_the_metrics_by_an_answer_and_by_nothing_else() {
    let service = read("examples/gw-doctor.service");
    let of_service = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/bin/sh -c '")?.strip_suffix('\''))
        .expect("a command");
    let agent = read("examples/org.example.gw-doctor.plist");
    let of_agent = agent
        .split("<string>cd /usr/local/var/gw-doctor &amp;&amp; ")
        .nth(1)
        .and_then(|rest| rest.split("</string>").next())
        .expect("a command")
        .replace("&gt;", ">");
    let page = read("README.md");
    let of_crontab = page
        .lines()
        .find_map(|line| line.strip_prefix("*/2 * * * * cd /var/lib/gw-doctor && "))
        .expect("a command");
    for script in [of_service, &of_agent, of_crontab] {
        for host in [BROKEN, WELL] {
            let bench = Bench::new(host);
            let output = bench.run("sh", &["-c", script]);
            assert!(output.status.success() && output.stderr.is_empty(), "{script}: {output:?}");
            assert!(bench.read("gw-doctor.prom").contains("gw_doctor_gateway_verdict"), "{script}");
        }
        for broken in ["exit 2", "exit 127", "kill -9 $$"] {
            let bench = Bench::new(BROKEN);
            bench.write("gw-doctor.prom", "before\n");
            bench.stand_in(broken);
            let _ = bench.run("sh", &["-c", script]);
            assert_eq!(bench.read("gw-doctor.prom"), "before\n", "{script} after {broken}");
        }
    }
}

/// Where they are installed: a real collector hands the metrics on through the link that the page has people make, and a real Prometheus
/// scrapes them and keeps the rules.
#[test]
#[cfg(unix)]
fn prometheus_scrapes_what_was_written() {
    let bench = Bench::new(BROKEN);
    let metrics = gw_doctor(BROKEN, &["check", "--format", "prometheus"]);
    bench.write("gw-doctor.prom", &String::from_utf8(metrics.stdout).expect("UTF-8"));
    let folder = bench.0.path();
    fs::create_dir(folder.join("collected")).expect("a directory");
    std::os::unix::fs::symlink(
        folder.join("gw-doctor.prom"),
        folder.join("collected/gw-doctor.prom"),
    )
    .expect("a link");
    let [collector, prometheus] = free_addresses();
    bench.write(
        "prometheus.yml",
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{}']\n\
             scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{collector}']}}]}}]\n",
            self::folder().join("examples/alerts.yml").display()
        ),
    );
    let started = (
        Running::start(
            "prometheus-node-exporter",
            &[
                "--collector.disable-defaults".into(),
                "--collector.textfile".into(),
                format!("--collector.textfile.directory={}", folder.join("collected").display()),
                format!("--web.listen-address={collector}"),
            ],
        ),
        Running::start(
            "prometheus",
            &[
                format!("--config.file={}", folder.join("prometheus.yml").display()),
                format!("--storage.tsdb.path={}", folder.join("data").display()),
                format!("--web.listen-address={prometheus}"),
            ],
        ),
    );
    let (Some(_collector), Some(_prometheus)) = started else {
        return skipped("Prometheus or its collector is missing");
    };
    for (path, expected) in [
        ("/api/v1/query?query=gw_doctor_gateway_verdict", "\"2\"]"),
        ("/api/v1/query?query=gw_doctor_diagnosis", "\"diagnosis\":\"foreground-owns-gateway\""),
        // A recorded host was looked at long ago.
        ("/api/v1/alerts", "\"alertname\":\"GwDoctorSilent\""),
        ("/api/v1/alerts", "Gateway default on"),
    ] {
        let (mut answer, begun) = (String::new(), Instant::now());
        while !answer.contains(expected) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{path}: {answer}");
            thread::sleep(Duration::from_millis(100));
            answer = get(&prometheus, path).unwrap_or_default();
        }
    }
}

/// A program that ends with the test.
struct Running(Child);

impl Running {
    fn start(program: &str, args: &[String]) -> Option<Self> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().ok().map(Self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two addresses of this machine on which nothing listens.
fn free_addresses() -> [String; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("its address").to_string())
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A folder in which `gw-doctor` is ours and looks at a recorded host.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new(host: &str) -> Self {
        let bench = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir(bench.0.path().join("bin")).expect("a directory");
        bench.stand_in(&format!(
            "exec '{}' \"$@\" --from '{}'",
            env!("CARGO_BIN_EXE_gw-doctor"),
            recorded(host).display()
        ));
        bench
    }

    fn stand_in(&self, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write("bin/gw-doctor", &format!("#!/bin/sh\n{script}\n"));
        let path = self.0.path().join("bin/gw-doctor");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        let folder = self.0.path();
        Command::new(program)
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", folder.join("bin").display()))
            .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
            .env("RUNNER_TEMP", folder)
            .env("HOME", folder)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect(program)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect(name);
    }
}

/// Whether a tool, where it is installed, ends with 0 in the folder of the files.
fn accepts(tool: &str, args: &[&str]) {
    let Ok(output) = Command::new(tool).args(args).current_dir(folder().join("examples")).output()
    else {
        return skipped(&format!("{tool} is not installed"));
    };
    assert!(output.status.success(), "{tool} {args:?}: {output:?}");
}

fn gw_doctor(host: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(args)
        .arg("--from")
        .arg(recorded(host))
        .env_clear()
        .output()
        .expect("run gw-doctor")
}

fn yaml_of(name: &str) -> Node {
    yaml::parse(&read(&format!("examples/{name}")))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn items(node: &Node) -> Vec<&Node> {
    let Value::List(items) = &node.value else { return Vec::new() };
    items.iter().map(|item| &**item).collect()
}

fn examples() -> Vec<String> {
    let entries = fs::read_dir(folder().join("examples")).expect("the examples");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string());
    names.map(|name| name.expect("UTF-8")).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).expect(name)
}

fn recorded(host: &str) -> PathBuf {
    root().join("snapshots/hosts").join(host).join("snapshot.json")
}

fn folder() -> PathBuf {
    root().join("src/report")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
