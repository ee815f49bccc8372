use proptest::prelude::*;

use super::*;

const RUNNING: &str = "gui/501/ai.hermes.gateway = {\n\tactive count = 1\n\tpath = /Users/a/Library/LaunchAgents/ai.hermes.gateway.plist\n\ttype = LaunchAgent\n\tstate = running\n\n\tprogram = /v/bin/python\n\targuments = {\n\t\t/v/bin/python\n\t\t-m\n\t\thermes_cli.main\n\t\tgateway\n\t\trun\n\t}\n\n\tworking directory = /Users/a/.hermes\n\n\tinherited environment = {\n\t\tSSH_AUTH_SOCK => /x\n\t}\n\n\tenvironment = {\n\t\tHERMES_HOME => /Users/a/.hermes\n\t\tXPC_SERVICE_NAME => ai.hermes.gateway\n\t}\n\n\tdomain = gui/501 [100015]\n\tminimum runtime = 30\n\texit timeout = 25\n\truns = 2\n\tpid = 71237\n\timmediate reason = semaphore\n\tforks = 12\n\texecs = 1\n\tlast exit code = 75: EX_TEMPFAIL\n\n\tsemaphores = {\n\t\tsuccessful exit => 0\n\t}\n\n\tresource coalition = {\n\t\tID = 1\n\t\tstate = active\n\t\tpid = 3\n\t}\n\n\tproperties = runatload | inferred program\n}\n";

#[test]
fn a_running_service_is_read_whole_and_nested_blocks_are_not_its_own() {
    let service = read(RUNNING).expect("a service");
    assert_eq!(service.state, Fact::Known(State::Running));
    assert_eq!(service.pid, Fact::Known(71237));
    assert_eq!(service.runs, Fact::Known(2));
    assert_eq!(service.last_exit, Fact::Known(LastExit::Code(75)));
    assert_eq!(service.arguments.known().map(Vec::len), Some(5));
    assert_eq!((service.minimum_runtime, service.exit_timeout), (Some(30), Some(25)));
    assert_eq!(service.semaphores, Some(vec![("successful exit".into(), "0".into())]));
    assert_eq!(service.properties.as_deref().map(<[String]>::len), Some(2));
    assert_eq!(service.environment.len(), 2);
}

#[test]
fn the_indentation_of_a_copy_does_not_matter() {
    let original = read(RUNNING);
    for unit in ["    ", "        ", "  "] {
        assert_eq!(read(&RUNNING.replace('\t', unit)), original, "{unit:?}");
    }
}

#[test]
fn how_the_last_run_ended_is_read_in_each_of_its_forms() {
    let of = |line: &str| {
        let text = RUNNING.replace("last exit code = 75: EX_TEMPFAIL", line);
        read(&text).expect("a service").last_exit
    };
    assert_eq!(of("last exit code = (never exited)"), Fact::Absent);
    assert_eq!(of("last exit code = 0"), Fact::Known(LastExit::Code(0)));
    assert_eq!(of("last terminating signal = Terminated: 15"), Fact::Known(LastExit::Signal(15)));
    assert_eq!(
        of("last terminating signal = User defined signal 1: 30"),
        Fact::Known(LastExit::Signal(30))
    );
    let reason = Fact::Known(LastExit::Reason("OS_REASON_CODESIGNING".into()));
    assert_eq!(of("last exit reason = OS_REASON_CODESIGNING"), reason);
    assert_eq!(
        of("last exit code = (failed reap)"),
        Fact::Known(LastExit::Reason("(failed reap)".into()))
    );
}

#[test]
fn an_argument_that_imitates_lines_makes_them_doubtful_and_never_true() {
    let forge = |argument: &str| {
        let text = RUNNING
            .replace("state = running", "state = not running")
            .replace("\tpid = 71237\n", "")
            .replace("\t\trun\n", &format!("\t\t{argument}\n"));
        read(&text).expect("a service")
    };
    for argument in [
        "x\n\tpid = 77",
        "x\n\t}\n\n\tpid = 77\n\truns = 1\n\tlast exit code = 0",
        "x\n\t}\n\n\tpid = 77\n\truns = 1\n\tlast exit code = 0\n\tsockets = {",
        "x\n\t}\n\n\tstate = running\n\tpid = 77\n\tlast exit code = 0\n\tsockets = {",
        "x\npid = 77\n}",
        "}\n\tpid = 77",
        "a\n\t}\n\truns = 1\n}",
    ] {
        let service = forge(argument);
        assert_ne!(service.pid, Fact::Known(77), "{argument:?}");
        assert_ne!(service.state, Fact::Known(State::Running), "{argument:?}");
        assert_ne!(service.last_exit, Fact::Known(LastExit::Code(0)), "{argument:?}");
        assert_ne!(service.runs, Fact::Known(1), "{argument:?}");
    }
}

#[test]
fn what_is_no_service_is_none() {
    for text in ["", "Bad request.\n", "}", "a b = {\n}", "\u{0}"] {
        assert_eq!(read(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", lines in prop::collection::vec("\t{0,3}[a-z]{0,4}( = |=> | => \\{| = \\{|\\}|)[a-z0-9]{0,3}", 0..40)) {
        let _ = read(&text);
        let body = lines.join("\n");
        let _ = read(&["x/y = {\n", &body].concat());
        let _ = super::super::domain::read(&["x/y = {\n", &body].concat());
        let _ = super::super::disabled::read(&["disabled services = {\n", &body].concat());
        let _ = super::super::list::job(&["{\n", &body].concat());
        let _ = super::super::list::table(&["PID\tStatus\tLabel\n", &body].concat());
    }

    #[test]
    fn an_argument_never_makes_a_process(argument in "[a-z]{1,3}(\n(\t{0,2})(\\}|pid = [0-9]{1,4}|runs = 7|sockets = \\{|))*") {
        let text = RUNNING
            .replace("state = running", "state = not running")
            .replace("\tpid = 71237\n", "")
            .replace("\t\trun\n", &format!("\t\t{argument}\n"));
        let service = read(&text).expect("a service");
        prop_assert!(service.pid.known().is_none());
        prop_assert_ne!(service.runs, Fact::Known(7));
    }
}
