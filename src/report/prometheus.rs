//! The report as metrics in Prometheus's text format, for a textfile collector: gauges without times of their own. Names and
//! labels are public API. Nothing here is a text that a host wrote but the name of a profile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gw_checks::diagnosis::{Certainty, HEALTHY};
use gw_checks::finding::Verdict;
use gw_snapshot::snapshot::Tool;

use super::text::clean;
use super::{Report, Reported};
use crate::host::Sealed;

/// A metric. Of two samples with the same labels the higher stays, for a scrape with two is refused.
struct Metric {
    name: &'static str,
    help: &'static str,
    samples: BTreeMap<String, i64>,
}

impl Metric {
    const fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: BTreeMap::new() }
    }

    fn add(&mut self, labels: &[(&str, &str)], value: impl Into<i64>) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let value = value.into();
        let sample = self.samples.entry(labels.join(",")).or_insert(value);
        *sample = value.max(*sample);
    }

    fn of(name: &'static str, help: &'static str, value: impl Into<i64>) -> Self {
        let mut metric = Self::new(name, help);
        metric.add(&[], value);
        metric
    }

    fn write(&self, out: &mut String) {
        let Self { name, help, samples } = self;
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = match labels.as_str() {
                "" => writeln!(out, "{name} {value}"),
                labels => writeln!(out, "{name}{{{labels}}} {value}"),
            };
        }
    }
}

/// All metrics, each with its help and its type.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    let alone = of_the_look(report);
    alone.iter().chain(&of_the_gateways(report)).for_each(|metric| metric.write(&mut out));
    out
}

fn of_the_look(report: &Report<'_>) -> [Metric; 4] {
    let mut info = Metric::new("gw_doctor_info", "Which gw-doctor looked, and at what system.");
    let os = report.facts.about.os.name();
    info.add(&[("version", &Tool::this().version), ("os", os)], 1);
    [
        info,
        Metric::of(
            "gw_doctor_look_timestamp_seconds",
            "When the host was looked at, in seconds since 1970.",
            report.facts.now.as_second(),
        ),
        Metric::of(
            "gw_doctor_exit_code",
            "What check exits with: 0 fine, 1 problems found, 3 something essential is unknown.",
            report.exit.code(),
        ),
        Metric::of(
            "gw_doctor_confined",
            "Whether the kernel refused gw-doctor every write while it looked.",
            *report.sealed == Sealed::Held,
        ),
    ]
}

fn of_the_gateways(report: &Report<'_>) -> [Metric; 4] {
    let mut metrics = [
        Metric::new(
            "gw_doctor_gateway_healthy",
            "Whether the gateway was seen to be healthy: 0 says that it was not seen to be, not why.",
        ),
        Metric::new(
            "gw_doctor_gateway_verdict",
            "The verdict on a gateway: 0 pass, 1 warning, 2 failure, 3 unknown.",
        ),
        Metric::new("gw_doctor_diagnosis", "The named causes: 1 possible, 2 likely, 3 certain."),
        Metric::new(
            "gw_doctor_check_verdict",
            "The verdict of a check: 0 pass, note or skipped, 1 warning, 2 failure, 3 unknown.",
        ),
    ];
    report.gateways.iter().for_each(|reported| gateway(&mut metrics, reported));
    metrics
}

fn gateway([healthy, verdict, diagnosis, check]: &mut [Metric; 4], reported: &Reported<'_>) {
    let (examined, profile) = (&reported.examined, reported.gateway.home.profile.as_str());
    let is_healthy = examined.diagnoses.iter().any(|diagnosis| diagnosis.id == HEALTHY);
    healthy.add(&[("profile", profile)], is_healthy);
    verdict.add(&[("profile", profile)], number(examined.verdict));
    for found in &examined.diagnoses {
        let certainty = match found.certainty {
            Certainty::Possible => 1,
            Certainty::Likely => 2,
            Certainty::Certain => 3,
        };
        diagnosis.add(&[("profile", profile), ("diagnosis", found.id)], certainty);
    }
    let mut worst: BTreeMap<&str, Verdict> = BTreeMap::new();
    for finding in &examined.findings {
        let known = worst.entry(finding.check).or_insert(finding.verdict);
        *known = finding.verdict.max(*known);
    }
    for (id, verdict) in worst {
        check.add(&[("profile", profile), ("check", id)], number(verdict));
    }
}

/// A verdict as a number, in the order of a monitoring plugin's codes.
const fn number(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Pass | Verdict::Skipped | Verdict::Note => 0,
        Verdict::Warning => 1,
        Verdict::Failure => 2,
        Verdict::Unknown => 3,
    }
}

/// A text of the host as the value of a label.
fn escaped(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_neither_the_label_nor_the_line() {
        let mut metric = Metric::new("gw_doctor_test", "A test.");
        metric.add(&[("profile", "a\"} 1\nb\\"), ("check", "c")], 2);
        let mut out = String::new();
        metric.write(&mut out);
        let sample = r#"gw_doctor_test{profile="a\"} 1\\nb\\",check="c"} 2"#;
        assert_eq!(
            out,
            format!("# HELP gw_doctor_test A test.\n# TYPE gw_doctor_test gauge\n{sample}\n")
        );
    }

    #[test]
    fn no_two_samples_have_the_same_labels_and_the_higher_stays() {
        let mut metric = Metric::new("gw_doctor_test", "A test.");
        for value in [1, 3, 2] {
            metric.add(&[("profile", "a")], value);
        }
        assert_eq!(metric.samples.into_iter().collect::<Vec<_>>(), [("profile=\"a\"".into(), 3)]);
    }
}
