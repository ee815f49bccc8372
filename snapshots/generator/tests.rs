use super::*;
use proptest::prelude::*;

/// The files of each style of `fixtures/`.
const STYLES: [(&str, &[(&str, &str)]); 5] = [
    ("text", &[("hermes_cli/gateway.py", include_str!("fixtures/text/hermes_cli/gateway.py"))]),
    (
        "lines",
        &[
            ("hermes_cli/__init__.py", include_str!("fixtures/lines/hermes_cli/__init__.py")),
            ("hermes_cli/gateway.py", include_str!("fixtures/lines/hermes_cli/gateway.py")),
            (
                "hermes_cli/gateway_units.py",
                include_str!("fixtures/lines/hermes_cli/gateway_units.py"),
            ),
            (
                "hermes_cli/gateway_launchd.py",
                include_str!("fixtures/lines/hermes_cli/gateway_launchd.py"),
            ),
            ("gateway/codes.py", include_str!("fixtures/lines/gateway/codes.py")),
        ],
    ),
    ("format", &[("hermes_cli/gateway.py", include_str!("fixtures/format/hermes_cli/gateway.py"))]),
    (
        "percent",
        &[("hermes_cli/gateway.py", include_str!("fixtures/percent/hermes_cli/gateway.py"))],
    ),
    ("pieces", &[("hermes_cli/gateway.py", include_str!("fixtures/pieces/hermes_cli/gateway.py"))]),
];

fn code(style: &str) -> &'static [(&'static str, &'static str)] {
    STYLES.iter().find(|(name, _)| *name == style).expect(style).1
}

fn units(files: &[(&str, &str)]) -> Generators {
    read(&mut |path| text(files, path), Wanted::Units)
}

fn plist(files: &[(&str, &str)]) -> Generators {
    read(&mut |path| text(files, path), Wanted::Plist)
}

fn text(files: &[(&str, &str)], path: &str) -> Option<String> {
    files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_string())
}

/// One setting a line: when it is written, and what it is.
fn told(document: Option<&Document>) -> Vec<String> {
    let document = document.expect("a generator that can be followed");
    let when = |when: When| match when {
        When::Always => "=",
        When::OneOf => "|",
        When::Sometimes => "?",
    };
    let line = |setting: &Setting| {
        let value = setting.value.join(" ").replace(ANY, "‹any›");
        format!("{} {} {value}", when(setting.when), setting.path.join("/"))
    };
    let mut told: Vec<String> = document.settings.iter().map(line).collect();
    told.extend(document.is_open.then(|| "and more".into()));
    told.sort_by_key(|line| line.get(2..).map(String::from));
    told
}

/// The same of lines that a test expects.
fn sorted<const N: usize>(lines: [&str; N]) -> Vec<String> {
    let mut lines = lines.map(String::from).to_vec();
    lines.sort_by_key(|line| line.get(2..).map(String::from));
    lines
}

