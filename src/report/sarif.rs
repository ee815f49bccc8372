//! The report in SARIF 2.1.0, for viewers of what analysis found: a rule for each check with its page, a result for each finding that is
//! worse than a note. What could not be told is of the kind `open`, with no level: it is not called a fault.

use std::fmt::Write as _;

use gw_checks::finding::{Evidence, Finding, Verdict};
use gw_checks::{CHECKS, Check};
use gw_snapshot::snapshot::Tool;
use jiff::Timestamp;
use serde::Serialize;

use super::text::clean;
use super::{Report, Reported};
use crate::explain::first_sentence;

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Component,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Component {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    version: String,
    semantic_version: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    help: Page,
    default_configuration: Configuration,
    properties: Tags,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Tags {
    tags: [&'static str; 1],
}

#[derive(Serialize)]
struct Text {
    text: String,
}

/// The page of a check, which is Markdown and reads well without a reader for it.
#[derive(Serialize)]
struct Page {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    /// That we could look, whatever was seen.
    execution_successful: bool,
    exit_code: u8,
    end_time_utc: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    kind: &'static str,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    partial_fingerprints: Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression<'a>; 1]>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Physical>,
    logical_locations: [Logical; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
}

/// By what a viewer knows a result again: not its words, in which times and PIDs stand.
#[derive(Serialize)]
struct Fingerprint {
    #[serde(rename = "gatewayCheckService/v1")]
    gateway_check_service: String,
}

/// That a result is known and accepted, by something outside of what was looked at.
#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    status: &'static str,
    justification: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    verdict: &'static str,
    diagnoses: Vec<&'a str>,
}

/// The document, pretty-printed, a newline at its end.
pub(super) fn render(report: &Report<'_>) -> serde_json::Result<String> {
    let tool = Tool::this();
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Component {
                driver: Driver {
                    name: tool.name,
                    semantic_version: tool.version.clone(),
                    version: tool.version,
                    rules: CHECKS.iter().map(rule).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: true,
                exit_code: report.exit.code(),
                end_time_utc: report.facts.now,
            }],
            column_kind: "unicodeCodePoints",
            results: report
                .findings()
                .filter(|(_, finding)| is_result(finding))
                .map(|(reported, finding)| result(reported, finding))
                .collect(),
        }],
    };
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn rule(check: &Check) -> Rule {
    Rule {
        id: check.id,
        short_description: Text { text: first_sentence(check.page).into() },
        help: Page { text: check.page, markdown: check.page },
        default_configuration: Configuration { level: level(check.worst) },
        properties: Tags { tags: [check.family] },
    }
}

const fn is_result(finding: &Finding) -> bool {
    matches!(verdict(finding), Verdict::Warning | Verdict::Unknown | Verdict::Failure)
}

/// The verdict, that of what is accepted being what it would be: this world has a word for that it does not count.
const fn verdict(finding: &Finding) -> Verdict {
    match &finding.excused {
        Some(excused) => excused.was,
        None => finding.verdict,
    }
}

const fn level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failure => "error",
        Verdict::Warning => "warning",
        Verdict::Note => "note",
        Verdict::Pass | Verdict::Skipped | Verdict::Unknown => "none",
    }
}

fn result<'a>(reported: &'a Reported<'_>, finding: &'a Finding) -> Found<'a> {
    let profile = clean(&reported.gateway.home.profile);
    let service = finding.scope.service.as_deref().map(clean);
    let fingerprint =
        [profile.as_str(), finding.check, service.as_deref().unwrap_or_default()].join(" ");
    let explains = |checks: &[&str]| checks.contains(&finding.check);
    let diagnoses = reported.examined.diagnoses.iter();
    Found {
        rule_id: finding.check,
        rule_index: CHECKS.iter().position(|check| check.id == finding.check),
        kind: if verdict(finding) == Verdict::Unknown { "open" } else { "fail" },
        level: level(verdict(finding)),
        message: Text { text: message(finding) },
        locations: [Location {
            physical_location: finding.evidence.iter().find_map(physical),
            logical_locations: [Logical {
                name: service.clone().unwrap_or_else(|| profile.clone()),
                fully_qualified_name: match service {
                    Some(service) => format!("{profile}/{service}"),
                    None => profile,
                },
            }],
        }],
        partial_fingerprints: Fingerprint { gateway_check_service: fingerprint },
        suppressions: finding.excused.as_ref().map(|excused| {
            [Suppression { kind: "external", status: "accepted", justification: &excused.reason }]
        }),
        properties: Properties {
            verdict: finding.verdict.word(),
            diagnoses: diagnoses
                .filter(|diagnosis| explains(&diagnosis.explains))
                .map(|diagnosis| diagnosis.id)
                .collect(),
        },
    }
}

/// A finding with all of its evidence, a line each.
fn message(finding: &Finding) -> String {
    let mut text = plain(&finding.claim);
    for seen in &finding.evidence {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}: {}", plain(&seen.source), plain(&seen.said));
    }
    if let Some(help) = &finding.help {
        let _ = write!(text, "\n{}", plain(help));
    }
    text
}

/// A text of the host as plain text of a message, in which braces hold a place (3.11.5) and `](` makes a link (3.11.6). Nothing can
/// escape the latter outside of a link, so a blank takes it apart.
fn plain(text: &str) -> String {
    clean(text).replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

/// The file of an evidence, with its line if it has one.
fn physical(seen: &Evidence) -> Option<Physical> {
    let path = seen.file.as_ref().unwrap_or(&seen.source);
    if !path.starts_with('/') {
        return None;
    }
    Some(Physical {
        artifact_location: Artifact { uri: uri(path) },
        region: seen.line.map(|start_line| Region { start_line }),
    })
}

/// An absolute path as a URI.
fn uri(path: &str) -> String {
    let mut uri = String::from("file://");
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use gw_snapshot::facts::place::Place;

    #[test]
    fn a_file_is_a_uri_with_its_line_and_what_is_none_is_none() {
        for (source, line, expected) in [
            ("/h/a b.plist", Some(8), Some("file:///h/a%20b.plist")),
            ("/h/100%?#x", None, Some("file:///h/100%25%3F%23x")),
            ("/h/\u{202e}\n", None, Some("file:///h/%E2%80%AE%0A")),
            ("/h/a:b:0", Some(1), Some("file:///h/a%3Ab%3A0")),
            ("process 12", None, None),
            ("policy.toml", Some(3), None),
            ("GET http://127.0.0.1:1/", None, None),
        ] {
            let place = line.map(|line| Place { file: source.into(), line: Some(line) });
            let finding = match &place {
                Some(place) => Finding::pass("x").seen_at(place, "y"),
                None => Finding::pass("x").seen(source, "y"),
            };
            let found = finding.evidence.iter().find_map(physical).map(|physical| {
                (physical.artifact_location.uri, physical.region.map(|region| region.start_line))
            });
            assert_eq!(found, expected.map(|uri| (uri.to_string(), line)), "{source}");
        }
    }

    #[test]
    fn a_text_holds_no_place_and_makes_no_link() {
        assert_eq!(plain("{0} [a](b)\u{1b}"), "{{0}} [a] (b)\\u{{1b}}");
    }

    #[test]
    fn what_could_not_be_told_has_no_level() {
        assert_eq!(level(Verdict::Unknown), "none");
        assert!(is_result(&Finding::warning("x")) && !is_result(&Finding::note("x")));
    }
}
