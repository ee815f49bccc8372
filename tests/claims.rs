//! What other tools claim and cannot know, claim by claim: gw-doctor cannot be provoked to claim it.
//!
//! Every test shows a recorded host, changed as the claim needs it, and demands what must be said in the
//! claim's place and what must not. The numbers are those of the list of false claims, F01 to F50; beside
//! each stands a report of it. No recorded host can prove these:
//!
//! - F29 is proved for jobs with an interval. Whether one with a cron expression passed over an occurrence is not judged.
//! - F30: no check speaks of a provider's login, and no credential is read; `tests/readonly.rs` traces every call.
//! - F42 is proved by what the manager says. A unit that was reloaded, and its process not restarted, is not told yet.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

#[path = "scenarios/edit.rs"]
mod edit;
mod replay;
#[path = "claims/report.rs"]
mod report;

use report::{list, of, report, text};

const NO_BUS: &str = "manager user Failed to connect to bus: No medium found";
/// The service rests, and its process is gone with all that it held.
const DOWN: &str = "
    unit hermes-gateway.service ActiveState=inactive SubState=dead MainPID=0
    process 391 gone
    lock ~/.hermes/gateway.lock free
    listener 127.0.0.1:8642 gone
    http refused";
/// No file and no lock speaks of a gateway.
const NO_RECORDS: &str = "
    file ~/.hermes/gateway.pid absent
    file ~/.hermes/gateway.lock absent
    file ~/.hermes/gateway_state.json absent
    lock ~/.hermes/gateway.lock absent";
/// What is said of a gateway that does not run.
const GONE: [&str; 6] = [
    "and does not run",
    "the gateway does not run",
    "no gateway of this home lives",
    "[not-installed",
    "[stopped-on-purpose",
    "[stale-records",
];
const JOBS: &str = r#"{"jobs": [{"id": "a1", "schedule_display": "every 30m", "enabled": true}]}"#;

// A. Not running, that is only not seen.

/// F01, NousResearch/hermes-agent#99579.
#[test]
fn one_profile_that_is_down_does_not_speak_for_the_host() {
    let stale = "file ~/.hermes/profiles/work/cron/ticker_heartbeat absent";
    report(
        "linux-three-profiles",
        &format!("file ~/.hermes/profiles/work/cron/jobs.json text {JOBS}\n{stale}"),
    )
    .finds("job/not-running", "pass", "active (running)")
    .is("healthy", "PID 413")
    .of("coder")
    .is("healthy", "PID 563")
    .of("work")
    .finds("cron/no-ticker", "failure", "no gateway of this home lives")
    .never(&["no gateway is running", "cron jobs will not fire", "no gateway lives"])
    .exits(1);
}

/// F02, NousResearch/hermes-agent#10851, #43748, #86558.
#[test]
fn a_bus_that_does_not_answer_is_not_a_stopped_gateway() {
    report("linux-healthy", NO_BUS)
        .finds("job/manager-unreachable", "unknown", "No medium found")
        .finds("job/not-running", "unknown", "No medium found")
        .link("process", "pass", "PID 391")
        .is("observer-limited", "No medium found")
        .never(&GONE)
        .never(&["has no process", "not loaded"])
        .exits(3);
    report("L03-su-shell-no-bus", "").is("observer-limited", "").exits(3);
}

/// F03, NousResearch/hermes-agent#9567.
#[test]
fn both_managers_are_asked_and_the_silent_one_is_named() {
    report("linux-healthy-system-unit", "")
        .finds("job/manager-unreachable", "pass", "(systemd, user) answers")
        .finds("job/manager-unreachable", "pass", "(systemd, system) answers")
        .is("healthy", "under hermes-gateway.service (systemd, system)")
        .exits(0);
    report("linux-healthy-system-unit", NO_BUS)
        .finds("job/not-running", "pass", "active (running)")
        .finds("job/manager-unreachable", "skipped", "(systemd, user) does not answer")
        .never(&GONE)
        .exits(0);
    report("linux-healthy-system-unit", "manager system Connection refused\nforget processes")
        .finds("job/manager-unreachable", "unknown", "(systemd, system)")
        .finds("owner/unsupervised", "unknown", "Connection refused")
        .never(&GONE)
        .never(&["has no process", "under no service"])
        .exits(3);
}

/// F04, NousResearch/hermes-agent#17243.
#[test]
fn a_manager_that_answers_is_reachable_whatever_sockets_are_missing() {
    let mut host = edit::changed("linux-healthy", "file /run/user/1500/bus absent");
    host.host.env.clear();
    of(&host)
        .finds("job/manager-unreachable", "pass", "(systemd, user) answers")
        .is("healthy", "under hermes-gateway.service (systemd, user)")
        .never(&["not reachable", "XDG_RUNTIME_DIR"])
        .exits(0);
}

/// F05, NousResearch/hermes-agent#13655.
#[test]
fn a_process_that_we_may_not_look_at_exists() {
    report("linux-healthy", "process 391 denied").link("process", "pass", "PID 391").exits(0);
    let only_named = "
        process 391 denied
        unit hermes-gateway.service ActiveState=inactive SubState=dead MainPID=0
        lock ~/.hermes/gateway.lock absent
        listener 127.0.0.1:8642 gone";
    report("linux-healthy", only_named)
        .finds("owner/unsupervised", "unknown", "permission denied")
        .link("process", "unknown", "denied")
        .never(&["PID 391, which is gone", "the gateway does not run", "of an earlier process"]);
}

