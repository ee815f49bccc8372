//! How many programs a Mac of many profiles costs, and what is known of those that were not asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use crate::fact::Fact;
use crate::facts::gateway::Facts;
use crate::facts::gather::{Wanted, gather};
use crate::facts::job::{Exit, Job};
use crate::host::{Ask, Host, Part, Question, Seen};
use crate::observation::{
    CommandSeen, DirectorySeen, FileSeen, FilesystemSeen, HttpSeen, ListenerSeen, LockSeen,
    ProcessSeen,
};
use crate::recorded::Recorded;
use crate::snapshot::{About, Snapshot};

/// Seven profiles that were parked, of which three were recorded: `default`, `coder` and `ops`.
const PARKED: &str =
    include_str!("../../../hosts/b03-seven-profiles-exit75-pended-inefficient/snapshot.json");

/// A recorded host that counts the programs that it is asked to run.
struct Counting {
    host: Recorded,
    programs: RefCell<BTreeSet<Ask>>,
}

impl Counting {
    fn new(snapshot: &Value) -> Self {
        let snapshot: Snapshot = serde_json::from_value(snapshot.clone()).expect("a snapshot");
        Self { host: Recorded::new(snapshot), programs: RefCell::default() }
    }

    fn programs(&self, profiles: &[&str]) -> (usize, Facts) {
        let profiles = profiles.iter().map(ToString::to_string).collect();
        let facts = gather(self, &Wanted { profiles, ..Wanted::default() });
        (self.programs.borrow().len(), facts)
    }
}

impl Host for Counting {
    fn about(&self) -> &About {
        self.host.about()
    }

    fn now(&self) -> Timestamp {
        self.host.now()
    }

    fn prepare(&self, questions: Vec<Question>) {
        let asks = questions.into_iter().filter_map(|question| match question {
            Question::Command(ask) => Some(ask),
            _ => None,
        });
        self.programs.borrow_mut().extend(asks);
    }

    fn command(&self, ask: &Ask) -> Vec<CommandSeen> {
        self.programs.borrow_mut().insert(ask.clone());
        self.host.command(ask)
    }

    fn file(&self, path: &str, part: Part) -> FileSeen {
        self.host.file(path, part)
    }

    fn directory(&self, path: &str) -> DirectorySeen {
        self.host.directory(path)
    }

    fn definitions(&self, directory: &str, ending: &str) -> Seen<FileSeen> {
        self.host.definitions(directory, ending)
    }

    fn processes(&self) -> Seen<ProcessSeen> {
        self.host.processes()
    }

    fn process(&self, pid: u32) -> ProcessSeen {
        self.host.process(pid)
    }

    fn listeners(&self, ports: &[u16]) -> Seen<ListenerSeen> {
        self.host.listeners(ports)
    }

    fn lock(&self, path: &str) -> LockSeen {
        self.host.lock(path)
    }

    fn filesystem(&self, path: &str) -> FilesystemSeen {
        self.host.filesystem(path)
    }

    fn http(&self, url: &str) -> HttpSeen {
        self.host.http(url)
    }
}

fn parked() -> Value {
    serde_json::from_str(PARKED).expect("a recorded host")
}

/// The same host with so many more profiles, each a copy of `coder`: `p000`, `p001`, …
fn with_profiles(count: usize) -> Value {
    let mut host = parked();
    for kind in ["files", "directories", "commands"] {
        let of_coder: Vec<String> = list(&mut host, kind)
            .iter()
            .map(ToString::to_string)
            .filter(|text| text.contains("coder") && !text.contains("ops"))
            .collect();
        for number in 0..count {
            let name = format!("p{number:03}");
            let copies = of_coder.iter().map(|text| text.replace("coder", &name));
            let copies = copies.map(|text| serde_json::from_str(&text).expect("a copy"));
            list(&mut host, kind).extend(copies);
        }
    }
    let names: Vec<Value> = (0..count).map(|number| format!("p{number:03}").into()).collect();
    let profiles = list(&mut host, "directories")
        .iter_mut()
        .find(|directory| directory["path"] == "/Users/user/.hermes/profiles");
    let entries = profiles.expect("the profiles")["entries"].as_array_mut().expect("entries");
    entries.extend(names);
    rows(&mut host, |rows| {
        let more = (0..count).map(|n| format!("\t\t       0     75 \tai.hermes.gateway-p{n:03}\n"));
        [rows.to_string()].into_iter().chain(more).collect()
    });
    host
}

fn list<'a>(host: &'a mut Value, kind: &str) -> &'a mut Vec<Value> {
    host["observations"][kind].as_array_mut().expect("a list")
}

