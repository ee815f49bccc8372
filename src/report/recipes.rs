//! Holds the pages to the command line: whatever they tell somebody to type is accepted by the parser itself.

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::Cli;

const PAGES: [(&str, &str); 7] = [
    ("README.md", include_str!("../../README.md")),
    ("src/report/README.md", include_str!("README.md")),
    ("checks/diagnosis/README.md", include_str!("../../checks/diagnosis/README.md")),
    ("workflow.yml", include_str!("examples/workflow.yml")),
    ("gw-doctor.service", include_str!("examples/gw-doctor.service")),
    ("org.example.gw-doctor.plist", include_str!("examples/org.example.gw-doctor.plist")),
    ("look.yml", include_str!("examples/look.yml")),
];

/// What stands below the help of each command, by its name.
fn helps() -> Vec<(String, String)> {
    let all = Cli::command();
    std::iter::once(&all)
        .chain(all.get_subcommands())
        .map(|command| {
            let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            (format!("{} --help", command.get_name()), below)
        })
        .collect()
}

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
            // What stands after two blanks explains, in the list of examples.
            let rest = rest.split("  ").next().unwrap_or_default();
            let words = rest.split([' ', ',']).filter(|word| !word.is_empty());
            found.push(std::iter::once(name).chain(words).collect());
        }
    }
    found
}

#[test]
fn every_command_line_on_the_pages_is_accepted() {
    let pages = PAGES.map(|(page, text)| (page.to_string(), text.to_string()));
    for (page, text) in pages.into_iter().chain(helps()) {
        let lines = command_lines(&text);
        assert!(!lines.is_empty(), "{page} has no command line");
        for words in lines {
            let refused = Cli::try_parse_from(&words).err();
            let refused = refused.filter(|error| error.kind() != ErrorKind::DisplayHelp);
            assert!(refused.is_none(), "{page}: {words:?}: {refused:?}");
        }
    }
}

/// What does not fit is folded, and no example can be read in two halves.
#[test]
fn what_stands_below_the_help_fits_into_80_columns() {
    for (page, text) in helps() {
        let too_long = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(too_long, None, "{page}");
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
