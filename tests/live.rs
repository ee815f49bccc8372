//! A real systemd and a real Hermes gateway of three releases, brought into the states of `tests/lab`, and the same
//! gateway under the stand-in for launchd (`tests/launchd`); and what the printed plans make of the states that
//! commands can heal.
//!
//! Needs root, namespaces, overlayfs, systemd and, the first time, PyPI (`tests/lab/lab setup`). It runs where
//! `GW_DOCTOR_LAB` names releases, as `.ci/run` has it, and says aloud where it does not. A release alone means every
//! state, a release with `:sample` the states that are marked as the sample:
//!
//! ```text
//! GW_DOCTOR_LAB="0.22.2 0.19.0:sample"
//! ```

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on must fail"
)]

mod skipped;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use skipped::skipped;
use trace::Trace;

/// The releases of Hermes that the lab has.
const RELEASES: [&str; 3] = ["0.19.0", "0.21.5", "0.22.2"];

/// What the first line must name, and how the run must end.
#[derive(Clone, Copy)]
enum Answer {
    Says(&'static str, i32),
    /// The release has no such state, for this reason.
    None(&'static str),
}
use Answer::{None as No, Says};

/// A state, and what it is called on each release, in the order of [`RELEASES`].
type State = (&'static str, [Answer; 3]);

const fn always(diagnosis: &'static str, exit: i32) -> [Answer; 3] {
    [Says(diagnosis, exit); 3]
}

const STATES: &[State] = &[
    ("healthy", always("healthy", 0)),
    ("healthy-with-jobs", always("healthy", 0)),
    ("healthy-system", always("healthy", 0)),
    ("healthy-system-with-jobs", always("healthy", 0)),
    // Each has a gateway of its own in 0.19; one serves all of them from 0.21.4 on.
    ("three-profiles", always("healthy", 0)),
    ("not-installed", always("not-installed", 1)),
    ("installed-not-enabled-not-running", always("loaded-not-running", 1)),
    ("starting", always("starting", 3)),
    // The unit of 0.21.4 and later tells the gateway that the stop is meant.
    (
        "stopped",
        [Says("stop-phase-death", 1), Says("stopped-on-purpose", 1), Says("stopped-on-purpose", 1)],
    ),
    ("masked", always("masked", 1)),
    ("foreground-owns-port", always("foreground-owns-gateway", 1)),
    ("port-stolen-by-foreign", always("foreign-port-owner", 1)),
    // 0.19 is told to listen and refuses. From 0.20 on a key is what tells it to listen.
    (
        "api-key-missing",
        [
            Says("api-server-refused", 1),
            Says("api-server-not-enabled", 1),
            Says("api-server-not-enabled", 1),
        ],
    ),
    // 0.19 runs on without it. Later ones end at once, with a traceback.
    (
        "aiohttp-missing",
        [Says("dependency-missing", 1), Says("crash-loop", 1), Says("crash-loop", 1)],
    ),
    ("wedged-process", always("wedged", 1)),
    ("frozen", always("frozen", 1)),
    ("frozen-past-systemd", always("frozen", 1)),
    ("held-by-debugger", always("wedged", 1)),
    ("disk-full", always("disk-full", 1)),
    ("home-read-only", always("home-not-writable", 1)),
    ("mounted-over", always("home-mounted-over", 1)),
    ("package-removed", always("package-gone", 1)),
    ("started-by-timer", always("healthy", 0)),
    ("stale-pid-file", always("stale-records", 1)),
    ("crash-loop", always("crash-loop", 1)),
    ("crash-loop-told-by-journal", always("crash-loop", 1)),
    ("code-half-updated", always("crash-loop", 1)),
    ("program-without-its-interpreter", always("exec-failed-before-hermes", 1)),
    ("cron-ticker-stalled", always("ticker-dead", 1)),
    ("cron-overdue-job", always("ticks-blocked", 1)),
    ("cron-corrupt-jobs-json", always("cron-store-broken", 1)),
    ("unreadable-home", always("home-inaccessible", 1)),
    // Before 0.22 no package says which version its process has loaded.
    ("reinstalled", [Says("stale-code", 0), Says("stale-code", 0), Says("healthy", 0)]),
    (
        "upgraded",
        [No("the lab has no release before it"), Says("stale-code", 0), Says("stale-code", 0)],
    ),
];

/// The same under launchd's stand-in.
const MAC_STATES: &[State] = &[
    ("mac-healthy", always("healthy", 0)),
    ("mac-wrapper", always("healthy", 0)),
    ("mac-wrapper-timestamps", always("healthy", 0)),
    ("mac-wrapper-osascript", always("healthy", 0)),
    ("mac-foreground", always("foreground-owns-gateway", 1)),
    ("mac-interrupted-restart", always("unloaded-by-interrupted-restart", 1)),
    ("mac-detached-fallback", always("detached-fallback", 1)),
    ("mac-disabled", always("disabled-override", 1)),
    ("mac-two-domains", always("two-supervisors", 1)),
    ("mac-crash-loop", always("crash-loop", 1)),
    ("mac-parked", always("parked-after-planned-exit", 1)),
    ("mac-old-definition", always("loaded-definition-old", 1)),
];

/// The states that `:sample` means: those in which a release differs, and those in which most is asked.
const SAMPLE: &[&str] = &[
    "healthy-with-jobs",
    "healthy-system",
    "three-profiles",
    "stopped",
    "foreground-owns-port",
    "api-key-missing",
    "aiohttp-missing",
    "crash-loop",
    "cron-ticker-stalled",
    "mac-healthy",
    "mac-foreground",
    "mac-crash-loop",
    "mac-parked",
];

/// The same of the states that plans heal.
const HEALED_SAMPLE: &[&str] =
    &["foreground-owns-port", "failed-with-75", "port-freed", "mac-foreground", "mac-parked"];

/// The states in which nothing at all may be wrong or unknown.
const SPOTLESS: &[&str] =
    &["healthy", "healthy-with-jobs", "healthy-system", "healthy-system-with-jobs", "mac-healthy"];

/// What a gateway that is started anew all the time is called: its home does not stand still under comparison.
const RESTLESS: &[&str] = &["crash-loop", "home-inaccessible", "two-supervisors"];

/// What the lab puts into `.env` as a key.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A release that is wanted, and of its states all or the sample.
struct Lab {
    release: usize,
    sample_only: bool,
}

impl Lab {
    fn name(&self) -> &'static str {
        RELEASES[self.release]
    }

    fn has(&self, state: &str, sample: &[&str]) -> bool {
        !self.sample_only || sample.contains(&state)
    }
}

/// What `GW_DOCTOR_LAB` asks for.
fn wanted() -> Vec<Lab> {
    let Ok(asked) = std::env::var("GW_DOCTOR_LAB") else {
        skipped("the live lab runs where GW_DOCTOR_LAB names releases (root, systemd, unshare)");
        return Vec::new();
    };
    let lab = |word: &str| {
        let (release, sample) = word.split_once(':').unwrap_or((word, "all"));
        assert!(["all", "sample"].contains(&sample), "GW_DOCTOR_LAB: {word}");
        let release = RELEASES.iter().position(|known| *known == release);
        Lab { release: release.expect("a release of the lab"), sample_only: sample == "sample" }
    };
    asked.split_whitespace().map(lab).collect()
}

#[test]
fn every_state_gets_its_name_its_exit_and_the_same_on_replay_and_nothing_is_changed() {
    judge(STATES, "auto", "systemctl");
}

#[test]
fn every_state_under_launchd_gets_its_name_too() {
    judge(MAC_STATES, "launchd", "launchctl");
}

fn judge(states: &[State], manager: &str, program: &str) {
    let mut wrong = Vec::new();
    for lab in wanted() {
        for (state, answers) in states.iter().filter(|(state, _)| lab.has(state, SAMPLE)) {
            let called = format!("{state} on {}", lab.name());
            let (diagnosis, exit) = match answers[lab.release] {
                Says(diagnosis, exit) => (diagnosis, exit),
                No(why) => {
                    skipped(&format!("{called}: {why}"));
                    continue;
                }
            };
            let is_still = !RESTLESS.contains(&diagnosis);
            let home = if is_still { "still" } else { "moving" };
            let said = run(&lab, state, "look.sh", &[home, manager]);
            let mut faults = faults(&said, diagnosis, exit);
            if is_still {
                faults.extend(changes(&said, program));
            }
            if SPOTLESS.contains(state) {
                faults.extend(spots(&said["live"]));
            }
            wrong.extend(faults.into_iter().map(|fault| format!("{called}: {fault}")));
            eprintln!("{called}: {}", said["text"].lines().next().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_names_every_state_that_the_lab_has_and_no_other() {
    for lab in wanted() {
        let states = Command::new(script("lab"))
            .args(["states", "--hermes", lab.name()])
            .output()
            .expect("run the lab");
        let states = String::from_utf8_lossy(&states.stdout).into_owned();
        let healed = Command::new(script("heal")).arg("states").output().expect("run the lab");
        let healed = String::from_utf8_lossy(&healed.stdout).into_owned();
        let here = |answers: &[Answer; 3]| matches!(answers[lab.release], Says(..));
        let judged = STATES.iter().chain(MAC_STATES).filter(|(_, answers)| here(answers));
        let named: BTreeSet<&str> =
            judged.map(|(state, _)| *state).chain(healed.split_whitespace()).collect();
        assert_eq!(named, states.split_whitespace().collect(), "{}", lab.name());
    }
}

#[test]
fn every_printed_plan_heals_and_changes_nothing_else_and_stops_when_there_is_nothing_to_heal() {
    heal("linux");
}

#[test]
fn every_printed_plan_heals_under_launchd_too() {
    heal("mac");
}

/// The table that `tests/lab/heal` prints, which ends with 1 if anything in it is not as it must be.
fn heal(states: &str) {
    for lab in wanted() {
        let sample =
            HEALED_SAMPLE.iter().filter(|state| state.starts_with("mac-") == (states == "mac"));
        let states = if lab.sample_only { sample.copied().collect() } else { vec![states] };
        let output = Command::new(script("heal"))
            .args([env!("CARGO_BIN_EXE_gw-doctor"), "--hermes", lab.name()])
            .args(states)
            .output()
            .expect("run the lab");
        let [table, faults] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        eprintln!("{table}");
        assert!(output.status.success(), "{}: {table}{faults}", lab.name());
    }
}

#[test]
fn who_waits_is_told_when_the_gateway_has_started_and_that_it_never_did() {
    for lab in wanted() {
        let said = run(&lab, "healthy", "wait.sh", &[]);
        let report =
            |name: &str| -> Value { serde_json::from_str(&said[name]).expect("a JSON report") };
        for (name, goal, exit, is_reached) in [
            ("settle", "settled", "settle-exit", true),
            ("up", "healthy", "up-exit", true),
            ("down", "healthy", "exit", false),
        ] {
            let report = report(name);
            assert_eq!(report["waited"]["goal"], goal);
            assert_eq!(report["waited"]["reached"], is_reached, "{name}: {}", report["waited"]);
            assert_eq!(said[exit], if is_reached { "0" } else { "1" }, "{name}");
            let diagnosis = &report["gateways"][0]["diagnoses"][0]["id"];
            assert_eq!(diagnosis == "healthy", is_reached, "{name}: {diagnosis}");
        }
        // A gateway of systemd needs longer to listen than a look takes.
        assert!(report("settle")["waited"]["looks"].as_u64() > Some(1), "{}", said["settle"]);
        assert!(said["said"].contains("not all is healthy (default: "), "{}", said["said"]);
    }
}

/// What is done to a gateway while it is looked at, how each look may name that, and the checks that may fail. The
/// actions of one list follow each other in one machine.
struct Act {
    name: &'static str,
    diagnoses: &'static [&'static str],
    /// What may fail while nobody serves, of a gateway that is meant to stay down or loops.
    fails: &'static [&'static str],
}

const COMES_BACK: &[&str] = &[
    "healthy",
    "command-at-work",
    "draining",
    "restarting",
    "starting",
    "stopped-on-purpose",
    "stop-phase-death",
];
const STAYS_DOWN: &[&str] = &[
    "healthy",
    "command-at-work",
    "draining",
    "starting",
    "stopped-on-purpose",
    "stop-phase-death",
];

const fn comes_back(name: &'static str) -> Act {
    Act { name, diagnoses: COMES_BACK, fails: &[] }
}

const fn stays_down(name: &'static str) -> Act {
    Act { name, diagnoses: STAYS_DOWN, fails: &["job/not-running"] }
}

/// One that begins from a gateway that is down.
const fn begins(name: &'static str) -> Act {
    Act { name, diagnoses: COMES_BACK, fails: &["job/not-running"] }
}

const ACTS: &[&[Act]] = &[
    &[comes_back("hermes-restart"), stays_down("hermes-stop"), begins("hermes-start")],
    &[comes_back("restart"), comes_back("kill"), stays_down("stop"), begins("start")],
    &[comes_back("term")],
    &[Act {
        name: "loop",
        // A look may meet a run of a few milliseconds, of which nothing tells yet that it is one of many.
        diagnoses: &["healthy", "restarting", "starting", "crash-loop", "observer-limited"],
        fails: &["job/crash-loop"],
    }],
];

#[test]
fn no_look_is_wrong_while_the_gateway_comes_and_goes() {
    let mut wrong = Vec::new();
    for lab in wanted() {
        if lab.sample_only {
            skipped(&format!(
                "the looks at what comes and goes on {}, of which none is a sample",
                lab.name()
            ));
            continue;
        }
        for acts in ACTS {
            let names: Vec<&str> = acts.iter().map(|act| act.name).collect();
            let said = run(&lab, "healthy", "sample.py", &[&["auto"], &names[..]].concat());
            for act in *acts {
                wrong.extend(held(act, &said["looks"], lab.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the looks at one act. Says aloud how many there were of each kind.
fn held(act: &Act, looks: &str, release: &str) -> Vec<String> {
    let looks = looks.lines().map(|line| serde_json::from_str::<Value>(line).expect("a look"));
    let looks: Vec<Value> = looks.filter(|look| look["action"] == act.name).collect();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for look in &looks {
        let diagnosis = look["diagnoses"][0].as_str().unwrap_or("none");
        let served = [0, 1].map(|at| look["served"][at] == true);
        let fails = look["claims"].as_array().into_iter().flatten();
        let fails =
            fails.filter(|claim| claim[1] == "failure").filter_map(|claim| claim[0].as_str());
        let false_ones: Vec<&str> =
            fails.filter(|check| served.contains(&true) || !act.fails.contains(check)).collect();
        let fault = match &look["exit"] {
            _ if !act.diagnoses.contains(&diagnosis) => "a false name",
            _ if !false_ones.is_empty() => "a false failure",
            exit if exit == 0 && !served.contains(&true) => "exit 0, and nobody serves",
            exit if exit == 1 && act.fails.is_empty() => "exit 1, and it comes back of itself",
            _ => {
                *kinds.entry(format!("{diagnosis} {}", look["exit"])).or_default() += 1;
                continue;
            }
        };
        let what = format!("{} on {release} after {} ms", act.name, look["ms"]);
        wrong.push(format!("{what}: {fault}: {} {diagnosis}: {}", look["exit"], look["claims"]));
    }
    eprintln!("{} on {release}: {} looks, {} wrong: {kinds:?}", act.name, looks.len(), wrong.len());
    if looks.len() < 10 {
        wrong.push(format!("{} on {release}: only {} looks", act.name, looks.len()));
    }
    wrong
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lab").join(name)
}

/// What a script of the lab says in a state, by its sections.
fn run(lab: &Lab, state: &str, file: &str, arguments: &[&str]) -> BTreeMap<String, String> {
    let is_python = Path::new(file).extension().is_some_and(|extension| extension == "py");
    let interpreter = if is_python { "python3" } else { "sh" };
    let output = Command::new(script("lab"))
        .args(["run", "--hermes", lab.name(), state, "--", interpreter])
        .arg(script(file))
        .arg(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(arguments)
        .output()
        .expect("run the lab");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sections = text.split("\n=== ").skip(1).map(|section| {
        let (name, rest) = section.split_once('\n').unwrap_or((section, ""));
        (name.to_string(), rest.trim_end().to_string())
    });
    let sections: BTreeMap<String, String> = sections.collect();
    assert!(
        sections.contains_key("exit"),
        "{state} on {}: {text}{}",
        lab.name(),
        String::from_utf8_lossy(&output.stderr)
    );
    sections
}

fn faults(said: &BTreeMap<String, String>, diagnosis: &str, exit: i32) -> Vec<String> {
    let mut faults = Vec::new();
    // The first line may be folded: it goes on with indentation up to the first empty one.
    let answer = said["text"].split("\n\n").next().unwrap_or_default();
    let first: Vec<&str> = answer.split_whitespace().collect();
    if !first.join(" ").contains(&format!("[{diagnosis}]")) {
        faults.push(format!("the first line does not name {diagnosis}: {answer}"));
    }
    if said["exit"] != exit.to_string() {
        faults.push(format!("exit {} instead of {exit}", said["exit"]));
    }
    let (live, replay) = (findings(&said["live"]), findings(&said["replay"]));
    if live != replay {
        faults.push(format!("the replay says otherwise:\n  live   {live:?}\n  replay {replay:?}"));
    }
    let leaks = said.iter().find(|(name, text)| name.as_str() != "trace" && text.contains(SECRET));
    faults.extend(leaks.map(|(name, _)| format!("{name} holds a secret")));
    faults
}

/// What is wrong or unknown where nothing may be.
fn spots(report: &str) -> Vec<String> {
    let spots = ["warning", "failure", "unknown"].map(|verdict| format!(" \"{verdict}\" "));
    let findings = findings(report).into_iter();
    let is_spot = |finding: &String| spots.iter().any(|spot| finding.contains(spot));
    findings.filter(is_spot).map(|finding| format!("not spotless: {finding}")).collect()
}

/// What was found, without what grows from one look to the next.
fn findings(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).expect("a JSON report");
    let gateways = report["gateways"].as_array().expect("gateways");
    let all = gateways.iter().flat_map(|gateway| gateway["findings"].as_array().expect("findings"));
    all.map(|finding| format!("{} {} {}", finding["check"], finding["verdict"], finding["scope"]))
        .collect()
}

/// What gw-doctor changed, by the files and by its own calls.
fn changes(said: &BTreeMap<String, String>, asked: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !said["changed"].is_empty() {
        faults.push(format!("something changed: {}", said["changed"]));
    }
    if said["files"].trim().parse::<u32>().unwrap_or(0) < 3 {
        faults.push(format!("too few files were compared: {}", said["files"]));
    }
    let trace = Trace::read(&said["trace"]);
    faults
        .extend(trace.guilty.iter().map(|line| format!("it would have changed something: {line}")));
    if trace.opened < 20 || !trace.programs.iter().any(|program| program == asked) {
        faults.push(format!(
            "the trace shows too little: {} opened, {:?}",
            trace.opened, trace.programs
        ));
    }
    faults
}
