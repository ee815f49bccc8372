//! The promise that is tested here: a secret of a host stands in no snapshot and in no output of any form, and a name in
//! none that is made to be passed on. Every recorded host, with secrets planted in all that it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Parser as _;
use gw_checks::compare::{self, Look};
use gw_checks::examine::{Selection, examine};
use gw_checks::intent::{Intent, Reference};
use gw_checks::plan::{self, Chosen};
use gw_checks::timeline::Timeline;
use gw_snapshot::facts::Facts;
use gw_snapshot::recorded::Recorded;
use gw_snapshot::snapshot::Snapshot;

use crate::cli::{CheckArgs, Cli, Command};
use crate::exit::{Exit, FailOn};
use crate::gather;
use crate::host::tests::planted::{Secrets, Source, encoded, leak, planted};
use crate::host::{Sealed, definition};
use crate::report::{self, Report, difference};

/// Every form of a report.
const FORMS: [&[&str]; 12] = [
    &["--format", "text"],
    &["--format", "text", "-v"],
    &["--format", "text", "-q"],
    &["--format", "text", "-v", "--color", "always"],
    &["--format", "json"],
    &["--format", "markdown"],
    &["--format", "html"],
    &["--format", "github"],
    &["--format", "junit"],
    &["--format", "sarif"],
    &["--format", "prometheus"],
    &["--format", "nagios"],
];

/// The forms that name nobody.
const NAMELESS: [&str; 2] = ["markdown", "html"];

/// What the user and the profiles of every host are called here.
const USER: &str = "zebulon";
const PROFILE: &str = "ophelia";

/// Accounts and profiles whose names are words of every host.
const COMMON: [&str; 5] = ["default", "gateway", "hermes", "root", "user"];

/// What was planted in one host, and what came out.
#[derive(Default)]
struct Told {
    planted: BTreeMap<Source, usize>,
    faults: Vec<String>,
    /// The names that stand where names may.
    names: BTreeSet<&'static str>,
    /// Whether a definition of its own was compared with what is installed.
    has_reference: bool,
}

#[test]
fn no_secret_of_any_host_is_in_a_snapshot_or_in_any_form_of_a_report() {
    let hosts = hosts();
    let workers = thread::available_parallelism().map_or(2, usize::from).min(8);
    let told: Vec<Told> = thread::scope(|scope| {
        let parts = hosts.chunks(hosts.len().div_ceil(workers));
        let looks = parts
            .map(|part| scope.spawn(|| part.iter().map(|host| tell(host)).collect::<Vec<_>>()));
        let looks: Vec<_> = looks.collect();
        looks.into_iter().flat_map(|look| look.join().expect("a look")).collect()
    });
    let faults: Vec<&String> = told.iter().flat_map(|told| &told.faults).collect();
    let first = faults.get(..MOST).unwrap_or(&faults);
    assert!(faults.is_empty(), "{} faults, of which the first: {first:#?}", faults.len());
    for source in Source::ALL {
        let planted: usize = told.iter().filter_map(|told| told.planted.get(&source)).sum();
        assert!(planted > 0, "nothing was planted in {source:?}");
    }
    for name in [USER, PROFILE] {
        assert!(told.iter().any(|told| told.names.contains(name)), "nobody is called {name}");
    }
    assert!(told.iter().any(|told| told.has_reference), "no definition was compared");
}

/// So many faults can be read.
const MOST: usize = 40;

/// Plants in a recorded host, looks at it, and prints what there is to print.
fn tell(host: &Path) -> Told {
    let name =
        host.parent().and_then(Path::file_name).expect("a name").to_string_lossy().into_owned();
    let recorded =
        Snapshot::read(&fs::read_to_string(host).expect("a snapshot")).expect("a snapshot");
    assert!(leak(&recorded.write().expect("JSON")).is_none(), "{name} has such words of its own");
    let before = renamed(&recorded);
    let mut secrets = Secrets::default();
    let (after, definitions) = planted(before.clone(), &mut secrets);
    let mut told = Told { planted: std::mem::take(&mut secrets.planted), ..Told::default() };
    let snapshot = after.write().expect("JSON");
    let mut outputs = vec![("snapshot".to_string(), snapshot.clone())];
    outputs.extend(
        encoded(&after)
            .map(|bytes| ("base64".into(), String::from_utf8_lossy(&bytes).into_owned())),
    );
    let args = args(&["--format", "text"]);
    let facts = |snapshot: Snapshot| {
        gather(&Recorded::new(snapshot), &args.look).expect("facts of a recorded host")
    };
    let was = facts(before);
    let is = facts(Snapshot::read(&snapshot).expect("a snapshot"));
    let none = Intent::default();
    outputs.extend(printed(&is, &none));
    outputs.extend(difference(&was, &is));
    let reference = definitions
        .iter()
        .find_map(|(path, bytes)| Reference::read(&definition(path, bytes), true).ok());
    if reference.is_some() {
        told.has_reference = true;
        outputs.extend(printed(&is, &Intent { reference, ..Intent::default() }));
    }
    for (form, output) in outputs {
        assert!(!output.is_empty() || form.contains("-q"), "{name}: {form} says nothing");
        told.faults.extend(leak(&output).map(|around| format!("{name}: {form}: {around}")));
        let names = [USER, PROFILE].into_iter().filter(|name| output.contains(name));
        if NAMELESS.iter().any(|nameless| form.contains(nameless)) {
            told.faults.extend(names.map(|told| format!("{name}: {form} names {told}")));
        } else {
            told.names.extend(names);
        }
    }
    // `launchctl list` is what people paste; a live look does not ask for it.
    let exits = [exit(&was), exit(&is)];
    if exits[0] != exits[1] && !told.planted.contains_key(&Source::LaunchctlList) {
        told.faults.push(format!("{name}: what is wrong changes by its secrets: {exits:?}"));
    }
    told
}

