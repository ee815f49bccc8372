//! What keeps the one who looks from seeing: one sentence each about gw-doctor, and none about a gateway.

use gw_snapshot::facts::Facts;

/// The limits under which these facts were gathered.
pub fn limits(facts: &Facts) -> Vec<&'static str> {
    // A container has a PID namespace as well.
    let is_told = |hint: &str| hint == "pid-namespace" && facts.has_hint("container");
    let by_hint = LIMITS.iter().filter(|(hint, _)| facts.has_hint(hint) && !is_told(hint));
    let by_hint = by_hint.map(|(_, limit)| *limit);
    by_hint.chain(facts.managers.is_empty().then_some(NO_MANAGER)).collect()
}

const NO_MANAGER: &str = "gw-doctor asked no service manager";

/// Each with what says so (see `About::hints`).
const LIMITS: [(&str, &str); 7] = [
    ("container", "gw-doctor runs in a container: it sees no service and no process outside of it"),
    (
        "pid-namespace",
        "gw-doctor runs in a PID namespace of its own: it sees no process outside of it",
    ),
    (
        "user-namespace",
        "gw-doctor runs in a user namespace of its own: users have other numbers for it",
    ),
    (
        "network-namespace",
        "gw-doctor runs in a network namespace of its own: it sees no listener and reaches no port outside of it",
    ),
    ("hidepid", "/proc hides the processes of other users from gw-doctor"),
    ("no-proc", "gw-doctor has no /proc: it sees no process"),
    (
        "memory-limit",
        "gw-doctor runs under a limit of memory: what is large it may not be able to read",
    ),
];

#[cfg(test)]
mod tests {
    use gw_snapshot::facts::{Choice, Wanted, gather};
    use gw_snapshot::recorded::Recorded;
    use gw_snapshot::snapshot::Snapshot;

    use super::*;

    #[test]
    fn each_limit_is_a_sentence_about_ourselves_and_none_is_made_up() {
        let host = |hints: &str| {
            let text = format!(
                r#"{{"schema": "gw-doctor/snapshot/1", "taken_at": "2026-11-21T00:00:00Z",
                    "host": {{"os": "linux", "home": "/home/a", "uid": 1000, "hints": [{hints}]}}}}"#
            );
            Recorded::new(Snapshot::read(&text).expect("a snapshot"))
        };
        let said = |hints: &str, manager| {
            limits(&gather(&host(hints), &Wanted { manager, ..Wanted::default() }))
        };
        assert_eq!(said("", Choice::Systemd), Vec::<&str>::new());
        assert_eq!(said(r#""ssh""#, Choice::Systemd), Vec::<&str>::new());
        assert_eq!(said("", Choice::None), [NO_MANAGER]);
        for (hint, limit) in LIMITS {
            assert_eq!(said(&format!("\"{hint}\""), Choice::Systemd), [limit]);
        }
    }
}