/// F06, NousResearch/hermes-agent#101532, #96582.
#[test]
fn a_lock_that_may_not_be_read_is_neither_absent_nor_free() {
    let hidden = "
        file ~/.hermes/gateway.lock denied
        lock ~/.hermes/gateway.lock denied
        file ~/.hermes/gateway.pid absent
        file ~/.hermes/gateway_state.json absent
        process 391 unseen
        listener 127.0.0.1:8642 gone
        unit hermes-gateway.service ActiveState=inactive SubState=dead MainPID=0
        search processes partial";
    report("linux-healthy", hidden)
        .finds("owner/unsupervised", "unknown", "permission denied")
        .finds("owner/foreign-owned-file", "failure", "gateway.lock belongs to uid 0")
        .link("process", "failure", "denied")
        .never(&["the gateway is installed and does not run", "unlink", "`rm "]);
}

/// F07, NousResearch/hermes-agent#26643, #102790, #102942.
#[test]
fn a_lock_file_that_is_gone_may_be_held_all_the_same() {
    let gone = "lock ~/.hermes/gateway.lock absent\nfile ~/.hermes/gateway.lock absent";
    report(
        "linux-healthy",
        &format!("{gone}\nprocess 391 open=/home/lab/.hermes/gateway.lock (deleted)"),
    )
    .finds("owner/ghost-lock", "failure", "PID 391 holds a gateway.lock that was removed")
    .link("process", "failure", "PID 391")
    .never(&GONE)
    .exits(1);
    report("linux-healthy", &format!("{gone}\nprocess 391 closed\n{NO_BUS}"))
        .link("process", "pass", "PID 391")
        .finds("owner/stopped-or-zombie", "pass", "PID 391")
        .exits(3);
    report("L34-status-readers-unlink-a-live-lock", "")
        .finds("owner/ghost-lock", "failure", "")
        .exits(1);
}

/// F08, NousResearch/hermes-agent#20254, #61981, #110166.
#[test]
fn a_gateway_without_a_pid_file_runs() {
    report("linux-healthy", "file ~/.hermes/gateway.pid absent").is("healthy", "PID 391").exits(0);
    report("linux-healthy", NO_RECORDS)
        .finds("runtime/missing", "note", "PID 391 has no status file")
        .finds("owner/unsupervised", "pass", "PID 391 runs under hermes-gateway.service")
        .is("healthy", "PID 391")
        .never(&GONE)
        .exits(0);
}

/// F09, NousResearch/hermes-agent#94143, #94764.
#[test]
fn no_single_witness_that_fails_makes_a_living_gateway_absent() {
    for lost in [
        "file ~/.hermes/gateway.pid absent",
        "file ~/.hermes/gateway_state.json absent",
        "file ~/.hermes/gateway_state.json replace \"running\" => \"stopped\"",
        "file ~/.hermes/gateway.lock absent",
        "lock ~/.hermes/gateway.lock free",
        "lock ~/.hermes/gateway.lock absent",
        "lock ~/.hermes/gateway.lock unseen",
        "process 391 closed",
        "search processes timeout",
        "listener 127.0.0.1:8642 gone",
        "http refused",
        NO_BUS,
        "unit hermes-gateway.service ActiveState=inactive SubState=dead MainPID=0",
    ] {
        report("linux-healthy", lost)
            .finds("owner/stopped-or-zombie", "pass", "PID 391 is neither stopped nor dead")
            .never(&[
                "the gateway does not run",
                "is installed and does not run",
                "stopped on purpose",
            ]);
    }
}

/// F10, NousResearch/hermes-agent#73796, #21706, nesquena/hermes-webui#1879.
#[test]
fn records_read_in_another_pid_namespace_prove_no_death() {
    let inside = "
        lock ~/.hermes/gateway.lock free
        listener 127.0.0.1:8642 gone
        http refused
        hint no-systemd
        manager user System has not been booted with systemd as init system
        manager system System has not been booted with systemd as init system
        file ~/.config/systemd/user/hermes-gateway.service absent";
    for process in [
        "process 391 gone",
        "process 391 argv=/sbin/entrypoint\nprocess 391 started=7\nprocess 391 closed\nprocess 391 cgroup=/",
    ] {
        report("linux-healthy", &format!("{process}\n{inside}"))
            .finds("owner/stale-pid-file", "unknown", "it may live in another PID namespace")
            .finds("owner/pid-reused", "unknown", "what PID 391 is")
            .finds("definition/missing", "skipped", "there is no systemd on this host")
            .is("observer-limited", "")
            .never(&[
                "is gone",
                "another program now",
                "of an earlier process",
                "hermes gateway install",
            ])
            .never(&GONE)
            .exits(3);
    }
    // The same records on a whole machine, whose manager knows of the service, are stale.
    report("linux-healthy", DOWN).is("stale-records", "PID 391, which is gone").exits(1);
}

/// F11, NousResearch/hermes-agent#10669.
#[test]
fn a_gateway_of_another_user_runs_and_its_user_is_named() {
    report("L43-root-owned-gateway-invisible-to-user", "")
        .finds("owner/other-user", "failure", "PID 391 runs as uid 0")
        .link("process", "failure", "PID 391")
        .never(&GONE)
        .exits(1);
}

