use proptest::prelude::*;

use super::*;

fn seen(text: &str) -> Vec<(String, usize)> {
    let unit = Unit::parse(text);
    unit.directives
        .into_iter()
        .map(|Directive { section, key, value, line }| (format!("[{section}] {key}={value}"), line))
        .collect()
}

#[test]
fn sections_keys_values_and_lines_are_read() {
    let text = "\
# comment
[Unit]
Description = two words  \t
After=
; comment

[Service]
ExecStart=/bin/echo a \\
  b \\
# in between
; and again
\tc
Environment=\"A=1\"
   Nice=5
[Install]
WantedBy=default.target";
    let expected = [
        ("[Unit] Description=two words", 3),
        ("[Unit] After=", 4),
        ("[Service] ExecStart=/bin/echo a  b  c", 8),
        ("[Service] Environment=\"A=1\"", 13),
        ("[Service] Nice=5", 14),
        ("[Install] WantedBy=default.target", 16),
    ];
    assert_eq!(seen(text), expected.map(|(directive, line)| (directive.to_string(), line)));
    assert_eq!(Unit::parse(text).problems, []);
}

#[test]
fn lines_continue_only_after_an_odd_number_of_backslashes() {
    for (text, expected) in [
        ("[Service]\nA=1\\\n2\nB=3", &[("[Service] A=1 2", 2), ("[Service] B=3", 4)][..]),
        ("[Service]\nA=1\\\\\nB=3", &[("[Service] A=1\\\\", 2), ("[Service] B=3", 3)]),
        ("[Service]\nA=1\\\n\nB=3", &[("[Service] A=1", 2), ("[Service] B=3", 4)]),
        ("[Service]\nA=1\\", &[("[Service] A=1", 2)]),
        ("[Service]\r\nA=1\\\r\n2\r\n\r\nB=3", &[("[Service] A=1 2", 2), ("[Service] B=3", 5)]),
        ("\u{feff}[Service]\nA=1", &[("[Service] A=1", 2)]),
        ("[Service]\nA=1 # not a comment", &[("[Service] A=1 # not a comment", 2)]),
        ("[Service]\nA=1=2", &[("[Service] A=1=2", 2)]),
    ] {
        let expected: Vec<_> =
            expected.iter().map(|(directive, line)| (directive.to_string(), *line)).collect();
        assert_eq!(seen(text), expected, "{text:?}");
    }
}

#[test]
fn what_systemd_warns_of_is_a_problem_on_its_line() {
    let unit =
        Unit::parse("A=1\n[Bogus]\n[X-Mine]\nB=1\n[Service]\nnonsense\n=novalue\n[Broken\nC=1\n");
    let lines: Vec<usize> = unit.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 2, 6, 7, 8]);
    assert_eq!(unit.directives.len(), 1, "nothing after a broken header is read");
}

fn effective(main: &str, drop_ins: &[&str]) -> Effective {
    let drop_ins: Vec<(String, Unit)> = drop_ins
        .iter()
        .enumerate()
        .map(|(at, text)| (format!("{at}.conf"), Unit::parse(text)))
        .collect();
    Effective::of(("main", &Unit::parse(main)), &drop_ins)
}

#[test]
fn the_last_assignment_holds_and_says_where_it_stands() {
    let unit = effective(
        "[Service]\nRestart=always\nUser=alice\n",
        &["[Service]\nRestart=no\n", "[Service]\n\nUser=\n"],
    );
    let place = |key| unit.last("Service", key).map(|found| (found.value, found.file, found.line));
    assert_eq!(place("Restart"), Some(("no".into(), "0.conf".into(), 2)));
    assert_eq!(place("User"), None, "an empty assignment takes it back");
    assert_eq!(place("Group"), None);
}

#[test]
fn an_empty_assignment_takes_back_a_list_and_leaves_a_choice_alone() {
    let unit = effective(
        "[Service]\nExecStart=/bin/a\nRestart=always\nTimeoutStopSec=60\n",
        &["[Service]\nExecStart=\nExecStart=/bin/b\nRestart=\nTimeoutStopSec=\n"],
    );
    let values =
        |key| unit.all("Service", key).into_iter().map(|found| found.value).collect::<Vec<_>>();
    assert_eq!(values("ExecStart"), ["/bin/b"]);
    assert_eq!(values("Restart"), ["always"]);
    assert_eq!(values("TimeoutStopSec"), ["60"]);
}

