//! Findings to bytes, one file a format. A format only translates: verdicts and the exit code are settled here.

pub(crate) mod difference;
mod github;
mod json;
mod junit;
mod markdown;
pub(crate) mod nagios;
mod prometheus;
mod sarif;
mod source;
mod text;

use std::cmp::Reverse;

use gw_checks::Subject;
use gw_checks::examine::{Examined, worst};
use gw_checks::finding::{Finding, Verdict};
use gw_checks::intent::Intent;
use gw_checks::plan::{self, Plan};
use gw_snapshot::facts::{Facts, Gateway};

use crate::cli::{CheckArgs, Format};
use crate::exit::{Exit, FailOn};
use crate::host::Sealed;

/// All that there is to say about a host.
pub(crate) struct Report<'a> {
    /// The host.
    pub(crate) facts: &'a Facts,
    /// What is meant to be.
    pub(crate) intent: &'a Intent,
    /// Each gateway with what was found of it, in the order of the facts.
    pub(crate) gateways: Vec<Reported<'a>>,
    /// From which verdict on a finding is a problem.
    pub(crate) fail_on: FailOn,
    /// The worst of all.
    pub(crate) verdict: Verdict,
    /// The exit code that follows.
    pub(crate) exit: Exit,
    /// Whether the kernel held us to our promise while we looked.
    pub(crate) sealed: &'a Sealed,
}

/// One gateway in a report.
pub(crate) struct Reported<'a> {
    /// Its facts.
    pub(crate) gateway: &'a Gateway,
    /// Its findings.
    pub(crate) examined: Examined,
    /// What could be done.
    pub(crate) plan: Plan,
}

impl<'a> Report<'a> {
    /// The report on a host.
    pub(crate) fn new(
        facts: &'a Facts,
        intent: &'a Intent,
        examined: Vec<Examined>,
        fail_on: FailOn,
        sealed: &'a Sealed,
    ) -> Self {
        let all = || examined.iter().flat_map(|examined| &examined.findings);
        let (verdict, exit) = (worst(all()), Exit::of(all(), fail_on));
        let reported = |(gateway, examined): (&'a Gateway, Examined)| Reported {
            gateway,
            plan: plan::plan(&Subject { facts, gateway, intent }, &examined.diagnoses),
            examined,
        };
        let gateways = facts.gateways.iter().zip(examined).map(reported).collect();
        Self { facts, intent, gateways, fail_on, verdict, exit, sealed }
    }

    /// The report in the wanted form.
    pub(crate) fn render(&self, args: &CheckArgs) -> anyhow::Result<String> {
        Ok(match args.format {
            Format::Text => text::render(self, &text::Style::of(args)),
            Format::Json => json::render(self)?,
            Format::Markdown => markdown::render(self),
            Format::Github => github::render(self),
            Format::Junit => junit::render(self),
            Format::Sarif => sarif::render(self)?,
            Format::Prometheus => prometheus::render(self),
            Format::Nagios => nagios::render(self),
        })
    }

    /// The exit code in the wanted form.
    pub(crate) fn code(&self, format: Format) -> u8 {
        match format {
            Format::Nagios => nagios::State::of(self).code(),
            _ => self.exit.code(),
        }
    }

    /// The gateways, the worst first, and of equals in the order of the facts.
    fn worst_first(&self) -> Vec<&Reported<'a>> {
        let mut sorted: Vec<_> = self.gateways.iter().collect();
        sorted.sort_by_key(|reported| Reverse(reported.examined.verdict));
        sorted
    }

    /// Every finding with its gateway.
    fn findings(&self) -> impl Iterator<Item = (&Reported<'a>, &Finding)> {
        self.gateways.iter().flat_map(|reported| {
            reported.examined.findings.iter().map(move |finding| (reported, finding))
        })
    }

    /// How many findings have this verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.findings().filter(|(_, finding)| finding.verdict == verdict).count()
    }
}