/// F12, NousResearch/hermes-agent#61981, #116416.
#[test]
fn arguments_that_say_nothing_do_not_make_a_gateway_a_stranger() {
    let renamed = "process 391 argv=hermes: worker";
    report("linux-healthy", renamed)
        .is("healthy", "PID 391, under hermes-gateway.service")
        .exits(0);
    report("linux-healthy", &format!("{renamed}\nprocess 391 closed\n{NO_RECORDS}\n{NO_BUS}"))
        .finds("owner/unsupervised", "pass", "PID 391 runs under hermes-gateway.service")
        .finds("port/no-listener", "pass", "PID 391 listens")
        .never(&GONE)
        .never(&["another program:"])
        .exits(3);
}

/// F13, openclaw/openclaw#1386, #32620, #23100.
#[test]
fn a_look_at_the_sockets_that_failed_leaves_no_port_free() {
    let free = ["nothing listens", "no other program sits", "no other profile sits", "is free"];
    report("linux-healthy", "listener 127.0.0.1:8642 gone\nsearch listeners timeout\nhttp unseen")
        .finds("port/no-listener", "unknown", "timed out")
        .finds("port/foreign-listener", "unknown", "timed out")
        .never(&free)
        .exits(3);
    report("e10-lsof-blind-hardened-runtime", "")
        .finds("port/owner-hidden", "unknown", "its owner is not visible from here")
        .never(&free)
        .exits(3);
}

/// F14, openclaw/openclaw#119065.
#[test]
fn a_stopped_service_is_not_the_end_while_its_port_is_taken() {
    let stopped = "unit hermes-gateway.service UnitFileState=disabled\nlistener 127.0.0.1:8642";
    report("linux-installed-not-enabled-not-running", &format!("{stopped} hidden"))
        .finds("port/owner-hidden", "unknown", "who holds 127.0.0.1:8642")
        .never(&["no other program sits", "nothing listens"])
        .exits(1);
    report(
        "linux-installed-not-enabled-not-running",
        &format!("{stopped} by 999\nprocess 999 argv=node /opt/openclaw/server.js"),
    )
    .is("foreign-port-owner", "PID 999, node /opt/openclaw/server.js")
    .exits(1);
}

/// F15, openclaw/openclaw#46072, rusty4444/hermes-android#85.
#[test]
fn every_kind_of_answer_has_its_own_name() {
    for (answer, check, verdict, words) in [
        ("status 401", "health/unauthorised", "note", "answers 401"),
        ("status 403", "health/unauthorised", "note", "answers 403"),
        ("status 404", "health/bad-status", "failure", "answers 404"),
        ("status 503", "health/bad-status", "failure", "answers 503"),
        ("location https://a.example/", "health/redirect", "warning", "redirects to"),
        ("timeout", "health/timeout", "failure", "does not answer in time"),
        ("closed", "health/timeout", "failure", "hangs up"),
        ("not-http", "health/not-json", "failure", "does not speak HTTP"),
        ("refused", "health/blocked", "unknown", "yet the gateway listens there"),
        ("permission-denied", "health/blocked", "unknown", "permission denied"),
    ] {
        report("linux-healthy", &format!("http {answer}")).finds(check, verdict, words).never(&[
            "unreachable",
            "is down",
            "answers on 127.0.0.1",
            "nothing listens",
        ]);
    }
}

// B. Running or healthy, that is only something there.

/// F16, NousResearch/hermes-agent#97360, #19113.
#[test]
fn a_record_that_names_another_profiles_process_is_no_life_of_its_own() {
    for pid in [413, 563] {
        let record = format!(
            r#"{{"pid": {pid}, "kind": "hermes-gateway", "argv": ["hermes", "gateway", "run"]}}"#
        );
        let whose = if pid == 413 { "default" } else { "coder" };
        report(
            "linux-three-profiles",
            &format!("file ~/.hermes/profiles/work/gateway.pid text {record}"),
        )
        .of("work")
        .finds("owner/pid-reused", "warning", &format!("which is the gateway of profile {whose}"))
        .link("process", "failure", "none")
        .is("stopped-on-purpose", "hermes-gateway-work.service")
        .exits(1);
    }
}

/// F17, NousResearch/hermes-agent#98790.
#[test]
fn a_foreign_process_ticks_nothing_and_no_tick_is_promised() {
    let record = r#"{"pid": 563, "kind": "hermes-gateway", "argv": ["hermes", "gateway", "run"]}"#;
    let changes = format!(
        "file ~/.hermes/profiles/work/gateway.pid text {record}
        file ~/.hermes/profiles/work/cron/jobs.json text {JOBS}
        file ~/.hermes/profiles/work/cron/ticker_heartbeat absent"
    );
    report("linux-three-profiles", &changes)
        .of("work")
        .finds("cron/no-ticker", "failure", "1 job will not run: no gateway of this home lives")
        .never(&["will fire", "PID 563 is there to run"])
        .exits(1);
    report("linux-cron-healthy", "")
        .finds("cron/ticker-late", "pass", "the ticker came round 1 s ago")
        .never(&["will fire", "will run"]);
}

