//! The picture in the README is the program's real output, and is drawn anew when that changes.
//!
//! `UPDATE_EXPECT=1` rewrites it: look at it before you keep it.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::fs;
use std::process::Command;

const HOST: &str = "snapshots/hosts/linux-foreground-owns-port/snapshot.json";
const PICTURE: &str = "tests/picture.svg";

/// What `diff` prints of two recorded hosts.
fn difference(before: &str, after: &str) -> String {
    let host = |name: &str| format!("snapshots/hosts/{name}/snapshot.json");
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(["diff", &host(before), &host(after)])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .output()
        .expect("run gw-doctor");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_example_of_before_and_after_is_what_the_program_prints() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.expect("a README");
    let healed = difference("linux-foreground-owns-port", "linux-healthy");
    assert!(readme.contains(&format!("$ gw-doctor diff before.json\n{healed}```")), "{healed}");
    let lost = difference("a01-edited", "a01-edit-gone");
    let first: Vec<&str> = lost.lines().take(2).collect();
    assert!(readme.contains(&format!("```text\n{}\n```", first.join("\n"))), "{lost}");
}

#[test]
fn the_picture_in_the_readme_is_what_the_program_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(["check", "--color", "always", "--from", HOST])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .output()
        .expect("run gw-doctor");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let drawn = anstyle_svg::Term::new().render_svg(&format!("$ gw-doctor\n{text}"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/picture.svg");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, &drawn).expect("write the picture");
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == drawn, "{PICTURE} is not what the program prints");
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    assert!(readme.expect("a README").contains(PICTURE), "the README shows another picture");
}
