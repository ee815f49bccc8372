//! What the logs of this life say.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::journal::{Count, Journal};
use gw_snapshot::parse::log::Class;

use crate::Subject;
use crate::finding::{Finding, Verdict, plural};

impl Subject<'_> {
    /// How often lines of a class stand in the log of this life.
    pub(crate) fn logged(&self, class: Class, what: &str) -> Vec<Finding> {
        let journal = match &self.gateway.journal {
            Fact::Known(journal) => journal,
            Fact::Absent => return vec![Finding::skipped("there is no log")],
            Fact::Unknown(why) => return vec![Finding::unknown("what the log says", why).minor()],
        };
        let Some(count) = journal.count(class) else {
            if let Some(why) = &journal.hidden {
                return vec![Finding::unknown(BOTH_LOGS, why).minor()];
            }
            let part =
                if journal.from_start { "the log of this life" } else { "the end of the log" };
            return vec![Finding::pass(format!("{part} does not say that {what}"))];
        };
        let life = if journal.from_start {
            "since the gateway last started"
        } else {
            "in the end of the log"
        };
        let lines = count.lines;
        let times = format!("{lines} time{}", plural(lines));
        let claim = format!("the log says {times} {life} that {what}");
        let finding = if is_mended(journal, class, count) {
            Finding::note(format!("{claim}, and later that it listens"))
        } else {
            Finding::warning(claim)
        };
        let last = count
            .last
            .map_or_else(String::new, |last| format!(", last at {last} by its own clock"));
        vec![finding.seen(self.path("logs"), format!("{lines} line{}{last}", plural(lines)))]
    }
}

/// The findings about several classes: each that says something, and one that passes where none does. What they say alike,
/// such as that there is no log, is said once.
pub(crate) fn of_any(at: &Subject<'_>, classes: &[(Class, &str)]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for finding in classes.iter().flat_map(|(class, what)| at.logged(*class, what)) {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    let says = |finding: &Finding| matches!(finding.verdict, Verdict::Warning | Verdict::Note);
    if findings.iter().any(says) {
        findings.retain(says);
    } else {
        findings.truncate(1);
    }
    findings
}

impl Subject<'_> {
    /// True if the last word of the log on its API server is that the host has no such address.
    pub(crate) fn has_a_foreign_address(&self) -> bool {
        let class = Class::AddressNotHere;
        let journal = self.gateway.journal.known();
        journal.is_some_and(|journal| {
            journal.count(class).is_some_and(|count| !is_mended(journal, class, count))
        })
    }
}

/// Whether the API server is said to listen after the last of these lines.
fn is_mended(journal: &Journal, class: Class, count: Count) -> bool {
    let of_api = matches!(class, Class::ApiRefused | Class::PortBind | Class::AddressNotHere);
    let listens = journal.count(Class::ApiListening).and_then(|count| count.last);
    of_api && listens.zip(count.last).is_some_and(|(listens, last)| listens > last)
}

/// What cannot be told where one of the two logs could not be read.
pub(crate) const BOTH_LOGS: &str = "what both logs say";
