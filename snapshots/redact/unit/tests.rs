use proptest::prelude::*;

use super::*;
use crate::parse::exec::Exec;
use crate::parse::exec::tests::any_line;
use crate::parse::unit::Unit;
use crate::parse::unit::tests::any_unit;
use crate::redact::shape::is_mark;

fn salt() -> Salt {
    Salt(b"test".to_vec())
}

fn redacted(source: &str) -> String {
    text(source, &salt())
}

#[test]
fn the_list_of_directives_that_stay_is_sorted() {
    assert!(KEPT.is_sorted());
}

#[test]
fn a_unit_that_hermes_wrote_stays_as_it_is() {
    let unit = "\
[Unit]
Description=Hermes Agent Gateway - Messaging Platform Integration
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=/home/a/.hermes/venv/bin/python -m hermes_cli.main --profile coder gateway run --replace
WorkingDirectory=/home/a/.hermes
Environment=\"PATH=/home/a/.hermes/venv/bin:/usr/bin\"
Environment=\"VIRTUAL_ENV=/home/a/.hermes/venv\"
Environment=\"HERMES_HOME=/home/a/.hermes\"
Restart=always
RestartSec=5
RestartMaxDelaySec=300
RestartSteps=5
RestartForceExitStatus=75
RestartPreventExitStatus=78
KillMode=mixed
KillSignal=SIGTERM
ExecReload=/bin/kill -USR1 $MAINPID
ExecStopPost=-/home/a/.hermes/venv/bin/python -m gateway.cgroup_cleanup
TimeoutStopSec=60
StandardOutput=journal
StandardError=journal

[Install]
WantedBy=default.target
";
    assert_eq!(redacted(unit), unit);
}

#[test]
fn what_a_unit_hands_its_program_on_standard_input_is_no_place_but_a_content() {
    let shown = redacted(
        "[Service]\nStandardInput=data\nStandardInputText=hunter2\nStandardInputData=aHVudGVyMg==\n",
    );
    assert!(shown.contains("StandardInput=data\n"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVu"), "{shown}");
}

#[test]
fn secrets_go_and_the_lines_after_them_keep_their_numbers() {
    let source = "\
# the unit of Alice
[Service]
Environment=\"OPENAI_API_KEY=hunter2\" HERMES_HOME=/x \\
  'NOTE=hunter2 hunter2'
Environment=HERMES_HOME=/x \\
# hunter2
  TZ=UTC
ExecStart=/bin/env FOO=hunter2 /bin/hermes --api-key hunter2 --token=hunter2 gateway run
ExecStartPre=-/bin/sh -c \"BAR='hunter2 hunter2' hermes gateway run\"
ExecStartPost=/bin/curl https://alice:hunter2@example.org/ -H \"Authorization: Bearer hunter2hunter2\"
SetCredential=x:hunter2
LoadCredential=hunter2
nonsense hunter2
[X-Alice]
Restart=hunter2
[Install]
WantedBy=default.target";
    let seen = redacted(source);
    assert!(!seen.contains("hunter2") && !seen.contains("of Alice"), "{seen}");
    for kept in [
        "FOO=",
        "hermes gateway run\"",
        "--api-key ",
        "--token=",
        " gateway run",
        "https://",
        "HERMES_HOME=/x",
        "TZ=UTC",
    ] {
        assert!(seen.contains(kept), "{kept} in {seen}");
    }
    let lines = |text: &str| -> Vec<_> {
        Unit::parse(text)
            .directives
            .into_iter()
            .map(|directive| (directive.key, directive.line))
            .collect()
    };
    assert_eq!(lines(&seen), lines(source), "{seen}");
    assert_eq!(redacted(&seen), seen, "twice is once");
}

#[test]
fn a_line_that_systemd_cannot_read_stays_one() {
    for source in [
        "[Service]\nExecStart=/bin/x \"hunter2",
        "[Service]\nExecStart=\"hunter2 a",
        "[Service]\nhunter2",
        "[hunter2",
    ] {
        let seen = redacted(source);
        assert!(!seen.contains("hunter2"), "{seen}");
        let (before, after) = (Unit::parse(source), Unit::parse(&seen));
        assert_eq!(before.problems, after.problems, "{seen}");
        if let (Some(before), Some(after)) = (before.directives.first(), after.directives.first()) {
            assert_eq!(Exec::parse(&before.value), Err(crate::parse::exec::ExecError::Unbalanced));
            assert_eq!(
                Exec::parse(&after.value),
                Err(crate::parse::exec::ExecError::Unbalanced),
                "{seen}"
            );
        }
    }
}

#[test]
fn what_systemctl_shows_is_redacted_by_the_same_rules() {
    let seen = environment("PATH=/a:/b TOKEN=hunter2 \"NOTE=hunter2 x\"", &salt());
    assert_eq!(seen, "PATH=/a:/b TOKEN=‹redacted:1-7› NOTE=‹redacted:8-15›");
    let seen = shown_command(
        "{ path=/bin/x ; argv[]=/bin/x --token hunter2 gateway run ; ignore_errors=no ; pid=0 }",
        &salt(),
    );
    assert_eq!(
        seen,
        "{ path=/bin/x ; argv[]=/bin/x --token ‹redacted:1-7› gateway run ; ignore_errors=no ; pid=0 }"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn directives_keep_their_names_and_lines(source in any_unit()) {
        let seen = redacted(&source);
        let (before, after) = (Unit::parse(&source), Unit::parse(&seen));
        prop_assert_eq!(before.directives.len(), after.directives.len(), "{}", seen);
        for (before, after) in before.directives.iter().zip(&after.directives) {
            prop_assert_eq!(before.line, after.line, "{}", seen);
            prop_assert!(before.key == after.key || is_mark(&after.key), "{}", seen);
            prop_assert_eq!(before.value.is_empty(), after.value.is_empty(), "{}", seen);
        }
        let lines = |unit: &Unit| unit.problems.iter().map(|problem| problem.line).collect::<Vec<_>>();
        prop_assert_eq!(lines(&before), lines(&after), "{}", seen);
    }

    #[test]
    fn a_command_keeps_the_number_of_its_arguments(line in any_line()) {
        let seen = command_line(&line, &salt());
        let count = |line: &str| Exec::parse(line).map(|exec| exec.argv.len()).ok();
        prop_assert!(count(&line).is_none() || count(&line) == count(&seen), "{}", seen);
    }

    #[test]
    fn no_planted_secret_survives(
        before in any_unit(),
        secret in "[a-z0-9]{12,40}",
        shape in prop::sample::select(vec![
            "\n[Service]\nEnvironment=TOKEN=@\n", "\n[Service]\nEnvironment=A=1 \"KEY=x @\"\n", "\n[Service]\nSetCredential=@\n", "\n# @\n",
            "\n[Service]\nExecStart=/bin/x --token @\n", "\n[Service]\nExecStart=/bin/x \\\n # @\n --api-key=@ \\\n KEY=@\n",
            "\n[Service]\nExecStart=/bin/x http://a:@@example.org\n", "\n[Other]\nRestart=@\n", "\n@\n", "\n[Service]\nEnvironment=\"A=@\n",
        ]),
        after in any_unit(),
    ) {
        prop_assume!(!before.contains('\\') && secret.contains(|c: char| c.is_ascii_digit()));
        let planted = shape.replace("@@", "\u{1}").replace('@', &secret).replace('\u{1}', &format!("{secret}@"));
        let seen = redacted(&format!("{before}{planted}{after}"));
        prop_assert!(!seen.contains(&secret), "{}", seen);
    }
}
