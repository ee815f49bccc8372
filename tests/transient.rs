//! Which states rest, and which are worth another look: recorded hosts, changed by a few words.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

#[path = "scenarios/edit.rs"]
mod edit;

use gw_checks::examine::{Selection, examine};
use gw_checks::intent::{Entry, Intent, Policy};
use gw_checks::transient;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::{Facts, Wanted, gather};
use gw_snapshot::recorded::Recorded;

fn facts(host: &str, changes: &str) -> Facts {
    gather(&Recorded::new(edit::changed(host, changes)), &Wanted::default())
}

fn unhealthy(facts: &Facts, by_name: bool) -> Vec<String> {
    let intent = Intent::default();
    let examined = examine(facts, &intent, &Selection::default());
    transient::unhealthy(facts, &intent, &examined, by_name)
}

/// A start as an observer sees it: a process that has no status yet and no listener. The host was recorded two
/// seconds after its gateway was started.
fn young(seconds: i64) -> String {
    let later = seconds - 2;
    format!(
        "file ~/.hermes/gateway_state.json absent
        listener 127.0.0.1:8642 gone
        http refused
        clock +{later}"
    )
}

#[test]
fn what_a_gateway_is_in_the_middle_of_is_named() {
    let activating = "unit hermes-gateway.service ActiveState=activating SubState=start MainPID=0";
    let stopping = "unit hermes-gateway.service ActiveState=deactivating SubState=stop-sigterm";
    let draining = r#"file ~/.hermes/gateway_state.json replace "running" => "draining""#;
    let launchd = "
        launchctl print gui/501/ai.hermes.gateway replace state = running => state = xpcproxy
        launchctl print gui/501/ai.hermes.gateway replace pid = 855 => peak = 1";
    let answering = format!(
        "{}\nhttp status 200\nhttp body {{\"status\": \"ok\", \"platform\": \"hermes-agent\"}}",
        young(5)
    );
    let stopped = format!("{}\nprocess 391 state=T", young(5));
    let unit = "default: hermes-gateway.service (systemd, user)";
    for (host, changes, expected) in [
        ("linux-healthy", "", None),
        ("linux-healthy", activating, Some(format!("{unit} is being started"))),
        (
            "linux-healthy",
            stopping,
            Some(
                "default: hermes-gateway.service is being stopped (deactivating (stop-sigterm))"
                    .into(),
            ),
        ),
        ("linux-crash-loop", "", Some(format!("{unit} is about to be started again"))),
        ("linux-healthy", draining, Some("default: PID 391 is draining".into())),
        (
            "linux-healthy",
            &young(5),
            Some("default: the gateway is still starting (PID 391 for 5 s)".into()),
        ),
        // Beyond the time that a start may take, what is missing is missing.
        ("linux-healthy", &young(600), None),
        ("linux-healthy", &answering, None),
        ("linux-healthy", &stopped, None),
        (
            "macos-healthy",
            launchd,
            Some("default: ai.hermes.gateway (launchd, gui/501) is being started".into()),
        ),
        // Broken, and at rest.
        ("linux-foreground-owns-port", "", None),
        ("linux-wedged-process", "", None),
        ("linux-api-key-missing", "", None),
        ("linux-not-installed", "", None),
        ("L25-start-limit-without-the-name", "", None),
    ] {
        let open = transient::unsettled(&facts(host, changes));
        assert_eq!(open, Vec::from_iter(expected), "{host} {changes}");
    }
}

#[test]
fn healthy_is_only_what_works_and_rests() {
    assert_eq!(unhealthy(&facts("linux-healthy", ""), true), Vec::<String>::new());
    for (host, changes, expected) in [
        ("linux-wedged-process", "", "default: wedged"),
        ("linux-foreground-owns-port", "", "default: foreground-owns-gateway"),
        ("linux-healthy", &young(5), "default: the gateway is still starting (PID 391 for 5 s)"),
        (
            "linux-healthy",
            "file ~/.hermes/gateway_state.json replace \"running\" => \"draining\"",
            "default: PID 391 is draining",
        ),
    ] {
        assert_eq!(unhealthy(&facts(host, changes), false), [expected], "{host}");
    }
}

#[test]
fn a_host_without_any_gateway_is_not_healthy() {
    let nobody = facts("linux-not-installed", "");
    assert_eq!(unhealthy(&nobody, true), ["default: not-installed"]);
    assert_eq!(unhealthy(&nobody, false).len(), 1);
}

#[test]
fn what_is_meant_to_be_off_is_not_waited_for() {
    let three = facts("linux-three-profiles", "");
    let at = Place { file: "policy.toml".into(), line: Some(1) };
    let open = |profile: &str| {
        let off = vec![Entry { value: profile.into(), at: at.clone() }];
        let intent = Intent { policy: Policy { off, ..Policy::default() }, ..Intent::default() };
        let examined = examine(&three, &intent, &Selection::default());
        transient::unhealthy(&three, &intent, &examined, false)
    };
    assert_eq!(open("work"), Vec::<String>::new());
    // One that lives is not off, whatever the policy says.
    assert_eq!(open("coder").len(), 1);
}

#[test]
fn every_gateway_counts() {
    let three = facts("linux-three-profiles", "");
    let open = unhealthy(&three, false);
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].starts_with("work: "), "{open:?}");
}
