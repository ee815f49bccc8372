//! Whether the service's PATH names directories that go away, or none of the system's.

use gw_snapshot::value::Value;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::subject::TEMPORARY;

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Warning;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    at.each_definition("which PATH the service has", |lane, definition| {
        let Some(path) = definition.variable("PATH") else {
            return Finding::skipped(format!("{} sets no PATH", lane.name));
        };
        let value = match &path.value {
            Value::Literal(value) => value,
            Value::Open(open) => {
                let what = format!("where the PATH of {} leads", lane.name);
                return Finding::unknown(&what, &open.why).minor();
            }
        };
        match trouble(value, at.facts.has_hint("wsl")) {
            Some(trouble) => Finding::warning(format!("the PATH of {} {trouble}", lane.name))
                .seen_at(&path.at, format!("PATH={}", path.value))
                .help("install the service again from a plain login shell: it keeps the PATH of the shell that wrote it"),
            None => Finding::pass(format!("the PATH of {} leads to the system's programs", lane.name)),
        }
    })
}

fn trouble(path: &str, is_wsl: bool) -> Option<String> {
    let parts: Vec<&str> = path.split(':').collect();
    if !parts.iter().any(|part| matches!(part.trim_end_matches('/'), "/usr/bin" | "/bin")) {
        return Some("has neither /usr/bin nor /bin: no command of the system is found".into());
    }
    if let Some(part) = parts.iter().find(|part| is_passing(part)) {
        return Some(format!("names {part}, which belonged to one shell and is gone with it"));
    }
    let mounted = parts.iter().filter(|part| part.starts_with("/mnt/")).count();
    (is_wsl && mounted > MANY).then(|| {
        format!("has {mounted} directories of Windows in it: every search for a program goes through their file server")
    })
}

/// Whether a version manager or the system made the directory for one session.
fn is_passing(part: &str) -> bool {
    part.contains("/fnm_multishells/")
        || TEMPORARY.iter().chain(&["/run/user/"]).any(|place| part.starts_with(place))
}

/// Windows itself puts two or three there.
const MANY: usize = 8;
