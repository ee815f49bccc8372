//! A fact that is gathered is read: by a check, by a report, or by another fact.
//!
//! The compiler is the judge, for it knows of each `.path` whose it is. A copy of the source is made in which each public
//! field of a fact is marked as deprecated, and each class of log lines; the compiler then names every place that uses one.
//! A place that only fills a field in is no reader.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn every_fact_that_is_gathered_is_read() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let copy = place.path();
    let marked = copy_of_the_source(copy);
    assert!(marked.len() > 300, "only {} facts were found", marked.len());
    let uses = uses(copy);
    let read: BTreeSet<&String> =
        uses.iter().filter(|used| used.is_read()).map(|used| &used.what).collect();
    let unread: Vec<&String> = marked.iter().filter(|what| !read.contains(what)).collect();
    assert!(unread.is_empty(), "gathered, and read by nothing: {unread:#?}");
}

#[test]
fn a_place_that_fills_in_is_told_from_one_that_reads() {
    for (before, used, after, expected) in [
        ("let x = ", "status.pid", ";", true),
        ("if ", "status.pid", " == 1", true),
        ("", "status.pid", " = 1;", false),
        ("Status { ", "pid: 1", " }", false),
        ("Status { ", "pid", ", state: 2 };", false),
        ("let Status { ", "pid", ", .. } = status;", true),
        ("let Status { ", "pid", ", state } = status;", true),
        ("match status { Status { ", "pid: 1", " } => 1 }", true),
        ("|(Status { ", "pid", " }, seen)| 1", true),
        ("for Status { ", "pid", " } in all {", true),
        ("Some(Status { ", "pid", ", state: f(1, 2) })", false),
    ] {
        let used = Used {
            what: "status.rs: Status.pid".into(),
            text: used.into(),
            after: after.into(),
            is_class: false,
            file: String::new(),
        };
        assert_eq!(used.is_read(), expected, "{before}{}{after}", used.text);
    }
}

/// One place that uses a fact.
struct Used {
    /// The fact: its file, its struct and its name.
    what: String,
    /// The expression or the field, as it is written.
    text: String,
    /// What stands after it.
    after: String,
    /// Whether it is a class of log lines.
    is_class: bool,
    file: String,
}

impl Used {
    fn is_read(&self) -> bool {
        if self.is_class {
            return !self.file.starts_with("snapshots/parse/");
        }
        let name = self.what.rsplit('.').next().unwrap_or_default();
        let rest = self.text.strip_prefix(name).map(str::trim_start);
        // `name`, or `name: value`: a field of a literal or of a pattern, and no access.
        let is_field = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
        if !is_field {
            return !is_assigned(&self.after);
        }
        let (inner, outer) = self.after.split_at(end_of_braces(&self.after));
        let outer = outer.trim_start_matches([')', '}', ' ', '\n', ',']);
        let is_bound = is_assigned(outer)
            || ["=>", "in ", "if "].iter().any(|word| outer.starts_with(word))
            || outer.contains(")|") && !outer.contains(['{', ';'])
            || outer.starts_with('|') && !outer.starts_with("||");
        inner.trim_end().ends_with("..") || is_bound
    }
}

/// True if an assignment follows, and no comparison.
fn is_assigned(after: &str) -> bool {
    let after = after.trim_start();
    after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>")
}

/// Where the braces end in which a text begins.
fn end_of_braces(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, character) in text.char_indices() {
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' if depth == 0 => return at,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Copies what is compiled, and marks the facts. Their names.
fn copy_of_the_source(to: &Path) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["src", "checks", "snapshots"] {
        copy(&root.join(name), &to.join(name));
    }
    fs::copy(root.join("Cargo.lock"), to.join("Cargo.lock")).expect("the lock file");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
    let manifest = manifest.replace(", \"tests/launchd\"", "");
    let (manifest, _) = manifest.split_once("\n[dev-dependencies]").expect("its last part");
    fs::write(to.join("Cargo.toml"), manifest).expect("the manifest");
    let mut marked = Vec::new();
    mark_below(&to.join("snapshots/facts"), &mut marked);
    mark_classes(&to.join("snapshots/parse/log.rs"), &mut marked);
    marked
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_name().to_str() {
            // What only tests read is large.
            Some("hosts" | "scenarios.md") => {}
            _ if from.is_dir() => copy(&from, &to),
            _ => drop(fs::copy(&from, &to).expect("a copy")),
        }
    }
}

fn mark_below(directory: &Path, marked: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            mark_below(&path, marked);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            mark_fields(&path, marked);
        }
    }
}

/// Marks each public field of each public struct of a file, as `rustfmt` sets them.
fn mark_fields(path: &Path, marked: &mut Vec<String>) {
    let text = fs::read_to_string(path).expect("a file");
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_string();
    let mut of: Option<String> = None;
    let mut out = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("pub struct ").filter(|rest| rest.ends_with('{')) {
            of = rest.split(|c: char| !c.is_alphanumeric()).next().map(String::from);
        } else if line == "}" {
            of = None;
        }
        let field = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": "));
        if let (Some(of), Some((field, _))) = (&of, field) {
            let what = format!("{file}: {of}.{field}");
            mark(&mut out, what, marked);
        }
        out.push_str(line);
        out.push('\n');
    }
    fs::write(path, out).expect("the marked file");
}

/// Marks the item of the next line, under the name by which a reader of it is told.
fn mark(out: &mut String, what: String, marked: &mut Vec<String>) {
    out.push_str("    #[deprecated(note = \"");
    out.push_str(&what);
    out.push_str("\")]\n");
    marked.push(what);
}

/// Marks each class of log lines but those that are not there for a check: that a life began, and what every stop writes.
fn mark_classes(path: &Path, marked: &mut Vec<String>) {
    let text = fs::read_to_string(path).expect("a file");
    let (before, rest) = text.split_once("pub enum Class {\n").expect("the classes");
    let (body, after) = rest.split_once("\n}").expect("their end");
    let mut out = format!("{before}pub enum Class {{\n");
    for line in body.lines() {
        let name =
            line.trim().strip_suffix(',').filter(|name| name.chars().all(char::is_alphanumeric));
        if let Some(name) = name {
            let what = format!("log.rs: Class.{name}");
            mark(&mut out, what, marked);
        }
        out.push_str(line);
        out.push('\n');
    }
    out.push('}');
    out.push_str(after);
    fs::write(path, out).expect("the marked file");
}

/// Has the compiler name every use.
fn uses(copy: &Path) -> Vec<Used> {
    // Beside the tests' own files: what was compiled of other packages is found there.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--message-format=json"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .output()
        .expect("run cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let told = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let deprecated = told.filter(|told| told["message"]["code"]["code"] == "deprecated");
    deprecated
        .filter_map(|told| {
            let (_, what) = told["message"]["message"].as_str()?.rsplit_once("`: ")?;
            let spans = told["message"]["spans"].as_array()?;
            let span = spans.iter().find(|span| span["is_primary"] == true)?;
            let file = span["file_name"].as_str()?.to_string();
            let at = |key: &str| span[key].as_u64().and_then(|at| usize::try_from(at).ok());
            let source = sources
                .entry(file.clone())
                .or_insert_with(|| fs::read_to_string(copy.join(&file)).expect("a source file"));
            let (begin, end) = (at("byte_start")?, at("byte_end")?);
            Some(Used {
                what: what.into(),
                text: source.get(begin..end)?.into(),
                after: source.get(end..)?.into(),
                is_class: what.starts_with("log.rs: Class."),
                file,
            })
        })
        .collect()
}
