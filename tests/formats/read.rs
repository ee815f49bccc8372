//! Each form, read as its world reads it: what is malformed fails the test, and what is left is the structure.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;

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
    let document =
        roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let named = |parent: roxmltree::Node<'_, '_>, name: &str| {
        parent.descendants().filter(|node| node.has_tag_name(name)).count().to_string()
    };
    let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
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
    let read = |node: roxmltree::Node<'_, '_>| {
        let check = node.attribute("name").filter(|_| node.has_tag_name("testcase"));
        let attributes: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
        let (name, depth) = (node.tag_name().name(), node.ancestors().count());
        format!("{depth} {name} {} {attributes:?}", check.unwrap_or_default())
    };
    document.descendants().filter(roxmltree::Node::is_element).map(read).collect()
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