fn exit(facts: &Facts) -> Exit {
    let examined = examine(facts, &Intent::default(), &Selection::default());
    Report::new(facts, &Intent::default(), examined, FailOn::Failure, &Sealed::Off).exit
}

/// Every report and every plan.
fn printed(facts: &Facts, intent: &Intent) -> Vec<(String, String)> {
    let examined = || examine(facts, intent, &Selection::default());
    let report = Report::new(facts, intent, examined(), FailOn::Failure, &Sealed::Off);
    let mut outputs: Vec<(String, String)> = FORMS
        .iter()
        .map(|words| (words.join(" "), report.render(&args(words)).expect("a report")))
        .collect();
    let plans = plan::plans(facts, intent, &examined());
    let all = Chosen(Vec::new());
    outputs.push(("plan".into(), plan::script::write(&plans, facts.about.uid, &all)));
    outputs.push(("plan as JSON".into(), report::plan::json(facts, &plans, &all).expect("JSON")));
    let timelines: Vec<Timeline> =
        facts.gateways.iter().map(|gateway| Timeline::of(facts, gateway)).collect();
    for form in ["text", "json", "markdown", "html"] {
        let cli = Cli::try_parse_from(["gw-doctor", "timeline", "--format", form]);
        let Some(Command::Timeline(args)) = cli.expect("arguments").command else {
            panic!("no timeline")
        };
        let told = report::timeline::render(facts, &timelines, &args).expect("a timeline");
        outputs.push((format!("timeline as {form}"), told));
    }
    outputs
}

fn difference(was: &Facts, is: &Facts) -> Vec<(String, String)> {
    let [before, after] =
        [was, is].map(|facts| examine(facts, &Intent::default(), &Selection::default()));
    let before = Look { facts: was, examined: &before };
    let after = Look { facts: is, examined: &after };
    let ways = [(before, after), (after, before)].into_iter().flat_map(|(one, other)| {
        let changes = compare::compare(one, other);
        let text = difference::text(&changes, clap::ColorChoice::Never);
        [("diff", text), ("diff as JSON", difference::json(&changes).expect("JSON"))]
    });
    ways.map(|(form, text)| (form.to_string(), text)).collect()
}

fn args(words: &[&str]) -> CheckArgs {
    let cli = Cli::try_parse_from(["gw-doctor", "check"].iter().chain(words)).expect("arguments");
    let Some(Command::Check(args)) = cli.command else { panic!("no check: {words:?}") };
    args
}

/// The same host, of a user and with profiles of other names.
fn renamed(snapshot: &Snapshot) -> Snapshot {
    let about = &snapshot.host;
    let facts = gather(&Recorded::new(snapshot.clone()), &args(&[]).look).expect("facts");
    let mut text = snapshot.write().expect("JSON");
    if let Some(home) = &about.home {
        let place = if home.starts_with("/Users/") { "/Users/" } else { "/home/" };
        text = with_word(&text, home, &format!("{place}{USER}"));
    }
    let user = about.user.as_deref().unwrap_or_default();
    for before in
        ["/home/", "/Users/", "linger/", "Name=", "User=", "USER=", "LOGNAME=", "\"user\": \""]
    {
        let of_user = |name: &str| format!("{before}{name}");
        text =
            if user.is_empty() { text } else { with_word(&text, &of_user(user), &of_user(USER)) };
    }
    if !COMMON.contains(&user) && !user.is_empty() {
        text = with_word(&text, user, USER);
    }
    let profiles = facts.gateways.iter().map(|gateway| gateway.home.profile.as_str());
    let own = profiles.filter(|profile| !COMMON.contains(profile) && !profile.contains('/'));
    for (number, profile) in own.enumerate() {
        text = with_word(&text, profile, &format!("{PROFILE}{number}"));
    }
    Snapshot::read(&text).expect("a snapshot")
}

/// With another word in the place of this one, wherever it stands alone.
fn with_word(text: &str, word: &str, other: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before);
        let goes_on = after.starts_with(is_part);
        let begins = !word.starts_with(is_part) || !out.ends_with(is_part) || out.ends_with("\\n");
        out.push_str(if begins && !goes_on { other } else { word });
        rest = after;
    }
    out + rest
}

fn hosts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/hosts");
    let entries = fs::read_dir(root).expect("the recorded hosts");
    let mut hosts: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a host").path().join("snapshot.json")).collect();
    hosts.sort();
    hosts
}
