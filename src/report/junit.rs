//! The report as test results in the XML of JUnit: a suite for each gateway, a case for each check. What counts is what the
//! exit code counts, so a warning fails its case only where `--fail-on` asks for it, and a gap that matters is an error.

use std::cmp::Reverse;
use std::fmt::Write as _;

use gw_checks::finding::{Finding, Verdict};
use gw_snapshot::snapshot::Tool;

use super::text::clean;
use super::{Report, Reported};
use crate::exit::{Exit, FailOn};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It does not apply.
    Skipped,
    Passed,
    /// It could not be told, and does not count. This world has no word for that but skipped.
    Untold,
    Error,
    Failure,
}

/// One check on one gateway, with all that it found there.
struct Case<'a> {
    check: &'static str,
    outcome: Outcome,
    findings: Vec<&'a Finding>,
}

/// The document.
pub(super) fn render(report: &Report<'_>) -> String {
    let suites: Vec<(&Reported<'_>, Vec<Case<'_>>)> = report
        .gateways
        .iter()
        .map(|reported| (reported, cases(&reported.examined.findings, report.fail_on)))
        .collect();
    let all: Vec<&Case<'_>> = suites.iter().flat_map(|(_, cases)| cases).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(&mut out, 0, &format!("<testsuites name=\"gw-doctor\" {}>", totals(&all)));
    for (reported, cases) in &suites {
        suite(&mut out, report, reported, cases);
    }
    line(&mut out, 0, "</testsuites>");
    out
}

fn cases(findings: &[Finding], fail_on: FailOn) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for finding in findings {
        let outcome = outcome(finding, fail_on);
        match cases.iter_mut().find(|case| case.check == finding.check) {
            Some(case) => {
                case.outcome = case.outcome.max(outcome);
                case.findings.push(finding);
            }
            None => cases.push(Case { check: finding.check, outcome, findings: vec![finding] }),
        }
    }
    cases
}

fn outcome(finding: &Finding, fail_on: FailOn) -> Outcome {
    match (Exit::of_one(finding, fail_on), finding.verdict) {
        (Exit::Fine, Verdict::Skipped) => Outcome::Skipped,
        (Exit::Fine, Verdict::Unknown) => Outcome::Untold,
        (Exit::Fine, _) => Outcome::Passed,
        (_, Verdict::Unknown) => Outcome::Error,
        _ => Outcome::Failure,
    }
}

