//! Each form, read as its world reads it: what is malformed fails the test, and what is left is the structure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonschema::Validator;
use pulldown_cmark::{Event, Options, Parser, Tag};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The schema of OASIS, as it stands in the crate `serde-sarif` 0.8.0. It also holds that what is to be a URI or a time is one.
static SARIF: LazyLock<Validator> = LazyLock::new(|| {
    let schema = include_str!("../schemas/sarif-2.1.0.json");
    // A pattern for languages has a bracket too many for this reader of patterns. We name no language.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
});

/// The elements in order, those of HTML by their tags. GitHub's own additions to Markdown are read too.
pub(crate) fn markdown(text: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    let (mut read, mut open) = (Vec::new(), 0_usize);
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link: {text}"),
            Event::Start(tag) => read.push(format!("{tag:?}")),
            Event::Html(html) | Event::InlineHtml(html) => {
                let tags = tags(&html);
                open += tags.iter().filter(|tag| *tag == "details").count();
                let closed = tags.iter().filter(|tag| *tag == "/details").count();
                open = open.checked_sub(closed).expect("what is closed was open");
                read.extend(tags);
            }
            Event::Code(code) => read.push(format!("`{code}`")),
            Event::Text(_) | Event::SoftBreak | Event::End(_) => {}
            other => panic!("{other:?}: {text}"),
        }
    }
    assert_eq!(open, 0, "{text}");
    assert!(text.len() < 65_536, "too long for a comment");
    read
}

/// The tags in a piece of HTML, comments apart.
fn tags(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).filter(|tag| !tag.starts_with("!-- -->"));
    let tags: Vec<String> =
        tags.map(|tag| tag.split('>').next().unwrap_or_default().to_string()).collect();
    for tag in &tags {
        let name = tag.trim_start_matches('/');
        assert!(matches!(name, "details" | "summary" | "code"), "{tag:?} in {html:?}");
    }
    tags
}

/// What may stand in which element of a page, and with which attributes.
const ELEMENTS: &[(&str, &[&str], &[&str])] = &[
    ("html", &[""], &["lang"]),
    ("head", &["html"], &[]),
    ("meta", &["head"], &["charset", "http-equiv", "name", "content"]),
    ("title", &["head"], &[]),
    ("style", &["head"], &[]),
    ("body", &["html"], &[]),
    ("h1", &["body"], &["class"]),
    ("h2", &["section"], &[]),
    ("h3", &["section"], &[]),
    ("section", &["body"], &[]),
    ("footer", &["body"], &[]),
    ("ul", &["body", "section", "details"], &["class"]),
    ("ol", &["section"], &["class"]),
    ("li", &["ul", "ol"], &["class"]),
    ("details", &["section"], &["id", "open"]),
    ("summary", &["details"], &["class"]),
    ("p", &["details", "footer"], &["class"]),
    ("span", &["h1", "li", "summary"], &["class"]),
    ("code", &["span", "p"], &[]),
    ("b", &["summary"], &[]),
    ("pre", &["li"], &[]),
    ("a", &["span"], &["href"]),
];

