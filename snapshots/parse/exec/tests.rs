use proptest::prelude::*;

use super::*;

fn argv(line: &str) -> Vec<String> {
    Exec::parse(line).map(|exec| exec.argv).unwrap_or_default()
}

#[test]
fn words_are_split_and_unquoted_as_systemd_does() {
    for (line, expected) in [
        ("/bin/echo a b", &["/bin/echo", "a", "b"][..]),
        ("  /bin/echo\ta  ", &["/bin/echo", "a"]),
        ("/bin/echo \"a b\"c 'd\"e'", &["/bin/echo", "a bc", "d\"e"]),
        ("\"/opt/my program/run\" --x", &["/opt/my program/run", "--x"]),
        ("/bin/echo \"\" ''", &["/bin/echo", "", ""]),
        (r"/bin/echo \x41\102\u00e9\U0001F600\s\t.", &["/bin/echo", "AB\u{e9}\u{1F600} \t."]),
        (r#"/bin/echo "a\"b" 'a\'b' \"x"#, &["/bin/echo", "a\"b", "a'b", "\"x"]),
        (r"/bin/echo \q \x0 \000 \u12", &["/bin/echo", r"\q", r"\x0", r"\000", r"\u12"]),
        (r"/bin/echo a\ b", &["/bin/echo", r"a\ b"]),
        ("/bin/echo 100%% $$HOME $$", &["/bin/echo", "100%", "$HOME", "$"]),
        (":/bin/echo $$HOME", &["/bin/echo", "$$HOME"]),
        ("-@/bin/sh mine -c x", &["mine", "-c", "x"]),
        ("/bin/echo a ; /bin/echo b", &["/bin/echo", "a"]),
        (r#"/bin/echo \; ";" a;b"#, &["/bin/echo", ";", ";", "a;b"]),
        ("; /bin/echo a", &["/bin/echo", "a"]),
        ("true", &["true"]),
        ("%h/.local/bin/hermes gateway run", &["%h/.local/bin/hermes", "gateway", "run"]),
        (
            "\"/r/.hermes/bin/hermes\" \"--profile\" \"x\" \"gateway\" \"run\"",
            &["/r/.hermes/bin/hermes", "--profile", "x", "gateway", "run"],
        ),
        (
            "-\"/r/bin/hermes\" \"--run-module\" \"gateway.cgroup_cleanup\"",
            &["/r/bin/hermes", "--run-module", "gateway.cgroup_cleanup"],
        ),
    ] {
        assert_eq!(argv(line), expected, "{line}");
    }
}

#[test]
fn prefixes_are_told_from_the_program() {
    for (line, prefixes, path) in [
        ("/bin/x", "", "/bin/x"),
        ("-/bin/x", "-", "/bin/x"),
        ("-@+:/bin/x x", "-@+:", "/bin/x"),
        ("!!/bin/x", "!!", "/bin/x"),
        ("--x", "-", "-x"),
    ] {
        let exec = Exec::parse(line).expect("a test's own command");
        assert_eq!((exec.prefixes.as_str(), exec.path.as_str()), (prefixes, path), "{line}");
    }
}

#[test]
fn what_only_systemd_can_resolve_is_said() {
    for (line, expected) in [
        ("/bin/kill -USR1 $MAINPID", true),
        ("/bin/echo a${B}c", true),
        ("/bin/echo %h", true),
        ("%h/bin/x", true),
        ("/bin/echo a$B 5% %% $$ $${x}", false),
        (":/bin/echo $MAINPID", false),
    ] {
        assert_eq!(Exec::parse(line).map(|exec| exec.unresolved), Ok(expected), "{line}");
    }
}

#[test]
fn what_systemd_refuses_is_an_error() {
    for (line, expected) in [
        ("", ExecError::NoProgram),
        ("-", ExecError::NoProgram),
        (";", ExecError::NoProgram),
        ("@/bin/x", ExecError::NoProgram),
        ("/bin/echo \"a", ExecError::Unbalanced),
        ("\"/bin/echo", ExecError::Unbalanced),
        ("~/bin/x", ExecError::Relative),
        ("./x", ExecError::Relative),
        ("/bin/", ExecError::Directory),
    ] {
        assert_eq!(Exec::parse(line), Err(expected), "{line}");
    }
}

#[test]
fn what_systemctl_shows_is_read() {
    let shown = "{ path=/opt/python ; argv[]=/opt/python -m hermes_cli.main gateway run ; ignore_errors=no ; \
        start_time=[Sat 2026-11-21 01:22:01 UTC] ; stop_time=[n/a] ; pid=63 ; code=(null) ; status=0/0 }";
    let exec = Exec::shown(shown).expect("what systemd 252 prints");
    assert_eq!(exec.path, "/opt/python");
    assert_eq!(exec.argv, ["/opt/python", "-m", "hermes_cli.main", "gateway", "run"]);
    assert!(exec.prefixes.is_empty());
    let tricky =
        "{ path=/bin/sh ; argv[]=/bin/sh -c a ; ignore_errors=no ; b ; ignore_errors=yes ; pid=0 }";
    let exec = Exec::shown(tricky).expect("an argument that looks like the end");
    assert_eq!((exec.prefixes.as_str(), exec.argv.len()), ("-", 7));
    let flags = "{ path=/bin/x ; argv[]=/bin/x ; flags=ignore-failure no-env-expand ; pid=0 }";
    assert_eq!(Exec::shown(flags).map(|exec| exec.prefixes), Ok("-".into()));
    for other in ["", "/bin/x", "{ path=/bin/x }", "{ path=/bin/x ; argv[]=/bin/x }"] {
        assert_eq!(Exec::shown(other), Err(ExecError::NotShown), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_line_can_be_read(line in any_line()) {
        let _ = (Exec::parse(&line), Exec::shown(&line));
        for escapes in [Escapes::Strict, Escapes::Relaxed, Escapes::Shell] {
            let mut end = 0;
            for word in split(&line, escapes).map_while(Result::ok) {
                prop_assert!(word.span.start >= end && line.get(word.span.clone()).is_some());
                end = word.span.end;
            }
        }
    }

    #[test]
    fn quoted_words_survive_a_round_trip(words in prop::collection::vec("[^\0]{0,12}", 0..5)) {
        let quote = |word: &String| format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""));
        let line = words.iter().map(quote).collect::<Vec<_>>().join(" ");
        let read: Vec<String> = split(&line, Escapes::Strict).map_while(Result::ok).map(|word| word.text).collect();
        prop_assert_eq!(read, words);
    }
}

/// Lines in which quotes, escapes and prefixes are frequent.
pub(crate) fn any_line() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![
            "/bin/x", "a", "--token", "KEY=", "HERMES_HOME=", "\"", "'", "\\", "\\x4", "\\101", " ", " ", "\t", ";", "-", "@", ":",
            "+", "!", "%", "%h", "$", "${", "}", "=", "{ path=", " ; argv[]=", " ; ignore_errors=", " ;",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(atom, 0..16).prop_map(|atoms| atoms.concat())
}