#[test]
fn one_formatted_string_is_followed() {
    let found = units(code("text"));
    assert_eq!(
        told(found.user_unit.as_ref()),
        sorted([
            "= Unit/Description Gateway of the tests",
            "= Unit/After network-online.target",
            "= Unit/Wants network-online.target",
            "= Unit/StartLimitIntervalSec 0",
            "| Service/Type simple",
            "| Service/Type notify",
            "? Service/NotifyAccess main",
            "? Service/WatchdogSec ‹any›s",
            "| Service/ExecStart ‹any› -m hermes_cli.main --profile ‹any› gateway run",
            "| Service/ExecStart ‹any› -m hermes_cli.main gateway run",
            "= Service/WorkingDirectory ‹any›",
            "= Service/Environment/PATH ‹any›",
            "= Service/Environment/HERMES_HOME ‹any›",
            "= Service/Restart always",
            "= Service/RestartSec 7",
            "= Service/RestartForceExitStatus 75",
            "= Service/RestartPreventExitStatus 78",
            "= Service/KillMode mixed",
            "= Service/KillSignal SIGTERM",
            "= Service/OOMPolicy continue",
            "= Service/ExecReload /bin/kill -USR1 $MAINPID",
            "= Service/ExecStopPost -‹any› -m gateway.cgroup_cleanup",
            "= Service/TimeoutStopSec ‹any›",
            "= Service/StandardOutput journal",
            "= Service/StandardError journal",
            "= Install/WantedBy default.target",
        ])
    );
    let system = told(found.system_unit.as_ref());
    for line in [
        "= Unit/After user@‹any›.service",
        "= Service/User ‹any›",
        "= Service/Group ‹any›",
        "= Install/WantedBy multi-user.target",
    ] {
        assert!(system.contains(&line.to_string()), "{line}: {system:#?}");
    }
    assert!(!system.iter().any(|line| line.contains("default.target")), "{system:#?}");
    assert_eq!(found.files, ["hermes_cli/gateway.py"]);
    let found = plist(code("text"));
    assert_eq!(
        told(found.plist.as_ref()),
        sorted([
            "= Label ai.hermes.gateway",
            "| ProgramArguments ‹any› -m hermes_cli.main gateway run",
            "| ProgramArguments ‹any› -m hermes_cli.main --profile gateway run",
            "| ProgramArguments ‹any› -m hermes_cli.main ‹any› gateway run",
            "| ProgramArguments ‹any› -m hermes_cli.main --profile ‹any› gateway run",
            "= EnvironmentVariables/HERMES_HOME ‹any›",
            "= RunAtLoad true",
            "= KeepAlive/SuccessfulExit false",
            "= KeepAlive SuccessfulExit false",
            "= StandardOutPath ‹any›/logs/gateway.log",
        ])
    );
}

#[test]
fn lines_helpers_and_modules_behind_a_facade_are_followed() {
    let found = units(code("lines"));
    assert_eq!(
        told(found.system_unit.as_ref()),
        sorted([
            "= Unit/Description Gateway in lines",
            "= Unit/After network-online.target",
            "= Unit/StartLimitIntervalSec 0",
            "= Service/Type exec",
            "= Service/User ‹any›",
            "= Service/Group ‹any›",
            "= Service/ExecStart \"‹any›\" \"-m\" \"hermes_cli.main\" \"gateway\" \"run\"",
            "= Service/Environment/PATH ‹any›",
            "= Service/Environment/HERMES_HOME ‹any›",
            "= Service/Environment/HOME ‹any›",
            "= Service/Environment/USER ‹any›",
            "= Service/Environment/HERMES_SUPERVISED_CHILD ‹any›",
            "? Service/Environment/LD_LIBRARY_PATH ‹any›",
            "= Service/Restart always",
            "= Service/RestartSec 7",
            "= Service/RestartForceExitStatus 75",
            "= Service/RestartPreventExitStatus 78",
            "= Service/ExecStopPost -\"‹any›\" \"-m\" \"gateway.cgroup_cleanup\"",
            "? Service/MemoryHigh ‹any›",
            "= Install/WantedBy multi-user.target",
        ])
    );
    let user = told(found.user_unit.as_ref());
    assert!(!user.iter().any(|line| line.contains("User") || line.contains("/HOME")), "{user:#?}");
    let files = ["hermes_cli/gateway.py", "hermes_cli/gateway_units.py"];
    assert!(files.iter().all(|file| found.files.contains(&(*file).into())), "{:?}", found.files);
    assert_eq!(
        told(plist(code("lines")).plist.as_ref()),
        sorted([
            "= Label ai.hermes.gateway",
            "= ProgramArguments ‹any› gateway run --external-supervisor",
            "= RunAtLoad true",
            "= KeepAlive true",
            "= ThrottleInterval 30",
        ])
    );
}