#[test]
fn the_environment_is_what_systemd_would_set() {
    let unit = effective(
        "[Service]\nEnvironment=\"A=1 2\" B=x\\sy 'C=z\"' D=\"q\\\"r\" E=\\q F=lost\nEnvironment=G=ok \"1H=no\" I\n",
        &["[Service]\nEnvironment=A=3 HERMES_HOME=%h/.hermes P=100%% EMPTY=\n"],
    );
    let seen: Vec<_> = unit
        .environment()
        .into_iter()
        .map(|found| {
            (format!("{}={}", found.name, found.value), found.file, found.line, found.unresolved)
        })
        .collect();
    let expected = [
        ("A=3", "0.conf", 2, false),
        ("B=x y", "main", 2, false),
        ("C=z\"", "main", 2, false),
        ("D=q\"r", "main", 2, false),
        ("G=ok", "main", 3, false),
        ("HERMES_HOME=%h/.hermes", "0.conf", 2, true),
        ("P=100%", "0.conf", 2, false),
        ("EMPTY=", "0.conf", 2, false),
    ];
    let expected =
        expected.map(|(word, file, line, open)| (word.to_string(), file.to_string(), line, open));
    assert_eq!(seen, expected);
    let reset = effective("[Service]\nEnvironment=A=1\n", &["[Service]\nEnvironment=\n"]);
    assert_eq!(reset.environment(), []);
}

#[test]
fn environment_files_say_whether_they_may_be_missing() {
    let unit = effective("[Service]\nEnvironmentFile=/etc/a b\nEnvironmentFile=-/etc/c\n", &[]);
    assert_eq!(
        unit.environment_files(),
        [("/etc/a b".to_string(), false), ("/etc/c".to_string(), true)]
    );
}

#[test]
fn a_specifier_that_is_left_is_told_and_no_value_of_it_guessed() {
    let text = "[Service]\nEnvironment=A=%h/x B=%%h C=%i/%h D=100%\nEnvironmentFile=-%h/e\n";
    let unit = effective(text, &[]);
    let read = unit.environment();
    let values: Vec<&str> = read.iter().map(|variable| variable.value.as_str()).collect();
    assert_eq!(values, ["%h/x", "%h", "%i/%h", "100%"]);
    let open: Vec<bool> = read.iter().map(|variable| variable.unresolved).collect();
    assert_eq!(open, [true, false, true, false]);
    assert_eq!(unit.environment_files(), [("%h/e".into(), true)]);
}

#[test]
fn what_systemctl_shows_of_the_environment_is_read() {
    for (text, expected) in [
        ("A=1 B=2", &[("A", "1"), ("B", "2")][..]),
        ("PATH=/a:/b \"C=d e\"", &[("PATH", "/a:/b"), ("C", "d e")]),
        (r#""D=\$x \`y\` \"z\" \\""#, &[("D", "$x `y` \"z\" \\")]),
        (r"$'E=a\nb' F=1", &[("E", "a\nb"), ("F", "1")]),
        ("", &[]),
    ] {
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(parse_assignments(text), expected, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_read_and_every_line_is_one_of_it(text in any_unit()) {
        let unit = Unit::parse(&text);
        let lines = physical_lines(&text).len();
        prop_assert!(unit.directives.iter().all(|directive| (1..=lines).contains(&directive.line)));
        prop_assert!(unit.problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
        let effective = Effective::of(("main", &unit), &[("drop-in".into(), unit.clone())]);
        let _ = (effective.environment(), effective.environment_files(), parse_assignments(&text));
        // Logical lines cover the text without a gap.
        let mut at = 0;
        for (span, _) in logical_lines(&text).into_iter().flat_map(|logical| logical.pieces) {
            prop_assert_eq!(span.start, at);
            at = span.end;
        }
        prop_assert_eq!(at, text.len());
    }
}

/// Texts in which the signs of the grammar are frequent.
pub(crate) fn any_unit() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![
            "[Service]\n", "[Unit]\n", "[Bogus]\n", "[", "]", "Environment=", "ExecStart=/bin/x ", "Restart=", "Secret=", "A=1",
            "HERMES_HOME=/x", "TOKEN=x", "--token ", "=", "\"", "'", "\\", "\\\n", "\n", "\n", "\r\n", "\0", " ", "#", "\n# ", ";", "%h", "\u{feff}",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(atom, 0..24).prop_map(|atoms| atoms.concat())
}