/// F18, NousResearch/hermes-agent#98790, #60235.
#[test]
fn a_mark_that_is_missing_is_no_sign_of_a_tick() {
    let marks =
        "file ~/.hermes/cron/ticker_last_success absent\nfile ~/.hermes/cron/ticker_heartbeat";
    report("linux-cron-healthy", &format!("{marks} absent\nclock +300"))
        .finds("cron/ticker-late", "unknown", "it has left no mark")
        .link("cron", "unknown", "1 job")
        .never(&["came round", "ended well", "[healthy"])
        .exits(3);
    // The first tick is not over: that it comes round says nothing of how it ends.
    report("linux-cron-healthy", &marks.replace("\nfile ~/.hermes/cron/ticker_heartbeat", ""))
        .finds("cron/ticks-failing", "skipped", "has just begun")
        .never(&["ended well"]);
}

/// F19, NousResearch/hermes-agent#53175, #111727, #101391, #1517.
#[test]
fn an_active_unit_is_a_process_and_nothing_more() {
    let active =
        |host, changes| report(host, changes).finds("job/not-running", "pass", "active (running)");
    active("linux-wedged-process", "")
        .link("health", "failure", "")
        .is("wedged", "never answers")
        .exits(1);
    active("linux-healthy", "process 391 state=Z").is("wedged", "zombie").exits(1);
    active("linux-api-key-missing", "").finds("port/no-listener", "failure", "").exits(1);
    active("linux-cron-ticker-stalled", "").link("cron", "failure", "").exits(1);
}

/// F20, NousResearch/hermes-agent#101391, #111727.
#[test]
fn a_platform_that_says_connected_is_not_taken_at_its_word() {
    // The status file says that the API server is connected.
    report("linux-healthy", "listener 127.0.0.1:8642 gone\nhttp refused\nclock +100")
        .finds(
            "port/no-listener",
            "failure",
            "does not listen on 127.0.0.1:8642, and nobody else does",
        )
        .finds("health/refused", "failure", "refused")
        .never(&["connected", "[healthy"])
        .exits(1);
}

/// F21, NousResearch/hermes-agent#89750, praveen-ks-2001/hermes-agent-template#6.
#[test]
fn the_status_of_a_dead_predecessor_says_nothing_of_the_living() {
    let changes = "
        file ~/.hermes/gateway_state.json replace \"pid\": 391 => \"pid\": 77
        file ~/.hermes/gateway_state.json replace \"connected\" => \"fatal\"
        process 77 gone
        clock +100";
    report("linux-healthy", changes)
        .finds("runtime/left-by-another", "warning", "was left by PID 77")
        .link("runtime", "warning", "of an earlier process")
        .never(&["api_server is fatal"]);
}

/// F22, NousResearch/hermes-agent#110166, #53175, #21745.
#[test]
fn an_old_status_of_an_idle_gateway_is_no_sign_of_death() {
    let idle = "
        clock +61200
        file ~/.hermes/cron/ticker_heartbeat text 1795292890
        file ~/.hermes/cron/ticker_last_success text 1795292890";
    report("linux-healthy", idle)
        .finds("runtime/left-by-another", "pass", "the status file is that of PID 391")
        .link("runtime", "pass", "running")
        .is("healthy", "PID 391")
        .never(&GONE)
        .never(&["stale", "has stalled"])
        .exits(0);
}

/// F23, NousResearch/hermes-agent#87128, #117313.
#[test]
fn a_good_answer_of_somebody_else_is_no_credit() {
    let dashboard = "
        listener 127.0.0.1:8642 by 999
        process 999 argv=/opt/hermes/bin/python -m hermes_cli.main dashboard";
    report("linux-healthy", dashboard)
        .finds("port/foreign-listener", "failure", "PID 999")
        .link("health", "skipped", "not asked")
        .never(&["answers on 127.0.0.1", "answers 200"])
        .exits(1);
    report("linux-profile-port-conflict", "")
        .of("coder")
        .is("sibling-port-owner", "the gateway of profile default: PID 399")
        .link("health", "skipped", "not asked")
        .exits(1);
}

/// F24, NousResearch/hermes-agent#101342.
#[test]
fn a_port_that_is_taken_is_no_gateway() {
    report(
        "linux-stale-pid-file",
        "listener 127.0.0.1:8642 by 999\nprocess 999 argv=python3 -m http.server",
    )
    .finds("port/foreign-listener", "failure", "PID 999, python3 -m http.server")
    .link("process", "failure", "none")
    .never(&["18789", "likely running", "[healthy"])
    .exits(1);
}

/// F25, NousResearch/hermes-agent#62645.
#[test]
fn an_answer_of_the_http_loop_is_not_readiness() {
    let changes = "
        file ~/.hermes/gateway_state.json replace \"running\" => \"draining\"
        file ~/.hermes/gateway_state.json replace \"connected\" => \"fatal\"";
    report("linux-healthy", changes)
        .finds("health/bad-status", "pass", "the health endpoint answers 200")
        .finds("runtime/draining", "warning", "takes no new work")
        .finds("runtime/platform-error", "failure", "api_server is fatal")
        .never(&["is ready", "[healthy"])
        .exits(1);
    // Nor is the silence of one that nobody asked, or the answer of what stands before it, an answer.
    for answer in ["http unseen", "http status 401"] {
        report("linux-healthy", answer).is("healthy", "PID 391").never(&["answers on 127.0.0.1"]);
    }
}