#[test]
fn forms_of_other_styles_are_followed() {
    assert_eq!(
        told(units(code("format")).user_unit.as_ref()),
        sorted([
            "= Unit/Description By a form",
            "= Unit/Wants network-online.target",
            "= Service/Type simple",
            "= Service/ExecStart ‹any› -m hermes_cli.main gateway run",
            "= Service/Environment/HERMES_HOME ‹any›",
            "= Service/Restart on-failure",
            "| Service/RestartSec 5",
            "| Service/RestartSec 30",
            "= Service/SuccessExitStatus 75 78",
            "= Install/WantedBy default.target",
        ])
    );
    assert_eq!(
        told(plist(code("format")).plist.as_ref()),
        sorted([
            "= Label ai.hermes.gateway",
            "= ProgramArguments /usr/bin/python3 -m hermes_cli.main gateway run",
            "| KeepAlive true",
            "? KeepAlive/Crashed true",
            "| KeepAlive Crashed true",
            "= SoftResourceLimits/NumberOfFiles 4096",
        ])
    );
    assert_eq!(
        told(units(code("percent")).user_unit.as_ref()),
        sorted([
            "= Unit/Description 100%% ours",
            "= Unit/After network.target",
            "= Service/Type simple",
            "= Service/Restart always",
            "= Service/RestartSec 9",
            "= Service/ExecStart ‹any› -m hermes_cli.main gateway run",
            "= Service/Environment/PATH ‹any›",
            "= Service/Environment/HERMES_HOME ‹any›",
            "? Service/LogLevelMax debug",
            "? Service/Nice -5",
            "= Install/WantedBy default.target",
        ])
    );
    assert_eq!(
        told(plist(code("pieces")).plist.as_ref()),
        sorted([
            "= Label ai.hermes.gateway",
            "= ProgramArguments ‹any› -m hermes_cli.main gateway run",
            "= RunAtLoad true",
            "= KeepAlive/SuccessfulExit false",
            "= KeepAlive SuccessfulExit false",
            "= LimitLoadToSessionType Aqua Background",
            "= EnvironmentVariables/HERMES_HOME ‹any›",
            "? EnvironmentVariables/PATH ‹any›",
            "? EnvironmentVariables/LANG ‹any›",
            "? SoftResourceLimits/NumberOfFiles ‹any›",
            "= ExitTimeOut 60",
            "= ThrottleInterval 30",
        ])
    );
    assert_eq!(
        told(units(code("pieces")).system_unit.as_ref()),
        sorted([
            "= Unit/Description In pieces",
            "= Service/ExecStart ‹any› -m hermes_cli.main gateway run",
            "= Service/Restart always",
            "and more",
        ])
    );
}

/// A unit whose generator has this body.
fn unit_of(body: &str) -> Option<Document> {
    let body: Vec<String> = body.lines().map(|line| format!("    {line}\n")).collect();
    let body = body.concat();
    let text = format!("import os\n\ndef generate_systemd_unit(system=False):\n{body}");
    units(&[("hermes_cli/gateway.py", &text)]).user_unit
}

#[test]
fn what_cannot_be_followed_may_be_anything() {
    let head = "[Service]\\nRestart=always\\n";
    for (body, expected) in [
        // Something unknown at the start of a line may be lines.
        (format!("return f'{head}{{os.environ}}\\n'"), vec!["= Service/Restart always", "and more"]),
        (format!("return '{head}' + os.more()"), vec!["= Service/Restart always", "and more"]),
        // After a name it is a value.
        (
            "return f'[Service]\\nNice={os.environ}\\nRestart=no\\n'".into(),
            vec!["= Service/Nice ‹any›", "= Service/Restart no"],
        ),
        // A variable whose name is not known.
        (
            format!("return f'{head}Environment=\"{{os.name_of}}=1\"\\n'"),
            vec!["= Service/Restart always", "= Service/Environment ‹any›"],
        ),
        // Somebody unknown may add to a list.
        (
            format!("lines = ['{head}']\nunknown(lines)\nreturn ''.join(lines)"),
            vec!["= Service/Restart always", "and more"],
        ),
        (
            format!("lines = ['{head}']\nlines.sorted_by(os)\nreturn '\\n'.join(lines)"),
            vec!["= Service/Restart always", "and more"],
        ),
        // What a loop adds may be there any number of times.
        (
            format!("text = '{head}'\nfor x in os.all:\n    text += f'Nice={{x}}\\n'\nreturn text"),
            vec!["= Service/Restart always", "? Service/Nice ‹any›"],
        ),
        // What is taken away may be there no more.
        (
            "d = {'Restart': 'always', 'Nice': '5'}\ndel d['Nice']\nreturn '[Service]\\n' + ''.join(f'{k}={v}\\n' for k, v in d.items())".into(),
            vec!["= Service/Restart always", "? Service/Nice 5"],
        ),
        // After a return nothing happens.
        (
            "if system:\n    return '[Service]\\nUser=x\\n'\nreturn '[Service]\\nNice=1\\n'".into(),
            vec!["= Service/Nice 1"],
        ),
        // Of two ways either was taken.
        (
            "if os.x:\n    return '[Service]\\nNice=1\\nUser=x\\n'\nreturn '[Service]\\nNice=2\\n'".into(),
            vec!["| Service/Nice 1", "? Service/User x", "| Service/Nice 2"],
        ),
    ] {
        let mut expected: Vec<String> = expected.into_iter().map(String::from).collect();
        expected.sort_by_key(|line| line.get(2..).map(String::from));
        assert_eq!(told(unit_of(&body).as_ref()), expected, "{body}");
    }
    for body in [
        "return os.text()",
        "return None",
        "raise ValueError",
        "return 7",
        "x = = 1\nreturn '[Service]\\nNice=1\\n'",
        "return generate_systemd_unit()",
        "return '[Service]\\n'",
        "while True: pass",
        "pass",
    ] {
        assert_eq!(unit_of(body), None, "{body}");
    }
    assert_eq!(units(&[]), Generators::default());
    let other = [("hermes_cli/gateway.py", "def generate_unit(): return 1\n")];
    assert_eq!(units(&other).user_unit, None);
}

