//! What a package of gw-doctor brings along besides the program: completions for shells, and the manual
//! page. Both are made from the command line's own definition whenever somebody asks, so they cannot be
//! of another version; nothing is installed anywhere.

use std::fmt::Write as _;
use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{Cli, EXAMPLES, EXIT_STATUS, LEGEND};

/// The completions for a shell, as a script that it reads.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    // clap_complete 4.6 spells a program with a hyphen in two ways, and its script for Bash knows no option of any
    // command then (clap-rs/clap#6421).
    String::from_utf8_lossy(&script).replace("gw__subcmd__doctor", "gw__doctor")
}

/// The manual page, in the language of `man`: one page for all commands.
///
/// # Errors
/// None that a page in memory could meet.
pub(crate) fn man() -> io::Result<String> {
    let mut all = Cli::command();
    all.build();
    let page = Man::new(all.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([roman(format!("{NAME} [COMMAND] [OPTIONS]; without a command: check"))]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(about(&all))]);
    roff.control("SH", ["COMMANDS"]);
    roff.to_writer(&mut text)?;
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        of_command(command, &mut text)?;
    }
    ending().to_writer(&mut text)?;
    Ok(plain(&String::from_utf8_lossy(&text)))
}

/// In ASCII: `groff` alone takes every other character for several.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let _ = write!(out, "\\[u{:04X}]", u32::from(c));
        }
    }
    out
}

/// A command below its own heading: what it is for, how it is called, and its options.
fn of_command(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    let mut head = Roff::default();
    head.control("SS", [format!("{NAME} {}", command.get_name()).as_str()]);
    head.text([roman(about(command))]);
    head.control("PP", []);
    head.to_writer(text)?;
    let page = Man::new(command.clone());
    let mut parts = Vec::new();
    page.render_synopsis_section(&mut parts)?;
    page.render_options_section(&mut parts)?;
    // They would be sections of the page, and are parts of one.
    let parts = String::from_utf8_lossy(&parts);
    for line in parts.lines().filter(|line| !line.starts_with(".SH ")) {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    Ok(())
}

/// What stands below the help stands at the end of the page, each part below its own heading and as it is.
fn ending() -> Roff {
    let mut roff = Roff::default();
    for (heading, text) in [("EXAMPLES", EXAMPLES), ("EXIT STATUS", EXIT_STATUS), ("MARKS", LEGEND)]
    {
        roff.control("SH", [heading]);
        roff.control("nf", []);
        for line in text.lines().filter(|line| !line.ends_with(':')) {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff
}

fn about(command: &clap::Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    about.map(ToString::to_string).unwrap_or_default()
}

/// The program, as it is called.
const NAME: &str = env!("CARGO_PKG_NAME");

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use clap::ValueEnum as _;

    use super::*;
    use crate::host::tests::skipped;

    /// Every command with its options: `("plan", ["--home", …])`.
    fn commands() -> Vec<(String, Vec<String>)> {
        let mut all = Cli::command();
        all.build();
        let options = |command: &clap::Command| {
            command
                .get_arguments()
                .filter_map(|one| Some(format!("--{}", one.get_long()?)))
                .collect()
        };
        let commands = all.get_subcommands().filter(|command| command.get_name() != "help");
        commands.map(|command| (command.get_name().to_string(), options(command))).collect()
    }

    /// A program that reads a text, and what it says besides.
    fn read_by(argv: &[&str], text: &str) -> Option<(bool, String, String)> {
        let mut command = Command::new(argv.first()?);
        command.args(argv.get(1..)?).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
        let mut input = child.stdin.take()?;
        let text = text.to_string();
        // A page is longer than a pipe holds, in both directions.
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = child.wait_with_output().ok()?;
        let _ = writer.join();
        let [out, err] = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Some((output.status.success(), out, err))
    }

    #[test]
    fn completions_know_every_command_and_every_option() {
        let commands = commands();
        assert!(commands.len() >= 7, "{commands:?}");
        for shell in Shell::value_variants() {
            let script = completions(*shell);
            for (command, options) in &commands {
                assert!(script.contains(command.as_str()), "{shell}: {command}");
                for option in options {
                    // fish names an option without its dashes.
                    let option = option.trim_start_matches('-');
                    assert!(script.contains(option), "{shell}: {command} --{option}");
                }
            }
        }
    }

    #[test]
    fn shells_can_read_their_completions() {
        for (shell, argv) in [
            (Shell::Bash, &["bash", "-n", "/dev/stdin"][..]),
            (Shell::Zsh, &["zsh", "-n", "/dev/stdin"]),
            (Shell::Fish, &["fish", "-n", "/dev/stdin"]),
        ] {
            match read_by(argv, &completions(shell)) {
                Some(said) => assert_eq!(said, (true, String::new(), String::new()), "{shell}"),
                None => skipped(&format!("there is no {shell} to read its completions")),
            }
        }
    }

    /// Bash itself is asked what it would offer.
    #[test]
    fn bash_offers_what_fits() {
        let offered = |words: &str| {
            let script = completions(Shell::Bash)
                + &format!(
                    "\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_gw__doctor gw-doctor \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
                );
            read_by(&["bash", "-s"], &script)
        };
        for (words, expected) in [
            ("gw-doctor expl", "explain"),
            ("gw-doctor check --wait", "--wait-until"),
            ("gw-doctor check --format nag", "nagios"),
            ("gw-doctor completions z", "zsh"),
        ] {
            let Some((_, said, error)) = offered(words) else {
                return skipped("there is no bash to complete anything");
            };
            assert_eq!(said.trim(), expected, "{words}: {error}");
        }
    }

    #[test]
    fn the_manual_has_every_command_with_its_options() {
        let page = man().expect("a page");
        let sections = page.split("\n.SS ").skip(1);
        let sections: Vec<String> = sections.map(|part| part.replace("\\-", "-")).collect();
        for (command, options) in commands() {
            let heading = format!("\"gw-doctor {command}\"\n");
            let section = sections.iter().find(|part| part.starts_with(&heading));
            let section = section.unwrap_or_else(|| panic!("there is no {heading}"));
            for option in options {
                assert!(section.contains(&format!("{option}\\fR")), "{command}: {option}");
            }
        }
        let below = [EXAMPLES, EXIT_STATUS, LEGEND].into_iter().flat_map(str::lines);
        for line in below.filter(|line| !line.ends_with(':')) {
            let escaped = line.trim().replace('-', "\\-");
            assert!(page.contains(&plain(&escaped)), "{line}");
        }
    }

    #[test]
    fn the_manual_is_what_man_can_show() {
        let page = man().expect("a page");
        let Some((fine, shown, said)) =
            read_by(&["groff", "-man", "-Tutf8", "-ww", "-P-cbou"], &page)
        else {
            return skipped("there is no groff to show the manual");
        };
        assert!(fine && said.is_empty(), "{said}");
        for part in ["NAME", "COMMANDS", "gw-doctor plan", "--wait-until", "EXIT STATUS"] {
            assert!(shown.replace('‐', "-").contains(part), "{part} is not in\n{shown}");
        }
        if let Some((_, _, said)) = read_by(&["mandoc", "-Tlint", "-Wwarning"], &page) {
            assert_eq!(said, "");
        }
    }
}
