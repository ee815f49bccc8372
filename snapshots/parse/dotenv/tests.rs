use proptest::prelude::*;

use super::*;

fn pairs(text: &str) -> Vec<(String, Option<String>)> {
    parse(text).entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
}

/// What python-dotenv 1.2.2 answers, in an environment without variables.
#[test]
fn every_line_means_what_it_means_to_python_dotenv() {
    for (text, expected) in [
        ("A=1", &[("A", Some("1"))][..]),
        ("A = 1 \n", &[("A", Some("1"))]),
        ("export A=1\nexport\tB=2", &[("A", Some("1")), ("B", Some("2"))]),
        ("exported=1", &[("exported", Some("1"))]),
        ("A=", &[("A", Some(""))]),
        ("A=\nB=2", &[("A", Some("")), ("B", Some("2"))]),
        ("A", &[("A", None)]),
        ("A # c\nB", &[("A", None), ("B", None)]),
        ("A=a b  c", &[("A", Some("a b  c"))]),
        ("A=1 # c", &[("A", Some("1"))]),
        ("A=1# c", &[("A", Some("1# c"))]),
        ("A=#c", &[("A", Some("#c"))]),
        ("A= # c", &[("A", Some("# c"))]),
        ("A=\t#c", &[("A", Some("#c"))]),
        ("A=\"1\" # c", &[("A", Some("1"))]),
        ("A='1'#c", &[("A", Some("1"))]),
        ("A='a # b'", &[("A", Some("a # b"))]),
        ("A=\"a\nb\"\nB=2", &[("A", Some("a\nb")), ("B", Some("2"))]),
        ("A=\"a\r\nb\"\r\nB=2\r\n", &[("A", Some("a\nb")), ("B", Some("2"))]),
        ("A='a\rb'\rB=2", &[("A", Some("a\nb")), ("B", Some("2"))]),
        (r#"A="\\\'\"\a\b\f\n\r\t\v\q""#, &[("A", Some("\\'\"\u{7}\u{8}\u{c}\n\r\t\u{b}\\q"))]),
        (r#"A='\\\'\"\n'"#, &[("A", Some("\\'\\\"\\n"))]),
        (r#"A="a\""#, &[("A", Some("a\\"))]),
        ("A=\"a\\\"\nB=\"2\"", &[]),
        (r#"A="a\\"  "#, &[("A", Some("a\\"))]),
        ("A=it's", &[("A", Some("it's"))]),
        ("A=\"un\nB=2", &[("B", Some("2"))]),
        ("A='1' x\nB=2", &[("B", Some("2"))]),
        ("=1\nB=2", &[("B", Some("2"))]),
        ("A B=1\nB=2", &[("B", Some("2"))]),
        ("'a b'=1", &[("a b", Some("1"))]),
        ("'a\nb'=1", &[("a\nb", Some("1"))]),
        ("\"A\"=1", &[("\"A\"", Some("1"))]),
        ("\u{feff}A=1", &[("A", Some("1"))]),
        ("\n\n  \t\n A=1", &[("A", Some("1"))]),
        ("# A=1\n#\n  # x", &[]),
        ("", &[]),
        ("A=1\nA=2", &[("A", Some("1")), ("A", Some("2"))]),
        ("A=\u{a0}1\u{a0}", &[("A", Some("1"))]),
        ("A=x\u{1c}# c", &[("A", Some("x"))]),
        ("ключ=значение", &[("ключ", Some("значение"))]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, value)| (key.to_string(), value.map(String::from)))
            .collect();
        assert_eq!(pairs(text), expected, "{text:?}");
    }
}

#[test]
fn a_reference_takes_the_value_of_a_line_above_whatever_the_quotes() {
    for (text, expected) in [
        ("A=x\nB=${A}y", "xy"),
        ("A=x\nB='${A}'", "x"),
        ("A=x\nB=\"${A}${A}\"", "xx"),
        ("A=x\nB=$A", "$A"),
        ("A=x\nB=${A:?no}", "${A:?no}"),
        ("A=x\nB=${A:-d}", "x"),
        ("A=\nB=${A:-d}", ""),
        ("A\nB=${A:-d}", ""),
        ("B=${:-d}", "d"),
        ("B=${}", ""),
        ("B=${=:-d}", "d"),
        ("A=1\nA=2\nB=${A}", "2"),
        ("B=${A", "${A"),
        ("B=${${A}", "${${A}"),
        ("A=\\${A}\nB=${A}", "\\${A}"),
    ] {
        let read = parse(text);
        let entry = read.get("B").expect("a test's own assignment");
        assert_eq!(entry.value.as_deref(), Some(expected), "{text:?}");
    }
}

#[test]
fn what_only_the_process_knows_is_said_and_not_guessed() {
    let read = parse("A=${HOME}/x\nB=${A}:${USER:-nobody}:${A}\nC='a'\nD=${C}\nE=${E}");
    let unresolved = |key| read.get(key).map(|entry| entry.unresolved.join(" "));
    assert_eq!(read.get("A").and_then(|entry| entry.value.as_deref()), Some("${HOME}/x"));
    assert_eq!(unresolved("A").as_deref(), Some("HOME"));
    assert_eq!(unresolved("B").as_deref(), Some("HOME USER"));
    assert_eq!(unresolved("D").as_deref(), Some(""));
    assert_eq!(unresolved("E").as_deref(), Some("E"));
    // Single quotes do not keep a reference from being one.
    let read = parse("C='a'\nD='${C}'");
    assert_eq!(read.get("D").and_then(|entry| entry.value.as_deref()), Some("a"));
}

#[test]
fn a_few_lines_cannot_ask_for_terabytes() {
    let doubling = "A=${A}${A}\n".repeat(100);
    let read = parse(&format!("A=0123456789abcdef\n{doubling}"));
    let longest =
        read.entries.iter().filter_map(|entry| entry.value.as_ref()).map(String::len).max();
    assert!(longest.is_some_and(|longest| longest <= EXPANSION_LIMIT + 16));
    assert!(read.get("A").is_some_and(|entry| !entry.unresolved.is_empty()));
}

#[test]
fn lines_and_spans_point_at_the_text() {
    let text = "# c\r\n\r\nexport A = 'x\r\ny' # c\r\nbroken line\r\nB=\"é\" \nC=z\n";
    let read = parse(text);
    let seen: Vec<_> = read
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.line, text.get(entry.value_span.clone())))
        .collect();
    assert_eq!(seen, [("A", 3, Some("'x\r\ny'")), ("B", 6, Some("\"é\"")), ("C", 7, Some("z"))]);
    assert_eq!(read.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_problem_holds_no_word_of_the_file() {
    for problem in parse("hunter2 hunter2\n=hunter2\nA='hunter2\nB=\"1\" hunter2").problems {
        assert!(!problem.what.contains("hunter2"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_read_and_every_span_is_one_of_it(text in any_dotenv()) {
        let lines = newlines(&text) + 1;
        let read = parse(&text);
        for entry in &read.entries {
            prop_assert!(text.get(entry.value_span.clone()).is_some());
            prop_assert!((1..=lines).contains(&entry.line));
        }
        prop_assert!(read.problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
        // Statements cover the text without a gap.
        let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        for statement in Statements::of(&text) {
            prop_assert_eq!(statement.span.start, at);
            at = statement.span.end;
        }
        prop_assert_eq!(at, text.len());
    }

    #[test]
    fn a_value_in_double_quotes_survives_a_round_trip(value in "[^$\r]{0,40}") {
        // This version of python-dotenv takes every backslash before a quote for an escape.
        prop_assume!(!value.ends_with('\\') && !value.contains("\\\""));
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let read = parse(&format!("A=\"{quoted}\"\nB=1\n"));
        prop_assert_eq!(read.get("A").and_then(|entry| entry.value.clone()), Some(value));
        prop_assert_eq!(read.get("B").map(|entry| entry.line > 1), Some(true));
    }
}

/// Texts in which the signs of the grammar are frequent.
pub(crate) fn any_dotenv() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![
            "A", "HERMES_HOME", "API_SERVER_KEY", "=", "=", "\"", "'", "\\", "\n", "\n", "\r\n", "\r", " ", "#", " #",
            "export ", "${A}", "${B:-x}", "${", "}", ":", "\t", "\u{feff}", "‹", "\u{1c}", "\u{2028}",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(atom, 0..24).prop_map(|atoms| atoms.concat())
}