/// A module that has the texts of two units, with this after them.
fn module_of(after: &str) -> String {
    format!("UNIT = '[Service]\\nRestart=always\\n'\nBASE = '[Service]\\nNice=1\\n'\n\n{after}")
}

fn document_of(text: &str) -> Option<Document> {
    let other = "def generate_systemd_unit():\n    return '[Service]\\nNice=2\\n'\n";
    units(&[("hermes_cli/gateway.py", text), ("hermes_cli/other.py", other)]).user_unit
}

/// A name stands for what gave it its value last. Where that is not sure, it may stand for anything.
#[test]
fn a_generator_is_what_its_name_stands_for() {
    let plain = "def generate_systemd_unit():\n    return UNIT\n";
    let other = "def other():\n    return BASE\n";
    let nested = plain.replace('\n', "\n    ");
    for (after, expected) in [
        (plain.to_string(), "= Service/Restart always"),
        // The last one holds.
        (
            format!("def generate_systemd_unit():\n    return BASE\n\n{plain}"),
            "= Service/Restart always",
        ),
        (format!("generate_systemd_unit = None\n{plain}"), "= Service/Restart always"),
        (format!("{plain}\n{other}\ngenerate_systemd_unit = other\n"), "= Service/Nice 1"),
        (
            format!("{plain}\nfrom hermes_cli.other import generate_systemd_unit\n"),
            "= Service/Nice 2",
        ),
        (
            format!("from hermes_cli.other import generate_systemd_unit\n{plain}"),
            "= Service/Restart always",
        ),
        (format!("import functools\n@functools.cache\n{plain}"), "= Service/Restart always"),
        (
            format!("from functools import lru_cache\n@lru_cache(maxsize=None)\n{plain}"),
            "= Service/Restart always",
        ),
        (
            format!("class A:\n    def generate_systemd_unit(self):\n        return BASE\n{plain}"),
            "= Service/Restart always",
        ),
        // What may be anything.
        (format!("@hardened\n{plain}"), "and more"),
        (format!("@hardened(\n  level=1,\n)\n# why\n{plain}"), "and more"),
        (format!("def cache(f):\n    return f\n@cache\n{plain}"), "and more"),
        (format!("if x:\n    {nested}\nelse:\n    {nested}"), "and more"),
        (
            format!(
                "try:\n    from hermes_native import generate_systemd_unit\nexcept ImportError:\n    {nested}"
            ),
            "and more",
        ),
        (
            format!("{plain}if x:\n    from hermes_cli.other import generate_systemd_unit\n"),
            "and more",
        ),
        (format!("{plain}if x: generate_systemd_unit = other\n"), "and more"),
        (format!("{plain}generate_systemd_unit = hardened(generate_systemd_unit)\n"), "and more"),
        (format!("{plain}x, generate_systemd_unit = 1, other\n"), "and more"),
        (format!("{plain}y = generate_systemd_unit = other\n"), "and more"),
        (format!("{plain}x = 1; generate_systemd_unit = other\n"), "and more"),
        (format!("{plain}for generate_systemd_unit in all:\n    pass\n"), "and more"),
        (format!("{plain}with x as generate_systemd_unit:\n    pass\n"), "and more"),
        (format!("{plain}if (generate_systemd_unit := other): pass\n"), "and more"),
        (format!("{plain}globals()['generate_systemd_unit'] = other\n"), "and more"),
        (
            format!(
                "{plain}def f():\n    global x, generate_systemd_unit\n    generate_systemd_unit = x\n"
            ),
            "and more",
        ),
        (format!("{plain}from hermes_native import *\n"), "and more"),
        (format!("{plain}class generate_systemd_unit:\n    pass\n"), "and more"),
    ] {
        let found = document_of(&module_of(&after));
        assert_eq!(told(found.as_ref()), [expected], "{after}");
    }
    // What only names it gives it no other value.
    for after in [
        "print(generate_systemd_unit())\n",
        "if generate_systemd_unit:\n    pass\n",
        "WRITERS = {'unit': generate_systemd_unit}\n",
        "register(generator=generate_systemd_unit)\n",
        "x = 'global generate_systemd_unit'\n",
        "'''\nglobal generate_systemd_unit\n'''\n",
        "# generate_systemd_unit = None\n",
        "from typing import Any\n",
        "from hermes_cli.none import *\n",
        "generate_systemd_unit_again = None\n",
    ] {
        let found = document_of(&module_of(&format!("{plain}{after}")));
        assert_eq!(told(found.as_ref()), ["= Service/Restart always"], "{after}");
    }
}

