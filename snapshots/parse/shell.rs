//! A shell's simple command, as Hermes writes one into its launcher and into what launchd runs through osascript.
//!
//! Nothing is expanded: a variable stays as it is written. A text that is more than one simple command has no words
//! here.

/// Returns the words of a simple command without its redirections, and without an `exec` before it. None where the text
/// is something else: several commands, a pipe, a substitution, a quote that does not end.
pub fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = command.trim();
    while !rest.is_empty() {
        if let Some(after) = redirection(rest) {
            rest = word(after.trim_start())?.1.trim_start();
            continue;
        }
        let (found, after) = word(rest)?;
        words.push(found);
        rest = after.trim_start();
    }
    if words.first().is_some_and(|first| first == "exec") {
        words.remove(0);
    }
    (!words.is_empty()).then_some(words)
}

/// Returns the command that `osascript` hands to a shell, as Hermes has launchd run it: `do shell script "…"`
/// (0.21.4), or `$.system("…")` in JavaScript (0.22). None where it does something else.
pub fn of_osascript(argv: &[String]) -> Option<Vec<String>> {
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let (start, script) = match argv.as_slice() {
        ["/usr/bin/osascript", "-e", script] => ("do shell script ", script),
        ["/usr/bin/osascript", "-l", "JavaScript", "-e", script] => ("$.system(", script),
        _ => return None,
    };
    let (before, literal) = script.split_once(start)?;
    // Another command before it would go unseen.
    if before.contains(['"', '(']) && !before.starts_with("ObjC.import(\"stdlib\"); ") {
        return None;
    }
    let (command, _) = double_quoted(literal.strip_prefix('"')?)?;
    words(&command)
}

/// The text after a redirection's sign: `>>`, `2>`, `<`.
fn redirection(text: &str) -> Option<&str> {
    let signs = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = signs.trim_start_matches(['>', '<']);
    (after.len() < signs.len()).then_some(after)
}

/// The word at the head of a text, and what follows it.
fn word(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        match c {
            c if c.is_whitespace() => break,
            '\'' => {
                let (quoted, after) = after.split_once('\'')?;
                found.push_str(quoted);
                rest = after;
                continue;
            }
            '"' => {
                let (quoted, after) = double_quoted(after)?;
                found.push_str(&quoted);
                rest = after;
                continue;
            }
            '\\' => {
                let next = after.chars().next()?;
                found.push(next);
                rest = after.get(next.len_utf8()..)?;
                continue;
            }
            ';' | '&' | '|' | '(' | ')' | '`' | '>' | '<' | '\n' => return None,
            c => found.push(c),
        }
        rest = after;
    }
    (rest.len() < text.len()).then_some((found, rest))
}

/// The text up to the double quote that ends it, its quote already read, and what follows that. The same holds for
/// literals of `AppleScript` and `JavaScript`, as far as Hermes writes them.
fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let mut found = String::new();
    loop {
        match chars.next()? {
            '"' => return Some((found, chars.as_str())),
            '\\' => match chars.next()? {
                c @ ('"' | '\\' | '$' | '`' | '/') => found.push(c),
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    found.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                c => found.extend(['\\', c]),
            },
            c => found.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_simple_command_is_its_words_without_where_its_output_goes() {
        for (command, expected) in [
            ("exec /v/bin/python -m x run", Some(&["/v/bin/python", "-m", "x", "run"][..])),
            ("exec '/a b/py' \"c d\" e\\ f >> '/l o/g' 2>> /e", Some(&["/a b/py", "c d", "e f"])),
            (r#"exec py -I -c 'a['"'"'b'"'"']' "$@""#, Some(&["py", "-I", "-c", "a['b']", "$@"])),
            ("2>/dev/null py", Some(&["py"])),
            ("py\\n", Some(&["pyn"])),
            ("a; b", None),
            ("a && b", None),
            ("a | b", None),
            ("a $(b)", None),
            ("'a", None),
            ("exec", None),
            ("", None),
        ] {
            assert_eq!(words(command), expected.map(argv), "{command}");
        }
    }

    #[test]
    fn what_osascript_hands_on_is_read_in_both_forms_of_hermes() {
        let script = |text: &str| argv(&["/usr/bin/osascript", "-e", text]);
        let jxa = |text: &str| argv(&["/usr/bin/osascript", "-l", "JavaScript", "-e", text]);
        let expected = Some(argv(&["/p y", "say \"x\"", "run"]));
        for argv in [
            script(r#"do shell script "exec '/p y' 'say \"x\"' run >> /l 2>> /e""#),
            jxa(
                r#"ObjC.import("stdlib"); const status=$.system("exec '/p y' 'say \"x\"' run >> /l 2>> /e"); $.exit(status);"#,
            ),
        ] {
            assert_eq!(of_osascript(&argv), expected, "{argv:?}");
        }
        for argv in [
            script("display dialog \"x\""),
            script("tell app \"x\" to do shell script \"exec hermes gateway run\""),
            jxa("f(); $.system(\"exec hermes gateway run\")"),
            argv(&["/bin/sh", "-c", "do shell script \"x\""]),
        ] {
            assert_eq!(of_osascript(&argv), None, "{argv:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([ -~]|\"|'|\\\\|\\\\u00e9|>|é){0,40}") {
            let _ = words(&text);
            let _ = of_osascript(&argv(&["/usr/bin/osascript", "-e", &format!("do shell script \"{text}")]));
        }
    }
}
