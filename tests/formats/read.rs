//! Each form, read as its world reads it: what is malformed fails the test, and what is left is the structure.

/// The kinds of the annotations, in order. The grammar is that of the runner: `::command name=value,…::data`.
pub(crate) fn github(text: &str) -> Vec<String> {
    assert!(text.ends_with('\n'));
    let read = |line: &str| {
        let (head, data) = line
            .strip_prefix("::")
            .and_then(|rest| rest.split_once("::"))
            .unwrap_or_else(|| panic!("no command: {line:?}"));
        let (level, title) =
            head.split_once(" title=").unwrap_or_else(|| panic!("no title: {line:?}"));
        assert!(matches!(level, "error" | "warning" | "notice"), "{line:?}");
        assert!(!title.is_empty() && !title.contains([':', ',']), "{line:?}");
        assert!(is_escaped(title, &["25", "0D", "0A", "3A", "2C"]), "{line:?}");
        assert!(!data.is_empty() && is_escaped(data, &["25", "0D", "0A"]), "{line:?}");
        let lines = data.matches("%0A").count();
        format!("{level} of {lines} lines")
    };
    text.strip_suffix('\n').expect("a line").split('\n').map(read).collect()
}

/// Whether every percent sign begins one of these escapes, and nothing stands raw that should not.
fn is_escaped(text: &str, escapes: &[&str]) -> bool {
    !text.contains(char::is_control)
        && text.split('%').skip(1).all(|rest| escapes.iter().any(|escape| rest.starts_with(escape)))
}