/// The same of what it takes its text from.
#[test]
fn what_a_text_is_made_of_is_what_its_name_stands_for() {
    let generator =
        "def generate_systemd_unit():\n    return '[Service]\\nRestart=no\\n' + more()\n";
    let more = "def more():\n    return 'Nice=1\\n'\n";
    for (text, is_open) in [
        (format!("{more}{generator}"), false),
        (format!("@hardened\n{more}{generator}"), true),
        (format!("if x:\n    def more(): return 'Nice=1\\n'\n{generator}"), true),
        (format!("{more}{generator}more = hardened(more)\n"), true),
        (format!("{more}{generator}def f():\n    global more\n    more = x\n"), true),
    ] {
        let found = document_of(&text).expect(&text);
        assert_eq!(found.is_open, is_open, "{text}");
        let path = ["Service", "Restart"];
        assert!(found.settings.iter().any(|setting| setting.path == path), "{text}");
    }
}

#[test]
fn what_is_assigned_in_ways_that_are_not_understood_may_be_anything() {
    let head = "lines = ['[Service]', 'Restart=no']\n";
    let end = "return '\\n'.join(lines)";
    for body in [
        "lines[:] = other",
        "lines[1:2] = ['Nice=1']",
        "lines[1:] += other",
        "del lines[1:]",
        "lines[0] = other",
        "def add():\n    nonlocal lines\n    lines = other\nadd()",
        "def add(line):\n    def inner():\n        nonlocal lines\n        lines = other\n    inner()\nadd(1)",
        "global lines",
        "for lines[0] in other: pass",
        "(lines if x else other)[:] = other",
        "more = lines if x else []\nmore += ['Nice=1']",
        "with x as lines[:]: pass",
        "x and (lines := ['[Service]', 'Nice=1'])",
        "[lines := ['[Service]', 'Nice=1'] for y in other]",
        "z = (lines := ['[Service]', 'Nice=1']) if x else 2",
        "match x:\n    case [lines, _]: pass\n    case {'a': 1, **lines}: pass",
        "try: f()\nexcept E as lines: pass",
        "class A:\n    def add(self):\n        nonlocal lines\n        lines = other\nA().add()",
    ] {
        // Nothing of it is told for sure: it is open, or no line is there in any case, or nothing is told at all.
        let found = unit_of(&format!("{head}{body}\n{end}"));
        let is_sure = found.as_ref().is_some_and(|found| {
            !found.is_open && found.settings.iter().any(|setting| setting.when == When::Always)
        });
        assert!(!is_sure, "{body}: {found:#?}");
    }
    // A name of another module that a function sets.
    let text = "from hermes_cli import other\ndef generate_systemd_unit():\n    other.UNIT = x\n    return other.UNIT\n";
    let other = "UNIT = '[Service]\\nNice=1\\n'\n";
    let found = units(&[("hermes_cli/gateway.py", text), ("hermes_cli/other.py", other)]);
    assert!(found.user_unit.as_ref().is_none_or(|unit| unit.is_open), "{found:?}");
}

