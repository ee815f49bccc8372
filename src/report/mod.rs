//! Findings to bytes, one file a format. A format only translates: verdicts and the exit code are settled here.

pub(crate) mod difference;
mod github;
mod html;
mod json;
mod junit;
mod link;
mod markdown;
pub(crate) mod nagios;
mod names;
pub(crate) mod plan;
mod prometheus;
#[cfg(test)]
mod recipes;
mod sarif;
mod source;
mod text;
pub(crate) mod timeline;

use std::cmp::Reverse;

use gw_checks::examine::Examined;
use gw_checks::finding::{Finding, Verdict, worst};
use gw_checks::intent::Intent;
use gw_checks::plan::Plan;
use gw_checks::timeline::Timeline;
use gw_snapshot::facts::{Facts, Gateway};

use crate::cli::{CheckArgs, Format};
use crate::exit::{Exit, FailOn};
use crate::host::Sealed;
use crate::wait::{Goal, Waited};

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
    /// How long it was waited for this look, if somebody asked for that.
    pub(crate) waited: Option<Waited>,
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

impl Reported<'_> {
    /// What happened there, in order.
    fn timeline(&self, facts: &Facts) -> Timeline {
        Timeline::of(facts, self.gateway)
    }
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
        let plans = gw_checks::plan::plans(facts, intent, &examined);
        let found = facts.asked().zip(examined).zip(plans);
        let gateways =
            found.map(|((gateway, examined), plan)| Reported { gateway, examined, plan }).collect();
        Self { facts, intent, gateways, fail_on, verdict, exit, sealed, waited: None }
    }

    /// The same, after a wait. Who waited for health in vain has a problem, whatever the findings are: a
    /// gateway that somebody stopped on purpose is not the one that was waited for.
    pub(crate) fn after(mut self, waited: Option<Waited>) -> Self {
        self.waited = waited;
        if self.is_missed() && self.exit == Exit::Fine {
            self.exit = Exit::Problems;
        }
        self
    }

    /// Whether it was waited for health in vain.
    fn is_missed(&self) -> bool {
        let waited = self.waited.as_ref();
        waited.is_some_and(|waited| waited.goal == Goal::Healthy && waited.is_in_vain())
    }

    /// What there is to say of a wait in vain.
    pub(crate) fn in_vain(&self) -> Option<String> {
        let waited = self.waited.as_ref().filter(|waited| waited.is_in_vain())?;
        waited.text().map(|text| text::clean(&text))
    }

    /// The report in the wanted form.
    pub(crate) fn render(&self, args: &CheckArgs) -> anyhow::Result<String> {
        Ok(match args.format {
            Format::Text => text::render(self, &text::Style::of(args)),
            Format::Json => json::render(self)?,
            Format::Markdown => markdown::render(self),
            Format::Html => html::render(self),
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

    /// The system that was looked at, in a line.
    fn system(&self) -> String {
        let about = &self.facts.about;
        let system = format!("{} {} {}", about.os.name(), about.os_version, about.arch);
        let mut parts = vec![system.as_str()];
        parts.extend(about.hints.iter().map(String::as_str));
        parts.join(", ")
    }

    /// The versions of hermes-agent that are installed, each once.
    fn installed(&self) -> Vec<String> {
        let version = |reported: &Reported<'_>| {
            Some(reported.gateway.install.as_ref()?.version.known()?.to_string())
        };
        let mut versions: Vec<String> = self.gateways.iter().filter_map(version).collect();
        versions.sort();
        versions.dedup();
        versions
    }

    /// Whether nothing essential is unknown.
    fn is_determined(&self) -> bool {
        !self
            .findings()
            .any(|(_, finding)| Exit::of_one(finding, FailOn::Failure) == Exit::Undetermined)
    }

    /// How many findings have this verdict.
    fn count(&self, verdict: Verdict) -> usize {
        self.findings().filter(|(_, finding)| finding.verdict == verdict).count()
    }
}
