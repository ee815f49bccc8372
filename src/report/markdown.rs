//! The report as a comment for an issue tracker: the bug report that a maintainer would wish for. It is for strangers, so nothing of the
//! host stands in it that [`Names`] has not let pass, and nothing that would make a link, call somebody, or end what it stands in.

use std::fmt::Write as _;

use gw_checks::diagnosis::Diagnosis;
use gw_checks::finding::{Finding, Verdict};
use gw_snapshot::facts::Facts;
use gw_snapshot::snapshot::Tool;

use super::names::Names;
use super::text::{NO_GATEWAY, answer, is_worth_a_line, mark, tally};
use super::{Report, Reported, timeline};

/// GitHub refuses a comment of more than 65,536 characters. In bytes, and with room for what comes last.
const LARGEST: usize = 60_000;

/// A page that grows block by block, and leaves out whole blocks once it is full.
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    fn add(&mut self, block: &str) {
        if self.text.len() + block.len() > LARGEST {
            self.left_out += 1;
            return;
        }
        self.text.push_str(block);
        self.text.push('\n');
    }
}

/// The comment.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut names = Names::new(report.facts);
    let mut page = Page { text: String::new(), left_out: 0 };
    let gateways = report.worst_first();
    page.add(&headline(report, gateways.first().copied(), &mut names));
    page.add(&versions(report, &mut names));
    for reported in gateways {
        gateway(&mut page, report.facts, reported, &mut names);
    }
    let Page { mut text, left_out } = page;
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{left_out} more parts would have made this too long for a comment.\n");
    }
    text + &last(&names)
}

/// The answer, in one line.
fn headline(report: &Report<'_>, worst: Option<&Reported<'_>>, names: &mut Names) -> String {
    let Some(worst) = worst else { return format!("**? {NO_GATEWAY}**\n") };
    let (text, id) = answer(worst);
    let profile = names.profile(&worst.gateway.home.profile);
    let id = id.map_or_else(String::new, |id| format!(" (`{id}`)"));
    let mark = mark(worst.examined.verdict);
    let answer = format!("{}: {}", escaped(&profile), shown(&text, names));
    let others = match report.gateways.len() {
        0 | 1 => String::new(),
        all => format!(", the worst of {all} gateways"),
    };
    format!("**{mark} {answer}**{id}{others}\n")
}

/// What a maintainer asks for first.
fn versions(report: &Report<'_>, names: &mut Names) -> String {
    let mut lines = format!(
        "- gw-doctor {} at {}: {}\n- {}\n",
        Tool::this().version,
        report.facts.now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        tally(report),
        shown(&report.system(), names)
    );
    for version in report.installed() {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "- hermes-agent {version}");
    }
    lines
}

fn gateway(page: &mut Page, facts: &Facts, reported: &Reported<'_>, names: &mut Names) {
    let examined = &reported.examined;
    let home = &reported.gateway.home;
    let profile = names.profile(&home.profile);
    let mut head = format!("### Gateway {}\n\n", escaped(&profile));
    for link in &examined.chain {
        let text = shown(&link.text, names);
        // A dash would begin a list within the list.
        let mark = if link.verdict == Verdict::Skipped { "\\-" } else { mark(link.verdict) };
        let _ = writeln!(head, "- {mark} {}: {text}", link.link);
    }
    page.add(&head);
    let causes: String = examined.diagnoses.iter().map(|cause| diagnosis(cause, names)).collect();
    if !causes.is_empty() {
        page.add(&format!("What explains it:\n\n{causes}"));
    }
    for finding in examined.findings.iter().filter(|finding| is_worth_a_line(finding)) {
        page.add(&details(finding, names));
    }
    let rest: Vec<&Finding> = examined
        .findings
        .iter()
        .filter(|finding| !is_worth_a_line(finding))
        .filter(|finding| matches!(finding.verdict, Verdict::Note | Verdict::Unknown))
        .collect();
    if !rest.is_empty() {
        page.add(&remarks(&rest, names));
    }
    let lines = timeline::lines(&reported.timeline(facts).last(timeline::FEW), names);
    page.add(&unfolded("What happened, in order", &lines));
}

fn diagnosis(diagnosis: &Diagnosis, names: &mut Names) -> String {
    let explains: Vec<String> = diagnosis.explains.iter().map(|id| format!("`{id}`")).collect();
    let explains = if explains.is_empty() {
        String::new()
    } else {
        format!(". It explains {}", explains.join(", "))
    };
    let summary = shown(&diagnosis.summary, names);
    format!("- `{}` ({}): {summary}{explains}\n", diagnosis.id, diagnosis.certainty.word())
}