/// A module that Python could not read to its end says nothing of what is missing.
#[test]
fn a_module_that_is_cut_off_tells_nothing() {
    let text = "X = [1, 2]\ndef generate_systemd_unit(system=False):\n    y = (1,\n      2)\n    return f'''\n[Service]\nRestart=always\nNice={y}\n'''\n";
    let whole = document_of(text).expect("a unit");
    assert_eq!(told(Some(&whole)).len(), 2);
    for end in ["[Service]\nRes", "Restart=always\n", "Nice={y", "y = (1,", "X = [1,"] {
        let at = text.find(end).expect(end) + end.len();
        let cut = text.get(..at).expect("a text");
        assert_eq!(document_of(cut), None, "{cut}");
    }
    // What is taken from such a module may be anything.
    let gateway = "from hermes_cli.more import MORE\ndef generate_systemd_unit():\n    return '[Service]\\nNice=1\\n' + MORE\n";
    let more = "MORE = 'User=x\\n'\nLAST = '''";
    let found = units(&[("hermes_cli/gateway.py", gateway), ("hermes_cli/more.py", more)]);
    assert!(found.user_unit.expect("a unit").is_open);
}

#[test]
fn no_code_takes_longer_than_is_allowed() {
    // Each call doubles what there is.
    let mut text = String::from("def f0(x): return x + x\n");
    for at in 1..40 {
        let _ = std::fmt::Write::write_fmt(
            &mut text,
            format_args!("def f{at}(x): return f{before}(f{before}(x))\n", before = at - 1),
        );
    }
    text.push_str("def generate_systemd_unit(): return '[Service]\\nNice=1\\n' + f39('a')\n");
    units(&[("hermes_cli/gateway.py", &text)]);
    // Each branch doubles the ways.
    let mut text = String::from("def generate_systemd_unit():\n    t = ''\n");
    for at in 0..200 {
        let branch = format!("    if os.x{at}: t += 'A{at}'\n    else: t += 'B{at}'\n");
        text.push_str(&branch);
    }
    text.push_str("    return '[Service]\\nNice=' + t + '\\nUser=x\\n'\n");
    units(&[("hermes_cli/gateway.py", &text)]);
    // Modules that import each other.
    let mut load = |path: &str| {
        let name = path.trim_end_matches(".py").replace('/', ".");
        Some(format!("from {name}_x import generate_systemd_unit\nfrom {name}_y import *\n"))
    };
    assert_eq!(read(&mut load, Wanted::Units).user_unit, None);
}

