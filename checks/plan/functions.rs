//! The shell functions of a plan's script. A script holds those that it calls, and no others.

use std::collections::BTreeSet;

/// A function, with the comment above it.
struct Function {
    name: &'static str,
    text: &'static str,
}

/// The functions that a text calls, and those that they call, each once, callees first.
pub(super) fn called_by(text: &str) -> String {
    let mut wanted = BTreeSet::new();
    let mut texts = vec![text];
    while let Some(text) = texts.pop() {
        let called: BTreeSet<&str> = code(text).flat_map(words).collect();
        let new = functions().filter(|function| called.contains(function.name));
        texts.extend(new.filter(|new| wanted.insert(new.name)).map(|new| new.text));
    }
    let chosen = functions().filter(|function| wanted.contains(function.name));
    chosen.flat_map(|function| [function.text, "\n"]).collect()
}

/// All of them, in an order in which none is called before it stands there.
fn functions() -> impl Iterator<Item = Function> {
    include_str!("functions.sh").split("\n\n").filter_map(|text| {
        let text = text.trim_end();
        let (name, _) = code(text).next()?.split_once("()")?;
        Some(Function { name, text })
    })
}

/// The lines that are no comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with('#'))
}

/// No name of a function is a word that a sentence might hold.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_what_it_calls_and_nothing_else() {
        let held = called_by("free_port 8642\n");
        assert!(held.contains("\nfree_port() {") && held.contains("\nstop() {"), "{held}");
        assert!(!held.contains("launchctl") && !held.contains("came_late()"), "{held}");
        assert_eq!(called_by("# nothing at all\n"), "");
    }

    #[test]
    fn no_function_is_called_before_it_stands_there() {
        assert_eq!(functions().count(), include_str!("functions.sh").matches("() {").count());
        for (at, function) in functions().enumerate() {
            let words: Vec<&str> = code(function.text).flat_map(words).collect();
            for later in functions().skip(at + 1) {
                assert!(!words.contains(&later.name), "{} calls {}", function.name, later.name);
            }
        }
    }
}