/// A finding, its evidence folded away.
fn details(finding: &Finding, names: &mut Names) -> String {
    let seen = finding.evidence.iter().map(|seen| format!("{}: {}", seen.source, seen.said));
    let lines: Vec<String> = seen.chain(finding.help.clone()).collect();
    let summary = format!(
        "{} {} <code>{}</code>: {}",
        mark(finding.verdict),
        finding.verdict.word(),
        finding.check,
        shown(&finding.claim, names)
    );
    folded(&summary, &lines, names)
}

/// What is neither wrong nor essential, all in one.
fn remarks(findings: &[&Finding], names: &mut Names) -> String {
    let line = |finding: &&Finding| {
        format!("{} {}: {}", finding.verdict.word(), finding.check, finding.claim)
    };
    let lines: Vec<String> = findings.iter().map(line).collect();
    folded("Notes, and what could not be told", &lines, names)
}

/// Lines that are folded away below their summary, which must be fit to be shown. The blank lines end one kind of
/// block and begin the other.
fn folded(summary: &str, lines: &[String], names: &mut Names) -> String {
    let lines: Vec<String> = lines.iter().map(|line| names.hide(line)).collect();
    unfolded(summary, &lines)
}

/// The same of lines in which nothing is to hide any more.
fn unfolded(summary: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!(
            "<details><summary>{summary}</summary>\n\nNo evidence was kept.\n\n</details>\n"
        );
    }
    format!("<details><summary>{summary}</summary>\n\n{}\n</details>\n", fenced(lines))
}

/// Lines as they are, within a fence.
pub(super) fn fenced(lines: &[String]) -> String {
    let body = lines.join("\n");
    let fence = fence(&body);
    format!("{fence}text\n{body}\n{fence}\n")
}

/// A fence that is longer than any within.
fn fence(body: &str) -> String {
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.saturating_add(1).max(3))
}

/// What to do with it.
fn last(names: &Names) -> String {
    let hidden = names.explained().map(|text| format!("{text}\n\n")).unwrap_or_default();
    format!(
        "{hidden}To let a maintainer look at the same host, run `gw-doctor snapshot > snapshot.json`, read it through, and attach the \
         file. Secrets are taken out of it; names and paths are not. `gw-doctor check --from snapshot.json` then shows this \
         report anywhere, and `gw-doctor explain CHECK` says how each check decides.\n"
    )
}

/// A text of the host within a line of Markdown or of HTML.
fn shown(text: &str, names: &mut Names) -> String {
    escaped(&names.hide(text))
}

/// A text without meaning in Markdown and in HTML: a character that is given by its number is never a sign of either. What GitHub
/// itself makes links of after that, calls of people and numbers of issues, an empty comment takes apart.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        let is_inside = before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
        match c {
            '@' | '#' => {
                let _ = write!(out, "&#{};<!-- -->", u32::from(c));
            }
            // Within a word it is none, and so common there that the source should stay legible.
            '_' if is_inside => out.push(c),
            ':' if after != '/' => out.push(c),
            '.' if !out.to_ascii_lowercase().ends_with("www") => out.push(c),
            ' ' | ',' | '(' | ')' | '/' | '-' | '\'' | '%' | '=' | ';' | '?' | '+' => out.push(c),
            c if c.is_ascii_punctuation() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_no_meaning_in_markdown_and_none_in_html() {
        for (text, expected) in [
            ("gateway_state: a/b (c-d)", "gateway_state: a/b (c-d)"),
            ("</details>", "&#60;/details&#62;"),
            ("`a` *b* _c_ |", "&#96;a&#96; &#42;b&#42; &#95;c&#95; &#124;"),
            ("[a](b)", "&#91;a&#93;(b)"),
            ("@me #1", "&#64;<!-- -->me &#35;<!-- -->1"),
            ("http://a www.b", "http&#58;//a www&#46;b"),
            ("&lt; \\ $x$", "&#38;lt; &#92; &#36;x&#36;"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("a ```` b ` c"), "`````");
    }

    #[test]
    fn a_page_leaves_out_what_would_make_it_too_long_and_counts_it() {
        let mut page = Page { text: String::new(), left_out: 0 };
        let block = "x".repeat(LARGEST / 2);
        for _ in 0..5 {
            page.add(&block);
        }
        page.add("y");
        assert_eq!((page.text.len() <= LARGEST + 1, page.left_out), (true, 4));
    }
}
