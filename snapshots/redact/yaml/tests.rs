use proptest::prelude::*;

use super::*;
use crate::parse::yaml::tests::any_yaml;
use crate::parse::yaml::{Node, Value};

fn salt() -> Salt {
    Salt(b"test".to_vec())
}

fn redacted(source: &str) -> String {
    text(source, &salt()).expect("a test's own YAML")
}

#[test]
fn a_text_that_is_withheld_for_what_is_in_it_may_be_sound() {
    let source = "common: &abcdefghijklmnopqrstuvwxyzabcdefghijkl {a: 1}\nplatforms: {}\n";
    assert!(parse(source).is_ok());
    let error = text(source, &Salt(b"test".to_vec())).expect_err("a name that may be a secret");
    assert!(!error.is_certain() && error.to_string().starts_with(crate::parse::yaml::PERHAPS));
}

#[test]
fn only_what_is_on_the_list_stays() {
    let source = "\
# the bot of Alice
timezone: Europe/Berlin  # home
model: {provider: openai, temperature: 0.7, stream: true}
platforms:
  telegram:
    enabled: yes
    token: '123:hunter2'
    allowed: [4711, 4712]
    verbose: false
  api_server:
    enabled: true
    port: 18789
    extra:
      port: \"18789\"
      host: 127.0.0.1
      key: hunter2
      cors_origins: ~
  12345678: hunter2
prompt: |  # long
  hunter2
    hunter2

after: >-
  hunter2
  hunter2
both: \"hunter2
  hunter2\" # hunter2
plain: hunter2
  hunter2
auth:
  remember: yes
cron:
  provider: builtin
  max_parallel_jobs: 3
  name: hunter2
logging: {level: 10, file: hunter2}
sk-0123456789abcdef: 1
API_SERVER_PORT: 18807
API_SERVER_KEY: changeme
last: !!str hunter2
";
    let expected = "\
#
timezone: Europe/Berlin  #
model: {provider: \"‹redacted:1-7›\", temperature: \"‹redacted:1-7›\", stream: true}
platforms:
  telegram:
    enabled: yes
    token: \"‹redacted:8-15›\"
    allowed: [\"‹redacted:1-7›\", \"‹redacted:1-7›\"]
    verbose: false
  api_server:
    enabled: true
    port: 18789
    extra:
      port: \"18789\"
      host: 127.0.0.1
      key: \"‹redacted:1-7›\"
      cors_origins: ~
  \"‹redacted:8-15›\": \"‹redacted:1-7›\"
prompt: \"‹redacted:16+›\"  #
  


after: \"‹redacted:8-15›\"
  

both: \"‹redacted:8-15›\"
   #
plain: \"‹redacted:8-15›\"
  
auth:
  remember: \"‹redacted:1-7›\"
cron:
  provider: builtin
  max_parallel_jobs: 3
  name: \"‹redacted:1-7›\"
logging: {level: 10, file: \"‹redacted:1-7›\"}
\"‹redacted:16+›\": \"‹redacted:1-7›\"
API_SERVER_PORT: 18807
API_SERVER_KEY: \"‹redacted:8-15:placeholder›\"
last:  \"‹redacted:1-7›\"
";
    assert_eq!(
        without_digests(&redacted(source)).lines().collect::<Vec<_>>(),
        expected.lines().collect::<Vec<_>>()
    );
}

/// Digests stand in marks after the class of length.
fn without_digests(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("‹redacted:16+:") {
        out.push_str(before);
        out.push_str("‹redacted:16+›");
        rest = after.split_once('›').expect("a mark has an end").1;
    }
    out + rest
}

#[test]
fn the_list_of_clear_paths_is_sorted_and_names_each_once() {
    assert!(CLEAR.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn a_secret_at_a_clear_path_goes_too() {
    for source in [
        "timezone: sk-0123456789abcdef\n",
        "API_SERVER_HOST: http://a:hunter2@b\n",
        "platforms: {x: {enabled: ghp_0123456789}}\n",
    ] {
        assert!(redacted(source).contains("‹redacted"), "{source}");
    }
}

#[test]
fn a_key_is_as_long_as_it_was() {
    for (key, length) in
        [("short", "1-7"), ("0123456789", "8-15"), ("0123456789abcdef", "16+"), ("\"\"", "0")]
    {
        let seen = redacted(&format!("platforms:\n  api_server:\n    extra:\n      key: {key}\n"));
        let root = parse(&seen).expect("redacted YAML");
        let mark = root.at(&["platforms", "api_server", "extra", "key"]).and_then(Node::as_text);
        assert!(mark.is_some_and(|mark| mark.contains(&format!(":{length}"))), "{seen}");
    }
}

#[test]
fn what_is_not_yaml_is_refused_with_a_position_and_without_a_word_of_it() {
    let error = text("token: hunter2\n  broken: [hunter2\n", &salt()).expect_err("not YAML");
    assert_eq!(error.line, 2);
    assert!(!error.to_string().contains("hunter2"));
}

/// Whether the redacted tree is the tree, mark for value.
fn corresponds(before: &Node, after: &Node) -> bool {
    match (&before.value, &after.value) {
        (Value::List(before), Value::List(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| corresponds(before, after))
        }
        (Value::Map(before), Value::Map(after)) => {
            // Two keys may have the same mark, and two that were equal may have different ones.
            before.pairs.len() + before.overridden.len() >= after.pairs.len()
        }
        (_, Value::Text(mark)) if is_mark(mark) => {
            !matches!(before.value, Value::List(_) | Value::Map(_))
        }
        (before, after) => before == after,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_stays_and_so_do_the_lines(source in any_yaml()) {
        if let Ok(seen) = text(&source, &salt()) {
            let (before, after) = (parse(&source).expect("read before"), parse(&seen).expect("redacted YAML"));
            prop_assert!(corresponds(&before, &after), "{}", seen);
            prop_assert_eq!(source.matches('\n').count(), seen.matches('\n').count(), "{}", seen);
            prop_assert_eq!(text(&seen, &salt()), Ok(seen.clone()), "twice is once");
        }
    }

    #[test]
    fn no_planted_secret_survives(
        source in any_yaml(),
        secret in "[a-z0-9/]{12,40}",
        shape in prop::sample::select(vec![
            "p: @\n", "p: \"@\"\n", "p: |\n  @\n", "p: [x, '@']\n", "# @\np:\n", "p: x # @\n", "p:\n- - @ x\n", "p: >- # @\n  x\n", "p: x\n  @\n",
            "p: !!str @\n", "p: {timezone: @}\n", "logging: {level: @}\n", "? p\n: @\n", "p: &a @\nq: *a\n", "%YAML 1.1 # @\n---\np:\n", "p: |\n # @\n",
        ]),
    ) {
        prop_assume!(secret.contains(|c: char| c.is_ascii_lowercase()) && !source.contains(&secret));
        for planted in [shape.replace('@', &secret), format!("{source}\n{}", shape.replace('@', &secret))] {
            if let Ok(seen) = text(&planted, &salt()) {
                prop_assert!(!seen.contains(&secret), "{}", seen);
            }
        }
        prop_assert!(text(&shape.replace('@', &secret), &salt()).is_ok(), "{}", shape);
    }
}