/// Edits the rows of the services of `gui/501`, and has `user/501` print that it has none.
fn rows(host: &mut Value, edit: impl Fn(&str) -> String) {
    let commands = list(host, "commands");
    let printed = |command: &Value, domain: &str| {
        command["argv"]
            .as_array()
            .is_some_and(|argv| argv.len() == 3 && argv[1] == "print" && argv[2] == domain)
    };
    let gui = commands.iter_mut().find(|command| printed(command, "gui/501")).expect("a print");
    let text = gui["stdout"].as_str().expect("text").replace("\tservice count = 400\n", "");
    let (before, rest) = text.split_once("services = {\n").expect("services");
    let (rows, after) = rest.split_once("\t}\n").expect("an end");
    gui["stdout"] = format!("{before}services = {{\n{}\t}}\n{after}", edit(rows)).into();
    if !commands.iter().any(|command| printed(command, "user/501")) {
        commands.push(serde_json::json!({
            "argv": ["launchctl", "print", "user/501"],
            "exit": 0,
            "stdout": "user/501 = {\n\ttype = user\n\tservice count = 0\n\tservices = {\n\t}\n}\n",
        }));
    }
}

fn job<'a>(facts: &'a Facts, profile: &str) -> &'a Fact<Job> {
    let gateway = facts.gateways.iter().find(|gateway| gateway.home.profile == profile);
    &gateway.expect("a gateway").lanes[0].job
}

/// Whether launchd was asked for this label itself: only then it says what holds back a start.
fn is_asked(job: &Fact<Job>) -> bool {
    job.known().and_then(|job| job.launchd.as_ref()?.pended.as_ref()).is_some()
}

#[test]
fn a_hundred_profiles_cost_a_constant_number_of_programs_and_no_more_than_three_times_one() {
    let mut one = parked();
    list(&mut one, "directories")
        .retain(|directory| directory["path"] != "/Users/user/.hermes/profiles");
    list(&mut one, "files").retain(|file| {
        let path = file["path"].as_str().expect("a path");
        !path.contains("coder") && !path.contains("ops")
    });
    rows(&mut one, |rows| rows.lines().take(1).flat_map(|row| [row, "\n"]).collect());
    let (one, facts) = Counting::new(&one).programs(&[]);
    assert_eq!((one, facts.gateways.len()), (7, 1));
    let (hundred, facts) = Counting::new(&with_profiles(97)).programs(&[]);
    assert_eq!(facts.gateways.len(), 100);
    assert!(hundred <= 3 * one, "{hundred}, and {one} for one");
    let (three_hundred, _) = Counting::new(&with_profiles(297)).programs(&[]);
    assert_eq!(three_hundred, hundred);
}

#[test]
fn what_was_not_asked_for_is_known_by_the_list_of_its_domain() {
    let (_, facts) = Counting::new(&with_profiles(97)).programs(&[]);
    let asked = facts.gateways.iter().filter(|gateway| is_asked(&gateway.lanes[0].job)).count();
    assert_eq!(asked, 8);
    for gateway in &facts.gateways {
        let job = gateway.lanes[0].job.known().expect("a job");
        assert_eq!((job.main_pid, job.last_exit), (None, Some(Exit::Code(75))));
    }
}

#[test]
fn a_profile_that_is_named_is_asked_for_itself() {
    let (programs, facts) = Counting::new(&with_profiles(97)).programs(&["p077"]);
    assert_eq!(facts.asked().count(), 1);
    assert!(is_asked(job(&facts, "p077")));
    assert!(programs <= 21, "{programs}");
}

#[test]
fn what_stands_is_asked_for_before_what_runs() {
    let mut host = with_profiles(97);
    rows(&mut host, |rows| {
        let runs = |row: &str| row.replace("       0     75", "     855      -");
        rows.lines()
            .flat_map(|row| {
                [if row.ends_with("p091") { row.into() } else { runs(row) }, "\n".into()]
            })
            .collect()
    });
    let (_, facts) = Counting::new(&host).programs(&[]);
    assert!(is_asked(job(&facts, "p091")));
    assert_eq!(job(&facts, "p090").known().and_then(|job| job.main_pid), Some(855));
}

#[test]
fn a_list_says_that_something_is_not_loaded_only_if_it_is_whole() {
    let without = |rows: &str| -> String {
        rows.lines().filter(|row| !row.ends_with("p050")).flat_map(|row| [row, "\n"]).collect()
    };
    let mut whole = with_profiles(97);
    rows(&mut whole, without);
    let (_, facts) = Counting::new(&whole).programs(&[]);
    assert_eq!(job(&facts, "p050"), &Fact::Absent);
    let mut cut = with_profiles(97);
    rows(&mut cut, |rows| [&without(rows), "\t\t     8"].concat());
    let mut refused = with_profiles(97);
    for command in list(&mut refused, "commands") {
        if command["argv"][1] == "print" && command["argv"][2] == "gui/501" {
            *command = serde_json::json!({
                "argv": ["launchctl", "print", "gui/501"],
                "exit": 1,
                "stderr": "Could not print domain: 1: Operation not permitted\n",
            });
        }
    }
    for host in [cut, refused] {
        let (_, facts) = Counting::new(&host).programs(&[]);
        let untold = facts.gateways.iter().filter(|gateway| gateway.lanes[0].job.is_absent());
        assert_eq!(untold.count(), 0);
        let why = job(&facts, "p050").why().map(ToString::to_string).unwrap_or_default();
        assert!(
            why.contains("it is one of 100 labels") && why.contains("look at this profile alone"),
            "{why}"
        );
        let (_, facts) = Counting::new(&host).programs(&["p050"]);
        assert!(is_asked(job(&facts, "p050")));
    }
}