/// F26, NousResearch/hermes-agent#68483, #87644, #111414.
#[test]
fn fresh_marks_do_not_outweigh_a_job_that_is_late() {
    report("linux-cron-overdue-job", "")
        .finds("cron/ticker-late", "pass", "the ticker came round")
        .finds("cron/ticks-failing", "pass", "a tick ended well")
        .finds("cron/overdue", "failure", "1 job should have run by now")
        .is("ticks-blocked", "PID 420 holds cron/.tick.lock")
        .exits(1);
    report(
        "linux-cron-healthy",
        "clock +300\nfile ~/.hermes/cron/ticker_heartbeat text 1795232010.5",
    )
    .finds("cron/ticks-failing", "failure", "no tick has ended well for 5 min")
    .never(&["[healthy"])
    .exits(1);
}

/// F27, NousResearch/hermes-agent#60729, #92315, #54600.
#[test]
fn one_old_mark_is_a_late_ticker_and_not_a_dead_one() {
    report("linux-cron-healthy", "clock +250")
        .finds("cron/ticker-late", "failure", "has not come round for 4 min")
        .is("ticker-dead", "cron may be dead")
        .never(&["cron is dead", "[ticker-dead certain"]);
    // A slow disk is within Hermes's own limit, and another provider leaves no marks.
    report("linux-cron-healthy", "clock +112")
        .finds("cron/ticker-late", "pass", "113 s ago")
        .exits(0);
    report(
        "linux-cron-ticker-stalled",
        "file ~/.hermes/config.yaml text cron: {provider: chronos}",
    )
    .finds("cron/external-provider", "note", "chronos runs the jobs")
    .never(&["has not come round", "cron is dead", "cron may be dead"])
    .exits(0);
    // Two witnesses: the mark, and the lock of a tick that does not end.
    report("linux-cron-ticker-stalled", "").is("ticker-dead", "cron is dead").exits(1);
}

/// F28, NousResearch/hermes-agent#83993, #60121, #17855.
#[test]
fn a_run_that_is_ok_is_not_a_result_that_arrived() {
    report(
        "linux-cron-healthy",
        "file ~/.hermes/cron/jobs.json replace \"last_delivery_error\": null => \"last_delivery_error\": \"no target\"",
    )
    .finds("cron/last-run-failed", "pass", "no job reports that its last run failed")
    .finds("cron/delivery-failed", "warning", "the last result of 1 job could not be delivered")
    .is("cron-jobs-failing", "could not be delivered");
    report("linux-cron-healthy", "")
        .finds(
            "cron/delivery-failed",
            "pass",
            "no job reports a result that could not be delivered",
        )
        .never(&["was delivered", "were delivered", "delivered to"]);
}

/// F29, NousResearch/hermes-agent#111414, #113603.
#[test]
fn a_next_run_in_the_future_does_not_excuse_a_job_that_never_ran() {
    let changes = r#"
        file ~/.hermes/cron/jobs.json replace "created_at": "2026-11-21 => "created_at": "2026-11-20
        file ~/.hermes/cron/jobs.json replace "last_run_at": "2026-11-21T03:28:31.369527+00:00" => "last_run_at": null"#;
    report("linux-cron-healthy", changes)
        .finds("cron/overdue", "pass", "of 1 job with a next run, none is late")
        .finds("cron/never-fired", "warning", "should have run for the first time by now")
        .never(&["has run at least once"]);
}

/// F29, for a job that has run before.
#[test]
fn a_next_run_in_the_future_does_not_hide_that_some_were_passed_over() {
    let changes = r#"
        file ~/.hermes/cron/jobs.json replace "last_run_at": "2026-11-21T03 => "last_run_at": "2026-11-20T22"#;
    report("linux-cron-healthy", changes)
        .finds("cron/overdue", "pass", "of 1 job with a next run, none is late")
        .finds("cron/missed-occurrence", "warning", "1 job passed over a run");
}

/// F31, barkley-assistant/caduceus#55.
#[test]
fn a_home_that_is_a_directory_is_not_a_gateway() {
    report("linux-not-installed", "")
        .finds("definition/missing", "failure", "no service is installed for this home")
        .link("process", "failure", "none")
        .is("not-installed", "does not run")
        .exits(1);
}

/// F32, NousResearch/hermes-agent#13889, #117276.
#[test]
fn the_exit_code_is_that_of_the_worst_finding() {
    for (host, changes, verdict, code) in [
        ("linux-crash-loop", "", "failure", 1),
        ("L31-child-oom-marks-unit-oom-kill", "", "warning", 0),
        ("linux-healthy", NO_BUS, "unknown", 3),
        ("linux-healthy", "file ~/.hermes/.env denied", "failure", 1),
        ("linux-healthy", "", "pass", 0),
    ] {
        let report = report(host, changes).exits(code);
        assert_eq!(report.whole["verdict"], verdict, "{host}");
        let failures =
            list(&report.gateway()["findings"]).filter(|found| found["verdict"] == "failure");
        assert_eq!(failures.count() > 0, code == 1, "{host}");
    }
}

