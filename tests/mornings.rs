//! The screens in `checks/diagnosis/README.md` are the program's real output on the recorded hosts that are named there.
//!
//! `UPDATE_EXPECT=1` rewrites them: read what stands below each before you keep it.

#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn each_of_the_ten_screens_is_what_the_program_prints() {
    let path = root().join("checks/diagnosis/README.md");
    let page = fs::read_to_string(&path).expect("the page");
    let mut parts = page.split("\n## ");
    let mut drawn = parts.next().expect("an introduction").to_string();
    let mut count = 0;
    for part in parts {
        drawn.push_str("\n## ");
        drawn.push_str(&morning(part));
        count += 1;
    }
    assert_eq!(count, 10);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &drawn).expect("write the page");
    } else {
        assert!(page == drawn, "not what the program prints:\n{drawn}");
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    assert!(readme.contains("(checks/diagnosis/README.md)"), "the README does not lead there");
}

/// A part of the page, with the screen as it should be. What is typed there looks at the host that is named at its end.
fn morning(part: &str) -> String {
    let (head, rest) = part.split_once("```console\n$ ").expect("a screen");
    let (screen, text) = rest.split_once("```\n").expect("its end");
    let typed = screen.lines().next().expect("a command");
    let host = text.trim_end().rsplit("(../../").next().and_then(|link| link.strip_suffix(')'));
    let host = root().join(host.expect("a recorded host")).join("snapshot.json");
    let mut words = typed.split(' ');
    assert_eq!(words.next(), Some("gw-doctor"), "{typed}");
    let output = Command::new(env!("CARGO_BIN_EXE_gw-doctor"))
        .args(words)
        .arg("--from")
        .arg(host)
        .env_clear()
        .output()
        .expect("run gw-doctor");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(shown.lines().count() <= 36, "more than one screen:\n{shown}");
    format!("{head}```console\n$ {typed}\n{shown}```\n{text}")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
