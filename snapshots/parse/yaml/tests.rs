use proptest::prelude::*;

use super::*;

/// A value, written down as Python would print it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}").to_lowercase(),
        Value::Text(text) => format!("'{}'", text.replace('\n', "\\n")),
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(|node| python(&node.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let pair = |(key, value): &(Rc<Node>, Rc<Node>)| {
                format!("{}: {}", python(&key.value), python(&value.value))
            };
            format!("{{{}}}", map.pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

fn read(text: &str) -> String {
    parse(text).map_or_else(|error| error.what.to_string(), |node| python(&node.value))
}

/// What `PyYAML` 6.0.3 answers.
#[test]
fn scalars_mean_what_they_mean_to_pyyaml() {
    for (text, expected) in [
        ("yes", "True"),
        ("No", "False"),
        ("TRUE", "True"),
        ("oFF", "'oFF'"),
        ("y", "'y'"),
        ("on", "True"),
        ("~", "None"),
        ("Null", "None"),
        ("nULL", "'nULL'"),
        ("0", "0"),
        ("-0", "0"),
        ("+12", "12"),
        ("017", "15"),
        ("08", "'08'"),
        ("0o17", "'0o17'"),
        ("0x1F", "31"),
        ("-0b101", "-5"),
        ("0b_", "a number without digits"),
        ("1_000", "1000"),
        ("_1", "'_1'"),
        ("1:30", "90"),
        ("-190:20:30", "-685230"),
        ("1:60", "'1:60'"),
        ("0:30", "'0:30'"),
        ("1:30.5", "90.5"),
        ("1.", "1.0"),
        (".5", "0.5"),
        ("-.5", "'-.5'"),
        ("1e5", "'1e5'"),
        ("1.5e3", "'1.5e3'"),
        ("1.5e+3", "1500.0"),
        ("-.INF", "-inf"),
        (".NaN", "nan"),
        ("1.2.3", "'1.2.3'"),
        ("127.0.0.1", "'127.0.0.1'"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9.223372036854776e18"),
        ("2026-11-21", "'2026-11-21'"),
        ("\"yes\"", "'yes'"),
        ("'1'", "'1'"),
        ("!!str 1", "'1'"),
        ("!!str", "''"),
        ("!!int \"0x10\"", "16"),
        ("!!float 1", "1.0"),
        ("!!bool \"No\"", "False"),
        ("!!null x", "None"),
        ("! 5", "5"),
        ("!<tag:yaml.org,2002:str> 5", "'5'"),
        ("!!int x", "a tag that does not fit its value"),
        ("!!bool x", "a tag that does not fit its value"),
        ("!!seq x", "a tag that does not fit its value"),
        ("!foo x", "a tag that safe_load does not know"),
        ("!!python/name:os.system x", "a tag that safe_load does not know"),
        ("=", "\"<<\" or \"=\" as a value"),
        ("<<", "\"<<\" or \"=\" as a value"),
        ("a#b # c", "'a#b'"),
        ("http://x:1/y", "'http://x:1/y'"),
        ("\"a\\n\\x41\\u00e9\"", "'a\\nA\u{e9}'"),
        ("'it''s'", "'it's'"),
        ("a\n  b", "'a b'"),
        ("|\n  a\n  b\n", "'a\\nb\\n'"),
        (">-\n  a\n  b\n", "'a b'"),
        ("|\n  a", "'a'"),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
        if !text.contains('\n') {
            let expected_in_map = format!("{{'k': {expected}}}");
            let seen = read(&format!("k: {text}\n"));
            assert!(seen == expected_in_map || seen == expected, "{text:?}: {seen}");
        }
    }
}

#[test]
fn lists_mappings_aliases_and_merges_mean_what_they_mean_to_pyyaml() {
    for (text, expected) in [
        ("", "None"),
        ("# only a comment\n", "None"),
        ("---\n", "None"),
        ("a: 1\n...\n", "{'a': 1}"),
        ("- a\n- - b\n  - c\n-\n", "['a', ['b', 'c'], None]"),
        ("a:\n- 1\nb: {c: [d, \"e\"], f}\n", "{'a': [1], 'b': {'c': ['d', 'e'], 'f': None}}"),
        ("1: a\ntrue: b\non: c\n", "{1: 'c'}"),
        ("a: 1\nb: 2\na: 3\n", "{'a': 3, 'b': 2}"),
        ("a: &x [1]\nb: *x\n", "{'a': [1], 'b': [1]}"),
        (
            "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n",
            "{'a': {'p': 1, 'q': 2}, 'b': {'p': 1, 'q': 3}}",
        ),
        ("b: {q: 3, <<: {p: 1, q: 2}}\n", "{'b': {'p': 1, 'q': 3}}"),
        ("b: {<<: [{p: 1}, {p: 2, q: 2}]}\n", "{'b': {'p': 1, 'q': 2}}"),
        ("\"<<\": {a: 1}\n", "{'<<': {'a': 1}}"),
        ("=: 1\n", "{'=': 1}"),
        ("? a\n: b\n? c\n", "{'a': 'b', 'c': None}"),
        ("!!map {a: !!seq [1]}", "{'a': [1]}"),
        ("a: [\n  1,\n  2\n]\n", "{'a': [1, 2]}"),
        ("\u{feff}a: 1\n", "{'a': 1}"),
        ("a: b\r\nc: d\r\n", "{'a': 'b', 'c': 'd'}"),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn what_pyyaml_refuses_is_refused_with_a_position() {
    for (text, line, column) in [
        ("a: 1\n---\nb: 2\n", 2, 1),
        ("a: b: c\n", 1, 5),
        ("a: \"x\n", 1, 4),
        ("a: [1\n", 2, 1),
        ("a:\n\tb: 1\n", 2, 2),
        ("a:\tb\n", 1, 4),
        ("a: b\tc\n", 1, 5),
        ("a: *x\n", 1, 4),
        ("a: &x 1\nb: &x 2\n", 2, 4),
        ("[a]: 1\n", 1, 3),
        ("a: 1\n b: 2\n", 2, 3),
        ("é: \u{7}\n", 1, 4),
        ("<<: 1\n", 1, 5),
        ("a: !foo 1\n", 1, 4),
        ("a: @x\n", 1, 4),
        (": 1\n", 1, 1),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
        assert!(error.is_certain(), "{text:?}: {error}");
    }
}

#[test]
fn what_only_yaml_1_2_refuses_is_no_certain_error() {
    for text in ["a:\n  b: [\n  1]\n", "a:\n  b: \"x\n  y\"\n c: 1\n", "&a [*a]\n"] {
        assert!(
            parse(text).is_err_and(|error| !error.is_certain() || text.contains(" c:")),
            "{text:?}"
        );
    }
}

#[test]
fn an_error_holds_no_word_of_the_text() {
    for text in [
        "hunter2: hunter2: 1",
        "hunter2: *hunter2",
        "!hunter2 x",
        "%YAML hunter2\n---",
        "hunter2: \"hunter2",
        "`hunter2",
    ] {
        let error = parse(text).expect_err(text);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_laughing_text_is_refused_and_not_unfolded() {
    use std::fmt::Write as _;
    let mut lists = String::from("a0: &a0 [x]\n");
    let mut merges = String::from("a0: &a0 {x: 1}\n");
    for level in 1..60 {
        let below = level - 1;
        writeln!(lists, "a{level}: &a{level} [*a{below}, *a{below}]").expect("a String");
        writeln!(merges, "a{level}: &a{level} {{<<: [*a{below}, *a{below}], k{level}: 1}}")
            .expect("a String");
    }
    assert_eq!(parse(&lists).expect_err("2^59 nodes").what, TOO_MANY);
    assert_eq!(parse(&merges).expect_err("2^59 nodes").what, TOO_MANY);
    for deep in
        ["[".repeat(10_000), "- ".repeat(10_000), "{a: ".repeat(10_000), "? ".repeat(10_000)]
    {
        assert_eq!(parse(&deep).expect_err("too deep").what, TOO_DEEP);
    }
    assert_eq!(parse(&"- a\n".repeat(200_000)).expect_err("too many").what, TOO_MANY);
}

#[test]
fn aliases_share_their_nodes() {
    let root = parse("a: &x {b: 1}\nc: [*x, *x]\n").expect("YAML");
    let Some(Value::List(list)) = root.get("c").map(|node| &node.value) else { panic!("a list") };
    assert!(Rc::ptr_eq(&list[0], &list[1]));
}

#[test]
fn a_key_that_stands_twice_is_recorded() {
    let root = parse("a: 1\nb: 2\na: 3\n").expect("YAML");
    let Value::Map(map) = &root.value else { panic!("a mapping") };
    let overridden: Vec<_> =
        map.overridden.iter().map(|(key, value)| (key.as_text(), value.line)).collect();
    assert_eq!(overridden, [(Some("a"), 1)]);
    assert_eq!(root.get("a").map(|node| node.line), Some(3));
    let merged = parse("b: {<<: {p: 1}, p: 2}\n").expect("YAML");
    let Some(Value::Map(map)) = merged.get("b").map(|node| &node.value) else {
        panic!("a mapping")
    };
    assert_eq!(map.overridden, [], "what a merge brings is meant to be overridden");
}

#[test]
fn a_path_leads_to_a_node_and_its_place() {
    let text = "# c\nplatforms:\n  api_server:\n    enabled: !!str yes\n    extra: {port: 18789, hést: 'x'}\n";
    let root = parse(text).expect("YAML");
    let place = |path: &[&str]| {
        root.at(path).and_then(|node| Some((node.line, node.column, text.get(node.span.clone())?)))
    };
    assert_eq!(place(&["platforms", "api_server", "enabled"]), Some((4, 14, "yes")));
    assert_eq!(place(&["platforms", "api_server", "extra", "port"]), Some((5, 19, "18789")));
    assert_eq!(place(&["platforms", "api_server", "extra", "hést"]), Some((5, 32, "'x'")));
    assert_eq!(place(&["platforms", "api_server", "extra", "none"]), None);
    assert_eq!(place(&["platforms", "api_server", "enabled", "deeper"]), None);
}

#[test]
fn scalars_can_be_read_as_python_text_and_as_flags() {
    let root = parse("a: yes\nb: 'on'\nc: 0\nd: maybe\ne: 1.0\nf:\n").expect("YAML");
    let seen =
        |key| root.get(key).map(|node| (node.to_text().map(Cow::into_owned), node.as_flag()));
    assert_eq!(seen("a"), Some((Some("True".into()), Some(true))));
    assert_eq!(seen("b"), Some((Some("on".into()), Some(true))));
    assert_eq!(seen("c"), Some((Some("0".into()), Some(false))));
    assert_eq!(seen("d"), Some((Some("maybe".into()), None)));
    assert_eq!(seen("e"), Some((Some("1.0".into()), None)));
    assert_eq!(seen("f"), Some((None, None)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_read_and_every_span_is_one_of_it(text in any_yaml()) {
        // What is missing at the end of a text stands on the line after it.
        let lines = text.split(['\n', '\r']).count() + 1;
        match parse(&text) {
            Ok(root) => prop_assert!(is_placed(&root, &text, lines)),
            Err(error) => prop_assert!((1..=lines).contains(&error.line), "{}", error),
        }
    }

    #[test]
    fn a_quoted_text_survives_a_round_trip(value in "[ -~\u{a0}-\u{d7ff}]{0,30}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let text = format!("a: \"{quoted}\" # c\nb: '{}'\n", value.replace('\'', "''"));
        let root = parse(&text).expect("YAML");
        prop_assert_eq!(root.get("a").and_then(Node::as_text), Some(value.as_str()));
        prop_assert_eq!(root.get("b").and_then(Node::as_text), Some(value.as_str()));
        let span = root.get("a").map(|node| node.span.clone()).expect("a node");
        let written = format!("\"{quoted}\"");
        prop_assert_eq!(text.get(span), Some(written.as_str()));
    }
}

fn is_placed(node: &Node, text: &str, lines: usize) -> bool {
    let is_here = text.get(node.span.clone()).is_some()
        && (1..=lines).contains(&node.line)
        && node.column > 0;
    is_here
        && match &node.value {
            Value::List(list) => list.iter().all(|node| is_placed(node, text, lines)),
            Value::Map(map) => map
                .pairs
                .iter()
                .all(|(key, value)| is_placed(key, text, lines) && is_placed(value, text, lines)),
            _ => true,
        }
}

/// Texts in which the signs of the grammar are frequent: some in any order, some that are YAML.
pub(crate) fn any_yaml() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![
            "a", "key: ", "- ", "-", ":", ": ", "\n", "\n", "\n  ", "\n    ", "\"", "'", "|", ">", "&a ", "*a", "!!str ", "!", "{", "}", "[",
            "]", ", ", "#", " # c", "? ", "%", "\t", "---", "...", "<<: ", "\\", "1", "yes", " ", "é", "\r\n", "~", "=", "‹", "\u{feff}", "\u{2028}",
        ]).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    let junk = prop::collection::vec(atom, 0..16).prop_map(|atoms| atoms.concat());
    prop_oneof![junk, any_tree().prop_map(|tree| format!("{tree}\n"))]
}

/// A document in block style, with scalars and brackets in it.
fn any_tree() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "x",
        "18789",
        "yes",
        "~",
        "",
        "\"q # \\\" q\"",
        "'it''s'",
        "[a, {b: c}, 'd']",
        "{a: \"b\n    c\", e: f}",
        "two words # c",
        "&n x",
        "!!str 5",
        "|\n      block # no comment\n\n       more\n",
        ">- # c\n      folded\n      text\n\n",
        "plain\n      more\n      lines # c",
        "\"two\n      lines\" # c",
    ]);
    let key = prop::sample::select(vec![
        "a",
        "platforms",
        "api_server",
        "extra",
        "port",
        "enabled",
        "token",
        "\"q k\"",
        "'8'",
        "é",
    ]);
    let entry = (key.clone(), scalar.clone()).prop_map(|(key, value)| format!("  {key}: {value}"));
    let item = scalar.prop_map(|value| format!("  - {value}"));
    let inner = prop_oneof![
        prop::collection::vec(entry, 1..4).prop_map(|lines| lines.join("\n")),
        prop::collection::vec(item, 1..4).prop_map(|lines| lines.join("\n")),
    ];
    prop::collection::vec((key, inner), 1..4).prop_map(|pairs| {
        let block = |(key, inner): (&str, String)| format!("{key}: # c\n{inner}");
        pairs.into_iter().map(block).collect::<Vec<_>>().join("\n")
    })
}
