use proptest::prelude::*;

use super::*;
use crate::parse::dotenv::tests::any_dotenv;

fn redacted(source: &str) -> String {
    text(source, &salt())
}

fn salt() -> Salt {
    Salt(b"test".to_vec())
}

#[test]
fn places_stay_and_everything_else_becomes_a_mark() {
    let source = "\
# the bot of Alice
export API_SERVER_ENABLED=true # on
API_SERVER_PORT=\"18789\"
API_SERVER_KEY=0123456789abcdef # from the vault
TELEGRAM_BOT_TOKEN='123456:secret'
EMPTY=
PRIVATE_KEY=\"-----BEGIN
hunter2
-----END\"
HERMES_HOME=/home/alice/.hermes
API_SERVER_KEY
this line is hunter2
LAST=changeme";
    let expected = "\
#
export API_SERVER_ENABLED=true #
API_SERVER_PORT=\"18789\"
API_SERVER_KEY=‹redacted:16+:e8d2a8b2› #
TELEGRAM_BOT_TOKEN=‹redacted:8-15›
EMPTY=‹redacted:0›
PRIVATE_KEY=‹redacted:16+:dd5ee3b0›
#
#
HERMES_HOME=/home/alice/.hermes
API_SERVER_KEY
=‹redacted:16+:77a5d0cd›
LAST=‹redacted:8-15:placeholder›";
    let digests = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("‹redacted:16+:") {
            out.push_str(before);
            out.push_str("‹16+›");
            rest = after.split_once('›').expect("a mark has an end").1;
        }
        out + rest
    };
    assert_eq!(digests(&redacted(source)), digests(expected));
}

#[test]
fn a_secret_that_lost_its_name_goes_too() {
    for (source, gone) in [
        ("ghp_0123456789abcdef0123\n", "ghp_"),
        ("hunter2\n", "hunter2"),
        ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7==\n", "MIIE"),
        ("API_SERVER_HOST=sk-0123456789abcdef\n", "sk-"),
        ("API_SERVER_HOST=https://alice:hunter2@example.org\n", "hunter2"),
        ("A=hunter2\nHERMES_HOME=/x/${A}\n", "hunter2"),
        ("A=${B:-hunter2}\n", "hunter2"),
    ] {
        let seen = redacted(source);
        assert!(!seen.contains(gone), "{seen}");
    }
}

#[test]
fn a_value_that_depends_on_the_process_still_does() {
    let seen = redacted("A=${VAULT_KEY}\nB=x${VAULT_KEY}\nC=${not a name}\nD=${A}");
    let read = dotenv::parse(&seen);
    let unresolved: Vec<_> = read.entries.iter().map(|entry| entry.unresolved.join(" ")).collect();
    assert_eq!(unresolved, ["VAULT_KEY", "VAULT_KEY", "REDACTED", "VAULT_KEY"], "{seen}");
    assert!(!seen.contains('x') && !seen.contains("not a name"), "{seen}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_python_dotenv_makes_of_it_is_the_same_mark_for_value(source in any_dotenv()) {
        let seen = redacted(&source);
        let (before, after) = (dotenv::parse(&source), dotenv::parse(&seen));
        prop_assert_eq!(before.entries.len(), after.entries.len(), "{}", seen);
        for (before, after) in before.entries.iter().zip(&after.entries) {
            prop_assert_eq!(before.line, after.line, "{}", seen);
            prop_assert!(before.key == after.key || is_mark(&after.key), "{}", seen);
            match (&before.value, &after.value) {
                (None, None) => {}
                (Some(value), Some(clear)) if value == clear => {
                    prop_assert!(is_mark(value) || is_clear_variable(&before.key) || !before.unresolved.is_empty());
                }
                (Some(_), Some(_)) if !before.unresolved.is_empty() => prop_assert!(!after.unresolved.is_empty()),
                (Some(value), Some(mark)) => prop_assert_eq!(Mark::read(mark), Some(Mark::of(value, &salt()))),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let lines = |read: &dotenv::Dotenv| read.problems.iter().map(|problem| problem.line).collect::<Vec<_>>();
        prop_assert_eq!(lines(&before), lines(&after), "{}", seen);
    }

    #[test]
    fn redacting_twice_is_redacting_once(source in any_dotenv()) {
        let once = redacted(&source);
        prop_assert_eq!(redacted(&once), once);
    }

    #[test]
    fn no_planted_secret_survives(
        before in any_dotenv(),
        secret in "[a-z0-9/+]{12,40}",
        shape in prop::sample::select(vec![
            "\nTOKEN=@\n", "\nTOKEN='@' # @\n", "\nexport TOKEN=\"x\n@\n\"\n", "\n# @\n", "\nA @\n", "\n@\n", "\nA=\"@\n",
        ]),
        after in any_dotenv(),
    ) {
        prop_assume!(!before.contains(['"', '\'']) && secret.contains(|c: char| c.is_ascii_digit()));
        let seen = redacted(&format!("{before}{}{after}", shape.replace('@', &secret)));
        prop_assert!(!seen.contains(&secret), "{}", seen);
    }
}