/// What a body is made of that is hard to follow.
const WORDS: &[&str] = &[
    "x = ",
    "y = ",
    "x",
    "y",
    "[x, y]",
    "{'a': x, **y}",
    "x.append(y)\n    ",
    "x[0] = y\n    ",
    "x += y\n    ",
    "del x['a']\n    ",
    "f'{x}={y}\\n'",
    "'[Service]\\nNice=1\\n'",
    " + ",
    " % ",
    "''.join(x)",
    "(z for z in x if z)",
    "x.format(y, a=x)",
    "if x:\n        ",
    "for x in y:\n        ",
    "while y:\n        ",
    "try:\n        ",
    "except E:\n        ",
    "with x as y:\n        ",
    "return ",
    "yield ",
    "break",
    "pass",
    "generate_systemd_unit(x)",
    "lambda: x",
    "not ",
    "x.items()",
    "dict(x)",
    "\n    ",
    "1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_code_makes_it_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40)) {
        let text = format!("def generate_systemd_unit(x, y=[]):\n    {}\n    return x\n", words.concat());
        units(&[("hermes_cli/gateway.py", &text)]);
        let text = text.replace("systemd_unit", "launchd_plist");
        plist(&[("hermes_cli/gateway.py", &text)]);
    }

    /// Whatever else happens to the name of a generator, it is never told for sure what it no longer stands for.
    #[test]
    fn no_binding_is_overlooked(form in 0_usize..8, around in 0_usize..4, is_last in any::<bool>()) {
        let plain = "def generate_systemd_unit():\n    return '[Service]\\nNice=1\\n'\n";
        let bind = [
            "generate_systemd_unit = x\n",
            "(generate_systemd_unit) = x\n",
            "[a, (b, generate_systemd_unit)] = x\n",
            "generate_systemd_unit: int = x\n",
            "if y: generate_systemd_unit = x\n",
            "del generate_systemd_unit\n",
            "from x import generate_systemd_unit\n",
            "import generate_systemd_unit\n",
        ][form];
        let (bind, is_one) = match around {
            0 => (bind.to_string(), true),
            1 => (format!("if z:\n    {bind}"), true),
            2 => (format!("'''\n{bind}'''\n"), false),
            _ => (format!("# {bind}"), false),
        };
        let text = if is_last { format!("{plain}{bind}") } else { format!("{bind}{plain}") };
        let found = document_of(&text).expect("an answer");
        prop_assert_eq!(found.is_open, is_one && is_last, "{}", text);
    }

    /// A text that ends within a string or brackets tells nothing, wherever it ends there.
    #[test]
    fn no_cut_within_a_string_is_overlooked(lines in proptest::collection::vec("[A-Z][a-z]{2,6}=[0-9]", 1..5), quotes in 0_usize..3, cut in 0_usize..60) {
        let (open, close) = [("'''", "'''"), ("f\"\"\"", "\"\"\""), ("(r'''", "''')")][quotes];
        let inner = format!("\n[Service]\n{}\n", lines.join("\n"));
        let head = format!("def generate_systemd_unit():\n    return {open}");
        let whole = format!("{head}{inner}{close}\n");
        prop_assert!(document_of(&whole).is_some(), "{}", whole);
        let at = head.len() + cut.min(inner.len());
        prop_assert_eq!(document_of(whole.get(..at).expect("a text")), None);
    }

    /// What a definition says is found whatever else the code does with the text.
    #[test]
    fn no_directive_is_lost(keys in proptest::collection::vec("[A-Z][a-z]{2,6}", 1..6), how in 0_usize..6) {
        let lines: Vec<String> = keys.iter().map(|key| format!("{key}=1")).collect();
        let body = match how {
            0 => format!("return '[Service]\\n{}\\n'", lines.join("\\n")),
            1 => format!("return '\\n'.join(['[Service]', {}])", lines.iter().map(|line| format!("'{line}'")).collect::<Vec<_>>().join(", ")),
            2 => format!("t = '[Service]\\n'\nfor k in ({},):\n    t += k + '=1\\n'\nreturn t", keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ")),
            3 => format!("l = ['[Service]']\nl.extend(k + '=1' for k in {keys:?})\nreturn '\\n'.join(l)"),
            4 => format!("d = dict({})\nreturn '[Service]\\n' + ''.join('%s=%s\\n' % p for p in d.items())", keys.iter().map(|key| format!("{key}='1'")).collect::<Vec<_>>().join(", ")),
            _ => format!("a = os.environ.get('A')\nreturn f'''[Service]\n{}\n'''", lines.join("\n")),
        };
        let found = unit_of(&body).expect("a unit");
        for key in &keys {
            let path = vec!["Service".to_string(), key.clone()];
            prop_assert!(found.settings.iter().any(|setting| setting.path == path), "{key}: {body}");
        }
        prop_assert!(!found.is_open, "{}", body);
    }
}