fn totals(cases: &[&Case<'_>]) -> String {
    let count =
        |outcomes: &[Outcome]| cases.iter().filter(|case| outcomes.contains(&case.outcome)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        count(&[Outcome::Failure]),
        count(&[Outcome::Error]),
        count(&[Outcome::Skipped, Outcome::Untold])
    )
}

fn suite(out: &mut String, report: &Report<'_>, reported: &Reported<'_>, cases: &[Case<'_>]) {
    let home = &reported.gateway.home;
    let all: Vec<&Case<'_>> = cases.iter().collect();
    // The schema of this world knows no offset: the time is that of UTC.
    let time = report.facts.now.strftime("%Y-%m-%dT%H:%M:%S");
    line(
        out,
        1,
        &format!(
            "<testsuite name=\"{}\" {} timestamp=\"{time}\">",
            xml(&home.profile),
            totals(&all)
        ),
    );
    line(out, 2, "<properties>");
    let diagnoses: Vec<&str> =
        reported.examined.diagnoses.iter().map(|diagnosis| diagnosis.id).collect();
    for (name, value) in [
        ("gw-doctor", Tool::this().version.as_str()),
        ("home", home.path.as_str()),
        ("diagnoses", diagnoses.join(" ").as_str()),
    ] {
        line(out, 3, &format!("<property name=\"{name}\" value=\"{}\"/>", xml(value)));
    }
    line(out, 2, "</properties>");
    for one in cases {
        case(out, &home.profile, one);
    }
    line(out, 1, "</testsuite>");
}

fn case(out: &mut String, profile: &str, case: &Case<'_>) {
    let (family, name) = case.check.split_once('/').unwrap_or(("", case.check));
    let head = format!("<testcase classname=\"{}.{family}\" name=\"{name}\"", xml(profile));
    let worth = |finding: &&&Finding| finding.verdict != Verdict::Pass;
    if case.outcome == Outcome::Passed && !case.findings.iter().any(|finding| worth(&finding)) {
        line(out, 2, &format!("{head}/>"));
        return;
    }
    let text: Vec<String> =
        case.findings.iter().filter(worth).map(|finding| told(finding)).collect();
    let text = text.join("\n");
    let worst = case.findings.iter().min_by_key(|finding| Reverse(finding.verdict));
    let message = xml(worst.map_or("", |finding| finding.claim.as_str()));
    line(out, 2, &format!("{head}>"));
    let check = case.check;
    let inner = match case.outcome {
        Outcome::Passed => format!("<system-out>{text}</system-out>"),
        Outcome::Skipped | Outcome::Untold => format!("<skipped message=\"{message}\"/>"),
        Outcome::Error => format!("<error type=\"{check}\" message=\"{message}\">{text}</error>"),
        Outcome::Failure => {
            format!("<failure type=\"{check}\" message=\"{message}\">{text}</failure>")
        }
    };
    line(out, 3, &inner);
    line(out, 2, "</testcase>");
}

/// A finding with all of its evidence, a line each.
fn told(finding: &Finding) -> String {
    let mut text = format!("{}: {}", finding.verdict.word(), xml(&finding.claim));
    for seen in &finding.evidence {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {}: {}", xml(&seen.source), xml(&seen.said));
    }
    if let Some(help) = &finding.help {
        let _ = write!(text, "\n  {}", xml(help));
    }
    text
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.extend(std::iter::repeat_n("  ", depth));
    out.push_str(text);
    out.push('\n');
}

/// A text of the host within an element or an attribute. XML 1.0 has no way to write a control character or U+FFFE and
/// U+FFFF, so they are shown as escapes.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use gw_snapshot::fact::Why;

    #[test]
    fn a_text_ends_neither_an_element_nor_an_attribute() {
        assert_eq!(xml("</a>\"&]]>"), "&lt;/a&gt;&quot;&amp;]]&gt;");
        assert_eq!(xml("a\0b\u{1b}c\nd\u{fffe}"), "a\\u{0}b\\u{1b}c\\nd\\u{fffe}");
    }

    #[test]
    fn a_case_fails_where_the_exit_code_does() {
        let minor = Finding::unknown("x", &Why::TimedOut).minor();
        for (finding, fail_on, expected) in [
            (Finding::failure("x"), FailOn::Failure, Outcome::Failure),
            (Finding::warning("x"), FailOn::Failure, Outcome::Passed),
            (Finding::warning("x"), FailOn::Warning, Outcome::Failure),
            (Finding::unknown("x", &Why::TimedOut), FailOn::Failure, Outcome::Error),
            (minor.clone(), FailOn::Failure, Outcome::Untold),
            (minor, FailOn::Unknown, Outcome::Error),
            (Finding::skipped("x"), FailOn::Unknown, Outcome::Skipped),
            (Finding::note("x"), FailOn::Unknown, Outcome::Passed),
        ] {
            assert_eq!(outcome(&finding, fail_on), expected, "{finding:?}");
        }
    }

    #[test]
    fn of_two_findings_of_a_check_the_worse_decides() {
        let untold = || Finding::unknown("x", &Why::TimedOut).minor();
        for (findings, expected) in [
            ([Finding::failure("x"), Finding::pass("y")], Outcome::Failure),
            ([Finding::pass("x"), untold()], Outcome::Untold),
            ([Finding::skipped("x"), Finding::pass("y")], Outcome::Passed),
        ] {
            let cases = cases(&findings, FailOn::Failure);
            assert_eq!((cases.len(), cases[0].outcome), (1, expected));
        }
    }
}
