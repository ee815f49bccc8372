//! Lists the words that gw-doctor has itself: those of its code and of its pages. A report for strangers lets these pass, and no other
//! (`src/report/names.rs`). Comments and tests do not count, for people have names in them.

#![expect(clippy::disallowed_methods, reason = "it writes what it builds")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut words = BTreeSet::new();
    for folder in ["src", "checks", "snapshots"] {
        read(Path::new(folder), &mut words)?;
    }
    let list: Vec<String> = words.into_iter().collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("words.txt"), list.join("\n"))
}

fn read(folder: &Path, words: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            // Recorded hosts and transcripts hold the words of others.
            if !matches!(name, "hosts" | "transcripts" | "tests") {
                read(&path, words)?;
            }
            continue;
        }
        let is_code = path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs";
        // The page of a family holds the words of hosts.
        let is_page =
            name == "README.md" && folder.starts_with("checks") && folder.components().count() == 3;
        if is_code || is_page {
            println!("cargo::rerun-if-changed={}", path.display());
            let text = fs::read_to_string(&path)?;
            let own = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = own.lines().filter(|line| is_page || !line.trim_start().starts_with("//"));
            let found = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()));
            let is_word = |word: &&str| word.contains(|c: char| c.is_ascii_alphabetic());
            words.extend(found.filter(is_word).map(str::to_ascii_lowercase));
        }
    }
    Ok(())
}
