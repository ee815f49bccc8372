//! The Python text by which Hermes starts its own code: the argument of `python -I -c` in definitions, in its launcher
//! and on the command lines of its processes (0.21.5 and later).
//!
//! The code is never run. Two things stand in it as literals: the directory that holds the code
//! (`sys.path.insert(0, '…')`) and the module that is run. A text is a bootstrap only if it ends by running that
//! module: a program that merely carries one in a literal does something else first or after.

/// What a bootstrap starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The directory that holds `hermes_cli` and `hermes_bootstrap.py`.
    pub project_root: String,
    /// The module that the text names, such as `hermes_cli.main`.
    pub module: String,
    /// The arguments of the module where the text itself assigns them, as a start by the updater does. Otherwise they
    /// follow the text on the command line.
    argv: Option<Vec<String>>,
    /// True for the text of the launcher, which runs another module if its arguments begin with `--run-module NAME`.
    takes_module: bool,
}

impl Bootstrap {
    /// Returns the module that is run and its arguments, of a command line that has these words after the text.
    pub fn command<'a>(&'a self, words: &'a [String]) -> (&'a str, &'a [String]) {
        match self.argv.as_deref().unwrap_or(words) {
            [option, module, rest @ ..] if self.takes_module && option == "--run-module" => {
                (module, rest)
            }
            rest => (&self.module, rest),
        }
    }
}

/// Reads the argument of `python -c`. None where it is not a bootstrap of Hermes.
pub fn read(code: &str) -> Option<Bootstrap> {
    let code = code.trim();
    if !code.starts_with("import ") {
        return None;
    }
    let (project_root, _) = literal(after(code, "sys.path.insert(0, ")?)?;
    let argv = after(code, "sys.argv = [").and_then(list).map(|argv| argv.into_iter().skip(1));
    let argv = argv.map(Iterator::collect);
    // The updater starts a launcher's text anew, as a literal in its own.
    let carried = after(code, "; exec(").and_then(literal);
    if let Some((inner, rest)) = carried {
        let module = entry(&inner)?.to_string();
        return (rest == ")").then_some(Bootstrap {
            project_root,
            module,
            argv,
            takes_module: true,
        });
    }
    if let Some(module) = run_module(code) {
        return Some(Bootstrap { project_root, module, argv, takes_module: false });
    }
    let module = entry(code)?.to_string();
    Some(Bootstrap { project_root, module, argv, takes_module: true })
}

/// The module of the call of `runpy.run_module` that ends the text. The values of its other arguments do not count: a
/// snapshot may have them redacted.
fn run_module(code: &str) -> Option<String> {
    let (_, call) = code.rsplit_once("runpy.run_module(")?;
    let (module, rest) = literal(call)?;
    let is_last = rest.strip_suffix(')').is_some_and(|rest| !rest.contains([')', ';', '\n']));
    (is_last && is_module(&module)).then_some(module)
}

/// The module from which the function comes whose result ends the process, in the text of the launcher.
fn entry(code: &str) -> Option<&str> {
    let (before, called) = code.trim_end().rsplit_once("sys.exit(")?;
    let function = called.strip_suffix("())")?;
    let words: Vec<&str> = before.split_whitespace().collect();
    let imported = words.windows(4).rev().find_map(|words| match words {
        ["from", module, "import", name] if *name == function => Some(*module),
        _ => None,
    });
    imported.filter(|module| is_module(module))
}

fn is_module(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

fn after<'a>(code: &'a str, start: &str) -> Option<&'a str> {
    code.split_once(start).map(|(_, after)| after)
}

/// The string literal at the head of a text, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut chars = text.get(1..)?.char_indices();
    let mut value = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(escape(&mut chars)?),
            c if c == quote => {
                return Some((value, chars.as_str())).filter(|_| at <= LONGEST);
            }
            c => value.push(c),
        }
    }
    None
}

/// The character that an escape stands for, as Python's `repr` writes them.
fn escape(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let digits = match chars.next()?.1 {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c @ ('\\' | '\'' | '"') => return Some(c),
        _ => return None,
    };
    let code: String = chars.by_ref().take(digits).map(|(_, digit)| digit).collect();
    u32::from_str_radix(&code, 16).ok().and_then(char::from_u32)
}