/// The elements and attributes in order. The page is read as XML, which mends nothing. It may hold these elements alone, in these
/// places; a link leads to a place within; nothing is fetched, and the policy says so and names the style by its digest.
pub(crate) fn html(text: &str) -> Vec<String> {
    assert!(text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n"), "{text}");
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    let all: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).collect();
    let mut ids = BTreeSet::new();
    for node in &all {
        let name = node.tag_name().name();
        let parent = node.parent_element().map_or("", |parent| parent.tag_name().name());
        let (_, parents, attributes) = ELEMENTS
            .iter()
            .find(|(known, _, _)| *known == name)
            .unwrap_or_else(|| panic!("{name:?} in {text}"));
        assert!(parents.contains(&parent), "{name} in {parent}: {text}");
        for attribute in node.attributes() {
            assert!(attributes.contains(&attribute.name()), "{attribute:?}: {text}");
        }
        assert!(node.attribute("id").is_none_or(|id| ids.insert(id)), "an id twice: {text}");
    }
    for link in all.iter().filter_map(|node| node.attribute("href")) {
        let place = link.strip_prefix('#').unwrap_or_else(|| panic!("{link} leads away"));
        assert!(ids.contains(place), "{link} leads nowhere");
    }
    let only = |name: &str| {
        let mut named = all.iter().filter(|node| node.has_tag_name(name));
        let only = named.next().unwrap_or_else(|| panic!("no {name}: {text}"));
        assert!(named.next().is_none(), "{name} twice: {text}");
        only
    };
    let style = only("style").text().expect("a style");
    let policy = all
        .iter()
        .find(|node| node.attribute("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|node| node.attribute("content"));
    let digest = STANDARD.encode(Sha256::digest(style));
    let expected = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, Some(expected.as_str()));
    let answer = only("body").first_element_child().expect("something");
    assert!(answer.has_tag_name("h1"), "the answer comes first: {text}");
    let words = |node: &Node<'_, '_>| -> String {
        node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
    };
    assert_eq!(words(&answer), words(only("title")));
    for fold in all.iter().filter(|node| node.has_tag_name("details")) {
        let first = fold.first_element_child().expect("something");
        assert!(first.has_tag_name("summary"), "{text}");
    }
    all.iter()
        .map(|node| {
            let attributes = node.attributes().filter(|attribute| attribute.name() != "content");
            let attributes: Vec<String> = attributes
                .map(|attribute| format!("{}={}", attribute.name(), attribute.value()))
                .collect();
            format!("{} {} {attributes:?}", node.ancestors().count(), node.tag_name().name())
        })
        .collect()
}

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

/// The elements and attributes in order, with the ids of the checks. Its counts must be those of its cases.
pub(crate) fn junit(text: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let named = |parent: Node<'_, '_>, name: &str| {
        parent.descendants().filter(|node| node.has_tag_name(name)).count().to_string()
    };
    let suites: Vec<_> = root.children().filter(Node::is_element).collect();
    for counted in suites.iter().chain([&root]) {
        for (attribute, element) in [
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ] {
            let stated = counted.attribute(attribute).expect(attribute);
            assert_eq!(stated, named(*counted, element), "{attribute}: {text}");
        }
    }
    let read = |node: Node<'_, '_>| {
        let check = node.attribute("name").filter(|_| node.has_tag_name("testcase"));
        let attributes: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
        let (name, depth) = (node.tag_name().name(), node.ancestors().count());
        format!("{depth} {name} {} {attributes:?}", check.unwrap_or_default())
    };
    document.descendants().filter(Node::is_element).map(read).collect()
}

/// The results in order. Beyond the schema: each names a rule by its id and its place, what is no fault has no level (3.27.10),
/// and no message holds a place for an argument (3.11.5) or a link (3.11.6).
pub(crate) fn sarif(text: &str) -> Vec<String> {
    let log: Value = serde_json::from_str(text).expect("JSON");
    let faults: Vec<String> = SARIF
        .iter_errors(&log)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let read = |result: &Value| {
        let rule = &rules
            [usize::try_from(result["ruleIndex"].as_u64().expect("a place")).expect("a place")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(result["kind"] == "fail", result["level"] != "none", "{result}");
        let message = result["message"]["text"].as_str().expect("a message");
        let unpaired = message.replace("{{", "").replace("}}", "");
        assert!(!unpaired.contains(['{', '}']) && !message.contains("]("), "{message:?}");
        let place = &result["locations"][0];
        let (is_file, lines) = (place["physicalLocation"].is_object(), message.lines().count());
        format!("{} {} {} {is_file} {lines}", result["ruleId"], result["kind"], result["level"])
    };
    let results = run["results"].as_array().expect("results").iter().map(read);
    std::iter::once(format!("{} rules", rules.len())).chain(results).collect()
}

/// The samples in order, without the name of the profile. Every metric has its help and its type, and no two samples
/// of it have the same labels.
pub(crate) fn prometheus(text: &str) -> Vec<String> {
    assert!(text.ends_with('\n') && !text.contains('\r'), "{text:?}");
    let (mut metric, mut seen, mut read) = ("", BTreeSet::new(), Vec::new());
    let mut lines = text.strip_suffix('\n').expect("a line").split('\n');
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, _) = help.split_once(' ').expect("a help");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
            assert_eq!(kind, Some(format!("{name} gauge").as_str()), "{line}");
            assert!(seen.insert(name.to_string()), "{name} comes twice");
            metric = name;
            continue;
        }
        let (name, labels, value) = sample(line).unwrap_or_else(|| panic!("no sample: {line:?}"));
        assert_eq!(name, metric, "{line}");
        value.parse::<i64>().unwrap_or_else(|_| panic!("no number: {line:?}"));
        assert!(seen.insert(format!("{name} {labels:?}")), "twice: {line}");
        let labels: Vec<_> = labels.into_iter().filter(|(name, _)| *name != "profile").collect();
        read.push(format!("{name} {labels:?} {value}"));
    }
    // Samples stand in the order of their labels, and so of the profile's name.
    read.sort();
    read
}

/// The name and the value of a label.
type Label<'a> = (&'a str, &'a str);

/// `name{label="value",…} value`.
fn sample(line: &str) -> Option<(&str, Vec<Label<'_>>, &str)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let (name, mut rest) = line.split_at(line.find(['{', ' '])?);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").filter(|(label, _)| is_name(label))?;
            let (value, after) = after.split_at(quoted(after)?);
            labels.push((label, value));
            rest = after.strip_prefix('"')?;
            let Some(more) = rest.strip_prefix(',') else { break };
            rest = more;
        }
        rest = rest.strip_prefix('}')?;
    }
    is_name(name).then_some((name, labels, rest.strip_prefix(' ')?))
}

/// Where the quotation mark is that ends a value, in which only `\\`, `\"` and `\n` are escapes.
fn quoted(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at),
            '\\' if !matches!(chars.next()?.1, '\\' | '"' | 'n') => return None,
            _ => {}
        }
    }
    None
}

/// Whether every percent sign begins one of these escapes, and nothing stands raw that should not.
fn is_escaped(text: &str, escapes: &[&str]) -> bool {
    !text.contains(char::is_control)
        && text.split('%').skip(1).all(|rest| escapes.iter().any(|escape| rest.starts_with(escape)))
}
