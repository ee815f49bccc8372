//! What is meant to be, in the few words of a scenario: lines beside those that change the host.
//!
//! ```text
//! reference ~/.config/systemd/user/hermes-gateway.service
//! reference ~/.config/systemd/user/hermes-gateway.service replace RestartSec=5 => RestartSec=6
//! reference mine.service text [Service]\nExecStart=/bin/true
//! ```

use gw_checks::intent::{Intent, Reference};
use gw_snapshot::observation::FileSeen;
use gw_snapshot::snapshot::Snapshot;

/// The lines that say what is meant, and those that change the host.
pub(crate) fn split(changes: &str) -> (String, String) {
    let is_meant = |line: &&str| line.starts_with("reference ");
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
            _ => panic!("an unknown intent: {line}"),
        }
    }
    intent
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