/// The string literals of a list whose bracket has been read.
fn list(mut text: &str) -> Option<Vec<String>> {
    let mut items = Vec::new();
    loop {
        if text.starts_with(']') {
            return Some(items);
        }
        let (item, rest) = literal(text)?;
        items.push(item);
        text = rest.strip_prefix(", ").unwrap_or(rest);
    }
}

/// Bytes of a literal that are read; the longest that Hermes writes is the launcher's text, of 7 KB.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text as units hold it.
    const UNIT: &str = "import os, sys, runpy; os.environ.pop('VIRTUAL_ENV', None); \
        sys.path.insert(0, '/home/lab/.hermes/hermes-agent'); \
        os.environ['HERMES_HOME'] = os.environ.get('HERMES_HOME') or '/home/lab/.hermes'; import hermes_bootstrap; \
        runpy.run_module('gateway.systemd_stop_mark', run_name='__main__', alter_sys=True)";
    /// The bones of the launcher's text.
    const LAUNCHER: &str = "import os, re, sys\nsys.path.insert(0, '/home/lab/.hermes/hermes-agent')\n\
        def _repair():\n    from hermes_cli import _early_recovery\n\
        import hermes_bootstrap\nif sys.argv[1:2] == ['--run-module']:\n    import runpy\n\
        \x20   runpy.run_module(module, run_name='__main__', alter_sys=True)\n    sys.exit(0)\n\
        from hermes_cli.main import main\nsys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n\
        sys.exit(main())\n";

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_code_and_the_module_stand_in_each_form() {
        let redacted = UNIT.replace("'__main__'", "[redacted]").replace("True", "[redacted]");
        let mark = "gateway.systemd_stop_mark";
        let run = words(&["gateway", "run"]);
        let run_module = words(&["--run-module", "hermes_cli.stderr_timestamp", "--"]);
        for (code, after, module, rest) in [
            (UNIT, &run_module, mark, &run_module[..]),
            (redacted.as_str(), &run, mark, &run),
            (LAUNCHER, &run, "hermes_cli.main", &run),
            (LAUNCHER, &run_module, "hermes_cli.stderr_timestamp", &run_module[2..]),
        ] {
            let found = read(code).expect("a bootstrap");
            assert_eq!(found.project_root, "/home/lab/.hermes/hermes-agent");
            assert_eq!(found.command(after), (module, rest), "{code}");
        }
    }

    #[test]
    fn a_path_is_read_as_python_writes_it() {
        for (written, path) in
            [(r#""/srv/it's""#, "/srv/it's"), (r"'/srv/a\\b'", r"/srv/a\b"), (r"'/\xe9'", "/é")]
        {
            let code = UNIT.replace("'/home/lab/.hermes/hermes-agent'", written);
            assert_eq!(read(&code).expect("a bootstrap").project_root, path, "{written}");
        }
    }

    #[test]
    fn a_start_by_the_updater_says_its_arguments_in_its_text() {
        let head =
            "import sys, runpy; sys.path.insert(0, '/h'); sys.argv = ['-c', '-p', \"it's\"]; ";
        let direct = format!(
            "{head}runpy.run_module('hermes_cli.main', run_name='__main__', alter_sys=True)"
        );
        let escaped = LAUNCHER.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
        for code in [direct, format!("{head}exec('{escaped}')")] {
            let found = read(&code).expect("a bootstrap");
            let told = words(&["-p", "it's"]);
            assert_eq!(found.command(&[]), ("hermes_cli.main", &told[..]), "{code}");
        }
    }

    #[test]
    fn what_only_carries_a_bootstrap_is_none() {
        let watcher = format!("import os, time; wait(4711); os.execv('/p', [\"\"\"{UNIT}\"\"\"])");
        for code in [
            watcher.as_str(),
            &format!("{UNIT}; print('more')"),
            "import hermes_cli.main; hermes_cli.main.main()",
            "import sys; sys.path.insert(0, '/h'); sys.exit(main())",
            "print('sys.path.insert(0, ')",
            "",
        ] {
            assert_eq!(read(code), None, "{code}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(parts in prop::collection::vec("import |sys.path.insert\\(0, |sys.argv = \\[|; exec\\(|runpy.run_module\\(|from a import b\n|sys.exit\\(b\\(\\)\\)|['\"\\\\\\]\\),; x/é]{0,6}", 0..12)) {
            let _ = read(&parts.concat());
        }
    }
}
