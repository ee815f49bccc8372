//! What is meant to be, in the few words of a scenario: lines beside those that change the host.
//!
//! ```text
//! reference ~/.config/systemd/user/hermes-gateway.service
//! reference ~/.config/systemd/user/hermes-gateway.service replace RestartSec=5 => RestartSec=6
//! reference mine.service text [Service]\nExecStart=/bin/true
//! policy off work
//! policy address 127.0.0.1 | port 8642 | required NAME | forbidden NAME | profile coder
//! ```

use gw_checks::intent::{Entry, Expected, Intent, Policy, Reference};
use gw_snapshot::facts::place::Place;
use gw_snapshot::observation::FileSeen;
use gw_snapshot::snapshot::Snapshot;

/// The lines that say what is meant, and those that change the host.
pub(crate) fn split(changes: &str) -> (String, String) {
    let is_meant = |line: &&str| line.starts_with("reference ") || line.starts_with("policy ");
    let (meant, changes): (Vec<&str>, Vec<&str>) = changes.lines().partition(is_meant);
    (meant.join("\n"), changes.join("\n"))
}

/// What these lines say. A path means the file of the host as it was recorded.
pub(crate) fn intent(host: &Snapshot, lines: &str) -> Intent {
    let mut intent = Intent::default();
    for line in lines.lines() {
        let home = host.host.home.clone().unwrap_or_default();
        let line = line.replacen("~/", &format!("{home}/"), 1);
        let (verb, rest) = line.split_once(' ').expect("a word of what is meant");
        match verb {
            "reference" => intent.reference = Some(reference(host, rest)),
            "policy" => policy(&mut intent.policy, rest),
            _ => panic!("an unknown intent: {line}"),
        }
    }
    intent
}

fn policy(policy: &mut Policy, rest: &str) {
    let (what, value) = rest.split_once(' ').expect("a word of the policy");
    let at = Place { file: "policy.toml".into(), line: Some(1) };
    let text = Entry { value: value.to_string(), at: at.clone() };
    if what == "off" {
        policy.off.push(text);
        return;
    }
    if policy.expected.is_empty() {
        policy.expected.push(Expected::default());
    }
    let expected = policy.expected.last_mut().expect("an expectation");
    match what {
        "profile" => expected.profile = Some(text.value),
        "address" => expected.address = Some(text),
        "port" => expected.port = Some(Entry { value: value.parse().expect("a port"), at }),
        "required" => expected.required.push(text),
        "forbidden" => expected.forbidden.push(text),
        _ => panic!("an unknown policy: {rest}"),
    }
}

fn reference(host: &Snapshot, rest: &str) -> Reference {
    let (path, how) = rest.split_once(' ').unwrap_or((rest, ""));
    let recorded = || {
        let mut files = host.observations.files.iter().flatten();
        let file = files.find(|file| file.path == path).expect("a recorded file");
        file.text.clone().expect("its text")
    };
    let text = match how.split_once(' ') {
        None => recorded(),
        Some(("text", text)) => text.replace("\\n", "\n"),
        Some(("replace", change)) => {
            let (from, to) = change.split_once(" => ").expect("a change");
            let text = recorded();
            assert!(text.contains(from), "{from} is not in {path}");
            text.replace(from, &to.replace("\\n", "\n"))
        }
        _ => panic!("an unknown reference: {rest}"),
    };
    let file = FileSeen { path: path.into(), text: Some(text), ..FileSeen::default() };
    Reference::read(&file, true).expect("a reference")
}