/// F33, NousResearch/hermes-agent#90047.
#[test]
fn settings_are_those_of_the_unit_and_not_those_of_the_observer() {
    let own = "
        file ~/.hermes/.env text API_SERVER_ENABLED=true\\nAPI_SERVER_KEY=0123456789abcdef0123456789abcdef\\n
        file ~/.config/systemd/user/hermes-gateway.service replace RestartSec=5 => RestartSec=5\\nEnvironment=API_SERVER_PORT=9911
        unit hermes-gateway.service Environment=API_SERVER_PORT=9911 HERMES_HOME=/home/lab/.hermes
        process 391 env=API_SERVER_PORT=9911
        listener 127.0.0.1:8642 gone
        listener 127.0.0.1:9911 by 391";
    let mut host = edit::changed("linux-healthy", own);
    host.host.env.insert("API_SERVER_PORT".into(), "7000".into());
    host.host.env.insert("HERMES_HOME".into(), "/home/lab/.hermes".into());
    of(&host)
        .finds("port/no-listener", "pass", "PID 391 listens on 127.0.0.1:9911")
        .finds("port/expected-unknown", "pass", "127.0.0.1:9911")
        .never(&["7000", "127.0.0.1:8642"])
        .exits(0);
}

// C. Supervision and causes.

/// F34, NousResearch/hermes-agent#16264.
#[test]
fn the_cgroup_says_what_a_gateway_runs_under_and_nothing_else_does() {
    // Neither init as its parent nor the lack of a terminal makes it a daemon of nobody's.
    report("linux-healthy", "process 391 ppid=1")
        .finds(
            "owner/unsupervised",
            "pass",
            "PID 391 runs under hermes-gateway.service (systemd, user)",
        )
        .exits(0);
    report("linux-healthy", &format!("process 391 cgroup=/\nprocess 391 ppid=1\n{NO_BUS}"))
        .finds("owner/unsupervised", "unknown", "under what the gateway runs")
        .never(&["under no service", "in the foreground"])
        .exits(3);
    report("linux-foreground-owns-port", "process 393 cgroup=/system.slice/my-bots.service")
        .finds("owner/other-job", "failure", "PID 393 runs in my-bots.service, which is not known")
        .finds("survival/crash", "unknown", "my-bots.service")
        .never(&[
            "in the foreground",
            "under no service",
            "nothing starts it again",
            "outside every service",
        ])
        .never(&GONE)
        .exits(1);
}

/// F35, NousResearch/hermes-agent#86410.
#[test]
fn variables_of_a_supervisor_supervise_nobody() {
    let terminal = "
        process 393 env=INVOCATION_ID=f9f1e803e70148f39268d13ca0faae4d
        process 393 env=XPC_SERVICE_NAME=ai.hermes.gateway
        process 393 cgroup=/user.slice/user-1500.slice/user@1500.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope";
    report("linux-foreground-owns-port", terminal)
        .finds(
            "owner/unsupervised",
            "failure",
            "PID 393 runs in vte-spawn-1.scope, under no service",
        )
        .is("foreground-owns-gateway", "PID 393")
        .never(&["runs under"])
        .exits(1);
}

/// F36, NousResearch/hermes-agent#52505, #18032.
#[test]
fn the_kind_of_a_machine_does_not_outweigh_what_is_seen_on_it() {
    for hint in ["wsl", "container", "s6", "ssh"] {
        report("linux-healthy", &format!("hint {hint}"))
            .finds("owner/unsupervised", "pass", "PID 391 runs under hermes-gateway.service")
            .finds("job/manager-unreachable", "pass", "(systemd, user) answers")
            .never(&["docker", "foreground", "no systemd"])
            .exits(0);
    }
}

/// F37, NousResearch/hermes-agent#94757.
#[test]
fn a_policy_of_restarts_does_not_revive_what_has_come_to_rest() {
    let failed = "
        unit hermes-gateway.service ActiveState=failed SubState=failed Restart=on-failure Result=exit-code ExecMainCode=1 ExecMainStatus=1";
    for (host, changes) in [
        ("linux-healthy", [DOWN, failed].concat()),
        ("L21-on-failure-unit-meets-exit-0", String::new()),
        ("L25-start-limit-without-the-name", String::new()),
    ] {
        report(host, &changes)
            .finds("job/not-running", "failure", "it has no process")
            .finds(
                "survival/crash",
                "skipped",
                "does not run, and systemd has no start of it queued",
            )
            .never(&["systemd would start it again", "can revive"])
            .exits(1);
    }
}

/// F37, the same: what ended badly in its stop phase is told from what nothing would have started, or could.
#[test]
fn only_what_a_policy_would_have_started_died_in_its_stop_phase() {
    report("L23-stop-phase-death", "")
        .is("stop-phase-death", "while it was being stopped")
        .exits(1);
    let silent = "unit hermes-gateway.service";
    for other in [
        // By its policy, by its code, for its limit, since a start is queued, since no limit is told.
        format!("{silent} Restart=no"),
        format!("{silent} ExecMainStatus=78"),
        format!("{silent} StartLimitIntervalUSec=2h StartLimitBurst=5 NRestarts=9"),
        format!("{silent} Job=4411"),
        format!("{silent} StartLimitBurst="),
    ] {
        report("L23-stop-phase-death", &other).never(&["while it was being stopped"]).exits(1);
    }
}

/// F38, NousResearch/hermes-agent#116551, #41631.
#[test]
fn a_unit_that_failed_by_a_planned_stop_has_not_crashed() {
    report("L22-operator-stop-shows-failed", "")
        .finds("job/not-running", "failure", "failed (failed)")
        .is("stopped-on-purpose", "its status file says stopped")
        .never(&["crashed", "without end", "cut short"])
        .exits(1);
}

