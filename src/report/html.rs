//! The report as one page for a browser: the chain drawn, the findings to unfold. It is made to be passed on, so [`Names`] hides who and
//! where. It holds no script and asks for nothing from elsewhere, and its own policy has the browser refuse both.
//!
//! What is written is at once HTML and well-formed XML, so that a strict reader can tell what a lenient one would mend.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gw_checks::diagnosis::Diagnosis;
use gw_checks::finding::{Finding, Verdict};
use gw_checks::plan::{Course, script};
use gw_snapshot::facts::Facts;
use gw_snapshot::snapshot::Tool;
use sha2::{Digest as _, Sha256};

use super::names::Names;
use super::text::{NO_GATEWAY, answer, is_worth_a_line, mark, tally};
use super::{Report, Reported, timeline};

/// How it looks. The policy names it by its digest.
const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut names = Names::new(report.facts);
    let gateways = report.worst_first();
    let worst = gateways.first().copied();
    let (verdict, title) = headline(worst, &mut names);
    let mut page = head(&title);
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(page, "<h1 class=\"{}\">{}</h1>", verdict.word(), inked(&title));
    page.push_str(&about(report, &mut names));
    for (number, reported) in (1..).zip(gateways) {
        page.push_str(&gateway(number, report.facts, reported, &mut names));
    }
    page + &foot(&names)
}

/// The answer, in one line.
fn headline(worst: Option<&Reported<'_>>, names: &mut Names) -> (Verdict, String) {
    let Some(worst) = worst else { return (Verdict::Unknown, format!("? {NO_GATEWAY}")) };
    let (text, _) = answer(worst);
    let profile = names.profile(&worst.gateway.home.profile);
    let verdict = worst.examined.verdict;
    let text = format!("{} {profile}: {}", mark(verdict), names.hide(&text));
    (verdict, escaped(&text))
}

fn head(title: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
}

/// Who looked, at what, and what they counted.
fn about(report: &Report<'_>, names: &mut Names) -> String {
    let mut lines = vec![
        match report.gateways.len() {
            0 | 1 => tally(report),
            all => format!("{all} gateways, the worst first: {}", tally(report)),
        },
        format!(
            "gw-doctor {} at {}",
            Tool::this().version,
            report.facts.now.strftime("%Y-%m-%d %H:%M:%S UTC")
        ),
        names.hide(&report.system()),
    ];
    lines.extend(report.installed().iter().map(|version| format!("hermes-agent {version}")));
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!("<ul class=\"about\">\n<li>{}</li>\n</ul>\n", lines.join("</li>\n<li>"))
}

fn gateway(number: usize, facts: &Facts, reported: &Reported<'_>, names: &mut Names) -> String {
    let examined = &reported.examined;
    let profile = escaped(&names.profile(&reported.gateway.home.profile));
    let mut out = format!("<section>\n<h2>Gateway {profile}</h2>\n<ol class=\"chain\">\n");
    for link in &examined.chain {
        let (sign, text) = (mark(link.verdict), shown(&link.text, names));
        let _ = writeln!(
            out,
            "<li class=\"{}\"><span class=\"mark\">{sign}</span> <span class=\"name\">{}</span> {}</li>",
            link.verdict.word(),
            link.link,
            inked(&text)
        );
    }
    out.push_str("</ol>\n");
    out.push_str(&survival(&examined.findings));
    let (worth, rest): (Vec<&Finding>, Vec<&Finding>) =
        examined.findings.iter().partition(|finding| is_worth_a_line(finding));
    let causes = examined.diagnoses.iter().map(|cause| diagnosis(cause, number, &worth, names));
    part(&mut out, "What explains it", "ul", "causes", &causes.collect::<String>());
    part(&mut out, "What could put it right", "ol", "steps", &steps(&reported.plan.course, names));
    if !worth.is_empty() {
        out.push_str("<h3>What was found</h3>\n");
    }
    for (at, finding) in (1..).zip(worth) {
        out.push_str(&details(&anchor(number, at), finding, names));
    }
    let of = |verdicts: [Verdict; 2]| -> Vec<&Finding> {
        rest.iter().copied().filter(|finding| verdicts.contains(&finding.verdict)).collect()
    };
    let (remarks, passed) =
        (of([Verdict::Note, Verdict::Unknown]), of([Verdict::Pass, Verdict::Skipped]));
    out.push_str(&folded("Notes, and what could not be told", &remarks, names));
    out.push_str(&folded("What passed, and what did not apply", &passed, names));
    let happened = reported.timeline(facts).last(timeline::FEW);
    let lines = timeline::lines(&happened, names);
    let _ = write!(
        out,
        "<details>\n<summary>What happened, in order ({})</summary>\n{}</details>\n",
        happened.events.len(),
        list(&lines)
    );
    out + "</section>\n"
}

/// Lines in which nothing is to hide any more, as a list.
pub(super) fn list(lines: &[String]) -> String {
    let item = |line: &String| format!("<li>{}</li>\n", escaped(line));
    let items: Vec<String> = lines.iter().map(item).collect();
    let items = items.concat();
    format!("<ul class=\"seen\">\n{items}</ul>\n")
}

/// A page with this title as its answer. The body is whole elements, in which nothing is to hide any more.
pub(super) fn page(title: &str, body: &str, names: &Names) -> String {
    let title = escaped(title);
    let head = head(&title);
    let hidden = names.explained().map(|text| format!("<p>{text}</p>\n")).unwrap_or_default();
    let footer = format!("<footer>\n{hidden}<p>Times are in UTC.</p>\n</footer>");
    format!("{head}<h1 class=\"note\">{}</h1>\n{body}{footer}\n</body>\n</html>\n", inked(&title))
}

