use super::*;
use proptest::prelude::*;

fn source(text: &str) -> Source {
    Source::read(text.into())
}

fn names(text: &str) -> Vec<(Kind, String)> {
    source(text).items().map(|item| (item.kind, item.name.clone())).collect()
}

/// The last function of this name, rather one of the module than one within something else.
fn function<'a>(source: &'a Source, name: &str) -> Option<&'a Item> {
    let mut named: Vec<&Item> =
        source.items().filter(|item| item.kind == Kind::Function && item.name == name).collect();
    named.sort_by_key(|item| item.is_of_module);
    named.pop()
}

fn one(text: &str) -> Expression {
    match statements(text).as_slice() {
        [Statement::Value(value)] => value.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

fn literal(text: &str) -> String {
    match one(text) {
        Expression::Text(parts) => match parts.as_slice() {
            [Part::Literal(literal)] => literal.clone(),
            other => panic!("{text}: {other:?}"),
        },
        other => panic!("{text}: {other:?}"),
    }
}

fn name(name: &str) -> Expression {
    Expression::Name(name.into())
}

#[test]
fn a_module_tells_what_it_defines_and_where_that_ends() {
    let text = "\
import os
A = 1
B: int = 2
A += 1
A.append(3)

@cache
def first(a,
          b=\"def trap():\"):
    '''def trap(): pass

def trap():
'''
    def inner():
        return 1
    return [
def_not,
]
# a comment at the margin

    # and one below

class C(object):
    x = 1
    async def method(self): return 1
if True:
    def under_a_condition():
        pass
    D = 4
else:
    E = 5
";
    assert_eq!(
        names(text),
        [
            (Kind::Import, ""),
            (Kind::Assignment, "A"),
            (Kind::Assignment, "B"),
            (Kind::Touch, "A"),
            (Kind::Touch, "A"),
            (Kind::Function, "first"),
            (Kind::Function, "inner"),
            (Kind::Class, "C"),
            (Kind::Function, "method"),
            (Kind::Function, "under_a_condition"),
            (Kind::Assignment, "D"),
            (Kind::Assignment, "E"),
        ]
        .map(|(kind, name)| (kind, name.to_string()))
    );
    let source = source(text);
    let first = source.text(function(&source, "first").expect("a function"));
    assert!(first.starts_with("def first(a,") && first.contains("# and one below"), "{first}");
    assert!(!first.contains("class C"), "{first}");
    assert!(function(&source, "trap").is_none());
    assert!(!function(&source, "method").expect("a method").is_of_module);
}

#[test]
fn tabs_and_continued_lines_are_read_as_python_does() {
    let text =
        "def f():\n\tif a:\n\t\tb = 1\n        return b\nx = \\\n  'def g():'\ndef h(): pass\n";
    let found = source(text);
    assert_eq!(found.text(function(&found, "f").expect("f")).lines().count(), 4);
    assert!(function(&found, "g").is_none() && function(&found, "h").is_some());
    let all = statements(text.split("x =").next().expect("f"));
    let [Statement::Define(f)] = all.as_slice() else { panic!("one function: {all:?}") };
    // A tab goes to column eight, as eight blanks do.
    assert!(matches!(f.body.as_slice(), [Statement::If(..), Statement::Return(_)]), "{f:?}");
}

#[test]
fn a_string_is_what_python_makes_of_it() {
    for (text, expected) in [
        ("'a' \"b\" '''c'''", "abc"),
        ("'\\n\\t\\\\\\'\\x41\\u0042\\101\\q'", "\n\t\\'ABA\\q"),
        ("r'\\n{}' b'x' u'y'", "\\n{}xy"),
        ("f'{{a}}' '{b}'", "{a}{b}"),
        ("'''a\\\nb\r\nc'''", "ab\nc"),
        ("\"\"\"a \"quoted\" ''' '\"\"\"", "a \"quoted\" ''' '"),
        ("('a'\n 'b')", "ab"),
        ("''", ""),
        ("rb'\\'' 'x'", "\\'x"),
    ] {
        assert_eq!(literal(text), expected, "{text}");
    }
}

#[test]
fn a_placeholder_is_a_value_and_its_form_makes_it_any() {
    let parts = |text: &str| match one(text) {
        Expression::Text(parts) => parts,
        other => panic!("{other:?}"),
    };
    let lit = |text: &str| Part::Literal(text.into());
    let hole = |value: Expression| Part::Hole(Some(value));
    assert_eq!(parts("f'a{b}c'"), [lit("a"), hole(name("b")), lit("c")]);
    assert_eq!(
        parts("f'{a!r}{b:>3}{c!s}{d=}'").iter().filter(|p| **p == Part::Hole(None)).count(),
        2
    );
    let nested = parts("f\"\"\"x{f\" {p}\" if p else \"\"} y\"\"\"");
    assert_eq!(nested.len(), 3, "{nested:?}");
    assert!(matches!(&nested[1], Part::Hole(Some(Expression::Choice(_)))), "{nested:?}");
    // From Python 3.12 on the same quotes may stand within.
    let same = parts("f\"x{a[\"k\"]}y\"");
    assert!(matches!(&same[1], Part::Hole(Some(Expression::Index(_)))), "{same:?}");
    assert_eq!(parts("f'{a[\"}\"]}b'").len(), 2);
    assert_eq!(parts("f'{a != b}'").len(), 1);
}

#[test]
fn values_have_their_parts() {
    let Expression::Call(call) = one("a.b(1, *c, d='x', **e)") else { panic!("a call") };
    assert_eq!(call.callee, Expression::Attribute(Box::new(name("a")), "b".into()));
    assert_eq!((call.arguments.len(), call.named.len()), (2, 2));
    assert!(matches!(one("[x for x in y if x and x != 'a']"), Expression::Each(_)));
    assert!(matches!(one("'a'.join(f'<{x}>' for x in y)"), Expression::Call(_)));
    assert!(matches!(one("{'a': 1, **b}"), Expression::Dictionary(pairs) if pairs.len() == 2));
    assert!(matches!(one("{'a', 'b'}"), Expression::List(all) if all.len() == 2));
    assert!(matches!(one("a, *b"), Expression::List(all) if all[1].each));
    assert!(matches!(one("lambda x, y=1: x"), Expression::Other(_)));
    assert!(matches!(one("a[1:2]"), Expression::Other(_)));
    assert!(matches!(one("a << 2 | b"), Expression::Binary(Operator::Pipe, _)));
    assert!(matches!(one("not a is not b"), Expression::Not(_)));
    assert!(matches!(one("'%s' % (a,)"), Expression::Binary(Operator::Percent, _)));
    assert!(matches!(one("(x := 3)"), Expression::Bind(_, _)));
    assert_eq!(one("-1"), Expression::Number("-1".into()));
}

#[test]
fn statements_have_their_blocks() {
    let text = "\
if a: b = c = 1; d += 'x'
elif e:
    pass
else:
    return
for k, v in x.items():
    continue
else:
    f()
while True: break
try:
    raise E
except (A, B) as e:
    pass
except C:
    pass
else:
    g = 1
finally:
    h()
with open(p) as f, suppress(E):
    i: list[str] = []
with (a as b,
      c):
    j: str
async def k(a, /, b: int = 1, *c, d=2, **e) -> str:
    yield a
match l:
    case {'a': 1}:
        m = 1
    case _:
        m = 2
match = 3
del n['x']
from .o import (p, q as r,)
from .. import s
import t.u, v.w as x
class Y:
    pass
";
    let all = statements(text);
    assert!(!all.contains(&Statement::Unread), "{all:#?}");
    assert_eq!(all.len(), 14, "{all:#?}");
    assert!(
        matches!(&all[0], Statement::If(branches, last) if branches[0].1.len() == 2 && branches.len() == 2 && last.len() == 1)
    );
    let Statement::Define(k) = &all[6] else { panic!("{:?}", all[6]) };
    assert!(k.yields);
    let takes: Vec<_> = k.parameters.iter().map(|parameter| parameter.takes).collect();
    assert_eq!(takes, [Takes::One, Takes::One, Takes::Rest, Takes::Named, Takes::RestNamed]);
    assert!(matches!(&all[7], Statement::Match(_, cases) if cases.len() == 2));
    let imported = |at: usize| match &all[at] {
        Statement::Import(names) => names.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(imported(10)[1].name, "r");
    assert_eq!(imported(11)[0].module, "..");
    assert_eq!((imported(12)[0].name.as_str(), imported(12)[1].module.as_str()), ("t", "v.w"));
}

#[test]
fn what_makes_no_sense_is_unread_and_the_rest_is_read() {
    let all = statements("a = 1\nb = = 2\nif c d:\n    e = 1\n    f = 2\ng = 3\n");
    assert!(
        matches!(
            all.as_slice(),
            [Statement::Assign(..), Statement::Unread, Statement::Unread, Statement::Assign(..),]
        ),
        "{all:#?}"
    );
}

#[test]
fn nothing_is_nested_deeper_than_the_stack_allows() {
    for deep in ["(", "[", "{1:", "f(", "not ", "-", "a if b else ", "lambda: ", "f'{", "2**", "x."]
    {
        let _ = statements(&deep.repeat(20_000));
        let _ = source(&deep.repeat(20_000));
    }
    let blocks: Vec<String> = (0..600).map(|at| format!("{}if x:\n", " ".repeat(at))).collect();
    let blocks = blocks.concat();
    let _ = statements(&blocks);
    let _ = source(&"f'''{".repeat(100_000));
}

/// What a text is made of that is hard to read.
const WORDS: &[&str] = &[
    "def ",
    "async ",
    "class ",
    "import ",
    "from ",
    "return ",
    "if ",
    "else:",
    "elif ",
    "for ",
    "in ",
    "try:",
    "except",
    "with ",
    "as ",
    "yield ",
    "lambda ",
    "match ",
    "case ",
    "not ",
    "is ",
    "f'",
    "f\"\"\"",
    "rb'",
    "\"\"\"",
    "'",
    "\"",
    "{",
    "}",
    "{{",
    "(",
    ")",
    "[",
    "]",
    ":",
    "=",
    ":=",
    "+=",
    ",",
    ".",
    "*",
    "**",
    "#",
    "\\",
    "\n",
    "\n    ",
    "\n        ",
    "\t",
    "\r",
    "\x0c",
    "é",
    "\0",
    "a",
    "b1",
    "1.5",
    "!r",
    "!=",
    "<<",
    "->",
    ";",
    "@",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_text_makes_it_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..80)) {
        let text = words.concat();
        let read = source(&text);
        for item in read.items() {
            let _ = statements(read.text(item));
        }
        let _ = statements(&text);
    }

    #[test]
    fn no_literal_is_lost_and_none_is_invented(words in proptest::collection::vec("[a-zA-Z=/ ]{1,12}", 1..6)) {
        let quoted: Vec<String> = words.iter().enumerate().map(|(at, word)| match at % 4 {
            0 => format!("'{word}'"),
            1 => format!("\"\"\"{word}\"\"\""),
            2 => format!("f\"{word}\""),
            _ => format!("r'{word}'"),
        }).collect();
        prop_assert_eq!(literal(&format!("({})", quoted.join("\n  "))), words.concat());
    }

    #[test]
    fn a_function_is_found_wherever_it_stands(before in "(x = 1\n|'''a\ndef f(): pass\n'''\n|# def f():\n|y = \\(\n'def f'\\)\n|\n){0,8}", after in "(z = 1\n|# c\n|\n){0,4}") {
        let text = format!("{before}def f(a):\n    b = 'def g():'\n\n  # c\n    return b\n{after}");
        let read = source(&text);
        let found = read.text(function(&read, "f").expect("a function"));
        prop_assert!(found.starts_with("def f(a):") && found.contains("return b"), "{}", found);
        prop_assert!(!found.contains("z = 1") && !found.contains("x = 1"), "{}", found);
    }
}