/// F39, NousResearch/hermes-agent#56519, #64432.
#[test]
fn neither_a_result_nor_one_look_says_that_a_unit_is_stable() {
    report("L25-start-limit-without-the-name", "")
        .finds("job/start-limit", "failure", "systemd starts it no more")
        .is("crash-loop", "started too often")
        .exits(1);
    report("linux-healthy", "unit hermes-gateway.service NRestarts=57")
        .finds("job/crash-loop", "unknown", "restarted 57 times, and its process is only 2 s old")
        .never(&["does not loop", "[healthy"])
        .exits(3);
}

/// F40, NousResearch/hermes-agent#70573.
#[test]
fn a_child_that_the_kernel_killed_is_not_the_gateway() {
    report("L31-child-oom-marks-unit-oom-kill", "")
        .finds("job/killed", "warning", "killed a process of hermes-gateway.service for want of memory, and its main process lives")
        .is("healthy", "PID 391")
        .never(&["cut short", "was killed"])
        .exits(0);
    // The main process itself, on the other hand.
    report("linux-healthy", &[DOWN, "\nunit hermes-gateway.service Result=oom-kill"].concat())
        .finds("job/killed", "warning", "was cut short")
        .exits(1);
}

/// F41, NousResearch/hermes-agent#60999, #112843.
#[test]
fn what_an_operator_adds_to_a_unit_is_no_drift() {
    let own = r"
        file ~/.config/systemd/user/hermes-gateway.service replace Restart=always => # by hand\nRestart = always\nNice=5
        directory ~/.config/systemd/user/hermes-gateway.service.d names override.conf
        file ~/.config/systemd/user/hermes-gateway.service.d/override.conf text [Service]\nTimeoutStopSec=90\n";
    report("linux-healthy", own)
        .finds("definition/drop-in", "note", "changed by 1 drop-in")
        .finds("definition/loaded-differs", "pass", "loaded as it stands on disk")
        .never(&["outdated", "changed on disk"])
        .exits(0);
    report("a15-plist-stale-warning-false-positive", "")
        .is("healthy", "")
        .never(&["outdated"])
        .exits(0);
}

/// F42, openclaw/openclaw#81410.
#[test]
fn a_definition_on_disk_is_not_the_one_that_is_used() {
    report("linux-healthy", "unit hermes-gateway.service NeedDaemonReload=yes")
        .finds("definition/loaded-differs", "failure", "changed on disk after systemd loaded it")
        .is("loaded-definition-old", "")
        .exits(1);
    report("b15-kickstart-does-not-reread-plist", "")
        .finds("definition/loaded-differs", "failure", "changed on disk after launchd loaded it")
        .is("loaded-definition-old", "it runs by the old definition")
        .exits(1);
}

/// F43, NousResearch/hermes-agent#81468, #16376.
#[test]
fn a_pid_in_a_message_is_held_against_the_process_that_has_it() {
    let changes = "
        file ~/.hermes/gateway.pid replace 391 => 77
        process 77 argv=/usr/libexec/akd
        process 77 started=9
        process 77 state=S";
    report("linux-healthy", changes)
        .finds(
            "owner/pid-reused",
            "warning",
            "names PID 77, which is another program now: /usr/libexec/akd",
        )
        .finds("owner/duplicate-gateway", "pass", "PID 391 is the only gateway of this home")
        .never(&["stop PID", "kill 77"]);
    // What Hermes said is told as its words: that PID is its own, and nobody is accused.
    let own = "
        file ~/.hermes/gateway_state.json replace \"running\" => \"startup_failed\"
        file ~/.hermes/gateway_state.json replace \"exit_reason\": null => \"exit_reason\": \"bot token already in use (PID 391)\"";
    report("linux-healthy", own)
        .finds(
            "runtime/startup-failed",
            "failure",
            "was refused: bot token already in use (PID 391)",
        )
        .finds("owner/duplicate-gateway", "pass", "PID 391 is the only gateway of this home")
        .exits(1);
}

/// F44, NousResearch/hermes-agent#31981, #13655, #98625.
#[test]
fn what_a_crash_left_behind_is_no_second_gateway() {
    report("linux-stale-pid-file", "")
        .finds("owner/stale-pid-file", "warning", "records name PID 391, which is gone")
        .is("stale-records", "the gateway does not run")
        .never(&["another gateway", "already running"])
        .exits(1);
}

/// F45, openclaw/openclaw#13076, #15331, #23846, #90494.
#[test]
fn a_service_that_is_only_called_alike_is_no_duplicate() {
    let alike = r"
        directory ~/.config/systemd/user names hermes-gateway.service openclaw-gateway.service hermes-gateway-notes.service
        file ~/.config/systemd/user/openclaw-gateway.service text [Service]\nExecStart=/usr/bin/node /opt/openclaw/gateway.js\nRestart=always\n
        file ~/.config/systemd/user/hermes-gateway-notes.service text [Service]\nExecStart=/usr/bin/python3 /opt/notes/notes.py gateway run\n
        unit hermes-gateway-notes.service LoadState=loaded ActiveState=active SubState=running MainPID=77 UnitFileState=enabled
        process 77 argv=/usr/bin/python3 /opt/notes/notes.py gateway run";
    report("linux-healthy", alike)
        .finds("definition/duplicate", "pass", "one service serves this home")
        .finds("owner/duplicate-gateway", "pass", "PID 391 is the only gateway of this home")
        .never(&["openclaw", "notes"])
        .exits(0);
    report("L09-duplicate-supervisors-user-and-system", "").is("two-supervisors", "").exits(1);
}