/// A list under its heading, unless there is nothing in it.
fn part(out: &mut String, heading: &str, list: &str, class: &str, items: &str) {
    if !items.is_empty() {
        let _ = write!(out, "<h3>{heading}</h3>\n<{list} class=\"{class}\">\n{items}</{list}>\n");
    }
}

/// The forecasts, in one row.
fn survival(findings: &[Finding]) -> String {
    let mut row = String::new();
    for finding in findings.iter().filter(|finding| finding.verdict != Verdict::Skipped) {
        let Some(name) = finding.check.strip_prefix("survival/") else { continue };
        let (class, mark) = (finding.verdict.word(), mark(finding.verdict));
        let _ = writeln!(row, "<li class=\"{class}\">{name} {mark}</li>");
    }
    if row.is_empty() {
        row
    } else {
        format!("<ul class=\"survival\">\n<li>survives</li>\n{row}</ul>\n")
    }
}

/// A cause, with the findings that it explains.
fn diagnosis(
    diagnosis: &Diagnosis,
    number: usize,
    findings: &[&Finding],
    names: &mut Names,
) -> String {
    let link = |id: &&'static str| {
        let found = (1..).zip(findings).find(|(_, finding)| finding.check == *id);
        match found {
            Some((at, _)) => format!("<a href=\"#{}\">{id}</a>", anchor(number, at)),
            None => (*id).into(),
        }
    };
    let explains: Vec<String> = diagnosis.explains.iter().map(link).collect();
    let explains = if explains.is_empty() {
        String::new()
    } else {
        format!(". It explains {}", explains.join(", "))
    };
    format!(
        "<li>{} <span class=\"small\"><code>{}</code>, {}{explains}</span></li>\n",
        shown(&diagnosis.summary, names),
        diagnosis.id,
        diagnosis.certainty.word()
    )
}

/// The commands of the plan. Whoever wants to run them has the host, and so the script with its guards.
fn steps(course: &Course, names: &mut Names) -> String {
    let Course::Steps(steps) = course else { return String::new() };
    let item = |step| format!("<li><pre>{}</pre></li>\n", shown(&script::command(step), names));
    steps.iter().map(item).collect()
}

fn anchor(gateway: usize, finding: usize) -> String {
    format!("g{gateway}-f{finding}")
}

/// A finding with its evidence. What failed is open from the start: paper cannot be unfolded.
fn details(anchor: &str, finding: &Finding, names: &mut Names) -> String {
    let open = if finding.verdict == Verdict::Failure { " open=\"open\"" } else { "" };
    let mut out = format!(
        "<details id=\"{anchor}\"{open}>\n<summary class=\"{word}\"><b>{} {word}</b> <span class=\"text\">{} \
         <code>{}</code></span></summary>\n",
        mark(finding.verdict),
        shown(&finding.claim, names),
        finding.check,
        word = finding.verdict.word(),
    );
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "<p class=\"help\">{}</p>", shown(help, names));
    }
    let seen = finding.evidence.iter().map(|seen| {
        let text = shown(&format!("{}: {}", seen.source, seen.said), names);
        format!("<li>{text}</li>\n")
    });
    let seen: String = seen.collect();
    let seen = if seen.is_empty() { "<li>No evidence was kept.</li>\n".into() } else { seen };
    let _ = write!(out, "<ul class=\"seen\">\n{seen}</ul>\n</details>\n");
    out
}

/// Findings that need no line of their own, all in one.
fn folded(summary: &str, findings: &[&Finding], names: &mut Names) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut items = String::new();
    for finding in findings {
        let (verdict, claim) = (finding.verdict, shown(&finding.claim, names));
        let _ = writeln!(
            items,
            "<li>{} {} {}: {claim}</li>",
            mark(verdict),
            verdict.word(),
            finding.check
        );
    }
    format!(
        "<details>\n<summary>{summary} ({})</summary>\n<ul class=\"seen\">\n{items}</ul>\n</details>\n",
        findings.len()
    )
}

/// What to do with it.
fn foot(names: &Names) -> String {
    let hidden = names.explained().map(|text| format!("<p>{text}</p>\n")).unwrap_or_default();
    format!(
        "<footer>\n{hidden}<p><code>gw-doctor plan</code>, on the host itself, prints the commands whole and with their guards. \
         <code>gw-doctor explain CHECK</code> says how each check decides.</p>\n</footer>\n</body>\n</html>\n"
    )
}

/// A text in the colour of plain text, within what has the colour of a verdict.
fn inked(text: &str) -> String {
    format!("<span class=\"text\">{text}</span>")
}

/// A text of the host, without names and without meaning in HTML.
fn shown(text: &str, names: &mut Names) -> String {
    escaped(&names.hide(text))
}

/// A text without meaning in HTML, between tags and within quotation marks.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_no_meaning_in_html() {
        assert_eq!(
            escaped("</details><b a=\"1\" c='2'>&amp;"),
            "&lt;/details&gt;&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"
        );
    }

    #[test]
    fn the_style_ends_nowhere_early_and_asks_for_nothing() {
        for sign in ["<", "&", "url(", "@import", "http"] {
            assert!(!STYLE.contains(sign), "{sign} in the style");
        }
    }
}
