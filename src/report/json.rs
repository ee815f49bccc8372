//! The JSON report: public API, frozen as `gw-doctor/report/1`. Its types are its own, so that a change
//! within changes nothing without.

use std::collections::BTreeMap;

use gw_checks::chain::Link;
use gw_checks::diagnosis::Diagnosis;
use gw_checks::finding::{Finding, Verdict};
use gw_snapshot::snapshot::{About, Tool};
use jiff::Timestamp;
use serde::Serialize;

use super::{Report, Reported};
use crate::host::Sealed;
use crate::wait::{Goal, Waited};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    taken_at: Timestamp,
    verdict: Verdict,
    exit: u8,
    host: Host<'a>,
    confined: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waited: Option<Wait<'a>>,
    gateways: Vec<Gateway<'a>>,
}

#[derive(Serialize)]
struct Wait<'a> {
    goal: &'static str,
    reached: bool,
    ms: u64,
    looks: u32,
    open: &'a [String],
}

#[derive(Serialize)]
struct Host<'a> {
    os: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    os_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    arch: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    hints: &'a [String],
}

#[derive(Serialize)]
struct Gateway<'a> {
    profile: &'a str,
    home: &'a str,
    verdict: Verdict,
    chain: &'a [Link],
    diagnoses: &'a [Diagnosis],
    findings: &'a [Finding],
    survival: BTreeMap<&'static str, Forecast<'a>>,
}

#[derive(Serialize)]
struct Forecast<'a> {
    verdict: Verdict,
    because: &'a str,
}

/// The document, pretty-printed, a newline at its end.
pub(super) fn render(report: &Report<'_>) -> serde_json::Result<String> {
    let document = Document {
        schema: "gw-doctor/report/1",
        tool: Tool::this(),
        taken_at: report.facts.now,
        verdict: report.verdict,
        exit: report.exit.code(),
        host: host(&report.facts.about),
        confined: *report.sealed == Sealed::Held,
        waited: report.waited.as_ref().map(wait),
        gateways: report.gateways.iter().map(gateway).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

fn wait(waited: &Waited) -> Wait<'_> {
    Wait {
        goal: match waited.goal {
            Goal::Settled => "settled",
            Goal::Healthy => "healthy",
        },
        reached: !waited.is_in_vain(),
        ms: u64::try_from(waited.time.as_millis()).unwrap_or(u64::MAX),
        looks: waited.looks,
        open: &waited.open,
    }
}

fn host(about: &About) -> Host<'_> {
    Host {
        os: about.os.name(),
        os_version: &about.os_version,
        arch: &about.arch,
        uid: about.uid,
        hints: &about.hints,
    }
}

fn gateway<'a>(reported: &'a Reported<'_>) -> Gateway<'a> {
    let examined = &reported.examined;
    Gateway {
        profile: &reported.gateway.home.profile,
        home: &reported.gateway.home.path,
        verdict: examined.verdict,
        chain: &examined.chain,
        diagnoses: &examined.diagnoses,
        findings: &examined.findings,
        survival: survival(&examined.findings),
    }
}

/// The forecasts once more, by name: each is the finding of a check of that family.
fn survival(findings: &[Finding]) -> BTreeMap<&'static str, Forecast<'_>> {
    let mut forecasts = BTreeMap::new();
    for finding in findings {
        if let Some(name) = finding.check.strip_prefix("survival/") {
            forecasts.insert(name, Forecast { verdict: finding.verdict, because: &finding.claim });
        }
    }
    forecasts
}