/// F46, openclaw/openclaw#24792.
#[test]
fn its_own_listener_is_in_nobodys_way() {
    for holders in ["391", "391 999"] {
        report(
            "linux-healthy",
            &format!("listener 127.0.0.1:8642 by {holders}\nprocess 999 argv=node mcp-server.js"),
        )
        .finds("port/no-listener", "pass", "PID 391 listens on 127.0.0.1:8642")
        .finds("port/foreign-listener", "pass", "no other program sits on")
        .never(&["is held by another", "conflict", "already in use"])
        .exits(0);
    }
}

/// F47, NousResearch/hermes-agent#78574, #95294, #102915.
#[test]
fn an_update_that_the_process_has_not_seen_is_not_complete() {
    let code = "file /opt/hermes/lib/python3.11/site-packages/hermes_cli/__init__.py";
    report(
        "linux-healthy",
        &format!("{code} replace 0.19.0 => 0.20.1\n{code} mtime 2026-11-21T03:30:30Z\nclock +180"),
    )
    .finds("owner/stale-code", "warning", "PID 391 runs older code than the code on disk")
    .finds("health/version-skew", "warning", "version 0.19.0 runs, and 0.20.1 is installed")
    .is("stale-code", "updated and not restarted")
    .never(&["[healthy"]);
}

/// F48, NousResearch/hermes-agent#34840, #6810, #99579.
#[test]
fn a_store_of_jobs_has_five_states_and_only_two_are_no_jobs() {
    for (store, check, verdict, words, link) in [
        ("absent", "cron/store-invalid", "skipped", "no job was ever made here", "no jobs"),
        (
            r#"text {"jobs": []}"#,
            "cron/store-invalid",
            "pass",
            "the job store holds 0 jobs",
            "no jobs",
        ),
        (
            "denied",
            "cron/store-unreadable",
            "unknown",
            "permission denied (mode 0600, uid 0)",
            "denied",
        ),
        ("too-large", "cron/store-unreadable", "unknown", "too large", "too large"),
        (
            r#"text {"jobs": [{"id"#,
            "cron/store-invalid",
            "failure",
            "cannot be understood",
            "invalid",
        ),
        ("text", "cron/store-invalid", "failure", "cannot be understood", "invalid"),
        ("mtime 2026-11-21T03:28:31Z", "cron/store-invalid", "pass", "holds 1 job", "1 job"),
    ] {
        let report =
            report("linux-cron-healthy", &format!("file ~/.hermes/cron/jobs.json {store}"))
                .finds(check, verdict, words);
        let cron =
            list(&report.gateway()["chain"]).find(|found| found["link"] == "cron").expect("cron");
        assert!(text(&cron["text"]).starts_with(link), "{store}: {cron}");
        if link != "no jobs" {
            report.never(&["no jobs", "no job was ever made", "holds 0 jobs"]);
        }
    }
}

/// F49, openclaw/openclaw#87815, #137217, #126786.
#[test]
fn a_reference_that_nobody_resolved_is_not_a_missing_secret() {
    for key in ["${HERMES_KEY}", "\"${HERMES_KEY}\"", "${A}${B}"] {
        report(
            "linux-healthy",
            &format!(r"file ~/.hermes/.env text API_SERVER_ENABLED=true\nAPI_SERVER_KEY={key}\n"),
        )
        .finds("definition/api-server-env", "unknown", "depends on another variable")
        .never(&["not set in any source", "shorter than", "will refuse"])
        // Whatever it is, the API server took it: it answers.
        .is("healthy", "answers on 127.0.0.1:8642")
        .exits(0);
    }
    report("linux-healthy", r"file ~/.hermes/.env text API_SERVER_ENABLED=true\n").finds(
        "definition/api-server-env",
        "warning",
        "API_SERVER_KEY is not set in any source",
    );
}

/// F50, NousResearch/hermes-agent#878, #72927.
#[test]
fn a_package_is_missing_from_the_gateways_own_python_or_from_none() {
    report("linux-aiohttp-missing", "")
        .is("dependency-missing", "no aiohttp in /opt/hermes/lib/python3.11/site-packages")
        .exits(1);
    let elsewhere = "file /home/lab/venv/lib/python3.11/site-packages/aiohttp/__init__.py absent";
    let mut host = edit::changed("linux-healthy", elsewhere);
    host.host.env.insert("VIRTUAL_ENV".into(), "/home/lab/venv".into());
    host.host.env.insert("PATH".into(), "/home/lab/venv/bin".into());
    of(&host).is("healthy", "PID 391").never(&["aiohttp", "/home/lab/venv"]).exits(0);
    // Where that Python's packages cannot be seen, none is said to be missing.
    let hidden = "file /opt/hermes/lib/python3.11/site-packages/aiohttp/__init__.py unseen";
    report("linux-api-key-missing", hidden).is("api-server-refused", "").never(&["no aiohttp"]);
}

/// Neither a claim nor its exception may be forgotten.
#[test]
fn every_claim_has_its_test_or_its_reason() {
    let source = include_str!("claims.rs");
    for number in 1..=50 {
        let claim = format!("F{number:02}");
        let is_told = |line: &str| {
            line.starts_with(&format!("/// {claim}, "))
                || line.starts_with(&format!("//! - {claim}"))
        };
        assert!(source.lines().any(is_told), "{claim}");
    }
}
