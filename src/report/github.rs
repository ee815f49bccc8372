//! The report as commands of a GitHub workflow: each becomes an annotation of the run. GitHub shows ten of a kind for each
//! step, so the causes come first, then the findings, the worse before the better. Nothing here sets an output, a variable or a mask.

use std::cmp::Reverse;

use gw_checks::finding::{Finding, Verdict};

use super::text::{NO_GATEWAY, answer, clean, is_worth_a_line, tally};
use super::{Report, Reported};

/// One command a line.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut lines: Vec<String> = report.worst_first().into_iter().filter_map(headline).collect();
    let mut findings: Vec<_> =
        report.findings().filter(|(_, finding)| is_worth_a_line(finding)).collect();
    findings.sort_by_key(|(_, finding)| Reverse(finding.verdict));
    lines.extend(findings.into_iter().map(|(reported, finding)| one(reported, finding)));
    let last = if report.gateways.is_empty() { NO_GATEWAY.into() } else { tally(report) };
    lines.push(command("notice", "gw-doctor", &[&last]));
    lines.join("\n") + "\n"
}

/// The answer for a gateway, unless it is a finding that stands below anyway.
fn headline(reported: &Reported<'_>) -> Option<String> {
    let (text, id) = answer(reported);
    let says_a_finding =
        reported.examined.diagnoses.is_empty() || reported.examined.unexplained().is_some();
    if says_a_finding && reported.examined.findings.iter().any(is_worth_a_line) {
        return None;
    }
    let title = match id {
        Some(id) => format!("{} [{id}]", reported.gateway.home.profile),
        None => reported.gateway.home.profile.clone(),
    };
    Some(command(level(reported.examined.verdict), &title, &[&text]))
}

fn one(reported: &Reported<'_>, finding: &Finding) -> String {
    let title = format!("{} [{}]", reported.gateway.home.profile, finding.check);
    let seen = finding.evidence.iter().map(|seen| format!("{}: {}", seen.source, seen.said));
    let lines: Vec<String> =
        [finding.claim.clone()].into_iter().chain(finding.help.clone()).chain(seen).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    command(level(finding.verdict), &title, &lines)
}

const fn level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failure => "error",
        // What could not be told is no error of the host's.
        Verdict::Warning | Verdict::Unknown => "warning",
        Verdict::Note | Verdict::Skipped | Verdict::Pass => "notice",
    }
}

fn command(level: &str, title: &str, lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| data(&clean(line))).collect();
    format!("::{level} title={}::{}", property(&clean(title)), lines.join("%0A"))
}

/// A text as the value of a command (`escapeData` of GitHub's toolkit).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a command (`escapeProperty` of GitHub's toolkit).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_neither_the_property_nor_the_line() {
        assert_eq!(
            command("error", "a::b,c=d%0A", &["x\n::error::y", "100%"]),
            "::error title=a%3A%3Ab%2Cc=d%250A::x\\n::error::y%0A100%25"
        );
        assert_eq!(property("\r\n"), "%0D%0A");
    }
}
