//! Holds the pages to the command line: whatever they tell somebody to type is accepted by the parser itself.

use clap::Parser as _;

use crate::cli::Cli;

const PAGES: [(&str, &str); 8] = [
    ("README.md", include_str!("../../README.md")),
    ("src/report/README.md", include_str!("README.md")),
    ("checks/diagnosis/README.md", include_str!("../../checks/diagnosis/README.md")),
    ("workflow.yml", include_str!("examples/workflow.yml")),
    ("gw-doctor.service", include_str!("examples/gw-doctor.service")),
    ("org.example.gw-doctor.plist", include_str!("examples/org.example.gw-doctor.plist")),
    ("look.yml", include_str!("examples/look.yml")),
    ("--help", crate::cli::EXAMPLES),
];

/// After these a command begins.
const LEADS: [&str; 9] =
    ["$ ", "`", "until ", "&& ", "&amp;&amp; ", "run: ", "* ", "/bin/", "-c '"];

/// The words of each command line in a text. One begins with the program's name, where a command can begin, and ends where the shell or
/// the page goes on with something else.
fn command_lines(text: &str) -> Vec<Vec<&str>> {
    let (mut found, mut is_prose) = (Vec::new(), text.contains("```"));
    for line in text.lines().map(str::trim) {
        is_prose ^= line.starts_with("```");
        // A list of YAML has its words one by one.
        let line = line.strip_prefix("argv: [").unwrap_or(line);
        for (at, name) in line.match_indices("gw-doctor") {
            let (before, rest) = line.split_at(at);
            let rest = rest.strip_prefix(name).unwrap_or_default();
            let begins =
                (before.is_empty() && !is_prose) || LEADS.iter().any(|lead| before.ends_with(lead));
            let goes_on = rest.is_empty() || rest.starts_with([' ', ',', '`']);
            if !begins || !goes_on {
                continue;
            }
            let ends = ['`', ';', '|', '>', '#', '&', '\'', '"', '\\', ']'];
            let rest = rest.split(ends).next().unwrap_or_default();
            // What stands after three blanks explains, in the list of examples.
            let rest = rest.split("   ").next().unwrap_or_default();
            let words = rest.split([' ', ',']).filter(|word| !word.is_empty());
            found.push(std::iter::once(name).chain(words).collect());
        }
    }
    found
}

#[test]
fn every_command_line_on_the_pages_is_accepted() {
    for (page, text) in PAGES {
        let lines = command_lines(text);
        assert!(!lines.is_empty(), "{page} has no command line");
        for words in lines {
            let parsed = Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{page}: {words:?}: {:?}", parsed.err());
        }
    }
}

/// Without this the test above would hold if nothing were found, or everything accepted.
#[test]
fn command_lines_are_found_where_they_stand() {
    for (text, expected) in [
        ("$ gw-doctor", vec!["gw-doctor"]),
        ("gw-doctor check --format junit > x", vec!["gw-doctor", "check", "--format", "junit"]),
        ("see `gw-doctor explain CHECK`.", vec!["gw-doctor", "explain", "CHECK"]),
        ("sh -c 'until gw-doctor -q; do x; done'", vec!["gw-doctor", "-q"]),
        (
            "argv: [gw-doctor, check, --format, json]",
            vec!["gw-doctor", "check", "--format", "json"],
        ),
        ("  gw-doctor plan    print the commands", vec!["gw-doctor", "plan"]),
        ("7 * * * * gw-doctor -q", vec!["gw-doctor", "-q"]),
    ] {
        assert_eq!(command_lines(text), [expected], "{text}");
    }
    assert!(
        command_lines("mv new gw-doctor.prom, cp gw-doctor.service and in gw-doctor it is")
            .is_empty()
    );
}
